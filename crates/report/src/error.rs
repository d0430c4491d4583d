//! What can go wrong with a report.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is no report.
#[derive(Debug)]
pub enum ReportError {
    /// A results file or folder cannot be read, or the page cannot be written.
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A folder holds no results.
    EmptyFolder(PathBuf),
    /// The files hold no cell.
    NoCells,
}

impl ReportError {
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> ReportError {
        let path = path.to_owned();
        move |error| ReportError::Io { path, error }
    }
}

impl fmt::Display for ReportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReportError::Io { path, error } => write!(formatter, "{}: {error}", path.display()),
            ReportError::EmptyFolder(path) => write!(
                formatter,
                "{}: no file there ends in .jsonl; name the results file itself",
                path.display()
            ),
            ReportError::NoCells => write!(
                formatter,
                "there is no cell in these results; `calf lab run --all --results FILE` writes some"
            ),
        }
    }
}

impl std::error::Error for ReportError {}
