//! `immortal-or-freeze`: what counts do that a freeze leaves.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::sheet::{Drawn, Lines, REST, Sheet, child, fact};
use crate::unit::Unit;

fn both(results: &super::Results, strategy: &str) -> Option<f64> {
    super::pages(results, strategy, 0, "both")
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "immortal-or-freeze",
    title: "a child reads every record and collects, under a freeze and with immortal objects",
    question: "Is an immortal object more than a frozen one, and what does it cost?",
    script: "immortal-or-freeze.calf",
    size: 200_000,
    quick: 20_000,
    unit: "records",
    strategies: &["inline", "frozen", "immortal"],
    plans: &[plan(&[])],
    timed: true,
    recorded: &[],
    report: Report::Sheets(
        &[Sheet {
            title: "pages copied, and the time of one swap of two references in a list",
            corner: "strategy",
            rows: Lines::Strategies,
            columns: Lines::These(&[
                child("collect"),
                child("read"),
                child("both"),
                fact("swap", "one swap seconds", Unit::Seconds).of_child("count"),
            ]),
            rest: REST,
            drawn: Drawn::Bars(2),
        }],
        "PEP 683 promises what only immortal containers keep. In CPython 3.12 the objects that are immortal by themselves saved not a page of such a heap.",
    ),
    claims: &[Claim {
        text: "reading everything and collecting copies under immortal at most a tenth of what it copies under frozen",
        holds: |results| Some(both(results, "immortal")? <= both(results, "frozen")? / 10.0),
    }],
    published: &[
        Published {
            figure: "CPython 3.13: 37 328 pages read after a freeze, 44 if every object is immortal besides",
            source: "survey, section 2; PEP 683; facebookincubator/cinderx, immortalize_heap",
            here: |results| {
                let show = |strategy| Some(Unit::Count.show(super::pages(results, strategy, 0, "read")?));
                Some(format!("{} under frozen, {} under immortal", show("frozen")?, show("immortal")?))
            },
            why: "The same in kind.",
        },
        Published {
            figure: "the test costs 2 to 4 % of a program's time, next to nothing after some work",
            source: "PEP 683",
            here: |results| {
                let seconds = |strategy| super::told(results, strategy, 0, "count", "one swap seconds");
                Some(format!("{:+.0} % for a swap of two references in a list", 100.0 * (seconds("immortal")? / seconds("frozen")? - 1.0)))
            },
            why: "A swap is mostly counting, so this is an upper bound for a program; it is a time, and says more of the machine than of Calf.",
        },
    ],
    ask: Ask {
        question: "A child reads every record and collects. What percentage of the pages that it copies under frozen does it copy under immortal?",
        unit: Unit::Part,
        strategies: &["frozen", "immortal"],
        answer: |results| Some(both(results, "immortal")? / both(results, "frozen")?.max(1.0)),
        too_low: "A few pages are the child's own: its stack, its caches.",
        too_high: "A count that says immortal is tested and never written.",
    },
};
