//! Fetch, dispatch, nothing else: each arm does the common case in a few instructions and leaves the rest to a cold function.
//!
//! The loop keeps three things in the processor's registers: `pc`, `base` and `constants`. Every slow half gets the saved frame
//! instead; after one that may have changed frames, the three are loaded again.

use crate::code::{Cache, Lookup};
use crate::error::Thrown;
use crate::kind::Kind;
use crate::vm::Vm;
use calf_bytecode::Op;
use calf_bytecode::op::{a, b, bx, c, sbx, sj};
use calf_gc::{Collector, Value};
use std::sync::atomic::{Ordering, compiler_fence};

/// The shape word of a closure, without its units: compared with the upper half of a header shifted accordingly.
const CLOSURE: u32 = Kind::Closure.shape_word().0;
/// The whole shape word of a closure that captures nothing: its one slot is its code.
const CLOSURE_WITHOUT_CAPTURES: u32 = Kind::Closure.shape_word().with_units(1).0;
const CLASS: u32 = Kind::Class.shape_word().0;
const LIST: u32 = Kind::List.shape_word().0;
/// All of a shape word but its units.
const WITHOUT_UNITS: u32 = 0x00FF_FFFF;

/// Leaves the running function with `result`: where counts are kept its window is released, as far as the instruction says that
/// there may be objects in it, and the result is put where the window began.
macro_rules! return_value {
    ($vm:ident, $base:ident, $pc:ident, $constants:ident, $word:ident, $result:expr) => {{
        let result: Value = $result;
        // SAFETY: below a frame that runs code lies at least this run's exit frame; windows lie in the stack region.
        unsafe {
            if C::COUNTS {
                let last = $base.add(b($word));
                let mut place = $base;
                while place <= last {
                    let old = *place;
                    if old.is_object() {
                        *place = Value::NIL;
                        $vm.heap.release(old);
                    }
                    place = place.add(1);
                }
            }
            *$base = result;
            let frame = $vm.mutator.frame.sub(1);
            $vm.mutator.frame = frame;
            $pc = (*frame).pc;
            $base = (*frame).base;
            $constants = (*(*frame).code).constants;
        }
    }};
}

impl<C: Collector> Vm<C> {
    /// Runs from the running frame until the machine's exit code is reached; the result is then in the exit frame's first register.
    pub(crate) fn run(&mut self) -> Result<(), Thrown> {
        if self.options.blame.is_some() {
            self.run_loop::<true>()
        } else {
            self.run_loop::<false>()
        }
    }

    /// The loop. With `BLAMES` it tells before each instruction which one that is, for the handler of first writes.
    #[allow(
        unused_unsafe,
        reason = "the accessors below are used inside and outside of unsafe blocks"
    )]
    fn run_loop<const BLAMES: bool>(&mut self) -> Result<(), Thrown> {
        // The exit frame of this run lies just below the frame to begin with.
        let floor = self.mutator.frame.wrapping_sub(1);
        let mark = self.mark();
        let mut pc: *const u32;
        let mut base: *mut Value;
        let mut constants: *const Value;

        macro_rules! reload {
            () => {
                // SAFETY: the running frame runs code; its pointers are those of its window and its loaded function.
                unsafe {
                    let frame = &*self.mutator.frame;
                    pc = frame.pc;
                    base = frame.base;
                    constants = (*frame.code).constants;
                }
            };
        }
        macro_rules! save {
            () => {
                // SAFETY: `frame` is the running frame.
                unsafe { (*self.mutator.frame).pc = pc }
            };
        }
        // The checker proved every register below the window's size, every constant and extension in range, and that the words
        // end with a return; the window lies in the stack region. `PROOF` stands for that.
        macro_rules! register {
            ($index:expr) => {
                // SAFETY: PROOF.
                unsafe { *base.add($index) }
            };
        }
        macro_rules! place {
            ($index:expr) => {
                // SAFETY: PROOF.
                unsafe { base.add($index) }
            };
        }
        macro_rules! constant {
            ($index:expr) => {
                // SAFETY: PROOF.
                unsafe { *constants.add($index) }
            };
        }
        macro_rules! constant_place {
            ($index:expr) => {
                // SAFETY: PROOF.
                unsafe { constants.add($index) }
            };
        }
        macro_rules! extension {
            () => {
                // SAFETY: PROOF.
                unsafe { *pc }
            };
        }
        macro_rules! skip_extension {
            () => {
                // SAFETY: PROOF.
                pc = unsafe { pc.add(1) }
            };
        }
        // The site that the extension names: the loader gave it its number.
        macro_rules! site {
            () => {
                // SAFETY: the loader numbered the cache sites of this function when it made them.
                unsafe { self.mutator.caches.add(extension!() as usize) }
            };
        }
        // The result of an instruction: releases what the register held.
        macro_rules! set {
            ($index:expr, $owned:expr) => {{
                let owned: Value = $owned;
                // SAFETY: as for `register`.
                unsafe {
                    let place = base.add($index);
                    if C::COUNTS {
                        let old = *place;
                        *place = owned;
                        self.heap.release(old);
                    } else {
                        *place = owned;
                    }
                }
            }};
        }
        macro_rules! retained {
            ($value:expr) => {{
                let value: Value = $value;
                self.heap.retain(value);
                value
            }};
        }
        // Moves a register out, leaving nil where counts are kept.
        macro_rules! taken {
            ($index:expr) => {{
                // SAFETY: as for `register`.
                unsafe {
                    let place = base.add($index);
                    let value = *place;
                    if C::COUNTS {
                        *place = Value::NIL;
                    }
                    value
                }
            }};
        }
        // The value of a register for a place that owns it: taken from there, or counted once more.
        macro_rules! given {
            ($is_taken:expr, $index:expr) => {
                if $is_taken { taken!($index) } else { retained!(register!($index)) }
            };
        }
        macro_rules! thrown {
            () => {{
                self.drop_handles(mark);
                if self.unwind(floor) {
                    reload!();
                    continue;
                }
                return Err(Thrown);
            }};
        }
        // After a slow half the three are loaded again from the saved frame, whether they have changed or not: so they need not outlive
        // any call, and the compiler has no reason to keep copies of them in memory.
        macro_rules! check {
            ($result:expr) => {
                if $result.is_err() {
                    thrown!();
                }
                reload!();
            };
        }
        macro_rules! poll {
            () => {
                if self.heap.wants_attention() {
                    save!();
                    check!(self.poll());
                }
            };
        }
        // A value that is no number is a NaN to the processor, and so is what it computes from one: one test of the result stands
        // for two of the operands. They are read as doubles only, so that they never pass through the general registers.
        macro_rules! arithmetic {
            ($word:expr, $right:expr, $slow:ident, $operation:expr) => {{
                let word: u32 = $word;
                let (left, right): (*const Value, *const Value) = (place!(b(word)), $right);
                let operation: fn(f64, f64) -> f64 = $operation;
                // SAFETY: PROOF; every word is a double to the processor.
                let result = unsafe { operation(*left.cast::<f64>(), *right.cast::<f64>()) };
                if result.is_nan() {
                    save!();
                    check!(self.$slow(left, right, operation, place!(a(word))));
                } else {
                    set!(a(word), Value::number(result));
                }
            }};
        }
        macro_rules! jump {
            ($polls:literal) => {{
                // While the instruction pointer is still within this instruction, which the table of live registers knows.
                if $polls {
                    poll!();
                }
                // SAFETY: the checker proved that the target is an instruction of this function.
                pc = unsafe { pc.offset(1 + extension!() as i32 as isize) };
            }};
        }
        // An ordered comparison is false of a NaN, so of whatever is no number: only then the operands are looked at.
        macro_rules! ordered {
            ($left:expr, $right:expr, $operator:tt, $inverse:tt) => {{
                let (left, right): (*const Value, *const Value) = ($left, $right);
                // SAFETY: as for `arithmetic`.
                let (one, other) = unsafe { (*left.cast::<f64>(), *right.cast::<f64>()) };
                if one $operator other {
                    true
                } else if one $inverse other {
                    false
                } else {
                    save!();
                    check!(self.unordered(left, right));
                    false
                }
            }};
        }
        macro_rules! compare_and_jump {
            ($left:expr, $right:expr, $operator:tt, $inverse:tt, $wanted:literal) => {{
                if ordered!($left, $right, $operator, $inverse) == $wanted {
                    jump!($wanted);
                } else {
                    skip_extension!();
                }
            }};
        }
        macro_rules! step_and_jump {
            ($word:expr, $limit:expr, $operator:tt) => {{
                let word: u32 = $word;
                let place: *mut Value = place!(a(word));
                let step = constant_place!(c(word));
                // SAFETY: as for `arithmetic`.
                let sum = unsafe { *place.cast::<f64>() + *step.cast::<f64>() };
                if sum.is_nan() {
                    save!();
                    check!(self.add_slowly(place, step, |x, y| x + y, place));
                } else {
                    // SAFETY: a register, which held a number.
                    unsafe { *place.cast::<f64>() = sum };
                }
                let limit: *const Value = $limit;
                // SAFETY: as for `arithmetic`.
                let (one, other) = unsafe { (*place.cast::<f64>(), *limit.cast::<f64>()) };
                if one $operator other {
                    jump!(true);
                } else {
                    skip_extension!();
                    if one.is_nan() || other.is_nan() {
                        // The extension's place in the text is the comparison.
                        save!();
                        check!(self.unordered(place, limit));
                    }
                }
            }};
        }
        macro_rules! compare {
            ($word:expr, $operator:tt, $inverse:tt) => {{
                let word: u32 = $word;
                let truth = ordered!(place!(b(word)), place!(c(word)), $operator, $inverse);
                set!(a(word), Value::boolean(truth));
            }};
        }
        macro_rules! item_and_jump {
            ($word:expr, $wanted:literal) => {{
                let (holder, index) = (register!(a($word)), register!(b($word)));
                let is_true = match list_item(holder, index) {
                    Some(value) => value.is_truthy(),
                    None => {
                        save!();
                        let result = self.item_is_true(holder, index);
                        check!(result);
                        matches!(result, Ok(true))
                    }
                };
                if is_true == $wanted {
                    jump!($wanted);
                } else {
                    skip_extension!();
                }
            }};
        }
        macro_rules! equal_and_jump {
            ($left:expr, $right:expr, $wanted:literal) => {{
                if self.equal($left, $right) == $wanted {
                    jump!(true);
                } else {
                    skip_extension!();
                }
            }};
        }
        // Enters the closure at register A of `word` with its arguments in place, if that is what it is.
        macro_rules! call {
            ($at:expr, $count:expr) => {{
                let (at, count): (usize, usize) = ($at, $count);
                let callee = register!(at);
                if callee.is_object() {
                    // SAFETY: it is a reference.
                    let object = unsafe { callee.as_object_unchecked() };
                    if object.shape_word().0 & WITHOUT_UNITS == CLOSURE {
                        // SAFETY: slot 0 of a closure is the address of its code.
                        let code = unsafe { object.slot(0) }.as_raw() as *const crate::code::Code;
                        enter!(at, count, callee, code);
                    } else if object.shape_word().0 & WITHOUT_UNITS == CLASS
                        && let Some(instance) = self.instantiate_quickly(object)
                    {
                        // The count of the class passes from the register to the instance.
                        // SAFETY: a register of the running window.
                        unsafe { *base.add(at) = instance };
                        // SAFETY: a class has this slot.
                        let initializer = unsafe { object.slot(crate::class::INITIALIZER) };
                        if let Some(closure) = initializer.as_object() {
                            // SAFETY: slot 0 of a closure is the address of its code.
                            let code = unsafe { closure.slot(0) }.as_raw();
                            enter!(at, count, initializer, code as *const crate::code::Code);
                        } else if count == 0 {
                            continue;
                        }
                        save!();
                        check!(self.enter_initializer(place!(at), count, initializer));
                        continue;
                    }
                }
                save!();
                check!(self.call_slowly(place!(at), count));
            }};
        }
        // Enters `code` if it takes as many arguments and there is room.
        macro_rules! enter {
            ($at:expr, $count:expr, $closure:expr, $code:expr) => {{
                let code: *const crate::code::Code = $code;
                // SAFETY: `code` is a loaded function.
                if unsafe { (*code).arity } as usize == $count {
                    enter_fitting!($at, $closure, code);
                }
            }};
        }
        // The same where the number of arguments is known to fit.
        macro_rules! enter_fitting {
            ($at:expr, $closure:expr, $code:expr) => {{
                // SAFETY: `code` is a loaded function; the frame behind the running one is in the region as long as it is below
                // `frames_end`, and so is the window below `stack_end`.
                unsafe {
                    let code: *const crate::code::Code = $code;
                    let window = base.add($at);
                    let next = self.mutator.frame.add(1);
                    if next < self.mutator.frames_end
                        && window.wrapping_add((*code).registers as usize) < self.mutator.stack_end
                    {
                        (*self.mutator.frame).pc = pc;
                        (*next).code = code;
                        (*next).base = window;
                        (*next).closure = $closure;
                        self.mutator.frame = next;
                        base = window;
                        pc = (*code).words;
                        constants = (*code).constants;
                        continue;
                    }
                }
            }};
        }

        reload!();
        loop {
            // SAFETY: `pc` is at an instruction of the running function; the checker proved that its operation number is one.
            let (word, op) = unsafe {
                let word = *pc;
                pc = pc.add(1);
                if BLAMES {
                    self.mutator.running.store(pc.cast_mut(), Ordering::Relaxed);
                    // What the instruction writes is not written before.
                    compiler_fence(Ordering::SeqCst);
                }
                (word, std::mem::transmute::<u8, Op>(word as u8))
            };
            match op {
                Op::LoadConstant => set!(a(word), retained!(constant!(bx(word)))),
                Op::LoadConstantWide => {
                    set!(a(word), retained!(constant!(extension!() as usize)));
                    skip_extension!();
                }
                Op::LoadInteger => set!(a(word), Value::number(sbx(word) as f64)),
                Op::LoadNil => set!(a(word), Value::NIL),
                Op::LoadBoolean => set!(a(word), Value::boolean(b(word) != 0)),
                Op::Copy => set!(a(word), retained!(register!(b(word)))),
                Op::Take => set!(a(word), taken!(b(word))),
                Op::Release => {
                    for index in a(word)..a(word) + b(word) {
                        set!(index, Value::NIL);
                    }
                    poll!();
                }

                Op::GetGlobal => {
                    // SAFETY: the number was given out by the machine.
                    let value = unsafe { *self.mutator.globals.add(bx(word)) };
                    if value.is_absent() {
                        save!();
                        self.undefined_variable(bx(word));
                        thrown!();
                    }
                    set!(a(word), retained!(value));
                }
                Op::DefineGlobal => {
                    let value = taken!(a(word));
                    self.replace_global(bx(word), value);
                }
                Op::SetGlobal | Op::SetGlobalTake => {
                    // SAFETY: as above.
                    if unsafe { *self.mutator.globals.add(bx(word)) }.is_absent() {
                        save!();
                        self.undefined_variable(bx(word));
                        thrown!();
                    }
                    let value = given!(op == Op::SetGlobalTake, a(word));
                    self.replace_global(bx(word), value);
                }

                Op::NewBox => {
                    save!();
                    check!(self.new_box(place!(a(word))));
                }
                Op::GetBox => {
                    // SAFETY: the compiler puts a box there, which has one slot.
                    let value = unsafe { register!(b(word)).as_object_unchecked().slot(0) };
                    set!(a(word), retained!(value));
                }
                Op::SetBox | Op::SetBoxTake => {
                    let value = given!(op == Op::SetBoxTake, b(word));
                    // SAFETY: as above.
                    unsafe { self.heap.store(register!(a(word)).as_object_unchecked(), 0, value) };
                }
                Op::GetCaptured => {
                    // SAFETY: the running closure has this capture in slot 1 + Bx.
                    let value = unsafe {
                        (*self.mutator.frame).closure.as_object_unchecked().slot(1 + bx(word))
                    };
                    set!(a(word), retained!(value));
                }
                Op::GetCapturedWide => {
                    save!();
                    let value = self.wide_capture(bx(word));
                    set!(a(word), retained!(value));
                }
                Op::GetCapturedBox => {
                    // SAFETY: the capture is a box.
                    let value = unsafe {
                        let closure = (*self.mutator.frame).closure.as_object_unchecked();
                        closure.slot(1 + bx(word)).as_object_unchecked().slot(0)
                    };
                    set!(a(word), retained!(value));
                }
                Op::SetCapturedBox | Op::SetCapturedBoxTake => {
                    let value = given!(op == Op::SetCapturedBoxTake, a(word));
                    // SAFETY: the capture is a box.
                    unsafe {
                        let closure = (*self.mutator.frame).closure.as_object_unchecked();
                        self.heap.store(closure.slot(1 + bx(word)).as_object_unchecked(), 0, value);
                    }
                }
                Op::NewSpill => {
                    save!();
                    check!(self.new_spill(place!(a(word)), bx(word), extension!() as usize));
                    skip_extension!();
                }
                Op::GetSpill => {
                    let value = self
                        .spilled(register!(calf_bytecode::op::SPILL_REGISTER as usize), bx(word));
                    set!(a(word), retained!(value));
                }
                Op::SetSpill => {
                    let value = retained!(register!(a(word)));
                    self.set_spilled(
                        register!(calf_bytecode::op::SPILL_REGISTER as usize),
                        bx(word),
                        value,
                    );
                }

                Op::Add => arithmetic!(word, place!(c(word)), add_slowly, |x, y| x + y),
                Op::Subtract => {
                    arithmetic!(word, place!(c(word)), compute_slowly, |x, y| x - y)
                }
                Op::Multiply => {
                    arithmetic!(word, place!(c(word)), compute_slowly, |x, y| x * y)
                }
                Op::Divide => arithmetic!(word, place!(c(word)), compute_slowly, |x, y| x / y),
                Op::Remainder => {
                    arithmetic!(word, place!(c(word)), compute_slowly, remainder)
                }
                Op::AddConstant => {
                    arithmetic!(word, constant_place!(c(word)), add_slowly, |x, y| x + y)
                }
                Op::SubtractConstant => {
                    arithmetic!(word, constant_place!(c(word)), compute_slowly, |x, y| x - y)
                }
                Op::MultiplyConstant => {
                    arithmetic!(word, constant_place!(c(word)), compute_slowly, |x, y| x * y)
                }
                Op::DivideConstant => {
                    arithmetic!(word, constant_place!(c(word)), compute_slowly, |x, y| x / y)
                }
                Op::RemainderConstant => {
                    arithmetic!(word, constant_place!(c(word)), compute_slowly, remainder)
                }
                Op::Negate => {
                    let value = register!(b(word));
                    if value.is_number() {
                        set!(a(word), Value::number(-value.as_number_unchecked()));
                    } else {
                        save!();
                        self.operand_must_be_a_number();
                        thrown!();
                    }
                }
                Op::Not => {
                    let truth = register!(b(word)).is_truthy();
                    set!(a(word), Value::boolean(!truth));
                }

                Op::Equal => {
                    let equal = self.equal(register!(b(word)), register!(c(word)));
                    set!(a(word), Value::boolean(equal));
                }
                Op::NotEqual => {
                    let equal = self.equal(register!(b(word)), register!(c(word)));
                    set!(a(word), Value::boolean(!equal));
                }
                Op::EqualConstant => {
                    let equal = self.equal(register!(b(word)), constant!(c(word)));
                    set!(a(word), Value::boolean(equal));
                }
                Op::NotEqualConstant => {
                    let equal = self.equal(register!(b(word)), constant!(c(word)));
                    set!(a(word), Value::boolean(!equal));
                }
                Op::Less => compare!(word, <, >=),
                Op::LessEqual => compare!(word, <=, >),
                Op::Contains => {
                    save!();
                    check!(self.contains_slowly(
                        register!(b(word)),
                        register!(c(word)),
                        place!(a(word))
                    ));
                }

                // SAFETY: the checker proved that the targets are instructions of this function.
                Op::Jump => pc = unsafe { pc.offset(sj(word)) },
                Op::Loop => {
                    poll!();
                    // SAFETY: the checker proved that the target is an instruction of this function.
                    pc = unsafe { pc.offset(sj(word)) };
                }
                Op::JumpIfTrue => {
                    if register!(a(word)).is_truthy() {
                        jump!(true);
                    } else {
                        skip_extension!();
                    }
                }
                Op::JumpIfFalse => {
                    if register!(a(word)).is_truthy() {
                        skip_extension!();
                    } else {
                        jump!(false);
                    }
                }
                Op::JumpIfItem => item_and_jump!(word, true),
                Op::JumpUnlessItem => item_and_jump!(word, false),
                Op::JumpIfEqual => equal_and_jump!(register!(a(word)), register!(b(word)), true),
                Op::JumpUnlessEqual => {
                    equal_and_jump!(register!(a(word)), register!(b(word)), false)
                }
                Op::JumpIfEqualConstant => {
                    equal_and_jump!(register!(a(word)), constant!(b(word)), true)
                }
                Op::JumpUnlessEqualConstant => {
                    equal_and_jump!(register!(a(word)), constant!(b(word)), false)
                }
                Op::JumpIfLess => {
                    compare_and_jump!(place!(a(word)), place!(b(word)), <, >=, true)
                }
                Op::JumpUnlessLess => {
                    compare_and_jump!(place!(a(word)), place!(b(word)), <, >=, false)
                }
                Op::JumpIfLessEqual => {
                    compare_and_jump!(place!(a(word)), place!(b(word)), <=, >, true)
                }
                Op::JumpUnlessLessEqual => {
                    compare_and_jump!(place!(a(word)), place!(b(word)), <=, >, false)
                }
                Op::JumpIfLessConstant => {
                    compare_and_jump!(place!(a(word)), constant_place!(b(word)), <, >=, true)
                }
                Op::JumpUnlessLessConstant => {
                    compare_and_jump!(place!(a(word)), constant_place!(b(word)), <, >=, false)
                }
                Op::JumpIfLessEqualConstant => {
                    compare_and_jump!(place!(a(word)), constant_place!(b(word)), <=, >, true)
                }
                Op::JumpUnlessLessEqualConstant => {
                    compare_and_jump!(place!(a(word)), constant_place!(b(word)), <=, >, false)
                }
                Op::JumpIfGreaterConstant => {
                    compare_and_jump!(place!(a(word)), constant_place!(b(word)), >, <=, true)
                }
                Op::JumpUnlessGreaterConstant => {
                    compare_and_jump!(place!(a(word)), constant_place!(b(word)), >, <=, false)
                }
                Op::JumpIfGreaterEqualConstant => {
                    compare_and_jump!(place!(a(word)), constant_place!(b(word)), >=, <, true)
                }
                Op::JumpUnlessGreaterEqualConstant => {
                    compare_and_jump!(place!(a(word)), constant_place!(b(word)), >=, <, false)
                }

                Op::StepJumpIfLess => step_and_jump!(word, place!(b(word)), <),
                Op::StepJumpIfLessEqual => step_and_jump!(word, place!(b(word)), <=),
                Op::StepJumpIfLessConstant => {
                    step_and_jump!(word, constant_place!(b(word)), <)
                }
                Op::StepJumpIfLessEqualConstant => {
                    step_and_jump!(word, constant_place!(b(word)), <=)
                }

                Op::GetField => {
                    let holder = register!(b(word));
                    // SAFETY: the loader numbered the cache sites.
                    let site: *mut Cache = site!();
                    if holder.is_object() {
                        // SAFETY: a reference; the offset was found for objects with this very shape word.
                        unsafe {
                            let object = holder.as_object_unchecked();
                            if object.shape_word().0 == (*site).shape_word {
                                let value = Value::from_bits(
                                    *object.pointer().add((*site).offset as usize),
                                );
                                set!(a(word), retained!(value));
                                skip_extension!();
                                continue;
                            }
                        }
                    }
                    save!();
                    check!(self.get_field_slowly(holder, site, place!(a(word))));
                    skip_extension!();
                }
                Op::SetField | Op::SetFieldTake => {
                    let holder = register!(a(word));
                    // SAFETY: as for GetField.
                    let site: *mut Cache = site!();
                    if holder.is_object() {
                        // SAFETY: as for GetField; a store that adds a field goes to a slot that is nil and inline.
                        unsafe {
                            let object = holder.as_object_unchecked();
                            if object.shape_word().0 == (*site).shape_word
                                && !self.heap.is_sealed(object)
                            {
                                let value = given!(op == Op::SetFieldTake, b(word));
                                if (*site).next_word != (*site).shape_word {
                                    self.heap
                                        .set_shape(object, calf_gc::ShapeWord((*site).next_word));
                                }
                                self.heap.store(object, (*site).offset as usize - 1, value);
                                skip_extension!();
                                continue;
                            }
                        }
                    }
                    save!();
                    check!(self.set_field_slowly(holder, register!(b(word)), site));
                    skip_extension!();
                }
                Op::GetSuper => {
                    save!();
                    // SAFETY: as for GetField.
                    let symbol = unsafe { (*site!()).symbol };
                    check!(self.get_super(
                        register!(b(word)),
                        register!(c(word)),
                        symbol,
                        place!(a(word))
                    ));
                    skip_extension!();
                }
                Op::GetIndex => {
                    let (holder, index) = (register!(b(word)), register!(c(word)));
                    if let Some(value) = list_item(holder, index) {
                        set!(a(word), retained!(value));
                    } else {
                        save!();
                        check!(self.get_index_slowly(holder, index, place!(a(word))));
                    }
                }
                Op::GetIndexConstant => {
                    let (holder, index) = (register!(b(word)), constant!(c(word)));
                    if let Some(value) = list_item(holder, index) {
                        set!(a(word), retained!(value));
                    } else {
                        save!();
                        check!(self.get_index_slowly(holder, index, place!(a(word))));
                    }
                }
                Op::SetIndex | Op::SetIndexTake => {
                    let (holder, index) = (register!(a(word)), register!(b(word)));
                    if let Some((list, items, at)) = list_place(holder, index)
                        && !self.heap.is_sealed(list)
                    {
                        let value = given!(op == Op::SetIndexTake, c(word));
                        // SAFETY: `list_place` checked the bounds.
                        unsafe { self.heap.store_part(list, items, at, value) };
                    } else {
                        save!();
                        check!(self.set_index_slowly(holder, index, register!(c(word))));
                    }
                }

                Op::SetIndexConstant => {
                    let (holder, index) = (register!(a(word)), register!(b(word)));
                    if let Some((list, items, at)) = list_place(holder, index)
                        && !self.heap.is_sealed(list)
                    {
                        let value = retained!(constant!(c(word)));
                        // SAFETY: `list_place` checked the bounds.
                        unsafe { self.heap.store_part(list, items, at, value) };
                    } else {
                        save!();
                        check!(self.set_index_slowly(holder, index, constant!(c(word))));
                    }
                }

                Op::Call => call!(a(word), b(word)),
                Op::CallGlobal => {
                    // SAFETY: the number was given out by the machine.
                    let value = unsafe { *self.mutator.globals.add(extension!() as usize) };
                    if value.is_absent() {
                        save!();
                        self.undefined_variable(extension!() as usize);
                        thrown!();
                    }
                    skip_extension!();
                    if C::COUNTS && value.is_object() {
                        // SAFETY: a reference.
                        let object = unsafe { value.as_object_unchecked() };
                        if object.shape_word().0 == CLOSURE_WITHOUT_CAPTURES {
                            // Its code is all that the call needs of it, and that is never freed: nothing is counted.
                            // SAFETY: slot 0 of a closure is the address of its code.
                            let code =
                                unsafe { object.slot(0) }.as_raw() as *const crate::code::Code;
                            set!(a(word), Value::NIL);
                            enter!(a(word), b(word), Value::NIL, code);
                        }
                    }
                    set!(a(word), retained!(value));
                    call!(a(word), b(word));
                }
                Op::Invoke | Op::InvokeOn => {
                    let is_on = op == Op::InvokeOn;
                    let receiver = register!(if is_on { c(word) } else { a(word) });
                    // SAFETY: as for GetField.
                    let site: *mut Cache = site!();
                    skip_extension!();
                    if is_on {
                        set!(a(word), retained!(receiver));
                    }
                    if receiver.is_object() {
                        // SAFETY: a reference; the closure belongs to the class of objects with this shape word.
                        unsafe {
                            let object = receiver.as_object_unchecked();
                            if object.shape_word().0 == (*site).shape_word {
                                let closure =
                                    Value::object(calf_gc::Object::from_address((*site).closure));
                                enter_fitting!(a(word), closure, (*site).code);
                            } else if object.shape_word().0 == (*site).next_word {
                                let number = (*site).offset;
                                if number == self.mutator.list_push
                                    && b(word) == 1
                                    && self.push_quickly(object, place!(a(word) + 1))
                                {
                                    set!(a(word), Value::NIL);
                                    continue;
                                }
                                save!();
                                check!(self.call_builtin(
                                    place!(a(word)),
                                    b(word),
                                    number as usize
                                ));
                                continue;
                            } else if (*site).let_pass(object.shape_word().0) {
                                self.note_cache(site);
                                if let Some(cache) = self.mutator.shared(
                                    Lookup::Method,
                                    object.shape_word().0,
                                    (*site).symbol,
                                ) {
                                    let closure =
                                        Value::object(calf_gc::Object::from_address(cache.closure));
                                    enter!(a(word), b(word), closure, cache.code);
                                }
                            }
                        }
                    }
                    save!();
                    check!(self.invoke_slowly(place!(a(word)), b(word), site));
                }
                Op::InvokeSuper => {
                    // SAFETY: as for GetField.
                    let site: *mut Cache = site!();
                    skip_extension!();
                    // SAFETY: the compiler puts a class there, whose slot 0 is its number; the method found for it stays a method of
                    // it, and so lives as long.
                    unsafe {
                        let class = register!(c(word)).as_object_unchecked();
                        if class.slot(crate::class::NUMBER).as_raw() as u32 == (*site).shape_word {
                            let (address, code) = ((*site).closure, (*site).code);
                            // The class stays alive: `this` is an instance of one that inherits from it.
                            if C::COUNTS {
                                set!(c(word), Value::NIL);
                            }
                            let closure = Value::object(calf_gc::Object::from_address(address));
                            enter!(a(word), b(word), closure, code);
                            save!();
                            check!(self.enter(place!(a(word)), b(word), closure));
                            continue;
                        }
                    }
                    save!();
                    let class = taken!(c(word));
                    check!(self.invoke_super(place!(a(word)), b(word), class, site));
                }
                Op::CallSpread => {
                    save!();
                    check!(self.call_spread(place!(a(word)), None));
                }
                Op::InvokeSpread => {
                    let site: *mut Cache = site!();
                    skip_extension!();
                    save!();
                    check!(self.call_spread(place!(a(word)), Some(site)));
                }
                Op::Return => {
                    let result = taken!(a(word));
                    return_value!(self, base, pc, constants, word, result);
                }
                Op::ReturnNil => {
                    return_value!(self, base, pc, constants, word, Value::NIL);
                }

                Op::NewList => {
                    save!();
                    check!(self.new_list_from(place!(a(word)), place!(b(word)), c(word)));
                }
                Op::Append => {
                    save!();
                    check!(self.append(register!(a(word)), place!(b(word))));
                }
                Op::NewMap => {
                    save!();
                    check!(self.new_map_from(place!(a(word)), place!(b(word)), c(word)));
                }
                Op::Interpolate => {
                    save!();
                    check!(self.interpolate(place!(a(word)), place!(b(word)), c(word)));
                }
                Op::Closure => {
                    save!();
                    check!(self.new_closure(place!(a(word)), bx(word), base));
                }
                Op::Class => {
                    save!();
                    check!(self.new_class(place!(a(word)), constant!(bx(word)), extension!()));
                    skip_extension!();
                }
                Op::Inherit => {
                    save!();
                    check!(self.inherit(register!(a(word)), register!(b(word))));
                }
                Op::Method => {
                    save!();
                    let method = taken!(b(word));
                    check!(self.add_method(
                        register!(a(word)),
                        constant!(extension!() as usize),
                        method
                    ));
                    skip_extension!();
                }

                Op::IterateBegin => {
                    save!();
                    check!(self.iterate_begin(place!(a(word))));
                }
                Op::IterateNext => {
                    // Before the item is there: its register is not yet one that a collector looks at.
                    poll!();
                    let (iterated, position) = (register!(a(word)), register!(a(word) + 1));
                    if let Some(value) = list_item(iterated, position) {
                        set!(b(word), retained!(value));
                        set!(a(word) + 1, Value::number(position.as_number_unchecked() + 1.0));
                        skip_extension!();
                        continue;
                    }
                    save!();
                    match self.iterate_next(place!(a(word)), place!(b(word))) {
                        Ok(true) => skip_extension!(),
                        Ok(false) => jump!(false),
                        Err(Thrown) => thrown!(),
                    }
                }
                Op::Throw => {
                    save!();
                    let value = taken!(a(word));
                    self.throw_value(value, b(word) != 0);
                    thrown!();
                }
                Op::Print => {
                    save!();
                    check!(self.print(register!(a(word))));
                }
                Op::Import => {
                    save!();
                    check!(self.import(constant!(bx(word)), place!(a(word))));
                }
                Op::Exit => return Ok(()),
            }
        }
    }
}

/// The item of a list at a whole, non-negative number within its length; the rest is for the slow half.
#[inline(always)]
fn list_item(holder: Value, index: Value) -> Option<Value> {
    let (_, items, at) = list_place(holder, index)?;
    // SAFETY: `list_place` checked the bounds.
    Some(unsafe { items.slot(at) })
}

/// The list, its part and the position in it, if `holder` is a list and `index` within its length.
#[inline(always)]
fn list_place(holder: Value, index: Value) -> Option<(calf_gc::Object, calf_gc::Object, usize)> {
    if !holder.is_object() {
        return None;
    }
    // SAFETY: a reference; a list has two slots, its length and its items, of which there are at least `length`.
    unsafe {
        let list = holder.as_object_unchecked();
        if list.shape_word().0 & WITHOUT_UNITS != LIST {
            return None;
        }
        let number = index.as_number_unchecked();
        // A fraction, or what is no number, changes by the conversion; what is negative or beyond 64 bits exceeds every length.
        let at = to_integer(number);
        if at as f64 != number || at as u64 >= list.slot(0).as_raw() {
            return None;
        }
        Some((list, list.slot(1).as_object_unchecked(), at as usize))
    }
}

/// A number without its fraction; something negative if it does not fit, or is none.
#[inline(always)]
pub(crate) fn to_integer(number: f64) -> i64 {
    // The language's conversion has a rule for what does not fit, at the price of two comparisons.
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_mm_cvttsd_si64, _mm_set_sd};
        // SAFETY: every processor of this kind has SSE2; what does not fit gives the least number.
        unsafe { _mm_cvttsd_si64(_mm_set_sd(number)) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        if number.is_nan() { i64::MIN } else { number as i64 }
    }
}

/// `%`, whose sign is the dividend's. Whole numbers, which are the common case, are spared the library's long division.
#[inline(always)]
fn remainder(left: f64, right: f64) -> f64 {
    let (dividend, divisor) = (to_integer(left), to_integer(right));
    if dividend as f64 == left && divisor as f64 == right && dividend > 0 && divisor > 0 {
        if let (Ok(dividend), Ok(divisor)) = (u32::try_from(dividend), u32::try_from(divisor)) {
            return f64::from(dividend % divisor);
        }
        return (dividend % divisor) as f64;
    }
    remainder_slowly(left, right)
}

#[cold]
#[inline(never)]
fn remainder_slowly(left: f64, right: f64) -> f64 {
    left % right
}
