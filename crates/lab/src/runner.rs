//! Runs cells: each a fresh process of the program, one strategy doing one thing.
//!
//! No threads: the runner starts up to `jobs` processes whose output goes to files, and looks every few milliseconds
//! which have ended. A cell that crashes, hangs or talks nonsense is a result like any other.

use crate::error::LabError;
use crate::experiment::{Experiment, SCRIPTS};
use crate::recording::{self, BLAME_FLAG, MAP_FLAG, Recorded};
use crate::row::Row;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often the runner looks whether a cell has ended.
const POLL: Duration = Duration::from_millis(2);
/// How much of a cell's output is read; no script prints nearly as much.
const MAX_OUTPUT: u64 = 4 << 20;
/// How much is read of what is written on a cell that is watched.
const MAX_RECORDING: u64 = 256 << 20;

/// The seed of every cell.
const SEED: u64 = 1;

/// One run of one script.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) experiment: &'static Experiment,
    pub(crate) strategy: &'static str,
    /// Which of the experiment's plans, an index.
    pub(crate) plan: usize,
    /// How large the heap is, in the experiment's own unit.
    pub(crate) size: u64,
    /// Which repetition, counted from 0.
    pub(crate) repeat: usize,
    /// Its number among the cells of a run.
    pub(crate) number: usize,
    /// Flags for the program, before the script.
    pub(crate) flags: &'static [&'static str],
    /// The script's arguments.
    pub(crate) arguments: Vec<String>,
    /// The seed of the program's random numbers.
    pub(crate) seed: u64,
    /// How it is watched in a second run, if it is.
    pub(crate) recorded: Option<&'static Recorded>,
}

impl Cell {
    pub(crate) fn new(
        experiment: &'static Experiment,
        strategy: &'static str,
        plan: usize,
        size: u64,
        repeat: usize,
    ) -> Cell {
        let what = &experiment.plans[plan];
        let arguments = what.arguments_for(size);
        Cell {
            experiment,
            strategy,
            plan,
            size,
            repeat,
            number: 0,
            flags: what.flags,
            arguments,
            seed: SEED,
            recorded: experiment.recorded.iter().find(|recorded| {
                repeat == 0 && recorded.plan == plan && recorded.strategies.contains(&strategy)
            }),
        }
    }

    /// Its name in every file.
    pub(crate) fn key(&self) -> String {
        let what = self.experiment.plans[self.plan].name();
        let (experiment, size) = (self.experiment.name, self.size);
        format!("{experiment}/{size}/{}/{what}/{}", self.strategy, self.repeat)
    }

    /// The command that repeats it, beside the scripts.
    pub(crate) fn command(&self) -> String {
        self.command_with(&[])
    }

    /// The command that watches it.
    pub(crate) fn recording_command(&self) -> String {
        self.command_with(&[MAP_FLAG, BLAME_FLAG, "cell.blame"])
    }

    fn command_with(&self, flags: &[&str]) -> String {
        let mut words = vec!["calf".to_string(), "--gc".to_string(), self.strategy.to_string()];
        words.extend(["--seed".to_string(), self.seed.to_string()]);
        words.extend(self.flags.iter().chain(flags).map(|flag| flag.to_string()));
        words.push(format!("examples/lab/{}", self.experiment.script));
        words.extend(self.arguments.iter().cloned());
        words.join(" ")
    }
}

/// How a cell failed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// It was ended by this signal.
    Signal(i32),
    /// It ended with this exit code.
    Exit(i32),
    /// It did not end in time.
    TimedOut,
    /// It printed something that is not a row.
    Nonsense,
    /// It ended well but said nothing, or nothing of the child that was asked for.
    Silent,
    /// The heap's limit was reached.
    OutOfMemory,
    /// It could not be started.
    NotStarted(String),
}

impl Failure {
    /// What a results file calls it; `None` for a cell that ended well.
    pub(crate) fn named(status: &str) -> Option<Failure> {
        let rest = |start: &str| status.strip_prefix(start).and_then(|rest| rest.parse().ok());
        Some(match status {
            "ok" => return None,
            "timeout" => Failure::TimedOut,
            "nonsense" => Failure::Nonsense,
            "out of memory" => Failure::OutOfMemory,
            "not run" => Failure::NotStarted(String::new()),
            _ => match (rest("exit "), rest("signal "), status.parse::<Signal>()) {
                (Some(code), ..) => Failure::Exit(code),
                (_, Some(number), _) => Failure::Signal(number),
                (.., Ok(signal)) => Failure::Signal(signal as i32),
                _ => Failure::Silent,
            },
        })
    }

    /// The status of a results file: of a cell that failed so, or ended well.
    pub(crate) fn status(failure: Option<&Failure>) -> String {
        failure.map_or("ok".to_string(), Failure::to_string)
    }

    /// What an exit code as given by `os.wait` means: 128 and more are signals.
    pub(crate) fn of_code(code: i64) -> Failure {
        if code > 128 { Failure::Signal((code - 128) as i32) } else { Failure::Exit(code as i32) }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Signal(number) => match Signal::try_from(*number) {
                Ok(signal) => write!(f, "{signal}"),
                Err(_) => write!(f, "signal {number}"),
            },
            Failure::Exit(code) => write!(f, "exit {code}"),
            Failure::TimedOut => f.write_str("timeout"),
            Failure::Nonsense => f.write_str("nonsense"),
            Failure::Silent => f.write_str("silent"),
            Failure::OutOfMemory => f.write_str("out of memory"),
            Failure::NotStarted(_) => f.write_str("not run"),
        }
    }
}

/// What a cell came to.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) rows: Vec<Row>,
    /// Lines with a `kind`: what the cell has to show beside its rows.
    pub(crate) extras: Vec<Value>,
    pub(crate) failure: Option<Failure>,
    /// The first line it wrote on standard error.
    pub(crate) complaint: String,
    /// Minor faults of the process and of the children it waited for.
    pub(crate) faults: u64,
    pub(crate) seconds: f64,
    /// What became of the run that was watched, if there was one: `ok`, or how it failed.
    pub(crate) recording: Option<String>,
}

/// A directory with the scripts and the cells' output; removed when dropped.
#[derive(Debug)]
pub(crate) struct Workshop {
    directory: PathBuf,
    program: PathBuf,
}

impl Workshop {
    /// Lays the scripts out in a new directory.
    pub(crate) fn open(program: PathBuf) -> Result<Workshop, LabError> {
        let directory =
            new_directory().map_err(LabError::while_doing("cannot make a directory"))?;
        let workshop = Workshop { directory, program };
        for (name, text) in SCRIPTS {
            fs::write(workshop.directory.join(name), text)
                .map_err(LabError::while_doing("cannot write the experiment's script"))?;
        }
        Ok(workshop)
    }

    /// Runs `cells`, up to `jobs` at a time, and gives their outcomes in the same order. `ended` is told the number of
    /// cell that has ended each time one does, and its outcome; its error ends the run.
    pub(crate) fn run(
        &self,
        cells: &[Cell],
        jobs: usize,
        timeout: Duration,
        ended: &mut dyn FnMut(&Cell, &Outcome) -> Result<(), LabError>,
    ) -> Result<Vec<Outcome>, LabError> {
        let mut outcomes: Vec<Option<Outcome>> = cells.iter().map(|_| None).collect();
        let mut running: Vec<Running> = Vec::new();
        let mut next = 0;
        let mut done = 0;
        while done < cells.len() {
            while running.len() < jobs.max(1) && next < cells.len() {
                match self.start(next, &cells[next], None) {
                    Ok(started) => running.push(started),
                    Err(error) => {
                        let outcome = Outcome::of_failure(Failure::NotStarted(error.to_string()));
                        ended(&cells[next], &outcome)?;
                        outcomes[next] = Some(outcome);
                        done += 1;
                    }
                }
                next += 1;
            }
            let before = done;
            let mut at = 0;
            while at < running.len() {
                let Some(outcome) = running[at].poll(timeout) else {
                    at += 1;
                    continue;
                };
                let cell = &cells[running[at].cell];
                let outcome = match running[at].measured.take() {
                    Some(measured) => running[at].add_recording(cell, measured, &outcome),
                    None if cell.recorded.is_some() && outcome.failure.is_none() => {
                        match self.start(running[at].cell, cell, Some(outcome.clone())) {
                            Ok(watched) => {
                                running[at] = watched;
                                at += 1;
                                continue;
                            }
                            Err(error) => Outcome { recording: Some(error.to_string()), ..outcome },
                        }
                    }
                    None => outcome,
                };
                let process = running.swap_remove(at);
                let told = ended(&cells[process.cell], &outcome);
                outcomes[process.cell] = Some(outcome);
                done += 1;
                if let Err(error) = told {
                    running.iter().for_each(|process| end_with_descendants(&process.child));
                    return Err(error);
                }
            }
            if done == before && !running.is_empty() {
                std::thread::sleep(POLL);
            }
        }
        Ok(outcomes.into_iter().map(|outcome| outcome.expect("each cell has ended")).collect())
    }

    /// Starts a cell; once more and watched, if it has been `measured`.
    fn start(&self, index: usize, cell: &Cell, measured: Option<Outcome>) -> io::Result<Running> {
        let file = |ending: &str| self.directory.join(format!("{index}.{ending}"));
        let (output, complaints, blame) = (file("out"), file("err"), file("blame"));
        let mut command = Command::new(&self.program);
        command.args(["--gc", cell.strategy, "--seed", &cell.seed.to_string()]).args(cell.flags);
        if measured.is_some() {
            command.args([MAP_FLAG, BLAME_FLAG]).arg(&blame);
        }
        let child = command
            .arg(self.directory.join(cell.experiment.script))
            .args(&cell.arguments)
            .stdin(Stdio::null())
            .stdout(File::create(&output)?)
            .stderr(File::create(&complaints)?)
            .spawn()?;
        // Where memory runs out it is a cell that the kernel ends. If it will not hear of it, so be it.
        let _ = fs::write(format!("/proc/{}/oom_score_adj", child.id()), "1000");
        Ok(Running {
            cell: index,
            child,
            started: Instant::now(),
            output,
            complaints,
            blame,
            measured,
        })
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // What cannot be removed lies in the directory for temporary files.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// A new directory that only this user may look into.
fn new_directory() -> io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    let mut attempt = 0;
    loop {
        let name = format!("calf-lab-{}-{attempt}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        match fs::DirBuilder::new().mode(0o700).create(&directory) {
            Ok(()) => return Ok(directory),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 1000 => {
                attempt += 1
            }
            Err(error) => return Err(error),
        }
    }
}

/// A cell that has been started.
struct Running {
    cell: usize,
    child: Child,
    started: Instant,
    output: PathBuf,
    complaints: PathBuf,
    /// Where the program writes whom it blames, if it watches.
    blame: PathBuf,
    /// What it came to when it was not watched.
    measured: Option<Outcome>,
}

impl Running {
    /// The outcome, if the cell has ended or has now been ended for taking too long.
    fn poll(&mut self, timeout: Duration) -> Option<Outcome> {
        let before = calf_meter::faults::of_ended_children().minor;
        let status = match self.child.try_wait() {
            Ok(Some(status)) => Some(status),
            Ok(None) if self.started.elapsed() < timeout => return None,
            Ok(None) | Err(_) => {
                end_with_descendants(&self.child);
                // Reaps it; how it ended is known.
                let _ = self.child.wait();
                None
            }
        };
        // Cells are reaped one at a time, so the difference is this one's.
        let faults = calf_meter::faults::of_ended_children().minor - before;
        Some(self.outcome(status, faults))
    }

    /// What was measured, with what the watched run that has now ended tells; it may fail without harm.
    fn add_recording(&self, cell: &Cell, measured: Outcome, watched: &Outcome) -> Outcome {
        let mut extras = measured.extras;
        let status = Failure::status(watched.failure.as_ref());
        if watched.failure.is_none() {
            let said = recording::Said {
                output: &read_some(&self.output, MAX_RECORDING),
                errors: &read_some(&self.complaints, MAX_RECORDING),
                blame: &read_some(&self.blame, MAX_RECORDING),
            };
            extras.extend(recording::lines(cell, &said));
        }
        Outcome { extras, recording: Some(status), ..measured }
    }

    fn outcome(&self, status: Option<ExitStatus>, faults: u64) -> Outcome {
        let text = read_some(&self.output, MAX_OUTPUT);
        let (mut lines, mut extras) = (Vec::new(), Vec::new());
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match serde_json::from_str::<Value>(line) {
                Ok(extra) if extra["kind"].is_string() => extras.push(extra),
                _ => lines.push(Row::parse(line)),
            }
        }
        let complaint =
            read_some(&self.complaints, MAX_OUTPUT).lines().next().unwrap_or_default().to_string();
        let failure = match status {
            None => Some(Failure::TimedOut),
            Some(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => Some(Failure::Signal(signal)),
                (None, Some(0)) if lines.contains(&None) => Some(Failure::Nonsense),
                (None, Some(0)) if lines.is_empty() => Some(Failure::Silent),
                (None, Some(0)) => None,
                (None, Some(_)) if complaint.contains("OutOfMemory") => Some(Failure::OutOfMemory),
                (None, code) => Some(Failure::Exit(code.unwrap_or(-1))),
            },
        };
        Outcome {
            rows: lines.into_iter().flatten().collect(),
            extras,
            failure,
            complaint,
            faults,
            seconds: self.started.elapsed().as_secs_f64(),
            recording: None,
        }
    }
}

impl Outcome {
    fn of_failure(failure: Failure) -> Outcome {
        let complaint = match &failure {
            Failure::NotStarted(why) => why.clone(),
            _ => String::new(),
        };
        Outcome {
            rows: Vec::new(),
            extras: Vec::new(),
            failure: Some(failure),
            complaint,
            faults: 0,
            seconds: 0.0,
            recording: None,
        }
    }
}

/// The beginning of a file as text, so many bytes at most; empty if it cannot be read.
fn read_some(path: &Path, most: u64) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        // A file that cannot be read to its end is judged by what there is.
        let _ = file.take(most).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Ends a cell and every process that descends from it: a forked child may be what hangs.
fn end_with_descendants(cell: &Child) {
    let mut doomed = vec![cell.id() as i32];
    let parents = parents_of_all();
    let mut at = 0;
    while at < doomed.len() {
        let parent = doomed[at];
        doomed.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    for pid in doomed {
        // It may have ended by itself meanwhile.
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

/// Each process that one may look at, and its parent.
fn parents_of_all() -> Vec<(i32, i32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let parent = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse::<i32>().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The program's name, in parentheses, may hold anything; state and parent follow the last one.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((pid, parent))
    };
    entries.flatten().filter_map(parent).collect()
}
