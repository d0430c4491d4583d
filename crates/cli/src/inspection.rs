//! `calf check` and `calf dis`: what the compiler says of a file, without running it.

use crate::run::read_file;
use calf_bytecode::Function;
use calf_source::{SourceFile, Style};
use calf_vm::{Choice, exit_code};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Numbers for globals where there is no machine to give them.
#[derive(Default)]
struct Numbers(HashMap<String, u16>);

impl calf_compiler::Globals for Numbers {
    fn global(&mut self, name: &str) -> Option<u16> {
        let next = u16::try_from(self.0.len()).ok()?;
        Some(*self.0.entry(name.to_string()).or_insert(next))
    }
}

fn compile(path: &Path, release_temporaries: bool, style: Style) -> Result<Function, i32> {
    let bytes = read_file(path)?;
    let file = SourceFile::from_bytes(path.to_string_lossy(), bytes).map_err(|error| {
        eprintln!("{}", error.render(style).trim_end());
        exit_code::COMPILE
    })?;
    let options = calf_compiler::Options { release_temporaries, interactive: false };
    let arena = bumpalo::Bump::new();
    let function = calf_parser::parse(&arena, &file).and_then(|program| {
        if !program.warnings.is_empty() {
            eprintln!("{}", calf_source::render_all(&program.warnings, &file, style).trim_end());
        }
        calf_compiler::compile(&program, &file, &mut Numbers::default(), options)
    });
    match function {
        Ok(function) => Ok(function),
        Err(diagnostics) => {
            eprintln!("{}", calf_source::render_all(&diagnostics, &file, style).trim_end());
            Err(exit_code::COMPILE)
        }
    }
}

/// Looks for errors; the worst code of all files.
pub(crate) fn check(files: &[PathBuf], style: Style) -> i32 {
    files.iter().map(|file| compile(file, false, style).err().unwrap_or(0)).max().unwrap_or(0)
}

/// Prints the bytecode, as it is for this strategy.
pub(crate) fn disassemble(path: &Path, strategy: Choice, style: Style) -> i32 {
    match compile(path, strategy.row.counts(), style) {
        Ok(function) => crate::print(&calf_bytecode::disassemble::disassemble(&function)),
        Err(code) => code,
    }
}
