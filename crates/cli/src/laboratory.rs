//! `calf lab`: the experiments.

use crate::arguments::LabRun;
use crate::choices::Choices;
use calf_lab::{LabError, Options};
use calf_vm::exit_code;

fn code_of(result: Result<(), LabError>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error) if error.is_usage() => {
            eprintln!("calf: {error}");
            exit_code::USAGE
        }
        Err(LabError::Io { error, .. }) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            exit_code::CLOSED_PIPE
        }
        Err(error @ LabError::Io { .. }) => {
            eprintln!("calf: {error}");
            exit_code::IO
        }
        Err(error) => {
            eprintln!("calf: {error}");
            exit_code::RUNTIME
        }
    }
}

/// Prints the experiments.
pub(crate) fn list() -> i32 {
    code_of(calf_lab::list(&mut std::io::stdout()))
}

/// Runs experiments.
pub(crate) fn run(run: &LabRun, choices: &Choices) -> i32 {
    let mut options = Options {
        strategies: run.strategies.clone(),
        size: run.size,
        json: run.json,
        ..Options::default()
    };
    if let Some(repeats) = run.repeats {
        options.repeats = repeats as usize;
    }
    let known: Vec<&'static str> = choices.rows().map(|row| row.name).collect();
    code_of(calf_lab::run(&run.names, &options, &known, &mut std::io::stdout()))
}
