//! A compiled function: code, constants, and the tables beside them.

use calf_source::Span;
use std::rc::Rc;

/// A constant of a function. The machine makes heap objects of the strings when it loads the function.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// `nil`
    Nil,
    /// `true` or `false`
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A string (text of the program or a name).
    String(Box<str>),
}

/// What kind of function it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The top level of a file or of one REPL entry.
    Script,
    /// A function or an anonymous function: `R[0]` is the closure.
    Function,
    /// A method: `R[0]` is `this`.
    Method,
    /// `init`: like a method; returns `this`.
    Initializer,
}

/// Where a closure takes a capture from when it is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Capture {
    /// A register of the function that makes it: a box, or a value that is never assigned again.
    Register(u8),
    /// A spilled local of that function.
    Spill(u16),
    /// A capture of that function.
    Capture(u16),
}

/// A `try`: if an error passes while the machine is in `start .. end` (word positions of instructions), the registers from `live` on are
/// released, the error is put in `register`, and the machine goes on at `target`. Inner handlers come before outer ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handler {
    /// First word covered.
    pub start: u32,
    /// First word not covered.
    pub end: u32,
    /// Where to go on.
    pub target: u32,
    /// Where the error is put.
    pub register: u8,
    /// How many registers are live at the target, besides `register`, which is the next one.
    pub live: u16,
}

/// A compiled function. Word positions index `code`; `live` and `spans` run parallel to it.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name; empty if anonymous.
    pub name: Box<str>,
    /// What it is.
    pub kind: Kind,
    /// How many parameters, at most 255.
    pub arity: u8,
    /// The size of its window: one more than its highest register.
    pub registers: u16,
    /// The instructions.
    pub code: Vec<u32>,
    /// For each word: how many registers, from `R[0]` on, hold live values while the instruction runs (its operands included, its
    /// result not; the window of a call not).
    pub live: Vec<u16>,
    /// For each word: the text it came from.
    pub spans: Vec<Span>,
    /// The constants.
    pub constants: Vec<Constant>,
    /// What its closures capture, in order.
    pub captures: Vec<Capture>,
    /// The functions declared directly in it, for [`crate::Op::Closure`].
    pub functions: Vec<Rc<Function>>,
    /// For each cache site: the constant that is the name looked up there.
    pub caches: Vec<u32>,
    /// The handlers, inner ones first.
    pub handlers: Vec<Handler>,
    /// Where the function stands in its file.
    pub span: Span,
}
