//! `calf gc list` and `calf gc explain`: the table of strategies, printed; and what objects weigh, by a heap that runs.

use crate::arguments::unknown_strategy;
use crate::choices::Choices;
use std::fmt::Write;

/// The program that weighs objects under the strategy that runs it.
const WEIGHTS: &[u8] = include_bytes!("weights.calf");

/// One line for each strategy.
pub(crate) fn list(names_only: bool, choices: &Choices) -> i32 {
    let mut text = String::new();
    let width = choices.rows().map(|row| row.name.len()).max().unwrap_or(0);
    for row in choices.rows() {
        if names_only {
            writeln!(text, "{}", row.name).expect("a string takes all");
        } else {
            let default = if row.name == choices.default_name() { " (the default)" } else { "" };
            writeln!(text, "{:width$}  {}{default}", row.name, row.lesson)
                .expect("a string takes all");
        }
    }
    crate::print(&text)
}

/// Everything the table says of one strategy, and the bytes that some objects take under it.
pub(crate) fn explain(name: &str, choices: &Choices) -> i32 {
    let Some(strategy) = choices.named(name) else {
        return unknown_strategy(name, "NAME", choices);
    };
    let row = strategy.row;
    let mut text = format!("{}: {}\n\n", row.name, row.lesson);
    let counts = if row.counts() { "yes" } else { "no" };
    let freezes = if row.freezes { "yes" } else { "no" };
    for (title, entry) in [
        ("where the bookkeeping lives", row.bookkeeping),
        ("what a collection may visit", row.visits),
        ("where allocations and frees go", row.memory),
        ("a full collection in a child writes", row.collection_writes),
        ("reading writes", row.reading_writes),
        ("what is not given back", row.limits),
        ("counts references", counts),
        ("can freeze", freezes),
        ("source", row.source),
    ] {
        writeln!(text, "  {title:36}  {entry}").expect("a string takes all");
    }
    let code = crate::print(&text);
    if code != 0 {
        return code;
    }
    match crate::run::start(strategy, calf_vm::Options::default()) {
        Ok(mut machine) => {
            let code = machine.run_file("weights.calf", WEIGHTS.to_vec());
            machine.finish(code)
        }
        Err(code) => code,
    }
}
