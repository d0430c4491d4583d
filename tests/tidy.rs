//! The invariants of ARCHITECTURE.md that can be read off the sources and manifests.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use support::{files_below, root, strategies};

/// Who may import whom among our own crates.
const IMPORTS: [(&str, &[&str]); 17] = [
    ("source", &[]),
    ("lexer", &["source"]),
    ("parser", &["source", "lexer"]),
    ("format", &["source", "lexer", "parser"]),
    ("bytecode", &["source"]),
    ("compiler", &["source", "parser", "bytecode"]),
    ("gc", &["gc-kit"]),
    ("gc-kit", &["gc"]),
    ("gc-template", &["gc", "gc-kit", "lang"]),
    ("vm", &["source", "lexer", "parser", "bytecode", "compiler", "gc", "meter", "snapshot"]),
    ("meter", &[]),
    ("snapshot", &[]),
    ("processes", &["meter"]),
    ("lab", &["meter"]),
    ("report", &["lab"]),
    ("suite", &[]),
    ("language-server", &["source", "lexer", "parser", "compiler", "format"]),
];

/// Crates that have no business with raw memory.
const SAFE_CRATES: [&str; 12] = [
    "source",
    "lexer",
    "parser",
    "format",
    "bytecode",
    "compiler",
    "lab",
    "report",
    "suite",
    "snapshot",
    "processes",
    "language-server",
];

/// What every collector's file says of itself, in this order.
const HEADINGS: [&str; 5] = ["Idea", "Layout", "Barriers", "Collection", "After a fork"];

/// How many lines above an unsafe block its reason may begin.
const REASON_WITHIN: usize = 8;

fn read(path: &Path) -> String {
    fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn sources_of(name: &str) -> Vec<PathBuf> {
    let found = files_below(&root().join("crates").join(name).join("src"), "rs");
    assert!(!found.is_empty(), "crates/{name}/src is empty");
    found
}

/// A source file for messages: its path below the repository.
fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The numbered lines of the code that is shipped: neither comments nor tests.
fn shipped_lines(path: &Path) -> Vec<(usize, String)> {
    if path.file_stem().is_some_and(|stem| stem == "tests") {
        return Vec::new();
    }
    let text = read(path);
    let before_tests = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let numbered = before_tests.lines().enumerate();
    numbered.map(|(index, line)| (index + 1, without_comment(line).to_owned())).collect()
}

fn without_comment(line: &str) -> &str {
    // A `//` within a string literal is rare, and cutting there only makes a check see less.
    line.find("//").map_or(line, |start| &line[..start])
}

#[track_caller]
fn assert_none(found: Vec<String>, what: &str) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

/// Our own crates that a manifest names as dependencies of any kind.
fn dependencies(manifest: &Path) -> BTreeSet<String> {
    let mut section = String::new();
    let mut found = BTreeSet::new();
    for line in read(manifest).lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if section.ends_with("dependencies") && !section.starts_with("workspace") {
            let name = line.split(['=', '.']).next().unwrap_or_default().trim();
            found.extend(name.strip_prefix("calf-").map(str::to_owned));
        }
    }
    found
}

#[test]
fn crates_import_only_whom_they_may() {
    let mut wrong = Vec::new();
    for (name, allowed) in IMPORTS {
        let manifest = root().join("crates").join(name).join("Cargo.toml");
        for import in dependencies(&manifest) {
            if !allowed.contains(&import.as_str()) {
                wrong.push(format!("{name} imports {import}"));
            }
        }
    }
    assert_none(wrong, "imports against the architecture");
}

#[test]
fn every_crate_has_its_place_in_the_architecture() {
    let known: BTreeSet<&str> = IMPORTS.iter().map(|(name, _)| *name).chain(["cli"]).collect();
    let map = read(&root().join("ARCHITECTURE.md"));
    for entry in fs::read_dir(root().join("crates")).expect("the crates can be listed") {
        let name = entry.expect("a crate can be listed").file_name().to_string_lossy().into_owned();
        assert!(
            known.contains(name.as_str()),
            "crates/{name} has no place among the imports above"
        );
        assert!(
            map.contains(&format!("`crates/{name}`")),
            "ARCHITECTURE.md does not name crates/{name}"
        );
    }
}

#[test]
fn nobody_imports_the_command_line() {
    // But for the template, which is a command itself.
    for (name, _) in IMPORTS.into_iter().filter(|(name, _)| *name != "gc-template") {
        let manifest = read(&root().join("crates").join(name).join("Cargo.toml"));
        let is_import =
            |line: &str| line.starts_with("calf-lang ") || line.starts_with("calf-lang=");
        assert!(!manifest.lines().any(is_import), "{name} imports the root package");
    }
}

#[test]
fn only_the_table_of_strategies_names_them() {
    let names = strategies();
    let mut wrong = Vec::new();
    for crate_name in ["source", "lexer", "parser", "bytecode", "compiler", "vm", "cli"] {
        for path in sources_of(crate_name) {
            for (number, line) in shipped_lines(&path) {
                for name in &names {
                    // A native may be called as a strategy is: it is a row of the natives' table.
                    let quoted = format!("\"{name}\"");
                    let is_native = line.trim_start().starts_with(&quoted) && line.contains("..=");
                    if line.contains(&quoted) && !is_native {
                        wrong.push(format!("{}:{number}: {}", shown(&path), line.trim()));
                    }
                }
            }
        }
    }
    assert_none(wrong, "strategies are named outside of crates/gc/src/strategy.rs");
}

#[test]
fn only_the_table_of_strategies_matches_on_them() {
    let mut wrong = Vec::new();
    for path in files_below(&root().join("crates"), "rs") {
        if path.ends_with("gc/src/strategy.rs")
            || !path.components().any(|part| part.as_os_str() == "src")
        {
            continue;
        }
        for (number, line) in shipped_lines(&path) {
            if line.split("Strategy::").skip(1).any(begins_like_a_variant) {
                wrong.push(format!("{}:{number}: {}", shown(&path), line.trim()));
            }
        }
    }
    assert_none(wrong, "a variant of Strategy outside of crates/gc/src/strategy.rs");
}

/// `Frozen` is a variant; `named` is a function, `DEFAULT` a constant.
fn begins_like_a_variant(path: &str) -> bool {
    let mut letters = path.chars();
    letters.next().is_some_and(|letter| letter.is_ascii_uppercase())
        && letters.next().is_some_and(|letter| letter.is_ascii_lowercase())
}

#[test]
fn crates_that_need_no_unsafe_code_forbid_it() {
    for name in SAFE_CRATES {
        let lib = read(&root().join("crates").join(name).join("src/lib.rs"));
        assert!(
            lib.contains("#![forbid(unsafe_code)]"),
            "crates/{name} does not forbid unsafe code"
        );
    }
}

#[test]
fn every_unsafe_block_has_its_reason() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for path in files_below(&root().join("crates"), "rs") {
        let text = read(&path);
        let lines: Vec<&str> = text.lines().collect();
        // Accessors, blocks of a single line, may share a reason, which then names them: `// SAFETY (register, constant): …`.
        let is_shared = text.contains("// SAFETY (");
        for (index, line) in lines.iter().enumerate() {
            let code = without_comment(line);
            if !(code.contains("unsafe {") || code.contains("unsafe impl")) {
                continue;
            }
            seen += 1;
            let closes = |line: &&str| line.trim_start().starts_with('}');
            let is_accessor = code.contains('}') || lines.get(index + 2).is_some_and(closes);
            if is_shared && code.contains("unsafe {") && is_accessor {
                continue;
            }
            let above = &lines[index.saturating_sub(REASON_WITHIN)..=index];
            if !above.iter().any(|line| line.contains("SAFETY:")) {
                wrong.push(format!("{}:{}: {}", shown(&path), index + 1, line.trim()));
            }
        }
    }
    assert!(seen > 20, "the search found next to nothing: is it still right?");
    assert_none(wrong, "unsafe code without a reason");
}

#[test]
fn every_collector_has_the_five_headings() {
    let directory = root().join("crates/gc/src/collectors");
    let files = files_below(&directory, "rs");
    assert!(files.len() > 5, "the collectors are missing");
    for path in files {
        if path.file_name().is_some_and(|name| name == "mod.rs") {
            continue;
        }
        let text = read(&path);
        let header: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        let is_heading = |line: &&str| line.starts_with("//! # ");
        let headings: Vec<&str> =
            header.iter().copied().filter(is_heading).map(|line| &line["//! # ".len()..]).collect();
        assert_eq!(headings, HEADINGS, "{}", shown(&path));
    }
}

#[test]
fn the_readme_has_a_row_for_each_strategy() {
    let readme = read(&root().join("README.md"));
    let rows: BTreeSet<String> = readme.lines().filter_map(first_name_of_row).collect();
    for name in strategies() {
        assert!(rows.contains(&name), "README.md has no row for {name}");
    }
}

/// The name in the first cell of a table's row, if that cell is a name in code type, bold or not.
fn first_name_of_row(line: &str) -> Option<String> {
    let cell = line.strip_prefix('|')?.split('|').next()?.trim().trim_matches('*');
    Some(cell.strip_prefix('`')?.strip_suffix('`')?.to_owned())
}

#[test]
fn nothing_is_left_to_be_done_later() {
    let mut wrong = Vec::new();
    for path in files_below(&root().join("crates"), "rs") {
        for (index, line) in read(&path).lines().enumerate() {
            let unfinished = ["TODO", "FIXME", "XXX", "todo!(", "unimplemented!(", "dbg!("];
            if unfinished.iter().any(|mark| line.contains(mark)) {
                wrong.push(format!("{}:{}: {}", shown(&path), index + 1, line.trim()));
            }
        }
    }
    assert_none(wrong, "unfinished");
}

#[test]
fn scripts_are_where_the_suites_find_them() {
    for path in files_below(&root().join("tests"), "calf") {
        let below = shown(&path);
        let folders = ["tests/language/", "tests/fork/", "tests/mistakes/"];
        let is_found = folders.iter().any(|folder| below.starts_with(folder));
        assert!(is_found, "{below} is run by no suite");
    }
}

#[test]
fn lessons_are_numbered_without_a_gap() {
    let directory = root().join("examples");
    let mut numbers = Vec::new();
    for path in files_below(&directory, "calf") {
        if path.parent() != Some(&directory) {
            continue;
        }
        let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
        let number = name.split('_').next().and_then(|digits| digits.parse::<usize>().ok());
        numbers.push(number.unwrap_or_else(|| panic!("{name} has no number")));
    }
    numbers.sort_unstable();
    assert!(numbers.len() >= 8, "lessons are missing: {numbers:?}");
    assert!(numbers.iter().copied().eq(1..=numbers.len()), "a gap or a double: {numbers:?}");
}
