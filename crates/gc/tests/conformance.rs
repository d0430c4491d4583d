//! Every strategy against every promise, each pair a test of its own: `cargo test -p calf-gc inline::keeps`.

use calf_gc::{Collector, Job, Row, Strategy};
use calf_gc_kit::{Check, suite};

struct Checks;

impl Job for Checks {
    type Output = Vec<Check>;
    fn run<C: Collector>(self, row: &'static Row) -> Vec<Check> {
        Check::each_promise_of::<C>(row, &format!("{}::", row.name))
    }
}

fn main() {
    suite::run(Strategy::all().flat_map(|strategy| strategy.run(Checks)).collect())
}
