//! The runner against a stand-in for the program, which fails in every way that a cell can.

use calf_lab::{
    Format, LabError, Options, Output, Page, Shard, list, merge, names, predict, run, show,
};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[rustfmt::skip]
const STRATEGIES: &[&str] =
    &["inline", "indirect", "mark-inline", "mark-bitmap", "crash", "hang", "fail", "nonsense", "silent", "childcrash", "refused", "exhausted"];

fn options(strategies: &[&str]) -> Options {
    Options {
        strategies: strategies.iter().map(|name| name.to_string()).collect(),
        timeout: Duration::from_secs(20),
        program: Some(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fake-calf.sh"))),
        ..Options::default()
    }
}

fn run_text(names: &[&str], options: &Options) -> (String, Result<(), LabError>) {
    let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    let mut out = Vec::new();
    let result = run(&names, options, STRATEGIES, &mut out);
    (String::from_utf8(out).unwrap(), result)
}

fn line_of<'a>(text: &'a str, start: &str) -> &'a str {
    text.lines()
        .find(|line| line.starts_with(start))
        .unwrap_or_else(|| panic!("no {start} in\n{text}"))
}

#[test]
fn each_experiment_is_listed_with_its_question() {
    let mut out = Vec::new();
    list(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    for name in names() {
        assert!(line_of(&text, name).ends_with('?'), "{name}");
    }
}

#[test]
fn the_control_is_subtracted_and_the_sentence_follows() {
    let (text, result) = run_text(&["lists-and-strings"], &options(&["inline", "indirect"]));
    // The stand-in copies the same for every shape, too much for a slab beside heavy containers.
    assert!(matches!(result, Err(LabError::Refuted { .. })), "{result:?}");
    let inline = line_of(&text, "inline");
    assert!(inline.contains("3.9 MiB"), "the heap is 1000 pages: {inline}");
    assert!(inline.contains("90.0 %") && inline.contains("94.0 %"), "900 and 940 pages: {inline}");
    assert!(inline.contains("header 100 %"), "{inline}");
    assert!(inline.ends_with("+3"), "the model is off by three pages: {inline}");
    assert!(line_of(&text, "indirect").contains("5.0 %"));
    assert!(text.contains("One collection that frees nothing copies 3.7 MiB (94.0 %)"), "{text}");
    assert!(text.contains("predictions: 2 of 3 hold"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
}

#[test]
fn a_cell_is_watched_in_a_run_of_its_own() {
    let options = Options { output: Output::Json, ..options(&["inline", "indirect"]) };
    let (text, _) = run_text(&["lists-and-strings"], &options);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let maps: Vec<_> = lines.iter().filter(|line| line["kind"] == "page_map").collect();
    assert_eq!(maps.len(), 1, "{text}");
    assert_eq!(maps[0]["key"], "lists-and-strings/640000/inline/sprinkled collect/0");
    let status = |strategy: &str| {
        let is_it = |line: &&serde_json::Value| {
            line["key"] == format!("lists-and-strings/640000/{strategy}/sprinkled collect/0")
                && line["kind"] == "cell"
        };
        lines.iter().find(is_it).unwrap()
    };
    assert_eq!(status("inline")["recording"]["status"], "ok");
    // What fails while it is watched was measured all the same.
    assert_eq!(status("indirect")["recording"]["status"], "exit 70");
    assert_eq!(status("indirect")["status"], "ok");
    assert_eq!(lines.iter().filter(|line| line["recording"].is_object()).count(), 2, "{text}");
}

#[test]
fn a_prediction_that_fails_is_named() {
    // The stand-in copies as little under mark-inline as under mark-bitmap.
    let (text, result) =
        run_text(&["rec"], &Options { sizes: vec![5], ..options(&["mark-inline", "mark-bitmap"]) });
    assert!(matches!(result, Err(LabError::Refuted { .. })), "{result:?}");
    assert!(text.contains("predictions: 0 of 1 hold"), "{text}");
    assert!(text.contains("does NOT hold: mark-inline copies at least ten times"), "{text}");
    assert!(text.contains("Run with 5 records; the experiment proper has 500000."), "{text}");
}

#[test]
fn a_cell_that_fails_is_a_result() {
    let failures = [
        ("crash", "SIGSEGV"),
        ("fail", "exit 70"),
        ("nonsense", "nonsense"),
        ("silent", "silent"),
        ("childcrash", "SIGSEGV"),
        ("exhausted", "out of memory"),
    ];
    for (strategy, shown) in failures {
        let (text, result) = run_text(&["lists-and-strings"], &options(&["inline", strategy]));
        assert!(line_of(&text, strategy).contains(shown), "{text}");
        assert!(line_of(&text, "inline").contains("94.0 %"), "the others are measured: {text}");
        assert!(
            matches!(result, Err(LabError::CellsFailed { failed: 6, of: 12 })),
            "{strategy}: {result:?}"
        );
    }
    let (text, _) = run_text(&["lists-and-strings"], &options(&["fail"]));
    assert!(
        text.contains(
            "exit 70: --gc fail lists-and-strings.calf sprinkled read 640000: error[TypeError]"
        ),
        "{text}"
    );
}

#[test]
fn a_cell_that_hangs_is_ended_with_its_children() {
    let options = Options { timeout: Duration::from_millis(400), ..options(&["hang"]) };
    let started = Instant::now();
    let (text, result) = run_text(&["copy-on-read"], &options);
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(line_of(&text, "0.1 %").ends_with("timeout"), "{text}");
    assert!(matches!(result, Err(LabError::CellsFailed { failed: 1, of: 1 })));
    // The stand-in forks a child that would sleep for a day. A kill takes effect a moment later.
    let survives = |process: std::fs::DirEntry| {
        std::fs::read(process.path().join("cmdline"))
            .is_ok_and(|line| line.starts_with(b"sleep\098765"))
    };
    let any_survives = || std::fs::read_dir("/proc").unwrap().flatten().any(survives);
    while any_survives() {
        assert!(started.elapsed() < Duration::from_secs(10), "the child that hung was ended");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn where_the_kernel_refuses_the_model_stands_in_and_says_so() {
    let (text, result) = run_text(&["lists-and-strings"], &options(&["refused"]));
    assert!(result.is_ok(), "{result:?}");
    assert!(line_of(&text, "refused").contains("2.0 %"), "25 less 5 of 1000: {text}");
    assert!(line_of(&text, "refused").ends_with("only"), "{text}");
    assert!(text.contains("MODEL ONLY"), "{text}");
    assert!(!text.contains("by the kernel's word"), "{text}");
}

/// The one whose `key` has this text.
fn found<'a>(lines: &'a [serde_json::Value], key: &str, text: &str) -> &'a serde_json::Value {
    lines.iter().find(|line| line[key] == text).unwrap_or_else(|| panic!("no {key} {text}"))
}

#[test]
fn json_has_one_line_for_each_cell_with_all_that_repeats_it() {
    let options = Options { output: Output::Json, repeats: 2, ..options(&["inline", "crash"]) };
    let (text, _) = run_text(&["lists-and-strings"], &options);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let lines: Vec<serde_json::Value> =
        lines.into_iter().filter(|line| line["kind"] == "cell").collect();
    assert_eq!(lines.len(), 2 * 6 * 2, "{text}");
    let key = "lists-and-strings/640000/inline/sprinkled collect/0";
    let cell = found(&lines, "key", key);
    assert_eq!(cell["kind"], "cell");
    assert_eq!(cell["status"], "ok");
    assert_eq!(
        cell["command"],
        "calf --gc inline --seed 1 examples/lab/lists-and-strings.calf sprinkled collect 640000"
    );
    assert!(cell["program"]["commit"].is_string() && cell["machine"]["page"].as_u64() > Some(0));
    let collect = found(cell["children"].as_array().unwrap(), "child", "collect");
    assert_eq!(collect["net"]["pages"], 940);
    assert_eq!(collect["kernel"]["pages"], 950, "as it was said");
    assert!(lines.iter().any(|line| line["status"] == "SIGSEGV" && line["strategy"] == "crash"));
}

/// A file that is removed when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path =
            std::env::temp_dir().join(format!("calf-lab-{name}-{}.jsonl", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Lines of cells, and torn ones; not those of watched cells.
fn lines_of(file: &Scratch) -> usize {
    let text = std::fs::read_to_string(&file.0).unwrap();
    text.lines().filter(|line| !line.contains("\"kind\":\"page_map\"")).count()
}

#[test]
fn what_is_kept_is_not_run_again_and_shows_the_same() {
    let file = Scratch::new("kept");
    let keeping =
        |strategies: &[&str]| Options { results: Some(file.0.clone()), ..options(strategies) };
    let (first, _) = run_text(&["lists-and-strings"], &keeping(&["inline"]));
    assert_eq!(lines_of(&file), 6);
    // The second time the program is not even there.
    let gone = Options { program: Some("/nonexistent/calf".into()), ..keeping(&["inline"]) };
    let (second, result) = run_text(&["lists-and-strings"], &gone);
    assert!(result.is_ok(), "{result:?}");
    assert_eq!((&first, lines_of(&file)), (&second, 6));
    let mut shown = Vec::new();
    show(std::slice::from_ref(&file.0), Format::Text, Page::default(), &mut shown).unwrap();
    assert_eq!(String::from_utf8(shown).unwrap(), first);
    // A cell that failed is no finished one; a torn last line does no harm.
    run_text(&["lists-and-strings"], &keeping(&["crash"])).1.unwrap_err();
    std::fs::OpenOptions::new()
        .append(true)
        .open(&file.0)
        .unwrap()
        .write_all(b"{\"kind\":\n")
        .unwrap();
    run_text(&["lists-and-strings"], &keeping(&["crash", "indirect"])).1.unwrap_err();
    assert_eq!(lines_of(&file), 6 + 6 + 1 + 12);
    let mut csv = Vec::new();
    show(std::slice::from_ref(&file.0), Format::Csv, Page::default(), &mut csv).unwrap();
    let csv = String::from_utf8(csv).unwrap();
    assert!(
        csv.contains(",inline,sprinkled collect,0,") && csv.contains(",collect,pages copied,940"),
        "{csv}"
    );
    let mut markdown = Vec::new();
    show(std::slice::from_ref(&file.0), Format::Markdown, Page::default(), &mut markdown).unwrap();
    let markdown = String::from_utf8(markdown).unwrap();
    assert!(
        markdown.starts_with("# lists-and-strings\n") && markdown.contains("| inline |"),
        "{markdown}"
    );
}

#[test]
fn shards_share_the_cells_and_merge_to_the_whole() {
    let (whole, _) = run_text(&["lists-and-strings"], &options(&["inline", "indirect"]));
    let files: Vec<Scratch> =
        (1..=3).map(|number| Scratch::new(&format!("shard{number}"))).collect();
    let listed = Options { output: Output::List, ..options(&["inline", "indirect"]) };
    assert_eq!(run_text(&["lists-and-strings"], &listed).0.lines().count(), 12);
    for (index, file) in files.iter().enumerate() {
        let shard = Some(Shard { number: index + 1, of: 3 });
        let results = Some(file.0.clone());
        let (text, result) = run_text(
            &["lists-and-strings"],
            &Options { shard, results, ..options(&["inline", "indirect"]) },
        );
        assert!(text.is_empty() && result.is_ok(), "{text}{result:?}");
        assert_eq!(lines_of(file), 4);
    }
    let one = Options { cell: Some(12), ..options(&["inline", "indirect"]) };
    let (text, _) = run_text(&["lists-and-strings"], &one);
    assert!(text.contains("\"cell\":12") && text.lines().count() == 1, "{text}");
    let beyond =
        run_text(&["lists-and-strings"], &Options { cell: Some(13), ..one }).1.unwrap_err();
    assert!(beyond.is_usage() && beyond.to_string().contains("1 to 12"), "{beyond}");
    let merged = Scratch::new("merged");
    let paths: Vec<PathBuf> = files.iter().map(|file| file.0.clone()).collect();
    let mut told = Vec::new();
    merge(&paths, &merged.0, &mut told).unwrap();
    assert!(String::from_utf8(told).unwrap().contains("12 cells"));
    let mut shown = Vec::new();
    show(std::slice::from_ref(&merged.0), Format::Text, Page::default(), &mut shown).unwrap();
    assert_eq!(String::from_utf8(shown).unwrap(), whole);
}

#[test]
fn another_machines_counts_are_compared_and_its_times_refused() {
    let (here, there, both) = (Scratch::new("here"), Scratch::new("there"), Scratch::new("both"));
    let keeping = Options { results: Some(here.0.clone()), ..options(&["inline"]) };
    run_text(&["lists-and-strings"], &keeping).1.unwrap();
    let text = std::fs::read_to_string(&here.0).unwrap();
    let mut other = String::new();
    for (index, line) in text.lines().enumerate() {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["machine"]["host"] = "another".into();
        if index == 0 {
            let row = &mut line["children"][1];
            row["kernel"]["pages"] = 500.into();
        }
        other += &format!("{line}\n");
    }
    std::fs::write(&there.0, other).unwrap();
    let mut told = Vec::new();
    merge(&[here.0.clone(), there.0.clone()], &both.0, &mut told).unwrap();
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains("counts: 11 of 12 are the same"), "{told}");
    assert!(told.contains("read: pages copied: 900 and 490"), "{told}");
    assert!(told.contains("times: 6 refused"), "{told}");
    // What is shown is still the first machine's.
    let mut shown = Vec::new();
    show(std::slice::from_ref(&both.0), Format::Text, Page::default(), &mut shown).unwrap();
    assert!(String::from_utf8(shown).unwrap().contains("counts: 11 of 12"));
}

#[test]
fn a_number_is_asked_for_before_it_is_shown() {
    let answer = |input: &str| {
        let mut out = Vec::new();
        predict("lists-and-strings", &options(&[]), STRATEGIES, &mut input.as_bytes(), &mut out)
            .unwrap();
        String::from_utf8(out).unwrap()
    };
    let low = answer("five\n5 %\n");
    assert!(low.contains("That is no number"), "{low}");
    assert!(low.contains("you:      5.0 %\nmeasured: 94.0 %\nToo low. It is not objects"), "{low}");
    assert!(answer("90\n").contains("That is right."));
    assert!(!answer("").contains("94"), "who says nothing is told nothing");
}

#[test]
fn repetitions_tell_their_spread() {
    let (text, _) =
        run_text(&["lists-and-strings"], &Options { repeats: 3, ..options(&["inline"]) });
    assert!(text.contains("largest difference between repetitions: 0 pages"), "{text}");
}

#[test]
fn unknown_names_are_told_before_anything_is_run() {
    let (text, result) = run_text(&["lists"], &options(&[]));
    assert!(text.is_empty());
    let error = result.unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("lists-and-strings"), "{error}");
    let (_, result) = run_text(&["rec"], &options(&["inlien"]));
    let error = result.unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("inline"), "{error}");
}

#[test]
fn a_program_that_is_not_there_is_a_result_too() {
    let options = Options { program: Some("/nonexistent/calf".into()), ..options(&["inline"]) };
    let (text, result) = run_text(&["copy-on-read"], &options);
    assert!(text.contains("not run"), "{text}");
    assert!(matches!(result, Err(LabError::CellsFailed { failed: 1, of: 1 })));
}
