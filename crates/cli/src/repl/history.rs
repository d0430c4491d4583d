//! The history: a file that only its owner can read, to which each entry is added before it runs.

use super::helper::Helper;
use rustyline::Editor;
use rustyline::history::FileHistory;
use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Entries that are kept.
pub(crate) const ENTRIES: usize = 10_000;
/// The variable that names another file; empty for none.
pub(crate) const VARIABLE: &str = "CALF_HISTORY";

/// Where it is kept: where the variable says, else under the XDG state folder, else in the home folder.
fn file() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE) {
        return (!path.is_empty()).then(|| PathBuf::from(path));
    }
    let state =
        std::env::var_os("XDG_STATE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let folder = match state {
        Some(folder) => folder.join("calf"),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".local/state/calf"),
    };
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).ok()?;
    Some(folder.join("history"))
}

/// Reads it, and gives the path under which new entries are added. A folder that cannot be written to costs the history, nothing
/// else.
pub(crate) fn load(editor: &mut Editor<Helper, FileHistory>) -> Option<PathBuf> {
    let path = file()?;
    OpenOptions::new().append(true).create(true).mode(0o600).open(&path).ok()?;
    let _ = editor.load_history(&path);
    Some(path)
}

/// Adds an entry, as a whole.
pub(crate) fn add(editor: &mut Editor<Helper, FileHistory>, path: Option<&Path>, entry: &str) {
    let is_new = editor.add_history_entry(entry.trim_end()).unwrap_or(false);
    if let Some(path) = path.filter(|_| is_new) {
        let _ = editor.append_history(path);
    }
}
