//! `overhead`: what objects weigh.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::results::Results;
use crate::sheet::{Drawn, Lines, Sheet, child, fact};
use crate::unit::Unit;

fn weight(results: &Results, strategy: &str, kind: &str) -> Option<f64> {
    super::told(results, strategy, 0, kind, "bytes")
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "overhead",
    title: "bytes of heap for each of many objects, with all that the strategy keeps for them",
    question: "How many bytes does each strategy take for the same objects?",
    script: "overhead.calf",
    size: 100_000,
    quick: 10_000,
    unit: "objects of each kind",
    strategies: super::ALL,
    plans: &[plan(&[])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[Sheet {
            title: "bytes for each object",
            corner: "strategy",
            rows: Lines::Strategies,
            columns: Lines::These(&[
                child("empty list"),
                child("list of 3"),
                child("instance of 2"),
                child("map of 2"),
                child("string of 8"),
                child("record"),
            ]),
            rest: fact("", "bytes", Unit::Count).of_plan(0),
            drawn: Drawn::Bars(5),
        }],
        "Of all regions, heap and beside it; whole blocks are counted, so small numbers of objects weigh a little more.",
    ),
    claims: &[
        Claim {
            text: "inline takes 16 to 32 bytes more for a list than none",
            holds: |results| {
                let more = weight(results, "inline", "empty list")? - weight(results, "none", "empty list")?;
                Some((16.0..=32.0).contains(&more))
            },
        },
        Claim {
            text: "a string weighs the same under none, inline and frozen, within a byte",
            holds: |results| {
                let string = |strategy| weight(results, strategy, "string of 8");
                let none = string("none")?;
                Some((string("inline")? - none).abs() <= 1.0 && (string("frozen")? - none).abs() <= 1.0)
            },
        },
        Claim {
            text: "indirect takes more for a list than inline",
            holds: |results| Some(weight(results, "indirect", "empty list")? > weight(results, "inline", "empty list")?),
        },
    ],
    published: &[Published {
        figure: "an empty list 82 bytes in CPython 3.7, 64 in 3.13, 49 in Ruby 3.4, 64 in Lua 5.4; a record 440, 305, 135, 384",
        source: "survey, section 7",
        here: |results| {
            let show = |strategy| {
                let of = |kind| Some(format!("{:.0}", weight(results, strategy, kind)?));
                Some(format!("{} and {} under {strategy}", of("empty list")?, of("record")?))
            };
            Some(format!("{}; {}", show("inline")?, show("mark-bitmap")?))
        },
        why: "Numbers are no objects in Calf, an instance has no dictionary, and a list's first items lie in it.",
    }],
    ask: Ask {
        question: "How many bytes more does an empty list take under inline than under none?",
        unit: Unit::Count,
        strategies: &["none", "inline"],
        answer: |results| Some(weight(results, "inline", "empty list")? - weight(results, "none", "empty list")?),
        too_low: "Two links and a scratch count stand in front of each container.",
        too_high: "Two links and a scratch count are 24 bytes.",
    },
};
