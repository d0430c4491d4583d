//! Loops, with the test at the bottom.

use super::Generator;
use super::condition::constant_truth;
use super::expression::number;
use super::frame::Place;
use super::handler::Exits;
use super::jump::TargetNumber;
use calf_bytecode::Op;
use calf_parser::ast::{Binding, Expression, ExpressionKind, Statement};
use calf_source::Span;

impl<'a> Generator<'_, 'a> {
    /// `while`, and the rest of a `for` whose variable is declared.
    pub(super) fn repeat(
        &mut self,
        condition: Option<&'a Expression<'a>>,
        increment: Option<&'a Expression<'a>>,
        body: &'a Statement<'a>,
        span: Span,
    ) {
        let condition = condition.filter(|condition| constant_truth(condition) != Some(true));
        let (next, test, exit) = (self.new_target(), self.new_target(), self.new_target());
        match condition {
            // A short test is written twice: then nothing goes to the one at the end, which a step before it may join.
            Some(condition) if self.is_short_test(condition) => {
                self.jump_if(condition, false, exit);
            }
            Some(condition) => self.jump(test, condition.span),
            None => (),
        }
        let top = self.new_target_here();
        self.frame.is_reachable = true;
        let release = condition.and_then(|condition| self.begin_round(condition));
        self.frame.exits.push(Exits::Loop { next, exit, locals: self.frame.locals.len() });
        self.statement(body);
        self.frame.exits.pop();
        self.place(next);
        if let Some(increment) = increment
            && self.frame.is_reachable
        {
            self.effect(increment);
            self.release_temporaries(increment.span);
        }
        self.place(test);
        match condition {
            _ if !self.frame.is_reachable => (),
            None => self.jump(top, span),
            Some(condition) => self.jump_if(condition, true, top),
        }
        self.set_release(release, top);
        self.place(exit);
        self.release_temporaries(span);
    }

    /// Is it a comparison of things that are in place?
    fn is_short_test(&mut self, condition: &Expression<'a>) -> bool {
        match &condition.kind {
            ExpressionKind::Binary { left, right, .. } => [left, right]
                .into_iter()
                .all(|operand| number(operand).is_some() || self.in_place(operand).is_some()),
            _ => false,
        }
    }

    /// Each round begins, behind the test, with the release of what that leaves behind. Which registers these are is known only once
    /// the test is written: the position of the instruction is given.
    fn begin_round(&mut self, condition: &Expression<'a>) -> Option<usize> {
        if !self.options.release_temporaries || !self.leaves_objects(condition) {
            return None;
        }
        let position = self.frame.code.len();
        let first = self.frame.top();
        self.emit(Op::Release, first, 0, 0, condition.span);
        self.frame.fixed_position();
        Some(position)
    }

    fn set_release(&mut self, position: Option<usize>, top: TargetNumber) {
        let dirty = self.frame.targets[top].dirty;
        match (position, dirty.first(), dirty.last()) {
            (Some(position), Some(first), Some(last)) => {
                self.frame.code[position] =
                    Op::Release.abc(first as u8, (last + 1 - first) as u8, 0);
            }
            (None, Some(_), _) => {
                debug_assert!(
                    !self.options.release_temporaries,
                    "this test leaves no objects behind"
                );
            }
            _ => (),
        }
    }

    /// `for (x in e)`. Two hidden variables hold the iteration, the one behind them is the fresh variable of each round.
    pub(super) fn iterate_over(
        &mut self,
        binding: &'a Binding<'a>,
        iterable: &'a Expression<'a>,
        body: &'a Statement<'a>,
        span: Span,
    ) {
        self.in_scope(span, |generator| {
            let iterator = generator.next(iterable);
            generator.emit(Op::IterateBegin, iterator, 0, 0, iterable.span);
            generator.frame.grow();
            generator.frame.register(generator.frame.free - 1);
            let places = generator.adopt_iterator(iterable.span);
            generator.release_temporaries(iterable.span);
            let (next, exit) = (generator.new_target(), generator.new_target());
            let top = generator.new_target_here();
            generator.frame.exits.push(Exits::Loop {
                next,
                exit,
                locals: generator.frame.locals.len(),
            });
            generator.in_scope(span, |generator| {
                generator.next_item(places, exit, iterable.span);
                generator.adopt_local(binding);
                generator.release_temporaries(iterable.span);
                generator.statement(body);
            });
            generator.frame.exits.pop();
            generator.place(next);
            if generator.frame.is_reachable {
                generator.jump(top, span);
            }
            generator.place(exit);
            generator.release_temporaries(span);
        });
    }

    /// Makes hidden variables of the last two temporaries.
    fn adopt_iterator(&mut self, span: Span) -> Option<[u16; 2]> {
        if !self.frame.is_spilled {
            self.frame.free -= 1;
            self.adopt_hidden(span);
            self.frame.grow();
            self.adopt_hidden(span);
            return None;
        }
        // In a spilled function they go to slots, and back for each round.
        let [position, iterator] = [(); 2].map(|()| {
            let slot = self.frame.allocate_slot() as u16;
            let register = self.frame.register(self.frame.free - 1);
            self.emit_bx(Op::SetSpill, register, slot, span);
            self.frame.free -= 1;
            self.add_hidden(Place::Slot(slot));
            slot
        });
        Some([iterator, position])
    }

    /// Puts the next item in the next register, or leaves the loop.
    fn next_item(&mut self, slots: Option<[u16; 2]>, exit: TargetNumber, span: Span) {
        match slots {
            None => {
                let item = self.frame.top();
                self.iterate(item.wrapping_sub(2), item, exit, span);
                self.frame.grow();
            }
            Some([iterator, position]) => {
                let first = self.frame.top();
                self.emit_bx(Op::GetSpill, first, iterator, span);
                self.frame.grow();
                let second = self.frame.top();
                self.emit_bx(Op::GetSpill, second, position, span);
                self.frame.grow();
                let item = self.frame.top();
                self.iterate(first, item, exit, span);
                self.frame.grow();
                self.emit_bx(Op::SetSpill, second, position, span);
                self.emit(Op::Take, first, item, 0, span);
                self.frame.free -= 2;
            }
        }
    }
}
