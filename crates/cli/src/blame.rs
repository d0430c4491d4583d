//! `--blame`: the report at the end of a run; `calf blame`: what became of two runs.

use calf_lab::blame::{self, Report, advise, difference};
use calf_vm::exit_code;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

static OUTPUT: OnceLock<PathBuf> = OnceLock::new();

/// Where the profile goes: the first path that is given.
pub(crate) fn write_to(path: PathBuf) {
    OUTPUT.get_or_init(|| path);
}

/// Prints the report that the machine hands over as its last thing, and writes the profile.
pub(crate) fn tell(text: &str) {
    let Some(report) = Report::parse(text) else {
        eprintln!("calf: the report on first writes cannot be read");
        return;
    };
    let mut table = Vec::new();
    // Memory takes all that is written to it, and there is no one left to tell what standard error does not take.
    let _ = blame::print(&report, &mut table);
    let _ = io::stderr().write_all(&table);
    if let Some(path) = OUTPUT.get() {
        let name = path.file_stem().map_or("calf".into(), |name| name.to_string_lossy());
        let profile = match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => blame::speedscope(&report, &name),
            Some("blame") => text.to_string(),
            _ => blame::collapsed(&report),
        };
        if let Err(error) = std::fs::write(path, profile) {
            eprintln!("calf: cannot write '{}': {error}", path.display());
        }
    }
}

/// Prints the first writes of a run along time.
pub(crate) fn timeline(file: &Path, ascii: bool) -> i32 {
    let bytes = match crate::run::read_file(file) {
        Ok(bytes) => bytes,
        Err(code) => return code,
    };
    let Some(report) = Report::parse(&String::from_utf8_lossy(&bytes)) else {
        let path = file.display();
        eprintln!(
            "calf: '{path}' is no report; --blame-output writes one to a name that ends in .blame"
        );
        return exit_code::IO;
    };
    let mut text = Vec::new();
    match blame::timeline::print(&report, ascii, &mut text) {
        Ok(()) => crate::print(&String::from_utf8_lossy(&text)),
        Err(_) => exit_code::IO,
    }
}

/// Prints how two profiles differ.
pub(crate) fn compare(before: &Path, after: &Path, collapsed: bool) -> i32 {
    let read = |path: &Path| {
        let text = String::from_utf8_lossy(&crate::run::read_file(path)?).into_owned();
        difference::read(&text).map_err(|error| {
            eprintln!(
                "calf: '{}' is no profile that --blame-output writes: {error}",
                path.display()
            );
            exit_code::IO
        })
    };
    let (one, other) = match (read(before), read(after)) {
        (Ok(one), Ok(other)) => (one, other),
        (Err(code), _) | (_, Err(code)) => return code,
    };
    let mut text = Vec::new();
    let printed = if collapsed {
        difference::print_collapsed(&one, &other, &mut text)
    } else {
        difference::print(&one, &other, &mut text)
    };
    match printed {
        Ok(()) => crate::print(&String::from_utf8_lossy(&text)),
        Err(_) => exit_code::IO,
    }
}

/// Runs a script under blame, and tries what it is advised.
pub(crate) fn advise(script: PathBuf, arguments: Vec<String>, strategy: Option<String>) -> i32 {
    let calf = match std::env::current_exe() {
        Ok(calf) => calf,
        Err(error) => {
            eprintln!("calf: cannot find the program: {error}");
            return exit_code::IO;
        }
    };
    if let Err(code) = crate::run::read_file(&script) {
        return code;
    }
    let request = advise::Request { calf, script, arguments, strategy };
    match advise::advise(&request, &mut io::stdout()) {
        Ok(()) => 0,
        Err(text) => {
            eprintln!("calf: {text}");
            exit_code::RUNTIME
        }
    }
}
