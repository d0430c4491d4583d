//! `freeze-order`: sixteen orders of four steps.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::sheet::{Drawn, Lines, Sheet, What, child, of_plan, what};
use crate::unit::Unit;

/// Parent off, no collection, freeze, child on.
const BEST: usize = 3;
/// The same without the freeze.
const TRAP: usize = 1;
const COMBINATIONS: usize = 16;
const STRATEGY: &str = "frozen:cpython=on";

fn private(results: &super::Results, plan: usize) -> Option<f64> {
    Some(super::ran(results, STRATEGY, plan, "serve")?.private_pages() as f64)
}

fn least(results: &super::Results) -> Option<f64> {
    let mut least = f64::INFINITY;
    for plan in 0..COMBINATIONS {
        least = least.min(private(results, plan)?);
    }
    Some(least)
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "freeze-order",
    title: "collect, switch off, freeze, switch on: sixteen ways to prepare a fork, under CPython's freeze",
    question: "Which of the sixteen ways to collect, switch off, freeze and switch on leaves a child with the fewest pages of its own?",
    script: "freeze-order.calf",
    size: 50_000,
    quick: 10_000,
    unit: "records",
    strategies: &[STRATEGY],
    plans: &[plan(&["no", "off", "no", "off"]), plan(&["no", "off", "no", "on"]), plan(&["no", "off", "yes", "off"]), plan(&["no", "off", "yes", "on"]), plan(&["no", "on", "no", "off"]), plan(&["no", "on", "no", "on"]), plan(&["no", "on", "yes", "off"]), plan(&["no", "on", "yes", "on"]), plan(&["yes", "off", "no", "off"]), plan(&["yes", "off", "no", "on"]), plan(&["yes", "off", "yes", "off"]), plan(&["yes", "off", "yes", "on"]), plan(&["yes", "on", "no", "off"]), plan(&["yes", "on", "no", "on"]), plan(&["yes", "on", "yes", "off"]), plan(&["yes", "on", "yes", "on"])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[Sheet {
            title: "a child after twenty requests that leave cycles behind",
            corner: "before the fork, and in the child",
            rows: Lines::These(&[of_plan("-       parent off -      child off", 0), of_plan("-       parent off -      child on", 1), of_plan("-       parent off freeze child off", 2), of_plan("-       parent off freeze child on", 3), of_plan("-       parent on  -      child off", 4), of_plan("-       parent on  -      child on", 5), of_plan("-       parent on  freeze child off", 6), of_plan("-       parent on  freeze child on", 7), of_plan("collect parent off -      child off", 8), of_plan("collect parent off -      child on", 9), of_plan("collect parent off freeze child off", 10), of_plan("collect parent off freeze child on", 11), of_plan("collect parent on  -      child off", 12), of_plan("collect parent on  -      child on", 13), of_plan("collect parent on  freeze child off", 14), of_plan("collect parent on  freeze child on", 15)]),
            columns: Lines::These(&[
                what("copied", What::Copied),
                what("its own", What::Private),
                what("by cause", What::Causes),
            ]),
            rest: child("serve"),
            drawn: Drawn::Bars(1),
        }],
        "its own: pages copied and pages made. A child with its collector off leaks into new pages; one that is on without a freeze copies the headers; holes of a \
         collection before the fork are filled on shared pages.",
    ),
    claims: &[
        Claim {
            text: "parent off, no collection, freeze, child on has the fewest pages of its own, or within a twentieth of them",
            holds: |results| Some(private(results, BEST)? <= 1.05 * least(results)? + 2.0),
        },
        Claim {
            text: "without the freeze it has at least five times as many",
            holds: |results| Some(private(results, TRAP)? >= 5.0 * private(results, BEST)?),
        },
    ],
    published: &[Published {
        figure: "disable in the parent, no collection, freeze before the fork, enable in the child",
        source: "CPython's documentation of gc.freeze; python/cpython#103059",
        here: |results| {
            let show = |pages: f64| Unit::Count.show(pages);
            let (best, least) = (show(private(results, BEST)?), show(least(results)?));
            Some(format!("{best} pages of its own; the fewest of all are {least}; without the freeze {}", show(private(results, TRAP)?)))
        },
        why: "The advice holds. A parent whose collector was on all the time does as well here, for its garbage never grew old; its holes are few.",
    }],
    ask: Ask {
        question: "Parent off, no freeze, collector on in the child: how many times as many pages of its own has the child as with the freeze?",
        unit: Unit::Times,
        strategies: &[STRATEGY],
        answer: |results| Some(super::times(private(results, TRAP)?, private(results, BEST)?)),
        too_low: "Everything that the parent made is young to the child's first collection, which writes all headers.",
        too_high: "What the child makes for itself takes pages in both cases.",
    },
};
