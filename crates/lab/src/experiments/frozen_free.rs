//! `frozen-free`: freeing what is frozen.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::results::Results;
use crate::sheet::{Drawn, Lines, REST, Sheet, What, child, what};
use crate::unit::Unit;

/// Pages copied for each object that was freed.
fn each(results: &Results, strategy: &str) -> Option<f64> {
    Some(super::pages(results, strategy, 0, "free")? / super::told(results, strategy, 0, "free", "freed")?)
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "frozen-free",
    title: "a child lets go of frozen objects, whose neighbours in the collector's list lie on other pages",
    question: "How many pages does it copy to free an object that was frozen?",
    script: "frozen-free.calf",
    size: 300,
    quick: 100,
    unit: "objects to be freed",
    strategies: &["none", "inline", "frozen", "frozen:quarantine=off", "frozen:cpython=on"],
    plans: &[plan(&[])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[Sheet {
            title: "pages copied by freeing, and allocating as many",
            corner: "strategy",
            rows: Lines::Strategies,
            columns: Lines::These(&[
                child("copied").of_child("free"),
                what("by cause", What::Causes).of_child("free"),
            ]),
            rest: REST,
            drawn: Drawn::Bars(0),
        }],
        "The count is one write; the links of the two neighbours in the collector's list are two more, on their pages. In quarantine the dead stay in the list and their cells are not used.",
    ),
    claims: &[
        Claim {
            text: "inline and cpython=on: at least two pages for each object",
            holds: |results| Some(each(results, "inline")? >= 2.0 && each(results, "frozen:cpython=on")? >= 2.0),
        },
        Claim {
            text: "in quarantine: at most 1.2",
            holds: |results| Some(each(results, "frozen")? <= 1.2),
        },
    ],
    published: &[Published {
        figure: "2.6 to 3.2 pages for each object in CPython: itself, its neighbours in the list, its children, the pool's header",
        source: "survey, table A, row 10",
        here: |results| Some(format!("{:.1} under frozen:cpython=on, {:.1} in quarantine", each(results, "frozen:cpython=on")?, each(results, "frozen")?)),
        why: "Calf's objects here have no children, and its allocator keeps no headers on the pages.",
    }],
    ask: Ask {
        question: "How many pages does each object that is freed cost in a child, under inline, if its neighbours in the list lie elsewhere?",
        unit: Unit::Count,
        strategies: &["inline"],
        answer: |results| each(results, "inline"),
        too_low: "Its own page, and to unlink it those of both neighbours.",
        too_high: "Some of these pages are met more than once.",
    },
};
