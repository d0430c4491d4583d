//! `code-objects`: counting switched off for code alone.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::sheet::{Drawn, Lines, Sheet, What, child, of_plan, what};
use crate::unit::Unit;

const COUNTED: usize = 0;
const IMMORTAL: usize = 1;

fn difference(results: &super::Results) -> Option<f64> {
    let counted = super::pages(results, "immortal", COUNTED, "serve")?;
    Some((counted - super::pages(results, "immortal", IMMORTAL, "serve")?) / counted.max(1.0))
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "code-objects",
    title: "a worker reads a hundredth of its records by way of functions and classes, whose counts are written, or not",
    question: "If the counts of functions and classes were not written, how much less would a worker copy?",
    script: "code-objects.calf",
    size: 200_000,
    quick: 50_000,
    unit: "records",
    strategies: &["immortal"],
    plans: &[plan(&["counted"]), plan(&["immortal"])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[Sheet {
            title: "pages copied by a request",
            corner: "functions and classes",
            rows: Lines::These(&[of_plan("counted", COUNTED), of_plan("immortal", IMMORTAL)]),
            columns: Lines::These(&[what("heap", What::Heap), what("copied", What::Copied), what("of heap", What::Share), what("by cause", What::Causes)]),
            rest: child("serve"),
            drawn: Drawn::Bars(1),
        }],
        "Code is a few pages beside the data. A page is copied once, however often it is written, and the data's own counts are on all the others.",
    ),
    claims: &[Claim {
        text: "to spare the counts of code changes the copies by less than 2 %",
        holds: |results| Some(difference(results)?.abs() < 0.02),
    }],
    published: &[Published {
        figure: "counting switched off for code objects changed nothing",
        source: "Instagram Engineering, \"Dismissing Python Garbage Collection at Instagram\" (2017): the first attempt",
        here: |results| Some(format!("{} less", Unit::Part.show(difference(results)?))),
        why: "The same, for the same reason.",
    }],
    ask: Ask {
        question: "A worker reads one in a hundred of its records by way of functions and classes. Their counts are made immortal, the records' are not. By \
                   which percentage do the copies fall?",
        unit: Unit::Part,
        strategies: &["immortal"],
        answer: difference,
        too_low: "Some pages hold code and nothing that is read besides.",
        too_high: "All code lies on a few pages. The counts of the data are on all the others, and a page is copied once.",
    },
};
