//! `flat-or-boxed`: a table of numbers in three shapes.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::results::Results;
use crate::sheet::{Choice, Drawn, Lines, Sheet, What, of_plan, what};
use crate::unit::Unit;

const BOXED: usize = 0;
const LIST: usize = 1;
const FLAT: usize = 2;
const SHAPES: &[Choice] = &[of_plan("boxed", BOXED), of_plan("list", LIST), of_plan("flat", FLAT)];

fn read(results: &Results, plan: usize) -> Option<f64> {
    super::pages(results, "inline", plan, "read")
}

fn heap(results: &Results, plan: usize) -> Option<f64> {
    Some(super::ran(results, "inline", plan, "read")?.heap_bytes())
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "flat-or-boxed",
    title: "a table of numbers, read in a child: boxes in a list, numbers in a list, a flat buffer",
    question: "How much does the shape of a table matter to a worker that only reads it?",
    script: "flat-or-boxed.calf",
    size: 500_000,
    quick: 50_000,
    unit: "numbers",
    strategies: &["inline", "frozen", "side-counts", "mark-inline", "mark-bitmap"],
    plans: &[plan(&["boxed"]), plan(&["list"]), plan(&["flat"])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[
            Sheet {
                title: "pages copied by reading all numbers",
                corner: "strategy",
                rows: Lines::Strategies,
                columns: Lines::These(SHAPES),
                rest: what("", What::Copied).of_child("read"),
                drawn: Drawn::Bars(0),
            },
            Sheet {
                title: "pages copied by one full collection",
                corner: "strategy",
                rows: Lines::Strategies,
                columns: Lines::These(SHAPES),
                rest: what("", What::Copied).of_child("collect"),
                drawn: Drawn::Nothing,
            },
            Sheet {
                title: "the heap",
                corner: "strategy",
                rows: Lines::Strategies,
                columns: Lines::These(SHAPES),
                rest: what("", What::Heap).of_child("read"),
                drawn: Drawn::Nothing,
            },
        ],
        "Data that refers to nothing has no counts to write and nothing to trace. That is why the advice is to put it into an array.",
    ),
    claims: &[
        Claim {
            text: "inline: reading boxes copies at least half of the heap",
            holds: |results| Some(super::share(results, "inline", BOXED, "read")? >= 0.5),
        },
        Claim {
            text: "inline: reading the others copies at most a fiftieth of that",
            holds: |results| {
                let boxed = read(results, BOXED)?;
                Some(read(results, LIST)? <= boxed / 50.0 && read(results, FLAT)? <= boxed / 50.0)
            },
        },
        Claim {
            text: "inline: a buffer takes at most a third of the memory of boxes",
            holds: |results| Some(heap(results, FLAT)? <= heap(results, BOXED)? / 3.0),
        },
    ],
    published: &[Published {
        figure: "workers that only read a list of Python objects copy all of it; an array of numbers stays shared",
        source: "pytorch/pytorch#13246 (since 2018)",
        here: |results| {
            let show = |plan| Some(Unit::Count.show(read(results, plan)?));
            Some(format!("{} pages for boxes, {} for a list of numbers, {} for a buffer", show(BOXED)?, show(LIST)?, show(FLAT)?))
        },
        why: "The same; a list of numbers is as good as an array here, for Calf's numbers are no objects.",
    }],
    ask: Ask {
        question: "A child reads a list of a large number of boxed numbers under inline. Which percentage of the heap does it copy?",
        unit: Unit::Part,
        strategies: &["inline"],
        answer: |results| super::share(results, "inline", BOXED, "read"),
        too_low: "Each box is counted while it is looked at, and there is a box on nearly every page.",
        too_high: "The list's own items are read, not written.",
    },
};
