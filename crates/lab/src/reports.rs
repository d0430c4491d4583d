//! How each experiment's results are shown: a table and one sentence.

pub(crate) mod copy_on_read;
pub(crate) mod first_request;
pub(crate) mod lists_and_strings;
pub(crate) mod map;
pub(crate) mod peers;
pub(crate) mod rec;

use crate::results::{Figure, Results};
use crate::runner::Failure;
use std::io::{self, Write};

/// Does this strategy count references? What reads are expected to write depends on it.
///
/// Judged by what the strategy did: a counting one has copies that `count` caused.
pub(crate) fn counts(read: &Figure) -> bool {
    read.copied.causes.get("count").copied().unwrap_or(0) > 0
}

/// Prints `sentence` over as many lines as it needs, none wider than a table may be.
pub(crate) fn print_sentence(sentence: &str, out: &mut dyn Write) -> io::Result<()> {
    const WIDTH: usize = 100;
    let mut line = String::new();
    for word in sentence.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(out, "{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, "{line}")
}

/// Joins clauses to one sentence: `A; b; c.`
pub(crate) fn sentence(clauses: &[String]) -> String {
    let text = clauses.join("; ");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => "No cell could be measured.".to_string(),
    }
}

/// Joins names: `a`, `a and b`, `a, b and c`.
pub(crate) fn enumerate(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_string(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The figure of a claim, if its strategy was run and did not fail.
pub(crate) fn ran(results: &Results, strategy: &str, plan: usize, child: &str) -> Option<Figure> {
    results.figure(strategy, plan, child).ok()
}

/// Does a collection need more pages of its own than it copies?
pub(crate) fn makes_more_than_it_copies(figure: &Figure) -> bool {
    figure.copied.new > figure.copied.pages.max(figure.copied.shared / 1000)
}

/// By how many pages the model is off where it is worst; `only` if the kernel refused and there is nothing else.
pub(crate) fn disagreement(figures: &[&Result<Figure, Failure>]) -> String {
    let figures = || figures.iter().filter_map(|figure| figure.as_ref().ok());
    if figures().any(|figure| figure.modelled) {
        return "only".to_string();
    }
    let off = figures().filter_map(|figure| figure.model_off);
    off.max_by_key(|off| off.abs()).map_or("-".to_string(), |off| format!("{off:+}"))
}

/// The new pages in bytes, which only the kernel knows.
pub(crate) fn new_bytes(figure: &Figure) -> String {
    if figure.modelled { "-".to_string() } else { crate::table::bytes(figure.new_bytes()) }
}
