//! `header-or-bitmap`: marks in headers and in a bitmap.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::sheet::{Drawn, Lines, REST, Sheet, What, child, fact, what};
use crate::unit::Unit;

fn copied(results: &super::Results, strategy: &str) -> Option<f64> {
    super::pages(results, strategy, 0, "collect")
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "header-or-bitmap",
    title: "one full collection in the child by a collector that marks: in headers, in a bitmap",
    question: "What does a collector that marks save in a child if it keeps its marks in a bitmap?",
    script: "header-or-bitmap.calf",
    size: 200_000,
    quick: 30_000,
    unit: "records",
    strategies: &["mark-inline", "mark-bitmap"],
    plans: &[plan(&[])],
    timed: true,
    recorded: &[],
    report: Report::Sheets(
        &[Sheet {
            title: "one full collection in a child",
            corner: "marks",
            rows: Lines::Strategies,
            columns: Lines::These(&[
                child("copied").of_child("collect"),
                what("of heap", What::Share).of_child("collect"),
                fact("time", "collection seconds", Unit::Seconds).of_child("collect"),
                fact("time, nothing left to copy", "collection seconds", Unit::Seconds).of_child("again"),
            ]),
            rest: REST,
            drawn: Drawn::Bars(0),
        }],
        "The first collection in a child pays for the pages that it copies; the third does not.",
    ),
    claims: &[Claim {
        text: "marks in headers copy at least 64 times what a bitmap copies",
        holds: |results| Some(copied(results, "mark-inline")? >= 64.0 * copied(results, "mark-bitmap")?),
    }],
    published: &[Published {
        figure: "marks in a bitmap: 512 KiB of 64 MiB instead of all of it; collections 0 to 20 % slower",
        source: "survey, table A.2 (a model in C); Hongli Lai, Ruby Enterprise Edition (2008); Ruby Feature #5839 (2.0)",
        here: |results| {
            let pages = |strategy| Some(Unit::Count.show(copied(results, strategy)?));
            let seconds = |strategy| super::told(results, strategy, 0, "again", "collection seconds");
            let off = 100.0 * (seconds("mark-bitmap")? / seconds("mark-inline")? - 1.0);
            Some(format!("{} pages instead of {}; {off:+.0} % of time where nothing is copied any more", pages("mark-bitmap")?, pages("mark-inline")?))
        },
        why: "Fewer pages than the model's bitmap: a bit that does not change is not written, and new marks are made in memory of the child's own.",
    }],
    ask: Ask {
        question: "How many times the pages of a bitmap do marks in headers copy?",
        unit: Unit::Times,
        strategies: &["mark-inline", "mark-bitmap"],
        answer: |results| Some(super::times(copied(results, "mark-inline")?, copied(results, "mark-bitmap")?)),
        too_low: "A bit for 16 bytes is 1/128 of the heap, and Calf writes only the bits that change.",
        too_high: "Some pages are written under both: the stack, the roots.",
    },
};
