//! `docs/reference.md`, the one place for what there is to say about each word and each native.

use std::sync::LazyLock;

/// Where a name of the reference is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A reserved word.
    Word,
    /// A global function or class.
    Global,
    /// A method of this type.
    Method(&'static str),
    /// A member of this module.
    Module(&'static str),
}

/// A line of the reference.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Where the name is found.
    pub place: Place,
    /// The name.
    pub name: &'static str,
    /// The name with its parameters.
    pub signature: &'static str,
    /// What there is to say.
    pub text: &'static str,
}

static ENTRIES: LazyLock<Vec<Entry>> =
    LazyLock::new(|| parse(include_str!("../../../docs/reference.md")));

/// All of them, in the order of the page.
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// The names of the modules, in the order of the page.
pub fn modules() -> Vec<&'static str> {
    let mut names: Vec<_> = entries()
        .iter()
        .filter_map(|entry| match entry.place {
            Place::Module(name) => Some(name),
            _ => None,
        })
        .collect();
    names.dedup();
    names
}

/// The line of a name at a place.
pub fn find(place: Place, name: &str) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.place == place && entry.name == name)
}

/// The lines of all methods of this name.
pub fn methods(name: &str) -> impl Iterator<Item = &'static Entry> {
    entries()
        .iter()
        .filter(move |entry| matches!(entry.place, Place::Method(_)) && entry.name == name)
}

fn parse(page: &'static str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut place = Place::Word;
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            place = match (title, title.strip_prefix("Module ")) {
                (_, Some(module)) => Place::Module(module),
                ("Words", _) => Place::Word,
                ("Functions" | "Classes of errors", _) => Place::Global,
                (kind, _) => Place::Method(kind),
            };
        } else if let Some((signature, text)) =
            line.strip_prefix("- `").and_then(|rest| rest.split_once("`: "))
        {
            let name = signature.split('(').next().unwrap_or(signature);
            entries.push(Entry { place, name, signature, text });
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reserved_word_has_its_line() {
        let words: Vec<_> = entries().iter().filter(|entry| entry.place == Place::Word).collect();
        let names: Vec<_> = words.iter().map(|entry| entry.name).collect();
        assert_eq!(names, calf_lexer::RESERVED_WORDS);
        assert_eq!(
            find(Place::Module("math"), "pow").map(|entry| entry.signature),
            Some("pow(x, y)")
        );
        assert_eq!(modules(), ["gc", "os", "mem", "heap", "math", "time", "json"]);
    }
}
