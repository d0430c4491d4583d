//! The syntax tree. Its nodes, lists and texts live in one bumpalo arena and are freed together.
//!
//! The parser builds a tree only from a file without syntax errors, so there is no node for an error. Parentheses leave no node
//! either: they only shape the tree.
//!
//! # Depth
//! Every statement and expression knows how deeply the tree under it nests; no more than [`crate::MAX_DEPTH`]. *Left spines* do not
//! count: a chain of [`ExpressionKind::Binary`], [`ExpressionKind::Logical`], [`ExpressionKind::Call`], [`ExpressionKind::Field`] and
//! [`ExpressionKind::Index`] through their first operand may be as long as the file. A pass over the tree may recurse everywhere but
//! there, where it iterates ([`Expression::left`] goes down one step).

use calf_source::{Diagnostic, Span};
use std::cell::Cell;

/// A whole file, or one entry in the REPL.
#[derive(Debug)]
pub struct Program<'a> {
    /// The statements, in order.
    pub statements: &'a [Statement<'a>],
    /// In the REPL: an expression without `;` at the end, whose value is to be shown. Otherwise `None`.
    pub result: Option<&'a Expression<'a>>,
    /// The whole text.
    pub span: Span,
    /// What is allowed, but hardly meant, in the order of the text.
    pub warnings: Vec<Diagnostic>,
}

/// A place where a variable gets its name: `var`, parameter, function, class, loop variable, `catch` variable, import.
///
/// The parser leaves the cells `false`; a resolver sets them.
#[derive(Debug)]
pub struct Binding<'a> {
    /// The name.
    pub name: &'a str,
    /// Where the name stands.
    pub span: Span,
    /// A function inside uses it after the scope may have ended.
    pub captured: Cell<bool>,
    /// It is assigned after its declaration.
    pub assigned: Cell<bool>,
}

/// A use of a variable, to read or to assign.
#[derive(Debug)]
pub struct Variable<'a> {
    /// The name.
    pub name: &'a str,
    /// Where the name stands.
    pub span: Span,
    /// The binding it refers to: for a resolver to fill in; `None` from the parser, and for globals.
    pub binding: Cell<Option<&'a Binding<'a>>>,
}

/// A function: declaration, method or anonymous.
#[derive(Debug)]
pub struct Function<'a> {
    /// Its name; `None` for an anonymous function.
    pub name: Option<&'a str>,
    /// Where the name stands; the word `fun` of an anonymous function.
    pub name_span: Span,
    /// The parameters, at most 255.
    pub parameters: &'a [&'a Binding<'a>],
    /// The statements between the braces.
    pub body: &'a [Statement<'a>],
    /// From `fun` (or a method's name) to the closing brace.
    pub span: Span,
    /// The closing brace, where a function without `return` returns.
    pub end_span: Span,
}

/// A class declaration.
#[derive(Debug)]
pub struct Class<'a> {
    /// The variable that holds the class.
    pub binding: &'a Binding<'a>,
    /// The name after `<`.
    pub superclass: Option<&'a Variable<'a>>,
    /// The methods, in order. Each has a name. A later one of the same name wins.
    pub methods: &'a [&'a Function<'a>],
    /// From `class` to the closing brace.
    pub span: Span,
    /// The closing brace.
    pub end_span: Span,
}

/// A statement.
#[derive(Debug)]
pub struct Statement<'a> {
    /// What it is.
    pub kind: StatementKind<'a>,
    /// From its first to its last token.
    pub span: Span,
    /// How deeply it nests; see the module's documentation.
    pub depth: u16,
}

/// The kinds of statements.
#[derive(Debug)]
pub enum StatementKind<'a> {
    /// `e;`
    Expression(&'a Expression<'a>),
    /// `print e;`
    Print(&'a Expression<'a>),
    /// `var x = e;` or `var x;`
    Variable {
        /// The variable.
        binding: &'a Binding<'a>,
        /// Its first value; `None` means `nil`.
        value: Option<&'a Expression<'a>>,
    },
    /// `fun f(…) { … }`
    Function {
        /// The variable that holds the function.
        binding: &'a Binding<'a>,
        /// The function.
        function: &'a Function<'a>,
    },
    /// `class A < B { … }`
    Class(&'a Class<'a>),
    /// `return e;` or `return;`
    Return(Option<&'a Expression<'a>>),
    /// `throw e;`
    Throw(&'a Expression<'a>),
    /// `if (c) s else if (c) s … else s`, the whole chain.
    If {
        /// The conditions with what they guard, at least one, to be tried in order.
        branches: &'a [Branch<'a>],
        /// The last `else`.
        otherwise: Option<&'a Statement<'a>>,
    },
    /// `while (c) s`
    While {
        /// Tested before each round.
        condition: &'a Expression<'a>,
        /// The body.
        body: &'a Statement<'a>,
    },
    /// `for (i; c; n) s`. The variable of `i` is one variable for the whole loop.
    For {
        /// A [`StatementKind::Variable`] or [`StatementKind::Expression`].
        initializer: Option<&'a Statement<'a>>,
        /// Tested before each round; `None` means `true`.
        condition: Option<&'a Expression<'a>>,
        /// Evaluated after each round.
        increment: Option<&'a Expression<'a>>,
        /// The body.
        body: &'a Statement<'a>,
    },
    /// `for (x in e) s`. The variable is a fresh one in each round.
    ForIn {
        /// The variable.
        binding: &'a Binding<'a>,
        /// What is iterated over; the variable is not yet in scope here.
        iterable: &'a Expression<'a>,
        /// The body.
        body: &'a Statement<'a>,
    },
    /// `break;`
    Break,
    /// `continue;`
    Continue,
    /// `{ … }`, a scope of its own.
    Block(&'a [Statement<'a>]),
    /// `try { … } catch (e) { … } finally { … }`; there is a `catch`, a `finally`, or both.
    Try {
        /// The statements that are tried; a scope of their own.
        body: &'a [Statement<'a>],
        /// The `catch` part.
        catch: Option<&'a Catch<'a>>,
        /// The `finally` part.
        finally: Option<&'a Finally<'a>>,
    },
    /// `import "path" as m;`
    Import {
        /// The path, decoded.
        path: &'a str,
        /// Where the path stands, with its quotes.
        path_span: Span,
        /// The variable that holds the module.
        binding: &'a Binding<'a>,
    },
}

/// One condition of an `if` with the statement it guards.
#[derive(Debug)]
pub struct Branch<'a> {
    /// The condition.
    pub condition: &'a Expression<'a>,
    /// What runs if it holds.
    pub body: &'a Statement<'a>,
}

/// The `catch` part of a `try`.
#[derive(Debug)]
pub struct Catch<'a> {
    /// The variable that holds what was thrown; `None` for `catch { … }`. It is in the scope of the body.
    pub binding: Option<&'a Binding<'a>>,
    /// The statements.
    pub body: &'a [Statement<'a>],
    /// From `catch` to the closing brace.
    pub span: Span,
}

/// The `finally` part of a `try`.
#[derive(Debug)]
pub struct Finally<'a> {
    /// The statements.
    pub body: &'a [Statement<'a>],
    /// From `finally` to the closing brace.
    pub span: Span,
}

/// An expression.
#[derive(Debug)]
pub struct Expression<'a> {
    /// What it is.
    pub kind: ExpressionKind<'a>,
    /// From its first to its last token, without parentheses around it.
    pub span: Span,
    /// How deeply it nests; see the module's documentation.
    pub depth: u16,
}

/// The kinds of expressions.
#[derive(Debug)]
pub enum ExpressionKind<'a> {
    /// `nil`
    Nil,
    /// `true` or `false`
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A string without interpolation, decoded.
    String(&'a str),
    /// `"… ${e} …"`: the parts in order; no text is empty, no two texts are neighbours, there is at least one value.
    Interpolation(&'a [Part<'a>]),
    /// `[a, b]`
    List(&'a [Expression<'a>]),
    /// `{k: v}`
    Map(&'a [Entry<'a>]),
    /// A variable that is read.
    Variable(&'a Variable<'a>),
    /// `this`
    This,
    /// `super.method`
    Super {
        /// The method's name.
        method: &'a str,
        /// Where the name stands.
        method_span: Span,
    },
    /// `fun (…) { … }`
    Function(&'a Function<'a>),
    /// `!e` or `-e`
    Unary {
        /// The operator.
        operator: UnaryOperator,
        /// The operand.
        operand: &'a Expression<'a>,
    },
    /// `l + r` and the like: both operands are evaluated, the left one first.
    Binary {
        /// The operator.
        operator: BinaryOperator,
        /// Where the operator stands.
        operator_span: Span,
        /// The left operand.
        left: &'a Expression<'a>,
        /// The right operand.
        right: &'a Expression<'a>,
    },
    /// `l and r`, `l or r`: the right operand is evaluated only if it matters.
    Logical {
        /// The operator.
        operator: LogicalOperator,
        /// The left operand.
        left: &'a Expression<'a>,
        /// The right operand.
        right: &'a Expression<'a>,
    },
    /// `c ? a : b`
    Conditional {
        /// What is tested.
        condition: &'a Expression<'a>,
        /// The value if it holds.
        then: &'a Expression<'a>,
        /// The value if not.
        otherwise: &'a Expression<'a>,
    },
    /// `f(a, b)`
    Call {
        /// What is called. If it is a [`ExpressionKind::Field`] or [`ExpressionKind::Super`], this is a call of a method.
        callee: &'a Expression<'a>,
        /// The arguments, at most 255.
        arguments: &'a [Expression<'a>],
        /// From `(` to `)`.
        arguments_span: Span,
    },
    /// `o.name`
    Field {
        /// The object.
        object: &'a Expression<'a>,
        /// The name.
        name: &'a str,
        /// Where the name stands.
        name_span: Span,
    },
    /// `o[i]`
    Index {
        /// The object.
        object: &'a Expression<'a>,
        /// The index or key.
        index: &'a Expression<'a>,
    },
    /// `t = e`
    Assign {
        /// What is assigned to.
        target: &'a Target<'a>,
        /// The new value.
        value: &'a Expression<'a>,
    },
    /// `t += e` and the like. The parts of the target are evaluated once.
    CompoundAssign {
        /// What is read and assigned to.
        target: &'a Target<'a>,
        /// The operator, without `=`.
        operator: BinaryOperator,
        /// Where the operator stands, with its `=`.
        operator_span: Span,
        /// The right operand.
        value: &'a Expression<'a>,
    },
}

/// What can stand to the left of an assignment.
#[derive(Debug)]
pub enum Target<'a> {
    /// `x = …`
    Variable(&'a Variable<'a>),
    /// `o.name = …`
    Field {
        /// The object.
        object: &'a Expression<'a>,
        /// The name.
        name: &'a str,
        /// Where the name stands.
        name_span: Span,
        /// The whole target.
        span: Span,
    },
    /// `o[i] = …`
    Index {
        /// The object.
        object: &'a Expression<'a>,
        /// The index or key.
        index: &'a Expression<'a>,
        /// The whole target.
        span: Span,
    },
}

/// A part of an interpolated string.
#[derive(Debug)]
pub enum Part<'a> {
    /// Text between the values, decoded.
    Text(&'a str),
    /// A value whose text is put in.
    Value(Expression<'a>),
}

/// A pair of a map literal.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The key: any expression. A name means the variable's value.
    pub key: Expression<'a>,
    /// The value.
    pub value: Expression<'a>,
}

/// Declares an operator enum and the text of each of its operators, in one table.
macro_rules! operators {
    ($(#[$meta:meta])* $enum:ident { $($(#[$doc:meta])* $name:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $enum { $($(#[$doc])* #[doc = concat!("`", $text, "`")] $name,)+ }

        impl $enum {
            /// The operator as it is written.
            pub fn text(self) -> &'static str {
                match self { $($enum::$name => $text,)+ }
            }
        }
    };
}

operators! {
    /// An operator with one operand.
    UnaryOperator {
        Not = "!",
        Negate = "-",
    }
}

operators! {
    /// An operator that evaluates both of its operands.
    BinaryOperator {
        Add = "+",
        Subtract = "-",
        Multiply = "*",
        Divide = "/",
        Remainder = "%",
        Equal = "==",
        NotEqual = "!=",
        Less = "<",
        LessEqual = "<=",
        Greater = ">",
        GreaterEqual = ">=",
        /// Is the left operand contained in the right one?
        In = "in",
    }
}

operators! {
    /// An operator that may leave its right operand alone.
    LogicalOperator {
        And = "and",
        Or = "or",
    }
}

impl<'a> Binding<'a> {
    /// A binding that no resolver has seen yet.
    pub fn new(name: &'a str, span: Span) -> Self {
        Binding { name, span, captured: Cell::new(false), assigned: Cell::new(false) }
    }
}

impl<'a> Variable<'a> {
    /// A use that no resolver has seen yet.
    pub fn new(name: &'a str, span: Span) -> Self {
        Variable { name, span, binding: Cell::new(None) }
    }
}

impl Target<'_> {
    /// The whole target.
    pub fn span(&self) -> Span {
        match self {
            Target::Variable(variable) => variable.span,
            Target::Field { span, .. } | Target::Index { span, .. } => *span,
        }
    }
}

impl<'a> Expression<'a> {
    /// The first operand, if this is a link of a left spine, which is not bounded by the depth: iterate over it, do not recurse.
    pub fn left(&self) -> Option<&'a Expression<'a>> {
        match self.kind {
            ExpressionKind::Binary { left, .. } | ExpressionKind::Logical { left, .. } => {
                Some(left)
            }
            ExpressionKind::Call { callee, .. } => Some(callee),
            ExpressionKind::Field { object, .. } | ExpressionKind::Index { object, .. } => {
                Some(object)
            }
            _ => None,
        }
    }
}
