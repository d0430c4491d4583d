//! A mutator that does anything at random, beside a shadow of the graph that it ought to have made.
//!
//! `operation` is what it can do and how that is chosen, `run` does it to a heap and to the shadow and compares the two,
//! `shrink` reduces a failure to the fewest operations, `program` prints these as a few lines of Calf.

pub mod operation;
pub mod program;
pub mod run;
pub mod shrink;

pub use operation::Operation;
pub use run::Run;

use crate::mutator::is_journal_kept;
use crate::suite::{Check, seed_asked_for};
use calf_gc::{Collector, Facts, Options, Row, Zeal};

/// How a run goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mode {
    /// Its name.
    pub name: &'static str,
    /// What `--gc-zeal` would say.
    pub zeal: &'static str,
    /// Is the model to record from the start, and are strategies to allocate as they do in a child?
    pub in_child: bool,
    /// How many operations.
    steps: usize,
}

/// The modes that every strategy is put through, `move` only if it moves.
pub const MODES: [Mode; 6] = [
    Mode { name: "plain", zeal: "", in_child: false, steps: 6000 },
    Mode { name: "stress", zeal: "every=1,verify", in_child: false, steps: 900 },
    Mode { name: "child", zeal: "", in_child: true, steps: 6000 },
    Mode { name: "alternate", zeal: "alternate,verify", in_child: false, steps: 900 },
    Mode { name: "poison", zeal: "poison,every=10", in_child: false, steps: 1500 },
    Mode { name: "page", zeal: "page,every=10", in_child: false, steps: 1500 },
];

/// Seeds that are always tried, in each mode.
const SEEDS: u64 = if cfg!(miri) { 1 } else { 3 };
/// Every so many operations the heap is compared with the shadow.
const COMPARED_EVERY: usize = 100;

impl Mode {
    /// The options of a heap for it.
    pub fn options(self) -> Options {
        let zeal = Zeal::parse(self.zeal).unwrap_or_default();
        Options { zeal, ..Options::default() }
    }

    /// How many operations.
    pub fn steps(self) -> usize {
        if cfg!(miri) { self.steps.min(120) } else { self.steps }
    }
}

/// What became of a run that went wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The operations until it showed.
    pub operations: Vec<Operation>,
    /// What was broken.
    pub text: String,
}

/// The operations of this seed, done and compared now and then.
///
/// # Errors
/// Where the heap is not what it should be.
pub fn play<C: Collector>(row: &'static Row, mode: Mode, seed: u64) -> Result<(), Failure> {
    shrink::apart(mode.steps(), |begin| {
        let mut run = Run::<C>::new(row, mode)?;
        let mut random = crate::Random(seed);
        for number in 1..=mode.steps() {
            let operation = run.choose(&mut random);
            begin(operation);
            run.apply(&operation)?;
            if number % COMPARED_EVERY == 0 {
                run.check()?;
            }
        }
        run.settle()
    })
}

/// The same; a failure is shrunk, and printed as a program.
///
/// # Errors
/// All that there is to say.
pub fn play_and_explain<C: Collector>(
    row: &'static Row,
    strategy: &str,
    mode: Mode,
    seed: u64,
) -> Result<(), String> {
    let Err(failure) = play::<C>(row, mode, seed) else { return Ok(()) };
    // The first time it is enough to know that it fails; the second time there is a journal.
    match is_journal_kept().then(|| shrink::shrink::<C>(row, mode, &failure)).flatten() {
        Some(least) => {
            Err(format!("{}\n{}", least.text, program::explain(strategy, mode, &least.operations)))
        }
        None => Err(format!("{}, after {} operations", failure.text, failure.operations.len())),
    }
}

/// A check for each mode and seed, of the collector `C`, which `--gc` knows as `strategy`. Named `prefix`, the mode and the seed.
pub fn checks<C: Collector>(row: &'static Row, strategy: &str, prefix: &str) -> Vec<Check> {
    let seeds = match seed_asked_for() {
        Some(seed) => vec![seed],
        None => (1..=SEEDS).collect(),
    };
    let mut checks = Vec::new();
    let moving = Mode { name: "move", zeal: "move,verify", in_child: false, steps: 900 };
    for mode in MODES.into_iter().chain(Facts::of::<C>().moves.then_some(moving)) {
        for &seed in &seeds {
            checks.push(Check {
                name: format!("{prefix}random::{}::seed_{seed}", mode.name),
                strategy: strategy.to_owned(),
                seed,
                run: Box::new({
                    let strategy = strategy.to_owned();
                    move |seed| play_and_explain::<C>(row, &strategy, mode, seed)
                }),
            });
        }
    }
    checks
}
