//! `workers`: memory of a parent and its workers.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::results::Results;
use crate::sheet::{Drawn, Lines, Sheet, child, fact};
use crate::unit::Unit;

const OWN: &str = "pages of their own";

fn own(results: &Results, strategy: &str, workers: &str) -> Option<f64> {
    super::told(results, strategy, 0, workers, OWN)
}

fn total(results: &Results, strategy: &str) -> Option<String> {
    Some(Unit::Bytes.show(super::told(results, strategy, 0, "64 workers", "total bytes")?))
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "workers",
    title: "one parent and 1 to 64 workers, each of which serves requests with its collector on",
    question: "How much memory do 1 to 64 workers take together?",
    script: "workers.calf",
    size: 60_000,
    quick: 10_000,
    unit: "records",
    strategies: &["inline", "indirect", "frozen", "immortal", "mark-bitmap", "zygote"],
    plans: &[plan(&[])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[
            Sheet {
                title: "memory of parent and workers: what is shared once, what is not for each",
                corner: "workers",
                rows: Lines::These(&[
                    child("1 workers"),
                    child("2 workers"),
                    child("4 workers"),
                    child("8 workers"),
                    child("16 workers"),
                    child("32 workers"),
                    child("64 workers"),
                ]),
                columns: Lines::Strategies,
                rest: fact("", "total bytes", Unit::Bytes).of_plan(0),
                drawn: Drawn::Series("memory of parent and workers", Unit::Bytes),
            },
            Sheet {
                title: "64 workers",
                corner: "strategy",
                rows: Lines::Strategies,
                columns: Lines::These(&[
                    fact("heap of the parent", "parent bytes", Unit::Bytes),
                    fact("pages of their own", OWN, Unit::Count),
                    fact("heaps together", "total bytes", Unit::Bytes),
                    fact("by the kernel (PSS)", "pss bytes", Unit::Bytes),
                ]),
                rest: child("64 workers").of_plan(0),
                drawn: Drawn::Bars(1),
            },
        ],
        "PSS counts the program's own pages besides: its code, its libraries, its tables of pages. Under the collectors that mark, most of what a worker has for itself is \
         new: room for the young, which does not grow with the data.",
    ),
    claims: &[
        Claim {
            text: "a worker under inline has at least four times as many pages of its own as one under immortal",
            holds: |results| Some(own(results, "inline", "8 workers")? >= 4.0 * own(results, "immortal", "8 workers")?),
        },
        Claim {
            text: "64 workers have 64 times the pages of one, within a twentieth",
            holds: |results| {
                let mut any = None;
                for strategy in &results.strategies {
                    let one = own(results, strategy, "1 workers")?;
                    let near = (own(results, strategy, "64 workers")? / (64.0 * one) - 1.0).abs() <= 0.05;
                    any = Some(any.unwrap_or(true) && near);
                }
                any
            },
        },
    ],
    published: &[
        Published {
            figure: "64 processes, each with 150 MB less to share after its first request: nearly 10 GB",
            source: "talk on memory at Instagram, PyCon 2018",
            here: |results| Some(format!("{} under inline, {} under immortal", total(results, "inline")?, total(results, "immortal")?)),
            why: "A smaller heap, the same law: what each has for himself, 64 times.",
        },
        Published {
            figure: "eight workers take 5.3 times the parent's memory in CPython 3.13, 1.8 times after a freeze, 1.03 with immortal objects",
            source: "survey, sections 8 and 10",
            here: |results| {
                let times = |strategy| {
                    let told = |name| super::told(results, strategy, 0, "8 workers", name);
                    Some(Unit::Times.show(told("total bytes")? / told("parent bytes")?))
                };
                Some(format!("{} under inline, {} after a freeze, {} with immortal objects", times("inline")?, times("frozen")?, times("immortal")?))
            },
            why: "In kind the same; the requests are fewer, and immortal workers keep more of their own against a smaller heap.",
        },
    ],
    ask: Ask {
        question: "Under inline, how many times the parent's heap do the parent and 64 workers take together?",
        unit: Unit::Times,
        strategies: &["inline"],
        answer: |results| {
            let told = |name| super::told(results, "inline", 0, "64 workers", name);
            Some(told("total bytes")? / told("parent bytes")?)
        },
        too_low: "The first collection in each worker copies most of the heap, for each of the 64 by itself.",
        too_high: "Pages without containers stay shared.",
    },
};
