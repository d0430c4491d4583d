//! The commands beside running a script: one row each, from which the command line is made.

use crate::{instruments, laboratory};
use clap::{Arg, ArgAction, Command as Parser, ValueHint};
use clap_complete::Shell;
use std::path::PathBuf;

/// A command: its name, and what adds the rest to it.
type Row = (&'static str, fn(Parser) -> Parser);

/// All of them, in the order of the help.
const ROWS: [Row; 14] = [
    ("run", run),
    ("gc", collectors),
    ("check", check),
    ("fmt", format),
    ("test", test),
    ("lsp", language_server),
    ("completions", completions),
    ("man", manual),
    ("pages", instruments::pages),
    ("doctor", instruments::doctor),
    ("heap", instruments::heap),
    ("blame", blame),
    ("dis", bytecode),
    ("lab", laboratory::describe),
];

/// The names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|(name, _)| *name)
}

/// The commands as the command line takes them.
pub(crate) fn parsers() -> impl Iterator<Item = Parser> {
    ROWS.iter().map(|(name, describe)| describe(Parser::new(*name)))
}

const EXPECTATIONS: &str = "\
What a script promises:
  print 1 + 2;   // expect: 3                            a line of standard output, in the order of the file
  nil();         // expect runtime error: Can only call  exit code 70, this text, this line in the trace
  var = 1;       // expect error: Expect                 exit code 65, and this text for this line
                 // expect error line 7: Expect          the same for another line
On lines of their own: `// exit: 3`, `// arguments: a b`, `// input: text`, `// stress: skip`.
Scripts in folders called `parts` run only where they are imported.

Exit codes: 0 all promises are kept, 1 some are not, 64 usage, 74 a script cannot be read.";

/// The flag after which the REPL takes over.
pub(crate) fn interactive() -> Arg {
    Arg::new("interactive")
        .short('i')
        .action(ArgAction::SetTrue)
        .help("Talk to the script when it has run: what it defined is there")
}

/// A script.
pub(crate) fn file() -> Arg {
    Arg::new("file")
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .value_hint(ValueHint::FilePath)
}

/// What the script is given.
pub(crate) fn rest() -> Arg {
    Arg::new("arguments")
        .value_name("ARG")
        .num_args(0..)
        .trailing_var_arg(true)
        .allow_hyphen_values(true)
        .help("What os.args() gives the script")
}

fn run(command: Parser) -> Parser {
    command
        .about("Run a script (the word may be left out)")
        .arg(interactive())
        .arg(file().required(true))
        .arg(rest())
}

fn collectors(command: Parser) -> Parser {
    command
        .about("The collectors")
        .subcommand_required(true)
        .subcommand(
            Parser::new("list").about("Print them, one line each").arg(
                Arg::new("names").long("names").action(ArgAction::SetTrue).help("Only the names"),
            ),
        )
        .subcommand(
            Parser::new("explain")
                .about("Print what one does, where its bookkeeping lives, what it writes")
                .arg(Arg::new("name").value_name("NAME").required(true)),
        )
}

fn check(command: Parser) -> Parser {
    command
        .about("Look for syntax and compile errors, run nothing")
        .arg(file().required(true).num_args(1..))
}

fn format(command: Parser) -> Parser {
    command
                .about("Write scripts in the one style")
                .arg(
                    Arg::new("check")
                        .long("check")
                        .action(ArgAction::SetTrue)
                        .help("Change nothing; name the files that are not in the style, and leave with 1 if there are any"),
                )
                .arg(file().num_args(0..).help("Scripts, or folders of them; - or none reads standard input and prints"))
}

fn test(command: Parser) -> Parser {
    command
        .about("Run scripts and compare with what their comments promise")
        .after_help(EXPECTATIONS)
        .arg(
            Arg::new("strategies")
                .long("strategies")
                .value_name("NAME,…")
                .value_delimiter(',')
                .help("Under these strategies, `all` of them, or the one of --gc"),
        )
        .arg(
            Arg::new("limit")
                .long("limit")
                .value_name("SECONDS")
                .value_parser(clap::value_parser!(u64).range(1..))
                .default_value("20")
                .help("How long a script may run"),
        )
        .arg(file().required(true).num_args(1..).help("Scripts, or folders of them"))
}

fn language_server(command: Parser) -> Parser {
    command.about("Serve an editor (Language Server Protocol)")
}

fn completions(command: Parser) -> Parser {
    command
                .about("Print what a shell needs to complete the command line")
                .after_help("bash: calf completions bash > ~/.local/share/bash-completion/completions/calf\nzsh:  calf completions zsh > a folder of $fpath, as _calf\nfish: calf completions fish > ~/.config/fish/completions/calf.fish")
                .arg(
                    Arg::new("shell")
                        .value_name("SHELL")
                        .required(true)
                        .value_parser(clap::value_parser!(Shell)),
                )
}

fn manual(command: Parser) -> Parser {
    command
        .about("Print the manual page, or that of a command: calf man | man -l -")
        .arg(Arg::new("command").value_name("COMMAND").num_args(0..))
}

fn blame(command: Parser) -> Parser {
    command
        .about("What runs with --blame-output wrote")
        .subcommand_required(true)
        .subcommand(
            Parser::new("timeline")
                .about("Print when each child wrote first to how many pages, by phase and cause")
                .arg(
                    Arg::new("ascii")
                        .long("ascii")
                        .action(ArgAction::SetTrue)
                        .help("Bars of plain characters"),
                )
                .arg(
                    file()
                        .required(true)
                        .help("What --blame-output wrote to a name that ends in .blame"),
                ),
        )
        .subcommand(
            Parser::new("diff")
                .about("Print how the pages of two runs differ, the largest change first")
                .arg(
                    Arg::new("collapsed")
                        .long("collapsed")
                        .action(ArgAction::SetTrue)
                        .help("Each stack with both numbers, for a differential flame graph"),
                )
                .arg(file().required(true).num_args(2).value_names(["BEFORE", "AFTER"])),
        )
}

fn bytecode(command: Parser) -> Parser {
    command.about("Print the bytecode").arg(file().required(true))
}
