//! What a run under `--blame` says: reports of processes, added up, as a table, as collapsed stacks, as a profile, and compared.

pub mod advise;
pub mod difference;
mod export;
mod table;
pub mod timeline;

pub use export::{collapsed, speedscope};
pub use table::{clip, print};

use serde_json::Value;
use std::collections::BTreeMap;

/// The phase in which no collection is under way.
pub(crate) const PROGRAM: &str = "program";

/// A place in a program.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The file; `native` for a function of the machine's.
    pub file: String,
    /// The line, from 1; 0 for a native.
    pub line: u64,
    /// The function; `None` for the top level of a file.
    pub function: Option<String>,
}

impl Place {
    fn of(value: &Value) -> Option<Place> {
        Some(Place {
            file: value["file"].as_str()?.to_string(),
            line: value["line"].as_u64()?,
            function: value["function"].as_str().map(str::to_string),
        })
    }

    /// The frame's name in profiles: function, file without its folders, line.
    pub fn frame(&self) -> String {
        let file = self.file.rsplit('/').next().unwrap_or(&self.file);
        let function = self.function.as_deref().unwrap_or("script");
        match self.line {
            0 => format!("{function} ({file})"),
            line => format!("{function} ({file}:{line})"),
        }
    }

    /// `file:line`, without folders.
    pub fn short(&self) -> String {
        let file = self.file.rsplit('/').next().unwrap_or(&self.file);
        format!("{file}:{}", self.line)
    }
}

/// Pages that were written first in the same way.
#[derive(Clone, Debug)]
pub struct Row {
    /// How many pages.
    pub pages: u64,
    /// Why.
    pub cause: String,
    /// What the process was doing: `program`, or a phase of a collection.
    pub phase: String,
    /// The region of memory.
    pub region: String,
    /// What lay there.
    pub kind: String,
    /// Where that was allocated.
    pub site: Option<Place>,
    /// The calls in progress, innermost first.
    pub stack: Vec<Place>,
}

impl Row {
    fn of(value: &Value) -> Option<Row> {
        let text = |name: &str| Some(value[name].as_str()?.to_string());
        Some(Row {
            pages: value["pages"].as_u64()?,
            cause: text("cause")?,
            phase: text("phase")?,
            region: text("region")?,
            kind: text("kind")?,
            site: Place::of(&value["site"]),
            stack: value["stack"].as_array()?.iter().filter_map(Place::of).collect(),
        })
    }

    /// The calls from the outermost, as the frames of a folded stack are written, and last what the machine was doing if it was not the program.
    pub fn frames(&self) -> Vec<String> {
        let mut frames: Vec<String> = self.stack.iter().rev().map(Place::frame).collect();
        if self.phase != PROGRAM {
            frames.push(format!("[{}]", self.phase));
        }
        frames
    }

    /// The innermost line of the program's own.
    pub fn line(&self) -> Option<&Place> {
        self.stack.iter().find(|place| place.line > 0)
    }
}

/// The report of one process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its number.
    pub pid: u64,
    /// The strategy.
    pub strategy: String,
    /// By what the pages were protected; `None`: nothing was.
    pub means: Option<String>,
    /// Why nothing was.
    pub refusal: Option<String>,
    /// First writes that were seen.
    pub writes: u64,
    /// Pages blamed that are still there.
    pub blamed: u64,
    /// Of these, pages that were written when nobody else had them any more, so that there was nothing to copy.
    pub in_place: u64,
    /// Pages that the kernel says were copied, if it says.
    pub copied: Option<u64>,
    /// Of these, pages that nobody was seen to write.
    pub unseen: u64,
    /// Pages that are the process's alone because the others have given them up.
    pub given_up: u64,
    /// Pages that existed at the fork.
    pub shared: u64,
    /// What a first write cost more, in nanoseconds.
    pub cost: Option<u64>,
    /// The pages.
    pub rows: Vec<Row>,
    /// The first writes by phase, in the order of time, as they were reported.
    pub timeline: Vec<Value>,
    /// What to change, as it was reported.
    pub advice: Vec<Value>,
}

/// The reports of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How often the first process forked.
    pub forks: u64,
    /// The processes that have ended, in that order.
    pub processes: Vec<Process>,
}

impl Report {
    /// Reads what the machine hands over. `None`: it is no such report.
    pub fn parse(text: &str) -> Option<Report> {
        let value: Value = serde_json::from_str(text).ok()?;
        let process = |value: &Value| {
            Some(Process {
                pid: value["pid"].as_u64()?,
                strategy: value["strategy"].as_str()?.to_string(),
                means: value["means"].as_str().map(str::to_string),
                refusal: value["refusal"].as_str().map(str::to_string),
                writes: value["writes"].as_u64()?,
                blamed: value["blamed"].as_u64()?,
                in_place: value["in_place"].as_u64()?,
                copied: value["copied"].as_u64(),
                unseen: value["unseen"].as_u64()?,
                given_up: value["given_up"].as_u64()?,
                shared: value["shared"].as_u64()?,
                cost: value["cost"].as_u64(),
                rows: value["rows"].as_array()?.iter().filter_map(Row::of).collect(),
                advice: value["advice"].as_array().cloned().unwrap_or_default(),
                timeline: value["timeline"].as_array().cloned().unwrap_or_default(),
            })
        };
        Some(Report {
            forks: value["forks"].as_u64()?,
            processes: value["processes"].as_array()?.iter().filter_map(process).collect(),
        })
    }

    /// The rows of all processes.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.processes.iter().flat_map(|process| &process.rows)
    }

    /// Pages of all processes.
    pub fn pages(&self) -> u64 {
        self.rows().map(|row| row.pages).sum()
    }
}

/// Pages by stack, the outermost frame first; behind the calls stand the phase of a collection, if any, and the cause.
pub(crate) fn stacks(report: &Report) -> BTreeMap<Vec<String>, u64> {
    let mut stacks = BTreeMap::new();
    for row in report.rows() {
        let mut frames = row.frames();
        frames.push(format!("[{}: {}]", row.cause, row.kind));
        *stacks.entry(frames).or_insert(0) += row.pages;
    }
    stacks
}
