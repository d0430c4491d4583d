//! `pauses`: how long a collection stops the program.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::results::Results;
use crate::sheet::{Drawn, Lines, Sheet, child, fact};
use crate::unit::Unit;

fn pause(results: &Results, strategy: &str, child: &str) -> Option<f64> {
    super::told(results, strategy, 0, child, "again seconds")
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "pauses",
    title: "one full collection, by the size of the heap and by the part of it that lives",
    question: "How long does a full collection stop the program?",
    script: "pauses.calf",
    size: 400_000,
    quick: 80_000,
    unit: "records",
    strategies: &["inline", "indirect", "frozen", "scratch", "trial", "mark-inline", "mark-bitmap", "zygote"],
    plans: &[plan(&[])],
    timed: true,
    recorded: &[],
    report: Report::Sheets(
        &[
            Sheet {
                title: "the first collection of a heap: a quarter, a half and all of the size, all of it alive",
                corner: "size",
                rows: Lines::These(&[child("size 0.25"), child("size 0.5"), child("size 1")]),
                columns: Lines::Strategies,
                rest: fact("", "first seconds", Unit::Seconds).of_plan(0),
                drawn: Drawn::Lines("of the size"),
            },
            Sheet {
                title: "by the part of the heap that lives; the rest is dead cycles",
                corner: "part alive",
                rows: Lines::These(&[child("live 0"), child("live 0.25"), child("live 0.5"), child("size 1")]),
                columns: Lines::Strategies,
                rest: fact("", "first seconds", Unit::Seconds).of_plan(0),
                drawn: Drawn::Nothing,
            },
            Sheet {
                title: "another one, when there is nothing left to reclaim",
                corner: "size",
                rows: Lines::These(&[child("size 0.25"), child("size 0.5"), child("size 1")]),
                columns: Lines::Strategies,
                rest: fact("", "again seconds", Unit::Seconds).of_plan(0),
                drawn: Drawn::Nothing,
            },
        ],
        "Processor time. To find that something is dead costs a collector that counts more than to find it alive; one that marks does not even look at the dead. trial looks at \
         suspects only.",
    ),
    claims: &[
        Claim {
            text: "where everything is frozen the pause is at most a fifth of that under inline",
            holds: |results| Some(pause(results, "frozen", "size 1")? <= pause(results, "inline", "size 1")? / 5.0),
        },
        Claim {
            text: "inline: four times the heap takes at least one and a half times the pause",
            holds: |results| Some(pause(results, "inline", "size 1")? >= 1.5 * pause(results, "inline", "size 0.25")?),
        },
    ],
    published: &[Published {
        figure: "a full collection of a million containers takes 176 ms in CPython 3.7, 93 ms in 3.13, 54 ms in Ruby 3.4; 0.2 ms after a freeze",
        source: "survey, section 7; ROCm/ATOM#1991 (979 ms for nothing freed)",
        here: |results| {
            let per_million = |strategy| {
                let told = |name| super::told(results, strategy, 0, "size 1", name);
                // Two of three objects of a record are containers.
                let containers = told("objects")? * 2.0 / 3.0;
                Some(Unit::Seconds.show(told("again seconds")? * 1e6 / containers))
            };
            Some(format!(
                "a million containers: {} under inline, {} under mark-bitmap, {} frozen",
                per_million("inline")?,
                per_million("mark-bitmap")?,
                per_million("frozen")?
            ))
        },
        why: "Times: they say more of the machine than of Calf, and are not compared between machines.",
    }],
    ask: Ask {
        question: "A heap of a size takes a pause. How many times that does a heap of four times the size take under frozen, if all of it is frozen?",
        unit: Unit::Times,
        strategies: &["frozen"],
        answer: |results| Some(pause(results, "frozen", "size 1")? / pause(results, "frozen", "size 0.25")?.max(1e-9)),
        too_low: "A pause is never shorter for a larger heap, but for chance.",
        too_high: "What is frozen is not visited: the pause is that of an empty heap, whatever its size.",
    },
};
