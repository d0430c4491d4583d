//! `calf pages`: what processes share, as a table, as data, once or again and again.

use super::Table;
use calf_processes::{Family, Process, Refusal, explain, private, shared};
use calf_vm::exit_code;
use clap::ArgMatches;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// What stands under the help.
pub(super) const EXPLANATION: &str = "\
RSS is what a process has in memory. PRIVATE of it no other process has, SHARED others have, too; PSS is PRIVATE and each
shared page's fair part: the PSS of all processes together is the memory they take. EXCLUSIVE counts the pages that are its
alone, WITH PARENT those that it still shares with its parent. Amounts are in KiB, of 1024 bytes, as in /proc/PID/smaps_rollup.

Exit codes: 0, 74 if no process can be looked at.";

/// What was asked for.
pub(crate) struct Request {
    pids: Vec<i32>,
    tree: bool,
    mappings: bool,
    every: Option<Duration>,
    rounds: Option<u32>,
    ascii: bool,
    json: bool,
}

/// A time in seconds, for the command line.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is expected".to_string())?;
    if (0.05..=86_400.0).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("give between 0.05 and 86400 seconds".to_string())
    }
}

impl Request {
    pub(super) fn of(matches: &ArgMatches) -> Request {
        Request {
            pids: matches.get_many::<i32>("pids").into_iter().flatten().copied().collect(),
            tree: matches.get_flag("tree"),
            mappings: matches.get_flag("mappings"),
            every: matches.get_one::<Duration>("every").copied(),
            rounds: matches.get_one::<u32>("rounds").copied(),
            ascii: matches.get_flag("ascii"),
            json: matches.get_flag("json"),
        }
    }

    /// The processes of this round, and how far each is from the one that was named.
    fn members(&self) -> Vec<(i32, usize)> {
        if !self.tree {
            return self.pids.iter().map(|&pid| (pid, 0)).collect();
        }
        let family = Family::of_all();
        let mut found: Vec<(i32, usize)> = Vec::new();
        for &pid in &self.pids {
            for member in family.tree(pid) {
                if !found.iter().any(|known| known.0 == member.0) {
                    found.push(member);
                }
            }
        }
        found
    }
}

/// What was private in each round so far, by process.
type History = BTreeMap<i32, Vec<u64>>;

pub(super) fn run(request: &Request) -> i32 {
    let started = Instant::now();
    let mut history = History::new();
    let clears = request.every.is_some() && !request.json && std::io::stdout().is_terminal();
    let mut round = 0;
    loop {
        let members = request.members();
        let looked: Vec<(usize, Result<Process, Refusal>)> =
            members.iter().map(|&(pid, depth)| (depth, Process::look(pid))).collect();
        let is_somebody_there = looked.iter().any(|(_, answer)| answer.is_ok());
        if round > 0 && !is_somebody_there {
            return 0;
        }
        for (_, process) in &looked {
            if let Ok(process) = process {
                history.entry(process.pid).or_default().push(private(&process.totals));
            }
        }
        let mut text = String::new();
        if clears {
            text.push_str("\x1b[H\x1b[J");
        } else if round > 0 && !request.json {
            text.push('\n');
        }
        if request.json {
            for process in looked.iter().filter_map(|(_, answer)| answer.as_ref().ok()) {
                let mut line = process.json(request.mappings);
                if request.every.is_some() {
                    line["seconds"] =
                        json!((started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0);
                }
                text.push_str(&format!("{line}\n"));
            }
        } else if is_somebody_there {
            text.push_str(&page(request, &looked, &history));
        }
        let code = crate::print(&text);
        if code != 0 {
            return code;
        }
        // In later rounds who has gone is not told again.
        if round == 0 {
            for refusal in looked.iter().filter_map(|(_, answer)| answer.as_ref().err()) {
                eprintln!("calf: {refusal}");
            }
            if !is_somebody_there {
                return exit_code::IO;
            }
        }
        round += 1;
        match request.every {
            Some(pause) if request.rounds.is_none_or(|rounds| round < rounds) => {
                std::thread::sleep(pause);
            }
            _ => return 0,
        }
    }
}

/// Bytes as KiB.
fn kibibytes(bytes: u64) -> String {
    (bytes / 1024).to_string()
}

/// The table of one round.
fn page(
    request: &Request,
    looked: &[(usize, Result<Process, Refusal>)],
    history: &History,
) -> String {
    let mut head =
        vec!["PROCESS", "PID", "RSS", "PSS", "PRIVATE", "SHARED", "EXCLUSIVE", "WITH PARENT"];
    if request.every.is_some() {
        head.push("PRIVATE OVER TIME");
    }
    let mut table = Table::new(1, &head);
    let mut sum = [0u64; 3];
    let mut by_frame = None;
    let there =
        || looked.iter().filter_map(|(depth, answer)| Some((*depth, answer.as_ref().ok()?)));
    for (depth, process) in there() {
        let totals = &process.totals;
        for (sum, part) in sum.iter_mut().zip([totals.rss, totals.pss, private(totals)]) {
            *sum += part;
        }
        let (exclusive, with_parent) = match &process.pages {
            Ok(pages) => {
                by_frame = Some(by_frame.unwrap_or(true) && pages.by_frame);
                let with_parent =
                    pages.with_parent.map_or("?".to_string(), |count| count.to_string());
                (pages.exclusive.to_string(), with_parent)
            }
            Err(_) => ("?".to_string(), "?".to_string()),
        };
        let mut row = vec![
            format!("{}{}", "  ".repeat(depth), process.name),
            process.pid.to_string(),
            kibibytes(totals.rss),
            kibibytes(totals.pss),
            kibibytes(private(totals)),
            kibibytes(shared(totals)),
            exclusive,
            with_parent,
        ];
        if request.every.is_some() {
            let values = history.get(&process.pid).map_or(&[][..], Vec::as_slice);
            row.push(sparkline(values, request.ascii));
        }
        table.push(row);
    }
    let mut text = String::new();
    if there().count() > 1 {
        let [_, pss, private] = sum.map(kibibytes);
        // Adding up RSS would count what is shared several times.
        table.push(["together".to_string(), String::new(), String::new(), pss, private]);
    }
    text.push_str(&table.text());
    if let Some(by_frame) = by_frame {
        text.push_str(&format!("{}\n", explain(by_frame)));
    }
    for refusal in there().filter_map(|(_, process)| process.pages.as_ref().err()) {
        text.push_str(&format!("? {refusal}\n"));
    }
    if request.mappings {
        for (_, process) in there() {
            text.push_str(&format!("\n{} ({}):\n{}", process.name, process.pid, mappings(process)));
        }
    }
    text
}

fn mappings(process: &Process) -> String {
    let head = ["MAPPING", "", "RSS", "PSS", "PRIVATE", "SHARED", "EXCLUSIVE", "WITH PARENT", ""];
    let mut table = Table::new(2, &head);
    for mapping in process.mappings.iter().filter(|mapping| mapping.totals.rss > 0) {
        let pages = mapping.pages;
        let told = |count: Option<u64>| count.map_or("?".to_string(), |count| count.to_string());
        table.push([
            format!("{:x}-{:x}", mapping.start, mapping.end),
            mapping.permissions.clone(),
            kibibytes(mapping.totals.rss),
            kibibytes(mapping.totals.pss),
            kibibytes(private(&mapping.totals)),
            kibibytes(shared(&mapping.totals)),
            told(pages.map(|pages| pages.exclusive)),
            told(pages.and_then(|pages| pages.with_parent)),
            mapping.name.clone(),
        ]);
    }
    table.text()
}

/// Rounds that a sparkline shows.
const SPARKS: usize = 24;

/// The last values as a line of bars, the highest one as high as a line is.
fn sparkline(values: &[u64], ascii: bool) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const LETTERS: [char; 8] = ['_', '.', ',', ':', '-', '=', '+', '#'];
    let values = &values[values.len().saturating_sub(SPARKS)..];
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let bars = if ascii { LETTERS } else { BARS };
    let height = |value: u64| (u128::from(value) * 7 / u128::from(most)) as usize;
    values.iter().map(|&value| bars[height(value)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_is_as_high_as_its_highest_value() {
        assert_eq!(sparkline(&[0, 50, 100], false), "▁▄█");
        assert_eq!(sparkline(&[0, 50, 100], true), "_:#");
        assert_eq!(sparkline(&[0, 0], false), "▁▁");
        assert_eq!(sparkline(&[u64::MAX; 100], false).chars().count(), SPARKS);
        assert_eq!(sparkline(&[], false), "");
    }

    #[test]
    fn seconds_have_bounds() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(["0", "-1", "nan", "inf", "often"].iter().all(|text| seconds(text).is_err()));
    }
}
