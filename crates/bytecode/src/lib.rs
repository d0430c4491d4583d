//! The contract between the compiler and the machine: the table of instructions and what a compiled function is.
#![forbid(unsafe_code)]

pub mod check;
pub mod disassemble;
pub mod effect;
pub mod function;
pub mod op;
pub mod registers;

pub use effect::{Effect, effect};
pub use function::{Capture, Constant, Function, Handler, Kind};
pub use op::{Extension, Op, Operand, Shape};
pub use registers::RegisterSet;
