//! A results file: read, added to, put together from several.

use crate::error::LabError;
use crate::record::Record;
use serde_json::Value;
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Archive {
    /// In the order of the file; of two of the same cell from one machine the later one.
    pub(crate) records: Vec<Record>,
    /// Lines that this program does not know: of experiments that there no longer are, or torn ones.
    pub(crate) strange: usize,
}

impl Archive {
    /// Reads a file; an empty archive if there is none yet and `may_be_missing`.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) fn read(path: &Path, may_be_missing: bool) -> Result<Archive, LabError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Archive::parse(&text)),
            Err(error) if may_be_missing && error.kind() == io::ErrorKind::NotFound => {
                Ok(Archive::default())
            }
            Err(error) => Err(LabError::File { path: path.to_owned(), error }),
        }
    }

    /// Reads lines.
    pub(crate) fn parse(text: &str) -> Archive {
        let mut archive = Archive::default();
        let mut extras = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let Ok(value) = serde_json::from_str::<Value>(line) else {
                archive.strange += 1;
                continue;
            };
            if value["kind"] != "cell" {
                extras.push(value);
                continue;
            }
            let key = value["key"].clone();
            let own = std::mem::take(&mut extras);
            let own = own.into_iter().filter(|extra| extra["key"] == key).collect();
            match Record::parse(&value, own) {
                Some(record) => archive.add(record),
                None => archive.strange += 1,
            }
        }
        archive
    }

    /// Adds a record, in the place of one of the same cell from the same machine.
    pub(crate) fn add(&mut self, record: Record) {
        let key = record.cell.key();
        let same = |old: &Record| old.same_machine(&record.machine) && old.cell.key() == key;
        match self.records.iter_mut().find(|old| same(old)) {
            Some(old) => *old = record,
            None => self.records.push(record),
        }
    }

    /// The keys of the cells that need not be run again on this machine with this program.
    pub(crate) fn finished(&self, machine: &Value, program: &Value) -> HashSet<String> {
        let is_finished = |record: &&Record| {
            record.outcome.failure.is_none()
                && record.same_machine(machine)
                && record.program == *program
        };
        self.records.iter().filter(is_finished).map(|record| record.cell.key()).collect()
    }

    /// The machines, in the order of the file.
    pub(crate) fn machines(&self) -> Vec<&Value> {
        let mut machines: Vec<&Value> = Vec::new();
        for record in &self.records {
            if !machines.iter().any(|machine| record.same_machine(machine)) {
                machines.push(&record.machine);
            }
        }
        machines
    }

    /// Writes all of it to a new file.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), LabError> {
        let failed = |error| LabError::File { path: path.to_owned(), error };
        // The old file stays until the new one is whole.
        let beside = path.with_extension("new");
        let mut file = File::create(&beside).map_err(failed)?;
        for record in &self.records {
            file.write_all(text_of(record).as_bytes()).map_err(failed)?;
        }
        file.sync_all().map_err(failed)?;
        std::fs::rename(&beside, path).map_err(failed)
    }
}

/// Adds a record to the end of a file, in one write.
///
/// # Errors
/// It cannot be written.
pub(crate) fn append(path: &Path, record: &Record) -> Result<(), LabError> {
    let failed = |error| LabError::File { path: path.to_owned(), error };
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    file.write_all(text_of(record).as_bytes()).map_err(failed)
}

/// A record's lines.
pub(crate) fn text_of(record: &Record) -> String {
    record.lines().iter().map(|line| format!("{line}\n")).collect()
}
