//! Left spines: chains of operators, calls, fields and indices of any length, from the innermost operand outward.
//!
//! The value so far is in the first temporary of the spine, in a local's register, or known.

use super::Generator;
use super::expression::{Destination, number};
use super::frame::ConstantKey;
use calf_bytecode::Op;
use calf_parser::ast::{BinaryOperator, Expression, ExpressionKind, LogicalOperator};
use calf_source::Span;

/// The value of the links of a left spine so far.
#[derive(Clone, Copy, Debug)]
pub(super) enum Current {
    /// It is in a register: a local's, or the first temporary of the spine.
    Register(u8),
    /// A number that is known now.
    Number(f64),
}

impl<'a> Generator<'_, 'a> {
    /// A chain of operators, calls, fields and indices, from its innermost operand outward.
    pub(super) fn spine(&mut self, expression: &'a Expression<'a>, destination: Destination) {
        let mark = self.frame.free;
        let mut links = Vec::new();
        let mut innermost = expression;
        while let Some(left) = innermost.left() {
            links.push(innermost);
            innermost = left;
        }
        links.reverse();
        let (mut current, mut number) = self.begin_spine(innermost, &links);
        while number < links.len() {
            let consumed = if is_method_call(&links[number..]) { 2 } else { 1 };
            let is_last = number + consumed == links.len();
            let wanted = if is_last { destination } else { Destination::Next };
            current = self.extend(links[number + consumed - 1], current, mark, wanted);
            number += consumed;
        }
        match current {
            Current::Register(register)
                if self.frame.free > mark && destination != Destination::Next =>
            {
                // The last link cannot write to a local at the end of all it does.
                let wanted = self.wanted(destination);
                self.transfer(wanted, register, expression.span);
            }
            Current::Register(_) => (),
            Current::Number(number) => {
                let register = self.wanted(destination);
                self.load_number(register, number, expression.span);
            }
        }
        self.settle(mark, destination);
    }

    /// The innermost operand of a spine, with the links that belong to it: how many are done.
    fn begin_spine(
        &mut self,
        innermost: &'a Expression<'a>,
        links: &[&'a Expression<'a>],
    ) -> (Current, usize) {
        if let Some(number) = number(innermost) {
            return (Current::Number(number), 0);
        }
        match (&innermost.kind, &links[0].kind) {
            (ExpressionKind::Super { method, .. }, ExpressionKind::Call { arguments, .. }) => {
                let register = self.call_super(method, arguments, links[0].span, innermost.span);
                return (Current::Register(register), 1);
            }
            (ExpressionKind::Variable(variable), ExpressionKind::Call { arguments, .. }) => {
                if let Some(register) = self.call_global(variable, arguments, links[0]) {
                    return (Current::Register(register), 1);
                }
            }
            _ => (),
        }
        let later = match &links[0].kind {
            ExpressionKind::Binary { right, .. } | ExpressionKind::Index { index: right, .. } => {
                Some(right.span)
            }
            _ => None,
        };
        (Current::Register(self.operand(innermost, later.as_slice())), 0)
    }

    /// One link of a spine whose value so far is in `current`; its value goes where it is wanted, or to the register `mark`.
    fn extend(
        &mut self,
        link: &'a Expression<'a>,
        current: Current,
        mark: u16,
        destination: Destination,
    ) -> Current {
        let span = link.span;
        if let ExpressionKind::Binary { operator, operator_span, left, right } = &link.kind {
            return self.binary(
                (*operator, *operator_span),
                current,
                (left, right),
                mark,
                destination,
            );
        }
        match &link.kind {
            ExpressionKind::Logical { operator, right, .. } => {
                let register = self.in_temporary(current, mark, span);
                let end = self.new_target();
                let (op, inverse) = match operator {
                    LogicalOperator::And => (Op::JumpIfFalse, Op::JumpIfTrue),
                    LogicalOperator::Or => (Op::JumpIfTrue, Op::JumpIfFalse),
                };
                self.branch(op, inverse, (register, 0), end, span);
                self.frame.free = mark;
                self.next(right);
                self.place(end);
                Current::Register(register)
            }
            ExpressionKind::Call { callee, arguments, arguments_span } => {
                if let Current::Register(local) = current
                    && self.frame.free == mark
                    && let ExpressionKind::Field { name, name_span, .. } = &callee.kind
                    && let Some(register) =
                        self.invoke_on(local, name, arguments, name_span.to(*arguments_span))
                {
                    return Current::Register(register);
                }
                let register = self.in_temporary(current, mark, span);
                match &callee.kind {
                    ExpressionKind::Field { name, name_span, .. } => {
                        self.invoke(register, name, arguments, name_span.to(*arguments_span));
                    }
                    _ => self.call(register, arguments, self.call_span(link)),
                }
                Current::Register(register)
            }
            ExpressionKind::Field { name, name_span, .. } => {
                let object = self.in_register(current, mark, span);
                let register = self.result(mark, destination);
                self.emit_cached(Op::GetField, register, object, 0, name, *name_span);
                self.settle(mark, destination);
                Current::Register(register)
            }
            ExpressionKind::Index { index, .. } => {
                let object = self.in_register(current, mark, span);
                self.index_of(object, index, mark, destination, span)
            }
            _ => current,
        }
    }

    fn index_of(
        &mut self,
        object: u8,
        index: &'a Expression<'a>,
        mark: u16,
        destination: Destination,
        span: Span,
    ) -> Current {
        let (op, index) = match self.literal_operand(index) {
            Some(constant) => (Op::GetIndexConstant, constant),
            None => (Op::GetIndex, self.any(index)),
        };
        let register = self.result(mark, destination);
        self.emit(op, register, object, index, span);
        self.settle(mark, destination);
        Current::Register(register)
    }

    /// The register for the result of a link.
    pub(super) fn result(&mut self, mark: u16, destination: Destination) -> u8 {
        match destination {
            Destination::Next => self.frame.register(mark),
            Destination::Register(register) => register,
        }
    }

    /// The value of a spine in any register.
    fn in_register(&mut self, current: Current, mark: u16, span: Span) -> u8 {
        match current {
            Current::Register(register) => register,
            Current::Number(_) => self.in_temporary(current, mark, span),
        }
    }

    /// The value of a spine in its first temporary.
    fn in_temporary(&mut self, current: Current, mark: u16, span: Span) -> u8 {
        let temporary = self.frame.register(mark);
        if self.frame.free == mark {
            match current {
                Current::Register(register) => self.copy(temporary, register, span),
                Current::Number(number) => self.load_number(temporary, number, span),
            }
            self.frame.grow();
        }
        temporary
    }

    fn binary(
        &mut self,
        (operator, operator_span): (BinaryOperator, Span),
        current: Current,
        (left, right): (&'a Expression<'a>, &'a Expression<'a>),
        mark: u16,
        destination: Destination,
    ) -> Current {
        if let (Current::Number(x), Some(y)) = (current, number(right))
            && let Some(folded) = fold(operator, x, y)
        {
            return Current::Number(folded);
        }
        let span = operator_span;
        let equality = equality_with_constant(operator);
        if let Some(op) = constant_form(operator).or(equality) {
            let commutes = equality.is_some()
                || matches!(operator, BinaryOperator::Add | BinaryOperator::Multiply);
            let operands = match current {
                Current::Register(register) => {
                    self.constant_right(operator, right).map(|constant| (register, constant))
                }
                Current::Number(number) if commutes => self
                    .constant_operand(ConstantKey::Number(number.to_bits()))
                    .map(|constant| (self.any(right), constant)),
                Current::Number(_) => None,
            };
            if let Some((register, constant)) = operands {
                let result = self.result(mark, destination);
                self.emit(op, result, register, constant, span);
                self.settle(mark, destination);
                return Current::Register(result);
            }
        }
        let left = self.in_register(current, mark, left.span);
        let right = self.any(right);
        let (op, first, second) = match operator {
            BinaryOperator::Add => (Op::Add, left, right),
            BinaryOperator::Subtract => (Op::Subtract, left, right),
            BinaryOperator::Multiply => (Op::Multiply, left, right),
            BinaryOperator::Divide => (Op::Divide, left, right),
            BinaryOperator::Remainder => (Op::Remainder, left, right),
            BinaryOperator::Equal => (Op::Equal, left, right),
            BinaryOperator::NotEqual => (Op::NotEqual, left, right),
            BinaryOperator::Less => (Op::Less, left, right),
            BinaryOperator::LessEqual => (Op::LessEqual, left, right),
            BinaryOperator::Greater => (Op::Less, right, left),
            BinaryOperator::GreaterEqual => (Op::LessEqual, right, left),
            BinaryOperator::In => (Op::Contains, left, right),
        };
        let result = self.result(mark, destination);
        self.emit(op, result, first, second, span);
        self.settle(mark, destination);
        Current::Register(result)
    }

    /// What an error in a call that is no method's points at: all of it; of one that begins on an earlier line, the arguments, so that
    /// the error is told for their line.
    fn call_span(&self, call: &Expression<'_>) -> Span {
        match &call.kind {
            ExpressionKind::Call { callee, arguments_span, .. }
                if callee.left().is_some()
                    && self.file.line(call.span.start) != self.file.line(arguments_span.start) =>
            {
                *arguments_span
            }
            _ => call.span,
        }
    }

    /// A right operand as a constant, where the operator has a form for it.
    pub(super) fn constant_right(
        &mut self,
        operator: BinaryOperator,
        right: &Expression<'a>,
    ) -> Option<u8> {
        if equality_with_constant(operator).is_some() {
            return self.literal_operand(right);
        }
        match (number(right), &right.kind) {
            (Some(number), _) => self.constant_operand(ConstantKey::Number(number.to_bits())),
            (None, ExpressionKind::String(text)) if operator == BinaryOperator::Add => {
                self.constant_operand(ConstantKey::String((*text).into()))
            }
            _ => None,
        }
    }

    /// A literal as a constant operand.
    pub(super) fn literal_operand(&mut self, expression: &Expression<'a>) -> Option<u8> {
        let key = match &expression.kind {
            ExpressionKind::Nil => ConstantKey::Nil,
            ExpressionKind::Boolean(value) => ConstantKey::Boolean(*value),
            ExpressionKind::String(text) => ConstantKey::String((*text).into()),
            _ => ConstantKey::Number(number(expression)?.to_bits()),
        };
        self.constant_operand(key)
    }
}

/// Do these links begin with a field that is called at once?
fn is_method_call(links: &[&Expression<'_>]) -> bool {
    matches!(
        (&links[0].kind, links.get(1).map(|link| &link.kind)),
        (ExpressionKind::Field { .. }, Some(ExpressionKind::Call { .. }))
    )
}

/// The result of an operator on two numbers, if it is a number: the machine computes the same.
fn fold(operator: BinaryOperator, x: f64, y: f64) -> Option<f64> {
    let result = match operator {
        BinaryOperator::Add => x + y,
        BinaryOperator::Subtract => x - y,
        BinaryOperator::Multiply => x * y,
        BinaryOperator::Divide => x / y,
        BinaryOperator::Remainder => x % y,
        _ => return None,
    };
    (!result.is_nan()).then_some(result)
}

/// The form of `==` and `!=` with one operand a constant.
fn equality_with_constant(operator: BinaryOperator) -> Option<Op> {
    match operator {
        BinaryOperator::Equal => Some(Op::EqualConstant),
        BinaryOperator::NotEqual => Some(Op::NotEqualConstant),
        _ => None,
    }
}

/// The form of an operator whose right operand is a constant.
pub(super) fn constant_form(operator: BinaryOperator) -> Option<Op> {
    match operator {
        BinaryOperator::Add => Some(Op::AddConstant),
        BinaryOperator::Subtract => Some(Op::SubtractConstant),
        BinaryOperator::Multiply => Some(Op::MultiplyConstant),
        BinaryOperator::Divide => Some(Op::DivideConstant),
        BinaryOperator::Remainder => Some(Op::RemainderConstant),
        _ => None,
    }
}
