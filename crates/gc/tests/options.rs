//! The options that the table lists are those that the collectors know, with the values that they take.

use calf_gc::{Collector, Heap, HeapError, Job, Options, Row, Strategy, StrategyOption, VARIANTS};
use std::collections::BTreeSet;

/// Makes a heap with these options: why there is none, if so.
struct Make(Options);
impl Job for Make {
    type Output = Option<HeapError>;
    fn run<C: Collector>(self, _row: &'static Row) -> Option<HeapError> {
        Heap::<C>::new(&self.0).err()
    }
}

fn error_of(strategy: Strategy, key: &str, value: &str) -> Option<HeapError> {
    let arguments = vec![(key.to_owned(), value.to_owned())];
    let options = Options { arguments, ..Options::default() };
    strategy.run(&options.clone(), Make(options))
}

fn all_options(strategy: Strategy) -> impl Iterator<Item = &'static StrategyOption> {
    strategy.row().options.iter().chain(&Options::COMMON)
}

#[test]
fn the_table_lists_what_the_collectors_know() {
    for strategy in Strategy::all() {
        let Some(HeapError::Argument { known, .. }) = error_of(strategy, "no-such-option", "on")
        else {
            panic!("{} takes any option", strategy.row().name);
        };
        let common: Vec<&str> = Options::COMMON.iter().map(|option| option.key).collect();
        let known: BTreeSet<&str> =
            known.iter().copied().filter(|key| !common.contains(key)).collect();
        let listed: BTreeSet<&str> = strategy.row().options.iter().map(|one| one.key).collect();
        assert_eq!(listed, known, "{}", strategy.row().name);
        assert_eq!(listed.len(), strategy.row().options.len(), "{}", strategy.row().name);
    }
}

#[test]
fn each_listed_value_is_taken_and_others_are_refused() {
    for strategy in Strategy::all() {
        for option in all_options(strategy) {
            let name = format!("{}:{}", strategy.row().name, option.key);
            for value in option.choices() {
                assert_eq!(error_of(strategy, option.key, value), None, "{name}={value}");
            }
            let is_refused = matches!(
                error_of(strategy, option.key, "no such value"),
                Some(HeapError::Value { key, .. }) if key == option.key
            );
            // Only a name of a file to be written may be anything.
            assert_eq!(is_refused, option.values != "a file", "{name}");
            if option.values == "a whole number" {
                assert_eq!(error_of(strategy, option.key, "7"), None, "{name}=7");
            }
        }
    }
}

#[test]
fn options_are_described() {
    for strategy in Strategy::all() {
        for option in all_options(strategy) {
            let StrategyOption { key, values, meaning, source } = option;
            assert!([key, values, meaning, source].iter().all(|text| !text.is_empty()), "{key}");
            assert!(!meaning.ends_with('.'), "{key}: a part of a line, as the other texts");
        }
    }
}

#[test]
fn variants_are_listed_choices_and_never_the_default() {
    for variant in VARIANTS {
        let Some((key, value)) = variant.option else { continue };
        let option = variant.strategy.row().options.iter().find(|option| option.key == key);
        let choices = option.map(|option| option.choices()).unwrap_or_default();
        let place = choices.iter().position(|choice| *choice == value);
        assert!(place.is_some_and(|place| place > 0), "{} is not listed", variant.name());
    }
}
