//! `leak-year`: live bytes against requests.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::results::Results;
use crate::sheet::{Drawn, Lines, Sheet, child, fact, points_of};
use crate::unit::Unit;

const TITLE: &str = "live bytes against requests";
const REPLACED: &str = "workers replaced";

fn growth(results: &Results, strategy: &str) -> Option<f64> {
    let told = |name| super::told(results, strategy, 0, "requests", name);
    Some(told("most bytes")? - told("first bytes")?)
}

/// How straight a line is: the square of the correlation.
fn straightness(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| {
        points.iter().map(|point| of(point.0 - x, point.1 - y)).sum::<f64>()
    };
    let both = sum(&|x, y| x * y);
    let apart = sum(&|x, _| x * x) * sum(&|_, y| y * y);
    (points.len() > 2 && apart > 0.0).then(|| both * both / apart)
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "leak-year",
    title: "a worker serves requests, each of which leaves 200 KB in dead cycles",
    question: "How does a worker's memory grow over three thousand requests, with a collector and without?",
    script: "leak-year.calf",
    size: 3000,
    quick: 150,
    unit: "requests",
    strategies: &["none", "inline", "frozen", "scratch", "trial", "mark-bitmap"],
    plans: &[plan(&[])],
    timed: false,
    recorded: &[],
    report: Report::Sheets(
        &[
            Sheet {
                title: "live bytes of the worker",
                corner: "strategy",
                rows: Lines::Strategies,
                columns: Lines::These(&[
                    fact("at first", "first bytes", Unit::Bytes),
                    fact("most", "most bytes", Unit::Bytes),
                    fact("at last", "last bytes", Unit::Bytes),
                ]),
                rest: child("requests").of_plan(0),
                drawn: Drawn::Series(TITLE, Unit::Bytes),
            },
            Sheet {
                title: "a third of the requests, by workers that are replaced when they have grown by a quarter of that leak",
                corner: "strategy",
                rows: Lines::Strategies,
                columns: Lines::These(&[fact("replaced", REPLACED, Unit::Count)]),
                rest: child("requests").of_plan(0),
                drawn: Drawn::Series("live bytes of workers that are replaced at a limit", Unit::Bytes),
            },
        ],
        "Without a collector the same leaks at each request; a worker has to be replaced at its limit, and another one, and another. With any collector the line has a roof.",
    ),
    claims: &[
        Claim {
            text: "none: the line is straight (R^2 over 0.99)",
            holds: |results| {
                let series = results.series(TITLE);
                let (_, line) = series.iter().find(|(strategy, _)| *strategy == "none")?;
                Some(straightness(&points_of(line))? > 0.99)
            },
        },
        Claim {
            text: "none: each request leaks 200 KB, within a quarter",
            holds: |results| {
                let each = growth(results, "none")? / results.size as f64;
                Some((150e3..250e3).contains(&each))
            },
        },
        Claim {
            text: "with a collector the growth stays below a quarter of that leak",
            holds: |results| {
                let leak = growth(results, "none")?;
                let mut any = None;
                for strategy in results.strategies.iter().filter(|name| **name != "none") {
                    any = Some(any.unwrap_or(true) && growth(results, strategy)? < leak / 4.0);
                }
                any
            },
        },
        Claim {
            text: "workers are replaced at a limit at least three times without a collector, and never with one",
            holds: |results| {
                let replaced = |strategy| super::told(results, strategy, 0, "requests", REPLACED);
                let mut holds = replaced("none")? >= 3.0;
                for strategy in results.strategies.iter().filter(|name| **name != "none") {
                    holds = holds && replaced(strategy)? == 0.0;
                }
                Some(holds)
            },
        },
    ],
    published: &[Published {
        figure: "600 MB in 3 000 requests, in a straight line; 575 MB in CPython 3.11 with gc.disable(), none with it on",
        source: "talk on memory at Instagram, PyCon 2018; survey, table 8",
        here: |results| {
            let leak = Unit::Bytes.show(growth(results, "none")?);
            let kept = Unit::Bytes.show(growth(results, "inline")?);
            Some(format!("{leak} in {} requests without a collector, {kept} under inline", results.size))
        },
        why: "A request leaves as many bytes in dead cycles as theirs did, so the size is theirs by construction; the straight line is not.",
    }],
    ask: Ask {
        question: "Each request leaves 750 dead cycles of two records: 200 KB. By how many MiB does a worker without a collector grow over the requests of this \
                   experiment (3 000, or 150 with --quick)?",
        unit: Unit::Bytes,
        strategies: &["none"],
        answer: |results| growth(results, "none"),
        too_low: "Counts never find a cycle: everything that a request leaves stays.",
        too_high: "What is not in a cycle dies with its request.",
    },
};
