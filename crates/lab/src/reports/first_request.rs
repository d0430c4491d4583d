//! `first-request`: how long what was shared at the fork stays shared.

use super::{disagreement, print_sentence, ran, sentence};
use crate::experiment::Claim;
use crate::results::{Figure, Results};
use crate::runner::Failure;
use crate::table::{Align, Table, bytes, causes, percent};
use std::io::{self, Write};

/// The children of the script: after so many requests.
const CHILDREN: &[&str] = &["after 1", "after 10", "after 50"];

/// What the experiment predicts.
pub(crate) const CLAIMS: &[Claim] = &[
    Claim {
        text: "inline loses at least a quarter of the shared memory by the first request",
        holds: |results| Some(after_one(results, "inline")?.share() >= 0.25),
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
    ran(results, strategy, 0, CHILDREN[0])
}

/// Prints the table and a sentence.
pub(crate) fn print(results: &Results, out: &mut dyn Write) -> io::Result<()> {
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
            CHILDREN.iter().map(|child| results.figure(strategy, 0, child)).collect();
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
    writeln!(out)?;
    table.print(out)?;
    writeln!(out)?;
    print_sentence(&conclusion(results), out)
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
