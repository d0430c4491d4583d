//! `:load`, `:save`, `:edit`.

use super::session::{Input, Next, Session};
use crate::{run, signal};
use calf_source::SourceFile;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is opened where no variable says otherwise.
const EDITOR: &str = "vi";

pub(crate) fn load(session: &mut Session, path: &str) -> Next {
    match run::read_file(Path::new(path)) {
        Ok(bytes) => session.load(path, bytes),
        Err(_) => Next::Read,
    }
}

/// An entry as a script has it: with its last semicolon, and in the one style.
fn as_script(input: &Input) -> String {
    let text = input.text.trim_end();
    let parses = |text: &str| {
        let arena = bumpalo::Bump::new();
        calf_parser::parse(&arena, &SourceFile::new("saved", text)).is_ok()
    };
    let with_semicolon = format!("{text};");
    // Behind a comment a semicolon would be part of it.
    let on_its_own_line = format!("{text}\n;");
    let whole = [text, &with_semicolon, &on_its_own_line].into_iter().find(|text| parses(text));
    let whole = whole.unwrap_or(text);
    calf_format::format(&SourceFile::new("saved", whole)).unwrap_or_else(|_| format!("{whole}\n"))
}

pub(crate) fn save(session: &mut Session, path: &str) -> Next {
    let path = PathBuf::from(path);
    if path.exists() && !session.saved.contains(&path) {
        eprintln!("'{}' is there already; give another name, or remove it first.", path.display());
        return Next::Read;
    }
    let text: String = session.inputs.iter().map(as_script).collect();
    match std::fs::write(&path, text) {
        Ok(()) => {
            let entries = session.inputs.len();
            let shown = path.display().to_string();
            session.saved.push(path);
            let noun = if entries == 1 { "entry" } else { "entries" };
            session.print(&format!("{entries} {noun} in '{shown}'\n"))
        }
        Err(error) => {
            eprintln!("Cannot write '{}': {error}", path.display());
            Next::Read
        }
    }
}

/// A file of one's own for a while; it goes when this goes, in the process that made it.
pub(crate) struct Draft(PathBuf, u32);

impl Draft {
    pub(crate) fn new(text: &str) -> std::io::Result<Draft> {
        let folder = std::env::temp_dir();
        let process = std::process::id();
        for number in 0.. {
            let path = folder.join(format!("calf-{process}-{number}.calf"));
            let file =
                std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            match file {
                Ok(mut file) => {
                    let draft = Draft(path, process);
                    file.write_all(text.as_bytes())?;
                    return Ok(draft);
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        unreachable!("there are numbers enough")
    }
}

impl Draft {
    /// Its path. The folder's name is one that a program can write.
    pub(crate) fn path(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // A forked child has a copy of this, and no business with the file.
        if self.1 == std::process::id() {
            let _ = std::fs::remove_file(&self.0);
        }
    }
}

/// Opens the editor on a file and waits. False if it could not be, or left with an error, which was said.
fn open_editor(path: &Path) -> bool {
    let named = ["VISUAL", "EDITOR"].into_iter().filter_map(|name| std::env::var(name).ok());
    let editor = named.into_iter().find(|editor| !editor.trim().is_empty());
    let editor = editor.unwrap_or_else(|| EDITOR.to_string());
    // The variable may hold arguments, as in `code --wait`.
    let status = Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg("sh")
        .arg(path)
        .status();
    signal::restore_terminal();
    match status {
        Ok(status) if status.success() => true,
        Ok(status) => {
            eprintln!("'{editor}' left with {status}; nothing was run.");
            eprintln!("  tip: set VISUAL or EDITOR to the editor you like");
            false
        }
        Err(error) => {
            eprintln!("Cannot open '{editor}': {error}");
            false
        }
    }
}

pub(crate) fn edit(session: &mut Session, path: &str) -> Next {
    if !path.is_empty() {
        return if open_editor(Path::new(path)) { load(session, path) } else { Next::Read };
    }
    let last = session
        .inputs
        .last()
        .map_or(String::new(), |input| input.text.trim_end().to_string() + "\n");
    let draft = match Draft::new(&last) {
        Ok(draft) => draft,
        Err(error) => {
            eprintln!(
                "Cannot make a file to edit in '{}': {error}",
                std::env::temp_dir().display()
            );
            return Next::Read;
        }
    };
    if !open_editor(&draft.0) {
        return Next::Read;
    }
    match std::fs::read_to_string(&draft.0) {
        Ok(text) if text.trim().is_empty() || text == last => Next::Read,
        Ok(text) => session.enter(text.trim_end()),
        Err(error) => {
            eprintln!("Cannot read what was written: {error}");
            Next::Read
        }
    }
}
