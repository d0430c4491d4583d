//! What a script says, in comments beside its lines, that it does.
//!
//! ```text
//! print 1 + 2;   // expect: 3                              a line of standard output, in the order of the file
//! nil();         // expect runtime error: Can only call    exit code 70, this text, and this line in the trace
//! var = 1;       // expect error: Expect                   exit code 65, and this text reported for this line
//!                // expect error line 7: Expect            the same, for another line
//! ```
//!
//! A text after `error` may be empty or left away. On lines of their own: `// exit: 3` for another
//! exit code, `// arguments: a b` for the script's arguments, `// input: text` for a line of standard
//! input, and `// stress: skip` for a script that allocates too much for a collection at each allocation.

use crate::{Outcome, Process};
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// The exit codes that errors imply, as in the book.
const COMPILE_ERROR: i32 = 65;
const RUNTIME_ERROR: i32 = 70;

/// The expectations of one script.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// The lines of standard output.
    pub output: Vec<String>,
    /// The line and a part of the message of the error that ends the run.
    pub runtime_error: Option<(usize, String)>,
    /// The line and a part of the message of each error that is reported without running.
    pub compile_errors: Vec<(usize, String)>,
    /// The exit code, where the errors do not imply it.
    pub exit: Option<i32>,
    /// The script's arguments.
    pub arguments: Vec<String>,
    /// Standard input.
    pub input: String,
    /// Too much work for a collection at each allocation?
    pub skips_stress: bool,
}

impl Expectation {
    /// Reads the comments of a script.
    ///
    /// # Errors
    /// A comment that looks like an expectation but is none: a typing error would else go unseen.
    pub fn read(text: &str) -> Result<Expectation, String> {
        let mut all = Expectation::default();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if let Some((_, rest)) = line.rsplit_once("// expect") {
                all.read_expectation(number, rest)
                    .ok_or_else(|| format!("line {number}: not an expectation: {line}"))?;
            } else if let Some(code) = line.strip_prefix("// exit: ") {
                let code = code.trim().parse();
                all.exit = Some(code.map_err(|_| format!("line {number}: not an exit code"))?);
            } else if let Some(arguments) = line.strip_prefix("// arguments: ") {
                all.arguments = arguments.split_whitespace().map(str::to_owned).collect();
            } else if let Some(input) = line.strip_prefix("// input: ") {
                all.input.push_str(input);
                all.input.push('\n');
            } else if line.trim() == "// stress: skip" {
                all.skips_stress = true;
            }
        }
        Ok(all)
    }

    fn read_expectation(&mut self, line: usize, rest: &str) -> Option<()> {
        if let Some(output) = rest.strip_prefix(':') {
            self.output.push(output.strip_prefix(' ').unwrap_or(output).to_owned());
        } else if let Some(message) = rest.strip_prefix(" runtime error:") {
            let earlier = self.runtime_error.replace((line, message.trim().to_owned()));
            if earlier.is_some() {
                return None;
            }
        } else {
            let rest = rest.strip_prefix(" error")?;
            let (place, message) = rest.split_once(':').unwrap_or((rest, ""));
            let line = match place.strip_prefix(" line ") {
                Some(number) => number.trim().parse().ok()?,
                None if place.trim().is_empty() => line,
                None => return None,
            };
            self.compile_errors.push((line, message.trim().to_owned()));
        }
        Some(())
    }

    /// The exit code that all this implies.
    pub fn code(&self) -> i32 {
        match self.exit {
            Some(code) => code,
            None if !self.compile_errors.is_empty() => COMPILE_ERROR,
            None if self.runtime_error.is_some() => RUNTIME_ERROR,
            None => 0,
        }
    }

    /// Runs the script at `path` with `calf`, which knows its strategy already, and compares: what is different, a text for each
    /// difference, and what was written to standard error if there is any.
    ///
    /// # Errors
    /// The interpreter cannot be started.
    pub fn check(
        &self,
        mut calf: Command,
        path: &Path,
        limit: Duration,
    ) -> io::Result<Vec<String>> {
        calf.arg(path).args(&self.arguments);
        let outcome = Process { command: calf, input: self.input.clone().into(), limit }.run()?;
        let mut wrong = self.compare(&outcome);
        if !wrong.is_empty() && !outcome.stderr.is_empty() {
            wrong.push(format!("standard error:\n{}", outcome.stderr.trim_end()));
        }
        Ok(wrong)
    }

    fn compare(&self, outcome: &Outcome) -> Vec<String> {
        let mut wrong = Vec::new();
        if outcome.timed_out {
            wrong.push("it was still running at the limit".to_owned());
        }
        if outcome.code != self.code() {
            wrong.push(format!("exit code: expected {}, got {}", self.code(), outcome.code));
        }
        wrong.extend(self.compare_output(&outcome.stdout));
        if let Some((line, message)) = &self.runtime_error {
            if !outcome.stderr.contains(message.as_str()) {
                wrong.push(format!("expected the runtime error {message:?}"));
            }
            if !outcome.stderr.contains(&format!("[line {line}] in ")) {
                wrong.push(format!("expected line {line} in the trace"));
            }
        }
        let mut reported = outcome.stderr.lines();
        for (line, message) in &self.compile_errors {
            let place = format!("[line {line}] Error");
            let is_it = |text: &str| text.starts_with(&place) && text.contains(message.as_str());
            if !reported.any(is_it) {
                wrong.push(format!("expected {place}: {message}"));
            }
        }
        wrong
    }

    /// The first lines of output that differ, if any do.
    fn compare_output(&self, stdout: &str) -> Option<String> {
        const SHOWN: usize = 5;
        let mut lines: Vec<&str> = stdout.split('\n').collect();
        lines.pop_if(|last| last.is_empty());
        let same = lines.iter().zip(&self.output).take_while(|(got, expected)| got == expected);
        let first = same.count();
        let (missing, surplus) = (&self.output[first..], &lines[first..]);
        if missing.is_empty() && surplus.is_empty() {
            return None;
        }
        let mut text = format!("output line {}: expected (-), got (+)", first + 1);
        let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
        for (sign, lines) in [('-', missing.as_slice()), ('+', surplus)] {
            for line in lines.iter().take(SHOWN) {
                text.push_str(&format!("\n{sign} {line}"));
            }
            if let Some(more) = lines.len().checked_sub(SHOWN + 1) {
                text.push_str(&format!("\n{sign} … {} more", more + 1));
            }
        }
        Some(text)
    }
}
