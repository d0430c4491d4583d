//! The first pass: which variable each name means.
//!
//! Scopes are those of the text. A variable that is declared outside of any block at the top level is a global, found by its name
//! while the program runs; every other one is a local, found here. The results are left in the cells of the tree's bindings and
//! variables, and in a [`Resolution`].
//!
//! The tree's depth is bounded but for left spines, which are iterated.

use crate::Options;
use calf_parser::ast::{
    Binding, Class, Expression, ExpressionKind, Function, Part, Program, Statement, StatementKind,
    Target, Variable,
};
use calf_source::{Diagnostic, Span};
use std::collections::{HashMap, HashSet};

/// What tells nodes of the tree apart: their place in the arena.
pub(crate) type Key = usize;

/// The key of a node.
pub(crate) fn key<T>(node: &T) -> Key {
    std::ptr::from_ref(node).addr()
}

/// No more broken rules than these are shown, as the parser shows no more mistakes.
const MAX_DIAGNOSTICS: usize = 100;

/// What the resolver found out and the tree has no place for.
#[derive(Default, Debug)]
pub(crate) struct Resolution {
    /// Where each local is assigned, in ascending order.
    assignments: HashMap<Key, Vec<u32>>,
    /// Locals captured by a function that is made before they have their first value.
    early: HashSet<Key>,
    /// For each class: how many fields its methods assign to `this`.
    fields: HashMap<Key, u32>,
}

impl Resolution {
    /// Is this local assigned in this stretch of text (leaving aside functions in it, which assign to boxes)?
    pub(crate) fn is_assigned_within(&self, binding: &Binding<'_>, span: Span) -> bool {
        let Some(places) = self.assignments.get(&key(binding)) else { return false };
        let first = places.partition_point(|&place| place < span.start);
        places.get(first).is_some_and(|&place| place < span.end)
    }
    /// Is this local captured by a function that is made before it has its first value?
    pub(crate) fn is_early(&self, binding: &Binding<'_>) -> bool {
        self.early.contains(&key(binding))
    }
    /// How many fields the methods of this class assign to `this`.
    pub(crate) fn fields(&self, class: &Class<'_>) -> u32 {
        self.fields.get(&key(class)).copied().unwrap_or(0)
    }
}

/// Is a captured variable that has this binding kept in a box? It is if its value may change behind the back of a copy.
pub(crate) fn is_boxed(binding: &Binding<'_>) -> bool {
    binding.captured.get() && binding.assigned.get()
}

/// Resolves a program.
///
/// # Errors
/// Every rule of the language that it breaks.
pub(crate) fn resolve<'a>(
    program: &Program<'a>,
    options: Options,
) -> Result<Resolution, Vec<Diagnostic>> {
    let mut resolver = Resolver {
        names: HashMap::new(),
        scopes: Vec::new(),
        functions: vec![FunctionScope { kind: FunctionKind::Script, itself: None, loops: 0 }],
        classes: Vec::new(),
        resolution: Resolution::default(),
        diagnostics: Vec::new(),
    };
    resolver.statements(program.statements);
    if let Some(result) = program.result {
        debug_assert!(options.interactive, "only the REPL leaves out a semicolon");
        resolver.expression(result);
    }
    let Resolver { mut resolution, mut diagnostics, .. } = resolver;
    if !diagnostics.is_empty() {
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        if let Some(more) = diagnostics.len().checked_sub(MAX_DIAGNOSTICS).filter(|&more| more > 0)
        {
            diagnostics.truncate(MAX_DIAGNOSTICS);
            if let Some(last) = diagnostics.last_mut() {
                last.notes.push(format!("There are {more} more errors like these."));
            }
        }
        return Err(diagnostics);
    }
    resolution.assignments.values_mut().for_each(|places| places.sort_unstable());
    Ok(resolution)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FunctionKind {
    Script,
    Function,
    Initializer,
}

/// A function whose body is being resolved.
struct FunctionScope<'a> {
    kind: FunctionKind,
    /// The local that holds this very function, if it is only ever assigned by its declaration.
    itself: Option<&'a Binding<'a>>,
    /// How many loops are around the statement.
    loops: u32,
}

/// A class whose methods are being resolved.
struct ClassScope<'a> {
    has_superclass: bool,
    fields: HashSet<&'a str>,
}

/// A local in scope.
struct Local<'a> {
    binding: &'a Binding<'a>,
    /// The number of its function, from the outermost.
    function: usize,
    /// The number of its scope, from the outermost.
    scope: usize,
    /// Has it its first value?
    is_initialised: bool,
    /// The function that it holds was the only one to capture it early, through its own name.
    captured_by_itself: bool,
}

struct Resolver<'a> {
    /// The locals in scope, by name; the innermost of a name last.
    names: HashMap<&'a str, Vec<Local<'a>>>,
    /// The names declared in each scope.
    scopes: Vec<Vec<&'a str>>,
    functions: Vec<FunctionScope<'a>>,
    classes: Vec<ClassScope<'a>>,
    resolution: Resolution,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Resolver<'a> {
    fn error(&mut self, message: &str, span: Span, help: &str) {
        self.diagnostics.push(Diagnostic::syntax(message, span).with_help(help));
    }

    // Scopes and names.

    fn in_scope(&mut self, inner: impl FnOnce(&mut Self)) {
        self.scopes.push(Vec::new());
        inner(self);
        for name in self.scopes.pop().unwrap_or_default() {
            let local = self.names.get_mut(name).and_then(Vec::pop);
            if let Some(Local { binding, captured_by_itself: true, .. }) = local
                && binding.assigned.get()
            {
                // Its own name may mean something else by the time it is called.
                binding.captured.set(true);
                self.resolution.early.insert(key(binding));
            }
        }
    }

    /// Declares a variable, which cannot be read yet.
    fn declare(&mut self, binding: &'a Binding<'a>) {
        let Some(scope) = self.scopes.len().checked_sub(1) else { return };
        let locals = self.names.entry(binding.name).or_default();
        if let Some(other) = locals.last()
            && other.scope == scope
        {
            let first = other.binding.span;
            self.diagnostics.push(
                Diagnostic::syntax(
                    "Already a variable with this name in this scope.",
                    binding.span,
                )
                .with_label(first, "first declared here"),
            );
        }
        locals.push(Local {
            binding,
            function: self.functions.len() - 1,
            scope,
            is_initialised: false,
            captured_by_itself: false,
        });
        self.scopes[scope].push(binding.name);
    }

    /// From here on, the variable can be read.
    fn initialise(&mut self, binding: &'a Binding<'a>) {
        if let Some(local) = self.names.get_mut(binding.name).and_then(|locals| locals.last_mut()) {
            local.is_initialised = true;
        }
    }

    fn declare_and_initialise(&mut self, binding: &'a Binding<'a>) {
        self.declare(binding);
        if !self.scopes.is_empty() {
            self.initialise(binding);
        }
    }

    /// A name that is used, to read or to assign.
    fn variable(&mut self, variable: &'a Variable<'a>, is_assigned: bool) {
        let innermost = self.functions.len() - 1;
        let Some(local) = self.names.get_mut(variable.name).and_then(|locals| locals.last_mut())
        else {
            return;
        };
        let binding = local.binding;
        variable.binding.set(Some(binding));
        if is_assigned {
            binding.assigned.set(true);
            self.resolution.assignments.entry(key(binding)).or_default().push(variable.span.start);
        }
        if local.function == innermost {
            if !local.is_initialised {
                let diagnostic = Diagnostic::syntax(
                    "Can't read local variable in its own initializer.",
                    variable.span,
                );
                self.diagnostics.push(
                    diagnostic
                        .with_label(
                            binding.span,
                            "this hides any variable of the same name outside",
                        )
                        .with_help("Give the new variable another name."),
                );
            }
            return;
        }
        let is_itself = self.functions[local.function + 1]
            .itself
            .is_some_and(|itself| std::ptr::eq(itself, binding));
        if is_itself {
            local.captured_by_itself = true;
            return;
        }
        binding.captured.set(true);
        if !local.is_initialised {
            // The function is made before the value: it must see a variable, not a copy.
            binding.assigned.set(true);
            self.resolution.early.insert(key(binding));
        }
    }

    // Statements.

    fn statements(&mut self, statements: &'a [Statement<'a>]) {
        statements.iter().for_each(|statement| self.statement(statement));
    }

    fn block(&mut self, statements: &'a [Statement<'a>]) {
        self.in_scope(|resolver| resolver.statements(statements));
    }

    fn loop_body(&mut self, body: &'a Statement<'a>) {
        self.change_loops(1);
        self.statement(body);
        self.change_loops(-1);
    }

    fn change_loops(&mut self, by: i32) {
        if let Some(function) = self.functions.last_mut() {
            function.loops = function.loops.saturating_add_signed(by);
        }
    }

    fn statement(&mut self, statement: &'a Statement<'a>) {
        match &statement.kind {
            StatementKind::Expression(expression)
            | StatementKind::Print(expression)
            | StatementKind::Throw(expression) => self.expression(expression),
            StatementKind::Variable { binding, value } => {
                self.declare(binding);
                match value.map(|value| &value.kind) {
                    Some(ExpressionKind::Function(function)) => {
                        self.function(function, FunctionKind::Function, Some(binding));
                    }
                    Some(_) => value.iter().for_each(|value| self.expression(value)),
                    None => (),
                }
                self.initialise_if_local(binding);
            }
            StatementKind::Function { binding, function } => {
                self.declare(binding);
                self.function(function, FunctionKind::Function, Some(binding));
                self.initialise_if_local(binding);
            }
            StatementKind::Class(class) => self.class(class),
            StatementKind::Return(value) => self.return_statement(statement.span, *value),
            StatementKind::If { branches, otherwise } => {
                for branch in *branches {
                    self.expression(branch.condition);
                    self.statement(branch.body);
                }
                otherwise.iter().for_each(|otherwise| self.statement(otherwise));
            }
            StatementKind::While { condition, body } => {
                self.expression(condition);
                self.loop_body(body);
            }
            StatementKind::For { initializer, condition, increment, body } => {
                self.in_scope(|resolver| {
                    initializer.iter().for_each(|initializer| resolver.statement(initializer));
                    condition.iter().for_each(|condition| resolver.expression(condition));
                    increment.iter().for_each(|increment| resolver.expression(increment));
                    resolver.loop_body(body);
                })
            }
            StatementKind::ForIn { binding, iterable, body } => {
                self.expression(iterable);
                self.in_scope(|resolver| {
                    resolver.declare_and_initialise(binding);
                    resolver.loop_body(body);
                });
            }
            StatementKind::Break => self.needs_loop("break", statement.span),
            StatementKind::Continue => self.needs_loop("continue", statement.span),
            StatementKind::Block(statements) => self.block(statements),
            StatementKind::Try { body, catch, finally } => {
                self.block(body);
                if let Some(catch) = catch {
                    self.in_scope(|resolver| {
                        catch
                            .binding
                            .iter()
                            .for_each(|binding| resolver.declare_and_initialise(binding));
                        resolver.statements(catch.body);
                    });
                }
                finally.iter().for_each(|finally| self.block(finally.body));
            }
            StatementKind::Import { binding, .. } => self.declare_and_initialise(binding),
        }
    }

    fn initialise_if_local(&mut self, binding: &'a Binding<'a>) {
        if !self.scopes.is_empty() {
            self.initialise(binding);
        }
    }

    fn needs_loop(&mut self, word: &str, span: Span) {
        if self.functions.last().is_some_and(|function| function.loops == 0) {
            let help = match self.functions.len() {
                1 => "It belongs into the body of a 'while' or 'for'.",
                _ => {
                    "A loop around the function does not count; to leave the function, write 'return'."
                }
            };
            let message = format!("Can't use '{word}' outside of a loop.");
            self.error(&message, first(span, word), help);
        }
    }

    fn return_statement(&mut self, span: Span, value: Option<&'a Expression<'a>>) {
        match self.functions.last().map(|function| function.kind) {
            Some(FunctionKind::Script) => {
                let help = "A script ends behind its last line; os.exit() leaves it earlier.";
                self.error("Can't return from top-level code.", first(span, "return"), help);
            }
            Some(FunctionKind::Initializer) if value.is_some() => {
                let help = "A call of the class always gives the new object; write 'return;'.";
                let message = "Can't return a value from an initializer.";
                self.error(message, first(span, "return"), help);
            }
            _ => (),
        }
        value.iter().for_each(|value| self.expression(value));
    }

    fn function(
        &mut self,
        function: &'a Function<'a>,
        kind: FunctionKind,
        itself: Option<&'a Binding<'a>>,
    ) {
        // A global is found by its name each time.
        let itself = itself.filter(|_| !self.scopes.is_empty());
        self.functions.push(FunctionScope { kind, itself, loops: 0 });
        self.in_scope(|resolver| {
            function
                .parameters
                .iter()
                .for_each(|parameter| resolver.declare_and_initialise(parameter));
            resolver.statements(function.body);
        });
        self.functions.pop();
    }

    fn class(&mut self, class: &'a Class<'a>) {
        // The class exists before its methods are made: they may capture it by value.
        self.declare_and_initialise(class.binding);
        if let Some(superclass) = class.superclass {
            if superclass.name == class.binding.name {
                let inheritance = Span::new(class.binding.span.end, superclass.span.end);
                self.diagnostics.push(
                    Diagnostic::syntax("A class can't inherit from itself.", superclass.span)
                        .with_note("Behind '<' stands the class whose methods this one takes over.")
                        .with_fix("leave it out, or name another class", inheritance, ""),
                );
            }
            self.variable(superclass, false);
        }
        self.classes.push(ClassScope {
            has_superclass: class.superclass.is_some(),
            fields: HashSet::new(),
        });
        for method in class.methods {
            let is_initializer = method.name == Some("init");
            let kind =
                if is_initializer { FunctionKind::Initializer } else { FunctionKind::Function };
            self.function(method, kind, None);
        }
        if let Some(scope) = self.classes.pop() {
            self.resolution.fields.insert(key(class), scope.fields.len() as u32);
        }
    }

    // Expressions.

    fn expression(&mut self, expression: &'a Expression<'a>) {
        let mut spine = Vec::new();
        let mut expression = expression;
        while let Some(left) = expression.left() {
            spine.push(expression);
            expression = left;
        }
        self.leaf(expression);
        for link in spine.into_iter().rev() {
            match &link.kind {
                ExpressionKind::Binary { right, .. } | ExpressionKind::Logical { right, .. } => {
                    self.expression(right);
                }
                ExpressionKind::Call { arguments, .. } => self.expressions(arguments),
                ExpressionKind::Index { index, .. } => self.expression(index),
                _ => (),
            }
        }
    }

    fn expressions(&mut self, expressions: &'a [Expression<'a>]) {
        expressions.iter().for_each(|expression| self.expression(expression));
    }

    /// An expression that is no link of a left spine.
    fn leaf(&mut self, expression: &'a Expression<'a>) {
        match &expression.kind {
            ExpressionKind::Variable(variable) => self.variable(variable, false),
            ExpressionKind::This if self.classes.is_empty() => {
                let help = "'this' is the object whose method runs. Make the function a method, or take the object as a parameter.";
                self.error("Can't use 'this' outside of a class.", expression.span, help);
            }
            ExpressionKind::Super { .. } => {
                let (message, help) = match self.classes.last() {
                    None => (
                        "Can't use 'super' outside of a class.",
                        "'super' calls the superclass's method from a method of the same name.",
                    ),
                    Some(class) if !class.has_superclass => (
                        "Can't use 'super' in a class with no superclass.",
                        "Name the superclass behind the class: class Cow < Animal { … }.",
                    ),
                    Some(_) => return,
                };
                self.error(message, first(expression.span, "super"), help);
            }
            ExpressionKind::Interpolation(parts) => {
                for part in *parts {
                    if let Part::Value(value) = part {
                        self.expression(value);
                    }
                }
            }
            ExpressionKind::List(items) => self.expressions(items),
            ExpressionKind::Map(entries) => {
                for entry in *entries {
                    self.expression(&entry.key);
                    self.expression(&entry.value);
                }
            }
            ExpressionKind::Function(function) => {
                self.function(function, FunctionKind::Function, None)
            }
            ExpressionKind::Unary { operand, .. } => self.expression(operand),
            ExpressionKind::Conditional { condition, then, otherwise } => {
                self.expression(condition);
                self.expression(then);
                self.expression(otherwise);
            }
            ExpressionKind::Assign { target, value }
            | ExpressionKind::CompoundAssign { target, value, .. } => {
                self.target(target);
                self.expression(value);
            }
            _ => (),
        }
    }

    fn target(&mut self, target: &'a Target<'a>) {
        match target {
            Target::Variable(variable) => self.variable(variable, true),
            Target::Field { object, name, .. } => {
                self.expression(object);
                if let ExpressionKind::This = object.kind
                    && let Some(class) = self.classes.last_mut()
                {
                    class.fields.insert(name);
                }
            }
            Target::Index { object, index, .. } => {
                self.expression(object);
                self.expression(index);
            }
        }
    }
}

/// The first word of a stretch of text.
fn first(span: Span, word: &str) -> Span {
    Span::new(span.start, span.start + word.len() as u32)
}
