//! Runs cells: each a fresh process of the program, one strategy doing one thing.
//!
//! No threads: the runner starts up to `jobs` processes whose output goes to files, and looks every few milliseconds
//! which have ended. A cell that crashes, hangs or talks nonsense is a result like any other.

use crate::error::LabError;
use crate::experiment::SCRIPTS;
use crate::row::Row;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
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

/// One run of one script.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) strategy: &'static str,
    /// Which of the experiment's plans, an index.
    pub(crate) plan: usize,
    /// Which repetition, counted from 0.
    pub(crate) repeat: usize,
    /// The script's file name.
    pub(crate) script: &'static str,
    /// Flags for the program, before the script.
    pub(crate) flags: &'static [&'static str],
    /// The script's arguments.
    pub(crate) arguments: Vec<String>,
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
    /// It could not be started.
    NotStarted(String),
}

impl Failure {
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
            Failure::NotStarted(_) => f.write_str("not run"),
        }
    }
}

/// What a cell came to.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) rows: Vec<Row>,
    pub(crate) failure: Option<Failure>,
    /// The first line it wrote on standard error.
    pub(crate) complaint: String,
    /// Minor faults of the process and of the children it waited for.
    pub(crate) faults: u64,
    pub(crate) seconds: f64,
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
    /// cells that have ended each time one does.
    pub(crate) fn run(
        &self,
        cells: &[Cell],
        jobs: usize,
        timeout: Duration,
        ended: &mut dyn FnMut(usize),
    ) -> Vec<Outcome> {
        let mut outcomes: Vec<Option<Outcome>> = cells.iter().map(|_| None).collect();
        let mut running: Vec<Running> = Vec::new();
        let mut next = 0;
        let mut done = 0;
        while done < cells.len() {
            while running.len() < jobs.max(1) && next < cells.len() {
                match self.start(next, &cells[next]) {
                    Ok(started) => running.push(started),
                    Err(error) => {
                        outcomes[next] =
                            Some(Outcome::of_failure(Failure::NotStarted(error.to_string())));
                        done += 1;
                    }
                }
                next += 1;
            }
            let before = done;
            running.retain_mut(|process| match process.poll(timeout) {
                None => true,
                Some(outcome) => {
                    outcomes[process.cell] = Some(outcome);
                    done += 1;
                    false
                }
            });
            if done > before {
                ended(done);
            } else if !running.is_empty() {
                std::thread::sleep(POLL);
            }
        }
        outcomes.into_iter().map(|outcome| outcome.expect("each cell has ended")).collect()
    }

    fn start(&self, index: usize, cell: &Cell) -> io::Result<Running> {
        let output = self.directory.join(format!("{index}.out"));
        let complaints = self.directory.join(format!("{index}.err"));
        let child = Command::new(&self.program)
            .args(["--gc", cell.strategy])
            .args(cell.flags)
            .arg(self.directory.join(cell.script))
            .args(&cell.arguments)
            .stdin(Stdio::null())
            .stdout(File::create(&output)?)
            .stderr(File::create(&complaints)?)
            .spawn()?;
        Ok(Running { cell: index, child, started: Instant::now(), output, complaints })
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

    fn outcome(&self, status: Option<ExitStatus>, faults: u64) -> Outcome {
        let text = read_some(&self.output);
        let lines: Vec<Option<Row>> =
            text.lines().filter(|line| !line.trim().is_empty()).map(Row::parse).collect();
        let failure = match status {
            None => Some(Failure::TimedOut),
            Some(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => Some(Failure::Signal(signal)),
                (None, Some(0)) if lines.contains(&None) => Some(Failure::Nonsense),
                (None, Some(0)) if lines.is_empty() => Some(Failure::Silent),
                (None, Some(0)) => None,
                (None, code) => Some(Failure::Exit(code.unwrap_or(-1))),
            },
        };
        let complaint = read_some(&self.complaints).lines().next().unwrap_or_default().to_string();
        Outcome {
            rows: lines.into_iter().flatten().collect(),
            failure,
            complaint,
            faults,
            seconds: self.started.elapsed().as_secs_f64(),
        }
    }
}

impl Outcome {
    fn of_failure(failure: Failure) -> Outcome {
        let complaint = match &failure {
            Failure::NotStarted(why) => why.clone(),
            _ => String::new(),
        };
        Outcome { rows: Vec::new(), failure: Some(failure), complaint, faults: 0, seconds: 0.0 }
    }
}

/// The beginning of a file as text; empty if it cannot be read.
fn read_some(path: &Path) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        // A file that cannot be read to its end is judged by what there is.
        let _ = file.take(MAX_OUTPUT).read_to_end(&mut bytes);
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
