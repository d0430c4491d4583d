//! A run: which cells there are, which of them are due, and what is done with each that has ended.

use crate::archive::{self, Archive};
use crate::error::LabError;
use crate::experiment::{EXPERIMENTS, Experiment};
use crate::record::{Record, lasting};
use crate::results::Results;
use crate::runner::{Cell, Workshop};
use crate::{Page, machine, names, predict as asking, print_title, report};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::time::Duration;

/// What a run prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Tables and plots, when an experiment is done.
    Tables,
    /// The lines of a results file, as cells end.
    Json,
    /// The cells, which are not run.
    List,
}

/// A part of all cells: each `of`-th one, beginning with `number`, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part.
    pub number: usize,
    /// Of how many.
    pub of: usize,
}

impl Shard {
    /// Reads `2/8`.
    pub fn parse(text: &str) -> Option<Shard> {
        let (number, of) = text.split_once('/')?;
        let shard = Shard { number: number.parse().ok()?, of: of.parse().ok()? };
        (1..=shard.of).contains(&shard.number).then_some(shard)
    }
}

/// How experiments are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The strategies to run with; empty for those of the experiment.
    pub strategies: Vec<String>,
    /// How large the heap is, in the experiment's own unit; several for a run at each; empty for its default.
    pub sizes: Vec<u64>,
    /// The small size instead.
    pub quick: bool,
    /// How often each cell is run; the median is shown, and the spread.
    pub repeats: usize,
    /// What is printed.
    pub output: Output,
    /// The file that holds what was measured. What is in it is not run again.
    pub results: Option<PathBuf>,
    /// Only the cell of this number, counted from 1.
    pub cell: Option<usize>,
    /// Only these cells.
    pub shard: Option<Shard>,
    /// How many cells run at a time, where no time is measured.
    pub jobs: usize,
    /// How long a cell may take before it is ended and shown as a timeout.
    pub timeout: Duration,
    /// The program that runs the scripts; `None` for the running one.
    pub program: Option<PathBuf>,
    /// How wide what is printed may be.
    pub page: Page,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            strategies: Vec::new(),
            sizes: Vec::new(),
            quick: false,
            repeats: 1,
            output: Output::Tables,
            results: None,
            cell: None,
            shard: None,
            jobs: std::thread::available_parallelism().map_or(1, usize::from).min(4),
            timeout: Duration::from_secs(120),
            program: None,
            page: Page::default(),
        }
    }
}

/// Prints the experiments, each with its question.
///
/// # Errors
/// If `out` cannot be written.
pub fn list(out: &mut dyn Write) -> Result<(), LabError> {
    print_list(out).map_err(LabError::while_doing("cannot write the list"))
}

fn print_list(out: &mut dyn Write) -> io::Result<()> {
    let widest = EXPERIMENTS.iter().map(|experiment| experiment.name.len()).max().unwrap_or(0);
    for experiment in EXPERIMENTS {
        writeln!(out, "{:widest$}  {}", experiment.name, experiment.question)?;
    }
    writeln!(
        out,
        "\ncalf lab run NAME… runs them; calf lab predict NAME asks for your number first."
    )
}

/// Runs the experiments `names` (all of them if empty), prints each one's results, and goes on where a cell fails.
/// `strategies` are all the names that the program's `--gc` knows.
///
/// # Errors
/// Names that there are not (before anything is run), files and output that cannot be written, and, after everything was
/// printed, [`LabError::CellsFailed`] and [`LabError::Refuted`].
pub fn run(
    names: &[String],
    options: &Options,
    strategies: &[&'static str],
    out: &mut dyn Write,
) -> Result<(), LabError> {
    let experiments = chosen_experiments(names)?;
    let chosen = chosen_strategies(&options.strategies, strategies)?;
    let cells = all_cells(&experiments, options, &chosen, strategies);
    if options.output == Output::List {
        let line =
            |cell: &Cell| writeln!(out, "{}  {}  {}", cell.number, cell.key(), cell.command());
        return cells
            .iter()
            .try_for_each(line)
            .map_err(LabError::while_doing("cannot write the list"));
    }
    Session::open(options, due(cells, options)?)?.run(out)
}

/// Asks for the number that an experiment is about, measures it, and explains the difference.
///
/// # Errors
/// As [`run`].
pub fn predict(
    name: &str,
    options: &Options,
    strategies: &[&'static str],
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> Result<(), LabError> {
    let experiment = chosen_experiments(&[name.to_string()])?[0];
    let failed = LabError::while_doing("cannot talk");
    let Some(guess) = asking::ask(&experiment.ask, input, out).map_err(failed)? else {
        return Ok(());
    };
    let chosen = experiment.ask.strategies.to_vec();
    let mut cells = all_cells(&[experiment], options, &chosen, strategies);
    // One number is asked for: there is no picture to be drawn.
    cells.iter_mut().for_each(|cell| cell.recorded = None);
    let size = cells.first().map_or(experiment.size, |cell| cell.size);
    let mut session = Session::open(options, cells)?;
    let mut records = Vec::new();
    while let Some(group) = session.next_group() {
        records.extend(session.measure(group, &mut io::sink())?.into_records());
    }
    session.bar.finish_and_clear();
    asking::explain(experiment, guess, &Results::new(size, records), out)
        .map_err(LabError::while_doing("cannot talk"))
}

fn chosen_experiments(names: &[String]) -> Result<Vec<&'static Experiment>, LabError> {
    if names.is_empty() {
        return Ok(EXPERIMENTS.to_vec());
    }
    let named = |name: &String| {
        Experiment::named(name)
            .ok_or_else(|| LabError::UnknownExperiment { name: name.clone(), known: self::names() })
    };
    names.iter().map(named).collect()
}

/// The strategies asked for, with their options (`inline:fresh=on`); empty if none was.
fn chosen_strategies(
    asked: &[String],
    known: &[&'static str],
) -> Result<Vec<&'static str>, LabError> {
    let named = |name: &String| {
        if known.contains(&bare(name)) {
            Ok(lasting(name))
        } else {
            Err(LabError::UnknownStrategy { name: name.clone(), known: known.to_vec() })
        }
    };
    asked.iter().map(named).collect()
}

/// A strategy's name without options.
fn bare(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

/// Every cell of these experiments, numbered from 1.
fn all_cells(
    experiments: &[&'static Experiment],
    options: &Options,
    chosen: &[&'static str],
    known: &[&'static str],
) -> Vec<Cell> {
    let mut cells = Vec::new();
    for experiment in experiments {
        let own = experiment.strategies.iter().filter(|name| known.contains(&bare(name))).copied();
        let strategies: Vec<&'static str> =
            if chosen.is_empty() { own.collect() } else { chosen.to_vec() };
        let usual = [if options.quick { experiment.quick } else { experiment.size }];
        let sizes = if options.sizes.is_empty() { &usual[..] } else { &options.sizes[..] };
        for size in sizes {
            // Repetitions are outermost, so that whatever disturbs the machine for a while disturbs all strategies.
            for repeat in 0..options.repeats.max(1) {
                for plan in 0..experiment.plans.len() {
                    cells.extend(
                        strategies
                            .iter()
                            .map(|strategy| Cell::new(experiment, strategy, plan, *size, repeat)),
                    );
                }
            }
        }
    }
    for (index, cell) in cells.iter_mut().enumerate() {
        cell.number = index + 1;
    }
    cells
}

/// Those that were asked for.
fn due(cells: Vec<Cell>, options: &Options) -> Result<Vec<Cell>, LabError> {
    let count = cells.len();
    if options.cell.is_some_and(|number| !(1..=count).contains(&number)) {
        return Err(LabError::Usage(format!("there are cells 1 to {count}; --list names them")));
    }
    let is_due = |cell: &Cell| {
        options.cell.is_none_or(|number| cell.number == number)
            && options.shard.is_none_or(|shard| (cell.number - 1) % shard.of == shard.number - 1)
    };
    Ok(cells.into_iter().filter(is_due).collect())
}

/// A run under way.
struct Session<'a> {
    options: &'a Options,
    /// Those that are still to be looked at, in order.
    cells: std::collections::VecDeque<Cell>,
    workshop: Workshop,
    /// What was measured earlier.
    archive: Archive,
    machine: serde_json::Value,
    program: serde_json::Value,
    bar: ProgressBar,
}

impl Session<'_> {
    fn open(options: &Options, cells: Vec<Cell>) -> Result<Session<'_>, LabError> {
        let program = match &options.program {
            Some(program) => program.clone(),
            None => {
                std::env::current_exe().map_err(LabError::while_doing("cannot find the program"))?
            }
        };
        let archive = match &options.results {
            Some(path) => Archive::read(path, true)?,
            None => Archive::default(),
        };
        // It is drawn when it is told something, by no thread of its own, and only on a terminal.
        let bar = ProgressBar::new(cells.len() as u64);
        let style = "{bar:24} {pos} of {len} cells, {elapsed} so far, {eta} left  {msg}";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()));
        Ok(Session {
            options,
            cells: cells.into(),
            workshop: Workshop::open(program)?,
            archive,
            machine: machine::machine(),
            program: machine::program(),
            bar,
        })
    }

    /// The next experiment's cells of one size.
    fn next_group(&mut self) -> Option<Vec<Cell>> {
        let first = self.cells.front()?;
        let (name, size) = (first.experiment.name, first.size);
        let mut group = Vec::new();
        while let Some(cell) =
            self.cells.pop_front_if(|cell| cell.experiment.name == name && cell.size == size)
        {
            group.push(cell);
        }
        Some(group)
    }

    fn run(mut self, out: &mut dyn Write) -> Result<(), LabError> {
        let (mut failed, mut of, mut refuted) = (0, 0, Vec::new());
        let mut is_first = true;
        let is_whole = self.options.cell.is_none() && self.options.shard.is_none();
        while let Some(group) = self.next_group() {
            let experiment = group[0].experiment;
            let results = self.measure(group, out)?;
            failed += results.failures().len();
            of += results.records().len();
            if !is_whole {
                continue;
            }
            if !report::judge(experiment, &results).refuted.is_empty() {
                refuted.push(experiment.name);
            }
            if self.options.output == Output::Tables {
                self.bar
                    .suspend(|| {
                        print_report(experiment, &results, self.options.page, is_first, out)
                    })
                    .map_err(LabError::while_doing("cannot write the results"))?;
                is_first = false;
            }
        }
        self.bar.finish_and_clear();
        match (failed, refuted.is_empty()) {
            (0, true) => Ok(()),
            (0, false) => Err(LabError::Refuted { experiments: refuted }),
            _ => Err(LabError::CellsFailed { failed, of }),
        }
    }

    /// Runs the cells of a group that nobody has run yet, and gives the results of all of them.
    fn measure(&mut self, group: Vec<Cell>, out: &mut dyn Write) -> Result<Results, LabError> {
        let (experiment, size) = (group[0].experiment, group[0].size);
        self.bar.set_message(experiment.name);
        let finished = self.archive.finished(&self.machine, &self.program);
        let (old, new): (Vec<Cell>, Vec<Cell>) =
            group.into_iter().partition(|cell| finished.contains(&cell.key()));
        self.bar.inc(old.len() as u64);
        let mut records: Vec<Record> = Vec::new();
        for cell in old {
            let key = cell.key();
            let found = self
                .archive
                .records
                .iter()
                .find(|record| record.same_machine(&self.machine) && record.cell.key() == key);
            records.extend(found.map(|record| Record { cell, ..record.clone() }));
        }
        let jobs = if experiment.timed { 1 } else { self.options.jobs };
        // What one of the parts of a whole has measured is of use only in a file, or to whoever reads the lines.
        let print = self.options.output == Output::Json
            || (self.options.results.is_none()
                && (self.options.cell.is_some() || self.options.shard.is_some()));
        let mut ended = |cell: &Cell, outcome: &crate::runner::Outcome| {
            let record = Record {
                cell: cell.clone(),
                outcome: outcome.clone(),
                machine: self.machine.clone(),
                program: self.program.clone(),
            };
            if let Some(path) = &self.options.results {
                archive::append(path, &record)?;
            }
            if print {
                out.write_all(archive::text_of(&record).as_bytes())
                    .map_err(LabError::while_doing("cannot write the results"))?;
            }
            records.push(record);
            self.bar.inc(1);
            Ok(())
        };
        self.workshop.run(&new, jobs, self.options.timeout, &mut ended)?;
        records.sort_by_key(|record| record.cell.number);
        Ok(Results::new(size, records))
    }
}

fn print_report(
    experiment: &Experiment,
    results: &Results,
    page: Page,
    is_first: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    if !is_first {
        writeln!(out, "\n")?;
    }
    print_title(experiment, page, out)?;
    report::document(experiment, results).print(page.look(), out)
}
