//! Generated programs print the same and end the same under every strategy, plain and with a collection
//! at each allocation, in the first process and in a forked child.
//!
//! A program that differs is kept in Cargo's directory for tests, and its seed is named. More of them:
//! `CALF_SEEDS=1000..2000 cargo test --test differential`.

mod support;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::generator::program;
use support::{Calf, OK, Outcome, RUNTIME_ERROR, strategies_and_adversary, temporary_file};

const LIMIT: Duration = Duration::from_secs(60);

/// What a run shows to the outside.
#[derive(PartialEq, Eq, Debug)]
struct Behaviour {
    code: i32,
    output: String,
}

impl Behaviour {
    fn of(outcome: Outcome) -> Behaviour {
        outcome.expect_no_crash();
        Behaviour { code: outcome.code, output: outcome.stdout.clone() }
    }
}

fn seeds(otherwise: Range<u64>) -> Range<u64> {
    let Ok(text) = std::env::var("CALF_SEEDS") else { return otherwise };
    let (first, last) = text.split_once("..").expect("CALF_SEEDS is a range like 0..100");
    let number = |text: &str| text.parse().expect("CALF_SEEDS is a range of whole numbers");
    number(first)..number(last)
}

fn file_of(seed: u64, text: &str) -> PathBuf {
    temporary_file(&format!("differential/seed_{seed}.calf"), text)
}

/// Runs the program under each strategy, stressed or not, and compares with the first strategy, plain.
fn compare(seed: u64, stressed: bool) {
    let strategies = strategies_and_adversary();
    let path = file_of(seed, &program(seed));
    let expected = Behaviour::of(run(&path, Calf::new().gc(&strategies[0])));
    let way = if stressed { "stressed" } else { "plain" };
    for strategy in &strategies {
        let calf = Calf::new().gc(strategy);
        let got = Behaviour::of(run(&path, if stressed { calf.stress() } else { calf }));
        assert!(
            got == expected,
            "seed {seed} under {strategy}, {way}, differs from {}, plain: see {}\n{}",
            strategies[0],
            path.display(),
            first_difference(&expected, &got)
        );
    }
}

fn run(path: &Path, calf: Calf) -> Outcome {
    calf.arg(path).limit(LIMIT).run()
}

fn first_difference(expected: &Behaviour, got: &Behaviour) -> String {
    if expected.code != got.code {
        return format!("exit code {} and {}", expected.code, got.code);
    }
    let (mut left, mut right) = (expected.output.lines(), got.output.lines());
    let mut line = 0;
    loop {
        line += 1;
        match (left.next(), right.next()) {
            (None, None) => return "only the last newline differs".to_owned(),
            (one, other) if one != other => return format!("line {line}: {one:?} and {other:?}"),
            _ => {}
        }
    }
}

#[test]
fn every_strategy_runs_a_program_alike() {
    for seed in seeds(0..100) {
        compare(seed, false);
    }
}

#[test]
fn every_strategy_runs_a_program_alike_under_stress() {
    for seed in seeds(0..10) {
        compare(seed, true);
    }
}

#[test]
fn a_child_runs_a_program_like_its_parent() {
    for strategy in strategies_and_adversary() {
        for seed in seeds(100..106) {
            let text = program(seed);
            let expected = Behaviour::of(run(&file_of(seed, &text), Calf::new().gc(&strategy)));
            // The child inherits the standard streams, so it prints as the program itself would.
            let in_child = format!(
                "var outermost = os.fork(); if (outermost != 0) os.quickExit(os.wait(outermost));\n{text}"
            );
            let path = temporary_file(&format!("differential/child_{seed}.calf"), in_child);
            let got = Behaviour::of(run(&path, Calf::new().gc(&strategy)));
            assert!(
                got == expected,
                "seed {seed} under {strategy} differs in a child: see {}\n{}",
                path.display(),
                first_difference(&expected, &got)
            );
        }
    }
}

#[test]
fn a_frozen_parent_changes_nothing_for_its_child() {
    for strategy in strategies_and_adversary() {
        for seed in seeds(200..206) {
            let text = program(seed);
            let expected = Behaviour::of(run(&file_of(seed, &text), Calf::new().gc(&strategy)));
            let prefix = "var ballast = []; for (i in range(300)) ballast.push([i, \"${i}\"]);\n\
                          gc.collect();\n\
                          try { gc.freeze(); } catch {}\n\
                          var outermost = os.fork();\n\
                          if (outermost != 0) os.quickExit(os.wait(outermost));\n\
                          ballast = nil;\n";
            let path = temporary_file(
                &format!("differential/frozen_{seed}.calf"),
                prefix.to_owned() + &text,
            );
            let got = Behaviour::of(run(&path, Calf::new().gc(&strategy)));
            assert!(
                got == expected,
                "seed {seed} under {strategy} differs after a freeze: see {}\n{}",
                path.display(),
                first_difference(&expected, &got)
            );
        }
    }
}

/// The generator keeps its promises, or the comparisons above would compare nothing.
#[test]
fn programs_are_valid_and_varied() {
    let mut all = String::new();
    let mut failed = 0;
    for seed in 0..40 {
        let text = program(seed);
        assert_eq!(text, program(seed), "a seed gives one program");
        let outcome = run(&file_of(seed, &text), Calf::new());
        outcome.expect_no_crash();
        assert!([OK, 3, RUNTIME_ERROR].contains(&outcome.code), "seed {seed}: {outcome:?}");
        // Errors that end a program are those that were put at its end.
        let to_the_end = outcome.code == OK || outcome.stdout.contains("to the end\n");
        assert!(to_the_end, "seed {seed}: {outcome:?}");
        assert!(outcome.stdout.lines().count() > 15, "seed {seed} prints little");
        failed += usize::from(outcome.code != OK);
        all += &text;
    }
    assert!(failed > 3, "programs that fail are missing");
    for feature in
        ["os.fork()", "gc.collect()", "try {", "finally {", ".link(", "while (", "fun (x)", "break"]
    {
        assert!(all.contains(feature), "no program has {feature}");
    }
}
