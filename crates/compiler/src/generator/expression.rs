//! Expressions, but for left spines and literals with parts.

use super::frame::ConstantKey;
use super::variable::Location;
use super::{Generator, Header};
use calf_bytecode::Op;
use calf_parser::ast::{
    BinaryOperator, Expression, ExpressionKind, LogicalOperator, UnaryOperator,
};
use calf_source::Span;

/// Where the value of an expression is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Destination {
    /// In the next free register.
    Next,
    /// In the register of a local, which keeps its old value if the expression throws.
    Register(u8),
}

/// The registers in use in a spilled function from which on a deep expression puts temporaries aside.
const CROWD: u16 = 232;

impl<'a> Generator<'_, 'a> {
    /// Evaluates an expression for its value in the next free register, which is then in use.
    pub(super) fn next(&mut self, expression: &'a Expression<'a>) -> u8 {
        let register = self.frame.top();
        self.expression(expression, Destination::Next);
        register
    }

    /// Evaluates an expression for its value in any register: a local is used in place, anything else is in the next free register.
    pub(super) fn any(&mut self, expression: &'a Expression<'a>) -> u8 {
        if let Some(register) = self.in_place(expression) {
            return register;
        }
        let is_assignment = matches!(
            expression.kind,
            ExpressionKind::Assign { .. } | ExpressionKind::CompoundAssign { .. }
        );
        if !is_assignment || self.needs_room(expression) {
            return self.next(expression);
        }
        let mark = self.frame.free;
        let register = self.assignment(expression);
        if !self.frame.is_temporary(register) {
            self.frame.free = mark;
            return register;
        }
        let top = self.frame.register(mark);
        self.transfer(top, register, expression.span);
        self.settle(mark, Destination::Next);
        top
    }

    /// Like [`Generator::any`], for an operand that is used only after the text `later` has been evaluated.
    pub(super) fn operand(&mut self, expression: &'a Expression<'a>, later: &[Span]) -> u8 {
        let register = self.any(expression);
        let changes = self.variable_in_place(expression).is_some_and(|binding| {
            later.iter().any(|&span| self.resolution.is_assigned_within(binding, span))
        });
        if changes && !self.frame.is_temporary(register) {
            let copy = self.frame.top();
            self.copy(copy, register, expression.span);
            self.frame.grow();
            return copy;
        }
        register
    }

    /// Evaluates an expression for what it does.
    pub(super) fn effect(&mut self, expression: &'a Expression<'a>) {
        let mark = self.frame.free;
        match &expression.kind {
            ExpressionKind::Logical { operator, left, right } => {
                let end = self.new_target();
                self.jump_if(left, *operator == LogicalOperator::Or, end);
                if self.frame.is_reachable {
                    self.effect(right);
                }
                self.place(end);
            }
            ExpressionKind::Conditional { condition, then, otherwise } => {
                let (no, end) = (self.new_target(), self.new_target());
                self.jump_if(condition, false, no);
                if self.frame.is_reachable {
                    self.effect(then);
                    if self.is_awaited(no) {
                        self.jump(end, expression.span);
                    }
                }
                if self.is_awaited(no) {
                    self.place(no);
                    self.effect(otherwise);
                }
                self.place(end);
            }
            ExpressionKind::Assign { .. } | ExpressionKind::CompoundAssign { .. } => {
                self.assignment_for_effect(expression);
            }
            ExpressionKind::Nil
            | ExpressionKind::Boolean(_)
            | ExpressionKind::Number(_)
            | ExpressionKind::String(_) => (),
            // Whether two values are equal matters to nobody; what it takes to have them may.
            ExpressionKind::Binary {
                operator: BinaryOperator::Equal | BinaryOperator::NotEqual,
                left,
                right,
                ..
            } if left.left().is_none() => {
                self.effect(left);
                self.effect(right);
            }
            ExpressionKind::Variable(variable) if self.local_register(variable).is_some() => (),
            _ => {
                self.any(expression);
            }
        }
        self.frame.free = mark;
    }

    /// Evaluates an expression for its value where it is wanted.
    pub(super) fn expression(&mut self, expression: &'a Expression<'a>, destination: Destination) {
        if self.needs_room(expression) {
            self.expression_aside(expression, destination);
        } else {
            self.expression_with_room(expression, destination);
        }
    }

    fn expression_with_room(&mut self, expression: &'a Expression<'a>, destination: Destination) {
        let span = expression.span;
        let mark = self.frame.free;
        let register = self.wanted(destination);
        match &expression.kind {
            ExpressionKind::Nil => self.emit(Op::LoadNil, register, 0, 0, span),
            ExpressionKind::Boolean(value) => {
                self.emit(Op::LoadBoolean, register, u8::from(*value), 0, span)
            }
            ExpressionKind::Number(number) => self.load_number(register, *number, span),
            ExpressionKind::String(text) => {
                self.load_constant(register, ConstantKey::String((*text).into()), span);
            }
            ExpressionKind::Interpolation(parts) => self.interpolation(parts, register, span),
            ExpressionKind::List(items) => return self.list(items, destination, span),
            ExpressionKind::Map(entries) => return self.map(entries, destination, span),
            ExpressionKind::Variable(variable) => {
                let location = self.locate(variable);
                self.load(register, location, span);
            }
            ExpressionKind::This => {
                let location = self.locate_this();
                self.load(register, location, span);
            }
            ExpressionKind::Super { method, .. } => self.super_method(method, register, span),
            ExpressionKind::Function(function) => {
                let number = self.function(function, Header::plain(None));
                self.emit_bx(Op::Closure, register, number, span);
            }
            ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => {
                let operand = self.any(operand);
                self.emit(Op::Not, register, operand, 0, span);
            }
            ExpressionKind::Unary { operator: UnaryOperator::Negate, operand } => {
                match number(expression) {
                    Some(number) => self.load_number(register, number, span),
                    None => {
                        let operand = self.any(operand);
                        self.emit(Op::Negate, register, operand, 0, span);
                    }
                }
            }
            ExpressionKind::Conditional { condition, then, otherwise } => {
                return self.conditional((condition, then, otherwise), destination, span);
            }
            ExpressionKind::Assign { .. } | ExpressionKind::CompoundAssign { .. } => {
                let value = self.assignment(expression);
                self.transfer(register, value, span);
            }
            ExpressionKind::Binary { .. }
            | ExpressionKind::Logical { .. }
            | ExpressionKind::Call { .. }
            | ExpressionKind::Field { .. }
            | ExpressionKind::Index { .. } => return self.spine(expression, destination),
        }
        self.settle(mark, destination);
    }

    /// The register where a value is wanted.
    pub(super) fn wanted(&mut self, destination: Destination) -> u8 {
        match destination {
            Destination::Next => self.frame.top(),
            Destination::Register(register) => register,
        }
    }

    /// Gives up all temporaries from `mark` on but for the value that was wanted there.
    pub(super) fn settle(&mut self, mark: u16, destination: Destination) {
        self.frame.free = mark;
        if destination == Destination::Next {
            self.frame.grow();
        }
    }

    /// Are there too many temporaries for this expression to be evaluated above them?
    fn needs_room(&self, expression: &Expression<'a>) -> bool {
        let is_leaf = expression.left().is_none() && expression.depth <= 1;
        self.frame.is_spilled && self.frame.free > CROWD && !is_leaf
    }

    /// Puts the temporaries in slots while an expression is evaluated.
    fn expression_aside(&mut self, expression: &'a Expression<'a>, destination: Destination) {
        let (mark, span) = (self.frame.free, expression.span);
        let first = self.frame.first_temporary();
        let slots: Vec<(u8, u16)> = (first..mark)
            .map(|register| (self.frame.register(register), self.frame.allocate_slot() as u16))
            .collect();
        for &(register, slot) in &slots {
            self.emit_bx(Op::SetSpill, register, slot, span);
        }
        self.frame.free = first;
        let value = self.next(expression);
        let result = self.frame.allocate_slot() as u16;
        self.emit_bx(Op::SetSpill, value, result, span);
        self.frame.free = first;
        for &(register, slot) in &slots {
            self.emit_bx(Op::GetSpill, register, slot, span);
            self.frame.grow();
        }
        let register = self.wanted(destination);
        self.emit_bx(Op::GetSpill, register, result, span);
        self.settle(mark, destination);
        for slot in slots.iter().map(|&(_, slot)| slot).chain([result]) {
            self.clear_slot(slot, span);
        }
        self.frame.slots -= slots.len() + 1;
    }

    fn conditional(
        &mut self,
        (condition, then, otherwise): (&'a Expression<'a>, &'a Expression<'a>, &'a Expression<'a>),
        destination: Destination,
        span: Span,
    ) {
        let mark = self.frame.free;
        let (no, end) = (self.new_target(), self.new_target());
        self.jump_if(condition, false, no);
        if self.frame.is_reachable {
            self.expression(then, destination);
            if self.is_awaited(no) {
                self.jump(end, span);
            }
        }
        if self.is_awaited(no) {
            self.frame.free = mark;
            self.place(no);
            self.expression(otherwise, destination);
        }
        self.place(end);
        self.settle(mark, destination);
    }

    pub(super) fn super_method(&mut self, method: &str, register: u8, span: Span) {
        let mark = self.frame.free;
        let this = self.load_this(span);
        let class = self.load_super(span);
        self.emit_cached(Op::GetSuper, register, this, class, method, span);
        self.frame.free = mark;
    }

    /// `this` in any register.
    pub(super) fn load_this(&mut self, span: Span) -> u8 {
        let location = self.locate_this();
        self.load_anywhere(location, span)
    }

    /// The superclass in any register.
    pub(super) fn load_super(&mut self, span: Span) -> u8 {
        let location = self.locate_super();
        self.load_anywhere(location, span)
    }

    pub(super) fn load_anywhere(&mut self, location: Location, span: Span) -> u8 {
        if let Location::Register(register) = location {
            return register;
        }
        let register = self.frame.top();
        self.load(register, location, span);
        self.frame.grow();
        register
    }
}

/// The number that a literal, perhaps with `-` in front, stands for.
pub(super) fn number(expression: &Expression<'_>) -> Option<f64> {
    match &expression.kind {
        ExpressionKind::Number(number) => Some(*number),
        ExpressionKind::Unary { operator: UnaryOperator::Negate, operand } => match operand.kind {
            ExpressionKind::Number(number) => Some(-number),
            _ => None,
        },
        _ => None,
    }
}
