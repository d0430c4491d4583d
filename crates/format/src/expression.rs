//! Expressions.

use crate::document::{Break, GroupKind};
use crate::walk::Formatter;
use calf_lexer::Token;
use calf_parser::ast::*;

/// A chain of method calls at least this long may break in front of its dots.
const LONG_CHAIN: usize = 3;

/// What binds equally tight stands in one group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Or,
    And,
    Equality,
    Comparison,
    Term,
    Factor,
    Postfix,
    /// No link of a left spine.
    Leaf,
}

fn level(expression: &Expression) -> Level {
    use BinaryOperator as B;
    match expression.kind {
        ExpressionKind::Binary { operator, .. } => match operator {
            B::Equal | B::NotEqual => Level::Equality,
            B::Less | B::LessEqual | B::Greater | B::GreaterEqual | B::In => Level::Comparison,
            B::Add | B::Subtract => Level::Term,
            B::Multiply | B::Divide | B::Remainder => Level::Factor,
        },
        ExpressionKind::Logical { operator: LogicalOperator::And, .. } => Level::And,
        ExpressionKind::Logical { operator: LogicalOperator::Or, .. } => Level::Or,
        _ if expression.left().is_some() => Level::Postfix,
        _ => Level::Leaf,
    }
}

/// A link of a left spine on the way down.
struct Link<'e, 'a> {
    expression: &'e Expression<'a>,
    parentheses: usize,
    opens_group: bool,
    /// Lines may break in front of its dot.
    breaks: bool,
}

impl Formatter<'_> {
    /// An expression; `levels` is how far the lines behind its first one are indented.
    ///
    /// Its left spine may be as long as the program, so it is walked, not recursed into: down to the first operand, then up.
    pub(crate) fn expression(&mut self, expression: &Expression, levels: usize) {
        let mut links: Vec<Link> = Vec::new();
        let mut next = Some(expression);
        let mut breaks = false;
        while let Some(expression) = next {
            let before = links.last().map(|link| level(link.expression));
            let parentheses = self.open_parentheses(expression);
            let here = level(expression);
            let is_new = before != Some(here) || parentheses > 0;
            if is_new && here == Level::Postfix {
                breaks = self.is_long_chain(expression);
            }
            let opens_group = is_new && here != Level::Leaf && (here != Level::Postfix || breaks);
            if opens_group {
                // Only what stands alone between brackets needs no indentation.
                let levels = if links.is_empty() && parentheses == 0 { levels } else { 1 };
                let levels = if before.is_none() && parentheses > 0 { 0 } else { levels };
                self.document.open(GroupKind::Loose, levels);
            }
            links.push(Link { expression, parentheses, opens_group, breaks });
            next = expression.left();
        }
        while let Some(link) = links.pop() {
            match level(link.expression) {
                Level::Leaf => self.leaf(link.expression),
                _ => self.rest(&link),
            }
            if link.opens_group {
                self.document.close();
            }
            self.close_parentheses(link.parentheses);
        }
    }

    /// The parentheses around an expression, which the tree does not know.
    fn open_parentheses(&mut self, expression: &Expression) -> usize {
        let mut count = 0;
        while self.peek_token().span.start < expression.span.start
            && self.peek_token().is(Token::LeftParenthesis)
        {
            self.document.open(GroupKind::Loose, 1);
            self.token();
            self.soft("");
            count += 1;
        }
        count
    }
    fn close_parentheses(&mut self, count: usize) {
        for _ in 0..count {
            self.soft_close("");
            self.token();
            self.document.close();
        }
    }

    /// Are there many method calls in this chain of calls, fields and elements?
    fn is_long_chain(&self, expression: &Expression) -> bool {
        let mut calls = 0;
        let mut link = expression;
        while level(link) == Level::Postfix && calls < LONG_CHAIN {
            let Some(left) = link.left() else { break };
            let is_call = matches!(link.kind, ExpressionKind::Call { .. });
            if is_call && matches!(left.kind, ExpressionKind::Field { .. }) {
                calls += 1;
            }
            link = left;
        }
        calls >= LONG_CHAIN
    }

    /// What stands behind the first operand of a link.
    fn rest(&mut self, link: &Link) {
        match link.expression.kind {
            ExpressionKind::Binary { right, .. } | ExpressionKind::Logical { right, .. } => {
                self.soft(" ");
                self.token();
                self.space();
                self.expression(right, 1);
            }
            ExpressionKind::Call { arguments, .. } => self.arguments(arguments),
            ExpressionKind::Field { .. } => {
                if link.breaks {
                    self.soft("");
                }
                self.tokens(2);
            }
            ExpressionKind::Index { index, .. } => self.index(index),
            _ => (),
        }
    }
    fn index(&mut self, index: &Expression) {
        self.document.open(GroupKind::Loose, 1);
        self.token();
        self.soft("");
        self.expression(index, 0);
        self.soft_close("");
        self.token();
        self.document.close();
    }

    /// Some parts between brackets and with commas; a comma never stands behind the last one.
    pub(crate) fn bracketed(&mut self, count: usize, mut part: impl FnMut(&mut Self, usize)) {
        self.document.open(GroupKind::Strict, 1);
        self.token();
        for number in 0..count {
            self.soft(if number == 0 { "" } else { " " });
            part(self, number);
            if number + 1 < count {
                self.token();
            }
        }
        if count > 0 || self.peek().is_comment() || self.document.needs_line {
            self.soft_close("");
        }
        self.token();
        self.document.close();
    }

    fn arguments(&mut self, arguments: &[Expression]) {
        let group = self.document.len();
        let last = arguments.len().wrapping_sub(1);
        self.bracketed(arguments.len(), |formatter, number| {
            let argument = &arguments[number];
            if number == last && !formatter.peek_token().is(Token::LeftParenthesis) {
                formatter.hug(group, argument);
            }
            formatter.expression(argument, if last == 0 { 0 } else { 1 });
        });
    }

    /// Lets the last argument break instead of the group around all of them.
    fn hug(&mut self, at: usize, argument: &Expression) {
        let brackets = match argument.kind {
            ExpressionKind::Function(_) => None,
            ExpressionKind::List(items) if !items.is_empty() => Some(()),
            ExpressionKind::Map(entries) if !entries.is_empty() => Some(()),
            _ => return,
        };
        // Its group and its opening bracket come next.
        let hug = brackets.map(|()| self.document.len() + 2);
        if let Some(group) = self.document.group(at).filter(|group| !group.is_broken) {
            group.kind = GroupKind::Loose;
            group.hug = hug;
        }
    }

    /// The items of a list or a map: a comma stands behind the last one if they are on lines of their own.
    fn items(&mut self, count: usize, fills: bool, mut item: impl FnMut(&mut Self, usize)) {
        self.document.open(GroupKind::Strict, 1);
        self.token();
        for number in 0..count {
            let flat = if number == 0 { "" } else { " " };
            let fills = fills && number > 0;
            self.soft_with(Break { flat, closes: false, of_block: false, fills });
            item(self, number);
            if number + 1 < count {
                self.token();
            } else {
                self.last_comma();
            }
        }
        if count > 0 || self.peek().is_comment() || self.document.needs_line {
            self.soft_close("");
        }
        self.token();
        self.document.close();
    }

    /// An expression that is no link of a left spine.
    fn leaf(&mut self, expression: &Expression) {
        match expression.kind {
            ExpressionKind::Super { .. } => self.tokens(3),
            ExpressionKind::Function(function) => {
                self.token();
                self.space();
                self.function(function);
            }
            ExpressionKind::Interpolation(parts) => {
                self.token();
                self.values += 1;
                for part in parts {
                    if let Part::Value(value) = part {
                        self.expression(value, 0);
                        self.token();
                    }
                }
                self.values -= 1;
            }
            ExpressionKind::List(items) => {
                let fills = items.len() > 1 && items.iter().all(is_short);
                self.items(items.len(), fills, |formatter, number| {
                    formatter.expression(&items[number], 1);
                });
            }
            ExpressionKind::Map(entries) => {
                self.items(entries.len(), false, |formatter, number| {
                    formatter.expression(&entries[number].key, 1);
                    formatter.token();
                    formatter.space();
                    formatter.expression(&entries[number].value, 1);
                });
            }
            ExpressionKind::Unary { operand, .. } => {
                self.token();
                self.expression(operand, 1);
            }
            ExpressionKind::Conditional { .. } => self.conditional(expression),
            ExpressionKind::Assign { target, value }
            | ExpressionKind::CompoundAssign { target, value, .. } => {
                match *target {
                    Target::Variable(_) => self.token(),
                    Target::Field { object, .. } => {
                        self.expression(object, 1);
                        self.tokens(2);
                    }
                    Target::Index { object, index, .. } => {
                        self.expression(object, 1);
                        self.index(index);
                    }
                }
                self.space();
                self.token();
                self.space();
                self.expression(value, 1);
            }
            _ => self.token(),
        }
    }

    /// `c ? a : d ? b : e`, a chain without nesting.
    fn conditional(&mut self, expression: &Expression) {
        self.document.open(GroupKind::Loose, 1);
        let mut rest = expression;
        loop {
            match rest.kind {
                ExpressionKind::Conditional { condition, then, otherwise }
                    if self.peek_token().span.start >= rest.span.start =>
                {
                    self.expression(condition, 1);
                    self.soft(" ");
                    self.token();
                    self.space();
                    self.expression(then, 1);
                    self.soft(" ");
                    self.token();
                    self.space();
                    rest = otherwise;
                }
                _ => break,
            }
        }
        self.expression(rest, 1);
        self.document.close();
    }
}

/// Is this a short literal or a name, of which several go on a line?
fn is_short(expression: &Expression) -> bool {
    const SHORT: u32 = 20;
    let is_plain = match expression.kind {
        ExpressionKind::Number(_)
        | ExpressionKind::String(_)
        | ExpressionKind::Boolean(_)
        | ExpressionKind::Variable(_)
        | ExpressionKind::Nil => true,
        ExpressionKind::Unary { operand, .. } => matches!(operand.kind, ExpressionKind::Number(_)),
        _ => false,
    };
    is_plain && expression.span.bytes() <= SHORT
}
