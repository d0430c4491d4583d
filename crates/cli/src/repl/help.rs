//! `:help`: the documentation is inside. Commands and keys come from their tables, words and natives from the reference, collectors
//! from theirs, and the pages of the guide from the guide.

use super::command::{COMMANDS, Command, Group};
use super::keys::KEYS;
use super::layout::{self, glossary, wrapped};
use super::restart;
use super::session::{Next, Session};
use calf_language_server::reference::{self, Entry, Place};
use std::fmt::Write;

const GUIDE: &str = include_str!("../../../../docs/language.md");
/// Columns after which a text is hard to read, however wide the terminal is.
const COLUMNS: usize = 100;
/// Blanks in front of the second line of an entry.
const INDENT: usize = 4;
/// Topics that are no names.
const KEYS_TOPIC: &str = "keys";
const GUIDE_TOPIC: &str = "language";

/// A page of the guide: its title, and its text.
struct Page {
    title: &'static str,
    text: &'static str,
}

fn pages() -> Vec<Page> {
    let sections = GUIDE.split("\n## ").skip(1);
    let page = |section: &'static str| {
        let (title, text) = section.split_once('\n').unwrap_or((section, ""));
        Page { title, text: text.trim() }
    };
    sections.map(page).collect()
}

/// The word under which a page is found: the first of its title that is long enough to mean something.
fn word(title: &str) -> String {
    let mut words = title.split(|c: char| !c.is_alphanumeric());
    let found = words.rfind(|word| word.len() > 3).unwrap_or(title);
    found.to_lowercase()
}

/// Everything that help can be had about.
pub(crate) fn topics() -> Vec<String> {
    let commands = COMMANDS.iter().map(|command| command.name.to_string());
    let names = reference::entries().iter().map(|entry| entry.name.to_string());
    let owners = reference::entries().iter().filter_map(|entry| match entry.place {
        Place::Method(owner) | Place::Module(owner) => Some(owner.to_string()),
        Place::Word | Place::Global => None,
    });
    let pages = pages().into_iter().map(|page| word(page.title));
    let others = [KEYS_TOPIC, GUIDE_TOPIC].map(String::from);
    let mut topics: Vec<String> =
        commands.chain(names).chain(owners).chain(pages).chain(others).collect();
    topics.sort();
    topics.dedup();
    topics
}

pub(crate) fn help(session: &mut Session, topic: &str) -> Next {
    let topic = topic.trim_start_matches(':').trim_end_matches("()");
    if topic.is_empty() {
        return session.print(&overview());
    }
    let text = about(session, topic, session.columns().min(COLUMNS));
    if !text.is_empty() {
        return session.print(&text);
    }
    eprintln!("There is no help about '{topic}'.");
    let topics = topics();
    match calf_source::suggest(topic, topics.iter().map(String::as_str)) {
        Some(near) => eprintln!("  tip: did you mean ':help {near}'?"),
        None => eprintln!("  tip: Tab behind ':help ' lists the topics"),
    }
    Next::Read
}

fn overview() -> String {
    let mut text = String::from(
        "An entry is a program. An expression at its end is shown, and kept as `_`.\n",
    );
    let width = COMMANDS.iter().map(|command| command.usage().chars().count()).max().unwrap_or(0);
    for group in Group::ALL {
        writeln!(text, "\n{}", group.title()).expect("a string takes all");
        for command in COMMANDS.iter().filter(|command| command.group == group) {
            let usage = command.usage();
            writeln!(text, "  {usage:width$}  {}", command.summary).expect("a string takes all");
        }
    }
    text.push_str(
        "\n:help keys, :help language, :help NAME of anything: list, fork, inline, while …\n",
    );
    text
}

/// Everything there is to say about a topic; nothing if it is none.
fn about(session: &Session, topic: &str, columns: usize) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(command) = COMMANDS.iter().find(|command| command.name == topic) {
        parts.push(about_command(command, columns));
    }
    if topic == KEYS_TOPIC {
        parts.push(glossary(KEYS.iter().map(|key| (key.name, key.summary)), columns));
    }
    if topic == GUIDE_TOPIC {
        let line = |page: &Page| format!(":help {:12} {}\n", word(page.title), page.title);
        parts.push(pages().iter().map(line).collect());
    }
    let (owner, name) = match topic.split_once('.') {
        Some((owner, name)) => (Some(owner), name),
        None => (None, topic),
    };
    let is_meant = |entry: &&Entry| {
        let of = match entry.place {
            Place::Method(of) | Place::Module(of) => Some(of),
            Place::Word | Place::Global => None,
        };
        match owner {
            Some(owner) => of == Some(owner) && entry.name == name,
            None => entry.name == name || of == Some(name),
        }
    };
    let entries: String =
        reference::entries().iter().filter(is_meant).map(|entry| line(entry, columns)).collect();
    if !entries.is_empty() {
        parts.push(entries);
    }
    if let Some(row) = session.choices.rows().find(|row| row.name == topic) {
        parts.push(format!(
            "collector {}\n  more: calf gc explain {}\n",
            restart::described(row, columns),
            row.name
        ));
    }
    if let Some(page) = pages().into_iter().find(|page| word(page.title) == topic.to_lowercase()) {
        parts.push(format!(
            "{}\n\n{}\n",
            page.title,
            layout::page(page.text, columns, session.options.color).trim_end()
        ));
    }
    parts.join("\n")
}

fn about_command(command: &Command, columns: usize) -> String {
    let mut text = format!("{}\n  {}.\n", command.usage(), command.summary);
    if !command.details.is_empty() {
        text.push_str(&format!("  {}\n", wrapped(command.details, 2, 2, columns)));
    }
    text
}

/// A line of the reference, under the name that a program writes.
fn line(entry: &Entry, columns: usize) -> String {
    let signature = match entry.place {
        Place::Word => format!("{} (word)", entry.name),
        Place::Global => entry.signature.to_string(),
        Place::Method(kind) => format!("{kind}.{}", entry.signature),
        Place::Module(module) => format!("{module}.{}", entry.signature),
    };
    wrapped(&format!("{signature}: {}", entry.text), 0, INDENT, columns) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_of_the_guide_has_a_word_of_its_own() {
        let mut words: Vec<String> = pages().iter().map(|page| word(page.title)).collect();
        assert!(words.len() > 8, "{words:?}");
        let count = words.len();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), count, "{words:?}");
    }

    #[test]
    fn the_overview_fits_a_terminal_and_names_every_command() {
        let text = overview();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        for command in COMMANDS {
            assert!(text.contains(&command.usage()), "{}", command.name);
        }
    }
}
