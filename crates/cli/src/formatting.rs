//! `calf fmt`: scripts in the one style.

use crate::run::{read_file, scripts_below};
use calf_format::{FormatError, format};
use calf_source::{SourceFile, Style};
use calf_vm::exit_code;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Of a check: some file is not in the style.
const DIFFERENT: i32 = 1;

/// Formats files in place, and standard input to standard output; or only checks. The worst code of all files.
pub(crate) fn run(files: &[PathBuf], check: bool, style: Style) -> i32 {
    let input = [PathBuf::from("-")];
    let files = if files.is_empty() { &input } else { files };
    files.iter().map(|file| format_path(file, check, style)).max().unwrap_or(0)
}

fn format_path(path: &Path, check: bool, style: Style) -> i32 {
    if path.as_os_str() == "-" {
        return format_input(check, style).unwrap_or_else(|code| code);
    }
    match scripts_below(path) {
        Ok(scripts) => {
            let codes = scripts
                .iter()
                .map(|script| format_file(script, check, style).unwrap_or_else(|code| code));
            codes.max().unwrap_or(0)
        }
        Err(code) => code,
    }
}

fn format_input(check: bool, style: Style) -> Result<i32, i32> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(|error| {
        eprintln!("calf: cannot read standard input: {error}");
        exit_code::IO
    })?;
    let formatted = formatted("stdin", bytes.clone(), style)?;
    Ok(match check {
        true if formatted.as_bytes() != bytes => report("stdin"),
        true => 0,
        false => crate::print(&formatted),
    })
}

fn format_file(path: &Path, check: bool, style: Style) -> Result<i32, i32> {
    let name = path.to_string_lossy();
    let bytes = read_file(path)?;
    let formatted = formatted(&name, bytes.clone(), style)?;
    if formatted.as_bytes() == bytes {
        return Ok(0);
    }
    if check {
        return Ok(report(&name));
    }
    std::fs::write(path, formatted).map_err(|error| {
        eprintln!("calf: cannot write '{name}': {error}");
        exit_code::IO
    })?;
    Ok(0)
}

fn report(name: &str) -> i32 {
    match crate::print(&format!("{name}\n")) {
        0 => DIFFERENT,
        code => code,
    }
}

fn formatted(name: &str, bytes: Vec<u8>, style: Style) -> Result<String, i32> {
    let file = SourceFile::from_bytes(name, bytes).map_err(|error| {
        eprintln!("{}", error.render(style).trim_end());
        exit_code::COMPILE
    })?;
    format(&file).map_err(|error| match error {
        FormatError::Syntax(diagnostics) => {
            eprintln!("{}", calf_source::render_all(&diagnostics, &file, style).trim_end());
            exit_code::COMPILE
        }
        FormatError::Unfaithful => {
            eprintln!(
                "calf: '{name}' is left as it is: the formatted text would be another program"
            );
            exit_code::RUNTIME
        }
    })
}
