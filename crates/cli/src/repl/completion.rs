//! What Tab offers: commands and what they take, words, names, and behind a dot what the object has that is there right now.

use super::command::{self, COMMANDS, Takes};
use super::{help, session};
use calf_language_server::reference::{self, Entry, Place};
use calf_lexer::{ErrorKind, Lexer, Token};
use calf_source::Span;
use calf_vm::Machine;
use calf_vm::session::{Member, MemberKind, Step};
use rustyline::completion::Pair;
use std::collections::BTreeMap;
use std::path::Path;

/// The candidates by what is put in, each with what is shown.
type Found = BTreeMap<String, String>;

/// Where in `line`, which ends at the cursor, the word begins that is completed, and what it could become.
pub(crate) fn complete(
    machine: &dyn Machine,
    strategies: &[&'static str],
    line: &str,
) -> (usize, Vec<Pair>) {
    let (start, found) = match command::split(line) {
        Some((name, "")) if !line.ends_with(char::is_whitespace) => {
            let start = line.len() - name.len();
            (start, COMMANDS.iter().map(|row| shown(row.name, row.usage())).collect())
        }
        Some((name, rest)) => {
            let takes = command::named(name).map_or(Takes::Nothing, |command| command.takes);
            let (start, found) = argument(machine, strategies, takes, rest);
            (line.len() - rest.len() + start, found)
        }
        None => program(machine, line),
    };
    let typed = &line[start..];
    let matching = found.into_iter().filter(|(name, _)| name.starts_with(typed));
    (start, matching.map(|(replacement, display)| Pair { display, replacement }).collect())
}

fn shown(name: &str, display: impl Into<String>) -> (String, String) {
    (name.to_string(), display.into())
}

fn names<'n>(names: impl IntoIterator<Item = &'n str>) -> Found {
    names.into_iter().map(|name| shown(name, name)).collect()
}

/// What a command takes.
fn argument(
    machine: &dyn Machine,
    strategies: &[&'static str],
    takes: Takes,
    text: &str,
) -> (usize, Found) {
    match takes {
        Takes::Nothing => (text.len(), Found::new()),
        Takes::Expression => program(machine, text),
        Takes::CountAndExpression => {
            let (_, expression) = command::split_count(text);
            let (start, found) = program(machine, expression);
            (text.len() - expression.len() + start, found)
        }
        Takes::File => files(text),
        Takes::Strategy => (0, names(strategies.iter().copied())),
        Takes::Topic => (0, names(help::topics().iter().map(String::as_str))),
        Takes::Setting => (0, names(session::SETTINGS.iter().map(|setting| setting.name))),
    }
}

/// Paths that begin as `text` does; folders end with a slash.
fn files(text: &str) -> (usize, Found) {
    let start = text.rfind('/').map_or(0, |slash| slash + 1);
    let folder = if start == 0 { Path::new(".") } else { Path::new(&text[..start]) };
    let mut found = Found::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(mut name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') && !text[start..].starts_with('.') {
            continue;
        }
        if entry.path().is_dir() {
            name.push('/');
        }
        found.insert(name.clone(), name);
    }
    (start, found)
}

/// A program up to the cursor.
fn program(machine: &dyn Machine, text: &str) -> (usize, Found) {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let start = text.trim_end_matches(is_name).len();
    let tokens = match code_before(text, start) {
        Ok(tokens) => tokens,
        Err(Some(quote)) if is_import(&text[..quote]) => {
            let (at, found) = files(&text[quote + 1..]);
            return (quote + 1 + at, found);
        }
        Err(_) => return (text.len(), Found::new()),
    };
    let found = match tokens.as_slice() {
        [holder @ .., (Token::Dot, _)] => members(machine, text, holder),
        [.., (Token::Number, _)] if start == text.len() => Found::new(),
        _ => words(machine),
    };
    (start, found)
}

/// The tokens before `start`. On `Err` that place is within a string, which begins here, or in a comment.
fn code_before(text: &str, start: usize) -> Result<Vec<(Token, Span)>, Option<usize>> {
    let before = &text[..start];
    let mut tokens: Vec<(Token, Span)> = Vec::new();
    for found in Lexer::new(before) {
        match found {
            Ok(found) => tokens.push(found),
            Err(error) if error.kind == ErrorKind::UnterminatedString => {
                return Err(Some(error.span.start as usize));
            }
            Err(error) if error.kind == ErrorKind::UnterminatedComment => return Err(None),
            Err(_) => {}
        }
    }
    let end = tokens.last().map_or(0, |(_, span)| span.end);
    let mut comments = calf_lexer::comments(before, Span::new(end, start as u32));
    let is_comment = comments.any(|comment| comment.is_line && comment.span.end == start as u32);
    if is_comment { Err(None) } else { Ok(tokens) }
}

/// Does this text end with the word that a path follows?
fn is_import(before: &str) -> bool {
    let tokens = Lexer::new(before).filter_map(Result::ok);
    tokens.last().is_some_and(|(token, _)| token == Token::Import)
}

/// Words, the session's globals, natives and modules.
fn words(machine: &dyn Machine) -> Found {
    let mut found = names(calf_lexer::RESERVED_WORDS.iter().copied());
    for name in machine.builtins() {
        let entry = reference::find(Place::Global, &name);
        let display = entry.map_or(name.clone(), |entry| entry.signature.to_string());
        found.insert(name, display);
    }
    for global in machine.globals() {
        found.insert(global.name.clone(), global.name);
    }
    found
}

/// What may stand behind the dot that follows these tokens of `text`: of the object that is there now, or of the type that a literal has, or of
/// any type.
fn members(machine: &dyn Machine, text: &str, holder: &[(Token, Span)]) -> Found {
    let (root, path) = match path_before(text, holder) {
        Holder::Path(root, path, _) => (root, path),
        Holder::Type(kind) => return methods(|found| found == kind),
        Holder::Unknown => return methods(|_| true),
    };
    match machine.members(&root, &path) {
        Some(members) => members.into_iter().map(display).collect(),
        None => Found::new(),
    }
}

fn display(member: Member) -> (String, String) {
    let entry: Option<&Entry> = match member.kind {
        MemberKind::Field => None,
        MemberKind::Method => reference::methods(&member.name)
            .find(|entry| matches!(entry.place, Place::Method(kind) if kind == member.owner)),
        MemberKind::Global => reference::entries().iter().find(|entry| {
            entry.name == member.name
                && matches!(entry.place, Place::Module(module) if module == member.owner)
        }),
    };
    let display = match (entry, member.kind) {
        (Some(entry), _) => entry.signature.to_string(),
        (None, MemberKind::Method) => format!("{}()", member.name),
        (None, _) => member.name.clone(),
    };
    (member.name, display)
}

fn methods(wanted: impl Fn(&str) -> bool) -> Found {
    let entries = reference::entries().iter();
    let of = entries.filter(|entry| matches!(entry.place, Place::Method(kind) if wanted(kind)));
    of.map(|entry| shown(entry.name, entry.signature)).collect()
}

/// What stands in front of a dot.
enum Holder {
    /// A global, the way from there, and how many tokens stand in front of it.
    Path(String, Vec<Step>, usize),
    /// Something of this type.
    Type(&'static str),
    /// The value of a call, say: to know it would mean to run it.
    Unknown,
}

/// A text that is nothing but a path, as `herd.cows[0].name` is: its global and the way from there.
pub(crate) fn path(text: &str) -> Option<(String, Vec<Step>)> {
    let tokens: Result<Vec<_>, _> = Lexer::new(text).collect();
    match path_before(text, &tokens.ok()?) {
        Holder::Path(root, path, 0) => Some((root, path)),
        _ => None,
    }
}

/// What these tokens of `text` end with, walked backwards over names, dots and literal indices.
fn path_before(text: &str, tokens: &[(Token, Span)]) -> Holder {
    let lexeme = |index: usize| &text[tokens[index].1.range()];
    let token = |index: usize| tokens[index].0;
    let mut steps = Vec::new();
    let mut end = tokens.len();
    loop {
        if end == 0 {
            return Holder::Unknown;
        }
        match token(end - 1) {
            Token::Identifier if end >= 2 && token(end - 2) == Token::Dot => {
                steps.push(Step::Name(lexeme(end - 1).to_string()));
                end -= 2;
            }
            Token::Identifier => {
                steps.reverse();
                return Holder::Path(lexeme(end - 1).to_string(), steps, end - 1);
            }
            Token::RightBracket if end >= 3 && token(end - 3) == Token::LeftBracket => {
                match token(end - 2) {
                    Token::Number => {
                        steps.push(Step::Number(calf_lexer::number(lexeme(end - 2))));
                    }
                    Token::String if !lexeme(end - 2).contains('\\') => {
                        steps.push(Step::Text(lexeme(end - 2).trim_matches('"').to_string()));
                    }
                    _ => return Holder::Unknown,
                }
                end -= 3;
                // A list of one item, not an index.
                let is_index =
                    end > 0 && matches!(token(end - 1), Token::Identifier | Token::RightBracket);
                if !is_index {
                    return if steps.len() == 1 { Holder::Type("list") } else { Holder::Unknown };
                }
            }
            Token::RightBracket if steps.is_empty() && is_list(tokens) => {
                return Holder::Type("list");
            }
            Token::String | Token::InterpolationEnd if steps.is_empty() => {
                return Holder::Type("string");
            }
            _ => return Holder::Unknown,
        }
    }
}

/// Does the bracket that the text ends with close a list, and no index?
fn is_list(tokens: &[(Token, Span)]) -> bool {
    let mut depth = 0;
    for (index, (token, _)) in tokens.iter().enumerate().rev() {
        match token {
            Token::RightBracket => depth += 1,
            Token::LeftBracket => {
                depth -= 1;
                if depth == 0 {
                    let before = index.checked_sub(1).map(|before| tokens[before].0);
                    return !matches!(
                        before,
                        Some(Token::Identifier | Token::RightBracket | Token::RightParenthesis)
                    );
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{Step, path};

    #[test]
    fn paths_are_names_dots_and_literal_indices() {
        let name = |text: &str| Step::Name(text.to_string());
        let expected = vec![name("cows"), Step::Number(2.0), Step::Text("a b".into()), name("x")];
        assert_eq!(path("herd.cows[2][\"a b\"].x"), Some(("herd".to_string(), expected)));
        assert_eq!(path(" herd "), Some(("herd".to_string(), Vec::new())));
        for text in ["", "1", "herd.", "herd[i]", "herd()", "1 + a", "[a]", "[1]", "a[", "\"a"] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
