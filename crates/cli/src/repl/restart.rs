//! `:reset` and `:gc NAME`: another machine in the place of this one.

use super::layout::wrapped;
use super::session::{Next, Session};
use crate::run;
use calf_gc::Row;
use calf_lexer::{Lexer, Token};
use calf_vm::session::Evaluation;
use calf_vm::{Choice, Options};

/// Names of what reaches out of the session: what an entry did with it is not done again.
const OUTWARD: [&str; 2] = ["os", "input"];

/// Columns in front of what is written.
const BEHIND: usize = 34;

/// A new machine, nothing defined. False if there is none, which was said.
fn begin(session: &mut Session, strategy: Choice, options: Options) -> bool {
    match run::start(strategy, options.clone()) {
        Ok(machine) => {
            *session.machine.borrow_mut() = machine;
            (session.strategy, session.options) = (strategy, options);
            true
        }
        Err(_) => false,
    }
}

pub(crate) fn reset(session: &mut Session, _: &str) -> Next {
    let (strategy, options) = (session.strategy, session.options.clone());
    if begin(session, strategy, options) {
        session.inputs.clear();
    }
    Next::Read
}

/// Does an entry reach out of the session?
fn reaches_out(text: &str) -> bool {
    Lexer::new(text)
        .filter_map(Result::ok)
        .any(|(token, span)| token == Token::Identifier && OUTWARD.contains(&&text[span.range()]))
}

/// What a collector is about, in lines of so many columns.
pub(crate) fn described(row: &Row, columns: usize) -> String {
    format!(
        "{}\n  a collection in a child writes  {}\n  reading writes                  {}",
        wrapped(&format!("{}: {}", row.name, row.lesson), 0, 2, columns),
        wrapped(row.collection_writes, BEHIND, BEHIND, columns),
        wrapped(row.reading_writes, BEHIND, BEHIND, columns)
    )
}

/// `:gc` says which collector runs, `:gc NAME` takes another.
pub(crate) fn gc(session: &mut Session, text: &str) -> Next {
    if text.is_empty() {
        let row = session.strategy.row;
        let columns = session.columns();
        let mut lines = described(row, columns) + "\n";
        let names: Vec<&str> = session.choices.rows().map(|row| row.name).collect();
        let others = format!(":gc NAME takes another: {}", names.join(" "));
        lines.push_str(&(wrapped(&others, 0, 2, columns) + "\n"));
        return session.print(&lines);
    }
    let Ok((strategy, arguments)) = session.choices.parse(text) else {
        let name = text.split(':').next().unwrap_or(text);
        eprintln!("There is no collector '{name}'.");
        match calf_source::suggest(name, session.choices.rows().map(|row| row.name)) {
            Some(near) => eprintln!("  tip: did you mean '{near}'?"),
            None => eprintln!("  tip: ':gc' lists them"),
        }
        return Next::Read;
    };
    let mut options = session.options.clone();
    options.heap.arguments = arguments;
    if !begin(session, strategy, options) {
        return Next::Read;
    }
    replay(session)
}

/// Runs the entries again, without showing what they print.
fn replay(session: &mut Session) -> Next {
    let inputs = std::mem::take(&mut session.inputs);
    let (mut again, mut failed, mut skipped) = (0, 0, 0);
    for input in inputs {
        if reaches_out(&input.text) {
            skipped += 1;
            session.inputs.push(input);
            continue;
        }
        let evaluation = session.running(|machine| {
            machine.mute(true);
            let evaluation = machine.evaluate(&input.name, &input.text);
            machine.mute(false);
            evaluation
        });
        match evaluation {
            Evaluation::Done(_) => {
                again += 1;
                session.inputs.push(input);
            }
            Evaluation::Exit(code) => return Next::Leave(code),
            Evaluation::Failed | Evaluation::Incomplete => failed += 1,
        }
    }
    let mut text = format!("Under '{}' now", session.strategy.row.name);
    let counted = |count: usize| match count {
        1 => "1 entry".to_string(),
        many => format!("{many} entries"),
    };
    if again > 0 {
        text.push_str(&format!("; {} run again", counted(again)));
    }
    if failed > 0 {
        text.push_str(&format!("; {} failed and left out", counted(failed)));
    }
    if skipped > 0 {
        text.push_str(&format!("; {} not, with `os` or `input`", counted(skipped)));
    }
    session.print(&format!("{text}.\n"))
}
