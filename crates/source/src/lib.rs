//! What every stage says about the text of a program: where ([`Span`]), in which file ([`SourceFile`]), and what is wrong with it
//! ([`Diagnostic`]).

#![forbid(unsafe_code)]

mod diagnostic;
mod file;
pub mod habit;
mod json;
mod render;
mod span;
mod suggest;

pub use diagnostic::{Diagnostic, Edit, Fix, Kind, Label};
pub use file::{InvalidText, LineColumn, MAX_BYTES, SourceFile};
pub use render::{Style, render, render_all};
pub use span::Span;
pub use suggest::suggest;
