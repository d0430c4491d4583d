//! A session: the machine, what was entered, and what becomes of the next entry.

use super::files::Draft;
use super::{command, highlight};
use crate::choices::Choices;
use crate::signal::{self, Phase};
use calf_vm::page_map::width_of_terminal;
use calf_vm::session::{Evaluation, Limits};
use calf_vm::{Choice, Machine, Options};
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

/// What comes after an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Next {
    /// The next one.
    Read,
    /// The end, by the exit policy.
    Leave(i32),
    /// The end of a child, with nothing but its exit code.
    LeaveAtOnce(i32),
}

/// An entry that ran to its end.
#[derive(Clone)]
pub(crate) struct Input {
    /// Its name in messages.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A number that `:set` changes.
pub(crate) struct Setting {
    pub name: &'static str,
    pub summary: &'static str,
    pub least: usize,
    pub most: usize,
    pub of: fn(&mut Limits) -> &mut usize,
}

/// Columns that a value has at least.
const LEAST_WIDTH: usize = 20;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        name: "depth",
        summary: "containers shown within containers",
        least: 1,
        most: Limits::DEEPEST,
        of: |limits| &mut limits.depth,
    },
    Setting {
        name: "items",
        summary: "items shown of one container",
        least: 0,
        most: usize::MAX,
        of: |limits| &mut limits.items,
    },
    Setting {
        name: "width",
        summary: "columns, where lines are broken",
        least: LEAST_WIDTH,
        most: usize::MAX,
        of: |limits| &mut limits.width,
    },
    Setting {
        name: "text",
        summary: "characters shown of one string",
        least: 8,
        most: usize::MAX,
        of: |limits| &mut limits.text,
    },
];

/// Words that end the session when they stand alone and mean nothing else.
const FAREWELLS: [&str; 2] = ["exit", "quit"];

pub(crate) struct Session<'c> {
    /// Between two entries the line editor's helper looks at it, too.
    pub machine: Rc<RefCell<Box<dyn Machine>>>,
    pub strategy: Choice,
    pub options: Options,
    pub choices: &'c Choices,
    /// The entries that ran to their end, in order.
    pub inputs: Vec<Input>,
    /// Files that this session wrote, which it may write again.
    pub saved: Vec<PathBuf>,
    /// The heap as it was when `:snapshot` was said last.
    pub snapshot: Option<Draft>,
    /// What was set by hand survives a restart.
    pub limits: Limits,
    /// Was the width set by hand? Else it follows the terminal.
    pub has_width: bool,
    number: usize,
}

impl<'c> Session<'c> {
    pub(crate) fn new(
        machine: Box<dyn Machine>,
        strategy: Choice,
        options: Options,
        choices: &'c Choices,
    ) -> Session<'c> {
        Session {
            machine: Rc::new(RefCell::new(machine)),
            strategy,
            options,
            choices,
            inputs: Vec::new(),
            saved: Vec::new(),
            snapshot: None,
            limits: Limits::default(),
            has_width: false,
            number: 1,
        }
    }

    /// Carries out what was typed.
    pub(crate) fn enter(&mut self, text: &str) -> Next {
        if let Some((name, rest)) = command::split(text) {
            return command::carry_out(self, name, rest.trim());
        }
        let word = text.trim().trim_end_matches(';').trim_end_matches("()").trim();
        if !self.is_defined(word) {
            if FAREWELLS.contains(&word) {
                return Next::Leave(0);
            }
            if word == "help" {
                return command::carry_out(self, word, "");
            }
        }
        let name = format!("repl:{}", self.number);
        self.number += 1;
        let (next, is_good) = self.evaluate(&name, text);
        if !is_good && next == Next::Read && !self.is_defined(word) {
            let known = FAREWELLS.into_iter().chain(["help"]);
            if calf_source::suggest(word, known).is_some() {
                eprintln!("  tip: `exit` or Ctrl-D leaves, `:help` says what there is");
            }
        }
        next
    }

    /// Is this the name of anything?
    fn is_defined(&self, name: &str) -> bool {
        let machine = self.machine.borrow();
        machine.globals().iter().any(|global| global.name == name)
            || machine.builtins().iter().any(|builtin| builtin == name)
    }

    /// Runs a program of several lines under its file's name.
    pub(crate) fn load(&mut self, name: &str, bytes: Vec<u8>) -> Next {
        match calf_source::SourceFile::from_bytes(name, bytes) {
            Ok(file) => {
                let text = file.text().to_string();
                self.evaluate(name, &text).0
            }
            Err(error) => {
                let style = match self.options.color {
                    true => calf_source::Style::Colored,
                    false => calf_source::Style::Plain,
                };
                eprintln!("{}", error.render(style).trim_end());
                Next::Read
            }
        }
    }

    /// Runs an entry, shows its value, and keeps it if it ran to its end, which is the second half of the answer.
    pub(crate) fn evaluate(&mut self, name: &str, text: &str) -> (Next, bool) {
        let process = std::process::id();
        let evaluation = self.running(|machine| machine.evaluate(name, text));
        let next = self.show(&evaluation);
        let is_good = matches!(evaluation, Evaluation::Done(_));
        if process != std::process::id() && next == Next::Read {
            // A child that the entry made has run the entry to its end. The terminal is its parent's.
            return (Next::Leave(0), is_good);
        }
        if is_good {
            self.inputs.push(Input { name: name.to_string(), text: text.to_string() });
        }
        (next, is_good)
    }

    /// The columns there are.
    pub(crate) fn columns(&self) -> usize {
        match self.has_width {
            true => self.limits.width,
            false => width_of_terminal(std::io::stdout()).max(LEAST_WIDTH),
        }
    }

    /// Lets the machine run something that Ctrl-C interrupts.
    pub(crate) fn running<T>(&mut self, run: impl FnOnce(&mut dyn Machine) -> T) -> T {
        self.within(Phase::Entry, run)
    }

    /// Waits for a child, which Ctrl-C interrupts.
    pub(crate) fn wait(&mut self, child: i32) -> Option<i32> {
        self.within(Phase::Waiting, |machine| machine.wait(child))
    }

    fn within<T>(&mut self, phase: Phase, run: impl FnOnce(&mut dyn Machine) -> T) -> T {
        self.limits.width = self.columns();
        let mut machine = self.machine.borrow_mut();
        *machine.limits() = self.limits;
        signal::set_phase(phase);
        let result = run(machine.as_mut());
        signal::set_phase(Phase::Reading);
        result
    }

    /// Prints what there is to see of an evaluation.
    pub(crate) fn show(&self, evaluation: &Evaluation) -> Next {
        match evaluation {
            Evaluation::Done(None) | Evaluation::Failed => Next::Read,
            Evaluation::Done(Some(text)) => self.print(&format!("{}\n", self.painted(text))),
            Evaluation::Exit(code) => Next::Leave(*code),
            Evaluation::Incomplete => {
                eprintln!("This is not a whole program: something is still open at its end.");
                Next::Read
            }
        }
    }

    /// Prints; where nobody reads any longer there is nothing to go on for.
    pub(crate) fn print(&self, text: &str) -> Next {
        match crate::print(text) {
            0 => Next::Read,
            code => Next::LeaveAtOnce(code),
        }
    }

    /// A value in colours, if there are any.
    pub(crate) fn painted(&self, text: &str) -> String {
        if self.options.color { highlight::program(text, None) } else { text.to_string() }
    }
}
