//! `saboteur`: a library switches the collector on again.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::sheet::{Drawn, Lines, Sheet, child, fact};
use crate::unit::Unit;

const COUNT: &str = "collections";

fn collections(results: &super::Results, child: &str) -> Option<f64> {
    let mut sum = None;
    for strategy in &results.strategies {
        sum = Some(sum.unwrap_or(0.0) + super::told(results, strategy, 0, child, COUNT)?);
    }
    sum
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "saboteur",
    title: "a library that the service calls switches the collector on again",
    question: "Does the collector run although the service has switched it off?",
    script: "saboteur.calf",
    size: 100,
    quick: 20,
    unit: "requests",
    strategies: &["inline", "frozen", "scratch"],
    plans: &[plan(&[])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[Sheet {
            title: "collections while the requests are served",
            corner: "the service",
            rows: Lines::These(&[
                child("nothing"),
                child("disable"),
                child("threshold(0)"),
                child("lock"),
            ]),
            columns: Lines::Strategies,
            rest: fact("", COUNT, Unit::Count).of_plan(0),
            drawn: Drawn::Nothing,
        }],
        "A flag for everybody belongs to whoever writes it last. A threshold of zero holds because nobody thinks of it; a lock, because it has an owner.",
    ),
    claims: &[
        Claim {
            text: "after gc.disable() there are collections all the same",
            holds: |results| Some(collections(results, "disable")? >= 1.0),
        },
        Claim {
            text: "after gc.threshold(0) there are none",
            holds: |results| Some(collections(results, "threshold(0)")? == 0.0),
        },
        Claim {
            text: "under gc.lock() there are none",
            holds: |results| Some(collections(results, "lock")? == 0.0),
        },
    ],
    published: &[Published {
        figure: "gc.disable() did not hold: msgpack called gc.enable(); gc.set_threshold(0) did",
        source: "Instagram Engineering, \"Dismissing Python Garbage Collection at Instagram\" (2017)",
        here: |results| {
            let show = |child| Some(Unit::Count.show(collections(results, child)?));
            Some(format!("{} collections after disable, {} after threshold(0), {} under a lock", show("disable")?, show("threshold(0)")?, show("lock")?))
        },
        why: "The same. The lock is Calf's own: CPython's users have asked for one since 2018 (bpo-31356).",
    }],
    ask: Ask {
        question: "A service calls gc.disable() and serves requests, each of which calls a library that does gc.disable(), work, gc.enable(), and then makes 1 000 lists. The \
                   threshold is 700. How many collections are there for each request?",
        unit: Unit::Count,
        strategies: &["inline"],
        answer: |results| Some(super::told(results, "inline", 0, "disable", COUNT)? / results.size as f64),
        too_low: "The library leaves the collector on, for everybody.",
        too_high: "The lists of a request die with it: a collection for each 700 more allocations than deaths.",
    },
};
