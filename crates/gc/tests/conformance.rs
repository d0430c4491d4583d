//! Every strategy against every promise, each pair a test of its own: `cargo test -p calf-gc inline::keeps`.

mod mutator;
mod promises;

use calf_gc::{Collector, Job, Row, STRATEGIES};
use libtest_mimic::{Arguments, Failed, Trial};
use promises::{Abilities, PROMISES, Promise};

struct Check(Promise);

impl Job for Check {
    type Output = Result<(), String>;
    fn run<C: Collector>(self, row: &'static Row) -> Self::Output {
        self.0.check::<C>(Abilities::of(row))
    }
}

fn main() {
    let mut trials = Vec::new();
    for row in STRATEGIES {
        for &promise in PROMISES {
            let name = format!("{}::{}", row.name, promise.name());
            trials.push(Trial::test(name, move || {
                row.strategy.run(Check(promise)).map_err(Failed::from)
            }));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
