//! `refork`: workers forked anew from one that is warm.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::results::Results;
use crate::sheet::{Drawn, Lines, REST, Sheet, child, what, What};
use crate::unit::Unit;

const GENERATIONS: [&str; 4] = ["generation 0", "generation 1", "generation 2", "generation 3"];

/// The part of a worker's memory that it shares after it has served every route.
fn shared(results: &Results, strategy: &str, generation: usize) -> Option<f64> {
    let figure = super::ran(results, strategy, 0, GENERATIONS[generation])?;
    let whole = figure.copied.shared + figure.copied.new;
    Some(1.0 - figure.private_pages() as f64 / whole.max(1) as f64)
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "refork",
    title: "workers fill caches; new ones are forked from one that has filled a third, two thirds, all of them",
    question: "What is gained by forking new workers from one that has served for a while?",
    script: "refork.calf",
    size: 100_000,
    quick: 20_000,
    unit: "records",
    strategies: &["frozen", "immortal", "mark-bitmap", "zygote"],
    plans: &[plan(&[])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[
            Sheet {
                title: "pages of a worker's own after it has served every route",
                corner: "forked from",
                rows: Lines::These(&[child(GENERATIONS[0]), child(GENERATIONS[1]), child(GENERATIONS[2]), child(GENERATIONS[3])]),
                columns: Lines::Strategies,
                rest: what("", What::Private).of_plan(0),
                drawn: Drawn::Lines("generations of molds"),
            },
            Sheet {
                title: "of them, copied",
                corner: "forked from",
                rows: Lines::These(&[child(GENERATIONS[0]), child(GENERATIONS[1]), child(GENERATIONS[2]), child(GENERATIONS[3])]),
                columns: Lines::Strategies,
                rest: REST,
                drawn: Drawn::Nothing,
            },
        ],
        "What a worker works out once it can share with all who are forked from it. Under frozen the counts of what is read stay copied, whoever made it.",
    ),
    claims: &[Claim {
        text: "the part that is shared grows from generation to generation",
        holds: |results| {
            let mut any = None;
            for strategy in &results.strategies {
                for generation in 1..GENERATIONS.len() {
                    let grows = shared(results, strategy, generation)? > shared(results, strategy, generation - 1)?;
                    any = Some(any.unwrap_or(true) && grows);
                }
            }
            any
        },
    }],
    published: &[Published {
        figure: "30 % less memory with reforking",
        source: "Shopify/pitchfork, docs/REFORKING.md; railsatscale.com, 2023-10-23",
        here: |results| {
            let show = |generation| Some(Unit::Part.show(shared(results, "mark-bitmap", generation)?));
            Some(format!("mark-bitmap: a worker shares {} in the first generation, {} in the third", show(0)?, show(2)?))
        },
        why: "How much it is depends on how much of a worker's memory is caches: here nearly half of it, and all of it can be shared.",
    }],
    ask: Ask {
        question: "A worker's caches are filled by the routes it serves. It was forked from one that has served two thirds of the routes. Which percentage of its memory \
                   does it share with others after it has served all (mark-bitmap)?",
        unit: Unit::Part,
        strategies: &["mark-bitmap"],
        answer: |results| shared(results, "mark-bitmap", 2),
        too_low: "The data and two thirds of the caches were there before the fork, and reading them writes nothing.",
        too_high: "A third of the caches it fills itself.",
    },
};
