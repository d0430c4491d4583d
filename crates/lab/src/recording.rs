//! A cell run once more and watched: every first write to a shared page is noted, with its time and its stack of calls. What
//! is counted and compared comes from the plain run; this one is for pictures: page maps, pages over time, copies by stack of calls.
//!
//! The program does the watching (`--page-map=json --blame-output FILE`); here its reports become lines of a results file, as
//! `docs/lab.md` describes them.

use crate::blame::{self, Process};
use crate::row::CONTROL;
use crate::runner::Cell;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Which cells of an experiment are watched, in their first repetition.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// The plan, an index.
    pub(crate) plan: usize,
    /// The strategies, with their options.
    pub(crate) strategies: &'static [&'static str],
    /// The children whose times and stacks are kept; all of them if empty.
    pub(crate) children: &'static [&'static str],
}

/// All children of a plan, under these strategies.
pub(crate) const fn recorded(plan: usize, strategies: &'static [&'static str]) -> Recorded {
    Recorded { plan, strategies, children: &[] }
}

/// The first flag that makes the program watch; the other one takes a file.
pub(crate) const MAP_FLAG: &str = "--page-map=json";
pub(crate) const BLAME_FLAG: &str = "--blame-output";

/// A map has so many moments between the fork and the end.
const MOMENTS: usize = 6;
/// A time line has so many moments at equal numbers of pages, and those about every pause that takes this part of its time.
const POINTS: usize = 24;
const PAUSES: u64 = 40;
/// Stacks kept of a child; the pages of the rest are added up.
const STACKS: usize = 60;

/// What the program has written.
#[derive(Debug)]
pub(crate) struct Said<'a> {
    /// Standard output: rows, each with its `pid`.
    pub(crate) output: &'a str,
    /// Standard error, with page maps and first writes among other lines.
    pub(crate) errors: &'a str,
    /// The report of blame.
    pub(crate) blame: &'a str,
}

/// The pages of a child.
struct Pages {
    regions: Vec<Region>,
    /// In the order of time.
    writes: Vec<Write>,
}

/// The first write to a page.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Write {
    /// Nanoseconds since the fork.
    time: u64,
    /// An index.
    region: usize,
    /// The page in it; beyond the last one for a page that was free when the map was drawn.
    page: usize,
    cause: String,
}

struct Region {
    name: String,
    /// A letter for each page when the child left.
    letters: Vec<u8>,
    /// What lay there at the fork, as the program says it.
    objects: Value,
}

/// A child that was watched.
struct Child {
    name: String,
    pages: Option<Pages>,
    process: Option<Process>,
}

/// The lines that a recording of `cell` gives; none where the program could not watch.
pub(crate) fn lines(cell: &Cell, said: &Said<'_>) -> Vec<Value> {
    let Some(recorded) = cell.recorded else { return Vec::new() };
    let children = children(said);
    let is_kept = |child: &&Child| {
        child.name != CONTROL
            && (recorded.children.is_empty() || recorded.children.contains(&child.name.as_str()))
    };
    let command = cell.recording_command();
    let line = |kind: &str, child: &str, name: &str, value: Vec<Value>| {
        let mut line = json!({"kind": kind, "child": child, "command": command});
        line[name] = json!(value);
        line
    };
    let mut lines = Vec::new();
    let mapped: Vec<&Child> =
        children.iter().filter(|child| child.name != CONTROL && child.pages.is_some()).collect();
    if let Some(last) = mapped.last() {
        let name = if mapped.len() == 1 { last.name.as_str() } else { "all children" };
        lines.push(line("page_map", name, "frames", frames(&mapped)));
    }
    for child in children.iter().filter(is_kept) {
        let Some(process) = &child.process else { continue };
        let (points, stacks) = (child.points(), stacks(process));
        if points.len() > 1 {
            lines.push(line("time_line", &child.name, "points", points));
        }
        if !stacks.is_empty() {
            lines.push(line("blame", &child.name, "stacks", stacks));
        }
    }
    lines
}

/// The children in the order of their rows, each with what the program has said of its process.
fn children(said: &Said<'_>) -> Vec<Child> {
    let mut maps: BTreeMap<u64, Value> = BTreeMap::new();
    let mut writes: BTreeMap<u64, Value> = BTreeMap::new();
    for line in said.errors.lines().filter(|line| line.starts_with('{')) {
        let Ok(mut line) = serde_json::from_str::<Value>(line) else { continue };
        for (name, kept) in [("pageMap", &mut maps), ("firstWrites", &mut writes)] {
            let told = line[name].take();
            if let Some(pid) = told["pid"].as_u64() {
                kept.insert(pid, told);
            }
        }
    }
    let mut processes: BTreeMap<u64, Process> = BTreeMap::new();
    for process in blame::Report::parse(said.blame).unwrap_or_default().processes {
        processes.insert(process.pid, process);
    }
    let rows = said.output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let named = rows.filter_map(|row| {
        let pid = row["pid"].as_f64()? as u64;
        let pages = maps.get(&pid).zip(writes.get(&pid)).map(|(map, writes)| pages(map, writes));
        let process = processes.remove(&pid).filter(|process| process.means.is_some());
        Some(Child { name: row["child"].as_str()?.to_string(), pages, process })
    });
    named.collect()
}

/// The items of a list under a name; none if there is no such list.
pub(crate) fn list<'a>(
    value: &'a Value,
    name: &str,
) -> impl DoubleEndedIterator<Item = &'a Value> + use<'a> {
    value[name].as_array().into_iter().flatten()
}

/// Puts the two accounts of a process's pages together: what each was in the end, and when it was first written.
fn pages(map: &Value, first_writes: &Value) -> Pages {
    let mut pages = Pages { regions: Vec::new(), writes: Vec::new() };
    for (index, region) in list(map, "regions").enumerate() {
        let name = region["name"].as_str().unwrap_or_default().to_string();
        let told = list(first_writes, "regions").nth(index).filter(|told| told["name"] == name);
        let mut letters = region["map"].as_str().unwrap_or_default().as_bytes().to_vec();
        for write in told.into_iter().flat_map(|told| list(told, "written")) {
            let (Some(page), Some(time)) = (write[0].as_u64(), write[1].as_u64()) else { continue };
            let (page, cause) = (page as usize, write[2].as_str().unwrap_or("unknown").to_string());
            // The map was drawn before the end of the process, which writes, too.
            if let Some(letter) = letters.get_mut(page).filter(|letter| **letter == b's') {
                *letter = b'p';
            }
            pages.writes.push(Write { time, region: index, page, cause });
        }
        let objects = told.map_or(Value::Null, |told| told["objects"].clone());
        pages.regions.push(Region { name, letters, objects });
    }
    pages.writes.sort_unstable();
    pages
}

/// The moments of a map: of one child as it went on, of several the end of each.
fn frames(children: &[&Child]) -> Vec<Value> {
    let mut frames = Vec::new();
    for child in children {
        let Some(pages) = &child.pages else { continue };
        let all = pages.writes.len();
        if frames.is_empty() {
            frames.push(frame(pages, 0, "after the fork".to_string(), true));
        }
        if children.len() == 1 {
            for moment in 1..MOMENTS {
                let count = all * moment / MOMENTS;
                if count > all * (moment - 1) / MOMENTS {
                    let label = format!("in phase: {}", child.doing(pages.writes[count - 1].time));
                    frames.push(frame(pages, count, label, false));
                }
            }
            frames.push(frame(pages, all, "at the end".to_string(), false));
        } else {
            frames.push(frame(pages, all, child.name.clone(), false));
        }
    }
    frames
}

/// The pages after the first `count` writes. What is new has no time: it is there in the end.
fn frame(pages: &Pages, count: usize, label: String, with_objects: bool) -> Value {
    let is_end = count == pages.writes.len() && !with_objects;
    let mut letters: Vec<Vec<u8>> =
        pages.regions.iter().map(|region| region.letters.clone()).collect();
    if !is_end {
        letters.iter_mut().flatten().filter(|letter| **letter == b'n').for_each(|l| *l = b'.');
        for write in &pages.writes[count..] {
            if let Some(letter) = letters[write.region].get_mut(write.page) {
                *letter = b's';
            }
        }
    }
    let regions: Vec<Value> = pages
        .regions
        .iter()
        .zip(&letters)
        .filter(|(region, _)| !region.letters.is_empty())
        .map(|(region, letters)| {
            let mut line = json!({"region": region.name, "pages": runs(letters)});
            if with_objects && list(&region.objects, "kinds").next().is_some() {
                line["objects"] = region.objects.clone();
            }
            line
        })
        .collect();
    let at = if count == 0 { 0.0 } else { seconds(pages.writes[count - 1].time) };
    json!({"at": at, "label": label, "regions": regions})
}

/// `sssc` as `3s1c`.
fn runs(letters: &[u8]) -> String {
    let runs = letters.chunk_by(|one, other| one == other);
    runs.map(|run| format!("{}{}", run.len(), char::from(run[0]))).collect()
}

/// The other way round; a map has no more pages than a heap of the largest machine.
pub(crate) fn letters(runs: &str) -> Vec<u8> {
    const MOST: usize = 1 << 28;
    let mut letters = Vec::new();
    let mut length: usize = 0;
    for letter in runs.bytes() {
        if letter.is_ascii_digit() {
            length = length.saturating_mul(10).saturating_add(usize::from(letter - b'0'));
        } else {
            letters.resize(length.saturating_add(letters.len()).min(MOST), letter);
            length = 0;
        }
    }
    letters
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

impl Child {
    /// The phase in which it was then.
    fn doing(&self, time: u64) -> &str {
        let stretches = self.process.iter().flat_map(|process| &process.timeline);
        let before =
            stretches.take_while(|told| told["from"].as_u64().is_some_and(|from| from <= time));
        before.last().and_then(|told| told["phase"].as_str()).unwrap_or(blame::PROGRAM)
    }

    /// The moments of a time line: pages by cause that were copied until then.
    fn points(&self) -> Vec<Value> {
        let Some(Pages { writes, .. }) = &self.pages else { return Vec::new() };
        let Some(last) = writes.last() else { return Vec::new() };
        let mut points = vec![json!({"at": 0.0, "label": "the fork", "causes": {}})];
        let mut causes: BTreeMap<&str, u64> = BTreeMap::new();
        let mut add = |time: u64, causes: &BTreeMap<&str, u64>| {
            let label = format!("in phase: {}", self.doing(time));
            points.push(json!({"at": seconds(time), "label": label, "causes": causes}));
        };
        for (index, write) in writes.iter().enumerate() {
            let before = index.checked_sub(1).map_or(0, |index| writes[index].time);
            let pause = (write.time - before) * PAUSES > last.time;
            if pause {
                add(write.time, &causes);
            }
            *causes.entry(&write.cause).or_default() += 1;
            let next = writes.get(index + 1);
            let is_even = (index + 1) * POINTS / writes.len() > index * POINTS / writes.len();
            if is_even || next.is_some_and(|next| (next.time - write.time) * PAUSES > last.time) {
                add(write.time, &causes);
            }
        }
        points
    }
}

/// Pages by stack of calls, the outermost first, and cause.
fn stacks(process: &Process) -> Vec<Value> {
    let mut pages: BTreeMap<(Vec<String>, &str, &str), u64> = BTreeMap::new();
    for row in &process.rows {
        *pages.entry((row.frames(), &row.cause, &row.region)).or_default() += row.pages;
    }
    let mut stacks: Vec<_> = pages.into_iter().collect();
    stacks.sort_by_key(|(_, pages)| std::cmp::Reverse(*pages));
    let mut rest: BTreeMap<&str, u64> = BTreeMap::new();
    for ((_, cause, _), pages) in stacks.drain(STACKS.min(stacks.len())..) {
        *rest.entry(cause).or_default() += pages;
    }
    let line = |frames: Vec<String>, cause: &str, region: &str, pages: u64| {
        json!(Map::from_iter([
            ("frames".to_string(), json!(frames)),
            ("cause".to_string(), json!(cause)),
            ("region".to_string(), json!(region)),
            ("pages".to_string(), json!(pages)),
        ]))
    };
    let shown =
        stacks.into_iter().map(|((frames, cause, region), n)| line(frames, cause, region, n));
    let rest =
        rest.into_iter().map(|(cause, n)| line(vec!["other stacks".to_string()], cause, "any", n));
    shown.chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    fn cell(experiment: &str, plan: usize) -> Cell {
        Cell::new(Experiment::named(experiment).unwrap(), "inline", plan, 10, 0)
    }

    /// What the program says of a control and of one child, `collect`, with six pages of objects.
    fn said() -> [String; 3] {
        let output = r#"{"child":"control","pid":7} {"child":"collect","pid":8} {"child":"told"}"#;
        let map = |pid: u64, map: &str| {
            json!({"pageMap": {"pid": pid, "regions": [
                {"name": "objects", "map": map}, {"name": "marks", "map": ""}]}})
        };
        let writes = |pid: u64, written: Value| {
            let objects = json!({"kinds": ["2 list"], "pages": "1- 5:0"});
            json!({"firstWrites": {"pid": pid, "regions": [
                {"name": "objects", "written": written, "objects": objects},
                {"name": "marks", "written": [], "objects": {"kinds": [], "pages": ""}}]}})
        };
        let errors = [
            map(7, "ssss").to_string(),
            writes(7, json!([])).to_string(),
            "a complaint".to_string(),
            map(8, "scpccn").to_string(),
            // The last one is written by the end of the process, after the map.
            writes(
                8,
                json!([
                    [3, 10, "header"],
                    [1, 20, "header"],
                    [4, 30, "header"],
                    [2, 40, "header"],
                    [0, 50, "exit"]
                ]),
            )
            .to_string(),
        ];
        let row = |pages: u64, cause: &str, phase: &str, line: u64| {
            json!({"pages": pages, "cause": cause, "phase": phase, "region": "objects", "kind": "list", "site": null,
                "stack": [{"file": "/tmp/a.calf", "line": line, "function": "inner"}, {"file": "/tmp/a.calf", "line": 9, "function": null}]})
        };
        let blame = json!({"forks": 2, "processes": [{
            "pid": 8, "strategy": "inline", "means": "mprotect", "writes": 5, "blamed": 5, "in_place": 0, "given_up": 0, "unseen": 0, "shared": 5,
            "rows": [row(3, "header", "copy counts", 4), row(1, "header", "copy counts", 4), row(1, "exit", "exit", 5)],
            "timeline": [{"phase": "copy counts", "from": 10, "to": 40, "causes": {"header": 4}},
                         {"phase": "exit", "from": 50, "to": 50, "causes": {"exit": 1}}],
        }]});
        [output.replace("} {", "}\n{"), errors.join("\n"), blame.to_string()]
    }

    fn recorded_lines(cell: &Cell) -> Vec<Value> {
        let [output, errors, blame] = &said();
        lines(cell, &Said { output, errors, blame })
    }

    #[test]
    fn a_map_is_played_in_the_order_of_the_writes() {
        let lines = recorded_lines(&cell("lists-and-strings", 1));
        let map = lines.iter().find(|line| line["kind"] == "page_map").unwrap();
        assert_eq!(map["child"], "collect");
        let frames: Vec<&str> = list(map, "frames")
            .map(|frame| frame["regions"][0]["pages"].as_str().unwrap())
            .collect();
        assert_eq!(
            frames,
            ["5s1.", "3s1c1s1.", "1s1c1s1c1s1.", "1s1c1s2c1.", "1s1c1p2c1.", "1p1c1p2c1n"]
        );
        assert_eq!(map["frames"][0]["regions"][0]["objects"]["pages"], "1- 5:0");
        assert_eq!(map["frames"][1]["label"], "in phase: copy counts");
        assert_eq!(map["frames"][5]["at"], 5e-8);
        assert!(list(&map["frames"][5], "regions").count() == 1, "what is empty is left out");
    }

    #[test]
    fn runs_are_read_as_they_are_written() {
        assert_eq!(runs(b"sscp...."), "2s1c1p4.");
        assert_eq!(letters("2s1c1p4."), b"sscp....");
        assert_eq!(letters("x3s99"), b"sss");
    }

    #[test]
    fn pages_add_up_over_time_and_by_stack() {
        let lines = recorded_lines(&cell("lists-and-strings", 1));
        let last = |kind: &str, name: &str| {
            let line = lines.iter().find(|line| line["kind"] == kind).unwrap();
            list(line, name).cloned().collect::<Vec<Value>>()
        };
        let points = last("time_line", "points");
        assert_eq!(points[0]["causes"], json!({}));
        assert_eq!(points.last().unwrap()["causes"], json!({"header": 4, "exit": 1}));
        let stacks = last("blame", "stacks");
        assert_eq!(stacks[0]["pages"], 4, "what differs in its place of allocation alone is one");
        assert_eq!(
            stacks[0]["frames"],
            json!(["script (a.calf:9)", "inner (a.calf:4)", "[copy counts]"])
        );
        assert_eq!(stacks.iter().map(|stack| stack["pages"].as_u64().unwrap()).sum::<u64>(), 5);
        let command = lines[0]["command"].as_str().unwrap();
        assert!(command.contains("--page-map=json --blame-output"), "{command}");
    }

    #[test]
    fn what_was_not_watched_gives_no_lines() {
        let plain = Cell { recorded: None, ..cell("lists-and-strings", 1) };
        assert!(recorded_lines(&plain).is_empty());
        let refused = Said { output: r#"{"child":"collect","pid":8}"#, errors: "", blame: "" };
        assert!(lines(&cell("lists-and-strings", 1), &refused).is_empty());
        let again = Cell::new(Experiment::named("lists-and-strings").unwrap(), "inline", 1, 10, 1);
        assert!(again.recorded.is_none(), "a repetition is not watched again");
    }
}
