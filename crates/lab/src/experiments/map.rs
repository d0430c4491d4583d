//! `map`: what every strategy writes, measured beside what is predicted, and beside the survey of other implementations.

mod predictions;

use super::{disagreement, enumerate, ran, sentence};
use crate::document::Document;
use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::unit::Unit;
use crate::results::{Figure, Results};
use crate::table::{Align, Table, grouped};
use predictions::{ACTIONS, Action, Kind, PREDICTIONS, Prediction};

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "map",
    title: "the reference heap: what each action of a child copies under every strategy, predicted and measured",
    question: "Does what a strategy says of itself foretell how many pages each action of a child copies?",
    script: "map.calf",
    size: 1 << 20,
    quick: 1 << 16,
    unit: "objects of 64 bytes",
    strategies: super::ALL,
    plans: &[plan(&["64"]), plan(&["256"])],
    timed: false,
    recorded: &[],
    report: Report::Own(show),
    claims: CLAIMS,
    published: &[Published {
        figure: "64 MiB copied by a collection with marks or headers in the objects, 512 KiB with a bitmap, 32 MiB with a slab of headers",
        source: "survey, tables A.2 and B: a model in C of the same heap, Linux 6.18",
        here: |results| {
            let copied = |strategy| {
                let figure = ran(results, strategy, 0, "collect")?;
                Some(crate::table::bytes(figure.copied_bytes()))
            };
            Some(format!(
                "{} under inline, {} under mark-bitmap, {} under indirect",
                copied("inline")?,
                copied("mark-bitmap")?,
                copied("indirect")?
            ))
        },
        why: "Each difference of more than a tenth has its note above.",
    }],
    ask: Ask {
        question: "A heap of 64-byte objects, with the headers of 32 bytes in a slab of their own. Which percentage of the heap, slab \
                   included, does a full collection copy?",
        unit: Unit::Part,
        strategies: &["indirect"],
        answer: |results| super::share(results, "indirect", 0, "collect"),
        too_low: "32 bytes for each object of 64: the slab is a third of the whole, and all of it is written.",
        too_high: "The objects themselves are only read.",
    },
};

/// The sizes of a cell, in the order of the plans.
const CELLS: [i64; 2] = [64, 256];
/// How far a measured figure may lie from its prediction, as a part of it.
const TOLERANCE: f64 = 0.1;
/// Pages that do not count as a difference: what an action writes beside the heap, and chance where few pages are struck.
const SLACK: f64 = 24.0;
/// The same where chance has no part: the pages of the machine itself that an action writes and the control does not.
const MACHINE: i64 = 4;

/// What the experiment predicts.
const CLAIMS: &[Claim] = &[
    Claim {
        text: "what is written is what the formulas say, within a tenth",
        holds: |results| {
            let points = points(results);
            let mut judged = points.iter().filter_map(Point::is_near).peekable();
            judged.peek()?;
            Some(judged.all(|near| near))
        },
    },
    Claim {
        text: "every cell has the size of its column",
        holds: |results| {
            let mut sizes = Vec::new();
            for (plan, cell) in CELLS.iter().enumerate() {
                for strategy in &results.strategies {
                    sizes.extend(Some(achieved(results, strategy, plan)? == *cell));
                }
            }
            Some(sizes.iter().all(|right| *right))
        },
    },
    Claim {
        text: "under frozen, immortal, zygote and sealed a full collection copies no page",
        holds: |results| {
            let pages =
                |strategy, plan| Some(ran(results, strategy, plan, "collect")?.copied.pages.max(0));
            let mut most = 0;
            for strategy in ["frozen", "immortal", "zygote", "sealed"] {
                for plan in 0..CELLS.len() {
                    most = most.max(pages(strategy, plan)?);
                }
            }
            Some(most == 0)
        },
    },
    Claim {
        text: "under zygote, writing copies no more pages than what is written fills side by side",
        holds: |results| {
            let mut holds = true;
            for (plan, cell) in CELLS.iter().enumerate() {
                let write = ran(results, "zygote", plan, "write")?;
                let written = *write.row.facts.get("objects")?;
                // The first of them need not lie at the beginning of a page.
                let filled = (written * *cell as f64 / write.page as f64).ceil() as i64 + 1;
                let of_zygote = write.copied.regions.get("zygote").copied();
                holds &= of_zygote.is_none_or(|pages| pages <= filled)
                    && write.copied.pages <= filled + MACHINE;
            }
            Some(holds)
        },
    },
    Claim {
        text: "the model and the kernel count the same pages, but for a few of the machine's own",
        holds: |results| {
            let points = points(results);
            let mut off = points
                .iter()
                .filter_map(|point| Some((point.figure.model_off?, point.figure.copied.pages)))
                .peekable();
            off.peek()?;
            Some(off.all(|(off, pages)| off.abs() <= 2 * MACHINE + pages / 1000))
        },
    },
];

/// An action under a strategy, at one size of cells.
struct Point {
    strategy: &'static str,
    action: &'static Action,
    cell: i64,
    figure: Figure,
    /// Pages.
    predicted: Option<f64>,
}

impl Point {
    fn of(
        results: &Results,
        strategy: &'static str,
        plan: usize,
        action: &'static Action,
    ) -> Option<Point> {
        let figure = ran(results, strategy, plan, action.child)?;
        let cell = CELLS[plan];
        let predicted = Prediction::of(strategy).and_then(|prediction| {
            prediction.pages(action, figure.objects as f64, cell as f64, figure.page as f64)
        });
        Some(Point { strategy, action, cell, figure, predicted })
    }

    /// Does it meet the prediction? `None` if there is none.
    fn is_near(&self) -> Option<bool> {
        let (predicted, measured) = (self.predicted?, self.figure.copied.pages as f64);
        Some((measured - predicted).abs() <= SLACK.max(TOLERANCE * predicted))
    }
}

fn points(results: &Results) -> Vec<Point> {
    let mut points = Vec::new();
    for strategy in &results.strategies {
        for plan in 0..CELLS.len() {
            points.extend(
                ACTIONS.iter().filter_map(|action| Point::of(results, strategy, plan, action)),
            );
        }
    }
    points
}

/// The bytes of a cell, by the program's own word.
fn achieved(results: &Results, strategy: &str, plan: usize) -> Option<i64> {
    let collect = ran(results, strategy, plan, "collect")?;
    collect.row.facts.get("cell").map(|bytes| *bytes as i64)
}

/// Prints a table for each size, notes and a sentence.
fn show(results: &Results, document: &mut Document) {
    for (plan, cell) in CELLS.iter().enumerate() {
        let count = results.size as i64 * CELLS[0] / cell;
        document.heading(format!("pages copied, {} objects in cells of {cell} bytes", grouped(count)));
        document.table(table(results, plan));
    }
    document.text(
        "predicted: with k objects to a page, 1-(1-p)^k of the pages are struck; summed over what the strategy writes: cells, \
         heads in a slab, a table or bits beside the heap. survey: measured with a model in C, or foretold (tables A.2 and B), \
         where it differs by more than a tenth: see the strategy's note. write, free and allocate: 5 %.",
    );
    for prediction in PREDICTIONS {
        if !prediction.note.is_empty() && results.strategies.contains(&prediction.strategy) {
            document.text(format!("  {}: {}", prediction.strategy, prediction.note));
        }
    }
    document.text(conclusion(results));
}

fn table(results: &Results, plan: usize) -> Table {
    use Align::{Left, Right};
    let mut heads = vec![("strategy", Left), ("", Left), ("cell", Right)];
    heads.extend(ACTIONS.iter().map(|action| (action.heading, Right)));
    heads.push(("model", Right));
    let mut table = Table::new(heads);
    let reads = ACTIONS.iter().filter(|action| action.kind == Kind::Read).count();
    table.group("read at random", 4, reads);
    for strategy in &results.strategies {
        let figures: Vec<_> =
            ACTIONS.iter().map(|action| results.figure(strategy, plan, action.child)).collect();
        let points: Vec<Option<Point>> =
            ACTIONS.iter().map(|action| Point::of(results, strategy, plan, action)).collect();
        let cell = achieved(results, strategy, plan);
        let mut measured = vec![
            strategy.to_string(),
            "measured".to_string(),
            cell.map_or("-".to_string(), |bytes| format!("{bytes} B")),
        ];
        let prediction = Prediction::of(strategy);
        for (figure, action) in figures.iter().zip(ACTIONS) {
            measured.push(match figure {
                Ok(figure) => grouped(figure.copied.pages),
                Err(_) if prediction.is_some_and(|known| !known.can(action)) => "error".to_string(),
                Err(failure) => failure.to_string(),
            });
        }
        measured.push(disagreement(&figures.iter().collect::<Vec<_>>()));
        table.row(measured);
        let Some(prediction) = prediction else { continue };
        table.row(line("predicted", &points, |point| point.predicted));
        let surveyed = |point: &Point| {
            let heap = (point.figure.objects * point.cell / point.figure.page) as f64;
            let surveyed = prediction.surveyed(point.action, point.cell as f64, heap)?;
            let predicted = point.predicted?;
            let near = (surveyed - predicted).abs() <= TOLERANCE * surveyed.max(predicted);
            (!near).then_some(surveyed)
        };
        if points.iter().flatten().any(|point| surveyed(point).is_some()) {
            table.row(line("survey", &points, surveyed));
        }
    }
    table
}

/// A row of numbers of pages under the strategy's measured ones.
fn line(
    name: &str,
    points: &[Option<Point>],
    pages: impl Fn(&Point) -> Option<f64>,
) -> Vec<String> {
    let mut cells = vec![String::new(), name.to_string(), String::new()];
    cells.extend(points.iter().map(|point| match point.as_ref().and_then(&pages) {
        Some(pages) => grouped(pages.round() as i64),
        None => String::new(),
    }));
    cells
}

fn conclusion(results: &Results) -> String {
    let points = points(results);
    let judged: Vec<&Point> = points.iter().filter(|point| point.is_near().is_some()).collect();
    let far: Vec<String> = judged
        .iter()
        .filter(|point| point.is_near() == Some(false))
        .map(|point| format!("{} {} ({} B)", point.strategy, point.action.child, point.cell))
        .collect();
    let mut clauses = Vec::new();
    if !judged.is_empty() {
        let near = judged.len() - far.len();
        clauses.push(format!("{near} of {} figures meet their prediction", judged.len()));
    }
    if !far.is_empty() {
        let far: Vec<&str> = far.iter().map(String::as_str).collect();
        clauses.push(format!("those that do not: {}", enumerate(&far)));
    }
    let worst = judged
        .iter()
        .filter_map(|point| {
            let predicted = point.predicted.filter(|pages| *pages >= 10.0 * SLACK)?;
            Some((point.figure.copied.pages as f64 / predicted - 1.0, point))
        })
        .max_by(|(a, _), (b, _)| a.abs().total_cmp(&b.abs()));
    if let Some((off, point)) = worst {
        let (strategy, child, cell) = (point.strategy, point.action.child, point.cell);
        clauses.push(format!(
            "the farthest of those above {:.0} pages is {strategy}, {child}, cells of {cell} bytes: {:+.1} %",
            10.0 * SLACK,
            100.0 * off,
        ));
    }
    sentence(&clauses)
}
