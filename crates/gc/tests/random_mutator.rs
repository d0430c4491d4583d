//! A mutator that does anything at random, under every strategy, in every mode, with fixed seeds.
//!
//! Each test is named by its seed. To try another one: `CALF_SEED=123 cargo test -p calf-gc --test random_mutator`.

use calf_gc::{Collector, Job, Row, VARIANTS};
use calf_gc_kit::{Check, random, suite};

struct Checks(String);

impl Job for Checks {
    type Output = Vec<Check>;
    fn run<C: Collector>(self, row: &'static Row) -> Vec<Check> {
        random::checks::<C>(row, &self.0, &format!("{}::", self.0))
    }
}

fn main() {
    suite::run(VARIANTS.iter().flat_map(|variant| variant.run(Checks(variant.name()))).collect())
}
