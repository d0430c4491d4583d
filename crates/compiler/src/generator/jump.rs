//! Jumps and where they go.

use super::Generator;
use calf_bytecode::{Extension, Op, RegisterSet};
use calf_source::Span;

/// The number of a [`Target`] of the function that is being written.
pub(super) type TargetNumber = usize;

/// A place that jumps go to.
#[derive(Default)]
pub(super) struct Target {
    /// Where it is, once that is known.
    position: Option<usize>,
    /// The words of forward jumps that wait for it.
    waiting: Vec<usize>,
    /// Temporaries that may hold an object at one of those jumps.
    pub(super) dirty: RegisterSet,
}

impl Generator<'_, '_> {
    /// A target that has no place yet.
    pub(super) fn new_target(&mut self) -> TargetNumber {
        self.frame.targets.push(Target::default());
        self.frame.targets.len() - 1
    }

    /// A target here, for jumps backward. What comes here by them must not count on temporaries being released.
    pub(super) fn new_target_here(&mut self) -> TargetNumber {
        let position = Some(self.frame.fixed_position());
        self.frame.targets.push(Target { position, ..Target::default() });
        self.frame.targets.len() - 1
    }

    /// Is anything known to jump there?
    pub(super) fn is_awaited(&self, target: TargetNumber) -> bool {
        !self.frame.targets[target].waiting.is_empty()
    }

    /// Puts a target here.
    pub(super) fn place(&mut self, target: TargetNumber) {
        let here = self.frame.code.len();
        let Target { position, waiting, dirty } = &mut self.frame.targets[target];
        *position = Some(here);
        let (waiting, mut dirty) = (std::mem::take(waiting), *dirty);
        if waiting.is_empty() {
            return;
        }
        self.frame.barrier = here;
        let old = self.frame.dirty();
        if self.frame.is_reachable {
            dirty = dirty.union(old);
        }
        self.frame.objects = self.frame.objects.without(old).union(dirty);
        self.frame.is_reachable = true;
        for word in waiting {
            self.link(word, here);
        }
    }

    /// Writes the distance from a jump to its target.
    fn link(&mut self, word: usize, target: usize) {
        let distance = target as i64 - (word as i64 + 1);
        let span = self.frame.spans[word];
        // An extension is still 0, a jump of one word still has the longest distance.
        let code = &mut self.frame.code;
        let linked = match Op::from_number(code[word] as u8) {
            Some(op @ (Op::Jump | Op::Loop)) if code[word] >> 8 == UNLINKED => {
                i32::try_from(distance).ok().and_then(|distance| op.jump(distance))
            }
            _ => i32::try_from(distance).ok().map(|distance| distance as u32),
        };
        match linked {
            Some(linked) => code[word] = linked,
            None => self.limit("Too much code to jump over.", span),
        }
    }

    /// Jumps. Backward it polls.
    pub(super) fn jump(&mut self, target: TargetNumber, span: Span) {
        let position = self.frame.targets[target].position;
        let op = if position.is_some() { Op::Loop } else { Op::Jump };
        let word = self.frame.code.len();
        self.emit(op, u8::MAX, u8::MAX, u8::MAX, span);
        let dirty = self.frame.dirty();
        self.aim(word, target, dirty);
        self.frame.is_reachable = false;
    }

    /// Jumps if `op` says so; `inverse` says the opposite.
    pub(super) fn branch(
        &mut self,
        op: Op,
        inverse: Op,
        (a, b): (u8, u8),
        target: TargetNumber,
        span: Span,
    ) {
        debug_assert_eq!(op.row().extension, Extension::Jump);
        if self.frame.targets[target].position.is_some() && !op.polls() {
            let on = self.new_target();
            self.branch(inverse, op, (a, b), on, span);
            self.jump(target, span);
            self.place(on);
            return;
        }
        // The end of most loops: a step and a test of the same variable are one instruction.
        if self.frame.targets[target].position.is_some()
            && let Some(stepping) = stepping_form(op)
            && let Some((step, step_span)) = self.take_step(a)
        {
            let word = self.frame.code.len() + 1;
            self.emit_extended(stepping, stepping.abc(a, b, step), 0, step_span);
            self.frame.spans[word] = span;
            let dirty = self.frame.dirty();
            self.aim(word, target, dirty);
            return;
        }
        let word = self.frame.code.len() + 1;
        self.emit_extended(op, op.abc(a, b, 0), 0, span);
        // On the side where the register is false, or equal to a constant that is no string, it holds no object.
        let dirty = self.frame.dirty();
        let mut clean = dirty;
        clean.remove(a as usize);
        let is_object = matches!(
            self.frame.constants.get(b as usize),
            Some(calf_bytecode::Constant::String(_))
        );
        let (there, here) = match op {
            Op::JumpIfTrue => (dirty, clean),
            Op::JumpIfFalse => (clean, dirty),
            Op::JumpIfEqualConstant if !is_object => (clean, dirty),
            Op::JumpUnlessEqualConstant if !is_object => (dirty, clean),
            _ => (dirty, dirty),
        };
        self.aim(word, target, there);
        self.frame.objects = self.frame.objects.without(dirty).union(here);
    }

    /// Iterates: puts the next item in `item`, or jumps if there is none.
    pub(super) fn iterate(&mut self, iterator: u8, item: u8, target: TargetNumber, span: Span) {
        let word = self.frame.code.len() + 1;
        self.emit_extended(Op::IterateNext, Op::IterateNext.abc(iterator, item, 0), 0, span);
        let mut dirty = self.frame.dirty();
        dirty.remove(item as usize);
        self.aim(word, target, dirty);
    }

    fn aim(&mut self, word: usize, target: TargetNumber, dirty: RegisterSet) {
        let Target { position, waiting, dirty: known } = &mut self.frame.targets[target];
        *known = known.union(dirty);
        match *position {
            Some(position) => self.link(word, position),
            None => waiting.push(word),
        }
    }
}

/// The form of a comparison that adds a step to its left operand first.
fn stepping_form(op: Op) -> Option<Op> {
    match op {
        Op::JumpIfLess => Some(Op::StepJumpIfLess),
        Op::JumpIfLessEqual => Some(Op::StepJumpIfLessEqual),
        Op::JumpIfLessConstant => Some(Op::StepJumpIfLessConstant),
        Op::JumpIfLessEqualConstant => Some(Op::StepJumpIfLessEqualConstant),
        _ => None,
    }
}

/// The distance of a jump that is not linked yet.
const UNLINKED: u32 = 0x00FF_FFFF;
