//! Is a function fit to run? The machine trusts what is proved here:
//!
//! - each word is an instruction of the table or the extension of one, and the last instruction returns;
//! - registers lie in the window; constants, functions, cache sites, captures and slots exist and are of the right kind;
//! - jumps go to instructions, and those that go backward poll for an interrupt;
//! - on every path, each register that is read, or that the table of live registers names, holds a value.

use crate::op::{self, SPILL_REGISTER, WIDE_CAPTURE, bx, sj};
use crate::{
    Capture, Constant, Extension, Function, Kind, Op, Operand, RegisterSet, Shape, effect,
};

/// Checks a function and those declared in it.
///
/// # Errors
/// What is wrong, for whoever works on the compiler.
pub fn check(function: &Function) -> Result<(), String> {
    let mut waiting = vec![(function, None)];
    while let Some((function, outer)) = waiting.pop() {
        let complain = |complaint| format!("function {:?}: {complaint}", function.name);
        Checker::new(function, outer).and_then(|checker| checker.check()).map_err(complain)?;
        waiting.extend(function.functions.iter().map(|inner| (&**inner, Some(function))));
    }
    Ok(())
}

struct Checker<'a> {
    function: &'a Function,
    /// Does an instruction begin at this word?
    is_start: Vec<bool>,
    /// How many slots its spill has.
    slots: usize,
}

/// Where an instruction may go on.
struct Successors {
    next: bool,
    jump: Option<usize>,
}

impl<'a> Checker<'a> {
    /// Finds the instructions.
    fn new(function: &'a Function, outer: Option<&Function>) -> Result<Self, String> {
        let length = function.code.len();
        if function.live.len() != length || function.spans.len() != length {
            return Err("the tables beside the code are not as long as it".to_string());
        }
        let mut is_start = vec![false; length];
        let (mut position, mut slots) = (0, 0);
        let mut last = None;
        while position < length {
            let word = function.code[position];
            let op = Op::from_number(word as u8)
                .ok_or_else(|| format!("{position}: no such operation"))?;
            if position + op.words() > length {
                return Err(format!("{position}: the extension is missing"));
            }
            if op == Op::NewSpill {
                slots = bx(word);
            }
            is_start[position] = true;
            last = Some(op);
            position += op.words();
        }
        match last {
            Some(Op::Return | Op::ReturnNil) => (),
            _ => return Err("the last instruction is no return".to_string()),
        }
        let checker = Checker { function, is_start, slots };
        checker.check_captures(outer)?;
        Ok(checker)
    }

    fn check_captures(&self, outer: Option<&Function>) -> Result<(), String> {
        let Some(outer) = outer else {
            return if self.function.captures.is_empty() {
                Ok(())
            } else {
                Err("nothing to capture from".to_string())
            };
        };
        for capture in &self.function.captures {
            let fits = match *capture {
                Capture::Register(register) => u16::from(register) < outer.registers,
                // The slot is checked where the closure is made.
                Capture::Spill(_) => outer.registers > u16::from(SPILL_REGISTER),
                Capture::Capture(number) => (number as usize) < outer.captures.len(),
            };
            if !fits {
                return Err(format!("{capture:?} is not in the function around it"));
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        let function = self.function;
        if function.registers > 256 || function.registers <= u16::from(function.arity) {
            return Err(format!(
                "{} registers for {} parameters",
                function.registers, function.arity
            ));
        }
        if let Some(site) = function.caches.iter().find(|&&name| !self.is_string(name as usize)) {
            return Err(format!("cache site for constant {site}, which is no string"));
        }
        for handler in &function.handlers {
            let ends =
                [handler.start, handler.target].iter().all(|&at| self.is_instruction(at as usize));
            let end = handler.end as usize;
            if !ends
                || handler.start >= handler.end
                || !(end == function.code.len() || self.is_instruction(end))
            {
                return Err(format!("{handler:?}: not between instructions"));
            }
            if u16::from(handler.register) != handler.live || handler.live >= function.registers {
                return Err(format!("{handler:?}: registers"));
            }
        }
        for position in (0..function.code.len()).filter(|&position| self.is_start[position]) {
            self.check_instruction(position)
                .map_err(|complaint| format!("{position}: {complaint}"))?;
        }
        self.check_registers()
    }

    fn is_instruction(&self, position: usize) -> bool {
        self.is_start.get(position).copied().unwrap_or(false)
    }
    fn is_string(&self, constant: usize) -> bool {
        matches!(self.function.constants.get(constant), Some(Constant::String(_)))
    }
    fn is_number(&self, constant: usize) -> bool {
        matches!(self.function.constants.get(constant), Some(Constant::Number(_)))
    }

    /// Checks what can be seen without knowing how the machine got here.
    fn check_instruction(&self, position: usize) -> Result<(), String> {
        let function = self.function;
        let (op, word, extension) = self.instruction(position);
        let row = op.row();
        if op == Op::Exit {
            return Err("`Exit` is the machine's own".to_string());
        }
        let live = function.live[position];
        if live > function.registers || op.words() == 2 && function.live[position + 1] != live {
            return Err(format!("{live} live registers"));
        }
        let values = match row.shape {
            Shape::Z | Shape::J => [None; 3],
            Shape::A => [Some(op::a(word)), None, None],
            Shape::AB => [Some(op::a(word)), Some(op::b(word)), None],
            Shape::ABC => [Some(op::a(word)), Some(op::b(word)), Some(op::c(word))],
            Shape::ABx | Shape::AsBx => [Some(op::a(word)), Some(bx(word)), None],
        };
        for (value, operand) in values.into_iter().zip(row.operands) {
            let fits = match (operand, value) {
                (Operand::Register, Some(register)) => register < function.registers as usize,
                (Operand::Constant, Some(constant)) => constant < function.constants.len(),
                _ => true,
            };
            if !fits {
                return Err(format!("{op:?}: operand {value:?} out of range"));
            }
        }
        let fits = match (row.extension, op) {
            (Extension::Cache, _) => (extension as usize) < function.caches.len(),
            (_, Op::LoadConstantWide) => (extension as usize) < function.constants.len(),
            (_, Op::Method) => self.is_string(extension as usize),
            (_, Op::Class | Op::Import) => self.is_string(bx(word)),
            (_, Op::Closure) => self.is_closure_fit(bx(word)),
            (_, Op::GetCaptured | Op::GetCapturedBox | Op::SetCapturedBox) => {
                bx(word) < function.captures.len().min(WIDE_CAPTURE as usize)
            }
            (_, Op::GetCapturedWide) => {
                (WIDE_CAPTURE as usize..function.captures.len()).contains(&bx(word))
            }
            (_, Op::GetSpill | Op::SetSpill) => bx(word) < self.slots,
            (_, Op::NewSpill) => {
                op::a(word) == SPILL_REGISTER as usize && position < self.first_jump()
            }
            (_, Op::Return | Op::ReturnNil) => op::b(word) < usize::from(function.registers),
            (_, Op::GetIndexConstant | Op::AddConstant) => true,
            (_, Op::EqualConstant | Op::NotEqualConstant | Op::SetIndexConstant) => true,
            (_, Op::JumpIfEqualConstant | Op::JumpUnlessEqualConstant) => true,
            (Extension::Jump, _) if row.operands[1] == Operand::Constant => {
                self.is_number(op::b(word))
                    && (row.operands[2] != Operand::Constant || self.is_number(op::c(word)))
            }
            _ if row.operands[2] == Operand::Constant => self.is_number(op::c(word)),
            _ => true,
        };
        if !fits {
            return Err(format!("{op:?}: does not fit"));
        }
        let effect = effect(op, word, extension);
        let highest = effect.reads.union(effect.writes).last();
        if highest.is_some_and(|highest| highest >= function.registers as usize) {
            return Err(format!("{op:?}: registers beyond the window"));
        }
        if let Some(target) = self.successors(position).jump {
            if !self.is_instruction(target) {
                return Err(format!("{op:?}: {target} is no instruction"));
            }
            let is_backward = target <= position;
            if is_backward && !op.polls() || !is_backward && op == Op::Loop {
                return Err(format!("{op:?}: to {target}"));
            }
        }
        Ok(())
    }

    fn is_closure_fit(&self, number: usize) -> bool {
        self.function.functions.get(number).is_some_and(|inner| {
            inner.captures.iter().all(|capture| match *capture {
                Capture::Spill(slot) => (slot as usize) < self.slots,
                _ => true,
            })
        })
    }

    /// The registers that a closure of this function is made from.
    fn captured(&self, number: usize) -> RegisterSet {
        let mut registers = RegisterSet::EMPTY;
        for capture in
            self.function.functions.get(number).into_iter().flat_map(|inner| &inner.captures)
        {
            match *capture {
                Capture::Register(register) => registers.insert(register as usize),
                Capture::Spill(_) => registers.insert(SPILL_REGISTER as usize),
                Capture::Capture(_) => (),
            }
        }
        registers
    }

    /// The spill is made before anything else can happen.
    fn first_jump(&self) -> usize {
        let is_jump =
            |&position: &usize| self.is_start[position] && self.successors(position).jump.is_some();
        (0..self.function.code.len()).find(is_jump).unwrap_or(usize::MAX)
    }

    fn instruction(&self, position: usize) -> (Op, u32, u32) {
        let word = self.function.code[position];
        let op = Op::from_number(word as u8).unwrap_or(Op::Exit);
        let extension = if op.words() == 2 { self.function.code[position + 1] } else { 0 };
        (op, word, extension)
    }

    fn successors(&self, position: usize) -> Successors {
        let (op, word, extension) = self.instruction(position);
        let end = (position + op.words()) as isize;
        let distance = match (op.row().shape, op.row().extension) {
            (Shape::J, _) => Some(sj(word)),
            (_, Extension::Jump) => Some(extension as i32 as isize),
            _ => None,
        };
        // A jump in front of the first word is none to an instruction, either.
        let jump = distance.map(|distance| usize::try_from(end + distance).unwrap_or(usize::MAX));
        let next = !matches!(op, Op::Jump | Op::Loop | Op::Return | Op::ReturnNil | Op::Throw);
        Successors { next, jump }
    }

    /// Checks, by following every path, that registers hold values where they must.
    fn check_registers(&self) -> Result<(), String> {
        let function = self.function;
        // The registers that hold values in front of each instruction on every path found so far.
        let mut states: Vec<Option<RegisterSet>> = vec![None; function.code.len()];
        let mut waiting = vec![0];
        states[0] = Some(RegisterSet::below(function.arity as usize + 1));
        for handler in &function.handlers {
            // What it keeps is live wherever the error comes from, so it is not followed from there.
            let covered = &function.live[handler.start as usize..handler.end as usize];
            if covered.iter().any(|&live| live < handler.live) {
                return Err(format!("{handler:?}: a register it keeps is not live"));
            }
            states[handler.target as usize] = Some(RegisterSet::below(handler.live as usize + 1));
            waiting.push(handler.target as usize);
        }
        while let Some(position) = waiting.pop() {
            let Some(state) = states[position] else { continue };
            let mut reach = |target: usize, state: RegisterSet, waiting: &mut Vec<usize>| {
                let known = states[target].map_or(state, |known| known.intersection(state));
                if states[target] != Some(known) {
                    states[target] = Some(known);
                    waiting.push(target);
                }
            };
            let (op, word, extension) = self.instruction(position);
            let effect = effect(op, word, extension);
            let live = RegisterSet::below(function.live[position] as usize);
            let captured =
                if op == Op::Closure { self.captured(bx(word)) } else { RegisterSet::EMPTY };
            let missing = effect.reads.union(live).union(captured).without(state);
            if let Some(register) = missing.first() {
                return Err(format!("{position}: {op:?}: R[{register}] holds nothing"));
            }
            let mut after = state;
            if let Some(first) = effect.forgets {
                after = after.intersection(RegisterSet::below(first));
            }
            let mut jumped = after;
            after = after.union(effect.writes);
            if op != Op::IterateNext {
                jumped = after;
            }
            let successors = self.successors(position);
            if let Some(target) = successors.jump {
                reach(target, jumped, &mut waiting);
            }
            if successors.next {
                reach(position + op.words(), after, &mut waiting);
            }
        }
        self.check_initializer()
    }

    /// An initializer returns `this` and nothing else.
    fn check_initializer(&self) -> Result<(), String> {
        let returns_nil = |&position: &usize| {
            self.is_start[position] && self.instruction(position).0 == Op::ReturnNil
        };
        match (0..self.function.code.len()).find(returns_nil) {
            Some(position) if self.function.kind == Kind::Initializer => {
                Err(format!("{position}: returns nil"))
            }
            _ => Ok(()),
        }
    }
}
