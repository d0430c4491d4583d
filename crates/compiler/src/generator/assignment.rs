//! Assignments.

use super::Generator;
use super::expression::Destination;
use super::spine::constant_form;
use super::variable::Location;
use calf_bytecode::Op;
use calf_parser::ast::{BinaryOperator, Expression, ExpressionKind, Target, Variable};
use calf_source::Span;

/// An assignment, plain or compound.
#[derive(Clone, Copy)]
struct Assignment<'a> {
    target: &'a Target<'a>,
    /// The operator of a compound one, and where it stands.
    operator: Option<(BinaryOperator, Span)>,
    value: &'a Expression<'a>,
}

impl<'a> Assignment<'a> {
    fn of(expression: &'a Expression<'a>) -> Option<Self> {
        match expression.kind {
            ExpressionKind::Assign { target, value } => {
                Some(Assignment { target, operator: None, value })
            }
            ExpressionKind::CompoundAssign { target, operator, operator_span, value } => {
                Some(Assignment { target, operator: Some((operator, operator_span)), value })
            }
            _ => None,
        }
    }
}

impl<'a> Generator<'_, 'a> {
    /// Assigns, and gives the register of the value: a local's, or a temporary.
    pub(super) fn assignment(&mut self, expression: &'a Expression<'a>) -> u8 {
        self.assign(expression, false)
    }

    /// Assigns; the value is not needed any more.
    pub(super) fn assignment_for_effect(&mut self, expression: &'a Expression<'a>) {
        self.assign(expression, true);
    }

    fn assign(&mut self, expression: &'a Expression<'a>, for_effect: bool) -> u8 {
        let Some(assignment) = Assignment::of(expression) else { return self.any(expression) };
        match assignment.target {
            Target::Variable(variable) => self.assign_variable(variable, assignment, for_effect),
            Target::Field { object, name, name_span, .. } => {
                let object = self.operand(object, &[assignment.value.span]);
                let value = match assignment.operator {
                    None => self.any(assignment.value),
                    Some(_) => {
                        let old = self.frame.top();
                        self.emit_cached(Op::GetField, old, object, 0, name, *name_span);
                        self.frame.grow();
                        self.combine(old, assignment, Destination::Next)
                    }
                };
                let takes = for_effect && self.frame.is_temporary(value);
                let op = if takes { Op::SetFieldTake } else { Op::SetField };
                self.emit_cached(op, object, value, 0, name, *name_span);
                value
            }
            Target::Index { object, index, span } => {
                let object = self.operand(object, &[index.span, assignment.value.span]);
                let index = self.operand(index, &[assignment.value.span]);
                if for_effect
                    && assignment.operator.is_none()
                    && let Some(constant) = self.literal_operand(assignment.value)
                {
                    self.emit(Op::SetIndexConstant, object, index, constant, *span);
                    return object;
                }
                let value = match assignment.operator {
                    None => self.any(assignment.value),
                    Some(_) => {
                        let old = self.frame.top();
                        self.emit(Op::GetIndex, old, object, index, *span);
                        self.frame.grow();
                        self.combine(old, assignment, Destination::Next)
                    }
                };
                let takes = for_effect && self.frame.is_temporary(value);
                let op = if takes { Op::SetIndexTake } else { Op::SetIndex };
                self.emit(op, object, index, value, *span);
                value
            }
        }
    }

    fn assign_variable(
        &mut self,
        variable: &'a Variable<'a>,
        assignment: Assignment<'a>,
        for_effect: bool,
    ) -> u8 {
        let span = variable.span;
        let location = self.locate(variable);
        match (location, assignment.operator) {
            (Location::Register(local), None) => {
                self.expression(assignment.value, Destination::Register(local));
                local
            }
            (Location::Register(local), Some(_)) => {
                let is_changed = self.is_changed_within(variable, assignment.value.span);
                let old = if is_changed {
                    let copy = self.frame.top();
                    self.copy(copy, local, span);
                    self.frame.grow();
                    copy
                } else {
                    local
                };
                self.combine(old, assignment, Destination::Register(local))
            }
            (_, None) => {
                let value = self.any(assignment.value);
                self.store(location, value, for_effect, span);
                value
            }
            (_, Some(_)) => {
                let old = self.frame.top();
                self.load(old, location, span);
                self.frame.grow();
                let value = self.combine(old, assignment, Destination::Next);
                self.store(location, value, for_effect, span);
                value
            }
        }
    }

    fn is_changed_within(&self, variable: &Variable<'a>, span: Span) -> bool {
        variable
            .binding
            .get()
            .is_some_and(|binding| self.resolution.is_assigned_within(binding, span))
    }

    /// The new value of a compound assignment whose old value is in `old`, the last temporary or a local.
    fn combine(&mut self, old: u8, assignment: Assignment<'a>, destination: Destination) -> u8 {
        let Some((operator, span)) = assignment.operator else { return old };
        let Some(with_constant) = constant_form(operator) else { return old };
        let constant = self.constant_right(operator, assignment.value);
        let mark = self.frame.free;
        let right = match constant {
            Some(constant) => constant,
            None => self.any(assignment.value),
        };
        let result = match destination {
            Destination::Next => old,
            Destination::Register(local) => local,
        };
        let op = if constant.is_some() { with_constant } else { register_form(operator) };
        self.emit(op, result, old, right, span);
        self.frame.free = mark;
        result
    }
}

/// The operation of an arithmetic operator on two registers.
fn register_form(operator: BinaryOperator) -> Op {
    match operator {
        BinaryOperator::Subtract => Op::Subtract,
        BinaryOperator::Multiply => Op::Multiply,
        BinaryOperator::Divide => Op::Divide,
        BinaryOperator::Remainder => Op::Remainder,
        _ => Op::Add,
    }
}
