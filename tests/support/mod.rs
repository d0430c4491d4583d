//! What the suites under `tests/` share: running the built `calf`.

#![allow(dead_code, reason = "each suite uses its own part of this module")]

pub(crate) mod generator;

use calf_suite::Process;
use std::ffi::OsStr;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Exit codes, as in the book.
pub(crate) const OK: i32 = 0;
/// The command line is wrong.
pub(crate) const USAGE: i32 = 64;
/// The program does not compile.
pub(crate) const COMPILE_ERROR: i32 = 65;
/// An error that nothing caught.
pub(crate) const RUNTIME_ERROR: i32 = 70;
/// A file cannot be read or written.
pub(crate) const INPUT_OUTPUT: i32 = 74;

/// One run of the interpreter, to be described and then started.
pub(crate) struct Calf {
    command: Command,
    input: Vec<u8>,
    limit: Duration,
}

/// What a run left behind, with ways to ask for what it should be.
pub(crate) struct Outcome(calf_suite::Outcome);

impl Deref for Outcome {
    type Target = calf_suite::Outcome;
    fn deref(&self) -> &calf_suite::Outcome {
        &self.0
    }
}

impl Calf {
    /// The interpreter that was built for these tests, under its default strategy.
    pub(crate) fn new() -> Calf {
        Calf::of(Command::new(env!("CARGO_BIN_EXE_calf")))
    }

    /// Any command with the same limits, e.g. a shell that runs the interpreter.
    pub(crate) fn of(mut command: Command) -> Calf {
        command.env_remove("CALF_GC");
        Calf { command, input: Vec::new(), limit: Duration::from_secs(20) }
    }

    /// A shell command in which `$CALF` is the interpreter.
    pub(crate) fn shell(script: &str) -> Calf {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).env("CALF", env!("CARGO_BIN_EXE_calf"));
        Calf::of(command)
    }

    /// Under the strategy of this name.
    pub(crate) fn gc(self, strategy: &str) -> Calf {
        self.args(["--gc", strategy])
    }

    /// A collection at each allocation, and the heap verified after each.
    pub(crate) fn stress(self) -> Calf {
        self.args(["--gc-stress", "--gc-verify"])
    }

    /// One more argument.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Calf {
        self.command.arg(argument);
        self
    }

    /// More arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Calf {
        self.command.args(arguments);
        self
    }

    /// A variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Calf {
        self.command.env(name, value);
        self
    }

    /// Where it runs; in the directory of the test otherwise.
    pub(crate) fn directory(mut self, directory: &Path) -> Calf {
        self.command.current_dir(directory);
        self
    }

    /// What is read from standard input; nothing otherwise.
    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Calf {
        self.input = input.into();
        self
    }

    /// How long it may take; twenty seconds otherwise.
    pub(crate) fn limit(mut self, limit: Duration) -> Calf {
        self.limit = limit;
        self
    }

    /// Runs it to its end, or to the limit.
    pub(crate) fn run(self) -> Outcome {
        let process = Process { command: self.command, input: self.input, limit: self.limit };
        Outcome(process.run().expect("the command can be run"))
    }

    /// The command, for whoever runs it.
    pub(crate) fn into_command(self) -> Command {
        self.command
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("code", &self.code)
            .field("stdout", &clipped(&self.stdout))
            .field("stderr", &clipped(&self.stderr))
            .field("timed_out", &self.timed_out)
            .finish()
    }
}

/// The beginning and the end of a text that may be endless.
fn clipped(text: &str) -> String {
    const SHOWN: usize = 1500;
    if text.len() <= 2 * SHOWN {
        return text.to_owned();
    }
    let first = &text[..text.floor_char_boundary(SHOWN)];
    let last = &text[text.ceil_char_boundary(text.len() - SHOWN)..];
    format!("{first} … {} bytes … {last}", text.len() - first.len() - last.len())
}

impl Outcome {
    /// Panics with everything known about the run unless the exit code is `code`.
    #[track_caller]
    pub(crate) fn expect_code(&self, code: i32) -> &Outcome {
        assert!(!self.timed_out, "timed out: {self:?}");
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Panics unless standard output is exactly `text`.
    #[track_caller]
    pub(crate) fn expect_stdout(&self, text: &str) -> &Outcome {
        assert_eq!(self.stdout, text, "{self:?}");
        self
    }

    /// Panics unless standard error contains `text`.
    #[track_caller]
    pub(crate) fn expect_stderr(&self, text: &str) -> &Outcome {
        assert!(self.stderr.contains(text), "no {text:?} in {self:?}");
        self
    }

    /// Panics unless the process ended by itself, that is, without a signal or a panic of the interpreter.
    #[track_caller]
    pub(crate) fn expect_no_crash(&self) -> &Outcome {
        assert!(!self.timed_out, "timed out: {self:?}");
        assert!(self.code < 128 && self.code != 101, "crashed: {self:?}");
        assert!(!self.stderr.contains("panicked at"), "panicked: {self:?}");
        self
    }
}

/// The directory of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of all strategies that the interpreter lists.
pub(crate) fn strategies() -> Vec<String> {
    let listed = Calf::new().args(["gc", "list", "--names"]).run();
    listed.expect_code(OK);
    let names: Vec<String> = listed.stdout.split_whitespace().map(str::to_owned).collect();
    assert!(!names.is_empty(), "no strategies: {listed:?}");
    names
}

/// The listed strategies, and the one that moves every object at each collection, which is for tests
/// only and therefore not listed.
pub(crate) fn strategies_and_adversary() -> Vec<String> {
    let mut names = strategies();
    if Calf::new().args(["--gc", "adversary", "-e", ""]).run().code == OK {
        names.push("adversary".to_owned());
    }
    names
}

/// A file in the directory that Cargo keeps for tests, with this content.
pub(crate) fn temporary_file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(path.parent().expect("a file lies in a directory"))
        .expect("the directory can be made");
    std::fs::write(&path, content).expect("the file can be written");
    path
}

/// Every file below `directory` whose name ends in `extension`, in the order of their paths.
pub(crate) fn files_below(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&directory) else { continue };
        for entry in entries {
            let path = entry.expect("a directory can be listed").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Random numbers that are the same on every machine (Steele, Lea and Flood's SplitMix64, 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number below `bound`, which is small: the bias does not matter.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// One of `choices`.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}
