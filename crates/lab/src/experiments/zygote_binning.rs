//! `zygote-binning`: what is written in every child, scattered and together.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::recording::recorded;
use crate::sheet::{Drawn, Lines, REST, Sheet, What, of_plan, what};
use crate::unit::Unit;

const UNSEEN: usize = 0;
const SEEN: usize = 1;

fn written(results: &super::Results, plan: usize) -> Option<f64> {
    super::pages(results, "zygote", plan, "write")
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "zygote-binning",
    title: "a child writes one object in twenty, always the same ones",
    question: "How many pages do the objects take that every child writes, if they lie together?",
    script: "zygote-binning.calf",
    size: 500_000,
    quick: 50_000,
    unit: "objects",
    strategies: &["zygote", "mark-bitmap", "inline"],
    plans: &[plan(&["unseen"]), plan(&["seen"])],
    timed: false,
    recorded: &[recorded(UNSEEN, &["zygote"]), recorded(SEEN, &["zygote"])],
    report: Report::Sheets(
        &[Sheet {
            title: "pages copied by the writes",
            corner: "strategy",
            rows: Lines::Strategies,
            columns: Lines::These(&[of_plan("not seen before", UNSEEN), of_plan("seen before", SEEN), what("of heap", What::Share).of_plan(SEEN)]),
            rest: REST.of_child("write"),
            drawn: Drawn::Bars(1),
        }],
        "Only a collector that moves can put them together, and only if it knows which they are: zygote has seen them written, or reads a profile (profile=FILE).",
    ),
    claims: &[Claim {
        text: "scattered they take at least ten times as many pages as together",
        holds: |results| Some(written(results, UNSEEN)? >= 10.0 * written(results, SEEN)?),
    }],
    published: &[Published {
        figure: "5 % of the objects: 63 MiB scattered, 3.2 MiB side by side, of 64",
        source: "survey, table A.2; Android ART, image_writer.cc, bins of objects that become dirty",
        here: |results| {
            let show = |plan| Some(Unit::Count.show(written(results, plan)?));
            Some(format!("{} pages scattered, {} together", show(UNSEEN)?, show(SEEN)?))
        },
        why: "The same law: 1-(0.95)^k of the pages against a twentieth of them.",
    }],
    ask: Ask {
        question: "One object in twenty is written, scattered over the heap. How many times as many pages is that as if they lay side by side?",
        unit: Unit::Times,
        strategies: &["zygote"],
        answer: |results| Some(super::times(written(results, UNSEEN)?, written(results, SEEN)?)),
        too_low: "With dozens of objects to a page, nearly every page has one of them.",
        too_high: "Side by side they still fill a twentieth of the pages.",
    },
};
