//! Variables: where they live, and how they are read and written.

use super::Generator;
use super::frame::{Frame, Local, Place};
use crate::resolver::{Key, is_boxed, key};
use calf_bytecode::op::{SPILL_REGISTER, WIDE_CAPTURE};
use calf_bytecode::{Capture, Kind, Op, RegisterSet};
use calf_parser::ast::{Binding, Expression, ExpressionKind, Target, Variable};
use calf_source::Span;

/// Where a variable is found by the function that uses it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Location {
    /// In a register of its own function.
    Register(u8),
    /// A box in a register of its own function.
    BoxInRegister(u8),
    /// In a slot of the spill of its own function.
    Slot(u16),
    /// A box in such a slot.
    BoxInSlot(u16),
    /// A capture.
    Captured(u16),
    /// A capture that is a box.
    BoxCaptured(u16),
    /// A global.
    Global(u16),
}

impl<'a> Generator<'_, 'a> {
    // The ends of a function.

    /// Begins a function: its parameters become locals.
    pub(super) fn prologue(&mut self, parameters: &[&'a Binding<'a>]) {
        let arity = parameters.len() as u16;
        let span = parameters.first().map_or(Span::default(), |parameter| parameter.span);
        self.frame.objects = RegisterSet::below(arity as usize + 1);
        self.frame.registers = arity + 1;
        self.frame.free = arity + 1;
        if self.frame.is_spilled {
            let spill = u16::from(SPILL_REGISTER);
            for register in arity + 1..spill {
                self.frame.free = register;
                self.emit(Op::LoadNil, register as u8, 0, 0, span);
            }
            self.frame.free = spill.max(arity + 1);
            self.frame.spill_position = self.frame.code.len();
            let given = u32::from((arity + 1).saturating_sub(spill));
            self.emit_extended(
                Op::NewSpill,
                Op::NewSpill.abx(SPILL_REGISTER, u16::MAX),
                given,
                span,
            );
            self.frame.registers = self.frame.registers.max(spill + 1);
            self.frame.free = spill + 1;
        }
        for &parameter in parameters {
            self.add_parameter(parameter);
        }
    }

    fn add_parameter(&mut self, parameter: &'a Binding<'a>) {
        let place = self.next_place();
        let is_boxed = is_boxed(parameter);
        match place {
            Place::Register(register) if is_boxed => {
                self.emit(Op::NewBox, register, 0, 0, parameter.span)
            }
            Place::Slot(slot) if is_boxed => {
                let register = self.frame.top();
                self.emit_bx(Op::GetSpill, register, slot, parameter.span);
                self.frame.grow();
                self.emit(Op::NewBox, register, 0, 0, parameter.span);
                self.emit_bx(Op::SetSpill, register, slot, parameter.span);
                self.frame.free -= 1;
                self.release_temporaries(parameter.span);
            }
            _ => (),
        }
        self.add_local(Some(key(parameter)), place, is_boxed, parameter.assigned.get());
    }

    /// Ends a function, which returns if it comes here.
    pub(super) fn epilogue(&mut self, span: Span) {
        // The last instruction is a return even where the end cannot be reached.
        if self.frame.is_reachable || !matches!(self.frame.last, Some(Op::Return | Op::ReturnNil)) {
            self.return_nothing(span);
        }
        if self.frame.is_spilled {
            let slots = self.number(
                self.frame.most_slots,
                "Too many local variables in one function.",
                span,
            );
            self.frame.code[self.frame.spill_position] = Op::NewSpill.abx(SPILL_REGISTER, slots);
        }
    }

    /// The `return` without a value.
    pub(super) fn return_nothing(&mut self, span: Span) {
        match self.frame.kind {
            Kind::Initializer => self.emit(Op::Return, 0, 0, 0, span),
            _ => self.emit(Op::ReturnNil, 0, 0, 0, span),
        }
    }

    // Scopes.

    /// Opens a scope around `inner` and closes it.
    pub(super) fn in_scope(&mut self, span: Span, inner: impl FnOnce(&mut Self)) {
        let count = self.frame.locals.len();
        self.frame.depth += 1;
        inner(self);
        self.frame.depth -= 1;
        if self.frame.is_reachable {
            self.release_locals(count, span);
        }
        self.drop_locals(count);
    }

    /// Forgets the locals but for the first `count`.
    fn drop_locals(&mut self, count: usize) {
        let frame = &mut self.frame;
        while frame.locals.len() > count {
            let Some(local) = frame.locals.pop() else { return };
            local.key.iter().for_each(|key| {
                frame.local_numbers.remove(key);
            });
            match local.place {
                Place::Register(register) => {
                    frame.locals_end = u16::from(register);
                    frame.objects.remove(register as usize);
                }
                Place::Slot(_) => frame.slots -= 1,
            }
        }
        if !frame.is_spilled {
            frame.free = frame.locals_end;
        }
    }

    /// Releases the locals but for the first `count`, where counts are kept; on a way out of their scope.
    pub(super) fn release_locals(&mut self, count: usize, span: Span) {
        let mut registers = RegisterSet::EMPTY;
        for number in count..self.frame.locals.len() {
            match self.frame.locals[number].place {
                Place::Register(register) => registers.insert(register as usize),
                Place::Slot(slot) => self.clear_slot(slot, span),
            }
        }
        self.release(registers.intersection(self.frame.objects), span);
    }

    /// Empties a slot, which no collector can tell to be dead.
    pub(super) fn clear_slot(&mut self, slot: u16, span: Span) {
        let register = self.frame.top();
        self.emit(Op::LoadNil, register, 0, 0, span);
        self.frame.grow();
        self.emit_bx(Op::SetSpill, register, slot, span);
        self.frame.free -= 1;
    }

    /// The place of the next local.
    fn next_place(&mut self) -> Place {
        let frame = &mut self.frame;
        if frame.is_spilled && frame.locals_end >= u16::from(SPILL_REGISTER) {
            Place::Slot(frame.allocate_slot().min(u16::MAX as usize) as u16)
        } else {
            let register = frame.register(frame.locals_end);
            frame.locals_end = frame.locals_end.saturating_add(1);
            Place::Register(register)
        }
    }

    fn add_local(&mut self, key: Option<Key>, place: Place, is_boxed: bool, is_assigned: bool) {
        let frame = &mut self.frame;
        if let Some(key) = key {
            frame.local_numbers.insert(key, frame.locals.len());
        }
        frame.locals.push(Local { key, place, is_boxed, is_assigned });
    }

    /// Makes the last temporary a new local with that value.
    fn adopt(&mut self, key: Option<Key>, is_boxed: bool, is_assigned: bool, span: Span) -> Place {
        let value = self.frame.register(self.frame.free - 1);
        if is_boxed {
            self.emit(Op::NewBox, value, 0, 0, span);
        }
        let place = self.next_place();
        if self.frame.is_spilled {
            match place {
                Place::Register(register) => self.emit(Op::Take, register, value, 0, span),
                Place::Slot(slot) => self.emit_bx(Op::SetSpill, value, slot, span),
            }
            self.frame.free -= 1;
        } else {
            debug_assert!(
                place == Place::Register(value) || self.frame.is_crowded,
                "locals lie below temporaries"
            );
        }
        self.add_local(key, place, is_boxed, is_assigned);
        place
    }

    /// Makes the last temporary a new hidden variable.
    pub(super) fn adopt_hidden(&mut self, span: Span) -> Place {
        self.adopt(None, false, true, span)
    }

    /// A new hidden variable that has its place already.
    pub(super) fn add_hidden(&mut self, place: Place) {
        self.add_local(None, place, false, true);
    }

    /// Makes the last temporary a new hidden variable that has a key.
    pub(super) fn adopt_keyed(&mut self, key: Key, span: Span) {
        self.adopt(Some(key), false, false, span);
    }

    /// Makes the last temporary a new local.
    pub(super) fn adopt_local(&mut self, binding: &Binding<'a>) {
        self.adopt(Some(key(binding)), is_boxed(binding), binding.assigned.get(), binding.span);
    }

    /// Makes the last temporary the value of a new variable: a global at the top level, else a local.
    pub(super) fn define(&mut self, binding: &Binding<'a>) {
        if self.is_global_scope() {
            let global = self.global(binding.name, binding.span);
            let register = self.frame.register(self.frame.free - 1);
            self.emit_bx(Op::DefineGlobal, register, global, binding.span);
            self.frame.free -= 1;
        } else {
            self.adopt_local(binding);
        }
    }

    /// Are variables that are declared here globals?
    pub(super) fn is_global_scope(&self) -> bool {
        self.frame.depth == 0 && self.outer.is_empty()
    }

    pub(super) fn global(&mut self, name: &str, span: Span) -> u16 {
        self.globals.global(name).unwrap_or_else(|| {
            self.limit("Too many global variables.", span);
            0
        })
    }

    // Finding variables.

    /// Where a variable is.
    pub(super) fn locate(&mut self, variable: &Variable<'a>) -> Location {
        match variable.binding.get() {
            None => Location::Global(self.global(variable.name, variable.span)),
            Some(binding) => self.locate_key(key(binding), is_boxed(binding)),
        }
    }

    /// Where the local with this key is. Functions between its own and the running one pass it on as a capture.
    pub(super) fn locate_key(&mut self, key: Key, is_boxed: bool) -> Location {
        if let Some(location) = self.frame.find(key) {
            return location;
        }
        let found =
            (0..self.outer.len()).rev().find(|&number| self.outer[number].find(key).is_some());
        let Some(owner) = found else {
            debug_assert!(false, "the resolver found a local that is not in scope");
            return Location::Register(0);
        };
        for number in owner + 1..=self.outer.len() {
            let capture = match self.outer[number - 1].find(key) {
                Some(Location::Register(register) | Location::BoxInRegister(register)) => {
                    Capture::Register(register)
                }
                Some(Location::Slot(slot) | Location::BoxInSlot(slot)) => Capture::Spill(slot),
                Some(Location::Captured(capture) | Location::BoxCaptured(capture)) => {
                    Capture::Capture(capture)
                }
                Some(Location::Global(_)) | None => return Location::Register(0),
            };
            let count = self.outer.get(number).unwrap_or(&self.frame).captures.len();
            let capture_number =
                self.number(count, "Too many captured variables in one function.", Span::default());
            let frame = self.outer.get_mut(number).unwrap_or(&mut self.frame);
            frame.captures.push(capture);
            frame.capture_numbers.insert(key, (capture_number, is_boxed));
        }
        self.frame.find(key).unwrap_or(Location::Register(0))
    }

    /// Where `this` is, and the class whose methods are being written.
    pub(super) fn locate_this(&mut self) -> Location {
        let method = std::iter::once(&self.frame)
            .chain(self.outer.iter().rev())
            .find_map(|frame| frame.this);
        match method {
            Some(key) => self.locate_key(key, false),
            None => {
                debug_assert!(false, "the resolver reports `this` outside of a class");
                Location::Register(0)
            }
        }
    }

    /// Where the superclass of the class is whose methods are being written.
    pub(super) fn locate_super(&mut self) -> Location {
        let class = std::iter::once(&self.frame)
            .chain(self.outer.iter().rev())
            .find_map(|frame| frame.class);
        match class {
            Some(class) => self.locate_key(key(class), false),
            None => {
                debug_assert!(false, "the resolver reports `super` outside of a class");
                Location::Register(0)
            }
        }
    }

    // Reading and writing.

    /// Puts the value that is at `location` in `register`.
    pub(super) fn load(&mut self, register: u8, location: Location, span: Span) {
        match location {
            Location::Register(local) => self.copy(register, local, span),
            Location::BoxInRegister(local) => self.emit(Op::GetBox, register, local, 0, span),
            Location::Slot(slot) => self.emit_bx(Op::GetSpill, register, slot, span),
            Location::BoxInSlot(slot) => {
                self.emit_bx(Op::GetSpill, register, slot, span);
                self.unbox(register, span);
            }
            Location::Captured(capture) if capture < WIDE_CAPTURE => {
                self.emit_bx(Op::GetCaptured, register, capture, span);
            }
            Location::Captured(capture) => {
                self.emit_bx(Op::GetCapturedWide, register, capture, span)
            }
            Location::BoxCaptured(capture) if capture < WIDE_CAPTURE => {
                self.emit_bx(Op::GetCapturedBox, register, capture, span);
            }
            Location::BoxCaptured(capture) => {
                self.emit_bx(Op::GetCapturedWide, register, capture, span);
                self.unbox(register, span);
            }
            Location::Global(number) => self.emit_bx(Op::GetGlobal, register, number, span),
        }
    }

    /// Replaces the box in a register by what it holds.
    fn unbox(&mut self, register: u8, span: Span) {
        self.emit(Op::GetBox, register, register, 0, span);
    }

    /// Puts the value in `register`, which is kept, at `location`.
    pub(super) fn store(&mut self, location: Location, register: u8, for_effect: bool, span: Span) {
        // A temporary that nobody needs afterwards hands its count over.
        let takes = for_effect && self.frame.is_temporary(register);
        let either = |taking: Op, copying: Op| if takes { taking } else { copying };
        match location {
            Location::Register(local) => self.copy(local, register, span),
            Location::BoxInRegister(local) => {
                self.emit(either(Op::SetBoxTake, Op::SetBox), local, register, 0, span);
            }
            Location::Slot(slot) => self.emit_bx(Op::SetSpill, register, slot, span),
            Location::BoxInSlot(slot) => {
                let holder = self.frame.free;
                let temporary = self.frame.register(holder);
                self.emit_bx(Op::GetSpill, temporary, slot, span);
                self.store_in_box(temporary, register, span);
            }
            Location::BoxCaptured(capture) if capture < WIDE_CAPTURE => {
                let op = either(Op::SetCapturedBoxTake, Op::SetCapturedBox);
                self.emit_bx(op, register, capture, span);
            }
            Location::BoxCaptured(capture) => {
                let holder = self.frame.free;
                let temporary = self.frame.register(holder);
                self.emit_bx(Op::GetCapturedWide, temporary, capture, span);
                self.store_in_box(temporary, register, span);
            }
            Location::Global(number) => {
                let op = either(Op::SetGlobalTake, Op::SetGlobal);
                self.emit_bx(op, register, number, span);
            }
            Location::Captured(_) => {
                debug_assert!(false, "a variable that is assigned is captured in a box")
            }
        }
    }

    /// Writes to the box in the register above all those in use.
    fn store_in_box(&mut self, holder: u8, register: u8, span: Span) {
        self.frame.grow();
        self.emit(Op::SetBox, holder, register, 0, span);
        self.frame.free -= 1;
    }

    // Locals as operands.

    /// The register of a local, or of `this`, that can be used where it is.
    pub(super) fn in_place(&mut self, expression: &Expression<'a>) -> Option<u8> {
        match &expression.kind {
            ExpressionKind::Variable(variable) => self.local_register(variable),
            ExpressionKind::This if self.frame.this.is_some() => Some(0),
            _ => None,
        }
    }

    pub(super) fn local_register(&mut self, variable: &Variable<'a>) -> Option<u8> {
        variable.binding.get()?;
        match self.locate(variable) {
            Location::Register(register) => Some(register),
            _ => None,
        }
    }

    /// The variable whose register is the value of this expression, if that is used in place.
    pub(super) fn variable_in_place(
        &mut self,
        expression: &Expression<'a>,
    ) -> Option<&'a Binding<'a>> {
        let variable = match &expression.kind {
            ExpressionKind::Variable(variable) => variable,
            ExpressionKind::Assign { target: Target::Variable(variable), .. }
            | ExpressionKind::CompoundAssign { target: Target::Variable(variable), .. } => variable,
            _ => return None,
        };
        self.local_register(variable)?;
        variable.binding.get()
    }
}

impl Frame<'_> {
    /// Where this function finds a variable, if it is one of its own or captured already.
    fn find(&self, key: Key) -> Option<Location> {
        if let Some(&number) = self.local_numbers.get(&key) {
            let local = self.locals[number];
            return Some(match (local.place, local.is_boxed) {
                (Place::Register(register), false) => Location::Register(register),
                (Place::Register(register), true) => Location::BoxInRegister(register),
                (Place::Slot(slot), false) => Location::Slot(slot),
                (Place::Slot(slot), true) => Location::BoxInSlot(slot),
            });
        }
        if let Some(&(capture, is_boxed)) = self.capture_numbers.get(&key) {
            return Some(if is_boxed {
                Location::BoxCaptured(capture)
            } else {
                Location::Captured(capture)
            });
        }
        let is_register_0 = self.itself == Some(key) || self.this == Some(key);
        is_register_0.then_some(Location::Register(0))
    }
}
