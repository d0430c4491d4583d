//! The lab: experiments that show what a choice of collector does to memory shared after a fork.
//!
//! An experiment is a script of the language and a row of a table. The runner starts the program afresh for each cell
//! (a strategy doing one thing), collects what the cells print, subtracts what a child that does nothing copies, checks
//! what was predicted, and prints tables and plots beside the published figures. The kernel's count of copied pages stands beside the
//! model's. `docs/lab.md` describes the files that results are kept in.
//!
//! ```text
//! calf lab list                      what there is
//! calf lab run lists-and-strings     one experiment, under the strategies of the lesson
//! ```
#![forbid(unsafe_code)]

mod archive;
pub mod blame;
mod comparison;
mod document;
mod error;
mod experiment;
mod experiments;
mod export;
mod machine;
mod outline;
mod pictures;
mod plot;
mod predict;
mod record;
mod recording;
mod report;
mod results;
mod row;
mod runner;
mod session;
mod sheet;
mod table;
mod unit;

pub use comparison::{SLACK, TOLERANCE, counts_agree};
pub use error::LabError;
pub use outline::{Outline, Piece, Prediction, Published, outlines};
pub use session::{Options, Output, Shard, list, predict, run};
pub use table::grouped;
pub use unit::Unit;

use archive::Archive;
use experiment::{EXPERIMENTS, Experiment};
use plot::Look;
use record::Record;
use results::Results;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How wide lines may be, and of what letters.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Columns.
    pub width: usize,
    /// Nothing but ASCII in plots.
    pub ascii: bool,
}

impl Default for Page {
    fn default() -> Page {
        Page { width: 100, ascii: false }
    }
}

impl Page {
    pub(crate) fn look(self) -> Look {
        Look { width: self.width.max(40), ascii: self.ascii }
    }
}

/// What `show` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tables and plots of text.
    Text,
    /// The same as Markdown.
    Markdown,
    /// Every number, comma-separated.
    Csv,
}

impl Format {
    /// The names of the formats.
    pub const NAMES: [&'static str; 3] = ["text", "markdown", "csv"];

    /// The format of this name.
    pub fn named(name: &str) -> Option<Format> {
        let formats = [Format::Text, Format::Markdown, Format::Csv];
        Format::NAMES
            .iter()
            .zip(formats)
            .find(|(known, _)| **known == name)
            .map(|(_, format)| format)
    }
}

/// The names of the experiments, in the order of the lesson.
pub fn names() -> Vec<&'static str> {
    EXPERIMENTS.iter().map(|experiment| experiment.name).collect()
}

/// Prints what results files hold. Where they come from several machines, the first one's are shown.
///
/// # Errors
/// A file that cannot be read, output that cannot be written.
pub fn show(
    files: &[PathBuf],
    format: Format,
    page: Page,
    out: &mut dyn Write,
) -> Result<(), LabError> {
    let archive = read_all(files)?;
    let printed = match format {
        Format::Csv => export::print_csv(&archive.records, out),
        Format::Text | Format::Markdown => print_archive(&archive, format, page, out),
    };
    printed.map_err(LabError::while_doing("cannot write the results"))
}

fn print_archive(
    archive: &Archive,
    format: Format,
    page: Page,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (index, (experiment, results)) in groups(archive).iter().enumerate() {
        let document = report::document(experiment, results);
        if format == Format::Markdown {
            writeln!(out, "# {}\n\n{}\n", experiment.name, experiment.question)?;
            document.print_markdown(2, out)?;
        } else {
            if index > 0 {
                writeln!(out, "\n")?;
            }
            print_title(experiment, page, out)?;
            document.print(page.look(), out)?;
        }
    }
    print_comparisons(archive, out)
}

/// The name and the title over an experiment's tables.
pub(crate) fn print_title(
    experiment: &Experiment,
    page: Page,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut document = document::Document::default();
    document.text(format!("{}: {}", experiment.name, experiment.title));
    document.print(page.look(), out)
}

/// The results of the first machine, by experiment and size, in the order of the lesson.
pub(crate) fn groups(archive: &Archive) -> Vec<(&'static Experiment, Results)> {
    let Some(machine) = archive.machines().first().copied() else { return Vec::new() };
    let of_machine: Vec<&Record> =
        archive.records.iter().filter(|record| record.same_machine(machine)).collect();
    let mut groups = Vec::new();
    for experiment in EXPERIMENTS {
        let of = |record: &&&Record| record.cell.experiment.name == experiment.name;
        let mut sizes: Vec<u64> =
            of_machine.iter().filter(of).map(|record| record.cell.size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        for size in sizes {
            let chosen = of_machine.iter().filter(of).filter(|record| record.cell.size == size);
            let mut records: Vec<Record> = chosen.map(|record| (*record).clone()).collect();
            // Two cells at a time end in any order.
            records.sort_by_key(|record| (record.cell.repeat, record.cell.number));
            groups.push((*experiment, Results::new(size, records)));
        }
    }
    groups
}

/// Puts results files together in a new one, and compares what different machines have measured: counts, not times.
///
/// # Errors
/// A file that cannot be read or written, output that cannot be written.
pub fn merge(files: &[PathBuf], to: &Path, out: &mut dyn Write) -> Result<(), LabError> {
    let archive = read_all(files)?;
    archive.write(to)?;
    let told = writeln!(out, "{}: {} cells", to.display(), archive.records.len())
        .and_then(|()| match archive.strange {
            0 => Ok(()),
            strange => {
                writeln!(out, "{strange} lines were left out, which this program does not know")
            }
        })
        .and_then(|()| print_comparisons(&archive, out));
    told.map_err(LabError::while_doing("cannot write the comparison"))
}

pub(crate) fn read_all(files: &[PathBuf]) -> Result<Archive, LabError> {
    let mut archive = Archive::default();
    for file in files {
        let read = Archive::read(file, false)?;
        archive.strange += read.strange;
        read.records.into_iter().for_each(|record| archive.add(record));
    }
    Ok(archive)
}

fn print_comparisons(archive: &Archive, out: &mut dyn Write) -> io::Result<()> {
    let machines = archive.machines();
    let Some((first, others)) = machines.split_first() else { return Ok(()) };
    for other in others {
        writeln!(out)?;
        comparison::compare(archive, first, other).print(first, other, out)?;
    }
    Ok(())
}
