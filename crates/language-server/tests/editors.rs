//! The grammars for editors have exactly the reserved words of the lexer, so that they cannot drift.

use calf_language_server::reference::{Place, entries};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// The reserved words; a test beside the reference holds its list against the lexer's.
fn reserved() -> BTreeSet<String> {
    let words = entries().iter().filter(|entry| entry.place == Place::Word);
    words.map(|entry| entry.name.to_string()).collect()
}

fn read(path: &str) -> String {
    let editors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../editors");
    std::fs::read_to_string(editors.join(path)).expect("the grammar can be read")
}

/// The texts between double quotes that are made of small letters.
fn quoted_words(text: &str) -> BTreeSet<String> {
    let quoted = text.lines().flat_map(|line| line.split('"').skip(1).step_by(2));
    let is_word =
        |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    quoted.filter(is_word).map(str::to_string).collect()
}

#[test]
fn the_textmate_grammar_knows_the_words() {
    let grammar: Value =
        serde_json::from_str(&read("textmate/calf.tmLanguage.json")).expect("JSON");
    let patterns = grammar["repository"]["words"]["patterns"].as_array().expect("patterns");
    let mut words = BTreeSet::new();
    for pattern in patterns {
        let pattern = pattern["match"].as_str().expect("a pattern");
        let inner = pattern.strip_prefix("\\b(").and_then(|rest| rest.strip_suffix(")\\b"));
        words.extend(inner.expect("words between \\b( and )\\b").split('|').map(str::to_string));
    }
    assert_eq!(words, reserved());
}

#[test]
fn the_tree_sitter_grammar_knows_the_words() {
    let grammar =
        read("tree-sitter/grammar.js").replace("name: \"calf\"", "").replace("field(\"", "field(");
    // What is left of a field's name is no longer between two quotes on its own.
    let words: BTreeSet<String> =
        grammar.lines().flat_map(|line| quoted_words(&unfielded(line))).collect();
    assert_eq!(words, reserved());
}

/// The line without the names of fields.
fn unfielded(line: &str) -> String {
    let mut rest = line;
    let mut kept = String::new();
    while let Some((before, behind)) = rest.split_once("field(") {
        kept.push_str(before);
        rest = behind.split_once('"').map_or("", |(_, behind)| behind);
    }
    kept + rest
}

#[test]
fn the_highlights_cover_the_words() {
    let mut words = quoted_words(&read("tree-sitter/queries/highlights.scm"));
    // These are nodes of their own.
    words.extend(["nil", "true", "false", "this"].map(str::to_string));
    assert_eq!(words, reserved());
}

#[test]
fn every_file_that_is_json_is() {
    for path in [
        "vscode/package.json",
        "vscode/language-configuration.json",
        "tree-sitter/tree-sitter.json",
    ] {
        let parsed: Result<Value, _> = serde_json::from_str(&read(path));
        assert!(parsed.is_ok(), "{path}: {parsed:?}");
    }
}
