//! `copy-on-read`: the measured curve beside the closed form.

use super::{enumerate, ran, sentence};
use crate::document::Document;
use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::recording::Recorded;
use crate::unit::Unit;
use crate::results::{Figure, Results};
use crate::table::{Align, Table, percent};

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "copy-on-read",
    title: "a random part of the objects is read in the child, nothing is written",
    question: "If a child reads a part p of the objects, which part of the pages does it copy?",
    script: "copy-on-read.calf",
    size: 200_000,
    quick: 200_000,
    unit: "objects",
    strategies: super::LESSON,
    plans: &[plan(&[])],
    timed: false,
    recorded: &[Recorded { plan: 0, strategies: &["inline", "mark-bitmap"], children: &["read 0.01"] }],
    report: Report::Own(show),
    claims: CLAIMS,
    published: &[Published {
        figure: "reading deep dirties 54.2 of 58.7 MB of lists in CPython 3.7; a hundredth of 64-byte objects, 48 % of the pages",
        source: "survey of CPython and a model in C (Linux 6.18); \"Copy-on-Read\" in Instagram Engineering, \"Dismissing \
                 Python Garbage Collection at Instagram\" (2017)",
        here: |results| {
            let all = super::share(results, "inline", 0, "read 1")?;
            let one = super::share(results, "inline", 0, "read 0.01")?;
            Some(format!("reading all copies {}, a hundredth {} of the heap", percent(all), percent(one)))
        },
        why: "The same law: 1-(1-p)^k, with k objects to a page. Calf's lists are smaller than 64 bytes, so k is larger and a \
              hundredth strikes more pages.",
    }],
    ask: Ask {
        question: "A child reads one in a hundred of its parent's lists, picked at random, and writes nothing. Which percentage of \
                   the heap's pages does it copy under inline?",
        unit: Unit::Part,
        strategies: &["inline"],
        answer: |results| super::share(results, "inline", 0, "read 0.01"),
        too_low: "Each read writes a count in the object, and a page with k objects stays shared only if none of the k is read: \
                  1-(1-p)^k of the pages are copied. Some eighty objects share a page.",
        too_high: "A page is copied once, however often its objects are read, and a part of the pages has none of those that were read.",
    },
};

/// The parts that the script reads, as it writes them in the names of its children.
const PARTS: &[(&str, f64)] = &[
    ("0.001", 0.001),
    ("0.002", 0.002),
    ("0.005", 0.005),
    ("0.01", 0.01),
    ("0.02", 0.02),
    ("0.05", 0.05),
    ("0.1", 0.1),
    ("0.2", 0.2),
    ("0.5", 0.5),
    ALL,
];

/// Reading everything: copies each page that holds an object, where references are counted.
const ALL: (&str, f64) = ("1", 1.0);

/// How far a measured part may lie from the formula.
const TOLERANCE: f64 = 0.03;

/// What the experiment predicts.
const CLAIMS: &[Claim] = &[
    Claim {
        text: "where references are counted, 1-(1-p)^k is met within three points",
        holds: |results| {
            let mut any = None;
            for strategy in counting(results) {
                for point in PARTS.iter().filter_map(|part| Point::of(results, strategy, part)) {
                    let near = (point.measured - point.expected).abs() <= TOLERANCE;
                    any = Some(any.unwrap_or(true) && near);
                }
            }
            any
        },
    },
    Claim {
        text: "where references are not counted, reading all of the objects copies less than one percent",
        holds: |results| {
            let last = PARTS.last()?;
            let marking =
                results.strategies.iter().filter(|strategy| strategy.starts_with("mark-"));
            let points: Vec<Point> =
                marking.filter_map(|strategy| Point::of(results, strategy, last)).collect();
            (!points.is_empty()).then(|| points.iter().all(|point| point.measured < 0.01))
        },
    },
];

/// One measured point of the curve.
struct Point {
    /// Objects per page, where it is known.
    density: f64,
    /// The copied part of the pages that hold the objects; of the heap, where references are not counted.
    measured: f64,
    /// What the formula says.
    expected: f64,
    counted: bool,
}

impl Point {
    fn of(results: &Results, strategy: &str, (name, part): &(&str, f64)) -> Option<Point> {
        let figure = ran(results, strategy, 0, &child(name))?;
        let pages = objects_copied(&ran(results, strategy, 0, &child(ALL.0))?);
        let heap = figure.copied.shared as f64;
        if !super::counts(&figure) || pages == 0 {
            let measured = objects_copied(&figure) as f64 / heap;
            return Some(Point { density: 0.0, measured, expected: 0.0, counted: false });
        }
        let density = figure.objects as f64 / pages as f64;
        let measured = objects_copied(&figure) as f64 / pages as f64;
        Some(Point { density, measured, expected: 1.0 - (1.0 - part).powf(density), counted: true })
    }
}

/// The child that reads this part.
fn child(part: &str) -> String {
    format!("read {part}")
}

/// Pages copied among those that hold objects.
fn objects_copied(figure: &Figure) -> i64 {
    figure.copied.regions.get("objects").copied().unwrap_or(0).max(0)
}

/// The strategies under which reading wrote counts.
fn counting(results: &Results) -> Vec<&'static str> {
    let counted = |strategy: &&&str| {
        PARTS
            .last()
            .and_then(|part| Point::of(results, strategy, part))
            .is_some_and(|point| point.counted)
    };
    results.strategies.iter().filter(counted).copied().collect()
}

/// Prints the curves and a sentence.
fn show(results: &Results, document: &mut Document) {
    let heads = results.strategies.iter().map(|strategy| (*strategy, Align::Right));
    let mut table = Table::new(std::iter::once(("p", Align::Right)).chain(heads));
    table.group("pages copied, measured (and by the formula)", 1, results.strategies.len());
    let mut densities = vec!["k".to_string()];
    for strategy in &results.strategies {
        let point = PARTS.iter().find_map(|part| Point::of(results, strategy, part));
        let counted = point.filter(|point| point.counted);
        let density = |point: Point| format!("{:.0} per page", point.density);
        densities.push(counted.map_or("-".to_string(), density));
    }
    table.row(densities);
    for part in PARTS {
        let mut cells = vec![format!("{} %", part.1 * 100.0)];
        for strategy in &results.strategies {
            cells.push(match Point::of(results, strategy, part) {
                Some(point) if point.counted => {
                    format!("{:.1} ({:.1}) %", 100.0 * point.measured, 100.0 * point.expected)
                }
                Some(point) => percent(point.measured),
                None => match results.figure(strategy, 0, &child(part.0)) {
                    Err(failure) => failure.to_string(),
                    Ok(_) => "-".to_string(),
                },
            });
        }
        table.row(cells);
    }
    document.table(table);
    document.text(conclusion(results));
}

fn conclusion(results: &Results) -> String {
    let one_percent = &PARTS[3];
    let mut clauses = Vec::new();
    let counting = counting(results);
    let points: Vec<Point> =
        counting.iter().filter_map(|strategy| Point::of(results, strategy, one_percent)).collect();
    if !points.is_empty() {
        let least = points.iter().map(|point| point.measured).fold(f64::INFINITY, f64::min);
        let most = points.iter().map(|point| point.measured).fold(0.0, f64::max);
        clauses.push(format!(
            "reading one object in a hundred copies {} to {} of the pages under {}: the more objects share a page, \
             the likelier one of them is read, and a counted read is a write",
            percent(least),
            percent(most),
            enumerate(&counting),
        ));
    }
    let marking: Vec<&str> = results
        .strategies
        .iter()
        .filter(|strategy| {
            Point::of(results, strategy, one_percent).is_some_and(|point| !point.counted)
        })
        .copied()
        .collect();
    if !marking.is_empty() {
        clauses.push(format!("under {} reading writes nothing", enumerate(&marking)));
    }
    sentence(&clauses)
}
