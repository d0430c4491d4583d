//! The lab: experiments that show what a choice of collector does to memory shared after a fork.
//!
//! An experiment is a script of the language and a row of a table. The runner starts the program afresh for each cell
//! (a strategy doing one thing), collects what the cells print, subtracts what a child that does nothing copies, and
//! prints a table with one sentence under it. The kernel's count of copied pages stands beside the model's.
//!
//! ```text
//! calf lab list                      what there is
//! calf lab run lists-and-strings     one experiment, under the strategies of the lesson
//! ```
#![forbid(unsafe_code)]

mod error;
mod experiment;
mod reports;
mod results;
mod row;
mod runner;
mod table;

pub use error::LabError;

use experiment::{EXPERIMENTS, Experiment};
use results::Results;
use runner::{Cell, Workshop};
use serde_json::{Value, json};
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

/// How experiments are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The strategies to run with; empty for those of the experiment.
    pub strategies: Vec<String>,
    /// How large the heap is, in the experiment's own unit; `None` for its default.
    pub size: Option<u64>,
    /// How often each cell is run; the median is shown, and the spread.
    pub repeats: usize,
    /// One JSON object per cell instead of tables.
    pub json: bool,
    /// How many cells run at a time.
    pub jobs: usize,
    /// How long a cell may take before it is ended and shown as a timeout.
    pub timeout: Duration,
    /// The program that runs the scripts; `None` for the running one.
    pub program: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            strategies: Vec::new(),
            size: None,
            repeats: 1,
            json: false,
            jobs: std::thread::available_parallelism().map_or(1, usize::from).min(4),
            timeout: Duration::from_secs(120),
            program: None,
        }
    }
}

/// The names of the experiments, in the order of the lesson.
pub fn names() -> Vec<&'static str> {
    EXPERIMENTS.iter().map(|experiment| experiment.name).collect()
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
    writeln!(out, "\ncalf lab run NAME… runs them.")
}

/// Runs the experiments `names` (all of them if empty), prints each one's results, and goes on where a cell fails.
/// `strategies` are all the names that the program's `--gc` knows.
///
/// # Errors
/// Names that there are not (before anything is run), output that cannot be written, and, after everything was
/// printed, [`LabError::CellsFailed`].
pub fn run(
    names: &[String],
    options: &Options,
    strategies: &[&'static str],
    out: &mut dyn Write,
) -> Result<(), LabError> {
    let experiments = chosen_experiments(names)?;
    let chosen = chosen_strategies(&options.strategies, strategies)?;
    let program = match &options.program {
        Some(program) => program.clone(),
        None => {
            std::env::current_exe().map_err(LabError::while_doing("cannot find the program"))?
        }
    };
    let workshop = Workshop::open(program)?;
    let (mut failed, mut of) = (0, 0);
    for (index, experiment) in experiments.iter().enumerate() {
        let results = measure(experiment, options, &chosen, strategies, &workshop);
        failed += results.failures().len();
        of += results.cells().len();
        let printed = if options.json {
            print_json(experiment, &results, out)
        } else {
            let separated = if index > 0 { writeln!(out, "\n") } else { Ok(()) };
            separated.and_then(|()| print_report(experiment, &results, out))
        };
        printed.map_err(LabError::while_doing("cannot write the results"))?;
    }
    if failed > 0 { Err(LabError::CellsFailed { failed, of }) } else { Ok(()) }
}

fn chosen_experiments(names: &[String]) -> Result<Vec<&'static Experiment>, LabError> {
    if names.is_empty() {
        return Ok(EXPERIMENTS.iter().collect());
    }
    let named = |name: &String| {
        let found = EXPERIMENTS.iter().find(|experiment| experiment.name == name);
        found
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
        let bare = name.split(':').next().unwrap_or(name);
        match known.iter().find(|strategy| **strategy == bare) {
            Some(strategy) if strategy == name => Ok(*strategy),
            // With options it is a name as good as any; the few of them live as long as the program, which then ends.
            Some(_) => Ok(&*Box::leak(name.clone().into_boxed_str())),
            None => Err(LabError::UnknownStrategy { name: name.clone(), known: known.to_vec() }),
        }
    };
    asked.iter().map(named).collect()
}

/// Runs every cell of an experiment.
fn measure(
    experiment: &'static Experiment,
    options: &Options,
    chosen: &[&'static str],
    known: &[&'static str],
    workshop: &Workshop,
) -> Results {
    let strategies: Vec<&'static str> = if chosen.is_empty() {
        experiment.strategies.iter().filter(|strategy| known.contains(strategy)).copied().collect()
    } else {
        chosen.to_vec()
    };
    let size = options.size.unwrap_or(experiment.size);
    let mut cells = Vec::new();
    // Repetitions are outermost, so that whatever disturbs the machine for a while disturbs all strategies.
    for repeat in 0..options.repeats.max(1) {
        for strategy in &strategies {
            for (plan, what) in experiment.plans.iter().enumerate() {
                let mut arguments: Vec<String> =
                    what.arguments.iter().map(|text| text.to_string()).collect();
                arguments.push(size.to_string());
                let script = experiment.script;
                cells.push(Cell { strategy, plan, repeat, script, flags: what.flags, arguments });
            }
        }
    }
    let show = io::stderr().is_terminal();
    let total = cells.len();
    let mut progress = |done: usize| {
        if show {
            // Progress that cannot be shown is no reason to stop measuring.
            let _ = write!(io::stderr(), "\r{}: {done} of {total} cells\x1b[K", experiment.name);
        }
    };
    progress(0);
    let outcomes = workshop.run(&cells, options.jobs, options.timeout, &mut progress);
    if show {
        let _ = write!(io::stderr(), "\r\x1b[K");
    }
    Results::new(strategies, size, cells, outcomes)
}

/// The title, the experiment's own table and sentence, and what all experiments have in common.
fn print_report(experiment: &Experiment, results: &Results, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", experiment.title)?;
    (experiment.report)(results, out)?;
    if results.size != experiment.size {
        let full = experiment.size;
        writeln!(
            out,
            "Run with {} {}; the experiment proper has {full}.",
            results.size, experiment.unit
        )?;
    }
    let claims: Vec<(&str, bool)> = experiment
        .claims
        .iter()
        .filter_map(|claim| Some((claim.text, (claim.holds)(results)?)))
        .collect();
    let refuted: Vec<&str> =
        claims.iter().filter(|(_, holds)| !holds).map(|(text, _)| *text).collect();
    writeln!(out)?;
    match claims.len() {
        0 => writeln!(out, "predictions: none could be judged")?,
        judged => writeln!(out, "predictions: {} of {judged} hold", judged - refuted.len())?,
    }
    for text in refuted {
        writeln!(out, "  does NOT hold: {text}")?;
    }
    if results.any_modelled() {
        let why = calf_meter::Capabilities::probe().copied_pages.err();
        let why = why.map_or("the kernel did not say".to_string(), |why| why.to_string());
        let note = format!(
            "MODEL ONLY: {why}. Where the last column says so, the figures are the heap's own count of the pages it \
             wrote, less a control child that does nothing; new pages are not known.",
        );
        reports::print_sentence(&note, out)?;
    } else {
        writeln!(
            out,
            "copied: by the kernel's word (pagemap), less a control child that does nothing; \
             model: the heap's own\ncount of the pages it wrote minus the kernel's, where they differ most."
        )?;
    }
    if let Some(spread) = results.spread() {
        writeln!(out, "largest difference between repetitions: {spread} pages")?;
    }
    for (cell, failure, complaint) in results.failures() {
        let arguments = cell.arguments.join(" ");
        writeln!(
            out,
            "  {failure}: --gc {} {} {arguments}: {complaint}",
            cell.strategy, cell.script
        )?;
    }
    Ok(())
}

/// One JSON object per child of a cell.
fn print_json(experiment: &Experiment, results: &Results, out: &mut dyn Write) -> io::Result<()> {
    for (cell, outcome) in results.cells() {
        let base = |status: String| {
            json!({
                "experiment": experiment.name,
                "strategy": cell.strategy,
                "arguments": cell.arguments,
                "repeat": cell.repeat,
                "status": status,
                "faults": outcome.faults,
                "seconds": outcome.seconds,
            })
        };
        let mut spoken: Vec<&str> = outcome.rows.iter().map(|row| row.child.as_str()).collect();
        spoken.dedup();
        for child in spoken {
            let mut line = match results::figure_of(outcome, child) {
                Ok(figure) => {
                    let mut line = base("ok".to_string());
                    line["heap_pages"] = json!(figure.copied.shared);
                    line["copied_pages"] = json!(figure.copied.pages);
                    line["new_pages"] = json!(figure.copied.new);
                    line["control_pages"] = json!(figure.control);
                    line["model_off"] = json!(figure.model_off);
                    line["source"] = json!(if figure.modelled { "model" } else { "kernel" });
                    line["page"] = json!(figure.page);
                    line["objects"] = json!(figure.objects);
                    line["regions"] = json!(figure.copied.regions);
                    line["causes"] = json!(figure.copied.causes);
                    line["facts"] = json!(figure.row.facts);
                    line
                }
                // A child that ended well and had nothing to measure.
                Err(runner::Failure::Silent) => base("ok".to_string()),
                Err(failure) => base(failure.to_string()),
            };
            line["child"] = Value::from(child);
            writeln!(out, "{line}")?;
        }
        if let Some(failure) = &outcome.failure {
            let mut line = base(failure.to_string());
            line["complaint"] = json!(outcome.complaint);
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}
