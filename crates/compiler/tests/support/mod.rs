//! Compiles texts for the tests.

#![allow(dead_code, reason = "each test file uses a part")]

use bumpalo::Bump;
use calf_bytecode::Function;
use calf_compiler::{Globals, Options, compile};
use calf_source::{Diagnostic, SourceFile};
use std::collections::HashMap;

/// Globals numbered in the order of their first use.
#[derive(Default)]
pub(crate) struct Numbers(HashMap<String, usize>);

impl Globals for Numbers {
    fn global(&mut self, name: &str) -> Option<u16> {
        let next = self.0.len();
        let number = *self.0.entry(name.to_string()).or_insert(next);
        u16::try_from(number).ok()
    }
}

/// Compiles a text that must be syntactically right, and checks the result.
pub(crate) fn try_compile(text: &str, options: Options) -> Result<Function, Vec<Diagnostic>> {
    let file = SourceFile::new("test", text);
    let arena = Bump::new();
    let program =
        calf_parser::parse(&arena, &file).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
    let function = compile(&program, &file, &mut Numbers::default(), options)?;
    if let Err(complaint) = calf_bytecode::check::check(&function) {
        panic!("{complaint}\n{}\n{text}", calf_bytecode::disassemble::disassemble(&function));
    }
    Ok(function)
}

/// Compiles a text that must be right, with and without releases; the function without is given.
pub(crate) fn compiled(text: &str) -> Function {
    let with = |release_temporaries| {
        let options = Options { release_temporaries, interactive: false };
        try_compile(text, options).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"))
    };
    with(true);
    with(false)
}

/// The listing of a right text with lines.
pub(crate) fn listing(text: &str, release_temporaries: bool) -> String {
    let function = try_compile(text, Options { release_temporaries, interactive: false })
        .unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
    calf_bytecode::disassemble::disassemble_with_lines(&function, &SourceFile::new("test", text))
}

/// The messages for a text that breaks rules, with the text they point at.
pub(crate) fn complaints(text: &str) -> Vec<String> {
    let file = SourceFile::new("test", text);
    let errors = try_compile(text, Options::default()).err().unwrap_or_default();
    errors.iter().map(|error| format!("{} [{}]", error.message, file.slice(error.span))).collect()
}
