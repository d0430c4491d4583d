//! Results from several machines side by side: counts are compared, times are not.

use crate::archive::Archive;
use crate::record::Record;
use crate::results::figure_of;
use crate::row::CONTROL;
use crate::unit::Unit;
use serde_json::Value;
use std::io::{self, Write};

/// What two machines say of the same cells.
#[derive(Debug, Default)]
pub(crate) struct Comparison {
    /// Counts that are the same, or nearly.
    pub(crate) same: usize,
    /// Those that are not: what, there and here.
    pub(crate) different: Vec<(String, f64, f64)>,
    /// Times, which were not compared.
    pub(crate) refused: usize,
    /// Cells that only one of the machines has run.
    pub(crate) alone: usize,
    /// Why counts of pages are not compared either.
    pub(crate) obstacle: Option<String>,
}

/// Counts of two machines that differ by no more than this part of the larger one are the same.
pub const TOLERANCE: f64 = 0.02;
/// Or by no more than so many: the kernel's own noise.
pub const SLACK: f64 = 16.0;

/// Are the two counts the same, but for noise?
pub fn counts_agree(ours: f64, theirs: f64) -> bool {
    let off = (ours - theirs).abs();
    off <= SLACK || off <= TOLERANCE * ours.abs().max(theirs.abs())
}

/// Compares what `other` measured with what `first` did.
pub(crate) fn compare(archive: &Archive, first: &Value, other: &Value) -> Comparison {
    let mut comparison = Comparison::default();
    if first["page"] != other["page"] {
        let (first, other) = (&first["page"], &other["page"]);
        comparison.obstacle = Some(format!("pages have {first} and {other} bytes"));
    }
    for record in archive.records.iter().filter(|record| record.same_machine(other)) {
        let key = record.cell.key();
        let of_first = |old: &&Record| old.same_machine(first) && old.cell.key() == key;
        match archive.records.iter().find(of_first) {
            Some(ours) => comparison.take(&key, ours, record),
            None => comparison.alone += 1,
        }
    }
    comparison
}

impl Comparison {
    fn take(&mut self, key: &str, ours: &Record, theirs: &Record) {
        // The cell's own seconds.
        self.refused += 1;
        for row in ours.outcome.rows.iter().filter(|row| row.child != CONTROL) {
            let Some(other) = theirs.outcome.rows.iter().find(|other| other.child == row.child)
            else {
                continue;
            };
            let child = &row.child;
            let pages =
                |record: &Record| Some(figure_of(&record.outcome, child).ok()?.copied.pages);
            if let (Some(ours), Some(theirs), None) = (pages(ours), pages(theirs), &self.obstacle) {
                self.count(format!("{key} {child}: pages copied"), ours as f64, theirs as f64);
            }
            for (name, fact) in &row.facts {
                match other.facts.get(name) {
                    Some(_) if Unit::of_fact(name) == Unit::Seconds => self.refused += 1,
                    Some(theirs) => self.count(format!("{key} {child}: {name}"), *fact, *theirs),
                    None => {}
                }
            }
        }
    }

    fn count(&mut self, what: String, ours: f64, theirs: f64) {
        if counts_agree(ours, theirs) {
            self.same += 1;
        } else {
            self.different.push((what, ours, theirs));
        }
    }

    /// Prints it.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub(crate) fn print(
        &self,
        first: &Value,
        other: &Value,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        writeln!(out, "{} beside {}", name_of(other), name_of(first))?;
        if let Some(obstacle) = &self.obstacle {
            writeln!(out, "  page counts are not compared: {obstacle}")?;
        }
        let of = self.same + self.different.len();
        writeln!(out, "  counts: {} of {of} are the same", self.same)?;
        for (what, ours, theirs) in &self.different {
            let (ours, theirs) = (Unit::Count.show(*ours), Unit::Count.show(*theirs));
            writeln!(out, "    {what}: {ours} and {theirs}")?;
        }
        writeln!(
            out,
            "  times: {} refused, for they say more of the machine than of Calf",
            self.refused
        )?;
        if self.alone > 0 {
            writeln!(out, "  {} cells were run on one machine only", self.alone)?;
        }
        Ok(())
    }
}

/// A machine in a few words.
pub(crate) fn name_of(machine: &Value) -> String {
    let text = |key: &str| machine[key].as_str().unwrap_or("?").to_string();
    let host: String = text("host").chars().take(6).collect();
    let memory = Unit::Bytes.show(machine["memory"].as_f64().unwrap_or(0.0));
    let processors = machine["processors"].as_u64().unwrap_or(0);
    format!(
        "{host} ({}, {}, {processors} processors, {memory})",
        text("system"),
        text("architecture")
    )
}
