//! The keys that are worth knowing: one table, for `:help keys` and for those that the line editor does not have by itself.

use super::helper::Helper;
use rustyline::history::FileHistory;
use rustyline::{Cmd, Editor, KeyCode, KeyEvent, Modifiers};

/// A key, what it does, and what to bind it to if it is not there already.
pub(crate) struct Key {
    pub name: &'static str,
    pub summary: &'static str,
    binding: Option<(KeyEvent, Cmd)>,
}

const fn key(name: &'static str, summary: &'static str) -> Key {
    Key { name, summary, binding: None }
}

pub(crate) const KEYS: &[Key] = &[
    key("Tab", "completes; twice lists what there is"),
    key("Right, Ctrl-F", "takes over the grey hint"),
    key("Up, Down", "the entries before; within an entry of several lines, its lines"),
    Key {
        name: "Page Up",
        summary: "the entry before that begins like what is typed",
        binding: Some((KeyEvent(KeyCode::PageUp, Modifiers::NONE), Cmd::HistorySearchBackward)),
    },
    Key {
        name: "Page Down",
        summary: "the next that begins like it",
        binding: Some((KeyEvent(KeyCode::PageDown, Modifiers::NONE), Cmd::HistorySearchForward)),
    },
    key("Ctrl-R", "searches all entries for what is typed then"),
    key("Enter", "runs the entry, or goes on with a new line while something is open"),
    Key {
        name: "Alt-Enter",
        summary: "a new line in any case",
        binding: Some((KeyEvent(KeyCode::Enter, Modifiers::ALT), Cmd::Newline)),
    },
    key("Ctrl-A, Ctrl-E", "the beginning, the end"),
    key("Ctrl-W, Ctrl-K, Ctrl-Y", "cuts the word before, cuts the rest, puts back"),
    key("Ctrl-_", "takes back the last change"),
    key("Ctrl-C", "drops what is typed; interrupts what runs, and the second time ends Calf"),
    key("Ctrl-D", "leaves, on an empty line"),
];

pub(crate) fn bind(editor: &mut Editor<Helper, FileHistory>) {
    for (event, command) in KEYS.iter().filter_map(|key| key.binding.clone()) {
        editor.bind_sequence(event, command);
    }
}
