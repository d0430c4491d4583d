//! `calf lsp`: what editors ask about programs, answered over standard input and output in the Language Server Protocol.
//!
//! [`analysis`] is what is known about one text: its diagnostics, and every name with what it means. [`document`] holds an open text
//! and keeps its last analysis that was a program. The features are one file each, over these two; [`server`] speaks the protocol.
//!
//! The protocol's library reads and writes on threads of its own: this process must not fork, and runs no program of the language.

#![forbid(unsafe_code)]

mod analysis;
mod completion;
mod diagnostic;
mod document;
mod hover;
mod position;
pub mod reference;
mod server;
mod symbols;
mod walk;

pub use server::serve;
