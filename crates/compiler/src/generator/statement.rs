//! Statements. No temporary outlives its statement.

use super::frame::Frame;
use super::{Generator, Header};
use crate::resolver::{is_boxed, key};
use calf_bytecode::Op;
use calf_parser::ast::{
    Binding, Branch, Expression, ExpressionKind, Function, Statement, StatementKind,
};
use calf_source::Span;

impl<'a> Generator<'_, 'a> {
    /// Statements, as far as they can be reached.
    pub(super) fn statements(&mut self, statements: &'a [Statement<'a>]) {
        statements.iter().for_each(|statement| self.statement(statement));
    }

    pub(super) fn statement(&mut self, statement: &'a Statement<'a>) {
        if !self.frame.is_reachable || self.frame.must_be_spilled() {
            return;
        }
        debug_assert_eq!(self.frame.free, self.frame.first_temporary());
        let span = statement.span;
        match &statement.kind {
            StatementKind::Expression(expression) => self.effect(expression),
            StatementKind::Print(value) => {
                let register = self.any(value);
                self.emit(Op::Print, register, 0, 0, span);
            }
            StatementKind::Throw(value) => {
                let register = self.next(value);
                self.emit(Op::Throw, register, 0, 0, span);
            }
            StatementKind::Variable { binding, value } => self.variable_statement(binding, *value),
            StatementKind::Function { binding, function } => {
                self.function_statement(binding, function)
            }
            StatementKind::Class(class) => self.class(class),
            StatementKind::Return(value) => self.return_value(*value, span),
            StatementKind::If { branches, otherwise } => {
                self.if_statement(branches, *otherwise, span)
            }
            StatementKind::While { condition, body } => {
                self.repeat(Some(condition), None, body, span)
            }
            StatementKind::For { initializer, condition, increment, body } => {
                self.in_scope(span, |generator| {
                    initializer.iter().for_each(|initializer| generator.statement(initializer));
                    generator.repeat(*condition, *increment, body, span);
                })
            }
            StatementKind::ForIn { binding, iterable, body } => {
                self.iterate_over(binding, iterable, body, span)
            }
            StatementKind::Break => self.leave_loop(true, span),
            StatementKind::Continue => self.leave_loop(false, span),
            StatementKind::Block(statements) => {
                self.in_scope(span, |generator| generator.statements(statements));
            }
            StatementKind::Try { body, catch, finally } => {
                self.try_statement(body, *catch, *finally, span)
            }
            StatementKind::Import { path, path_span, binding } => {
                let register = self.frame.top();
                let path = self.short_string_constant(path, *path_span);
                self.emit_bx(Op::Import, register, path, *path_span);
                self.frame.grow();
                self.define(binding);
            }
        }
        self.frame.free = self.frame.first_temporary();
        self.release_temporaries(span);
    }

    fn variable_statement(&mut self, binding: &'a Binding<'a>, value: Option<&'a Expression<'a>>) {
        match value {
            None => {
                let register = self.frame.top();
                self.emit(Op::LoadNil, register, 0, 0, binding.span);
                self.frame.grow();
                self.define(binding);
            }
            Some(value) if self.resolution.is_early(binding) => {
                self.declare_early(binding);
                let register = match self.function_of_its_own(value) {
                    Some(function) => self.closure(function, None),
                    None => self.any(value),
                };
                self.initialise_early(binding, register);
            }
            Some(value) => {
                match self.function_of_its_own(value) {
                    Some(function) => {
                        let itself = self.itself(binding);
                        self.closure(function, itself);
                    }
                    None => {
                        self.next(value);
                    }
                }
                self.define(binding);
            }
        }
    }

    fn function_statement(&mut self, binding: &'a Binding<'a>, function: &'a Function<'a>) {
        if self.resolution.is_early(binding) {
            self.declare_early(binding);
            let register = self.closure(function, None);
            self.initialise_early(binding, register);
        } else {
            let itself = self.itself(binding);
            self.closure(function, itself);
            self.define(binding);
        }
    }

    /// The function that a variable holds from its declaration on.
    fn function_of_its_own(&self, value: &Expression<'a>) -> Option<&'a Function<'a>> {
        match value.kind {
            ExpressionKind::Function(function) => Some(function),
            _ => None,
        }
    }

    /// The key by which a function knows itself: the local that holds it, if it never holds anything else.
    fn itself(&self, binding: &'a Binding<'a>) -> Option<usize> {
        (!self.is_global_scope() && !binding.assigned.get()).then(|| key(binding))
    }

    /// A closure in the next register, which is then in use.
    fn closure(&mut self, function: &'a Function<'a>, itself: Option<usize>) -> u8 {
        let number = self.function(function, Header::plain(itself));
        let register = self.frame.top();
        self.emit_bx(Op::Closure, register, number, function.span);
        self.frame.grow();
        register
    }

    /// Declares a local that a function captures before it has its value: an empty box.
    fn declare_early(&mut self, binding: &'a Binding<'a>) {
        let register = self.frame.top();
        self.emit(Op::LoadNil, register, 0, 0, binding.span);
        self.frame.grow();
        self.adopt_local(binding);
    }

    fn initialise_early(&mut self, binding: &'a Binding<'a>, register: u8) {
        let location = self.locate_key(key(binding), is_boxed(binding));
        self.store(location, register, false, binding.span);
    }

    fn if_statement(
        &mut self,
        branches: &'a [Branch<'a>],
        otherwise: Option<&'a Statement<'a>>,
        span: Span,
    ) {
        let end = self.new_target();
        for (number, branch) in branches.iter().enumerate() {
            let is_last = number + 1 == branches.len() && otherwise.is_none();
            let no = self.new_target();
            self.jump_if(branch.condition, false, no);
            if self.frame.is_reachable {
                self.release_temporaries(branch.condition.span);
                self.statement(branch.body);
                if self.frame.is_reachable && !is_last && self.is_awaited(no) {
                    self.jump(end, span);
                }
            }
            if !self.is_awaited(no) {
                // The condition always holds: nothing behind it is ever tried.
                return self.place(end);
            }
            self.place(no);
            self.release_temporaries(branch.condition.span);
        }
        if let Some(otherwise) = otherwise {
            self.statement(otherwise);
        }
        self.place(end);
    }
}

impl Frame<'_> {
    /// Is it in vain to go on?
    fn must_be_spilled(&self) -> bool {
        self.is_crowded && !self.is_spilled
    }
}
