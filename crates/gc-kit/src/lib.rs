//! The conformance suite as a library: any collector can be held to the contract's promises.
//!
//! ```ignore
//! // tests/conformance.rs of a crate with a collector of its own (harness = false)
//! fn main() {
//!     calf_gc_kit::hold_to_its_promises::<Mine>(&ROW)
//! }
//! ```
//!
//! `fault` plants bugs, to see the suite find them. `promises` has one function for each thing that is promised, `random` a mutator that does anything at all, `mutator` what both
//! are written with. `suite` runs each check in a process of its own, so that a collector that crashes or never ends costs one
//! test, and says of each failure what was broken, where, and how to see it again.

pub mod fault;
pub mod mutator;
pub mod promises;
pub mod random;
pub mod suite;

pub use fault::{Broken, Fault, ForgetsToRemember};
pub use mutator::{Held, Mutator, Random};
pub use promises::{Abilities, PROMISES, Promise};
pub use suite::{Check, hold_to_its_promises};
