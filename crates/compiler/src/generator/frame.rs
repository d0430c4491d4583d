//! A function that is being written.

use crate::resolver::Key;
use calf_bytecode::op::SPILL_REGISTER;
use calf_bytecode::{Capture, Constant, Function, Handler, Kind, Op, RegisterSet};
use calf_parser::ast;
use calf_source::Span;
use std::collections::HashMap;
use std::rc::Rc;

use super::handler::Exits;
use super::jump::Target;

/// Where a local lives in its own function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// In a register.
    Register(u8),
    /// In a slot of the spill.
    Slot(u16),
}

/// A local, or a hidden variable that has no key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Local {
    pub(super) key: Option<Key>,
    pub(super) place: Place,
    pub(super) is_boxed: bool,
    /// Its value may change while an expression is evaluated.
    pub(super) is_assigned: bool,
}

/// A function that is being written.
pub(super) struct Frame<'a> {
    pub(super) kind: Kind,
    /// The class whose method it is.
    pub(super) class: Option<&'a ast::Class<'a>>,
    /// The local of the function around it that holds it, known to be the running closure.
    pub(super) itself: Option<Key>,
    /// The key of `this`, if it is a method.
    pub(super) this: Option<Key>,
    /// Are locals and temporaries apart, with a spill between them?
    pub(super) is_spilled: bool,
    /// It needs more registers than there are.
    pub(super) is_crowded: bool,

    pub(super) code: Vec<u32>,
    /// The last operation.
    pub(super) last: Option<Op>,
    pub(super) live: Vec<u16>,
    pub(super) spans: Vec<Span>,
    pub(super) constants: Vec<Constant>,
    pub(super) constant_numbers: HashMap<ConstantKey, u32>,
    pub(super) captures: Vec<Capture>,
    /// The number and whether it is a box, by variable.
    pub(super) capture_numbers: HashMap<Key, (u16, bool)>,
    pub(super) functions: Vec<Rc<Function>>,
    pub(super) caches: Vec<u32>,
    pub(super) handlers: Vec<Handler>,

    /// The variables in scope, innermost last.
    pub(super) locals: Vec<Local>,
    /// The position in `locals`, by variable.
    pub(super) local_numbers: HashMap<Key, usize>,
    /// How many scopes are open.
    pub(super) depth: usize,
    /// The slots of the spill in use, and the most there ever were.
    pub(super) slots: usize,
    pub(super) most_slots: usize,
    /// Where `NewSpill` is, whose number of slots is known at the end.
    pub(super) spill_position: usize,
    /// The first free register: all below are in use.
    pub(super) free: u16,
    /// The first register that is not one of a local.
    pub(super) locals_end: u16,
    /// One more than the highest register.
    pub(super) registers: u16,
    /// A register below `free` that is still empty: no register from it on counts as live.
    pub(super) hole: Option<u16>,
    /// Registers that may hold an object: of the locals, at any time; of the temporaries, now.
    pub(super) objects: RegisterSet,
    /// Instructions in front of this word are not to be changed any more: something goes or reaches from there on.
    pub(super) barrier: usize,
    /// Can the next instruction be reached?
    pub(super) is_reachable: bool,

    pub(super) targets: Vec<Target>,
    pub(super) exits: Vec<Exits>,
}

/// What makes two constants the same.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum ConstantKey {
    Nil,
    Boolean(bool),
    /// By its bits: 0 and -0 differ.
    Number(u64),
    String(Box<str>),
}

impl<'a> Frame<'a> {
    pub(super) fn new(kind: Kind, class: Option<&'a ast::Class<'a>>, is_spilled: bool) -> Self {
        Frame {
            kind,
            class,
            itself: None,
            this: None,
            is_spilled,
            is_crowded: false,
            code: Vec::new(),
            last: None,
            live: Vec::new(),
            spans: Vec::new(),
            constants: Vec::new(),
            constant_numbers: HashMap::new(),
            captures: Vec::new(),
            capture_numbers: HashMap::new(),
            functions: Vec::new(),
            caches: Vec::new(),
            handlers: Vec::new(),
            locals: Vec::new(),
            local_numbers: HashMap::new(),
            depth: 0,
            slots: 0,
            most_slots: 0,
            spill_position: 0,
            free: 1,
            locals_end: 1,
            registers: 1,
            hole: None,
            objects: RegisterSet::EMPTY,
            barrier: 0,
            is_reachable: true,
            targets: Vec::new(),
            exits: Vec::new(),
        }
    }

    /// The finished function.
    pub(super) fn finish(self, name: &str, arity: u8, span: Span) -> Function {
        Function {
            name: name.into(),
            kind: self.kind,
            arity,
            registers: self.registers,
            code: self.code,
            live: self.live,
            spans: self.spans,
            constants: self.constants,
            captures: self.captures,
            functions: self.functions,
            caches: self.caches,
            handlers: self.handlers,
            span,
        }
    }

    /// The first register for temporaries of a statement.
    pub(super) fn first_temporary(&self) -> u16 {
        if self.is_spilled { u16::from(SPILL_REGISTER) + 1 } else { self.locals_end }
    }

    /// Is it a temporary (and not a local that is used in place)?
    pub(super) fn is_temporary(&self, register: u8) -> bool {
        u16::from(register) >= self.first_temporary()
    }

    /// The next free register, where a result goes. It is in use once [`Frame::grow`] has been called, behind the instruction that
    /// writes it.
    pub(super) fn top(&mut self) -> u8 {
        self.register(self.free)
    }

    /// The next free register is in use from here on.
    pub(super) fn grow(&mut self) {
        self.free = self.free.saturating_add(1);
    }

    /// A register by number. If there is none of that number, the function has to be written again.
    pub(super) fn register(&mut self, number: u16) -> u8 {
        let register = u8::try_from(number).unwrap_or_else(|_| {
            self.is_crowded = true;
            u8::MAX
        });
        self.registers = self.registers.max(u16::from(register) + 1);
        register
    }

    /// How many more temporaries an expression may take at once without asking for room.
    pub(super) fn room(&self) -> usize {
        250usize.saturating_sub(self.free as usize)
    }

    /// Takes a new slot of the spill.
    pub(super) fn allocate_slot(&mut self) -> usize {
        self.slots += 1;
        self.most_slots = self.most_slots.max(self.slots);
        self.slots - 1
    }

    /// May this register hold an object now?
    pub(super) fn may_hold_object(&self, register: u8) -> bool {
        if self.is_temporary(register) {
            return self.objects.contains(register as usize);
        }
        let assigned =
            |local: &Local| local.place == Place::Register(register) && local.is_assigned;
        register == 0
            || self.objects.contains(register as usize)
            || self.local_at(register).is_none_or(|local| assigned(&local))
    }

    fn local_at(&self, register: u8) -> Option<Local> {
        // Registers of locals ascend with their numbers, up to the first slot.
        let place = self.locals.partition_point(|local| match local.place {
            Place::Register(other) => other < register,
            Place::Slot(_) => false,
        });
        self.locals.get(place).copied().filter(|local| local.place == Place::Register(register))
    }

    /// The position of the next instruction, which then stays there.
    pub(super) fn fixed_position(&mut self) -> usize {
        self.barrier = self.code.len();
        self.barrier
    }

    /// The temporaries that may hold an object.
    pub(super) fn dirty(&self) -> RegisterSet {
        self.objects.from(self.first_temporary() as usize)
    }
}
