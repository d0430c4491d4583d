//! `calf test`: scripts against what their comments promise, each in a fresh process.

use crate::arguments::TestRun;
use crate::run::{read_file, scripts_below};
use calf_suite::Expectation;
use calf_vm::exit_code;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Some script does not do what it promises.
const FAILED: i32 = 1;

/// What became of the runs.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// Runs every script under every strategy and prints what is different.
pub(crate) fn run(run: &TestRun) -> i32 {
    let interpreter = match std::env::current_exe() {
        Ok(path) => path,
        Err(error) => {
            eprintln!("calf: cannot find the interpreter itself: {error}");
            return exit_code::IO;
        }
    };
    let scripts = match scripts(&run.files) {
        Ok(scripts) => scripts,
        Err(code) => return code,
    };
    let mut tally = Tally::default();
    for script in &scripts {
        if let Err(code) = test(run, &interpreter, script, &mut tally) {
            return code;
        }
    }
    let Tally { passed, failed, skipped } = tally;
    let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    match crate::print(&format!("{passed} passed, {failed} failed{skipped}\n")) {
        0 if failed > 0 => FAILED,
        code => code,
    }
}

/// The scripts to run: of folders those that do not lie in one called `parts`, which are there to be imported.
fn scripts(files: &[PathBuf]) -> Result<Vec<PathBuf>, i32> {
    let mut scripts = Vec::new();
    for file in files {
        let is_part = |path: &Path| {
            let below = path.strip_prefix(file).unwrap_or(path);
            below.components().any(|part| part.as_os_str() == "parts")
        };
        let is_folder = file.is_dir();
        scripts
            .extend(scripts_below(file)?.into_iter().filter(|path| !is_folder || !is_part(path)));
    }
    Ok(scripts)
}

/// Runs one script; on `Err` it is said why nothing more can be done.
fn test(run: &TestRun, interpreter: &Path, script: &Path, tally: &mut Tally) -> Result<(), i32> {
    let text = String::from_utf8_lossy(&read_file(script)?).into_owned();
    let expectation = match Expectation::read(&text) {
        Ok(expectation) => expectation,
        Err(message) => {
            tally.failed += 1;
            return report(script, "", &[message]);
        }
    };
    if expectation.skips_stress && run.flags.contains(&"gc-stress") {
        tally.skipped += 1;
        return Ok(());
    }
    // Without a name, the interpreter's own choice.
    let strategies = match run.strategies.as_slice() {
        [] => vec![None],
        names => names.iter().map(Some).collect(),
    };
    for strategy in strategies {
        let mut command = Command::new(interpreter);
        command.args(run.flags.iter().map(|flag| format!("--{flag}")));
        command.args(strategy.iter().flat_map(|name| ["--gc", name]));
        let wrong = expectation.check(command, script, Duration::from_secs(run.limit));
        let wrong = wrong.map_err(|error| {
            eprintln!("calf: cannot run '{}': {error}", script.display());
            exit_code::IO
        })?;
        if wrong.is_empty() {
            tally.passed += 1;
        } else {
            tally.failed += 1;
            let under = strategy.map(|name| format!(" under {name}")).unwrap_or_default();
            report(script, &under, &wrong)?;
        }
    }
    Ok(())
}

/// Prints what is different.
fn report(script: &Path, under: &str, wrong: &[String]) -> Result<(), i32> {
    let mut text = format!("FAILED {}{under}\n", script.display());
    for line in wrong.iter().flat_map(|difference| difference.lines()) {
        text.push_str(&format!("  {line}\n"));
    }
    match crate::print(&text) {
        0 => Ok(()),
        code => Err(code),
    }
}
