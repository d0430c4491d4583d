//! The random mutator finds what is planted, and shrinks it.

use super::*;
use calf_gc::Strategy;
use calf_gc_kit::random::{self, Failure, MODES, program, shrink};

/// A failure of `C`, as few operations as were found, and as a program.
fn shortest<C: Collector>(name: &str) -> (Failure, String) {
    let row = Strategy::named(name).expect("a row").row();
    let found = (1..40).find_map(|seed| random::play::<C>(row, MODES[0], seed).err());
    let failure = found.expect("nobody noticed");
    let least = shrink::shrink::<C>(row, MODES[0], &failure).expect("it fails again");
    assert!(least.operations.len() < failure.operations.len());
    let program = program::write_program(name, MODES[0], &least.operations);
    (least, program)
}

#[test]
#[cfg_attr(miri, ignore = "it forks")]
fn a_forgotten_old_to_young_shrinks_to_a_short_program() {
    let (least, program) = shortest::<Broken<MarkBitmap, ForgetsToRemember>>("mark-bitmap");
    // The strategy's own invariant is broken before anything is lost.
    assert!(least.text.contains("refers to the young, but is not remembered"), "{}", least.text);
    assert!(least.operations.len() <= 8 && program.lines().count() <= 14, "{program}");
}

#[test]
#[cfg_attr(miri, ignore = "it forks")]
fn a_forgotten_root_shrinks_to_a_short_program() {
    let (least, program) = shortest::<Broken<MarkInline, tracing::ForgetsARoot>>("mark-inline");
    assert!(least.text.contains("promise 2 (keeps) is broken: root 0"), "{}", least.text);
    assert!(least.operations.len() <= 2 && program.lines().count() <= 4, "{program}");
}

#[test]
#[cfg_attr(miri, ignore = "it forks")]
fn a_count_that_is_too_high_shrinks_to_a_short_program() {
    let (least, program) = shortest::<Broken<Inline, counting::ForgetsReleases>>("inline");
    assert!(least.text.contains("promise 4 (gives back) is broken"), "{}", least.text);
    assert!(least.operations.len() <= 7 && program.lines().count() <= 9, "{program}");
}
