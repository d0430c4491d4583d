//! Instructions, and what they leave in registers.

use super::Generator;
use super::frame::ConstantKey;
use calf_bytecode::op::SPILL_REGISTER;
use calf_bytecode::{Constant, Extension, Op, RegisterSet, effect};
use calf_source::Span;

impl Generator<'_, '_> {
    /// Appends an instruction of one word.
    pub(super) fn emit(&mut self, op: Op, a: u8, b: u8, c: u8, span: Span) {
        debug_assert_eq!(op.row().extension, Extension::No);
        self.push(op, op.abc(a, b, c), None, span);
    }

    /// Appends an instruction of one word with a number in Bx.
    pub(super) fn emit_bx(&mut self, op: Op, a: u8, bx: u16, span: Span) {
        debug_assert_eq!(op.row().extension, Extension::No);
        self.push(op, op.abx(a, bx), None, span);
    }

    /// Appends an instruction with an extension.
    pub(super) fn emit_extended(&mut self, op: Op, word: u32, extension: u32, span: Span) {
        debug_assert_ne!(op.row().extension, Extension::No);
        self.push(op, word, Some(extension), span);
    }

    /// Appends an instruction that looks up `name`.
    pub(super) fn emit_cached(&mut self, op: Op, a: u8, b: u8, c: u8, name: &str, span: Span) {
        let name = self.string_constant(name);
        let site = self.frame.caches.len() as u32;
        self.frame.caches.push(name);
        self.emit_extended(op, op.abc(a, b, c), site, span);
    }

    fn push(&mut self, op: Op, mut word: u32, extension: Option<u32>, span: Span) {
        if matches!(op, Op::Return | Op::ReturnNil) {
            word = op.abc(calf_bytecode::op::a(word) as u8, self.last_object(), 0);
        }
        let live = self.live(op, word);
        let frame = &mut self.frame;
        frame.last = Some(op);
        for word in std::iter::once(word).chain(extension) {
            frame.code.push(word);
            frame.live.push(live);
            frame.spans.push(span);
        }
        self.note_effect(op, word, extension.unwrap_or(0));
        if matches!(op, Op::Return | Op::ReturnNil | Op::Throw) {
            self.frame.is_reachable = false;
        }
    }

    /// The last register that may hold an object: of the locals, which may have come by one on another way, or a temporary.
    fn last_object(&self) -> u8 {
        let frame = &self.frame;
        let local = usize::from(frame.first_temporary()) - 1;
        frame.dirty().last().unwrap_or(0).max(local) as u8
    }

    /// How many registers are live while an instruction runs.
    fn live(&self, op: Op, word: u32) -> u16 {
        let frame = &self.frame;
        let live = frame.hole.unwrap_or(frame.free).min(frame.free);
        match op {
            // The window is the callee's.
            Op::Call
            | Op::CallGlobal
            | Op::Invoke
            | Op::InvokeOn
            | Op::InvokeSuper
            | Op::CallSpread
            | Op::InvokeSpread => live.min(calf_bytecode::op::a(word) as u16),
            _ => live,
        }
    }

    /// Keeps track of which registers may hold objects.
    fn note_effect(&mut self, op: Op, word: u32, extension: u32) {
        let effect = effect(op, word, extension);
        let makes_object = !effect.writes.is_empty() && self.may_write_object(op, word);
        let frame = &mut self.frame;
        let temporaries = frame.first_temporary() as usize;
        let mut gone = effect.takes;
        if let Some(first) = effect.forgets {
            gone = gone.union(RegisterSet::EMPTY.complement().from(first));
        }
        if op == Op::Release {
            gone = gone.union(effect.writes);
        } else if !makes_object {
            gone = gone.union(effect.writes);
            if proves_numbers(op) {
                gone = gone.union(effect.reads);
            }
        }
        frame.objects = frame.objects.without(gone.from(temporaries));
        if makes_object {
            frame.objects = frame.objects.union(effect.writes);
        }
        if op == Op::IterateBegin {
            // The position is a number.
            frame.objects.remove(calf_bytecode::op::a(word) + 1);
        }
    }

    fn may_write_object(&self, op: Op, word: u32) -> bool {
        let register = |index: usize| self.frame.may_hold_object(index as u8);
        let constant =
            |index: usize| matches!(self.frame.constants.get(index), Some(Constant::String(_)));
        use calf_bytecode::op::{b, bx, c};
        match op {
            Op::LoadConstant => constant(bx(word)),
            Op::Copy | Op::Take => register(b(word)),
            // If one operand is no object, either both are numbers or it fails.
            Op::Add => register(b(word)) && register(c(word)),
            Op::AddConstant => constant(c(word)),
            Op::LoadInteger
            | Op::LoadNil
            | Op::LoadBoolean
            | Op::Release
            | Op::Subtract
            | Op::Multiply
            | Op::Divide
            | Op::Remainder
            | Op::SubtractConstant
            | Op::MultiplyConstant
            | Op::DivideConstant
            | Op::RemainderConstant
            | Op::Negate
            | Op::Not
            | Op::Equal
            | Op::NotEqual
            | Op::EqualConstant
            | Op::NotEqualConstant
            | Op::Less
            | Op::LessEqual
            | Op::Contains
            | Op::StepJumpIfLess
            | Op::StepJumpIfLessEqual
            | Op::StepJumpIfLessConstant
            | Op::StepJumpIfLessEqualConstant => false,
            _ => true,
        }
    }

    /// The step that was written just now, `R[register] = R[register] + K`, and nothing goes to the place behind it: takes it back
    /// and gives the constant and the span.
    pub(super) fn take_step(&mut self, register: u8) -> Option<(u8, Span)> {
        use calf_bytecode::op::{a, b, c};
        let frame = &mut self.frame;
        let last = frame.code.len().checked_sub(1)?;
        let word = frame.code[last];
        let is_step = frame.last == Some(Op::AddConstant)
            && frame.barrier <= last
            && (a(word), b(word)) == (register as usize, register as usize)
            && matches!(frame.constants.get(c(word)), Some(Constant::Number(_)));
        if !is_step {
            return None;
        }
        frame.code.pop();
        frame.live.pop();
        frame.last = None;
        Some((c(word) as u8, frame.spans.pop()?))
    }

    // Constants.

    pub(super) fn constant(&mut self, key: ConstantKey) -> u32 {
        let frame = &mut self.frame;
        if let Some(&number) = frame.constant_numbers.get(&key) {
            return number;
        }
        let number = frame.constants.len() as u32;
        frame.constants.push(match &key {
            ConstantKey::Nil => Constant::Nil,
            ConstantKey::Boolean(value) => Constant::Boolean(*value),
            ConstantKey::Number(bits) => Constant::Number(f64::from_bits(*bits)),
            ConstantKey::String(text) => Constant::String(text.clone()),
        });
        frame.constant_numbers.insert(key, number);
        number
    }

    pub(super) fn string_constant(&mut self, text: &str) -> u32 {
        self.constant(ConstantKey::String(text.into()))
    }

    /// A string constant for an operand of 16 bits.
    pub(super) fn short_string_constant(&mut self, text: &str, span: Span) -> u16 {
        let number = self.string_constant(text);
        self.number(number as usize, "Too many constants in one function.", span)
    }

    /// A constant for an operand of 8 bits, if it fits.
    pub(super) fn constant_operand(&mut self, key: ConstantKey) -> Option<u8> {
        u8::try_from(self.constant(key)).ok()
    }

    pub(super) fn load_constant(&mut self, register: u8, key: ConstantKey, span: Span) {
        let number = self.constant(key);
        match u16::try_from(number) {
            Ok(number) => self.emit_bx(Op::LoadConstant, register, number, span),
            Err(_) => {
                self.emit_extended(
                    Op::LoadConstantWide,
                    Op::LoadConstantWide.abc(register, 0, 0),
                    number,
                    span,
                );
            }
        }
    }

    pub(super) fn load_number(&mut self, register: u8, number: f64, span: Span) {
        let integer = number as i16;
        if f64::from(integer).to_bits() == number.to_bits() {
            self.emit_bx(Op::LoadInteger, register, integer as u16, span);
        } else {
            self.load_constant(register, ConstantKey::Number(number.to_bits()), span);
        }
    }

    // Moves.

    /// Puts what `from` holds in `to`; a temporary is given up.
    pub(super) fn transfer(&mut self, to: u8, from: u8, span: Span) {
        if to != from {
            let op = if self.frame.is_temporary(from) { Op::Take } else { Op::Copy };
            self.emit(op, to, from, 0, span);
        }
    }

    pub(super) fn copy(&mut self, to: u8, from: u8, span: Span) {
        if to != from {
            self.emit(Op::Copy, to, from, 0, span);
        }
    }

    /// Releases the temporaries that may hold objects, where counts are kept.
    pub(super) fn release_temporaries(&mut self, span: Span) {
        let dirty = self.frame.dirty().from(self.frame.free as usize);
        if !self.frame.is_reachable {
            self.frame.objects = self.frame.objects.without(dirty);
            return;
        }
        self.release(dirty, span);
        self.frame.objects = self.frame.objects.without(dirty);
    }

    /// Releases registers, where counts are kept. The lowest of them must be the first of a scope or a temporary, so that all above it
    /// are dead, too: one instruction then does for all of them.
    pub(super) fn release(&mut self, registers: RegisterSet, span: Span) {
        if !self.options.release_temporaries {
            return;
        }
        // Locals and temporaries of a spilled function have the spill between them.
        let spill = if self.frame.is_spilled { SPILL_REGISTER as usize } else { 256 };
        for part in [registers.intersection(RegisterSet::below(spill)), registers.from(spill + 1)] {
            if let (Some(first), Some(last)) = (part.first(), part.last()) {
                self.release_range(first, last + 1, span);
            }
        }
    }

    fn release_range(&mut self, mut first: usize, mut end: usize, span: Span) {
        let frame = &mut self.frame;
        let last = frame.code.len().wrapping_sub(1);
        if frame.last == Some(Op::Release) && frame.barrier <= last && !frame.is_spilled {
            // Nothing goes to this place between the two.
            let word = frame.code[last];
            first = first.min(calf_bytecode::op::a(word));
            end = end.max(calf_bytecode::op::a(word) + calf_bytecode::op::b(word));
            frame.code[last] = Op::Release.abc(first as u8, (end - first) as u8, 0);
            return;
        }
        self.emit(Op::Release, first as u8, (end - first) as u8, 0, span);
    }
}

/// Has this instruction failed unless its operands are numbers, if its result is one or none?
fn proves_numbers(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        Add | Subtract
            | Multiply
            | Divide
            | Remainder
            | AddConstant
            | SubtractConstant
            | MultiplyConstant
            | DivideConstant
            | RemainderConstant
            | Negate
            | Less
            | LessEqual
            | JumpIfLess
            | JumpUnlessLess
            | JumpIfLessEqual
            | JumpUnlessLessEqual
            | JumpIfLessConstant
            | JumpUnlessLessConstant
            | JumpIfLessEqualConstant
            | JumpUnlessLessEqualConstant
            | JumpIfGreaterConstant
            | JumpUnlessGreaterConstant
            | JumpIfGreaterEqualConstant
            | JumpUnlessGreaterEqualConstant
    )
}
