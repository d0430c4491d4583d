//! What the line editor asks while a line is typed: is it whole, how is it painted, what could follow.

use super::command::{self, Takes};
use super::session::Session;
use super::{completion, highlight};
use calf_source::SourceFile;
use calf_vm::Machine;
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::SearchDirection;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Context};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Sees the machine between two entries, when nothing runs.
pub(crate) struct Helper {
    machine: Rc<RefCell<Box<dyn Machine>>>,
    strategies: Vec<&'static str>,
    color: bool,
    /// Are brackets marked? Not once a line is accepted.
    marks: Cell<bool>,
}

impl Helper {
    pub(crate) fn new(session: &Session) -> Helper {
        Helper {
            machine: session.machine.clone(),
            strategies: session.choices.rows().map(|row| row.name).collect(),
            color: session.options.color,
            marks: Cell::new(true),
        }
    }
}

impl rustyline::Helper for Helper {}

/// Is something still open at the end of this text?
pub(crate) fn is_incomplete(text: &str) -> bool {
    let arena = bumpalo::Bump::new();
    let file = SourceFile::new("entry", text);
    let parsed = calf_parser::parse_interactive(&arena, &file);
    matches!(parsed, Err(calf_parser::EntryError::Incomplete(_)))
}

impl Validator for Helper {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        let input = context.input();
        let text = match command::split(input) {
            None => input,
            Some((name, rest)) => match command::named(name).map(|command| command.takes) {
                Some(Takes::Expression) => rest,
                Some(Takes::CountAndExpression) => command::split_count(rest).1,
                _ => "",
            },
        };
        Ok(if !text.trim().is_empty() && is_incomplete(text) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Highlighter for Helper {
    fn highlight<'l>(&self, line: &'l str, position: usize) -> Cow<'l, str> {
        if !self.color {
            return Cow::Borrowed(line);
        }
        let cursor = self.marks.get().then_some(position);
        Cow::Owned(highlight::entry(line, cursor))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Borrowed(prompt)
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(highlight::grey(hint))
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        Cow::Borrowed(candidate)
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.marks.set(kind != CmdKind::ForcedRefresh);
        self.color
    }
}

/// Grey text behind the cursor.
pub(crate) struct Suggestion {
    shown: String,
    /// What is put in when it is accepted, if it can be.
    inserted: Option<String>,
}

impl Hint for Suggestion {
    fn display(&self) -> &str {
        &self.shown
    }
    fn completion(&self) -> Option<&str> {
        self.inserted.as_deref()
    }
}

impl Hinter for Helper {
    type Hint = Suggestion;

    fn hint(&self, line: &str, position: usize, context: &Context<'_>) -> Option<Suggestion> {
        // Without colour it would look like what is typed.
        if !self.color || line.is_empty() || position < line.len() {
            return None;
        }
        let history = context.history();
        let last = context.history_index().min(history.len().checked_sub(1)?);
        let found = history.starts_with(line, last, SearchDirection::Reverse).ok().flatten();
        if let Some(rest) = found.as_ref().and_then(|found| found.entry.strip_prefix(line))
            && !rest.is_empty()
        {
            let shown = match rest.split_once('\n') {
                Some((first, _)) => format!("{first} …"),
                None => rest.to_string(),
            };
            return Some(Suggestion { shown, inserted: Some(rest.to_string()) });
        }
        let (name, rest) = command::split(line)?;
        let command = command::named(name)?;
        let space = if line.ends_with(' ') { "" } else { " " };
        (rest.is_empty() && name == command.name && !command.parameters.is_empty())
            .then(|| Suggestion { shown: format!("{space}{}", command.parameters), inserted: None })
    }
}

impl Completer for Helper {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let machine = self.machine.borrow();
        Ok(completion::complete(machine.as_ref(), &self.strategies, &line[..position]))
    }
}
