//! What the heap holds and who holds it: thin layers over the natives that scripts have, too.

use super::files::Draft;
use super::session::{Next, Session};
use super::table;
use calf_vm::session::{Argument, Data, HANDLE, Question};

/// Asks one native.
fn ask(session: &mut Session, question: Question<'_>, expression: Option<&str>) -> Option<Data> {
    let answers = session.running(|machine| machine.ask(&[question], expression));
    answers?.into_iter().next().flatten()
}

/// Asks one native and prints what it says.
fn print(session: &mut Session, module: &str, name: &str, expression: Option<&str>) -> Next {
    let arguments: &[Argument] = if expression.is_some() { &[Argument::Value] } else { &[] };
    match ask(session, Question { module, name, arguments }, expression) {
        Some(answer) => session.print(&table::render(&answer)),
        None => Next::Read,
    }
}

pub(crate) fn heap(session: &mut Session, _: &str) -> Next {
    print(session, "heap", "histogram", None)
}

pub(crate) fn growth(session: &mut Session, _: &str) -> Next {
    print(session, "heap", "growth", None)
}

pub(crate) fn referrers(session: &mut Session, text: &str) -> Next {
    print(session, "heap", "referrers", Some(text))
}

const NOTHING: &str = "nothing but this expression holds it\n";

/// Is this the step from a value that a native holds?
fn is_handle(step: &str) -> bool {
    step.starts_with(HANDLE)
}

pub(crate) fn path(session: &mut Session, text: &str) -> Next {
    let question = Question { module: "heap", name: "path", arguments: &[Argument::Value] };
    match ask(session, question, Some(text)) {
        Some(Data::Nil) => session.print(NOTHING),
        // The machine holds the value for the time of the question.
        Some(path) if path.items().first().and_then(Data::text).is_some_and(is_handle) => {
            session.print(NOTHING)
        }
        Some(answer) => session.print(&table::render(&answer)),
        None => Next::Read,
    }
}

pub(crate) fn pages(session: &mut Session, _: &str) -> Next {
    print(session, "mem", "drawPages", None)
}

/// A file for a snapshot that nobody named.
fn draft() -> Option<Draft> {
    match Draft::new("") {
        Ok(draft) => Some(draft),
        Err(error) => {
            let folder = std::env::temp_dir();
            eprintln!("Cannot make a file for the snapshot in '{}': {error}", folder.display());
            None
        }
    }
}

/// Writes the heap to a file; how many objects there are.
fn dump(session: &mut Session, file: &str) -> Option<f64> {
    let question = Question { module: "heap", name: "dump", arguments: &[Argument::Text(file)] };
    ask(session, question, None)?.number()
}

pub(crate) fn snapshot(session: &mut Session, file: &str) -> Next {
    let objects = if file.is_empty() {
        let Some(draft) = draft() else { return Next::Read };
        let objects = dump(session, &draft.path());
        session.snapshot = objects.map(|_| draft);
        objects
    } else {
        dump(session, file)
    };
    match objects {
        Some(objects) => session.print(&format!("{} objects\n", table::number(objects))),
        None => Next::Read,
    }
}

pub(crate) fn difference(session: &mut Session, file: &str) -> Next {
    let before = match (file, &session.snapshot) {
        ("", Some(draft)) => draft.path(),
        ("", None) => {
            eprintln!("There is nothing to compare with; `:snapshot` comes first.");
            return Next::Read;
        }
        (file, _) => file.to_string(),
    };
    let Some(after) = draft() else { return Next::Read };
    let after_path = after.path();
    if dump(session, &after_path).is_none() {
        return Next::Read;
    }
    let arguments = [Argument::Text(&before), Argument::Text(&after_path)];
    let question = Question { module: "heap", name: "difference", arguments: &arguments };
    match ask(session, question, None) {
        Some(answer) => session.print(&table::render(&answer)),
        None => Next::Read,
    }
}
