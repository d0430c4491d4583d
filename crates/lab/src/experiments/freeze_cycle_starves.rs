//! `freeze-cycle-starves`: a freeze and an unfreeze around every fork.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::results::Results;
use crate::sheet::{Drawn, Lines, Sheet, fact, of_plan};
use crate::unit::Unit;

const CONTROL: usize = 0;
const FREEZE: usize = 1;
const COLLECT_FIRST: usize = 2;
const CPYTHON: &str = "frozen:cpython=on";

fn growth(results: &Results, strategy: &str, plan: usize) -> Option<f64> {
    super::told(results, strategy, plan, "rounds", "growth")
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "freeze-cycle-starves",
    title: "three hundred rounds of freeze, fork, unfreeze, with 200 objects in dead cycles in each",
    question: "What becomes of the garbage of a process that freezes and unfreezes around every fork?",
    script: "freeze-cycle-starves.calf",
    size: 300,
    quick: 300,
    unit: "rounds",
    strategies: &["frozen", CPYTHON],
    plans: &[plan(&["control"]), plan(&["freeze"]), plan(&["collect first"])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[Sheet {
            title: "objects more than before",
            corner: "strategy",
            rows: Lines::Strategies,
            columns: Lines::These(&[
                of_plan("no freeze", CONTROL),
                of_plan("freeze and unfreeze", FREEZE),
                of_plan("collection before each", COLLECT_FIRST),
            ]),
            rest: fact("", "growth", Unit::Count).of_child("rounds"),
            drawn: Drawn::Bars(1),
        }],
        "CPython's freeze zeroes the counters of the generations, and unfreeze puts all into the oldest: nothing is young any more, and nothing is due.",
    ),
    claims: &[
        Claim {
            text: "cpython=on: at least fifty times the growth of the control",
            holds: |results| Some(growth(results, CPYTHON, FREEZE)? >= 50.0 * growth(results, CPYTHON, CONTROL)?.max(1.0)),
        },
        Claim {
            text: "Calf's own freeze, and a collection before each: at most a tenth of that",
            holds: |results| {
                let leak = growth(results, CPYTHON, FREEZE)?;
                Some(growth(results, "frozen", FREEZE)? <= leak / 10.0 && growth(results, CPYTHON, COLLECT_FIRST)? <= leak / 10.0)
            },
        },
    ],
    published: &[Published {
        figure: "180 301 objects more in CPython 3.7 with the freeze, 1 087 without",
        source: "survey, finding 0.4; apache/airflow#58365 and #60505",
        here: |results| {
            let show = |plan| Some(Unit::Count.show(growth(results, CPYTHON, plan)?));
            Some(format!("{} with the freeze, {} without", show(FREEZE)?, show(CONTROL)?))
        },
        why: "CPython's 200 cyclic objects are 600, for each instance has a dictionary there.",
    }],
    ask: Ask {
        question: "Each round makes 200 objects in dead cycles and then freezes and unfreezes, as CPython does. How many of the 60 000 are still there after 300 rounds?",
        unit: Unit::Count,
        strategies: &[CPYTHON],
        answer: |results| growth(results, CPYTHON, FREEZE),
        too_low: "Nothing collects them: the counters are zero after each freeze, and the oldest generation is not due.",
        too_high: "More than were made there cannot be.",
    },
};
