//! `cold-fraction`: what a freeze saves, by the part that is read.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::results::Results;
use crate::sheet::{Drawn, Lines, REST, Sheet, child};
use crate::unit::Unit;

const PARTS: &[&str] = &["read 0", "read 0.002", "read 0.01", "read 0.05", "read 0.2", "read 1"];

/// The part of the pages copied under inline that a freeze saves.
fn saved(results: &Results, child: &str) -> Option<f64> {
    let inline = super::pages(results, "inline", 0, child)?;
    Some(1.0 - super::pages(results, "frozen", 0, child)? / inline.max(1.0))
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "cold-fraction",
    title: "a child reads a part of the records, picked at random, and collects",
    question: "How much does gc.freeze() save, by the part of the data that a worker reads?",
    script: "cold-fraction.calf",
    size: 200_000,
    quick: 20_000,
    unit: "records",
    strategies: &["inline", "frozen", "immortal", "mark-bitmap"],
    plans: &[plan(&[])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[Sheet {
            title: "pages copied, by the part that is read",
            corner: "part",
            rows: Lines::These(&[child(PARTS[0]), child(PARTS[1]), child(PARTS[2]), child(PARTS[3]), child(PARTS[4]), child(PARTS[5])]),
            columns: Lines::Strategies,
            rest: REST,
            drawn: Drawn::Lines("of the records are read"),
        }],
        "Between inline and frozen lies what a freeze saves: the pages on which nothing was read. Both sides of the dispute are right, each at its end of the axis.",
    ),
    claims: &[
        Claim {
            text: "what a freeze saves falls with each step of what is read",
            holds: |results| {
                let saved: Option<Vec<f64>> = PARTS.iter().map(|part| saved(results, part)).collect();
                Some(saved?.windows(2).all(|pair| pair[1] <= pair[0] + 0.01))
            },
        },
        Claim {
            text: "it is over 95 % where nothing is read, under 10 % where a fifth is",
            holds: |results| Some(saved(results, "read 0")? > 0.95 && saved(results, "read 0.2")? < 0.1),
        },
    ],
    published: &[Published {
        figure: "\"gc.freeze is pointless\", and memory halved by it",
        source: "discuss.python.org/t/71775; frappe/frappe#21474 (-31 % of the workers' memory)",
        here: |results| {
            let show = |child| Some(Unit::Part.show(saved(results, child)?));
            Some(format!("{} saved where nothing is read, {} at a hundredth, {} at a fifth", show("read 0")?, show("read 0.01")?, show("read 0.2")?))
        },
        why: "Theirs are services with a cold part of their own; here it is chosen.",
    }],
    ask: Ask {
        question: "A child reads one record in a hundred, at random, and collects. Which percentage of inline's copies does a freeze save?",
        unit: Unit::Part,
        strategies: &["inline", "frozen"],
        answer: |results| saved(results, "read 0.01"),
        too_low: "On many pages none of the objects is read: these the freeze keeps shared.",
        too_high: "The freeze keeps the collector away, not the counts: a page with one object that is read is copied all the same.",
    },
};
