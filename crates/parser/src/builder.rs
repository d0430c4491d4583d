//! Makes the nodes of the tree: what the actions of the grammar call.

mod expression;

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
            warnings: self.source.borrow_mut().take_warnings(),
        }
    }
    /// The condition of an `if` or `while`. An assignment in it is most often meant to compare, unless it stands in parentheses of its own.
    pub(crate) fn condition(&self, condition: Parsed<'a>) -> Parsed<'a> {
        if let ExpressionKind::Assign { target, value } = condition.expression.kind
            && !condition.grouped
        {
            let gap = Span::new(target.span().end, value.span.start);
            // Parentheses around the value lie in the gap, and comments may.
            let text = &self.text[gap.range()];
            let at = gap.start + text.find('=').unwrap_or_default() as u32;
            let span = Span::new(at, at + 1);
            let warning = Diagnostic::warning("This condition assigns a value.", span)
                .with_note("'=' assigns, '==' compares. Parentheses around the assignment say that it is meant.")
                .with_fix("compare with '=='", span, "==");
            self.source.borrow_mut().warn(warning);
        }
        condition
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
