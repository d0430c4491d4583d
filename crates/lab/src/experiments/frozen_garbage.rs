//! `frozen-garbage`: garbage at the time of a freeze.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::results::Results;
use crate::sheet::{Drawn, Lines, Sheet, fact};
use crate::unit::Unit;

const COLLECT_FIRST: &str = "frozen:collect_first=on";

fn alive(results: &Results, strategy: &str, child: &str) -> Option<f64> {
    let told = |name| super::told(results, strategy, 0, child, name);
    Some(told("cycles")? + told("young")?)
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "frozen-garbage",
    title: "dead cycles are frozen, each with a young object that it alone refers to, and a collection follows",
    question: "What becomes of garbage that was frozen, and of what it refers to?",
    script: "frozen-garbage.calf",
    size: 10_000,
    quick: 1000,
    unit: "cycles",
    strategies: &["frozen", "frozen:cpython=on", COLLECT_FIRST],
    plans: &[plan(&[])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[Sheet {
            title: "still there",
            corner: "strategy",
            rows: Lines::Strategies,
            columns: Lines::These(&[
                fact("frozen cycles", "cycles", Unit::Count).of_child("frozen"),
                fact("their young", "young", Unit::Count).of_child("frozen"),
                fact("cycles after unfreeze", "cycles", Unit::Count).of_child("unfrozen"),
                fact("their young", "young", Unit::Count).of_child("unfrozen"),
            ]),
            rest: crate::sheet::REST,
            drawn: Drawn::Bars(0),
        }],
        "What is frozen is a root to the collector. To freeze garbage is to keep it, and whatever it is given to hold.",
    ),
    claims: &[
        Claim {
            text: "frozen: all of it is there after a collection, none after unfreeze and another one",
            holds: |results| {
                let all = 2.0 * results.size as f64;
                Some(alive(results, "frozen", "frozen")? == all && alive(results, "frozen", "unfrozen")? == 0.0)
            },
        },
        Claim {
            text: "collect_first=on: none from the start",
            holds: |results| Some(alive(results, COLLECT_FIRST, "frozen")? == 0.0),
        },
    ],
    published: &[Published {
        figure: "frozen garbage is never reclaimed and pins young objects, in CPython 3.7 to 3.13; collecting the permanent generation on demand was asked for and never added",
        source: "survey, trap 12; python/cpython#75739",
        here: |results| Some(format!("{} of {} objects are pinned", Unit::Count.show(alive(results, "frozen", "frozen")?), 2 * results.size)),
        why: "The same.",
    }],
    ask: Ask {
        question: "Dead cycles are frozen; then each is given a young object to hold, and there is a full collection. Which percentage of cycles and young is still there?",
        unit: Unit::Part,
        strategies: &["frozen"],
        answer: |results| Some(alive(results, "frozen", "frozen")? / (2.0 * results.size as f64)),
        too_low: "The collector does not look at what is frozen, and takes every reference from there for one from outside.",
        too_high: "There cannot be more than all.",
    },
};
