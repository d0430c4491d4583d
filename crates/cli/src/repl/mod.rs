//! The REPL: read, evaluate, print, and keep going whatever happens.
//!
//! [`command`] is the one table of commands: dispatch, `:help` and completion come from it. [`session`] keeps the machine and what was
//! entered; [`helper`] is what the line editor asks while a line is typed; the rest are the commands, by what they are about.

mod bench;
mod command;
mod completion;
mod files;
mod fork;
mod help;
mod helper;
mod highlight;
mod history;
mod keys;
mod layout;
mod look;
mod memory;
mod restart;
mod session;
mod table;

use crate::arguments::Program;
use crate::choices::Choices;
use crate::{run, signal};
use calf_vm::{Choice, Options, exit_code};
use helper::Helper;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};
use session::{Next, Session};

/// Completions that are listed without a question.
const LISTED: usize = 200;

/// Talks until the end of input; gives the exit code. `first` is run before the first prompt, and what it defines is there.
pub(crate) fn run(
    strategy: Choice,
    options: Options,
    choices: &Choices,
    first: Option<Program>,
) -> i32 {
    let color = options.color;
    let first = match first.map(run::read).transpose() {
        Ok(first) => first,
        Err(code) => return code,
    };
    let machine = match run::start(strategy, options.clone()) {
        Ok(machine) => machine,
        Err(code) => return code,
    };
    let mut session = Session::new(machine, strategy, options, choices);
    let mut editor = match editor(&session) {
        Ok(editor) => editor,
        Err(error) => {
            eprintln!("calf: cannot use the terminal: {error}");
            return exit_code::IO;
        }
    };
    let history = history::load(&mut editor);
    signal::set_phase(signal::Phase::Reading);
    signal::catch_interrupt();
    signal::keep_terminal();
    let version = env!("CARGO_PKG_VERSION");
    let name = strategy.row.name;
    let code = crate::print(&format!(
        "Calf {version} under '{name}'. :help says what there is, Ctrl-D leaves.\n"
    ));
    if code != 0 {
        return code;
    }
    if let Some((name, bytes)) = first
        && let Some(code) = left(session.load(&name, bytes), &mut session)
    {
        return code;
    }
    let prompt = if color { ("> ", "\x1b[1m> \x1b[0m") } else { ("> ", "> ") };
    loop {
        let next = match editor.readline(&prompt) {
            Ok(entry) if entry.trim().is_empty() => continue,
            Ok(entry) => {
                // Before it runs: what ends the process must not take the entry with it.
                history::add(&mut editor, history.as_deref(), &entry);
                session.enter(&entry)
            }
            // Ctrl-C: what was typed is dropped. A window that changed its size: the editor draws anew.
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => continue,
            Err(ReadlineError::Eof) => Next::Leave(0),
            Err(error) => {
                eprintln!("calf: cannot read: {error}");
                Next::Leave(exit_code::IO)
            }
        };
        if let Some(code) = left(next, &mut session) {
            return code;
        }
    }
}

/// The code to leave with, if this is the end.
fn left(next: Next, session: &mut Session) -> Option<i32> {
    match next {
        Next::Read => None,
        Next::Leave(code) => Some(session.machine.borrow_mut().finish(code)),
        Next::LeaveAtOnce(code) => Some(code),
    }
}

fn editor(session: &Session) -> rustyline::Result<Editor<Helper, FileHistory>> {
    let config = Config::builder()
        .max_history_size(history::ENTRIES)?
        .auto_add_history(false)
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .completion_prompt_limit(LISTED)
        .color_mode(match session.options.color {
            true => rustyline::ColorMode::Forced,
            false => rustyline::ColorMode::Disabled,
        })
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Helper::new(session)));
    keys::bind(&mut editor);
    Ok(editor)
}
