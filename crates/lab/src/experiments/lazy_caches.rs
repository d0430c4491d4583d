//! `lazy-caches`: what is worked out when it is first asked for.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::recording::recorded;
use crate::results::Results;
use crate::sheet::{Drawn, Lines, Sheet, What, of_plan, what};
use crate::unit::Unit;

const NATIVE: usize = 0;
const LAZY: usize = 1;
const WARM: usize = 2;

fn asked(results: &Results, strategy: &str, plan: usize) -> Option<f64> {
    super::pages(results, strategy, plan, "ask")
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "lazy-caches",
    title: "a child asks each object for what it works out once and keeps",
    question: "What does it copy to ask for something that is worked out at the first time and kept in the object?",
    script: "lazy-caches.calf",
    size: 200_000,
    quick: 20_000,
    unit: "objects",
    strategies: &["inline", "immortal", "mark-bitmap", "zygote"],
    plans: &[plan(&["native"]), plan(&["lazy"]), plan(&["warm"])],
    timed: false,
    recorded: &[recorded(LAZY, &["inline", "mark-bitmap"]), recorded(WARM, &["mark-bitmap"])],
    report: Report::Sheets(
        &[Sheet {
            title: "pages copied by asking",
            corner: "strategy",
            rows: Lines::Strategies,
            columns: Lines::These(&[
                of_plan("hash of strings", NATIVE),
                of_plan("a lazy field", LAZY),
                of_plan("warmed up before", WARM),
            ]),
            rest: what("", What::Copied).of_child("ask"),
            drawn: Drawn::Bars(1),
        }],
        "Calf has no lazy state of its own: a string's hash is computed when the string is made, caches of code lie in a region of theirs. What a program keeps lazily it \
         should ask for before the fork.",
    ),
    claims: &[Claim {
        text: "where reading is free, warm and native copy at most a tenth of what lazy copies",
        holds: |results| {
            let mut holds = true;
            for strategy in ["immortal", "mark-bitmap", "zygote"] {
                let lazy = asked(results, strategy, LAZY)?;
                holds &= asked(results, strategy, WARM)? <= lazy / 10.0;
                holds &= asked(results, strategy, NATIVE)? <= lazy / 10.0;
            }
            Some(holds)
        },
    }],
    published: &[Published {
        figure: "Ruby 3.4: String#size alone copies 85 % of the heap, 0.4 % after Process.warmup",
        source: "survey, section 2, note d; ruby, process.c; cinderx, which hashes all strings before it forks",
        here: |results| {
            let show = |plan| Some(Unit::Part.show(super::share(results, "mark-bitmap", plan, "ask")?));
            Some(format!("{} for a lazy field, {} warmed up, {} for the hash of strings", show(LAZY)?, show(WARM)?, show(NATIVE)?))
        },
        why: "Ruby keeps it in each string's header, this script in a field: the same write. Half of the heap here is strings, which are not written.",
    }],
    ask: Ask {
        question: "Calf's strings are used as keys of a map for the first time in a child (mark-bitmap). How many pages does that copy?",
        unit: Unit::Count,
        strategies: &["mark-bitmap"],
        answer: |results| asked(results, "mark-bitmap", NATIVE),
        too_low: "The child's own stack and caches of code.",
        too_high: "A string has its hash from birth, so nothing is written.",
    },
};
