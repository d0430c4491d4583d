//! Typical mistakes and what is said of them: `tests/mistakes/NAME.calf` beside `NAME.txt`, which holds the exit code and standard error.
//!
//! `CALF_UPDATE=1 cargo test --test mistakes` rewrites what is said; then read the difference as a beginner would.

mod support;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use support::{Calf, files_below, root};

/// The widest line of a message: a terminal's.
const WIDTH: usize = 80;

fn mistakes() -> Vec<PathBuf> {
    files_below(&root().join("tests/mistakes"), "calf")
}

/// What is said of a mistake.
fn said(path: &Path) -> String {
    let name = path.file_name().expect("a script has a name");
    let folder = path.parent().expect("a script lies in a folder");
    // From its folder, so that no path of this machine is in the message.
    let mut command = Calf::new().arg(name).into_command();
    command.current_dir(folder);
    let outcome = Calf::of(command).run();
    let mut text = format!("exit code {}\n", outcome.code);
    for line in outcome.stderr.lines() {
        writeln!(text, "{}", line.trim_end()).expect("a string takes all");
    }
    text
}

#[test]
fn each_mistake_is_explained() {
    let paths = mistakes();
    assert!(paths.len() >= 20, "{} mistakes", paths.len());
    let mut different = String::new();
    for path in paths {
        let now = said(&path);
        let snapshot = path.with_extension("txt");
        if std::env::var_os("CALF_UPDATE").is_some() {
            std::fs::write(&snapshot, now).expect("the snapshot can be written");
            continue;
        }
        let was = std::fs::read_to_string(&snapshot).unwrap_or_default();
        if now != was {
            writeln!(different, "{}\n--- was\n{was}--- is\n{now}", path.display())
                .expect("a string takes all");
        }
    }
    assert!(different.is_empty(), "{different}");
}

/// Every mistake has an advice, a note, a fix or a second place, is told in the width of a terminal, and says where it is.
#[test]
fn each_message_teaches() {
    for path in mistakes() {
        let text = said(&path);
        let words = ["help: ", "note: ", "declared here"];
        let advises = words.iter().any(|word| text.contains(word));
        assert!(advises, "no advice:\n{text}");
        assert!(text.contains(&format!("--> {}:", path.file_name().unwrap_or_default().display())));
        // A headline is for those who search for it, too, and is left in one line.
        let is_headline = |line: &&str| line.starts_with("error[") || line.starts_with("[line ");
        let mut lines = text.lines().filter(|line| !is_headline(line));
        let too_wide = lines.find(|line| line.chars().count() > WIDTH);
        assert_eq!(too_wide, None, "{}", path.display());
    }
}

/// What is said of other languages' names leads to names that are there.
#[test]
fn what_is_advised_is_there() {
    let samples = [("list", "[]"), ("map", "({})"), ("string", "\"\""), ("number", "1")];
    let mut program = String::new();
    for (kind, foreign, own) in calf_source::habit::MEMBERS {
        let (_, sample) = samples.iter().find(|(name, _)| name == kind).expect("a sample");
        if own.chars().all(char::is_alphanumeric) {
            writeln!(program, "{sample}.{own}; // for {foreign}").expect("a string takes all");
        }
    }
    let advised = calf_source::habit::MEMBERS.iter().map(|(.., own)| own);
    for own in advised.chain(calf_source::habit::GLOBALS.iter().map(|(_, own)| own)) {
        let name = own.split('(').next().unwrap_or_default();
        let is_name = name.split('.').all(|part| part.chars().all(char::is_alphanumeric));
        let is_global = ["math.", "os.", "len", "num", "str", "type", "input", "Error", "json"];
        if is_name && own.contains('(') && is_global.iter().any(|start| name.starts_with(start)) {
            writeln!(program, "{name};").expect("a string takes all");
        }
    }
    assert!(program.lines().count() > 40, "{program}");
    Calf::new().args(["-e", &program]).run().expect_code(support::OK).expect_stdout("");
}
