//! What an instruction does to the registers of its window.

use crate::op::{a, b, bx, c};
use crate::{Op, RegisterSet};

/// What an instruction does to the registers of its window, if it throws nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effect {
    /// Those it looks at.
    pub reads: RegisterSet,
    /// Those of them that it takes.
    pub takes: RegisterSet,
    /// Those that hold a result afterwards. (`IterateNext` writes B only if it does not jump.)
    pub writes: RegisterSet,
    /// From this one on, nothing can be said about any register afterwards, but for those written: they belonged to a callee.
    pub forgets: Option<usize>,
}

/// The effect of the instruction with this first word and, if it has one, this extension.
pub fn effect(op: Op, word: u32, extension: u32) -> Effect {
    use Op::*;
    let one = |register: usize| RegisterSet::range(register, 1);
    let (a, b, c, none) = (a(word), b(word), c(word), RegisterSet::EMPTY);
    let plain = |reads, writes| Effect { reads, takes: none, writes, forgets: None };
    let taking = |reads, takes: RegisterSet, writes| Effect {
        reads: takes.union(reads),
        takes,
        writes,
        forgets: None,
    };
    let calling =
        |takes: RegisterSet| Effect { reads: takes, takes, writes: one(a), forgets: Some(a + 1) };
    match op {
        LoadConstant | LoadConstantWide | LoadInteger | LoadNil | LoadBoolean | GetGlobal
        | GetCaptured | GetCapturedWide | GetCapturedBox | Closure | Class | Import => {
            plain(none, one(a))
        }
        Copy | GetBox | Negate | Not | AddConstant | SubtractConstant | MultiplyConstant
        | DivideConstant | RemainderConstant | EqualConstant | NotEqualConstant | GetField
        | GetIndexConstant => plain(one(b), one(a)),
        Take => taking(none, one(b), one(a)),
        Release => plain(none, RegisterSet::range(a, b)),
        DefineGlobal | SetGlobalTake | SetCapturedBoxTake | Return | Throw => {
            taking(none, one(a), none)
        }
        SetGlobal
        | SetCapturedBox
        | Print
        | JumpIfTrue
        | JumpIfFalse
        | JumpIfEqualConstant
        | JumpUnlessEqualConstant
        | JumpIfLessConstant
        | JumpUnlessLessConstant
        | JumpIfLessEqualConstant
        | JumpUnlessLessEqualConstant
        | JumpIfGreaterConstant
        | JumpUnlessGreaterConstant
        | JumpIfGreaterEqualConstant
        | JumpUnlessGreaterEqualConstant => plain(one(a), none),
        StepJumpIfLess | StepJumpIfLessEqual => plain(one(a).union(one(b)), one(a)),
        StepJumpIfLessConstant | StepJumpIfLessEqualConstant => plain(one(a), one(a)),
        NewBox => taking(none, one(a), one(a)),
        SetBox | SetField | SetIndexConstant | Inherit | JumpIfItem | JumpUnlessItem
        | JumpIfEqual | JumpUnlessEqual | JumpIfLess | JumpUnlessLess | JumpIfLessEqual
        | JumpUnlessLessEqual => plain(one(a).union(one(b)), none),
        NewSpill => {
            // The slots beyond those that are given begin as nil; `bx` says how many there are.
            let given = RegisterSet::range(a, (extension as usize).min(bx(word)));
            taking(none, given, one(a))
        }
        GetSpill => plain(one(crate::op::SPILL_REGISTER as usize), one(a)),
        SetSpill => plain(one(a).union(one(crate::op::SPILL_REGISTER as usize)), none),
        Add | Subtract | Multiply | Divide | Remainder | Equal | NotEqual | Less | LessEqual
        | Contains | GetIndex | GetSuper => plain(one(b).union(one(c)), one(a)),
        Jump | Loop | ReturnNil | Exit => plain(none, none),
        SetBoxTake | SetFieldTake | Append | Method => taking(one(a), one(b), none),
        SetIndex => plain(one(a).union(one(b)).union(one(c)), none),
        SetIndexTake => taking(one(a).union(one(b)), one(c), none),
        Call | Invoke => calling(RegisterSet::range(a, b + 1)),
        CallGlobal => calling(RegisterSet::range(a + 1, b)),
        InvokeOn => {
            let effect = calling(RegisterSet::range(a + 1, b));
            Effect { reads: effect.reads.union(one(c)), ..effect }
        }
        InvokeSuper => calling(RegisterSet::range(a, b + 1).union(one(c))),
        CallSpread | InvokeSpread => calling(RegisterSet::range(a, 2)),
        NewList => taking(none, RegisterSet::range(b, c), one(a)),
        NewMap => taking(none, RegisterSet::range(b, 2 * c), one(a)),
        Interpolate => plain(RegisterSet::range(b, c), one(a)),
        IterateBegin => taking(none, one(a), RegisterSet::range(a, 2)),
        IterateNext => plain(RegisterSet::range(a, 2), one(b).union(one((a + 1).min(255)))),
    }
}
