//! The report of a run for a terminal: by cause, then by line, the most pages first; 80 columns wide, without colour.

use super::{Place, Process, Report, Row};
use std::collections::HashMap;
use std::io::{self, Write};

/// Lines of each table; what is left out is added up.
const LINES: usize = 12;

/// Text of at most `width` characters; what is cut off is an ellipsis.
pub fn clip(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// MiB of so many pages, in words.
pub(crate) fn size(pages: u64) -> String {
    let bytes = pages * calf_meter::page_size() as u64;
    match bytes {
        0..=1_048_575 => format!("{} KiB", bytes >> 10),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// Pages by what `key` says of each row, the most first.
fn added<'a, K: Eq + std::hash::Hash + Ord + Clone>(
    rows: impl Iterator<Item = &'a Row>,
    key: impl Fn(&'a Row) -> K,
) -> Vec<(K, u64)> {
    let mut found: HashMap<K, u64> = HashMap::new();
    for row in rows {
        *found.entry(key(row)).or_insert(0) += row.pages;
    }
    let mut found: Vec<(K, u64)> = found.into_iter().collect();
    found.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
    found
}

/// Prints the whole report.
///
/// # Errors
/// `out` cannot be written.
pub fn print(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let processes = &report.processes;
    if processes.is_empty() {
        let text = match report.forks {
            0 => "blame: nothing was forked, so nothing was shared and copied",
            _ => "blame: no child has ended yet by itself, so there is nothing to tell",
        };
        return writeln!(out, "{text}");
    }
    let pages = report.pages();
    let children =
        if processes.len() == 1 { "1 process" } else { &format!("{} processes", processes.len()) };
    writeln!(
        out,
        "blame: {pages} pages ({}) shared at a fork were written by {children}\n",
        size(pages)
    )?;
    if pages > 0 {
        print_causes(report, pages, out)?;
        print_lines(report, pages, out)?;
    }
    print_accounts(processes, out)
}

fn percent(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

fn print_causes(report: &Report, all: u64, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:>8} {:>5}  {:9} {:22} kind", "pages", "%", "cause", "phase")?;
    let causes = added(report.rows(), |row| (&row.cause, &row.phase, &row.kind));
    for ((cause, phase, kind), pages) in causes.iter().take(LINES) {
        let share = percent(*pages, all);
        writeln!(
            out,
            "{pages:>8} {share:>5.1}  {cause:9} {:22} {}",
            clip(phase, 22),
            clip(kind, 30)
        )?;
    }
    print_rest(&causes, out)
}

fn print_rest<K>(all: &[(K, u64)], out: &mut dyn Write) -> io::Result<()> {
    let rest: u64 = all.iter().skip(LINES).map(|(_, pages)| pages).sum();
    if rest > 0 {
        writeln!(out, "{rest:>8}        {} more", all.len() - LINES)?;
    }
    writeln!(out)
}

fn print_lines(report: &Report, all: u64, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{:>8} {:>5}  {:9} {:22} what lay there was made at",
        "pages", "%", "cause", "line"
    )?;
    let place = |place: Option<&Place>| place.map_or("-".to_string(), Place::short);
    let lines =
        added(report.rows(), |row| (place(row.line()), &row.cause, place(row.site.as_ref())));
    for ((line, cause, site), pages) in lines.iter().take(LINES) {
        let share = percent(*pages, all);
        writeln!(
            out,
            "{pages:>8} {share:>5.1}  {cause:9} {:22} {}",
            clip(line, 22),
            clip(site, 30)
        )?;
    }
    print_rest(&lines, out)
}

/// How the accounts compare, and what it cost.
fn print_accounts(processes: &[Process], out: &mut dyn Write) -> io::Result<()> {
    for process in processes.iter().filter(|process| process.means.is_none()) {
        let why = process.refusal.as_deref().unwrap_or("no reason is known");
        writeln!(out, "process {} was not watched: {why}", process.pid)?;
    }
    let sum = |of: fn(&Process) -> u64| processes.iter().map(of).sum::<u64>();
    let (blamed, unseen) = (sum(|process| process.blamed), sum(|process| process.unseen));
    let (in_place, given_up) = (sum(|process| process.in_place), sum(|process| process.given_up));
    let writes = sum(|process| process.writes);
    let copied: Option<u64> = processes.iter().map(|process| process.copied).sum();
    let expected = blamed.saturating_sub(in_place);
    match copied {
        Some(copied) if unseen == 0 && copied == expected => {
            writeln!(out, "the kernel says {copied} pages were copied, too")?;
        }
        Some(copied) => writeln!(
            out,
            "blamed {expected}, by the kernel's word {copied}; {unseen} were written unseen, or left by the others"
        )?,
        None => writeln!(out, "the kernel does not say which pages were copied")?,
    }
    if in_place > 0 {
        let text = "were written in place: nobody else had them any more";
        writeln!(out, "{in_place} {text}")?;
    }
    if given_up > 0 {
        let text = "became a process's own without a write: the others gave them up";
        writeln!(out, "{given_up} {text}")?;
    }
    let mut means: Vec<&str> =
        processes.iter().filter_map(|process| process.means.as_deref()).collect();
    means.sort_unstable();
    means.dedup();
    let mut costs: Vec<u64> = processes.iter().filter_map(|process| process.cost).collect();
    costs.sort_unstable();
    if let Some(cost) = costs.get(costs.len() / 2) {
        writeln!(
            out,
            "{writes} first writes, {:.1} µs more for each (by {}), nothing after that",
            *cost as f64 / 1000.0,
            means.join(" and ")
        )?;
    }
    Ok(())
}
