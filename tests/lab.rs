//! Every experiment of the lab at its small size: all that is predicted holds, what is kept is not run again, and a number is asked
//! for before it is told.

mod support;

use std::time::Duration;
use support::{Calf, OK, RUNTIME_ERROR, root};

/// A file that is removed when the test ends.
struct Kept(std::path::PathBuf);

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn all_that_is_predicted_holds_at_the_small_size() {
    let kept =
        Kept(std::env::temp_dir().join(format!("calf-lab-all-{}.jsonl", std::process::id())));
    let name = kept.0.to_string_lossy().into_owned();
    let run = || {
        Calf::new()
            .args(["lab", "run", "--all", "--quick", "--results", name.as_str()])
            .limit(Duration::from_secs(900))
            .run()
    };
    let first = run();
    first.expect_code(OK);
    assert!(!first.stdout.contains("does NOT hold"), "{}", first.stdout);
    assert_eq!(first.stdout.matches("repeat: calf lab run").count(), 26, "{}", first.stdout);
    // Nothing is left to be run, and what was measured is shown as it was.
    let again = run();
    again.expect_code(OK);
    assert_eq!(again.stdout, first.stdout);
}

#[test]
fn workers_are_replaced_to_the_end_at_any_size() {
    for size in ["100", "299"] {
        let script = root().join("examples/lab/leak-year.calf");
        let run = Calf::new().gc("inline").arg(script).arg(size);
        run.limit(Duration::from_secs(60)).run().expect_code(OK);
    }
}

#[test]
fn page_counts_repeat_exactly() {
    let counts = || {
        let outcome = Calf::new()
            .args(["lab", "run", "code-objects", "frozen-free", "--quick", "--json"])
            .limit(Duration::from_secs(300))
            .run();
        outcome.expect_code(OK);
        let mut counts = Vec::new();
        for line in outcome.stdout.lines() {
            let cell: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
            for child in cell["children"].as_array().into_iter().flatten() {
                counts.push((
                    cell["key"].clone(),
                    child["child"].clone(),
                    child["net"]["pages"].clone(),
                ));
            }
        }
        // Two cells at a time end in any order.
        counts.sort_by_key(|count| format!("{count:?}"));
        counts
    };
    let first = counts();
    assert!(first.len() >= 14, "{first:?}");
    assert_eq!(first, counts());
}

#[test]
fn an_assertion_can_fail() {
    // Ten objects lie on a page or two: there is nothing to tell the cases apart by.
    let outcome = Calf::new().args(["lab", "run", "lazy-caches", "--size", "10"]).run();
    outcome.expect_code(RUNTIME_ERROR);
    assert!(outcome.stdout.contains("does NOT hold: where reading is free"), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("predictions that do not hold: lazy-caches"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_number_is_asked_for_on_a_pipe() {
    let outcome = Calf::new()
        .args(["lab", "predict", "frozen-garbage", "--quick"])
        .input("none\n5\n")
        .limit(Duration::from_secs(60))
        .run();
    outcome.expect_code(OK);
    let text = &outcome.stdout;
    assert!(text.contains("That is no number"), "{text}");
    assert!(text.contains("you:      5.0 %\nmeasured: 100.0 %\nToo low."), "{text}");
}
