//! Blame: the pages blamed are the pages that the kernel says were copied, under every strategy; and watching changes no count.

mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use support::{Calf, OK, Outcome, RUNTIME_ERROR, root, strategies};

const ACTIONS: [&str; 5] = ["nothing", "read", "collect", "write", "allocate"];
/// Records in the parent's heap.
const RECORDS: &str = "4000";
/// The most that a first write may cost more, in microseconds: the aim is 25; a loaded machine is given more.
const MOST_MICROSECONDS: f64 = 100.0;

/// The script that forks one child for each action.
fn pages() -> PathBuf {
    root().join("tests/fork/pages.calf")
}

/// Does the kernel tell a process which pages it has copied?
fn kernel_tells() -> bool {
    let code =
        "if (os.fork() == 0) { print mem.copied()[\"source\"]; os.quickExit(0); } os.waitAny();";
    Calf::new().args(["-e", code]).run().stdout.trim() == "kernel"
}

fn run(strategy: &str, flags: &[&str]) -> Outcome {
    let run = Calf::new().gc(strategy).args(flags).arg(pages()).arg(RECORDS).args(ACTIONS);
    let outcome = run.limit(Duration::from_secs(120)).run();
    outcome.expect_code(OK);
    outcome
}

/// Did the pages blamed and the pages copied agree, in every process? The report says so in one line.
#[track_caller]
fn assert_exact(outcome: &Outcome, what: &str) {
    if kernel_tells() {
        assert!(outcome.stderr.contains("the kernel says"), "{what}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains("written unseen"), "{what}: {}", outcome.stderr);
    }
}

#[test]
fn pages_blamed_are_the_pages_copied_under_every_strategy() {
    for strategy in strategies() {
        let outcome = run(&strategy, &["--blame"]);
        assert_exact(&outcome, &strategy);
    }
}

#[test]
fn watching_changes_no_count() {
    for strategy in strategies() {
        let (plain, watched) = (run(&strategy, &[]), run(&strategy, &["--blame"]));
        assert_eq!(plain.stdout, watched.stdout, "{strategy}");
    }
}

#[test]
fn mprotect_stands_in_for_userfaultfd() {
    for strategy in ["inline", "mark-bitmap"] {
        let outcome = run(strategy, &["--blame=mprotect"]);
        assert_exact(&outcome, strategy);
        assert!(outcome.stderr.contains("by mprotect"), "{}", outcome.stderr);
    }
}

#[test]
fn a_first_write_costs_microseconds() {
    let outcome = run("inline", &["--blame"]);
    let text = &outcome.stderr;
    let cost = text.split(" first writes, ").nth(1).and_then(|rest| rest.split(' ').next());
    let cost: f64 = cost.and_then(|cost| cost.parse().ok()).unwrap_or_else(|| panic!("{text}"));
    assert!(cost > 0.0 && cost < MOST_MICROSECONDS, "{text}");
}

/// A program whose only first writes of note are on lines 9 (a store into each record) and 14 (a collection).
const LINES: &str = "class Record {
  init(id) { this.id = id; this.other = [id]; }
}
fun build(count) { var list = []; for (id in range(count)) list.push(Record(id)); return list; }
var records = build(20000);
gc.collect();
gc.disable();
fun touch() {
  for (record in records) record.id = -1;
}
fun act() { touch(); return mem.blame()[0]; }
if (os.fork() == 0) {
  var most = act();
  print most[\"cause\"] + \" \" + most[\"phase\"] + \" \" + most[\"kind\"];
  for (place in most[\"stack\"]) print \"${place[\"line\"]} ${place[\"function\"]}\";
  print \"made at ${most[\"site\"][\"line\"]} ${most[\"site\"][\"function\"]}\";
  os.quickExit(0);
}
os.waitAny();
if (os.fork() == 0) {
  gc.collect();
  for (part in mem.timeline()) print part[\"phase\"];
  os.quickExit(0);
}
os.waitAny();
";

#[test]
fn the_line_the_kind_and_the_place_of_allocation_are_told() {
    // Reading counts nothing here, so that only the stores write.
    let outcome = Calf::new().gc("mark-bitmap").arg("--blame").args(["-e", LINES]).run();
    outcome.expect_code(OK);
    let expected = "store program Record\n9 touch\n11 act\n13 nil\nmade at 4 build\n";
    assert!(outcome.stdout.starts_with(expected), "{outcome:?}");
    assert_exact(&outcome, "lines");
}

#[test]
fn the_phases_of_a_collection_follow_one_another() {
    let outcome = Calf::new().gc("inline").arg("--blame").args(["-e", LINES]).run();
    outcome.expect_code(OK);
    let at = |phase: &str| outcome.stdout.find(phase).unwrap_or_else(|| panic!("{outcome:?}"));
    assert!(at("copy counts") < outcome.stdout.len(), "{outcome:?}");
}

/// A child that does nothing but collect 20 000 containers; under blame it tells its phases and their pages.
const COLLECTION: &str = "gc.disable();
var kept = []; for (i in range(20000)) kept.push([i]);
if (os.fork() == 0) {
  gc.collect();
  try { for (part in mem.timeline()) print \"${part[\"phase\"]} ${part[\"pages\"]}\"; } catch {}
  os.quickExit(0);
}
os.waitAny();
";

#[test]
fn perf_names_the_same_phases_in_the_same_order() {
    let directory = directory("perf");
    let (data, script) = (directory.join("perf.data"), directory.join("collection.calf"));
    std::fs::write(&script, COLLECTION).expect("a script");
    let mut record = Command::new("perf");
    record.args(["record", "-e", "page-faults", "-c", "1", "-g", "-o"]).arg(&data).arg("--");
    let calf = Calf::new().gc("inline").arg(&script).into_command();
    record.arg(calf.get_program()).args(calf.get_args());
    let recorded = record.output().is_ok_and(|output| output.status.success());
    let read = Command::new("perf").args(["script", "-F", "pid,ip,sym", "-i"]).arg(&data).output();
    let Some(read) = read.ok().filter(|read| recorded && read.status.success()) else {
        return eprintln!("skipped: there is no perf here, or it is not allowed to record");
    };
    // A sample is a line with the process and one for each function, the innermost first; the first process is the parent.
    let text = String::from_utf8_lossy(&read.stdout);
    let samples: Vec<&str> = text.split("\n\n").map(str::trim).collect();
    let process = |sample: &str| sample.split_whitespace().next().map(str::to_owned);
    let parent = process(samples[0]);
    let of_child = samples.iter().filter(|sample| process(sample) != parent);
    let named: Vec<&str> = { of_child }
        .filter_map(|sample| {
            let names = |function: &str| sample.lines().any(|line| line.trim().ends_with(function));
            [("splice", "::splice"), ("copy counts", "::copy_counts")]
                .into_iter()
                .find_map(|(phase, function)| names(function).then_some(phase))
        })
        .collect();
    let blamed = Calf::new().gc("inline").arg("--blame").arg(&script).run();
    blamed.expect_code(OK);
    for phase in ["splice", "copy counts"] {
        let line = { blamed.stdout.lines() }
            .find_map(|line| line.strip_prefix(phase)?.trim().parse().ok());
        let pages: usize = line.unwrap_or_else(|| panic!("{phase}: {blamed:?}"));
        let faults = named.iter().filter(|name| **name == phase).count();
        assert!(
            faults.abs_diff(pages) <= 2 + pages / 50,
            "{phase}: {faults} faults, {pages} pages"
        );
    }
    let last = named.iter().rposition(|phase| *phase == "splice");
    let first = named.iter().position(|phase| *phase == "copy counts");
    assert!(last.is_some() && last < first, "{named:?}");
    std::fs::remove_dir_all(directory).expect("the samples can be removed");
}

#[test]
fn a_child_that_forks_is_blamed_for_what_it_writes_afterwards() {
    let code = "var kept = []; for (i in range(30000)) kept.push([i]);
        fun write() { for (list in kept) list[0] = -1; }
        if (os.fork() == 0) {
          write();
          if (os.fork() == 0) { write(); os.quickExit(0); }
          os.waitAny();
          os.quickExit(0);
        }
        os.waitAny();";
    for means in ["--blame", "--blame=mprotect"] {
        let outcome = Calf::new().gc("mark-bitmap").arg(means).args(["-e", code]).run();
        outcome.expect_code(OK);
        assert!(outcome.stderr.contains("by 2 processes"), "{}", outcome.stderr);
        assert_exact(&outcome, means);
        // Nothing but the means that was begun with.
        assert!(!outcome.stderr.contains(" and "), "{}", outcome.stderr);
    }
}

/// One run of an experiment of the lab, as `calf lab run --list` tells of it.
struct Cell {
    /// Experiment, size, strategy, variant and repetition, parted by slashes.
    key: String,
    /// The words of its command, without `calf`.
    command: Vec<String>,
}

impl Cell {
    /// Experiment, and strategy with its options.
    fn place(&self) -> (&str, &str) {
        let mut parts = self.key.split('/');
        (parts.next().unwrap_or_default(), parts.nth(1).unwrap_or_default())
    }
}

/// Experiments that take seconds for a cell at their quick size, and a smaller one.
const SMALLER: [(&str, &str); 4] = [
    ("copy-on-read", "20000"),
    ("first-request", "4000"),
    ("lists-and-strings", "8000"),
    ("workers", "1000"),
];

/// Every cell of the lab at its quick size, or smaller.
fn cells() -> Vec<Cell> {
    let listed = Calf::new().args(["lab", "run", "--all", "--quick", "--list"]).run();
    listed.expect_code(OK);
    let cell = |line: &str| {
        let (key, command) = line.split_once("  ")?.1.split_once("  calf ")?;
        let (experiment, size) = key.split_once('/')?;
        let (size, _) = size.split_once('/')?;
        let smaller = SMALLER.iter().find(|(name, _)| *name == experiment);
        let word = |word: &str| match smaller {
            Some((_, smaller)) if word == size => (*smaller).to_owned(),
            _ => word.to_owned(),
        };
        let command = command.split(' ').map(word).collect();
        Some(Cell { key: key.to_owned(), command })
    };
    listed.stdout.lines().map(|line| cell(line).unwrap_or_else(|| panic!("{line}"))).collect()
}

/// A sample of the cells: one for each experiment under each strategy that it names, so 129 of 295, since all of them take minutes. The
/// first strategy takes the first variant (the action of the child, the policy of its end), the second the second and so on: where there
/// are as many strategies as variants, each of these is there, too.
fn sample(cells: &[Cell]) -> Vec<&Cell> {
    let mut strategies: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut chosen = Vec::new();
    for cell in cells {
        let (experiment, strategy) = cell.place();
        let known = strategies.entry(experiment).or_default();
        if !known.contains(&strategy) {
            let of_both: Vec<&Cell> =
                cells.iter().filter(|one| one.place() == cell.place()).collect();
            chosen.push(of_both[known.len() % of_both.len()]);
            known.push(strategy);
        }
    }
    chosen
}

/// Experiments of what one process does alone.
const WITHOUT_FORK: [&str; 2] = ["freeze-cycle-starves", "frozen-garbage"];
/// By how many pages the model may be off in a child, less what it is off in the child that does nothing: that one is off by up to six.
const NOISE: i64 = 6;

/// By how many pages the model says more than the kernel, in the children of an experiment that say so: those that do something, each
/// less the one that does nothing.
fn differences(stdout: &str) -> Vec<(String, i64)> {
    let (mut control, mut found) = (0, Vec::new());
    for child in stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let pages = |account: &str| child[account]["pages"].as_i64();
        if let (Some(name), Some(kernel), Some(model)) =
            (child["child"].as_str(), pages("kernel"), pages("model"))
        {
            match name {
                "control" => control = model - kernel,
                name => found.push((name.to_owned(), model - kernel - control)),
            }
        }
    }
    found
}

/// The processes of a run that was written to this file.
fn blamed_processes(raw: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(raw).expect("a report was written");
    let report: Value = serde_json::from_str(&text).expect("it is JSON");
    report["processes"].as_array().expect("a list of processes").clone()
}

/// Was the process watched, and by a means that tells a page which the others gave up from one that was copied?
fn is_telling(process: &Value) -> bool {
    let is_blind = process["frames"] == false && process["means"] == "mprotect";
    !process["means"].is_null() && !is_blind
}

#[test]
fn every_experiment_of_the_lab_is_blamed_to_the_page() {
    if !kernel_tells() {
        return eprintln!("skipped: the kernel does not say which pages were copied");
    }
    let directory = directory("experiments");
    let raw = directory.join("run.blame");
    let child =
        "var kept = [1]; if (os.fork() == 0) { kept.push(2); os.quickExit(0); } os.waitAny();";
    let run = Calf::new().arg("--blame-output").arg(&raw).args(["-e", child]).run();
    run.expect_code(OK);
    if !is_telling(&blamed_processes(&raw)[0]) {
        return eprintln!("skipped: there is neither userfaultfd nor the sight of frames here");
    }
    let cells = cells();
    let (mut forking, mut compared) = (BTreeSet::new(), 0);
    for cell in sample(&cells) {
        let run = Calf::new().arg("--blame-output").arg(&raw).args(&cell.command);
        let outcome = run.directory(root()).limit(Duration::from_secs(120)).run();
        outcome.expect_code(OK);
        let processes = blamed_processes(&raw);
        let (experiment, _) = cell.place();
        assert_eq!(processes.is_empty(), WITHOUT_FORK.contains(&experiment), "{}", cell.key);
        for process in &processes {
            assert!(is_telling(process), "{}: not watched as others are: {process}", cell.key);
            let number = |name: &str| process[name].as_u64();
            let in_place = number("in_place");
            let copied = number("blamed").zip(in_place).map(|(blamed, in_place)| blamed - in_place);
            assert!(copied.is_some() && copied == number("copied"), "{}: {process}", cell.key);
            assert_eq!(number("unseen"), Some(0), "{}", cell.key);
            forking.insert(experiment);
        }
        for (child, difference) in differences(&outcome.stdout) {
            assert!(difference.abs() <= NOISE, "{}, {child}: {difference} pages", cell.key);
            compared += 1;
        }
    }
    assert!(forking.len() > 20 && compared > 60, "{} {compared}", forking.len());
    std::fs::remove_dir_all(directory).expect("the report can be removed");
}

/// By how much of a prediction what was achieved may differ from it.
const TOLERANCE: f64 = 0.1;

#[test]
fn advice_finds_the_five_faults_and_saves_what_it_predicts() {
    let script = root().join("examples/lab/prefork.calf");
    let run = Calf::new().args(["lab", "advise"]).arg(script).limit(Duration::from_secs(120));
    let outcome = run.run();
    outcome.expect_code(OK);
    let text = &outcome.stdout;
    for fault in [
        "Under --gc frozen, freeze before the fork at prefork.calf:66: collections in the child",
        "Under --gc immortal, freeze before the fork at prefork.calf:66: reading counts references, most of all at prefork.calf:41",
        "Warm it before the fork at prefork.calf:66, by calling serve(): what existed then is filled at prefork.calf:47",
        "Allocate on fresh pages after the fork (the strategy's option fresh=on): what died before it left holes",
        "Leave at once, by os.quickExit() or --exit immediate",
    ] {
        assert!(text.contains(fault), "{fault}\n{text}");
    }
    let number = |line: &str, word: &str| -> Option<f64> {
        line.trim().strip_prefix(word)?.split_whitespace().next()?.parse().ok()
    };
    let predicted: Vec<f64> = text.lines().filter_map(|line| number(line, "predicted")).collect();
    let achieved: Vec<f64> = text.lines().filter_map(|line| number(line, "achieved")).collect();
    assert_eq!((predicted.len(), achieved.len()), (5, 5), "{text}");
    assert!(predicted.is_sorted_by(|one, other| one >= other), "the largest saving first: {text}");
    for (predicted, achieved) in predicted.iter().zip(&achieved) {
        assert!(
            (achieved - predicted).abs() <= TOLERANCE * predicted,
            "{predicted} {achieved}\n{text}"
        );
    }
}

#[test]
fn a_full_exit_is_blamed_too() {
    for strategy in strategies() {
        let code = "var kept = []; for (i in range(20000)) kept.push([\"n${i}\", i]);
            if (os.fork() == 0) os.exit(0);
            os.waitAny();";
        let outcome = Calf::new().gc(&strategy).arg("--blame").args(["-e", code]).run();
        outcome.expect_code(OK);
        // The parent waits, so the kernel's word is good.
        assert_exact(&outcome, &strategy);
    }
}

#[test]
fn without_the_flag_it_is_said_what_to_do() {
    let outcome = Calf::new().args(["-e", "mem.blame();"]).run();
    outcome.expect_code(RUNTIME_ERROR);
    assert!(outcome.stderr.contains("calf --blame"), "{}", outcome.stderr);
    let outcome = Calf::new().args(["--blame", "-e", "print 1;"]).run();
    outcome.expect_code(OK);
    assert!(outcome.stderr.contains("nothing was forked"), "{}", outcome.stderr);
}

/// A directory of this test's own.
fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("calf-blame-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory for the profiles");
    directory
}

#[test]
fn profiles_have_the_form_that_their_readers_want() {
    let directory = directory("profiles");
    let (stacks, scope) = (directory.join("run.folded"), directory.join("run.json"));
    for path in [&stacks, &scope] {
        let run = Calf::new().gc("mark-inline").arg("--blame-output").arg(path);
        run.arg(pages()).arg("2000").arg("collect").run().expect_code(OK);
    }
    let collapsed = std::fs::read_to_string(&stacks).expect("collapsed stacks were written");
    let weights =
        |line: &str| line.rsplit_once(' ').and_then(|(_, pages)| pages.parse::<u64>().ok());
    let sum: Option<u64> = collapsed.lines().map(weights).sum();
    let sum = sum.unwrap_or_else(|| panic!("{collapsed}"));
    assert!(sum > 20 && collapsed.contains("script (pages.calf:"), "{collapsed}");
    assert!(collapsed.contains(";[trace];[mark: "), "{collapsed}");

    // The fields that speedscope's schema wants of a file and of a sampled profile.
    let text = std::fs::read_to_string(&scope).expect("a profile was written");
    let file: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(file["$schema"], "https://www.speedscope.app/file-format-schema.json");
    let frames = file["shared"]["frames"].as_array().expect("shared.frames");
    assert!(frames.iter().all(|frame| frame["name"].is_string()), "{text}");
    let profiles = file["profiles"].as_array().expect("profiles");
    let profile = &profiles[file["activeProfileIndex"].as_u64().expect("an index") as usize];
    assert_eq!(
        (profile["type"].as_str(), profile["unit"].as_str()),
        (Some("sampled"), Some("none"))
    );
    assert!(profile["name"].is_string() && profile["startValue"] == 0, "{text}");
    let samples = profile["samples"].as_array().expect("samples");
    let weights = profile["weights"].as_array().expect("weights");
    assert_eq!(samples.len(), weights.len());
    let known = |frame: &Value| frame.as_u64().is_some_and(|frame| (frame as usize) < frames.len());
    assert!(samples.iter().all(|sample| sample.as_array().expect("a sample").iter().all(known)));
    let total: u64 = weights.iter().map(|weight| weight.as_u64().expect("pages")).sum();
    assert_eq!(profile["endValue"].as_u64(), Some(total));

    // Both forms say the same.
    let same = Calf::new().args(["blame", "diff"]).arg(&stacks).arg(&scope).run();
    same.expect_code(OK);
    assert_eq!(same.stdout, format!("{sum} pages before, {sum} after: +0\n"));
    std::fs::remove_dir_all(directory).expect("the profiles can be removed");
}

#[test]
fn first_writes_are_shown_along_time() {
    let directory = directory("timeline");
    let raw = directory.join("run.blame");
    let run = Calf::new().gc("inline").arg("--blame-output").arg(&raw);
    run.arg(pages()).arg("2000").arg("collect").run().expect_code(OK);
    let shown = Calf::new().args(["blame", "timeline", "--ascii"]).arg(&raw).run();
    shown.expect_code(OK);
    let lines: Vec<&str> = shown.stdout.lines().collect();
    let of = |phase: &str| lines.iter().position(|line| line.contains(phase));
    assert!(of("splice") < of("copy counts") && of("splice").is_some(), "{lines:?}");
    assert!(shown.stdout.contains("#") && shown.stdout.contains("header"), "{lines:?}");
    assert!(shown.stdout.is_ascii() && lines.iter().all(|line| line.len() <= 80), "{lines:?}");
    let wrong = Calf::new().args(["blame", "timeline"]).arg(pages()).run();
    wrong.expect_code(support::INPUT_OUTPUT);
    assert!(wrong.stderr.contains(".blame"), "{}", wrong.stderr);
    std::fs::remove_dir_all(directory).expect("the report can be removed");
}

#[test]
fn two_runs_are_compared() {
    let directory = directory("difference");
    let (one, other) = (directory.join("one.folded"), directory.join("other.folded"));
    std::fs::write(&one, "a;b 10\na;c 5\n").expect("a profile");
    std::fs::write(&other, "a;b 2\na;d 1\na;c 5\n").expect("a profile");
    let difference = Calf::new().args(["blame", "diff"]).arg(&one).arg(&other).run();
    difference.expect_code(OK);
    let lines: Vec<&str> = difference.stdout.lines().collect();
    assert_eq!(lines[0], "15 pages before, 8 after: -7");
    assert!(lines[3].trim().starts_with("-8 ") && lines[3].ends_with("b < a"), "{lines:?}");
    assert!(lines[4].trim().starts_with("+1 ") && lines[4].ends_with("d < a"), "{lines:?}");
    let both = Calf::new().args(["blame", "diff", "--collapsed"]).arg(&one).arg(&other).run();
    assert_eq!(both.stdout, "a;b 10 2\na;c 5 5\na;d 0 1\n");
    std::fs::write(&other, "nonsense\n").expect("no profile");
    let wrong = Calf::new().args(["blame", "diff"]).arg(&one).arg(&other).run();
    wrong.expect_code(support::INPUT_OUTPUT);
    assert!(wrong.stderr.contains("line 1"), "{}", wrong.stderr);
    std::fs::remove_dir_all(directory).expect("the profiles can be removed");
}
