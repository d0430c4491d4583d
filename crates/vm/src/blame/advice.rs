//! What to change so that fewer pages are copied: plain sentences drawn from the rows of blame, with the pages that each would save
//! and, where a flag or a line put into the program does it, how it is done.

use super::report::Row;
use crate::kind::Kind;
use crate::trace::TraceLine;
use crate::vm::Vm;
use calf_bytecode::Kind as FunctionKind;
use calf_gc::{Collector, STRATEGIES};
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// One piece of advice.
#[derive(Clone, Debug)]
pub(crate) struct Advice {
    /// Pages that would not have been copied.
    pub pages: usize,
    /// Of these, the pages that are the reason for this advice: none, and it only helps what others are advised.
    pub reason: usize,
    /// What to do, and why: a sentence without the number of pages.
    pub text: String,
    /// The line to change.
    pub place: Option<TraceLine>,
    /// What does it: a strategy with its options, an exit policy, a statement before the line.
    pub strategy: Option<String>,
    /// See above.
    pub exit: Option<&'static str>,
    /// See above.
    pub statement: Option<String>,
}

impl Advice {
    pub(super) fn json(&self) -> Json {
        let place = self.place.as_ref();
        json!({
            "pages": self.pages, "reason": self.reason, "text": self.text, "strategy": self.strategy, "exit": self.exit, "statement": self.statement,
            "file": place.map(|place| &place.file), "line": place.map(|place| place.line),
        })
    }
}

/// Is it a row of a collection? Then the phase is one of a collector's.
fn is_collection(row: &Row) -> bool {
    !matches!(row.key.phase, "program" | "fork" | "finalizers" | "exit" | "not seen")
}

/// Is what was written there an object of the program's?
fn is_object(row: &Row) -> bool {
    matches!(row.key.region, "objects" | "buffers")
}

/// What a collection wrote to the bookkeeping of an object.
fn is_collected(row: &Row) -> bool {
    is_collection(row) && is_object(row) && matches!(row.key.cause, "header" | "mark" | "age")
}

/// Memory handed out on a page that was shared.
fn is_refilled(row: &Row) -> bool {
    is_object(row) && row.key.cause == "allocate"
}

/// "app.calf:12", or words where the line is not known.
fn shown(place: Option<&TraceLine>) -> String {
    match place {
        Some(place) => format!("{}:{}", place.file.rsplit('/').next().unwrap_or(""), place.line),
        None => "its line".to_string(),
    }
}

/// The rows that `which` chooses, in pages.
fn pages(rows: &[Row], which: impl Fn(&Row) -> bool) -> usize {
    rows.iter().filter(|row| which(row)).map(|row| row.pages).sum()
}

/// The name of the first strategy of the table that freezes, with immortal objects or without; this one, if it does.
fn freezing(own: &'static calf_gc::Row, immortalizes: bool) -> Option<&'static str> {
    let able =
        |row: &&calf_gc::Row| row.freezes && row.counts() && row.immortalizes() == immortalizes;
    if able(&own) {
        return Some(own.name);
    }
    STRATEGIES.iter().filter(|row| !row.hidden).find(able).map(|row| row.name)
}

impl<C: Collector> Vm<C> {
    /// At the fork: its place, and the functions that can be called by name without arguments.
    pub(super) fn note_fork(&mut self) {
        let site = calf_gc::Roots::site(&self.mutator);
        self.measure.blame.fork = site.map(|(code, position)| {
            let code = std::ptr::with_exposed_provenance::<crate::code::Code>(code);
            // SAFETY: the address of a loaded function, which is never freed.
            unsafe { &*code }.place_of(position)
        });
        let mut callable = Vec::new();
        for number in self.mutator.modules.iter().flat_map(|module| module.globals.values()) {
            // SAFETY: the number of a global of a module.
            let value = unsafe { *self.mutator.globals.add(*number as usize) };
            if self.kind(value) != Some(Kind::Closure) {
                continue;
            }
            let closure = value.as_object().expect("a closure is an object");
            // SAFETY: a loaded function, which is never freed.
            let code = unsafe { &*crate::call::code_of(closure) };
            if code.arity == 0 && code.function.kind == FunctionKind::Function {
                callable.push((code.file.name().to_string(), code.function.name.to_string()));
            }
        }
        self.measure.blame.callable = callable;
    }

    /// What these rows suggest, the largest saving first; also what is no reason by itself, if `all`.
    pub(crate) fn advice_of(&self, rows: &[Row], all: bool) -> Vec<Advice> {
        let mut found = Vec::new();
        found.extend(self.advise_freezing(rows));
        found.extend(self.advise_immortality(rows));
        found.extend(self.advise_fresh_pages(rows));
        found.push(advise_leaving(rows));
        found.extend(self.advise_warming(rows));
        found.retain(|advice| advice.reason > 0 || all && advice.pages > 0);
        found.sort_by_key(|advice| std::cmp::Reverse(advice.pages));
        found
    }

    fn fork_place(&self) -> Option<&TraceLine> {
        self.measure.blame.fork.as_ref()
    }

    /// What a collection writes to what existed before the fork is spared by freezing it; and behind a freeze there are fresh pages only.
    fn advise_freezing(&self, rows: &[Row]) -> Option<Advice> {
        let strategy = freezing(self.row, false)?;
        let reason = pages(rows, is_collected);
        let under = if strategy == self.row.name {
            String::new()
        } else {
            format!("under --gc {strategy}, ")
        };
        let text = format!(
            "{under}freeze before the fork at {}: collections in the child write to what existed then",
            shown(self.fork_place())
        );
        Some(Advice {
            pages: reason + pages(rows, is_refilled),
            reason,
            ..self.frozen_by(strategy, text)
        })
    }

    /// What reading counts is spared where it is immortal; so is what a collection writes, what a hole takes, what the exit gives back.
    fn advise_immortality(&self, rows: &[Row]) -> Option<Advice> {
        let strategy = freezing(self.row, true)?;
        let is_counted =
            |row: &Row| is_object(row) && row.key.cause == "count" && row.key.phase == "program";
        let is_left = |row: &Row| is_object(row) && row.key.cause == "exit";
        let reason = pages(rows, is_counted);
        let most = rows
            .iter()
            .find(|row| is_counted(row))
            .and_then(|row| row.key.stack.iter().find(|line| line.line > 0));
        let text = format!(
            "under --gc {strategy}, freeze before the fork at {}: reading counts references, most of all at {}, and what is immortal is \
             neither counted nor collected nor given back",
            shown(self.fork_place()),
            shown(most)
        );
        let pages =
            reason + pages(rows, |row| is_collected(row) || is_refilled(row) || is_left(row));
        Some(Advice { pages, reason, ..self.frozen_by(strategy, text) })
    }

    /// How a freeze is carried out.
    fn frozen_by(&self, strategy: &str, text: String) -> Advice {
        Advice {
            pages: 0,
            reason: 0,
            text,
            place: self.fork_place().cloned(),
            strategy: Some(strategy.to_string()),
            exit: None,
            statement: Some("gc.freeze();".to_string()),
        }
    }

    /// Holes that a child refills.
    fn advise_fresh_pages(&self, rows: &[Row]) -> Option<Advice> {
        let most = rows.iter().find(|row| is_refilled(row))?;
        let reason = pages(rows, is_refilled);
        let line = most.key.stack.iter().find(|line| line.line > 0);
        let text = format!(
            "allocate on fresh pages after the fork (the strategy's option fresh=on): what died before it left holes that the child \
             refills, most of them at {}",
            shown(line)
        );
        Some(Advice {
            pages: reason,
            reason,
            text,
            place: line.cloned(),
            strategy: Some(format!("{}:fresh=on", self.row.name)),
            exit: None,
            statement: None,
        })
    }

    /// Stores to what existed before the fork by functions that the parent could call first.
    fn advise_warming(&self, rows: &[Row]) -> Vec<Advice> {
        let fork = self.fork_place();
        let mut by_line: HashMap<(&TraceLine, Option<&str>), usize> = HashMap::new();
        for row in rows
            .iter()
            .filter(|row| is_object(row) && row.key.cause == "store" && row.key.phase == "program")
        {
            let Some(line) = row.key.stack.iter().find(|line| line.line > 0) else { continue };
            if line.function.is_none() {
                continue;
            }
            // The outermost function that can be called as it is.
            let callable = row.key.stack.iter().rev().find(|line| {
                let name = line.function.as_deref().unwrap_or_default();
                fork.is_some_and(|fork| fork.file == line.file)
                    && self
                        .measure
                        .blame
                        .callable
                        .iter()
                        .any(|(file, function)| *file == line.file && function == name)
            });
            let callable = callable.and_then(|line| line.function.as_deref());
            *by_line.entry((line, callable)).or_insert(0) += row.pages;
        }
        let advice = |((line, callable), pages): ((&TraceLine, Option<&str>), usize)| {
            let way = callable.map_or(String::new(), |name| format!(", by calling {name}()"));
            let text = format!(
                "warm it before the fork at {}{way}: what existed then is filled at {} on first use, by each child anew",
                shown(fork),
                shown(Some(line))
            );
            Advice {
                pages,
                reason: pages,
                text,
                place: callable.and(fork).or(Some(line)).cloned(),
                strategy: None,
                exit: None,
                statement: callable.map(|name| format!("{name}();")),
            }
        };
        by_line.into_iter().map(advice).collect()
    }
}

/// What the end of the process writes.
fn advise_leaving(rows: &[Row]) -> Advice {
    let pages = pages(rows, |row| row.key.cause == "exit");
    Advice {
        pages,
        reason: pages,
        text: "leave at once, by os.quickExit() or --exit immediate: the end of the child gives back, page by page, what the parent still uses"
            .to_string(),
        place: None,
        strategy: None,
        exit: Some("immediate"),
        statement: None,
    }
}
