//! What watched cells have shown, in letters: the page map at the end, pages over time, the stacks that copied most.

use crate::document::Document;
use crate::plot::{Kind, Line, Plot};
use crate::record::Record;
use crate::recording::{letters, list};
use crate::results::Results;
use crate::unit::Unit;
use serde_json::Value;

/// Stacks shown of each child, and calls of each, the innermost first.
const STACKS: usize = 4;
const CALLS: usize = 2;

/// Adds them, if there are any.
pub(crate) fn show(results: &Results, document: &mut Document) {
    maps(results, document);
    times(results, document);
    stacks(results, document);
}

/// The lines of a kind, each with the name of its run.
fn told<'a>(results: &'a Results, kind: &'a str) -> impl Iterator<Item = (String, &'a Value)> {
    let first = results.records().iter().filter(|record| record.cell.repeat == 0);
    first.flat_map(move |record| {
        let lines = record.outcome.extras.iter().filter(move |extra| extra["kind"] == kind);
        lines.map(|line| (name_of(record, line), line))
    })
}

/// `inline, collect [sprinkled collect]`; the plan only where it says more.
fn name_of(record: &Record, line: &Value) -> String {
    let (strategy, child) = (record.cell.strategy, line["child"].as_str().unwrap_or_default());
    let plan = record.cell.experiment.plans[record.cell.plan].name();
    match record.cell.experiment.plans.len() {
        1 => format!("{strategy}, {child}"),
        _ => format!("{strategy}, {child} [{plan}]"),
    }
}

fn maps(results: &Results, document: &mut Document) {
    let mut maps = Vec::new();
    for (name, line) in told(results, "page_map") {
        let regions =
            list(line, "frames").last().into_iter().flat_map(|last| list(last, "regions"));
        let all = regions.map(|region| {
            let letters = letters(region["pages"].as_str().unwrap_or_default());
            (region["region"].as_str().unwrap_or_default(), letters)
        });
        // The largest region is where the program's objects are.
        if let Some((region, letters)) = all.max_by_key(|(_, letters)| letters.len()) {
            maps.push((format!("{name}, {region}"), letters));
        }
    }
    if !maps.is_empty() {
        document.plot(Plot {
            title: "pages at the end: s shared, c copied by collector, p by program, n new, . free"
                .to_string(),
            unit: Unit::Count,
            kind: Kind::Maps(maps),
        });
    }
}

fn times(results: &Results, document: &mut Document) {
    let line = |(name, line): (String, &Value)| {
        let point = |point: &Value| {
            let causes = point["causes"].as_object()?.values();
            Some((1000.0 * point["at"].as_f64()?, causes.filter_map(Value::as_f64).sum()))
        };
        Line { name, points: list(line, "points").filter_map(point).collect() }
    };
    let lines: Vec<Line> = told(results, "time_line").map(line).collect();
    if !lines.is_empty() {
        document.plot(Plot {
            title: "pages copied over time, by children that are watched".to_string(),
            unit: Unit::Count,
            kind: Kind::Lines { x: "ms after the fork".to_string(), lines },
        });
    }
}

fn stacks(results: &Results, document: &mut Document) {
    for (name, line) in told(results, "blame") {
        let mut bars: Vec<(String, f64)> = Vec::new();
        let mut rest = 0.0;
        for stack in list(line, "stacks") {
            let pages = stack["pages"].as_f64().unwrap_or(0.0);
            if bars.len() == STACKS {
                rest += pages;
                continue;
            }
            let calls = list(stack, "frames").rev().filter_map(Value::as_str).take(CALLS);
            let cause = stack["cause"].as_str().unwrap_or_default();
            bars.push((format!("{cause}: {}", calls.collect::<Vec<_>>().join(" < ")), pages));
        }
        if rest > 0.0 {
            bars.push(("the other stacks".to_string(), rest));
        }
        document.plot(Plot {
            title: format!("pages by stack of calls: {name}"),
            unit: Unit::Count,
            kind: Kind::Bars(bars),
        });
    }
}
