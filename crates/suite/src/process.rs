//! One run of a command, within a limit of time.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A command to be run to its end.
#[derive(Debug)]
pub struct Process {
    /// The command with its arguments.
    pub command: Command,
    /// What it reads from standard input.
    pub input: Vec<u8>,
    /// How long it may take; then it is killed with all its children.
    pub limit: Duration,
}

/// What a run left behind.
pub struct Outcome {
    /// The exit code, or 128 + the signal that ended the process.
    pub code: i32,
    /// Everything written to standard output.
    pub stdout: String,
    /// Everything written to standard error.
    pub stderr: String,
    /// Was the process, with all its children, killed at the limit?
    pub timed_out: bool,
}

impl Process {
    /// Runs it to its end, or to the limit. Bytes that are no UTF-8 are replaced.
    ///
    /// # Errors
    /// The command cannot be started, or its output not read.
    pub fn run(mut self) -> io::Result<Outcome> {
        // A group of its own, so that a script's children end with it when the limit is reached.
        self.command.process_group(0);
        self.command.stdin(if self.input.is_empty() { Stdio::null() } else { Stdio::piped() });
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let group = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (input, limit) = (self.input, self.limit);
        let (ended, end) = mpsc::channel::<()>();
        thread::scope(|scope| {
            if let Some(mut stdin) = stdin {
                // The reader may stop early; that is its right.
                scope.spawn(move || drop(stdin.write_all(&input)));
            }
            let errors = scope.spawn(move || read_text(stderr));
            let watchdog = scope.spawn(move || {
                let timed_out = end.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
                // A group that is gone already needs no signal.
                let _ = timed_out.then(|| killpg(group, Signal::SIGKILL));
                timed_out
            });
            let stdout = read_text(stdout);
            let stderr = errors.join().map_err(|_| io::Error::other("the reader has failed"))?;
            let status = child.wait()?;
            drop(ended);
            let timed_out = watchdog.join().unwrap_or(false);
            let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
            Ok(Outcome { code, stdout: stdout?, stderr: stderr?, timed_out })
        })
    }
}

fn read_text(source: Option<impl Read>) -> io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(mut source) = source {
        source.read_to_end(&mut bytes)?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
