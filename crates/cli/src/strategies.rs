//! `calf gc list` and `calf gc explain`: the table of strategies, printed; and what objects weigh, by a heap that runs.

use crate::arguments::unknown_strategy;
use crate::choices::Choices;
use calf_gc::{Options, StrategyOption};
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
    describe(&mut text, &format!("options, as in --gc {}:key=value", row.name), row.options);
    describe(&mut text, "options of every strategy", &Options::COMMON);
    text.push('\n');
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

/// A line for each option, its values with the default first, and one for where it comes from.
fn describe(text: &mut String, title: &str, options: &[StrategyOption]) {
    if options.is_empty() {
        return;
    }
    writeln!(text, "\n  {title}").expect("a string takes all");
    for StrategyOption { key, values, meaning, source } in options {
        writeln!(text, "    {key:20}  {values:34}  {meaning}\n    {:56}  source: {source}", "")
            .expect("a string takes all");
    }
}
