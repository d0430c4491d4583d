//! Running a program: reading its text, starting the machine, leaving with its code.

use crate::arguments::{self, Program};
use crate::signal;
use calf_vm::{Choice, Machine, Options, exit_code};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Runs a program and gives the exit code.
pub(crate) fn run(strategy: Choice, options: Options, program: Program) -> i32 {
    let (name, bytes) = match read(program) {
        Ok(read) => read,
        Err(code) => return code,
    };
    let tells_of_stale_access = options.heap.zeal.page;
    let mut machine = match start(strategy, options) {
        Ok(machine) => machine,
        Err(code) => return code,
    };
    signal::catch_interrupt();
    if tells_of_stale_access {
        signal::tell_of_stale_access();
    }
    let code = machine.run_file(&name, bytes);
    machine.finish(code)
}

/// A machine, or the code to leave with.
pub(crate) fn start(strategy: Choice, options: Options) -> Result<Box<dyn Machine>, i32> {
    strategy.start(options).map_err(|error| {
        eprintln!("calf: {error}");
        match error {
            calf_gc::HeapError::Reserve { .. } => exit_code::RUNTIME,
            _ => exit_code::USAGE,
        }
    })
}

/// The name of a program and its text, or the code to leave with.
pub(crate) fn read(program: Program) -> Result<(String, Vec<u8>), i32> {
    match program {
        Program::Text(text) => Ok(("-e".to_string(), text.into_bytes())),
        Program::Input => {
            let mut bytes = Vec::new();
            match std::io::stdin().read_to_end(&mut bytes) {
                Ok(_) => Ok(("stdin".to_string(), bytes)),
                Err(error) => {
                    eprintln!("calf: cannot read standard input: {error}");
                    Err(exit_code::IO)
                }
            }
        }
        Program::File(path) => {
            let name = path.to_string_lossy().into_owned();
            match read_file(&path) {
                Ok(bytes) => Ok((name, bytes)),
                Err(code) => {
                    if let Some(near) = arguments::nearest_command(&name).filter(|_| !path.exists())
                    {
                        eprintln!("  tip: a similar command exists: 'calf {near}'");
                    }
                    Err(code)
                }
            }
        }
    }
}

/// The bytes of a script, or the code to leave with.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, i32> {
    if path.is_dir() {
        eprintln!("calf: '{}' is a directory; give a script", path.display());
        return Err(exit_code::IO);
    }
    std::fs::read(path).map_err(|error| {
        eprintln!("calf: cannot read '{}': {error}", path.display());
        if error.kind() == std::io::ErrorKind::NotFound
            && let Some(near) = nearest_file(path)
        {
            eprintln!("  tip: a similar file exists: '{near}'");
        }
        exit_code::IO
    })
}

/// The file itself; or, of a folder, every script in it and in the folders below, in the order of their paths. On `Err` it is said why
/// the folder cannot be listed, and the code is the one to leave with.
pub(crate) fn scripts_below(path: &Path) -> Result<Vec<PathBuf>, i32> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let entries = entries.map_err(|error| {
            eprintln!("calf: cannot list '{}': {error}", folder.display());
            exit_code::IO
        })?;
        for entry in entries {
            let path = entry.path();
            // A link to a folder may lead around in a circle.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "calf") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn nearest_file(path: &Path) -> Option<String> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let names: Vec<String> = std::fs::read_dir(directory)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .take(10_000)
        .collect();
    let name = path.file_name()?.to_str()?;
    let near = calf_source::suggest(name, names.iter().map(String::as_str))?;
    Some(path.with_file_name(near).to_string_lossy().into_owned())
}
