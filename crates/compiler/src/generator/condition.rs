//! Conditions: expressions that decide where to go on.

use super::Generator;
use super::expression::number;
use super::frame::ConstantKey;
use super::jump::TargetNumber;
use calf_bytecode::Op;
use calf_parser::ast::{
    BinaryOperator, Expression, ExpressionKind, LogicalOperator, Target, UnaryOperator,
};
use calf_source::Span;

impl<'a> Generator<'_, 'a> {
    /// Goes to `target` if the expression is as true as `wanted`, and on otherwise.
    ///
    /// Left spines of `and` and `or` are iterated. Where all paths go to the target, nothing behind can be reached.
    pub(super) fn jump_if(
        &mut self,
        expression: &'a Expression<'a>,
        wanted: bool,
        target: TargetNumber,
    ) {
        struct Pending<'a> {
            right: &'a Expression<'a>,
            wanted: bool,
            target: TargetNumber,
            /// Where the left operand goes if it decides against a jump.
            on: Option<TargetNumber>,
        }
        let mut pending = Vec::new();
        let (mut expression, mut left) = (expression, (wanted, target));
        while let ExpressionKind::Logical { operator, left: operand, right } = &expression.kind {
            let (wanted, target) = left;
            let decides = *operator == LogicalOperator::Or;
            let on = (decides != wanted).then(|| self.new_target());
            pending.push(Pending { right, wanted, target, on });
            left = (decides, on.unwrap_or(target));
            expression = operand;
        }
        self.jump_if_leaf(expression, left.0, left.1);
        for Pending { right, wanted, target, on } in pending.into_iter().rev() {
            if self.frame.is_reachable {
                self.jump_if(right, wanted, target);
            }
            on.into_iter().for_each(|on| self.place(on));
        }
    }

    /// The same for an expression that is no `and` or `or`. All temporaries it needs are free again afterwards.
    fn jump_if_leaf(&mut self, expression: &'a Expression<'a>, wanted: bool, target: TargetNumber) {
        let mark = self.frame.free;
        let span = expression.span;
        if let Some(truth) = constant_truth(expression) {
            if truth == wanted {
                self.jump(target, span);
            }
            return;
        }
        match &expression.kind {
            ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => {
                return self.jump_if(operand, !wanted, target);
            }
            ExpressionKind::Conditional { condition, then, otherwise } => {
                let (no, on) = (self.new_target(), self.new_target());
                self.jump_if(condition, false, no);
                if self.frame.is_reachable {
                    self.jump_if(then, wanted, target);
                    if self.frame.is_reachable && self.is_awaited(no) {
                        self.jump(on, span);
                    }
                }
                if self.is_awaited(no) {
                    self.place(no);
                    self.jump_if(otherwise, wanted, target);
                }
                self.place(on);
                return;
            }
            ExpressionKind::Binary { operator, operator_span, left, right }
                if *operator != BinaryOperator::In && !is_arithmetic(*operator) =>
            {
                self.compare((*operator, *operator_span), (left, right), wanted, target);
            }
            _ => {
                let (ops, operands) = match self.item_in_place(expression) {
                    Some(operands) => ((Op::JumpIfItem, Op::JumpUnlessItem), operands),
                    None => ((Op::JumpIfTrue, Op::JumpIfFalse), (self.any(expression), 0)),
                };
                let (op, inverse) = if wanted { ops } else { (ops.1, ops.0) };
                self.branch(op, inverse, operands, target, span);
            }
        }
        self.frame.free = mark;
    }

    /// The registers of object and index, if the expression is an item whose test needs no temporary.
    fn item_in_place(&mut self, expression: &Expression<'a>) -> Option<(u8, u8)> {
        match &expression.kind {
            ExpressionKind::Index { object, index } => {
                self.in_place(object).zip(self.in_place(index))
            }
            _ => None,
        }
    }

    fn compare(
        &mut self,
        (operator, span): (BinaryOperator, Span),
        (left, right): (&'a Expression<'a>, &'a Expression<'a>),
        wanted: bool,
        target: TargetNumber,
    ) {
        let is_equality = matches!(operator, BinaryOperator::Equal | BinaryOperator::NotEqual);
        let mut constant_of = |operand: &Expression<'a>| {
            if is_equality {
                self.literal_operand(operand)
            } else {
                let bits = number(operand)?.to_bits();
                self.constant_operand(ConstantKey::Number(bits))
            }
        };
        let row = row(operator);
        let (ops, operands) = if let Some(constant) = constant_of(right) {
            (row.with_constant, (self.any(left), constant))
        } else if let Some(constant) = constant_of(left) {
            (self::row(row.mirrored).with_constant, (self.any(right), constant))
        } else {
            let left = self.operand(left, &[right.span]);
            let right = self.any(right);
            (row.with_registers, if row.is_swapped { (right, left) } else { (left, right) })
        };
        let (op, inverse) = if wanted { ops } else { (ops.1, ops.0) };
        self.branch(op, inverse, operands, target, span);
    }

    /// May a test leave temporaries behind that hold objects? If in doubt, yes.
    pub(super) fn leaves_objects(&mut self, expression: &Expression<'a>) -> bool {
        let mut budget = 64;
        let residue = self.residue_of_test(expression, &mut budget);
        residue || budget == 0
    }

    fn residue_of_test(&mut self, expression: &Expression<'a>, budget: &mut u32) -> bool {
        let Some(rest) = budget.checked_sub(1) else { return true };
        *budget = rest;
        match &expression.kind {
            ExpressionKind::Logical { left, right, .. } => {
                self.residue_of_test(left, budget) || self.residue_of_test(right, budget)
            }
            ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => {
                self.residue_of_test(operand, budget)
            }
            ExpressionKind::Index { .. } if self.item_in_place(expression).is_some() => false,
            ExpressionKind::Binary { operator, left, right, .. } => {
                let (left, right) = (self.residue(left, budget), self.residue(right, budget));
                match operator {
                    BinaryOperator::Equal
                    | BinaryOperator::NotEqual
                    | BinaryOperator::In
                    | BinaryOperator::Add => left != Residue::Nothing || right != Residue::Nothing,
                    _ => left == Residue::Other || right == Residue::Other,
                }
            }
            _ => self.residue(expression, budget) != Residue::Nothing,
        }
    }

    fn residue(&mut self, expression: &Expression<'a>, budget: &mut u32) -> Residue {
        let Some(rest) = budget.checked_sub(1) else { return Residue::Other };
        *budget = rest;
        if self.in_place(expression).is_some() {
            return Residue::Nothing;
        }
        match &expression.kind {
            ExpressionKind::Nil | ExpressionKind::Boolean(_) | ExpressionKind::Number(_) => {
                Residue::Nothing
            }
            ExpressionKind::String(_) | ExpressionKind::Variable(_) | ExpressionKind::This => {
                Residue::Value
            }
            ExpressionKind::Assign { target: Target::Variable(variable), .. }
                if self.local_register(variable).is_some() =>
            {
                Residue::Other
            }
            ExpressionKind::Field { object, .. } => match self.residue(object, budget) {
                Residue::Other => Residue::Other,
                _ => Residue::Value,
            },
            // The window is the callee's, who leaves nothing but the result.
            ExpressionKind::Call { callee, .. } => match callee.kind {
                ExpressionKind::Variable(_) => Residue::Value,
                _ => Residue::Other,
            },
            ExpressionKind::Index { object, index } => {
                let (object, index) = (self.residue(object, budget), self.residue(index, budget));
                match (object, index) {
                    (Residue::Nothing, Residue::Nothing | Residue::Value)
                    | (Residue::Value, Residue::Nothing) => Residue::Value,
                    _ => Residue::Other,
                }
            }
            ExpressionKind::Unary { operand, .. } => self.residue(operand, budget),
            ExpressionKind::Binary { operator, left, right, .. }
                if is_arithmetic(*operator) && *operator != BinaryOperator::Add =>
            {
                match (self.residue(left, budget), self.residue(right, budget)) {
                    (Residue::Other, _) | (_, Residue::Other) => Residue::Other,
                    _ => Residue::Nothing,
                }
            }
            _ => Residue::Other,
        }
    }
}

/// What the evaluation of an operand leaves in temporaries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Residue {
    /// No object.
    Nothing,
    /// Its value, in the first temporary, and no other object.
    Value,
    /// Perhaps other objects.
    Other,
}

/// How a comparison branches: operations for "holds" and "does not hold".
struct Row {
    with_registers: (Op, Op),
    with_constant: (Op, Op),
    /// Are the registers given in reverse?
    is_swapped: bool,
    /// The comparison that holds if the operands change sides.
    mirrored: BinaryOperator,
}

fn row(operator: BinaryOperator) -> Row {
    use Op::*;
    let (with_registers, with_constant, is_swapped, mirrored) = match operator {
        BinaryOperator::NotEqual => (
            (JumpUnlessEqual, JumpIfEqual),
            (JumpUnlessEqualConstant, JumpIfEqualConstant),
            false,
            BinaryOperator::NotEqual,
        ),
        BinaryOperator::Less => (
            (JumpIfLess, JumpUnlessLess),
            (JumpIfLessConstant, JumpUnlessLessConstant),
            false,
            BinaryOperator::Greater,
        ),
        BinaryOperator::LessEqual => (
            (JumpIfLessEqual, JumpUnlessLessEqual),
            (JumpIfLessEqualConstant, JumpUnlessLessEqualConstant),
            false,
            BinaryOperator::GreaterEqual,
        ),
        BinaryOperator::Greater => (
            (JumpIfLess, JumpUnlessLess),
            (JumpIfGreaterConstant, JumpUnlessGreaterConstant),
            true,
            BinaryOperator::Less,
        ),
        BinaryOperator::GreaterEqual => (
            (JumpIfLessEqual, JumpUnlessLessEqual),
            (JumpIfGreaterEqualConstant, JumpUnlessGreaterEqualConstant),
            true,
            BinaryOperator::LessEqual,
        ),
        _ => (
            (JumpIfEqual, JumpUnlessEqual),
            (JumpIfEqualConstant, JumpUnlessEqualConstant),
            false,
            BinaryOperator::Equal,
        ),
    };
    Row { with_registers, with_constant, is_swapped, mirrored }
}

fn is_arithmetic(operator: BinaryOperator) -> bool {
    super::spine::constant_form(operator).is_some()
}

/// Is this literal true?
pub(super) fn constant_truth(expression: &Expression<'_>) -> Option<bool> {
    match expression.kind {
        ExpressionKind::Nil | ExpressionKind::Boolean(false) => Some(false),
        ExpressionKind::Boolean(true) | ExpressionKind::Number(_) | ExpressionKind::String(_) => {
            Some(true)
        }
        _ => None,
    }
}
