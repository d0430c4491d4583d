//! Makes the nodes of the tree: what the actions of the grammar call.

use crate::MAX_DEPTH;
use crate::ast::*;
use crate::recovery::{Broken, ParseError, TokenSource};
use bumpalo::Bump;
use calf_source::{Diagnostic, Span};
use std::cell::RefCell;

/// How many parameters or arguments there may be, as in Lox.
const MAX_ARGUMENTS: usize = 255;

/// An expression that is not yet part of the tree.
pub(crate) struct Parsed<'a> {
    expression: Expression<'a>,
    /// It stands in parentheses.
    grouped: bool,
}

impl Parsed<'_> {
    pub(crate) fn grouped(mut self) -> Self {
        self.grouped = true;
        self
    }
}

/// The tree under construction: the arena, and the tokens with what is wrong with them. Places are byte offsets: `l` where a construct
/// begins, `r` where it ends, `m` and `n` something within.
pub(crate) struct Builder<'a, 's> {
    arena: &'a Bump,
    text: &'s str,
    source: RefCell<TokenSource<'s>>,
}

/// The depth of a node over others of these depths.
fn above(depths: impl IntoIterator<Item = u16>) -> u16 {
    depths.into_iter().max().unwrap_or(0).saturating_add(1)
}

/// The depth of a node over statements.
fn above_statements(statements: &[Statement]) -> u16 {
    above(statements.iter().map(|statement| statement.depth))
}

/// The depth of a function's body.
fn above_function(function: &Function) -> u16 {
    above_statements(function.body)
}

impl<'a, 's> Builder<'a, 's> {
    pub(crate) fn new(arena: &'a Bump, text: &'s str, source: TokenSource<'s>) -> Self {
        Builder { arena, text, source: RefCell::new(source) }
    }
    pub(crate) fn tokens(&self) -> impl Iterator<Item = crate::recovery::Found> {
        std::iter::from_fn(|| self.source.borrow_mut().next_terminal()).map(Ok)
    }
    pub(crate) fn into_source(self) -> TokenSource<'s> {
        self.source.into_inner()
    }
    /// At a mistake that the grammar has found: see [`TokenSource::recover`].
    pub(crate) fn recover(&self, broken: Broken, l: u32, error: ParseError) {
        self.source.borrow_mut().recover(broken, l, error);
    }

    fn report(&self, diagnostic: Diagnostic) {
        self.source.borrow_mut().report(diagnostic);
    }
    fn slice<T>(&self, items: Vec<T>) -> &'a [T] {
        self.arena.alloc_slice_fill_iter(items)
    }
    fn name(&self, l: u32, r: u32) -> &'a str {
        self.arena.alloc_str(&self.text[l as usize..r as usize])
    }
    /// The text that a token of a string stands for.
    fn literal(&self, l: u32, r: u32) -> &'a str {
        self.arena.alloc_str(&calf_lexer::text(&self.text[l as usize..r as usize]))
    }
    fn node(&self, parsed: Parsed<'a>) -> &'a Expression<'a> {
        self.arena.alloc(parsed.expression)
    }
    fn nodes(&self, parsed: Vec<Parsed<'a>>) -> &'a [Expression<'a>] {
        self.arena.alloc_slice_fill_iter(parsed.into_iter().map(|parsed| parsed.expression))
    }

    /// The depth if it is allowed; otherwise tells the user, and the tree goes on flat: it will not be used.
    fn allowed(&self, l: u32, r: u32, depth: u16) -> Option<u16> {
        if depth > MAX_DEPTH {
            self.source.borrow_mut().refuse_depth(Span::new(l, r));
        }
        (depth <= MAX_DEPTH).then_some(depth)
    }
    fn expression(&self, l: u32, r: u32, kind: ExpressionKind<'a>, depth: u16) -> Parsed<'a> {
        let (kind, depth) = match self.allowed(l, r, depth) {
            Some(depth) => (kind, depth),
            None => (ExpressionKind::Nil, 1),
        };
        Parsed { expression: Expression { kind, span: Span::new(l, r), depth }, grouped: false }
    }
    pub(crate) fn statement(
        &self,
        l: u32,
        r: u32,
        kind: StatementKind<'a>,
        depth: u16,
    ) -> Statement<'a> {
        let (kind, depth) = match self.allowed(l, r, depth) {
            Some(depth) => (kind, depth),
            None => (StatementKind::Block(&[]), 1),
        };
        Statement { kind, span: Span::new(l, r), depth }
    }
    fn check_count(&self, what: &str, surplus: Option<Span>) {
        if let Some(span) = surplus {
            let message = format!("Can't have more than {MAX_ARGUMENTS} {what}.");
            self.report(Diagnostic::syntax(message, span));
        }
    }
}

/// Statements.
impl<'a> Builder<'a, '_> {
    pub(crate) fn program(
        &self,
        statements: Vec<Statement<'a>>,
        result: Option<Parsed<'a>>,
    ) -> Program<'a> {
        Program {
            statements: self.slice(statements),
            result: result.map(|result| self.node(result)),
            span: Span::new(0, self.text.len() as u32),
        }
    }
    pub(crate) fn expression_statement(&self, l: u32, r: u32, value: Parsed<'a>) -> Statement<'a> {
        let depth = above([value.expression.depth]);
        self.statement(l, r, StatementKind::Expression(self.node(value)), depth)
    }
    pub(crate) fn print(&self, l: u32, r: u32, value: Parsed<'a>) -> Statement<'a> {
        let depth = above([value.expression.depth]);
        self.statement(l, r, StatementKind::Print(self.node(value)), depth)
    }
    pub(crate) fn throw(&self, l: u32, r: u32, value: Parsed<'a>) -> Statement<'a> {
        let depth = above([value.expression.depth]);
        self.statement(l, r, StatementKind::Throw(self.node(value)), depth)
    }
    pub(crate) fn return_statement(
        &self,
        l: u32,
        r: u32,
        value: Option<Parsed<'a>>,
    ) -> Statement<'a> {
        let depth = above(value.iter().map(|value| value.expression.depth));
        let value = value.map(|value| self.node(value));
        self.statement(l, r, StatementKind::Return(value), depth)
    }
    pub(crate) fn variable_declaration(
        &self,
        l: u32,
        r: u32,
        binding: &'a Binding<'a>,
        value: Option<Parsed<'a>>,
    ) -> Statement<'a> {
        let depth = above(value.iter().map(|value| value.expression.depth));
        let value = value.map(|value| self.node(value));
        self.statement(l, r, StatementKind::Variable { binding, value }, depth)
    }
    pub(crate) fn function_declaration(
        &self,
        l: u32,
        r: u32,
        binding: &'a Binding<'a>,
        parameters: Vec<&'a Binding<'a>>,
        body: (Vec<Statement<'a>>, u32),
    ) -> Statement<'a> {
        let function = self.function(l, Some(binding.name), binding.span, parameters, body);
        let depth = above([above_function(function)]);
        self.statement(l, r, StatementKind::Function { binding, function }, depth)
    }
    pub(crate) fn class(
        &self,
        l: u32,
        binding: &'a Binding<'a>,
        superclass: Option<&'a Variable<'a>>,
        methods: Vec<Option<&'a Function<'a>>>,
        close: u32,
    ) -> Statement<'a> {
        let methods: Vec<_> = methods.into_iter().flatten().collect();
        let depth = above(methods.iter().map(|method| above_function(method)));
        let end_span = Span::new(close, close + 1);
        let span = Span::new(l, end_span.end);
        let methods = self.slice(methods);
        let class = self.arena.alloc(Class { binding, superclass, methods, span, end_span });
        self.statement(span.start, span.end, StatementKind::Class(class), depth)
    }
    pub(crate) fn import(
        &self,
        l: u32,
        r: u32,
        path: (u32, u32),
        binding: &'a Binding<'a>,
    ) -> Statement<'a> {
        let path_span = Span::new(path.0, path.1);
        let path = self.literal(path.0, path.1);
        self.statement(l, r, StatementKind::Import { path, path_span, binding }, 1)
    }
    pub(crate) fn block(&self, l: u32, r: u32, body: Vec<Statement<'a>>) -> Statement<'a> {
        let depth = above_statements(&body);
        self.statement(l, r, StatementKind::Block(self.slice(body)), depth)
    }
    pub(crate) fn if_statement(
        &self,
        l: u32,
        r: u32,
        branches: Vec<(Parsed<'a>, Statement<'a>)>,
        otherwise: Option<Statement<'a>>,
    ) -> Statement<'a> {
        let of_branches =
            branches.iter().map(|(condition, body)| condition.expression.depth.max(body.depth));
        let depth = above(of_branches.chain(otherwise.iter().map(|body| body.depth)));
        let branches = branches.into_iter().map(|(condition, body)| Branch {
            condition: self.node(condition),
            body: self.arena.alloc(body),
        });
        let branches: Vec<_> = branches.collect();
        let kind = StatementKind::If {
            branches: self.slice(branches),
            otherwise: otherwise.map(|body| &*self.arena.alloc(body)),
        };
        self.statement(l, r, kind, depth)
    }
    pub(crate) fn while_statement(
        &self,
        l: u32,
        r: u32,
        condition: Parsed<'a>,
        body: Statement<'a>,
    ) -> Statement<'a> {
        let depth = above([condition.expression.depth, body.depth]);
        let (condition, body) = (self.node(condition), self.arena.alloc(body));
        self.statement(l, r, StatementKind::While { condition, body }, depth)
    }
    pub(crate) fn for_statement(
        &self,
        l: u32,
        r: u32,
        initializer: Option<Statement<'a>>,
        condition: Option<Parsed<'a>>,
        increment: Option<Parsed<'a>>,
        body: Statement<'a>,
    ) -> Statement<'a> {
        let of_expressions =
            [&condition, &increment].into_iter().flatten().map(|part| part.expression.depth);
        let of_statements = initializer.iter().map(|part| part.depth).chain([body.depth]);
        let depth = above(of_expressions.chain(of_statements));
        let kind = StatementKind::For {
            initializer: initializer.map(|initializer| &*self.arena.alloc(initializer)),
            condition: condition.map(|condition| self.node(condition)),
            increment: increment.map(|increment| self.node(increment)),
            body: self.arena.alloc(body),
        };
        self.statement(l, r, kind, depth)
    }
    pub(crate) fn for_in_statement(
        &self,
        l: u32,
        r: u32,
        binding: &'a Binding<'a>,
        iterable: Parsed<'a>,
        body: Statement<'a>,
    ) -> Statement<'a> {
        let depth = above([iterable.expression.depth, body.depth]);
        let (iterable, body) = (self.node(iterable), self.arena.alloc(body));
        self.statement(l, r, StatementKind::ForIn { binding, iterable, body }, depth)
    }
    pub(crate) fn try_statement(
        &self,
        l: u32,
        r: u32,
        body: Vec<Statement<'a>>,
        catch: Option<(Option<&'a Binding<'a>>, Vec<Statement<'a>>, u32, u32)>,
        finally: Option<(Vec<Statement<'a>>, u32, u32)>,
    ) -> Statement<'a> {
        let of_catch = catch.iter().map(|(_, body, ..)| above_statements(body));
        let of_finally = finally.iter().map(|(body, ..)| above_statements(body));
        let depth = above(of_catch.chain(of_finally)).max(above_statements(&body));
        let catch = catch.map(|(binding, body, l, r)| {
            let body = self.slice(body);
            &*self.arena.alloc(Catch { binding, body, span: Span::new(l, r) })
        });
        let finally = finally.map(|(body, l, r)| {
            let body = self.slice(body);
            &*self.arena.alloc(Finally { body, span: Span::new(l, r) })
        });
        let body = self.slice(body);
        self.statement(l, r, StatementKind::Try { body, catch, finally }, depth)
    }
}

/// Names and functions.
impl<'a> Builder<'a, '_> {
    pub(crate) fn binding(&self, l: u32, r: u32) -> &'a Binding<'a> {
        self.arena.alloc(Binding::new(self.name(l, r), Span::new(l, r)))
    }
    pub(crate) fn variable(&self, l: u32, r: u32) -> &'a Variable<'a> {
        self.arena.alloc(Variable::new(self.name(l, r), Span::new(l, r)))
    }
    fn function(
        &self,
        l: u32,
        name: Option<&'a str>,
        name_span: Span,
        parameters: Vec<&'a Binding<'a>>,
        (body, close): (Vec<Statement<'a>>, u32),
    ) -> &'a Function<'a> {
        let surplus = parameters.get(MAX_ARGUMENTS).map(|parameter| parameter.span);
        self.check_count("parameters", surplus);
        let end_span = Span::new(close, close + 1);
        self.arena.alloc(Function {
            name,
            name_span,
            parameters: self.slice(parameters),
            body: self.slice(body),
            span: Span::new(l, end_span.end),
            end_span,
        })
    }
    pub(crate) fn method(
        &self,
        name: &'a Binding<'a>,
        parameters: Vec<&'a Binding<'a>>,
        body: (Vec<Statement<'a>>, u32),
    ) -> &'a Function<'a> {
        self.function(name.span.start, Some(name.name), name.span, parameters, body)
    }
    pub(crate) fn anonymous_function(
        &self,
        l: u32,
        r: u32,
        m: u32,
        parameters: Vec<&'a Binding<'a>>,
        body: (Vec<Statement<'a>>, u32),
    ) -> Parsed<'a> {
        let function = self.function(l, None, Span::new(l, m), parameters, body);
        self.expression(l, r, ExpressionKind::Function(function), above([above_function(function)]))
    }
}

/// Expressions.
impl<'a> Builder<'a, '_> {
    pub(crate) fn leaf(&self, l: u32, r: u32, kind: ExpressionKind<'a>) -> Parsed<'a> {
        self.expression(l, r, kind, 1)
    }
    pub(crate) fn number(&self, l: u32, r: u32) -> Parsed<'a> {
        let value = calf_lexer::number(&self.text[l as usize..r as usize]);
        self.leaf(l, r, ExpressionKind::Number(value))
    }
    pub(crate) fn string(&self, l: u32, r: u32) -> Parsed<'a> {
        self.leaf(l, r, ExpressionKind::String(self.literal(l, r)))
    }
    pub(crate) fn variable_expression(&self, variable: &'a Variable<'a>) -> Parsed<'a> {
        self.leaf(variable.span.start, variable.span.end, ExpressionKind::Variable(variable))
    }
    pub(crate) fn super_expression(&self, l: u32, r: u32, m: u32) -> Parsed<'a> {
        let (method, method_span) = (self.name(m, r), Span::new(m, r));
        self.leaf(l, r, ExpressionKind::Super { method, method_span })
    }
    /// `l .. m` is the first text, `n .. r` the last one; each of `more` is a text with the value behind it.
    pub(crate) fn interpolation(
        &self,
        l: u32,
        r: u32,
        m: u32,
        first: Parsed<'a>,
        more: Vec<(u32, u32, Parsed<'a>)>,
        n: u32,
    ) -> Parsed<'a> {
        let of_more = more.iter().map(|(.., value)| value.expression.depth);
        let depth = above(of_more.chain([first.expression.depth]));
        let mut parts = Vec::with_capacity(2 * more.len() + 3);
        let add_text = |parts: &mut Vec<_>, l, r| {
            let text = self.literal(l, r);
            if !text.is_empty() {
                parts.push(Part::Text(text));
            }
        };
        add_text(&mut parts, l, m);
        parts.push(Part::Value(first.expression));
        for (l, r, value) in more {
            add_text(&mut parts, l, r);
            parts.push(Part::Value(value.expression));
        }
        add_text(&mut parts, n, r);
        self.expression(l, r, ExpressionKind::Interpolation(self.slice(parts)), depth)
    }
    pub(crate) fn list(&self, l: u32, r: u32, items: Vec<Parsed<'a>>) -> Parsed<'a> {
        let depth = above(items.iter().map(|item| item.expression.depth));
        self.expression(l, r, ExpressionKind::List(self.nodes(items)), depth)
    }
    pub(crate) fn map(&self, l: u32, r: u32, entries: Vec<(Parsed<'a>, Parsed<'a>)>) -> Parsed<'a> {
        let of_entry =
            |(key, value): &(Parsed, Parsed)| key.expression.depth.max(value.expression.depth);
        let depth = above(entries.iter().map(of_entry));
        let entry = |(key, value): (Parsed<'a>, Parsed<'a>)| Entry {
            key: key.expression,
            value: value.expression,
        };
        let entries = self.arena.alloc_slice_fill_iter(entries.into_iter().map(entry));
        self.expression(l, r, ExpressionKind::Map(entries), depth)
    }
    pub(crate) fn unary(
        &self,
        l: u32,
        r: u32,
        operator: UnaryOperator,
        operand: Parsed<'a>,
    ) -> Parsed<'a> {
        let depth = above([operand.expression.depth]);
        let operand = self.node(operand);
        self.expression(l, r, ExpressionKind::Unary { operator, operand }, depth)
    }
    pub(crate) fn binary(
        &self,
        l: u32,
        r: u32,
        operator: BinaryOperator,
        (m, n): (u32, u32),
        left: Parsed<'a>,
        right: Parsed<'a>,
    ) -> Parsed<'a> {
        let depth = left.expression.depth.max(above([right.expression.depth]));
        let (left, right, operator_span) = (self.node(left), self.node(right), Span::new(m, n));
        self.expression(
            l,
            r,
            ExpressionKind::Binary { operator, operator_span, left, right },
            depth,
        )
    }
    pub(crate) fn logical(
        &self,
        l: u32,
        r: u32,
        operator: LogicalOperator,
        left: Parsed<'a>,
        right: Parsed<'a>,
    ) -> Parsed<'a> {
        let depth = left.expression.depth.max(above([right.expression.depth]));
        let (left, right) = (self.node(left), self.node(right));
        self.expression(l, r, ExpressionKind::Logical { operator, left, right }, depth)
    }
    pub(crate) fn conditional(
        &self,
        l: u32,
        r: u32,
        condition: Parsed<'a>,
        then: Parsed<'a>,
        otherwise: Parsed<'a>,
    ) -> Parsed<'a> {
        let depths = [&condition, &then, &otherwise].map(|part| part.expression.depth);
        let condition = self.node(condition);
        let (then, otherwise) = (self.node(then), self.node(otherwise));
        let kind = ExpressionKind::Conditional { condition, then, otherwise };
        self.expression(l, r, kind, above(depths))
    }
    pub(crate) fn call(
        &self,
        l: u32,
        r: u32,
        callee: Parsed<'a>,
        arguments: Vec<Parsed<'a>>,
        m: u32,
    ) -> Parsed<'a> {
        let surplus = arguments.get(MAX_ARGUMENTS).map(|argument| argument.expression.span);
        self.check_count("arguments", surplus);
        let of_arguments = above(arguments.iter().map(|argument| argument.expression.depth));
        let depth = callee.expression.depth.max(of_arguments);
        let kind = ExpressionKind::Call {
            callee: self.node(callee),
            arguments: self.nodes(arguments),
            arguments_span: Span::new(m, r),
        };
        self.expression(l, r, kind, depth)
    }
    pub(crate) fn field(&self, l: u32, r: u32, object: Parsed<'a>, m: u32) -> Parsed<'a> {
        let depth = object.expression.depth;
        let (name, name_span) = (self.name(m, r), Span::new(m, r));
        let object = self.node(object);
        self.expression(l, r, ExpressionKind::Field { object, name, name_span }, depth)
    }
    pub(crate) fn index(
        &self,
        l: u32,
        r: u32,
        object: Parsed<'a>,
        index: Parsed<'a>,
    ) -> Parsed<'a> {
        let depth = object.expression.depth.max(above([index.expression.depth]));
        let (object, index) = (self.node(object), self.node(index));
        self.expression(l, r, ExpressionKind::Index { object, index }, depth)
    }

    /// What can be assigned to; otherwise tells the user at the operator, as Lox does.
    fn target(&self, target: &Parsed<'a>, operator_span: Span) -> Option<&'a Target<'a>> {
        let span = target.expression.span;
        let found = match target.expression.kind {
            ExpressionKind::Variable(variable) => Target::Variable(variable),
            ExpressionKind::Field { object, name, name_span } => {
                Target::Field { object, name, name_span, span }
            }
            ExpressionKind::Index { object, index } => Target::Index { object, index, span },
            _ => return self.refuse_target(operator_span),
        };
        if target.grouped {
            return self.refuse_target(operator_span);
        }
        Some(self.arena.alloc(found))
    }
    fn refuse_target<T>(&self, operator_span: Span) -> Option<T> {
        self.report(Diagnostic::syntax("Invalid assignment target.", operator_span));
        None
    }
    pub(crate) fn assign(
        &self,
        l: u32,
        r: u32,
        target: Parsed<'a>,
        (m, n): (u32, u32),
        value: Parsed<'a>,
    ) -> Parsed<'a> {
        let depth = above([target.expression.depth, value.expression.depth]);
        match self.target(&target, Span::new(m, n)) {
            Some(target) => {
                let value = self.node(value);
                self.expression(l, r, ExpressionKind::Assign { target, value }, depth)
            }
            None => self.leaf(l, r, ExpressionKind::Nil),
        }
    }
    pub(crate) fn compound_assign(
        &self,
        l: u32,
        r: u32,
        target: Parsed<'a>,
        operator: BinaryOperator,
        (m, n): (u32, u32),
        value: Parsed<'a>,
    ) -> Parsed<'a> {
        let depth = above([target.expression.depth, value.expression.depth]);
        let operator_span = Span::new(m, n);
        match self.target(&target, operator_span) {
            Some(target) => {
                let value = self.node(value);
                let kind =
                    ExpressionKind::CompoundAssign { target, operator, operator_span, value };
                self.expression(l, r, kind, depth)
            }
            None => self.leaf(l, r, ExpressionKind::Nil),
        }
    }
}
