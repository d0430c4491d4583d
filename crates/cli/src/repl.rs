//! The REPL: read, evaluate, print, and keep going whatever happens.

use crate::{run, signal};
use calf_vm::{Choice, Evaluation, Options};
use rustyline::error::ReadlineError;
use rustyline::{Config, DefaultEditor};
use std::path::PathBuf;

const HISTORY: usize = 10_000;

/// Where the history is kept: under the XDG state folder, else in the home folder.
fn history_file() -> Option<PathBuf> {
    let state =
        std::env::var_os("XDG_STATE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let folder = match state {
        Some(folder) => folder.join("calf"),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".local/state/calf"),
    };
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

/// Talks until the end of input; gives the exit code.
pub(crate) fn run(strategy: Choice, options: Options) -> i32 {
    let mut machine = match run::start(strategy, options) {
        Ok(machine) => machine,
        Err(code) => return code,
    };
    let config = Config::builder()
        .max_history_size(HISTORY)
        .map(|builder| builder.auto_add_history(false).build());
    let editor = config.and_then(DefaultEditor::with_config);
    let mut editor = match editor {
        Ok(editor) => editor,
        Err(error) => {
            eprintln!("calf: cannot use the terminal: {error}");
            return calf_vm::exit_code::IO;
        }
    };
    let history = history_file();
    if let Some(history) = &history {
        // A first session has none.
        let _ = editor.load_history(history);
    }
    println!("Calf {} under '{}'. Ctrl-D leaves.", env!("CARGO_PKG_VERSION"), strategy.row.name);
    signal::catch_interrupt();
    let mut entry = String::new();
    let mut number = 1;
    let code = loop {
        let prompt = if entry.is_empty() { "> " } else { ". " };
        match editor.readline(prompt) {
            Ok(line) => {
                entry.push_str(&line);
                if entry.trim().is_empty() {
                    entry.clear();
                    continue;
                }
                match machine.evaluate(&format!("repl:{number}"), &entry) {
                    Evaluation::Incomplete => {
                        entry.push('\n');
                        continue;
                    }
                    Evaluation::Done(Some(text)) => println!("{text}"),
                    Evaluation::Done(None) | Evaluation::Failed => {}
                    Evaluation::Exit(code) => break code,
                }
                let _ = editor.add_history_entry(entry.trim_end());
                entry.clear();
                number += 1;
            }
            // Ctrl-C: what was typed is dropped.
            Err(ReadlineError::Interrupted) => entry.clear(),
            Err(ReadlineError::Eof) => break 0,
            Err(error) => {
                eprintln!("calf: cannot read: {error}");
                break calf_vm::exit_code::IO;
            }
        }
    };
    if let Some(history) = &history {
        // A folder that cannot be written to costs the history, nothing else.
        let _ = editor.save_history(history);
    }
    machine.finish(code)
}
