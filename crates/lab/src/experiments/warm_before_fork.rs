//! `warm-before-fork`: ages in headers and in a bitmap.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::sheet::{Drawn, Lines, Sheet, What, of_plan, what};
use crate::unit::Unit;

const INLINE: &str = "mark-bitmap:age=inline";
const BITMAP: &str = "mark-bitmap";
const COUNTS: usize = 5;

fn copied(results: &super::Results, strategy: &str, times: usize) -> Option<f64> {
    super::pages(results, strategy, times, "collect")
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "warm-before-fork",
    title: "collections before the fork, then one in the child: ages in headers, ages in a bitmap",
    question: "How many collections before the fork does it take until one in the child copies next to nothing?",
    script: "warm-before-fork.calf",
    size: 200_000,
    quick: 20_000,
    unit: "records",
    strategies: &[INLINE, BITMAP, "mark-bitmap:warmup=on", "mark-inline"],
    plans: &[plan(&["0"]), plan(&["1"]), plan(&["2"]), plan(&["3"]), plan(&["4"])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[Sheet {
            title: "pages copied by one collection in the child",
            corner: "collections before the fork",
            rows: Lines::These(&[of_plan("0", 0), of_plan("1", 1), of_plan("2", 2), of_plan("3", 3), of_plan("4", 4)]),
            columns: Lines::Strategies,
            rest: what("", What::Copied).of_child("collect"),
            drawn: Drawn::Lines("collections before the fork"),
        }],
        "An age that is written by the third collection is a write on each page before it. Ruby 3.3 moved it into a bitmap, and warms up before a fork besides.",
    ),
    claims: &[
        Claim {
            text: "ages in headers: none, one and two collections before the fork are the same, within a tenth",
            holds: |results| {
                let [a, b, c] = [copied(results, INLINE, 0)?, copied(results, INLINE, 1)?, copied(results, INLINE, 2)?];
                Some((a - b).abs() <= 0.1 * a && (a - c).abs() <= 0.1 * a)
            },
        },
        Claim {
            text: "ages in headers: after the third at most a tenth is left",
            holds: |results| Some(copied(results, INLINE, 3)? <= copied(results, INLINE, 2)? / 10.0),
        },
        Claim {
            text: "ages in a bitmap: less than a fiftieth of the heap in each case",
            holds: |results| {
                let mut most: f64 = 0.0;
                for times in 0..COUNTS {
                    most = most.max(super::share(results, BITMAP, times, "collect")?);
                }
                Some(most < 0.02)
            },
        },
    ],
    published: &[Published {
        figure: "Ruby 2.2: +950 MB after a collection in ten children, +50 MB after four minor collections before the fork; Ruby 3.1: 21.7 MB with none or one, 0.62 MB after four",
        source: "ko1/nakayoshi_fork, README; survey of Ruby 3.1",
        here: |results| {
            let show = |times| Some(Unit::Count.show(copied(results, INLINE, times)?));
            Some(format!("{} pages with none, {} with one, {} after three", show(0)?, show(1)?, show(3)?))
        },
        why: "The same step at the third collection, when all are old.",
    }],
    ask: Ask {
        question: "Ages are in headers, and an object is old after three collections. The parent has collected twice. Which percentage of the heap does a collection in \
                   the child copy?",
        unit: Unit::Part,
        strategies: &[INLINE],
        answer: |results| super::share(results, INLINE, 2, "collect"),
        too_low: "No object is old yet: the child's collection writes the age of each of them once more.",
        too_high: "Some pages hold parts that have no age: items of lists, and what the collector keeps beside the heap.",
    },
};
