//! Results files: lines of JSON, as docs/lab.md describes them. What a line says is taken from the line alone, so that
//! results of another machine, another version or another program can be shown.

use crate::cell::{Cell, Machine};
use crate::error::ReportError;
use crate::extra::Extra;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// What results files hold.
#[derive(Debug, Default)]
pub struct Results {
    /// In the order of the files; of two of the same cell from one machine the later one.
    pub(crate) cells: Vec<Cell>,
    /// Lines that say nothing this program knows.
    pub(crate) strange: usize,
    /// Every line of JSON, as it was.
    pub(crate) lines: Vec<String>,
}

impl Results {
    /// Reads files.
    ///
    /// # Errors
    /// One cannot be read, or there is no cell in any of them.
    pub fn read(files: &[PathBuf]) -> Result<Results, ReportError> {
        let mut results = Results::default();
        for file in files {
            let bytes = fs::read(file).map_err(ReportError::at(file))?;
            // A torn line may end within a letter.
            results.add(&String::from_utf8_lossy(&bytes));
        }
        if results.cells.is_empty() { Err(ReportError::NoCells) } else { Ok(results) }
    }

    /// Adds lines. The lines of other kinds belong to the next cell of the same key.
    pub fn add(&mut self, text: &str) {
        let mut waiting: Vec<(String, Extra)> = Vec::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let Ok(value) = serde_json::from_str::<Value>(line) else {
                self.strange += 1;
                continue;
            };
            self.lines.push(value.to_string());
            let number = self.lines.len() - 1;
            let key = crate::field::text(&value, "key");
            match value["kind"].as_str() {
                Some("cell") => match Cell::parse(&value) {
                    Some(mut cell) => {
                        let own = std::mem::take(&mut waiting);
                        let (own, others): (Vec<_>, Vec<_>) =
                            own.into_iter().partition(|(of, _)| *of == key);
                        self.strange += others.len();
                        cell.extras = own.into_iter().map(|(_, extra)| extra).collect();
                        self.keep(cell);
                    }
                    None => self.strange += 1,
                },
                _ => match Extra::parse(&value, number) {
                    Some(extra) => waiting.push((key, extra)),
                    None => self.strange += 1,
                },
            }
        }
        self.strange += waiting.len();
    }

    fn keep(&mut self, cell: Cell) {
        let same = |old: &Cell| old.key == cell.key && old.machine == cell.machine;
        match self.cells.iter_mut().find(|old| same(old)) {
            Some(old) => *old = cell,
            None => self.cells.push(cell),
        }
    }

    /// How many cells there are.
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// The machines, in the order of the files.
    pub(crate) fn machines(&self) -> Vec<&Machine> {
        let mut machines: Vec<&Machine> = Vec::new();
        for cell in &self.cells {
            if !machines.contains(&&cell.machine) {
                machines.push(&cell.machine);
            }
        }
        machines
    }
}

/// The files among `paths`, and of the folders among them the files that end in `.jsonl`.
///
/// # Errors
/// A folder that cannot be read, or that holds no such file.
pub fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ReportError> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(files_at(path)?);
    }
    Ok(files)
}

fn files_at(path: &Path) -> Result<Vec<PathBuf>, ReportError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(ReportError::at(path))? {
        let file = entry.map_err(ReportError::at(path))?.path();
        if file.extension().is_some_and(|extension| extension == "jsonl") {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() { Err(ReportError::EmptyFolder(path.to_owned())) } else { Ok(files) }
}
