//! From text to a syntax tree.

#![forbid(unsafe_code)]

pub mod ast;

/// How deeply statements and expressions may nest.
pub const MAX_DEPTH: u16 = 1000;
