//! The machine: bytecode on a heap under any collector.
//!
//! Reading order: `kind` and `shape` (what objects are), `code` and `mutator` (what there is beside the heap), `vm`, `interpreter`
//! (the loop), then one file for each kind of thing, and `native/` for what scripts call.

pub mod blame;
pub mod call;
mod census;
#[cfg(not(test))]
mod choices;
pub mod class;
pub mod closure;
pub mod code;
pub mod error;
pub mod exit;
pub mod explain;
mod fork;
pub mod index;
pub mod instance;
pub mod interpreter;
pub mod kind;
pub mod list;
pub mod load;
pub mod map;
pub mod measure;
pub mod module;
pub mod mutator;
pub mod native;
pub mod output;
pub mod page_map;
pub mod program;
pub mod session;
pub mod shape;
pub mod start;
pub mod string;
pub mod text;
pub mod trace;
pub mod vm;

pub use blame::BlameOptions;
#[cfg(not(test))]
pub use choices::choices;
pub use page_map::PageMapForm;
pub use program::exit_code;
pub use session::Evaluation;
pub use vm::{ExitPolicy, Options, Vm};

use calf_gc::{Collector, HeapError, Row};

/// The machine without its collector's type: what the command line and the REPL need.
pub trait Machine: session::Session {
    /// Runs a file as the program; gives the exit code so far.
    fn run_file(&mut self, name: &str, bytes: Vec<u8>) -> i32;
    /// Carries out the exit policy; gives the code to end the process with.
    fn finish(&mut self, code: i32) -> i32;
}

impl<C: Collector> Machine for Vm<C> {
    fn run_file(&mut self, name: &str, bytes: Vec<u8>) -> i32 {
        Vm::run_file(self, name, bytes)
    }
    fn finish(&mut self, code: i32) -> i32 {
        Vm::finish(self, code)
    }
}

/// A strategy to be chosen when a program starts: its row, and the machine for it. One is made where the collector's type is
/// known, in this crate for the table's or in another for its own.
#[derive(Clone, Copy)]
pub struct Choice {
    /// What there is to say of it.
    pub row: &'static Row,
    start: fn(Options, &'static Row) -> Started,
}

/// A machine, or why there is none.
type Started = Result<Box<dyn Machine>, HeapError>;

impl Choice {
    /// The machine for the collector `C`, which `row` describes.
    pub fn of<C: Collector>(row: &'static Row) -> Choice {
        Choice { row, start: |options, row| Ok(Box::new(Vm::<C>::new(options, row)?)) }
    }

    /// A machine under this strategy.
    ///
    /// # Errors
    /// There is no address space, or the strategy does not know an option.
    pub fn start(self, options: Options) -> Started {
        (self.start)(options, self.row)
    }
}
