//! `try`, `catch` and `finally`, and all ways out of a statement.
//!
//! A `finally` is written once. Two hidden variables say what follows it: a number, and the value that is on its way. Who leaves the
//! `try` sets them and jumps to the `finally`, which goes on with what they say at its end.
//!
//! | number | what follows |
//! | --- | --- |
//! | 0 | the next statement |
//! | 1 | the value is thrown |
//! | 2, … | the ways out that the `try` and the `catch` contain, in the order of their first use |

use super::Generator;
use super::frame::{ConstantKey, Place};
use super::jump::TargetNumber;
use calf_bytecode::{Handler, Op};
use calf_parser::ast::{Catch, Expression, ExpressionKind, Finally, Statement};
use calf_source::Span;

/// Something around a statement that a way out has to pass.
pub(super) enum Exits {
    /// A loop.
    Loop {
        /// Where `continue` goes.
        next: TargetNumber,
        /// Where `break` goes.
        exit: TargetNumber,
        /// How many locals are kept there.
        locals: usize,
    },
    /// A `try` with `finally`, before the latter.
    Finally {
        /// What follows.
        kind: Place,
        /// The value on its way.
        value: Place,
        /// Where the `finally` begins.
        start: TargetNumber,
        /// How many locals are kept there.
        locals: usize,
        /// The ways out that have been used.
        routes: Vec<Route>,
    },
}

/// A way out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Route {
    /// Out of the function, with the value.
    Return,
    /// To a place in the loop with this number in the list of exits.
    Jump { loop_number: usize, target: TargetNumber },
}

const NORMAL: i16 = 0;
const THROWN: i16 = 1;
const FIRST_ROUTE: i16 = 2;

impl<'a> Generator<'_, 'a> {
    /// `break`, or `continue`.
    pub(super) fn leave_loop(&mut self, is_break: bool, span: Span) {
        let innermost =
            self.frame.exits.iter().enumerate().rev().find_map(|(number, exits)| match *exits {
                Exits::Loop { next, exit, .. } => {
                    let target = if is_break { exit } else { next };
                    Some(Route::Jump { loop_number: number, target })
                }
                Exits::Finally { .. } => None,
            });
        match innermost {
            Some(route) => self.leave(route, span),
            None => debug_assert!(false, "the resolver reports `break` outside of loops"),
        }
    }

    /// `return`.
    pub(super) fn return_value(&mut self, value: Option<&'a Expression<'a>>, span: Span) {
        let finally = self.frame.exits.iter().rev().find_map(|exits| match exits {
            Exits::Finally { value, .. } => Some(*value),
            Exits::Loop { .. } => None,
        });
        match (value, finally) {
            (None, None) => self.return_nothing(span),
            (Some(value), None) => self.return_expression(value, span),
            (value, Some(place)) => {
                let register = match value {
                    Some(value) => self.any(value),
                    None if self.frame.kind == calf_bytecode::Kind::Initializer => 0,
                    None => {
                        let nil = self.frame.top();
                        self.emit(Op::LoadNil, nil, 0, 0, span);
                        self.frame.grow();
                        nil
                    }
                };
                self.set_hidden(place, register, span);
                self.frame.free = self.frame.first_temporary();
                self.release_temporaries(span);
                self.leave(Route::Return, span);
            }
        }
    }

    /// Returns the value of an expression; of a conditional one on each side.
    fn return_expression(&mut self, value: &'a Expression<'a>, span: Span) {
        if let ExpressionKind::Conditional { condition, then, otherwise } = &value.kind {
            let no = self.new_target();
            self.jump_if(condition, false, no);
            if self.frame.is_reachable {
                self.return_expression(then, span);
            }
            if self.is_awaited(no) {
                self.place(no);
                self.return_expression(otherwise, span);
            }
            return;
        }
        let mark = self.frame.free;
        let register = self.any(value);
        self.emit(Op::Return, register, 0, 0, span);
        self.frame.free = mark;
    }

    /// Goes a way out, through the innermost `finally` that lies on it.
    fn leave(&mut self, route: Route, span: Span) {
        let first = match route {
            Route::Return => 0,
            Route::Jump { loop_number, .. } => loop_number,
        };
        let finally = (first..self.frame.exits.len())
            .rev()
            .find(|&number| matches!(self.frame.exits[number], Exits::Finally { .. }));
        match (finally.map(|number| &mut self.frame.exits[number]), route) {
            (Some(Exits::Finally { kind, start, locals, routes, .. }), _) => {
                let number = routes.iter().position(|other| *other == route).unwrap_or_else(|| {
                    routes.push(route);
                    routes.len() - 1
                });
                let (kind, start, locals) = (*kind, *start, *locals);
                self.release_locals(locals, span);
                // Nothing from here to the jump can throw.
                self.set_kind(kind, FIRST_ROUTE.saturating_add(number as i16), span);
                self.jump(start, span);
            }
            (_, Route::Jump { loop_number, target }) => {
                if let Exits::Loop { locals, .. } = self.frame.exits[loop_number] {
                    self.release_locals(locals, span);
                }
                self.jump(target, span);
            }
            (_, Route::Return) => {
                debug_assert!(false, "a return without `finally` is one instruction")
            }
        }
    }

    /// `try`.
    pub(super) fn try_statement(
        &mut self,
        body: &'a [Statement<'a>],
        catch: Option<&'a Catch<'a>>,
        finally: Option<&'a Finally<'a>>,
        span: Span,
    ) {
        match finally {
            None => {
                let after = self.new_target();
                self.try_and_catch(body, catch, after, span);
                self.place(after);
            }
            Some(finally) => {
                self.in_scope(span, |generator| generator.try_finally(body, catch, finally, span))
            }
        }
    }

    /// The `try` and `catch` parts; from their ends the machine goes on at `after`, or here. The stretch of instructions that is
    /// given is the one whose errors are not caught.
    fn try_and_catch(
        &mut self,
        body: &'a [Statement<'a>],
        catch: Option<&'a Catch<'a>>,
        after: TargetNumber,
        span: Span,
    ) -> (usize, usize) {
        let start = self.frame.fixed_position();
        self.in_scope(span, |generator| generator.statements(body));
        let end = self.frame.fixed_position();
        let Some(catch) = catch else { return (start, end) };
        if start == end {
            return (end, end);
        }
        if self.frame.is_reachable {
            self.jump(after, span);
        }
        let catch_start = self.frame.fixed_position();
        let register = self.begin_handler(start, end);
        self.frame.grow();
        self.in_scope(catch.span, |generator| {
            match catch.binding {
                Some(binding) => generator.adopt_local(binding),
                None => generator.frame.free = u16::from(register),
            }
            generator.release_temporaries(catch.span);
            generator.statements(catch.body);
        });
        (catch_start, self.frame.fixed_position())
    }

    /// Begins a handler here, for errors in a stretch of instructions: the error is in the register that is given, the next one.
    fn begin_handler(&mut self, start: usize, end: usize) -> u8 {
        let target = self.frame.fixed_position();
        let register = self.frame.top();
        self.frame.handlers.push(Handler {
            start: start as u32,
            end: end as u32,
            target: target as u32,
            register,
            live: u16::from(register),
        });
        self.frame.is_reachable = true;
        let dirty = self.frame.dirty();
        self.frame.objects = self.frame.objects.without(dirty);
        self.frame.objects.insert(register as usize);
        register
    }

    fn try_finally(
        &mut self,
        body: &'a [Statement<'a>],
        catch: Option<&'a Catch<'a>>,
        finally: &'a Finally<'a>,
        span: Span,
    ) {
        let register = self.frame.top();
        self.load_number(register, f64::from(NORMAL), span);
        self.frame.grow();
        let kind = self.adopt_hidden(span);
        let register = self.frame.top();
        self.emit(Op::LoadNil, register, 0, 0, span);
        self.frame.grow();
        let value = self.adopt_hidden(span);
        let start = self.new_target();
        let locals = self.frame.locals.len();
        self.frame.exits.push(Exits::Finally { kind, value, start, locals, routes: Vec::new() });
        let normal = self.new_target();
        let (first, last) = self.try_and_catch(body, catch, normal, span);
        let Some(Exits::Finally { routes, .. }) = self.frame.exits.pop() else { return };

        let ends_normally = self.frame.is_reachable || self.is_awaited(normal);
        let may_throw = first < last;
        if may_throw {
            if self.frame.is_reachable {
                self.jump(normal, span);
            }
            self.begin_finally(kind, value, first, last, finally.span);
        }
        self.place(normal);
        self.place(start);
        if !self.frame.is_reachable {
            return;
        }
        self.in_scope(finally.span, |generator| generator.statements(finally.body));
        if let Place::Register(register) = value {
            // It holds nothing now, or what follows takes it.
            self.frame.objects.remove(register as usize);
        }
        if self.frame.is_reachable {
            self.go_on(kind, value, ends_normally, may_throw, &routes, Span::at(finally.span.end));
        }
    }

    /// Begins a `finally` for an error, which becomes the value on its way.
    fn begin_finally(&mut self, kind: Place, value: Place, start: usize, end: usize, span: Span) {
        match value {
            // The register of the value is the first one that the handler does not keep.
            Place::Register(register) if !self.frame.is_spilled => {
                let free = std::mem::replace(&mut self.frame.free, u16::from(register));
                self.begin_handler(start, end);
                self.frame.free = free;
            }
            _ => {
                let register = self.begin_handler(start, end);
                self.frame.grow();
                self.set_hidden(value, register, span);
                self.frame.free = self.frame.first_temporary();
                self.release_temporaries(span);
            }
        }
        self.set_kind(kind, THROWN, span);
    }

    /// Goes on behind a `finally` as the hidden variables say.
    fn go_on(
        &mut self,
        kind: Place,
        value: Place,
        ends_normally: bool,
        may_throw: bool,
        routes: &[Route],
        span: Span,
    ) {
        let normal = ends_normally.then_some((NORMAL, None));
        let thrown = may_throw.then_some((THROWN, None));
        let others = routes.iter().enumerate();
        let others =
            others.map(|(number, &route)| (FIRST_ROUTE.saturating_add(number as i16), Some(route)));
        let mut ways: Vec<(i16, Option<Route>)> =
            normal.into_iter().chain(thrown).chain(others).collect();
        if routes.len() > i16::MAX as usize / 2 {
            self.limit("Too many ways out of one 'try'.", span);
        }
        let end = self.new_target();
        let mark = self.frame.free;
        let Some(last) = ways.pop() else { return };
        let tested = if ways.is_empty() { 0 } else { self.get_hidden(kind, span) };
        let tested_free = self.frame.free;
        for (number, route) in ways {
            let other = self.new_target();
            self.frame.free = tested_free;
            if number == NORMAL {
                self.test_kind(tested, number, true, end, span);
            } else {
                self.test_kind(tested, number, false, other, span);
                self.frame.free = mark;
                self.go_way(number, route, value, span);
                self.place(other);
            }
        }
        self.frame.free = mark;
        self.go_way(last.0, last.1, value, span);
        self.place(end);
    }

    fn go_way(&mut self, number: i16, route: Option<Route>, value: Place, span: Span) {
        match route {
            None if number == THROWN => {
                let register = self.get_hidden(value, span);
                self.emit(Op::Throw, register, 1, 0, span);
            }
            // Tested last, so the next statement follows.
            None => (),
            Some(Route::Return) => {
                let register = self.get_hidden(value, span);
                let outer = self.frame.exits.iter().rev().find_map(|exits| match exits {
                    Exits::Finally { value, .. } => Some(*value),
                    Exits::Loop { .. } => None,
                });
                match outer {
                    None => self.emit(Op::Return, register, 0, 0, span),
                    Some(place) => {
                        self.set_hidden(place, register, span);
                        self.frame.free = self.frame.first_temporary();
                        self.leave(Route::Return, span);
                    }
                }
            }
            Some(route) => self.leave(route, span),
        }
        self.frame.free = self.frame.first_temporary();
    }

    fn test_kind(
        &mut self,
        register: u8,
        number: i16,
        wanted: bool,
        target: TargetNumber,
        span: Span,
    ) {
        let bits = f64::from(number).to_bits();
        match self.constant_operand(ConstantKey::Number(bits)) {
            Some(constant) => {
                let ops = (Op::JumpIfEqualConstant, Op::JumpUnlessEqualConstant);
                let (op, inverse) = if wanted { ops } else { (ops.1, ops.0) };
                self.branch(op, inverse, (register, constant), target, span);
            }
            None => {
                let other = self.frame.top();
                self.load_number(other, f64::from(number), span);
                self.frame.grow();
                let ops = (Op::JumpIfEqual, Op::JumpUnlessEqual);
                let (op, inverse) = if wanted { ops } else { (ops.1, ops.0) };
                self.branch(op, inverse, (register, other), target, span);
                self.frame.free -= 1;
            }
        }
    }

    fn set_kind(&mut self, kind: Place, number: i16, span: Span) {
        match kind {
            Place::Register(register) => self.load_number(register, f64::from(number), span),
            Place::Slot(slot) => {
                let register = self.frame.top();
                self.load_number(register, f64::from(number), span);
                self.frame.grow();
                self.emit_bx(Op::SetSpill, register, slot, span);
                self.frame.free -= 1;
            }
        }
    }

    /// Sets a hidden variable; a temporary is given up.
    fn set_hidden(&mut self, place: Place, register: u8, span: Span) {
        match place {
            Place::Register(hidden) => self.transfer(hidden, register, span),
            Place::Slot(slot) => self.emit_bx(Op::SetSpill, register, slot, span),
        }
    }

    /// A hidden variable in any register.
    fn get_hidden(&mut self, place: Place, span: Span) -> u8 {
        match place {
            Place::Register(register) => register,
            Place::Slot(slot) => {
                let register = self.frame.top();
                self.emit_bx(Op::GetSpill, register, slot, span);
                self.frame.grow();
                register
            }
        }
    }
}
