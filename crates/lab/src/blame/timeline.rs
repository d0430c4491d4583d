//! First writes along time, for a terminal: a bar for each stretch of one phase, with its causes.

use super::{Process, Report, table::clip};
use std::io::{self, Write};

/// The longest bar.
const WIDTH: u64 = 24;
/// Stretches shown of one process; the smallest are left out first.
const LINES: usize = 24;

/// A stretch of one phase.
struct Stretch {
    phase: String,
    from: f64,
    to: f64,
    pages: u64,
    causes: String,
}

/// The stretches of a process in the order of time.
fn stretches(process: &Process) -> Vec<Stretch> {
    let stretch = |value: &serde_json::Value| {
        let mut causes: Vec<(u64, &String)> = { value["causes"].as_object()?.iter() }
            .filter_map(|(cause, pages)| Some((pages.as_u64()?, cause)))
            .collect();
        causes.sort_by(|one, other| (other.0, one.1).cmp(&(one.0, other.1)));
        let texts: Vec<String> =
            causes.iter().map(|(pages, cause)| format!("{cause} {pages}")).collect();
        Some(Stretch {
            phase: value["phase"].as_str()?.to_string(),
            from: value["from"].as_f64()? / 1e6,
            to: value["to"].as_f64()? / 1e6,
            pages: causes.iter().map(|(pages, _)| pages).sum(),
            causes: texts.join(", "),
        })
    };
    process.timeline.iter().filter_map(stretch).collect()
}

/// Prints the first writes of each process along time. `ascii`: bars without other characters.
///
/// # Errors
/// `out` cannot be written.
pub fn print(report: &Report, ascii: bool, out: &mut dyn Write) -> io::Result<()> {
    if report.processes.is_empty() {
        return writeln!(out, "No child has left a report.");
    }
    for (number, process) in report.processes.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        writeln!(
            out,
            "process {}, --gc {}: {} first writes",
            process.pid, process.strategy, process.writes
        )?;
        let all = stretches(process);
        let most = all.iter().map(|stretch| stretch.pages).max().unwrap_or(1).max(1);
        let mut sizes: Vec<u64> = all.iter().map(|stretch| stretch.pages).collect();
        sizes.sort_unstable_by_key(|pages| std::cmp::Reverse(*pages));
        let least = sizes.get(LINES).map_or(0, |pages| pages + 1);
        writeln!(out, "{:>9} {:>9}  {:14} {:>6}", "from ms", "to ms", "phase", "pages")?;
        for stretch in all.iter().filter(|stretch| stretch.pages >= least) {
            let length = (stretch.pages * WIDTH).div_ceil(most) as usize;
            let bar = if ascii { "#" } else { "█" }.repeat(length);
            let phase = clip(&stretch.phase, 14);
            let line = format!(
                "{:>9.2} {:>9.2}  {phase:14} {:>6} {bar} {}",
                stretch.from, stretch.to, stretch.pages, stretch.causes
            );
            writeln!(out, "{}", clip(&line, 80))?;
        }
        let left = all.iter().filter(|stretch| stretch.pages < least);
        let (count, pages) =
            left.fold((0, 0), |(count, pages), stretch| (count + 1, pages + stretch.pages));
        if count > 0 {
            writeln!(out, "{count} smaller stretches with {pages} pages are not shown")?;
        }
    }
    Ok(())
}
