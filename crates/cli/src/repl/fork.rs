//! `:fork` and `:blame`: what an expression costs in a child.

use super::session::{Next, Session};
use super::table::count;
use super::{command, highlight, table};
use calf_vm::session::{Data, Evaluation, Pages, Question, Side};

/// Lines of a report.
const LINES: usize = 12;
/// The most children of one command.
const CHILDREN: usize = 1000;
/// A value of no more columns stands in front of its pages, on the same line.
const BESIDE: usize = 24;

/// What is told of a child.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Account {
    /// The pages it copied, by cause.
    Causes,
    /// The lines that made it copy them.
    Lines,
}

/// `:fork`
pub(crate) fn fork(session: &mut Session, text: &str) -> Next {
    let (children, expression) = command::split_count(text);
    let children = children.unwrap_or(1);
    if !(1..=CHILDREN).contains(&children) {
        eprintln!("From 1 to {CHILDREN} children, one after the other.");
        return Next::Read;
    }
    measure(session, children, expression, Account::Causes)
}

/// `:blame`
pub(crate) fn blame(session: &mut Session, expression: &str) -> Next {
    measure(session, 1, expression, Account::Lines)
}

/// Forks, and lets each child run the expression and tell of it.
fn measure(session: &mut Session, children: usize, expression: &str, account: Account) -> Next {
    // Compiled before the fork: what the compiler writes is not what the expression does.
    let entry = match session.running(|machine| machine.prepare("fork", expression)) {
        Ok(entry) => entry,
        Err(evaluation) => return session.show(&evaluation),
    };
    for _ in 0..children {
        let side = session.running(|machine| match account {
            Account::Causes => machine.fork(),
            Account::Lines => machine.fork_and_blame(),
        });
        match side {
            None => return Next::Read,
            Some(Side::Parent(child)) => match session.wait(child) {
                Some(0) => {}
                Some(code) if code > 128 => {
                    eprintln!("The child was ended by signal {}.", code - 128);
                    return Next::Read;
                }
                _ => return Next::Read,
            },
            Some(Side::Child) => {
                let process = std::process::id();
                let evaluation = session.running(|machine| machine.run_entry(entry));
                return Next::LeaveAtOnce(match account {
                    // A child of the child, which came to be on the way, has nothing to say.
                    _ if process != std::process::id() => 0,
                    Account::Causes => report(session, evaluation),
                    Account::Lines => report_lines(session, evaluation),
                });
            }
        }
    }
    Next::Read
}

/// The text of the value; or the child's exit code, if there is none.
fn value_of(evaluation: Evaluation) -> Result<String, i32> {
    match evaluation {
        Evaluation::Done(value) => Ok(value.unwrap_or_else(|| "nil".to_string())),
        Evaluation::Exit(code) => {
            eprintln!("The child left with exit code {code}.");
            Err(0)
        }
        Evaluation::Failed | Evaluation::Incomplete => Err(1),
    }
}

/// Prints the value and the lines that copied pages; the child's exit code.
fn report_lines(session: &mut Session, evaluation: Evaluation) -> i32 {
    let question = Question { module: "mem", name: "blame", arguments: &[] };
    let answers = session.running(|machine| machine.ask(&[question], None));
    let value = match value_of(evaluation) {
        Ok(value) => session.painted(&value),
        Err(code) => return code,
    };
    let Some([Some(rows)]) = answers.as_deref() else { return 1 };
    let headings = ["pages", "cause", "phase", "of", "line"].map(String::from);
    let row = |row: &Data| {
        let text = |name| (row.get(name).and_then(Data::text).unwrap_or("").to_string(), false);
        let pages = row.get("pages").and_then(Data::number).unwrap_or(0.0);
        let line = row.get("stack").and_then(|stack| stack.items().first()).map(place);
        let line = (line.unwrap_or_default(), false);
        vec![(table::number(pages), true), text("cause"), text("phase"), text("kind"), line]
    };
    let rows: Vec<_> = rows.items().iter().take(LINES).map(row).collect();
    let lines = if rows.is_empty() {
        "no page was copied\n".to_string()
    } else {
        table::lines(&headings, &rows)
    };
    match session.print(&format!("{value}\n{lines}")) {
        Next::Read => 0,
        _ => 1,
    }
}

/// `herd.calf:3 in moo`
fn place(line: &Data) -> String {
    let file = line.get("file").and_then(Data::text).unwrap_or("");
    let number = line.get("line").and_then(Data::number).unwrap_or(0.0);
    match line.get("function").and_then(Data::text) {
        Some(function) => format!("{file}:{number} in {function}"),
        None => format!("{file}:{number}"),
    }
}

/// Prints the value and the pages; the child's exit code.
fn report(session: &Session, evaluation: Evaluation) -> i32 {
    let (copied, modelled) = {
        let mut machine = session.machine.borrow_mut();
        (machine.copied(), machine.modelled())
    };
    let value = match value_of(evaluation) {
        Ok(value) => value,
        Err(code) => return code,
    };
    let pages = describe(&copied, &modelled);
    let line = value.chars().count() + 2 + pages.chars().count();
    let is_beside =
        value.chars().count() <= BESIDE && !value.contains('\n') && line <= session.limits.width;
    let value = session.painted(&value);
    let pages = if session.options.color { highlight::grey(&pages) } else { pages };
    let space = if is_beside { "  " } else { "\n  " };
    match session.print(&format!("{value}{space}{pages}\n")) {
        Next::Read => 0,
        _ => 1,
    }
}

/// `5 012 of 5 020 pages copied: header 5 000, count 12; model 5 012`
fn describe(copied: &Result<Pages, String>, modelled: &Pages) -> String {
    let causes = |pages: &Pages| {
        let texts: Vec<String> =
            pages.causes.iter().map(|(name, pages)| format!("{name} {}", count(*pages))).collect();
        if texts.is_empty() { String::new() } else { format!(": {}", texts.join(", ")) }
    };
    let total = |pages: &Pages| {
        format!("{} of {} pages copied{}", count(pages.heap), count(pages.shared), causes(pages))
    };
    match copied {
        Ok(copied) if copied.causes == modelled.causes => {
            format!("{} (model agrees)", total(copied))
        }
        Ok(copied) if copied.heap == modelled.heap => {
            format!("{} (model{})", total(copied), causes(modelled))
        }
        Ok(copied) => format!("{} (model: {})", total(copied), count(modelled.heap)),
        Err(reason) => format!("{}, by the model alone: {reason}", total(modelled)),
    }
}
