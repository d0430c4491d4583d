//! The experiments, each a file: its row, what it predicts, which published figures it re-enacts, and how it is shown.
//!
//! Adding one is a script under `examples/lab/`, a file here, a line in each of the lists below and in
//! [`SCRIPTS`](crate::experiment::SCRIPTS).

mod peers;

macro_rules! experiments {
    ($($module:ident),+ $(,)?) => {
        $(mod $module;)+

        /// Every experiment, in the order of the lesson.
        pub(crate) static EXPERIMENTS: &[&Experiment] = &[$(&$module::EXPERIMENT),+];
    };
}

experiments!(
    lists_and_strings,
    copy_on_read,
    first_request,
    rec,
    code_objects,
    saboteur,
    leak_year,
    exit_storm,
    precollect_holes,
    freeze_order,
    cold_fraction,
    immortal_or_freeze,
    freeze_cycle_starves,
    frozen_garbage,
    frozen_free,
    header_or_bitmap,
    warm_before_fork,
    zygote_binning,
    refork,
    lazy_caches,
    huge_pages,
    workers,
    pauses,
    overhead,
    flat_or_boxed,
    map,
);

use crate::experiment::Experiment;
use crate::results::{Figure, Results};
use crate::runner::Failure;

/// The strategies that the first lessons are about, in the order of the lesson.
const LESSON: &[&str] = &["none", "inline", "indirect", "frozen", "mark-inline", "mark-bitmap"];

/// All of them, in the same order.
const ALL: &[&str] = &[
    "none",
    "inline",
    "indirect",
    "frozen",
    "scratch",
    "side-counts",
    "immortal",
    "trial",
    "mark-inline",
    "mark-bitmap",
    "zygote",
    "sealed",
];

/// Does this strategy count references? What reads are expected to write depends on it.
///
/// Judged by what the strategy did: a counting one has copies that `count` caused.
fn counts(read: &Figure) -> bool {
    read.copied.causes.get("count").copied().unwrap_or(0) > 0
}

/// Joins clauses to one sentence: `A; b; c.`
fn sentence(clauses: &[String]) -> String {
    let text = clauses.join("; ");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => "No cell could be measured.".to_string(),
    }
}

/// Joins names: `a`, `a and b`, `a, b and c`.
fn enumerate(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_string(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The figure of a claim, if its strategy was run and did not fail.
fn ran(results: &Results, strategy: &str, plan: usize, child: &str) -> Option<Figure> {
    results.figure(strategy, plan, child).ok()
}

/// The pages that a child has copied.
fn pages(results: &Results, strategy: &str, plan: usize, child: &str) -> Option<f64> {
    Some(ran(results, strategy, plan, child)?.copied.pages.max(0) as f64)
}

/// The part of the heap that a child has copied.
fn share(results: &Results, strategy: &str, plan: usize, child: &str) -> Option<f64> {
    Some(ran(results, strategy, plan, child)?.share())
}

/// A fact that a child tells.
fn told(results: &Results, strategy: &str, plan: usize, child: &str, name: &str) -> Option<f64> {
    results.fact(strategy, plan, child, name).ok()
}

/// How many times `less` is in `more`; what is less than a page counts as one.
fn times(more: f64, less: f64) -> f64 {
    more / less.max(1.0)
}

/// Does a collection need more pages of its own than it copies?
fn makes_more_than_it_copies(figure: &Figure) -> bool {
    figure.copied.new > figure.copied.pages.max(figure.copied.shared / 1000)
}

/// By how many pages the model is off where it is worst; `only` if the kernel refused and there is nothing else.
fn disagreement(figures: &[&Result<Figure, Failure>]) -> String {
    let figures = || figures.iter().filter_map(|figure| figure.as_ref().ok());
    if figures().any(|figure| figure.modelled) {
        return "only".to_string();
    }
    let off = figures().filter_map(|figure| figure.model_off);
    off.max_by_key(|off| off.abs()).map_or("-".to_string(), |off| format!("{off:+}"))
}

/// The new pages in bytes, which only the kernel knows.
fn new_bytes(figure: &Figure) -> String {
    if figure.modelled { "-".to_string() } else { crate::table::bytes(figure.new_bytes()) }
}
