//! What scripts promise in their comments, and the processes that show whether they keep it: the half of `calf test` that Calf's own
//! suite uses, too.
//!
//! Whoever uses this starts threads and keeps pipes open, and so must not fork; the scripts, which may, run in processes of their own.

#![forbid(unsafe_code)]

mod expectation;
mod process;

pub use expectation::Expectation;
pub use process::{Outcome, Process};
