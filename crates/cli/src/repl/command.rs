//! The table of commands. Dispatch, help and completion are derived from it.

use super::session::{Next, Session};
use super::{bench, files, fork, help, look, memory, restart};

/// What a command takes, for completion and for the question whether an entry is whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Takes {
    Nothing,
    Expression,
    /// A number, which may be left out, and an expression.
    CountAndExpression,
    File,
    Strategy,
    Topic,
    Setting,
}

/// What a command is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Group {
    Session,
    Code,
    Memory,
}

impl Group {
    pub(crate) const ALL: [Group; 3] = [Group::Session, Group::Code, Group::Memory];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Group::Session => "The session",
            Group::Code => "Code",
            Group::Memory => "Memory",
        }
    }
}

/// A command.
pub(crate) struct Command {
    pub group: Group,
    pub name: &'static str,
    /// What stands behind the name in the help; what may be left out in brackets.
    pub parameters: &'static str,
    /// One line.
    pub summary: &'static str,
    /// What else `:help NAME` says.
    pub details: &'static str,
    pub takes: Takes,
    /// Carries it out; the text is what stands behind the name, without blanks at its ends.
    pub run: fn(&mut Session, &str) -> Next,
}

impl Command {
    /// `:fork [n] expr`
    pub(crate) fn usage(&self) -> String {
        format!(":{} {}", self.name, self.parameters).trim_end().to_string()
    }

    /// May it stand alone?
    fn needs_more(&self) -> bool {
        !self.parameters.is_empty() && !self.parameters.starts_with('[')
            || self.takes == Takes::CountAndExpression
    }
}

/// Writes a row for each command: its group, name, parameters, what it takes, its function, a line, and more.
macro_rules! commands {
    ($($group:ident $name:literal $parameters:literal $takes:ident $run:path, $summary:literal, $details:literal;)+) => {
        &[$(Command {
            group: Group::$group,
            name: $name,
            parameters: $parameters,
            summary: $summary,
            details: $details,
            takes: Takes::$takes,
            run: $run,
        }),+]
    };
}

pub(crate) const COMMANDS: &[Command] = commands! {
    Session "help" "[topic]" Topic help::help,
        "what there is, or all about a name",
        "A name is a command, a reserved word, a function, a type, a module, a collector; `keys` and `language` are, too.";
    Session "quit" "" Nothing quit,
        "leaves, as `exit` and Ctrl-D do", "";
    Session "load" "FILE" File files::load,
        "runs a file as if it were typed", "Its globals are the session's.";
    Session "save" "FILE" File files::save,
        "writes the entries that ran to their end",
        "Commands and what failed are left out. A file that this session did not write is not overwritten.";
    Session "edit" "[FILE]" File files::edit,
        "edits the last entry, or a file, and runs it",
        "What is opened is named by $VISUAL or $EDITOR, or is vi.";
    Session "reset" "" Nothing restart::reset,
        "begins anew, with nothing defined", "What was set with `:set` stays.";
    Session "set" "[NAME NUMBER]" Setting look::set,
        "how much of a value is shown",
        "Without a name it lists the settings: depth, items, width, text.";
    Code "type" "EXPR" Expression look::type_of,
        "the type of a value and what it weighs", "";
    Code "vars" "" Nothing look::variables,
        "the session's globals", "";
    Code "dis" "EXPR" Expression look::disassemble,
        "the bytecode of a function, or of a program",
        "The program is compiled and not run.";
    Code "time" "EXPR" Expression bench::time,
        "runs once: how long, how many collections", "";
    Code "bench" "EXPR" Expression bench::bench,
        "runs for a second: the best and the median time", "";
    Memory "gc" "[NAME[:opt=v,…]]" Strategy restart::gc,
        "the collector; or takes another and runs all again",
        "It restarts: nothing is left of the heap that was, and the entries are run again. What they print is not printed again. Entries that name `os` or `input` are not run again: what they did \
         outside of the session is done.";
    Memory "heap" "" Nothing memory::heap,
        "objects and bytes by type", "";
    Memory "growth" "" Nothing memory::growth,
        "what has come and gone by type since it was asked last", "";
    Memory "refs" "EXPR" Expression memory::referrers,
        "what refers to an object", "";
    Memory "path" "EXPR" Expression memory::path,
        "why an object lives: the way to it from a root", "";
    Memory "pages" "" Nothing memory::pages,
        "a picture of the heap's pages", "";
    Memory "snapshot" "[FILE]" File memory::snapshot,
        "writes down every object, for :diff or for a file",
        "Such a file can be read by `calf heap`, too.";
    Memory "diff" "[FILE]" File memory::difference,
        "what has come and gone by type since the snapshot", "";
    Memory "blame" "EXPR" Expression fork::blame,
        "runs in a child: which lines copied pages",
        "Each page that was shared is watched, which takes time: what is counted is the same as without.";
    Memory "fork" "[n] EXPR" CountAndExpression fork::fork,
        "runs in a child: its value, and the pages it copied",
        "The pages are those of the heap, by cause. With a number, so many children, one after the other: each is measured while its parent waits. The first account is the \
         kernel's, the model is the heap's own. The child leaves by _exit: no exit function runs.";
};

fn quit(_: &mut Session, _: &str) -> Next {
    Next::Leave(0)
}

/// The command of this name.
pub(crate) fn named(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// An entry that is a command: its name, and what stands behind the blanks after it.
pub(crate) fn split(entry: &str) -> Option<(&str, &str)> {
    let text = entry.trim_start().strip_prefix(':')?;
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    Some((&text[..end], text[end..].trim_start()))
}

/// A number in front of an expression: `3 f()`. An expression that is a number has nothing behind it.
pub(crate) fn split_count(text: &str) -> (Option<usize>, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let rest = &text[end..];
    let starts_expression = |c: char| c.is_alphabetic() || "_([{\"!".contains(c);
    match text[..end].parse() {
        Ok(count)
            if rest.starts_with(char::is_whitespace)
                && rest.trim_start().starts_with(starts_expression)
                && !is_operator(rest.trim_start()) =>
        {
            (Some(count), rest.trim_start())
        }
        _ => (None, text),
    }
}

/// Does the text begin with an operator that is a word? Then the number in front is its operand.
fn is_operator(text: &str) -> bool {
    let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    matches!(word, "and" | "or" | "in")
}

/// The command that this is the name of, or the beginning of, if it is of no other.
fn meant(name: &str) -> Option<&'static Command> {
    named(name).or_else(|| {
        let mut found = COMMANDS.iter().filter(|command| command.name.starts_with(name));
        found.next().filter(|_| !name.is_empty() && found.next().is_none())
    })
}

/// Carries out a command.
pub(crate) fn carry_out(session: &mut Session, name: &str, rest: &str) -> Next {
    let Some(command) = meant(name) else {
        eprintln!("There is no command ':{name}'.");
        let names = COMMANDS.iter().map(|command| command.name);
        match calf_source::suggest(name, names) {
            Some(near) => eprintln!("  tip: did you mean ':{near}'?"),
            None => eprintln!("  tip: ':help' lists the commands"),
        }
        return Next::Read;
    };
    if rest.is_empty() && command.needs_more() {
        eprintln!("Usage: {}", command.usage());
        return Next::Read;
    }
    if !rest.is_empty() && command.takes == Takes::Nothing {
        eprintln!("':{}' takes nothing; '{rest}' is too much.", command.name);
        return Next::Read;
    }
    (command.run)(session, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_summaries_are_lines() {
        for (index, command) in COMMANDS.iter().enumerate() {
            let later = COMMANDS[index + 1..].iter();
            assert!(later.clone().all(|other| other.name != command.name), "{}", command.name);
            assert!(!command.summary.contains('\n') && !command.summary.is_empty());
        }
    }

    #[test]
    fn a_command_is_split_from_what_it_takes() {
        assert_eq!(split(":fork 3 f()"), Some(("fork", "3 f()")));
        assert_eq!(split("  :help"), Some(("help", "")));
        assert_eq!(split(":"), Some(("", "")));
        assert_eq!(split("a ? b : c"), None);
        assert_eq!(split_count("3 f()"), (Some(3), "f()"));
        assert_eq!(split_count("3 [1]"), (Some(3), "[1]"));
        for whole in ["3", "3 + 4", "f(3)", "3 in x", "3 or x", "3 - 4", "30", "3.5 f", ""] {
            assert_eq!(split_count(whole), (None, whole));
        }
    }

    #[test]
    fn a_beginning_is_enough_where_it_is_the_only_one() {
        assert_eq!(meant("q").map(|command| command.name), Some("quit"));
        assert_eq!(meant("heap").map(|command| command.name), Some("heap"));
        assert_eq!(meant("he").map(|command| command.name), None);
        assert_eq!(meant("").map(|command| command.name), None);
    }
}
