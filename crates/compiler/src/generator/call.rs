//! Calls.
//!
//! The window of a call begins with what is called, or `this`, and goes on with the arguments. Where they would need more registers
//! than there are, the arguments go into a list.

use super::Generator;
use super::expression::number;
use super::spine::constant_form;
use super::variable::Location;
use calf_bytecode::Op;
use calf_parser::ast::{BinaryOperator, Expression, ExpressionKind, UnaryOperator, Variable};
use calf_source::Span;

/// How deeply arguments may nest to be evaluated above an empty register.
const PLAIN_DEPTH: u16 = 8;

impl<'a> Generator<'_, 'a> {
    /// Calls what is in the last register in use, which gets the result.
    pub(super) fn call(&mut self, callee: u8, arguments: &'a [Expression<'a>], span: Span) {
        let mark = self.frame.free;
        if self.arguments(arguments, 0, span) {
            self.emit(Op::Call, callee, arguments.len() as u8, 0, span);
        } else {
            self.emit(Op::CallSpread, callee, 0, 0, span);
        }
        self.frame.free = mark;
    }

    /// Calls a method of the object in the last register in use, which gets the result.
    pub(super) fn invoke(
        &mut self,
        object: u8,
        name: &str,
        arguments: &'a [Expression<'a>],
        span: Span,
    ) {
        let mark = self.frame.free;
        if self.arguments(arguments, 0, span) {
            self.emit_cached(Op::Invoke, object, arguments.len() as u8, 0, name, span);
        } else {
            self.emit_cached(Op::InvokeSpread, object, 0, 0, name, span);
        }
        self.frame.free = mark;
    }

    /// Calls a method of the superclass; the result is in the register given, which is in use then.
    pub(super) fn call_super(
        &mut self,
        name: &str,
        arguments: &'a [Expression<'a>],
        span: Span,
        super_span: Span,
    ) -> u8 {
        let register = self.frame.top();
        if self.has_room(arguments, 2) {
            let this = self.locate_this();
            self.load(register, this, super_span);
            self.frame.grow();
            self.arguments(arguments, 1, span);
            let class = self.frame.top();
            let location = self.locate_super();
            self.load(class, location, super_span);
            self.frame.grow();
            self.emit_cached(Op::InvokeSuper, register, arguments.len() as u8, class, name, span);
        } else {
            self.super_method(name, register, super_span);
            self.frame.grow();
            self.arguments(arguments, 1, span);
            self.emit(Op::CallSpread, register, 0, 0, span);
        }
        self.frame.free = u16::from(register) + 1;
        register
    }

    /// Calls a global, if that can be looked up behind the arguments; the result is in the register given, which is in use then.
    ///
    /// The register of what is called is empty while the arguments are evaluated, so they must neither run the program's code, which
    /// might see the difference, nor make objects while others lie above that register.
    pub(super) fn call_global(
        &mut self,
        variable: &Variable<'a>,
        arguments: &'a [Expression<'a>],
        call: &Expression<'a>,
    ) -> Option<u8> {
        let Location::Global(global) = self.locate(variable) else { return None };
        let register = self.arguments_above_hole(arguments, call.span)?;
        let word = Op::CallGlobal.abc(register, arguments.len() as u8, 0);
        self.emit_extended(Op::CallGlobal, word, u32::from(global), call.span);
        self.frame.free = u16::from(register) + 1;
        Some(register)
    }

    /// Calls a method of the object in a local's register, if that can be looked at behind the arguments: else as
    /// [`Generator::call_global`].
    pub(super) fn invoke_on(
        &mut self,
        local: u8,
        name: &str,
        arguments: &'a [Expression<'a>],
        span: Span,
    ) -> Option<u8> {
        let register = self.arguments_above_hole(arguments, span)?;
        self.emit_cached(Op::InvokeOn, register, arguments.len() as u8, local, name, span);
        self.frame.free = u16::from(register) + 1;
        Some(register)
    }

    /// Evaluates arguments behind a register that is empty meanwhile, which is given, if they are fit for that.
    fn arguments_above_hole(&mut self, arguments: &'a [Expression<'a>], span: Span) -> Option<u8> {
        let is_fit = match arguments {
            [] => true,
            _ if self.frame.is_spilled || !self.has_room(arguments, PLAIN_DEPTH as usize) => false,
            [first, others @ ..] => {
                (self.is_plain(first) || self.is_one_step(first))
                    && others.iter().all(|other| self.is_plain(other))
            }
        };
        if !is_fit {
            return None;
        }
        let register = self.frame.top();
        self.frame.grow();
        if !arguments.is_empty() {
            let outer = self.frame.hole.replace(u16::from(register));
            self.arguments(arguments, 0, span);
            self.frame.hole = outer;
        }
        Some(register)
    }

    /// Evaluates arguments into the next registers; or, if there are not enough besides some others, into one list in the next
    /// register: then the answer is false.
    fn arguments(&mut self, arguments: &'a [Expression<'a>], others: usize, span: Span) -> bool {
        if self.has_room(arguments, others) {
            for argument in arguments {
                self.next(argument);
            }
            return true;
        }
        let list = self.frame.top();
        self.emit(Op::NewList, list, list, 0, span);
        self.frame.grow();
        for argument in arguments {
            let item = self.next(argument);
            self.emit(Op::Append, list, item, 0, span);
            self.frame.free -= 1;
        }
        false
    }

    fn has_room(&self, arguments: &[Expression<'a>], others: usize) -> bool {
        // Arguments are expressions, which take a few registers themselves.
        arguments.len() <= 1 || arguments.len() + others <= self.frame.room()
    }

    /// Is this evaluated without making an object (unless it throws) and without running the program's code?
    fn is_plain(&mut self, expression: &Expression<'a>) -> bool {
        if expression.depth > PLAIN_DEPTH {
            return false;
        }
        match &expression.kind {
            ExpressionKind::Nil
            | ExpressionKind::Boolean(_)
            | ExpressionKind::Number(_)
            | ExpressionKind::String(_)
            | ExpressionKind::This => true,
            // A global may be undefined: what is called has to be looked at before.
            ExpressionKind::Variable(variable) => {
                !matches!(self.locate(variable), Location::Global(_))
            }
            ExpressionKind::Unary { operand, .. } => self.is_plain_operand(operand),
            ExpressionKind::Binary { operator, left, right, .. } => match operator {
                BinaryOperator::Add => {
                    (is_number(left) || is_number(right))
                        && self.is_plain_operand(left)
                        && self.is_plain_operand(right)
                }
                BinaryOperator::In => false,
                _ => self.is_plain_operand(left) && self.is_plain_operand(right),
            },
            _ => false,
        }
    }

    /// The same for an operand, which may be the beginning of a left spine: only short ones count.
    fn is_plain_operand(&mut self, expression: &Expression<'a>) -> bool {
        let mut links = 0;
        let mut innermost = expression;
        while let Some(left) = innermost.left() {
            links += 1;
            if links > PLAIN_DEPTH {
                return false;
            }
            innermost = left;
        }
        self.is_plain(expression)
    }

    /// Is this one instruction on operands that are in place?
    fn is_one_step(&mut self, expression: &Expression<'a>) -> bool {
        match &expression.kind {
            ExpressionKind::Field { object, .. } => self.in_place(object).is_some(),
            ExpressionKind::Index { object, index } => {
                self.in_place(object).is_some()
                    && (self.in_place(index).is_some() || number(index).is_some())
            }
            ExpressionKind::Binary { operator: BinaryOperator::Add, left, right, .. } => {
                self.in_place(left).is_some()
                    && (self.in_place(right).is_some()
                        || matches!(right.kind, ExpressionKind::String(_)))
            }
            ExpressionKind::Function(_) => true,
            _ => false,
        }
    }
}

/// Is the value a number, if there is one?
fn is_number(expression: &Expression<'_>) -> bool {
    match &expression.kind {
        ExpressionKind::Number(_) => true,
        ExpressionKind::Unary { operator, .. } => *operator == UnaryOperator::Negate,
        ExpressionKind::Binary { operator, .. } => {
            constant_form(*operator).is_some() && *operator != BinaryOperator::Add
        }
        _ => false,
    }
}
