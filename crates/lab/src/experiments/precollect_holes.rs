//! `precollect-holes`: a collection before the fork leaves holes.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::recording::recorded;
use crate::sheet::{Drawn, Lines, REST, Sheet, What, of_plan, what};
use crate::unit::Unit;

const KEEP: usize = 0;
const COLLECT: usize = 1;

fn grown(results: &super::Results, strategy: &str, plan: usize) -> Option<f64> {
    super::pages(results, strategy, plan, "grow")
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "precollect-holes",
    title: "a child allocates a fifth of what its parent built, of which two in seven were garbage",
    question: "Is it good to collect the parent's garbage just before the fork?",
    script: "precollect-holes.calf",
    size: 100_000,
    quick: 20_000,
    unit: "records",
    strategies: &["none", "inline", "inline:fresh=on", "frozen", "frozen:cpython=on", "frozen:collect_first=on", "mark-bitmap", "mark-bitmap:fresh=on", "zygote"],
    plans: &[plan(&["keep"]), plan(&["collect"])],
    timed: false,
    recorded: &[recorded(KEEP, &["inline"]), recorded(COLLECT, &["inline", "inline:fresh=on"])],
    report: Report::Sheets(
        &[Sheet {
            title: "pages copied by the child that allocates",
            corner: "strategy",
            rows: Lines::Strategies,
            columns: Lines::These(&[of_plan("garbage kept", KEEP), of_plan("collected before", COLLECT), what("of heap", What::Share).of_plan(COLLECT), what("by cause", What::Causes).of_plan(COLLECT)]),
            rest: REST.of_child("grow"),
            drawn: Drawn::Bars(1),
        }],
        "Two lessons in one: a hole on a shared page is dear, and an allocator that knows of the fork (fresh=on, zygote) need not fill it.",
    ),
    claims: &[
        Claim {
            text: "inline: with the collection the child copies at least five times what it copies without",
            holds: |results| {
                Some(grown(results, "inline", COLLECT)? >= 5.0 * grown(results, "inline", KEEP)?)
            },
        },
        Claim {
            text: "with fresh=on it copies as little as without the collection",
            holds: |results| {
                let fresh = grown(results, "inline:fresh=on", COLLECT)?;
                Some(fresh <= grown(results, "inline", KEEP)? + 8.0)
            },
        },
    ],
    published: &[Published {
        figure: "a collection before the fork made later allocation copy 39 079 pages instead of 130 (CPython 3.7), 30 139 instead of 157 (3.13)",
        source: "survey, section 4; the talk at PyCon 2018 advises against the collection",
        here: |results| {
            let show = |plan| Some(Unit::Count.show(grown(results, "inline", plan)?));
            Some(format!("{} instead of {} under inline", show(COLLECT)?, show(KEEP)?))
        },
        why: "In kind the same, with a smaller heap: the holes of two objects in seven are on nearly every page, and a fifth of new records fills them.",
    }],
    ask: Ask {
        question: "The parent collects its garbage before the fork. How many times as many pages does a child copy that allocates a fifth more records (inline)?",
        unit: Unit::Times,
        strategies: &["inline"],
        answer: |results| Some(super::times(grown(results, "inline", COLLECT)?, grown(results, "inline", KEEP)?)),
        too_low: "The freed cells are the first that are handed out, each on a page that is shared.",
        too_high: "Several holes share a page, which is copied once.",
    },
};
