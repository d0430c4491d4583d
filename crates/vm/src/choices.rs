//! A machine for each strategy of the table. Not in this crate's own tests, which need none of them: a machine for each collector takes the
//! compiler minutes.

use crate::{Choice, Options, Started};
use calf_gc::{Collector, Job, Row, Strategy};

struct Start(Options);

impl Job for Start {
    type Output = Started;
    fn run<C: Collector>(self, row: &'static Row) -> Started {
        (Choice::of::<C>(row).start)(self.0, row)
    }
}

/// The strategies of the table, in its order. An option may choose another type for the same row.
pub fn choices() -> Vec<Choice> {
    let start = |options: Options, row: &'static Row| {
        let strategy = Strategy::named(row.name).expect("a row of the table");
        strategy.run(&options.heap.clone(), Start(options))
    };
    Strategy::all().map(|strategy| Choice { row: strategy.row(), start }).collect()
}
