//! Closures, boxes, spills.

use crate::call::code_of;
use crate::code::Code;
use crate::error::Thrown;
use crate::kind::Kind;
use crate::vm::Vm;
use calf_bytecode::op::WIDE_CAPTURE;
use calf_bytecode::{Capture, op};
use calf_gc::{Collector, Object, Value};

impl<C: Collector> Vm<C> {
    /// A closure of function `number` of the running code, made at `place` within the window at `base`.
    pub(crate) fn new_closure(
        &mut self,
        place: *mut Value,
        number: usize,
        base: *mut Value,
    ) -> Result<(), Thrown> {
        // SAFETY: the running frame runs code.
        let running = unsafe { &*(*self.mutator.frame).code };
        let code: *const Code = running.functions[number];
        // SAFETY: a loaded function.
        let captures = &unsafe { &*code }.function.captures;
        if captures.len() > WIDE_CAPTURE as usize {
            return self.new_wide_closure(place, code, base);
        }
        let closure = self.allocate(Kind::Closure.shape_word(), 1 + captures.len())?;
        self.initialize(closure, 0, Value::raw(code.expose_provenance() as u64));
        for (index, &capture) in captures.iter().enumerate() {
            let value = self.captured(capture, base);
            let value = self.retained(value);
            self.initialize(closure, 1 + index, value);
        }
        self.put(place, Value::object(closure));
        Ok(())
    }

    /// What a closure that is being made captures, borrowed.
    #[inline(always)]
    fn captured(&mut self, capture: Capture, base: *mut Value) -> Value {
        match capture {
            // SAFETY: a register of the running window, as the checker proved.
            Capture::Register(register) => unsafe { *base.add(register as usize) },
            Capture::Spill(slot) => {
                // SAFETY: as above.
                self.spilled(unsafe { *base.add(op::SPILL_REGISTER as usize) }, slot as usize)
            }
            Capture::Capture(outer) if outer < WIDE_CAPTURE => {
                self.running_closure().get(1 + outer as usize)
            }
            Capture::Capture(outer) => self.wide_capture(outer as usize),
        }
    }

    /// The same for a closure with so many captures that the last ones are in a part.
    #[cold]
    #[inline(never)]
    fn new_wide_closure(
        &mut self,
        place: *mut Value,
        code: *const Code,
        base: *mut Value,
    ) -> Result<(), Thrown> {
        // SAFETY: a loaded function.
        let captures = &unsafe { &*code }.function.captures;
        let narrow = WIDE_CAPTURE as usize;
        let closure = self.allocate_slots(Kind::Closure, 2 + narrow)?;
        self.set_raw(closure, 0, code.expose_provenance() as u64);
        let held = self.hold(Value::object(closure));
        let part = self.allocate_part(captures.len() - narrow)?;
        let closure = self.held_object(held);
        self.set_slot(closure, 1 + narrow, Value::object(part));
        for (index, &capture) in captures.iter().enumerate() {
            let value = self.captured(capture, base);
            let value = self.retained(value);
            if index < narrow {
                self.set_slot(closure, 1 + index, value);
            } else {
                self.set_part_slot(closure, part, index - narrow, value);
            }
        }
        let closure = self.release_to(held);
        self.put(place, closure);
        Ok(())
    }

    pub(crate) fn running_closure(&self) -> Object {
        // SAFETY: the running frame runs code, so its closure is one.
        unsafe { (*self.mutator.frame).closure }.as_object().expect("code runs in a closure")
    }

    /// Capture `number` (from [`WIDE_CAPTURE`] on) of the running closure, borrowed.
    pub(crate) fn wide_capture(&self, number: usize) -> Value {
        let part =
            self.running_closure().get(1 + WIDE_CAPTURE as usize).as_object().expect("a part");
        part.get(number - WIDE_CAPTURE as usize)
    }

    /// Puts what `place` holds in a new box there.
    pub(crate) fn new_box(&mut self, place: *mut Value) -> Result<(), Thrown> {
        let object = self.allocate(Kind::Box.shape_word(), 1)?;
        // SAFETY: a register of the running window.
        let value = unsafe { std::ptr::replace(place, Value::object(object)) };
        self.initialize(object, 0, value);
        Ok(())
    }

    /// Makes the spill of the running function at `place`, taking the first `taken` registers from there on.
    pub(crate) fn new_spill(
        &mut self,
        place: *mut Value,
        slots: usize,
        taken: usize,
    ) -> Result<(), Thrown> {
        let part = self.allocate_slots(Kind::Items, slots)?;
        // A container owns it: a list that no program sees, so that collectors reach the locals through it.
        let held = self.hold(Value::object(part));
        let owner = self.allocate_slots(Kind::Cursor, 1)?;
        let part = self.release_to(held);
        self.initialize(owner, 0, part);
        let part = part.as_object().expect("a part");
        for index in 0..taken {
            // SAFETY: registers of the running window; they hold the parameters that are moved.
            let value = unsafe { std::ptr::replace(place.add(index), Value::NIL) };
            self.set_part_slot(owner, part, index, value);
        }
        // SAFETY: a register of the running window, just emptied or still free.
        unsafe { *place = Value::object(owner) };
        Ok(())
    }

    /// A spilled local, borrowed.
    pub(crate) fn spilled(&self, spill: Value, slot: usize) -> Value {
        spill.as_object().and_then(|owner| owner.get(0).as_object()).expect("the spill").get(slot)
    }

    /// Sets a spilled local (owned).
    pub(crate) fn set_spilled(&mut self, spill: Value, slot: usize, owned: Value) {
        let owner = spill.as_object().expect("the spill");
        let part = owner.get(0).as_object().expect("the spill's part");
        self.set_part_slot(owner, part, slot, owned);
    }

    /// The name of the function behind a closure or a bound method.
    pub(crate) fn function_name(&self, object: Object) -> String {
        let closure = match Kind::of_shape(object.shape()) {
            Kind::BoundMethod => object.get(1).as_object().expect("a bound method has a method"),
            _ => object,
        };
        match Kind::of_shape(closure.shape()) {
            Kind::Closure => {
                // SAFETY: a loaded function.
                let function = unsafe { &(*code_of(closure)).function };
                if function.name.is_empty() {
                    "<fn>".to_string()
                } else {
                    format!("<fn {}>", function.name)
                }
            }
            _ => "<native fn>".to_string(),
        }
    }
}
