//! `lists-and-strings`: two shapes of heap, a read-only pass beside a full collection.

use super::{counts, disagreement, enumerate, new_bytes, print_sentence, ran, sentence};
use crate::experiment::Claim;
use crate::results::{Figure, Results};
use crate::table::{Align, Table, bytes, causes, grouped, percent};
use std::io::{self, Write};

/// A shape of the heap: its name in the plans, what it is, and its two plans.
struct Shape {
    title: &'static str,
    strings_per_list: u64,
    read: usize,
    collect: usize,
}

const SPRINKLED: Shape = Shape {
    title: "sprinkled: one list for every forty strings",
    strings_per_list: 40,
    read: 0,
    collect: 1,
};
const EQUAL: Shape =
    Shape { title: "equal: as many lists as strings", strings_per_list: 1, read: 2, collect: 3 };

/// What the experiment predicts.
pub(crate) const CLAIMS: &[Claim] = &[
    Claim {
        text: "sprinkled: a collection under inline copies at least half of the heap",
        holds: |results| Some(collected(results, "inline", &SPRINKLED)?.share() >= 0.5),
    },
    Claim {
        text: "sprinkled: inline copies at least ten times what indirect copies",
        holds: |results| {
            let inline = collected(results, "inline", &SPRINKLED)?.copied.pages;
            Some(inline >= 10 * collected(results, "indirect", &SPRINKLED)?.copied.pages)
        },
    },
    Claim {
        text: "a collection under frozen copies less than a hundredth of the heap",
        holds: |results| {
            let both =
                [collected(results, "frozen", &SPRINKLED)?, collected(results, "frozen", &EQUAL)?];
            Some(both.iter().all(|figure| figure.share() < 0.01))
        },
    },
    Claim {
        text: "mark-inline copies at least ten times what mark-bitmap copies",
        holds: |results| {
            let bitmap = collected(results, "mark-bitmap", &EQUAL)?.copied.pages;
            Some(collected(results, "mark-inline", &EQUAL)?.copied.pages >= 10 * bitmap)
        },
    },
    Claim {
        text: "reading copies nothing under a strategy that marks, most of the heap under one that counts",
        holds: |results| {
            let share = |strategy| Some(ran(results, strategy, SPRINKLED.read, "read")?.share());
            Some(
                share("mark-inline")? < 0.01
                    && share("mark-bitmap")? < 0.01
                    && share("inline")? > 0.5,
            )
        },
    },
];

fn collected(results: &Results, strategy: &str, shape: &Shape) -> Option<Figure> {
    ran(results, strategy, shape.collect, "collect")
}

/// Prints a table per shape and a sentence.
pub(crate) fn print(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    for shape in [&SPRINKLED, &EQUAL] {
        let lists = results.size.div_ceil(shape.strings_per_list);
        writeln!(
            out,
            "\n{} ({} and {})",
            shape.title,
            grouped(lists as i64),
            grouped(results.size as i64)
        )?;
        table(results, shape).print(out)?;
    }
    writeln!(out)?;
    print_sentence(&conclusion(results), out)
}

fn table(results: &Results, shape: &Shape) -> Table {
    use Align::{Left, Right};
    let mut table = Table::new([
        ("strategy", Left),
        ("heap", Right),
        ("object", Right),
        ("copied", Right),
        ("of heap", Right),
        ("copied", Right),
        ("of heap", Right),
        ("new", Right),
        ("by cause", Left),
        ("model", Right),
    ]);
    table.group("per", 2, 1);
    table.group("a read-only pass", 3, 2);
    table.group("one full collection", 5, 4);
    for strategy in &results.strategies {
        let read = results.figure(strategy, shape.read, "read");
        let collect = results.figure(strategy, shape.collect, "collect");
        let mut cells = vec![strategy.to_string()];
        match read.as_ref().or(collect.as_ref()) {
            Ok(figure) => cells.extend([
                bytes(figure.heap_bytes()),
                format!("{:.0} B", figure.bytes_per_object()),
            ]),
            Err(_) => cells.extend(["-".to_string(), "-".to_string()]),
        }
        cells.extend(match &read {
            Ok(figure) => [bytes(figure.copied_bytes()), percent(figure.share())],
            Err(failure) => [failure.to_string(), String::new()],
        });
        cells.extend(match &collect {
            Ok(figure) => [
                bytes(figure.copied_bytes()),
                percent(figure.share()),
                new_bytes(figure),
                causes(&figure.copied.causes, 2),
            ],
            Err(failure) => [failure.to_string(), String::new(), String::new(), String::new()],
        });
        cells.push(disagreement(&[&read, &collect]));
        table.row(cells);
    }
    table
}

fn conclusion(results: &Results) -> String {
    let mut clauses = Vec::new();
    let inline = collected(results, "inline", &SPRINKLED);
    if let Some(inline) = &inline {
        clauses.push(format!(
            "one collection that frees nothing copies {} ({}) when its bookkeeping lies in front of each list (inline)",
            bytes(inline.copied_bytes()),
            percent(inline.share()),
        ));
    }
    let others = [
        ("indirect", "with the bookkeeping in a slab (indirect)"),
        ("frozen", "with a permanent generation (frozen)"),
        ("mark-inline", "with a mark in every object (mark-inline)"),
        ("mark-bitmap", "with marks in a bitmap (mark-bitmap)"),
    ];
    for (strategy, words) in others {
        if let Some(figure) = collected(results, strategy, &SPRINKLED) {
            let mut clause = format!("{} {words}", bytes(figure.copied_bytes()));
            if super::makes_more_than_it_copies(&figure) {
                clause += &format!(", and {} of new pages of its own", bytes(figure.new_bytes()));
            }
            clauses.push(clause);
        }
    }
    let (mut counting, mut marking, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for strategy in &results.strategies {
        if let Some(read) = ran(results, strategy, SPRINKLED.read, "read") {
            if counts(&read) {
                counting.push(*strategy);
                shares.push(read.share());
            } else {
                marking.push(*strategy);
            }
        }
    }
    if !counting.is_empty() {
        let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
        clauses.push(format!(
            "yet merely reading copies {} or more under {}, where references are counted",
            percent(least),
            enumerate(&counting),
        ));
    }
    if !marking.is_empty() {
        clauses.push(format!("and nothing under {}", enumerate(&marking)));
    }
    sentence(&clauses)
}
