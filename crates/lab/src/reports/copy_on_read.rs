//! `copy-on-read`: the measured curve beside the closed form.

use super::{enumerate, print_sentence, ran, sentence};
use crate::experiment::Claim;
use crate::results::{Figure, Results};
use crate::table::{Align, Table, percent};
use std::io::{self, Write};

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
pub(crate) const CLAIMS: &[Claim] = &[
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
pub(crate) fn print(results: &Results, out: &mut dyn Write) -> io::Result<()> {
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
    writeln!(out)?;
    table.print(out)?;
    writeln!(out)?;
    print_sentence(&conclusion(results), out)
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
