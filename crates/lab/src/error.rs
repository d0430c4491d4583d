//! Why the lab could not run, as against what it found.

use std::path::PathBuf;
use std::{fmt, io};

/// What went wrong.
#[derive(Debug)]
pub enum LabError {
    /// There is no experiment of this name.
    UnknownExperiment {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// There is no strategy of this name.
    UnknownStrategy {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// What was asked for makes no sense together.
    Usage(String),
    /// A results file could not be read or written.
    File {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file could not be written, or the program not be started.
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        error: io::Error,
    },
    /// What an experiment predicts did not come true. Everything was measured and printed.
    Refuted {
        /// The experiments.
        experiments: Vec<&'static str>,
    },
    /// Some cells crashed, hung or failed. Everything else was measured and printed.
    CellsFailed {
        /// How many.
        failed: usize,
        /// Of how many.
        of: usize,
    },
}

impl LabError {
    /// Is it a mistake in the command (exit code 64)?
    pub fn is_usage(&self) -> bool {
        use LabError::{UnknownExperiment, UnknownStrategy, Usage};
        matches!(self, UnknownExperiment { .. } | UnknownStrategy { .. } | Usage(_))
    }

    /// Turns an [`io::Error`] met while `doing` something into this error.
    pub(crate) fn while_doing(doing: &'static str) -> impl FnOnce(io::Error) -> LabError {
        move |error| LabError::Io { doing, error }
    }
}

impl fmt::Display for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LabError::UnknownExperiment { name, known } => {
                write!(f, "there is no experiment '{name}'; there are: {}", known.join(", "))
            }
            LabError::UnknownStrategy { name, known } => {
                write!(f, "there is no strategy '{name}'; there are: {}", known.join(", "))
            }
            LabError::Usage(what) => f.write_str(what),
            LabError::File { path, error } => write!(f, "{}: {error}", path.display()),
            LabError::Refuted { experiments } => {
                write!(f, "predictions that do not hold: {}", experiments.join(", "))
            }
            LabError::Io { doing, error } => write!(f, "{doing}: {error}"),
            LabError::CellsFailed { failed, of } => {
                write!(f, "{failed} of {of} cells failed; the rest was measured")
            }
        }
    }
}

impl std::error::Error for LabError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            LabError::Io { error, .. } | LabError::File { error, .. } => Some(error),
            _ => None,
        }
    }
}
