//! `exit-storm`: what it takes workers to leave.

use crate::experiment::{Ask, Claim, Experiment, Plan, Published, Report};
use crate::recording::recorded;
use crate::results::Results;
use crate::sheet::{Choice, Drawn, Lines, Sheet, What, of_plan, what};
use crate::unit::Unit;

const FULL: usize = 0;
const FULL_OFF: usize = 1;
const HOOKS: usize = 2;
const IMMEDIATE: usize = 3;

/// Faults of leaving in this way, beyond those of leaving at once.
fn faults(results: &Results, strategy: &str, plan: usize) -> Option<f64> {
    let all = |plan| Some(results.faults(strategy, plan, "exit").ok()? as f64);
    Some((all(plan)? - all(IMMEDIATE)?).max(0.0))
}

const POLICIES: &[Choice] = &[
    of_plan("full", FULL),
    of_plan("full, collector off", FULL_OFF),
    of_plan("hooks", HOOKS),
    of_plan("immediate", IMMEDIATE),
];

/// Faults by which two runs of the same thing differ.
const NOISE: f64 = 60.0;

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "exit-storm",
    title: "a worker that shares all of its parent's heap leaves",
    question: "How many pages does it take a worker to leave, by what it is told to do at the end?",
    script: "exit-storm.calf",
    size: 100_000,
    quick: 30_000,
    unit: "records",
    strategies: &["none", "inline", "frozen", "immortal", "mark-inline", "mark-bitmap", "zygote"],
    plans: &[
        Plan { arguments: &["on"], flags: &["--exit", "full"] },
        Plan { arguments: &["off"], flags: &["--exit", "full"] },
        Plan { arguments: &["on"], flags: &["--exit", "hooks"] },
        Plan { arguments: &["on"], flags: &["--exit", "immediate"] },
    ],
    timed: false,
    recorded: &[recorded(FULL, &["inline", "mark-bitmap"])],
    report: Report::Sheets(
        &[Sheet {
            title: "faults of the whole cell, by wait4(): building the heap, forking, leaving",
            corner: "strategy",
            rows: Lines::Strategies,
            columns: Lines::These(POLICIES),
            rest: what("", What::Faults).of_child("exit"),
            drawn: Drawn::Bars(0),
        }],
        "What full takes more than immediate is the storm. Faults are the kernel's and differ by some dozens from run to run: they are no page counts, \
         but a process that has ended cannot be asked for those.",
    ),
    claims: &[
        Claim {
            text: "inline: a full exit takes at least fifty times the faults of hooks and of immediate",
            holds: |results| {
                let full = faults(results, "inline", FULL)?;
                Some(full >= 50.0 * (faults(results, "inline", HOOKS)? - NOISE).max(1.0) && full > 500.0)
            },
        },
        Claim {
            text: "inline: to switch the collector off does not help",
            holds: |results| {
                let (on, off) = (faults(results, "inline", FULL)?, faults(results, "inline", FULL_OFF)?);
                Some((on - off).abs() <= NOISE.max(0.1 * on))
            },
        },
        Claim {
            text: "where objects are immortal a full exit takes at most a tenth of what it takes under inline",
            holds: |results| Some(faults(results, "immortal", FULL)? <= (faults(results, "inline", FULL)? / 10.0).max(NOISE)),
        },
    ],
    published: &[
        Published {
            figure: "restarts take more than 60 s instead of 10, in page faults; os._exit spares them",
            source: "Instagram Engineering, \"Dismissing Python Garbage Collection at Instagram\" (2017)",
            here: |results| {
                let show = |plan| Some(Unit::Count.show(faults(results, "inline", plan)?));
                Some(format!("{} faults more than immediate under inline, {} with hooks only", show(FULL)?, show(HOOKS)?))
            },
            why: "In kind the same; seconds depend on the machine and on how many workers leave at once.",
        },
        Published {
            figure: "CPython takes 38 000 to 70 000 faults for 98 % of the heap at exit, collector on or off; 500 to 1 400 after gc.freeze(), 1 to 10 with os._exit",
            source: "survey of CPython 2.7 to 3.13, section 5",
            here: |results| {
                let show = |strategy| Some(Unit::Count.show(faults(results, strategy, FULL)?));
                Some(format!("{} under inline, {} under frozen", show("inline")?, show("frozen")?))
            },
            why: "frozen does not help here: CPython's globals hang in a cycle that only the collector would have broken, so after a freeze \
                  nobody does. Calf's globals are let go by counting. immortal spares the exit for good.",
        },
    ],
    ask: Ask {
        question: "A worker has a heap of which it has never written anything, and leaves by a full exit under inline. How many times the heap's pages are \
                   the page faults that this takes?",
        unit: Unit::Times,
        strategies: &["inline"],
        answer: |results| {
            // The faults of building it are those of the heap.
            let built = results.faults("inline", IMMEDIATE, "exit").ok()? as f64;
            Some(faults(results, "inline", FULL)? / built)
        },
        too_low: "Everything is let go: each count falls to zero, which is a write, and each cell goes into a free list.",
        too_high: "A page is copied once, at the first write.",
    },
};
