//! `calf lab advise`: runs a program under blame, adds up what its processes are advised, and tries each piece of advice that a flag
//! or a line put into the program carries out: predicted beside achieved.

use super::Report;
use super::table::size;
use serde_json::Value;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What to run.
#[derive(Clone, Debug)]
pub struct Request {
    /// The program that runs scripts.
    pub calf: PathBuf,
    /// The script.
    pub script: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// The strategy with its options, as `--gc` takes it; `None` for the default.
    pub strategy: Option<String>,
}

/// One piece of advice, from all processes that are given it.
#[derive(Clone, Debug)]
struct Advice {
    pages: u64,
    /// The pages that are the reason for it.
    reason: u64,
    text: String,
    strategy: Option<String>,
    exit: Option<String>,
    statement: Option<(String, String, usize)>,
    processes: usize,
}

impl Advice {
    fn of(value: &Value) -> Option<Advice> {
        let text = |name: &str| value[name].as_str().map(str::to_string);
        let line = value["line"].as_u64().and_then(|line| usize::try_from(line).ok());
        let statement = match (text("statement"), text("file"), line) {
            (Some(statement), Some(file), Some(line)) => Some((statement, file, line)),
            _ => None,
        };
        Some(Advice {
            pages: value["pages"].as_u64()?,
            reason: value["reason"].as_u64()?,
            text: text("text")?,
            strategy: text("strategy"),
            exit: text("exit"),
            statement,
            processes: 1,
        })
    }

    /// Two pieces that are carried out in the same way are one.
    fn is_like(&self, other: &Advice) -> bool {
        let is_done = self.strategy.is_some() || self.exit.is_some() || self.statement.is_some();
        (self.strategy == other.strategy
            && self.exit == other.exit
            && self.statement == other.statement)
            && (is_done || self.text == other.text)
    }

    /// Can it be tried?
    fn can_be_tried(&self) -> bool {
        self.strategy.is_some() || self.exit.is_some() || self.statement.is_some()
    }
}

/// The advice of all processes, the largest saving first. The words are those of the process that gives most reason for it.
fn added(report: &Report) -> Vec<Advice> {
    let mut found: Vec<(Advice, u64)> = Vec::new();
    for advice in report.processes.iter().flat_map(|process| &process.advice).filter_map(Advice::of)
    {
        match found.iter_mut().find(|(known, _)| known.is_like(&advice)) {
            Some((known, most)) => {
                known.pages += advice.pages;
                known.reason += advice.reason;
                known.processes += usize::from(advice.reason > 0);
                if advice.reason > *most {
                    (known.text, *most) = (advice.text, advice.reason);
                }
            }
            None => {
                let (most, processes) = (advice.reason, usize::from(advice.reason > 0));
                found.push((Advice { processes, ..advice }, most));
            }
        }
    }
    let mut found: Vec<Advice> = found.into_iter().map(|(advice, _)| advice).collect();
    found.retain(|advice| advice.reason > 0);
    found.sort_by_key(|advice| std::cmp::Reverse(advice.pages));
    found
}

/// A copy of the script with a statement before a line, beside the original so that it imports the same files; removed when dropped.
struct Patched(PathBuf);

impl Patched {
    fn write(script: &Path, statement: &str, line: usize) -> io::Result<Patched> {
        let text = std::fs::read_to_string(script)?;
        let mut patched = String::new();
        for (number, old) in text.lines().enumerate() {
            if number + 1 == line {
                patched.push_str(statement);
                patched.push(' ');
            }
            patched.push_str(old);
            patched.push('\n');
        }
        let name = script.file_name().unwrap_or_default().to_string_lossy();
        let path = script.with_file_name(format!(".advice-{}-{name}", std::process::id()));
        std::fs::write(&path, patched)?;
        Ok(Patched(path))
    }
}

impl Drop for Patched {
    fn drop(&mut self) {
        // A copy that cannot be removed says by its name what it is.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Runs the script under blame. What the program prints is not shown; if it fails, what it complained of is the error.
fn run(
    request: &Request,
    script: &Path,
    strategy: Option<&str>,
    exit: Option<&str>,
) -> Result<Report, String> {
    let raw = std::env::temp_dir().join(format!("calf-advice-{}.blame", std::process::id()));
    let mut command = Command::new(&request.calf);
    command.arg("--blame-output").arg(&raw);
    if let Some(strategy) = strategy {
        command.args(["--gc", strategy]);
    }
    if let Some(exit) = exit {
        command.args(["--exit", exit]);
    }
    command.arg(script).args(&request.arguments).stdin(Stdio::null());
    let output = command.output().map_err(|error| format!("cannot start it: {error}"))?;
    let text = std::fs::read_to_string(&raw);
    // Left behind it would only lie among other temporary files.
    let _ = std::fs::remove_file(&raw);
    if !output.status.success() {
        let complaint =
            String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_string();
        return Err(format!("the program failed: {complaint}"));
    }
    let text = text.map_err(|error| format!("no report was written: {error}"))?;
    Report::parse(&text).ok_or_else(|| "the report cannot be read".to_string())
}

/// Tries one piece of advice: the pages that are copied then.
fn try_out(request: &Request, advice: &Advice) -> Result<u64, String> {
    let strategy = advice.strategy.as_deref().or(request.strategy.as_deref());
    let exit = advice.exit.as_deref();
    let report = match &advice.statement {
        None => run(request, &request.script, strategy, exit)?,
        Some((_, file, _)) if Path::new(file).file_name() != request.script.file_name() => {
            return Err(format!("the line to change is in {file}; change it there"));
        }
        Some((statement, _, line)) => {
            let patched = Patched::write(&request.script, statement, *line).map_err(|error| {
                format!("no changed copy can be written beside the script: {error}")
            })?;
            run(request, &patched.0, strategy, exit)?
        }
    };
    Ok(report.pages())
}

/// Runs the program, prints the advice, tries it and prints what it achieved. `Err` says why the program could not be run.
pub fn advise(request: &Request, out: &mut dyn Write) -> Result<(), String> {
    let written = |error: io::Error| format!("the advice cannot be written: {error}");
    let report = run(request, &request.script, request.strategy.as_deref(), None)?;
    let before = report.pages();
    writeln!(
        out,
        "{before} pages ({}) are copied by {} children",
        size(before),
        report.processes.len()
    )
    .map_err(written)?;
    let all = added(&report);
    if all.is_empty() {
        let text =
            if before == 0 { "There is nothing to save." } else { "There is no advice on these." };
        return writeln!(out, "{text}").map_err(written);
    }
    for (number, advice) in all.iter().enumerate() {
        let mut text = format!("\n{}. {}", number + 1, upper(&advice.text));
        if advice.processes > 1 {
            text.push_str(&format!(" ({} children)", advice.processes));
        }
        writeln!(out, "{text}.").map_err(written)?;
        write!(out, "   predicted {:>7} pages, {}", advice.pages, size(advice.pages))
            .map_err(written)?;
        out.flush().map_err(written)?;
        let outcome = match advice.can_be_tried() {
            false => "not tried: it takes a change of the program".to_string(),
            true => match try_out(request, advice) {
                Ok(after) => {
                    let achieved = before as i64 - after as i64;
                    let part = achieved as f64 * 100.0 / advice.pages as f64;
                    format!("achieved {achieved:>7} pages ({part:.0} %)")
                }
                Err(why) => format!("not tried: {why}"),
            },
        };
        writeln!(out, "\n   {outcome}").map_err(written)?;
    }
    Ok(())
}

/// With a capital letter.
fn upper(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}
