//! `lists-and-strings`: two shapes of heap, a read-only pass beside a full collection.

use super::{counts, disagreement, enumerate, new_bytes, ran, sentence};
use crate::document::Document;
use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::recording::recorded;
use crate::unit::Unit;
use crate::results::{Figure, Results};
use crate::table::{Align, Table, bytes, causes, grouped, percent};

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "lists-and-strings",
    title: "one million small objects in lists and strings, built in the parent, forked, one full collection in the child",
    question: "What does one full collection copy when nothing is garbage, and what does reading?",
    script: "lists-and-strings.calf",
    size: 640_000,
    quick: 64_000,
    unit: "strings",
    strategies: super::LESSON,
    plans: &[
        plan(&["sprinkled", "read"]),
        plan(&["sprinkled", "collect"]),
        plan(&["equal", "read"]),
        plan(&["equal", "collect"]),
        plan(&["heavy", "read"]),
        plan(&["heavy", "collect"]),
    ],
    timed: false,
    recorded: &[recorded(1, &["inline", "indirect", "frozen", "mark-inline", "mark-bitmap"])],
    report: Report::Own(show),
    claims: CLAIMS,
    published: &[
        Published {
            figure: "60 MB copied by a collection, less than 1 MB with the bookkeeping behind a pointer",
            source: "talk on memory at Instagram, PyCon 2018; bpo-31558, \"Other attempts\"",
            here: |results| {
                let copied = |strategy| Some(bytes(collected(results, strategy, &HEAVY)?.copied_bytes()));
                Some(format!("{} under inline, {} under indirect, for containers of 2 KiB", copied("inline")?, copied("indirect")?))
            },
            why: "The same, because the heap is made so: 32 bytes in a slab stand against a page for every two containers. With small \
                  containers, as many as strings, the slab saves far less. A survey found that the talk's own script copies 60 MB only where \
                  an empty list happens to lie in the same size class as the strings.",
        },
        Published {
            figure: "43 MB copied, 1.2 MB behind a pointer, for 16 000 lists sprinkled among 640 000 strings",
            source: "survey of CPython (master of 2016), shape igu; the talk's patch re-created",
            here: |results| {
                let copied = |strategy| Some(bytes(collected(results, strategy, &SPRINKLED)?.copied_bytes()));
                Some(format!("{} under inline, {} under indirect", copied("inline")?, copied("indirect")?))
            },
            why: "The same shape with the same cause; cells of Calf are 48 bytes where CPython's are 64.",
        },
    ],
    ask: Ask {
        question: "16 000 empty lists lie among 640 000 strings of the same size. One full collection under inline visits the lists \
                   only. Which percentage of the heap does it copy?",
        unit: Unit::Part,
        strategies: &["inline"],
        answer: |results| Some(collected(results, "inline", &SPRINKLED)?.share()),
        too_low: "It is not objects that are copied, but pages. 85 cells fit on a page, two of them are lists, and a collection writes each \
                  list's header.",
        too_high: "The lists that hold the others are large and are written in one place.",
    },
};

/// A shape of the heap: what it is, how many containers and strings it has at a size, and its two plans.
struct Shape {
    title: &'static str,
    containers: fn(u64) -> u64,
    strings: fn(u64) -> u64,
    read: usize,
    collect: usize,
}

const SPRINKLED: Shape = Shape {
    title: "sprinkled: one list for every forty strings",
    containers: |size| size.div_ceil(40),
    strings: |size| size,
    read: 0,
    collect: 1,
};
const EQUAL: Shape = Shape {
    title: "equal: as many lists as strings",
    containers: |size| size,
    strings: |size| size,
    read: 2,
    collect: 3,
};
const HEAVY: Shape = Shape {
    title: "heavy: instances of 2 KiB, and no strings",
    containers: |size| size / 25,
    strings: |_| 0,
    read: 4,
    collect: 5,
};

/// What the experiment predicts.
const CLAIMS: &[Claim] = &[
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
        text: "heavy: a collection copies over nine tenths under inline, a fiftieth of that under indirect; of 60 MB less than 1 MB",
        holds: |results| {
            let inline = collected(results, "inline", &HEAVY)?;
            let indirect = collected(results, "indirect", &HEAVY)?;
            let is_published = inline.copied_bytes() >= 55e6;
            Some(
                inline.share() > 0.9
                    && inline.copied.pages >= 50 * indirect.copied.pages
                    && (results.size < 640_000 || is_published && indirect.copied_bytes() < 1e6),
            )
        },
    },
    Claim {
        text: "a collection under frozen copies less than a hundredth of the heap",
        holds: |results| {
            let collected = |shape| collected(results, "frozen", shape);
            let all = [collected(&SPRINKLED)?, collected(&EQUAL)?, collected(&HEAVY)?];
            Some(all.iter().all(|figure| figure.share() < 0.01))
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
fn show(results: &Results, document: &mut Document) {
    for shape in [&SPRINKLED, &EQUAL, &HEAVY] {
        document.heading(format!(
            "{} ({} and {})",
            shape.title,
            grouped((shape.containers)(results.size) as i64),
            grouped((shape.strings)(results.size) as i64)
        ));
        document.table(table(results, shape));
    }
    document.text(conclusion(results));
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
