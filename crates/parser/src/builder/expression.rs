//! Makes the nodes of expressions.

use super::{Builder, MAX_ARGUMENTS, Parsed, above};
use crate::ast::*;
use calf_source::{Diagnostic, Span};

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
            _ => return self.refuse_target(target, operator_span),
        };
        if target.grouped {
            return self.refuse_target(target, operator_span);
        }
        Some(self.arena.alloc(found))
    }
    fn refuse_target<T>(&self, target: &Parsed<'a>, operator_span: Span) -> Option<T> {
        const TARGETS: &str =
            "Only a variable, a field (x.name) or an item (x[i]) can be assigned to.";
        let what = match target.expression.kind {
            _ if target.grouped => "this is in parentheses",
            ExpressionKind::Call { .. } => "this calls a function",
            ExpressionKind::This => "this is the object itself",
            ExpressionKind::Nil
            | ExpressionKind::Boolean(_)
            | ExpressionKind::Number(_)
            | ExpressionKind::String(_) => "this is a fixed value",
            _ => "this computes a value",
        };
        let diagnostic = Diagnostic::syntax("Invalid assignment target.", operator_span)
            .with_label(target.expression.span, what)
            .with_note(TARGETS);
        let is_equal = self.text.get(operator_span.range()) == Some("=");
        let compares = matches!(
            target.expression.kind,
            ExpressionKind::Binary { .. } | ExpressionKind::Logical { .. }
        );
        let is_in_group = self.source.borrow().is_in_group();
        self.report(match is_equal && !target.grouped && (compares || is_in_group) {
            true => diagnostic.with_fix("compare with '=='", operator_span, "=="),
            false => diagnostic,
        });
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
