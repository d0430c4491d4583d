//! How the command line presents itself: groups, topics, the version. What there is, is said in `arguments`.

use calf_vm::exit_code;
use clap::{Command as Parser, builder::StyledStr};
use std::fmt::Write;
use std::io::IsTerminal;

/// The commands by what they are for. One that is in no group is shown in the last.
const GROUPS: &[(&str, &[&str])] = &[
    ("Programs", &["run", "check", "fmt", "test", "dis"]),
    ("Memory", &["gc", "lab", "blame", "heap", "pages", "doctor"]),
    ("Tools", &["lsp", "completions", "man"]),
];

/// The headings of the flags. One that is in no group stands under "Options".
const HEADINGS: &[(&str, &[&str])] = &[
    ("Program", &["code", "interactive", "seed", "exit"]),
    ("Collector", &["gc", "heap-limit", "gc-log", "gc-verify", "gc-stress", "gc-zeal", "page-map"]),
    ("Memory", &["blame", "blame-output"]),
    ("Messages", &["color", "diagnostics"]),
];

const USAGE: &str = "\
calf [OPTIONS] [FILE [ARG…]]
       calf [OPTIONS] -e CODE [ARG…]
       calf COMMAND …";

const EXAMPLES: &str = "\
Examples:
  calf                             talk to Calf
  calf app.calf one two            run a script; os.args() gives [\"one\", \"two\"]
  calf -e 'print 1 + 2;'           run a text
  calf --gc frozen app.calf        run it under another collector
  calf gc list                     the collectors
  calf lab run lists-and-strings   what each of them copies after a fork";

/// Where to read on.
const MORE: &str = "More: `calf help COMMAND`, `calf help exit-codes`, `calf help environment`.";

/// What the environment says to the command.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("CALF_GC", "the collector to run under, as in --gc"),
    ("NO_COLOR", "if not empty: no colour, unless --color says otherwise"),
    ("CLICOLOR_FORCE", "if neither empty nor 0: colour without a terminal, too"),
    ("TERM", "`dumb`: no colour"),
    ("COLUMNS", "how wide page maps and values are drawn, whatever the terminal says"),
    ("VISUAL", "what :edit in the REPL starts"),
    ("EDITOR", "the same, where VISUAL is not set"),
    ("CALF_HISTORY", "the file in which the REPL keeps its history; empty for none"),
    ("XDG_STATE_HOME", "else it keeps it below this folder; else below ~/.local/state"),
];

/// A topic's name, and what there is to say of it.
type Topic = (&'static str, fn() -> String);

/// What `calf help` knows beside the commands.
const TOPICS: &[Topic] = &[("exit-codes", exit_codes), ("environment", environment)];

/// A table of two columns.
fn table<'r>(title: &str, rows: impl Iterator<Item = (String, &'r str)> + Clone) -> String {
    let width = rows.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = format!("{title}:\n");
    for (name, meaning) in rows {
        writeln!(text, "  {name:width$}  {meaning}").expect("a string takes all");
    }
    text
}

/// What the exit codes mean.
pub(crate) fn exit_codes() -> String {
    let rows = exit_code::MEANINGS.iter().map(|(code, meaning)| (code.to_string(), *meaning));
    table("Exit codes", rows)
}

fn environment() -> String {
    table("Environment", ENVIRONMENT.iter().map(|(name, meaning)| (name.to_string(), *meaning)))
}

/// The text of `calf help TOPIC`, if there is such a topic.
pub(crate) fn topic(name: &str) -> Option<String> {
    TOPICS.iter().find(|(topic, _)| *topic == name).map(|(_, text)| text())
}

/// The version with where it comes from.
const VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("CALF_COMMIT"), ", ", env!("CALF_TARGET"), ")");

/// The parser with headings, examples and version.
pub(crate) fn with_headings(mut parser: Parser) -> Parser {
    for (heading, names) in HEADINGS {
        for name in *names {
            parser = parser.mut_arg(name, |argument| argument.help_heading(*heading));
        }
    }
    parser
        .long_version(VERSION)
        .override_usage(USAGE)
        .after_help(format!("{EXAMPLES}\n\n{MORE}"))
        .after_long_help(format!("{EXAMPLES}\n\n{}\n{}\n{MORE}", exit_codes(), environment()))
}

/// The same with the commands in groups, for whoever reads the help in a terminal.
pub(crate) fn with_groups(parser: Parser) -> Parser {
    let names: Vec<String> =
        parser.get_subcommands().map(|command| command.get_name().to_string()).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    let is_grouped = |name: &str| GROUPS.iter().any(|(_, group)| group.contains(&name));
    let mut text = String::new();
    for (number, (title, group)) in GROUPS.iter().enumerate() {
        writeln!(text, "{title}:").expect("a string takes all");
        let others = names.iter().map(String::as_str).filter(|name| !is_grouped(name));
        let others = others.filter(|_| number + 1 == GROUPS.len());
        for name in group.iter().copied().chain(others) {
            let Some(command) = parser.find_subcommand(name) else { continue };
            let about = command.get_about().map(StyledStr::to_string).unwrap_or_default();
            writeln!(text, "  {name:width$}  {about}").expect("a string takes all");
        }
        text.push('\n');
    }
    let mut parser = parser.before_help(text.trim_end().to_string()).help_template(
        "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}",
    );
    for name in names {
        // They are shown above.
        parser = parser.mut_subcommand(name, |command| command.hide(true));
    }
    parser
}

/// Is there to be colour on a stream? `when` is what --color says.
pub(crate) fn wants_color(when: Option<&str>, stream: &impl IsTerminal) -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_forced = || {
        is_set("CLICOLOR_FORCE")
            && std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| value != "0")
    };
    match when {
        Some("always") => true,
        Some("never") => false,
        _ if is_set("NO_COLOR") => false,
        _ if is_forced() => true,
        _ => stream.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
    }
}
