//! `first-request`: how long what was shared at the fork stays shared.

use super::{disagreement, ran, sentence};
use crate::document::Document;
use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::recording::recorded;
use crate::unit::Unit;
use crate::results::{Figure, Results};
use crate::runner::Failure;
use crate::table::{Align, Table, bytes, causes, percent};

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "first-request",
    title: "a worker switches its collector on and serves requests",
    question: "How much memory is still shared after the first request?",
    script: "first-request.calf",
    size: 200_000,
    quick: 20_000,
    unit: "records",
    strategies: super::LESSON,
    plans: &[plan(&["records"]), plan(&["bodies"])],
    timed: false,
    recorded: &[recorded(BODIES, &["inline", "frozen", "mark-bitmap"])],
    report: Report::Own(show),
    claims: CLAIMS,
    published: &[
        Published {
            figure: "shared memory falls from 500 to 350 MB at the first request: 30 % are lost",
            source: "talk on memory at Instagram, PyCon 2018",
            here: |results| Some(format!("{} are lost under inline", percent(super::share(results, "inline", BODIES, CHILDREN[0])?))),
            why: "The heap of the second table has the talk's proportion: seven tenths of it are texts, names and items of lists, which no \
                  collector writes to. Where all of the heap is records, as in the first, more is lost.",
        },
        Published {
            figure: "250 to 140 MB: 44 %; and 55 % in a survey of CPython 3.11 with these records",
            source: "Instagram Engineering, \"Dismissing Python Garbage Collection at Instagram\" (2017); survey, table 8, off>on",
            here: |results| Some(format!("{} are lost under inline", percent(after_one(results, "inline")?.share()))),
            why: "More than in CPython 3.11, whose names of records lie on pages of their own: there the collector leaves them alone.",
        },
    ],
    ask: Ask {
        question: "The parent loads its data with the collector off. A worker switches it on and serves one request. Which \
                   percentage of the shared memory is lost under inline, if seven tenths of it are texts, names and items of lists?",
        unit: Unit::Part,
        strategies: &["inline"],
        answer: |results| super::share(results, "inline", BODIES, CHILDREN[0]),
        too_low: "The first collection of the youngest generation covers all that the parent has built, for everything that was made \
                  while the collector was off is still young.",
        too_high: "Texts refer to nothing, so no collector of cycles looks at them: their pages stay shared.",
    },
};

/// The children of the script: after so many requests.
const CHILDREN: &[&str] = &["after 1", "after 10", "after 50"];

/// The plans: all of the heap is records; seven tenths of it are texts and the like.
const RECORDS: usize = 0;
const BODIES: usize = 1;

/// What the experiment predicts.
const CLAIMS: &[Claim] = &[
    Claim {
        text: "inline loses at least a quarter of the shared memory by the first request",
        holds: |results| Some(after_one(results, "inline")?.share() >= 0.25),
    },
    Claim {
        text: "where seven tenths of the heap are texts and the like inline loses about a third of it, as published",
        holds: |results| {
            let lost = super::share(results, "inline", BODIES, CHILDREN[0])?;
            Some((0.25..0.45).contains(&lost))
        },
    },
    Claim {
        text: "frozen loses less than half of what inline loses",
        holds: |results| {
            Some(
                after_one(results, "frozen")?.copied.pages * 2
                    < after_one(results, "inline")?.copied.pages,
            )
        },
    },
];

fn after_one(results: &Results, strategy: &str) -> Option<Figure> {
    ran(results, strategy, RECORDS, CHILDREN[0])
}

/// Shows a table for each heap and a sentence.
fn show(results: &Results, document: &mut Document) {
    for (plan, title) in [(RECORDS, "records"), (BODIES, "records with texts: seven tenths of the heap without bookkeeping")] {
        document.heading(title);
        document.table(table(results, plan));
    }
    document.text(conclusion(results));
}

fn table(results: &Results, plan: usize) -> Table {
    use Align::{Left, Right};
    let mut table = Table::new([
        ("strategy", Left),
        ("at the fork", Right),
        ("after 1", Right),
        ("lost", Right),
        ("after 10", Right),
        ("lost", Right),
        ("after 50", Right),
        ("lost", Right),
        ("by cause, after 50", Left),
        ("model", Right),
    ]);
    table.group("still shared, after so many requests", 1, 7);
    for strategy in &results.strategies {
        let figures: Vec<Result<Figure, Failure>> =
            CHILDREN.iter().map(|child| results.figure(strategy, plan, child)).collect();
        let at_fork = figures.iter().flatten().next();
        let mut cells = vec![
            strategy.to_string(),
            at_fork.map_or("-".to_string(), |figure| bytes(figure.heap_bytes())),
        ];
        for figure in &figures {
            cells.extend(match figure {
                Ok(figure) => {
                    let left = figure.copied.shared - figure.copied.pages;
                    [bytes(figure.bytes_of(left)), percent(figure.share())]
                }
                Err(failure) => [failure.to_string(), String::new()],
            });
        }
        let last = figures.last().and_then(|figure| figure.as_ref().ok());
        cells.push(last.map_or("-".to_string(), |figure| causes(&figure.copied.causes, 2)));
        cells.push(disagreement(&figures.iter().collect::<Vec<_>>()));
        table.row(cells);
    }
    table
}

fn conclusion(results: &Results) -> String {
    let mut clauses = Vec::new();
    if let Some(inline) = after_one(results, "inline") {
        clauses.push(format!(
            "the first request loses {} of {} under inline, for its first young collection covers all that the parent \
             built with the collector off (published: 500 to 350 MB, 250 to 140 MB)",
            percent(inline.share()),
            bytes(inline.heap_bytes()),
        ));
    }
    if let Some(frozen) = after_one(results, "frozen") {
        clauses.push(format!(
            "frozen loses {}, which is the data that the request has read and counted",
            percent(frozen.share())
        ));
    }
    if let Some(bitmap) = after_one(results, "mark-bitmap") {
        clauses.push(format!("marks in a bitmap and no counts lose {}", percent(bitmap.share())));
    }
    sentence(&clauses)
}
