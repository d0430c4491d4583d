//! What is chosen when a heap is made, and what can be wrong with it.

use crate::strategy::STRATEGIES;
use crate::zeal::Zeal;
use std::fmt;

/// The heap's limit if none is asked for: 8 GiB.
pub const DEFAULT_LIMIT: usize = 8 << 30;

/// An option of a strategy, as in `--gc NAME:key=value`; the rows of [`STRATEGIES`] list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StrategyOption {
    /// What stands before the `=`.
    pub key: &'static str,
    /// What may stand behind it: words separated by `, `, the default first; or what kind of text.
    pub values: &'static str,
    /// What it does, in one sentence.
    pub meaning: &'static str,
    /// Where that was published.
    pub source: &'static str,
}

impl StrategyOption {
    /// The values, the default first, if they are few; none if any text of a kind may stand there.
    pub fn choices(&self) -> Vec<&'static str> {
        let words: Vec<&str> = self.values.split(", ").collect();
        if words.len() > 1 { words } else { Vec::new() }
    }
}

/// What is chosen when a heap is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// The most bytes that objects may take, in blocks and runs.
    pub limit: usize,
    /// A full collection before every allocation.
    pub stress: bool,
    /// The verifier before and after every collection.
    pub verify: bool,
    /// Where each object was allocated, so that the verifier's messages can say it; `verify` keeps it in any case.
    pub journal: bool,
    /// Where the program was when it allocated each object, by [`crate::Roots::site`]; see [`crate::Heap::sites`].
    pub sites: bool,
    /// What else is to bring bugs to light: see [`Zeal`].
    pub zeal: Zeal,
    /// A line on standard error for every collection.
    pub log: bool,
    /// The strategy's own options, as in `--gc NAME:key=value,…`.
    pub arguments: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            limit: DEFAULT_LIMIT,
            stress: false,
            verify: false,
            journal: false,
            sites: false,
            zeal: Zeal::default(),
            log: false,
            arguments: Vec::new(),
        }
    }
}

impl Options {
    /// The value of the strategy's option `key`, the last one given.
    pub fn argument(&self, key: &str) -> Option<&str> {
        self.arguments.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Is the option `key` on? `off` where it is not given.
    ///
    /// # Errors
    /// Its value is neither `on` nor `off`.
    pub fn switch(&self, key: &'static str) -> Result<bool, HeapError> {
        self.switch_or(key, false)
    }

    /// Is the option `key` on? `default` where it is not given.
    ///
    /// # Errors
    /// Its value is neither `on` nor `off`.
    pub fn switch_or(&self, key: &'static str, default: bool) -> Result<bool, HeapError> {
        match self.argument(key) {
            None => Ok(default),
            Some("off") => Ok(false),
            Some("on") => Ok(true),
            Some(value) => Err(HeapError::Value { key, value: value.to_owned(), known: "on, off" }),
        }
    }

    /// The number that the option `key` gives, or `default`.
    ///
    /// # Errors
    /// Its value is no number.
    pub fn number(&self, key: &'static str, default: usize) -> Result<usize, HeapError> {
        let Some(text) = self.argument(key) else { return Ok(default) };
        let unknown = |_| HeapError::Value { key, value: text.to_owned(), known: "a whole number" };
        text.parse().map_err(unknown)
    }

    /// Refuses a value of the option `key` that is not one of `known`, which are separated by `, `.
    ///
    /// # Errors
    /// It has such a value.
    pub fn check_choice(&self, key: &'static str, known: &'static str) -> Result<(), HeapError> {
        match self.argument(key) {
            Some(value) if known.split(", ").all(|one| one != value) => {
                Err(HeapError::Value { key, value: value.to_owned(), known })
            }
            _ => Ok(()),
        }
    }

    /// The options that every strategy has.
    pub const COMMON: [StrategyOption; 2] = [
        StrategyOption {
            key: "fresh",
            values: "off, on",
            meaning: "in a child, no hole of a page that was filled before the fork is handed out",
            source: "new; the fresh blocks of Immix, Blackburn and McKinley, PLDI 2008",
        },
        StrategyOption {
            key: "collect-before-fork",
            values: "off, on",
            meaning: "a full collection before each fork",
            source: "ko1/nakayoshi_fork; Ruby 3.3, Process.warmup",
        },
    ];

    fn is_common(key: &str) -> bool {
        Options::COMMON.iter().any(|option| option.key == key)
    }

    /// Refuses options that neither the strategy nor all of them know.
    ///
    /// # Errors
    /// The first such option, with those that it does know.
    pub fn check_arguments(&self, known: &'static [&'static str]) -> Result<(), HeapError> {
        let is_known = |key: &str| known.contains(&key) || Options::is_common(key);
        match self.arguments.iter().find(|(key, _)| !is_known(key)) {
            Some((key, _)) => Err(HeapError::Argument { key: key.clone(), known }),
            None => Ok(()),
        }
    }
}

/// Why there is no heap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeapError {
    /// The kernel refuses address space.
    Reserve {
        /// The region that was to be reserved.
        name: &'static str,
        /// The bytes asked for.
        bytes: usize,
        /// What the kernel said.
        error: String,
    },
    /// The strategy has no such option.
    Argument {
        /// The option.
        key: String,
        /// Those of its own; it also has [`Options::COMMON`].
        known: &'static [&'static str],
    },
    /// The strategy moves no objects, and cannot be asked to.
    CannotMove,
    /// An option has no such value.
    Value {
        /// The option.
        key: &'static str,
        /// The value.
        value: String,
        /// Those that it may have.
        known: &'static str,
    },
}

impl fmt::Display for HeapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeapError::Reserve { name, bytes, error } => {
                let mebibytes = bytes >> 20;
                write!(
                    f,
                    "cannot reserve {mebibytes} MiB of addresses for '{name}': {error}; raise `ulimit -v`"
                )
            }
            HeapError::Argument { key, known } => {
                let own = known.iter().copied().filter(|key| !Options::is_common(key));
                let common = Options::COMMON.iter().map(|option| option.key);
                let known: Vec<&str> = own.chain(common).collect();
                write!(f, "this strategy has no option '{key}'; it has: {}", known.join(", "))
            }
            HeapError::CannotMove => {
                let able: Vec<&str> =
                    STRATEGIES.iter().filter(|row| row.facts.moves).map(|row| row.name).collect();
                write!(
                    f,
                    "the zeal mode 'move' needs a strategy that moves objects: {}",
                    able.join(", ")
                )
            }
            HeapError::Value { key, value, known } => {
                write!(f, "the option '{key}' cannot be '{value}'; it can be: {known}")
            }
        }
    }
}

impl std::error::Error for HeapError {}
