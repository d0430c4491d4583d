//! The command `calf` as a library: arguments, the runner, the REPL. [`run_with`] is all of it.

mod arguments;
mod blame;
mod choices;
mod commands;
mod formatting;
mod help;
mod inspection;
mod instruments;
mod laboratory;
mod manual;
mod repl;
mod run;
mod signal;
mod strategies;
mod testing;

pub use calf_vm::Choice;

use calf_vm::exit_code;
use choices::Choices;

/// Does what the process's command line asks for, and leaves. `own` are strategies beside those of the table: for a `calf` with
/// a collector of one's own, chosen, listed, explained and measured as the others are.
pub fn run_with(own: &[Choice]) -> ! {
    let choices = Choices::with(own);
    let code = match arguments::read(std::env::args_os(), &choices) {
        Ok(command) => carry_out(command, &choices),
        Err(code) => code,
    };
    leave(code)
}

fn carry_out(command: arguments::Command, choices: &Choices) -> i32 {
    use arguments::Command;
    match command {
        Command::Run { strategy, options, program } => run::run(strategy, options, program),
        Command::Repl { strategy, options, first } => repl::run(strategy, options, choices, first),
        Command::GcList { names_only } => strategies::list(names_only, choices),
        Command::GcExplain { name } => strategies::explain(&name, choices),
        Command::Check { files, style } => inspection::check(&files, style),
        Command::Format { files, check, style } => formatting::run(&files, check, style),
        Command::Test(run) => testing::run(&run),
        Command::LanguageServer => calf_language_server::serve(),
        Command::Disassemble { file, strategy, style } => {
            inspection::disassemble(&file, strategy, style)
        }
        Command::Lab(command) => laboratory::run(command, choices),
        Command::Manual(parser) => manual::page(*parser),
        Command::Completions(parser, shell) => manual::completions(*parser, shell),
        Command::Instrument(instrument) => instruments::run(instrument),
        Command::BlameTimeline { file, ascii } => blame::timeline(&file, ascii),
        Command::BlameDifference { before, after, collapsed } => {
            blame::compare(&before, &after, collapsed)
        }
    }
}

/// Ends the process without running anything more: in a forked child the way out of the parent must not run twice.
fn leave(code: i32) -> ! {
    use std::io::Write;
    let flushed = std::io::stdout().flush();
    let code = match flushed {
        Err(error) if code == 0 && error.kind() == std::io::ErrorKind::BrokenPipe => {
            exit_code::CLOSED_PIPE
        }
        Err(_) if code == 0 => exit_code::IO,
        _ => code,
    };
    // SAFETY: ends the process; everything that had to be written is.
    unsafe { libc::_exit(code) }
}

/// Writes to standard output without ever panicking: the exit code for what became of it.
fn print(text: &str) -> i32 {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => 0,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => exit_code::CLOSED_PIPE,
        Err(error) => {
            eprintln!("calf: cannot write to standard output: {error}");
            exit_code::IO
        }
    }
}
