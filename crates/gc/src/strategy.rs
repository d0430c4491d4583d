//! The table of strategies, and the only `match` on one.
//!
//! Adding a collector is one file, one `mod` line, one row.

use crate::collector::Collector;
use crate::collectors as of;

/// Something to be done under a strategy that is only known at run time.
pub trait Job {
    /// What it gives.
    type Output;
    /// Does it, monomorphised for the collector `C`.
    fn run<C: Collector>(self, row: &'static Row) -> Self::Output;
}

/// What the table says of a strategy; `calf gc list` and `calf gc explain` print it.
#[derive(Debug)]
pub struct Row {
    /// The strategy itself.
    pub strategy: Strategy,
    /// The name given to `--gc`.
    pub name: &'static str,
    /// What it re-enacts.
    pub lesson: &'static str,
    /// First axis: where the bookkeeping lives.
    pub bookkeeping: &'static str,
    /// Second axis: what a collection may visit.
    pub visits: &'static str,
    /// Third axis: where allocations and frees go.
    pub memory: &'static str,
    /// What a full collection in a forked child is expected to write.
    pub collection_writes: &'static str,
    /// What reading is expected to write.
    pub reading_writes: &'static str,
    /// What it does not give back (promise 4).
    pub limits: &'static str,
    /// Where the algorithm was published.
    pub source: &'static str,
    /// Can it freeze?
    pub freezes: bool,
    /// Is it only for tests? Such a row is not listed, but `--gc` knows it.
    pub hidden: bool,
}

macro_rules! strategies {
    ($($variant:ident $name:literal : $collector:ty, $($field:ident: $value:expr),+ ;)+) => {
        /// A collector that can be chosen at start-up.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        pub enum Strategy { $(#[doc = $name] $variant),+ }

        /// Every strategy, in the order of the lesson.
        pub static STRATEGIES: &[Row] = &[$(Row { strategy: Strategy::$variant, name: $name, $($field: $value),+ }),+];

        impl Strategy {
            /// Runs `job` under this strategy: the one place where a strategy becomes a type.
            pub fn run<J: Job>(self, job: J) -> J::Output {
                match self { $(Strategy::$variant => job.run::<$collector>(self.row())),+ }
            }
        }
    };
}

impl Strategy {
    /// Its row.
    pub fn row(self) -> &'static Row {
        STRATEGIES.iter().find(|row| row.strategy == self).expect("each strategy has a row")
    }
    /// The strategy of this name.
    pub fn named(name: &str) -> Option<Strategy> {
        STRATEGIES.iter().find(|row| row.name == name).map(|row| row.strategy)
    }
}

strategies! {
    None "none": of::none::None,
        lesson: "the year without a collector: counts only, cycles leak",
        bookkeeping: "a count in the object's own header word",
        visits: "nothing",
        memory: "holes: free lists threaded through freed cells",
        collection_writes: "nothing: there is no collection",
        reading_writes: "counts",
        limits: "cycles are never given back",
        source: "Instagram Engineering, \"Dismissing Python Garbage Collection at Instagram\" (2017)",
        freezes: false, hidden: false;
}
