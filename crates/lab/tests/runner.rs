//! The runner against a stand-in for the program, which fails in every way that a cell can.

use calf_lab::{LabError, Options, list, names, run};
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[rustfmt::skip]
const STRATEGIES: &[&str] =
    &["inline", "indirect", "mark-inline", "mark-bitmap", "crash", "hang", "fail", "nonsense", "silent", "childcrash", "refused"];

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
    assert!(result.is_ok(), "{result:?}");
    let inline = line_of(&text, "inline");
    assert!(inline.contains("3.9 MiB"), "the heap is 1000 pages: {inline}");
    assert!(inline.contains("90.0 %") && inline.contains("94.0 %"), "900 and 940 pages: {inline}");
    assert!(inline.contains("header 100 %"), "{inline}");
    assert!(inline.ends_with("+3"), "the model is off by three pages: {inline}");
    assert!(line_of(&text, "indirect").contains("5.0 %"));
    assert!(text.contains("One collection that frees nothing copies 3.7 MiB (94.0 %)"), "{text}");
    assert!(text.contains("predictions: 2 of 2 hold"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
}

#[test]
fn a_prediction_that_fails_is_named() {
    // The stand-in copies as little under mark-inline as under mark-bitmap.
    let (text, result) =
        run_text(&["rec"], &Options { size: Some(5), ..options(&["mark-inline", "mark-bitmap"]) });
    assert!(result.is_ok(), "{result:?}");
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
    ];
    for (strategy, shown) in failures {
        let (text, result) = run_text(&["lists-and-strings"], &options(&["inline", strategy]));
        assert!(line_of(&text, strategy).contains(shown), "{text}");
        assert!(line_of(&text, "inline").contains("94.0 %"), "the others are measured: {text}");
        assert!(
            matches!(result, Err(LabError::CellsFailed { failed: 4, of: 8 })),
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

#[test]
fn json_has_one_object_per_child() {
    let options = Options { json: true, repeats: 2, ..options(&["inline", "crash"]) };
    let (text, _) = run_text(&["lists-and-strings"], &options);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    // Two repetitions of four cells: two children each under inline, one failure each under crash.
    assert_eq!(lines.len(), 2 * (4 * 2 + 4), "{text}");
    let collect = lines.iter().find(|line| line["child"] == "collect").unwrap();
    assert_eq!(collect["copied_pages"], 940);
    assert_eq!(collect["control_pages"], 10);
    assert_eq!(collect["source"], "kernel");
    assert!(lines.iter().any(|line| line["status"] == "SIGSEGV" && line["strategy"] == "crash"));
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
