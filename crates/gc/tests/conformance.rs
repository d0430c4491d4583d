//! Every strategy against every promise, each pair a test of its own: `cargo test -p calf-gc inline::keeps`.

use calf_gc::{Collector, Job, Row, VARIANTS};
use calf_gc_kit::{Check, suite};

struct Checks(String);

impl Job for Checks {
    type Output = Vec<Check>;
    fn run<C: Collector>(self, row: &'static Row) -> Vec<Check> {
        Check::each_promise_of::<C>(row, &self.0, &format!("{}::", self.0))
    }
}

fn main() {
    suite::run(VARIANTS.iter().flat_map(|of| of.run(Checks(of.name()))).collect())
}
