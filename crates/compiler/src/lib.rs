//! From the syntax tree to bytecode.
//!
//! Two passes. The [`resolver`] finds out which variable each name means, which variables are captured and assigned, and reports
//! every broken rule. The [`generator`] then writes the instructions in one go; it can fail only at limits of the format.
//!
//! Nothing here allocates in the managed heap.

#![forbid(unsafe_code)]

mod generator;
mod resolver;

use calf_bytecode::Function;
use calf_parser::ast::Program;
use calf_source::{Diagnostic, SourceFile};

/// The globals of the module that is compiled.
pub trait Globals {
    /// The machine-wide number of the module's global `name`, made if it is new. `None` if there are more than 65 536.
    fn global(&mut self, name: &str) -> Option<u16>;
}

/// How to compile.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Options {
    /// Release temporaries and locals as soon as they are dead: for strategies that count references.
    pub release_temporaries: bool,
    /// Return the value of the last statement, if that is an expression: for the REPL.
    pub interactive: bool,
}

/// Compiles a file, or an entry of the REPL, to the function that is its top level.
///
/// # Errors
/// Every rule that the program breaks; or, if it breaks none, a limit that it exceeds.
pub fn compile<'a>(
    program: &Program<'a>,
    file: &SourceFile,
    globals: &mut dyn Globals,
    options: Options,
) -> Result<Function, Vec<Diagnostic>> {
    let resolution = resolver::resolve(program, options)?;
    generator::generate(program, file, &resolution, globals, options)
}
