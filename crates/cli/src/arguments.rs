//! The command line: one description, from which help, errors and suggestions come.

use crate::choices::{Choices, Chosen};
use crate::commands::{self, file, interactive, rest};
use crate::{help, laboratory};
use calf_gc::zeal::{self, Zeal};
use calf_meter::Means;
use calf_source::Style;
use calf_vm::{BlameOptions, Choice, ExitPolicy, Options, PageMapForm, exit_code};
use clap::builder::{PossibleValuesParser, StyledStr};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command as Parser};
use clap_complete::Shell;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

/// Where the program's text is.
#[derive(Debug)]
pub(crate) enum Program {
    /// In a file.
    File(PathBuf),
    /// On standard input.
    Input,
    /// On the command line.
    Text(String),
}

/// What to do.
pub(crate) enum Command {
    /// Run a program.
    Run { strategy: Choice, options: Options, program: Program },
    /// Talk.
    Repl { strategy: Choice, options: Options, first: Option<Program> },
    /// Print the strategies.
    GcList { names_only: bool },
    /// Explain one.
    GcExplain { name: String },
    /// Look for errors only.
    Check { files: Vec<PathBuf>, style: Style },
    /// Write files in the one style.
    Format { files: Vec<PathBuf>, check: bool, style: Style },
    /// Run scripts and compare with what they promise.
    Test(TestRun),
    /// Serve an editor.
    LanguageServer,
    /// Print the bytecode.
    Disassemble { file: PathBuf, strategy: Choice, style: Style },
    /// The laboratory.
    Lab(laboratory::Command),
    /// Print a page of the manual.
    Manual(Box<Parser>),
    /// Print what a shell needs to complete the command line.
    Completions(Box<Parser>, Shell),
    /// Look at processes, at the machine, at heaps that were dumped.
    Instrument(crate::instruments::Instrument),
    /// Print the first writes of a run along time.
    BlameTimeline { file: PathBuf, ascii: bool },
    /// Compare what two runs under blame wrote.
    BlameDifference { before: PathBuf, after: PathBuf, collapsed: bool },
}

/// What `calf test` was told.
pub(crate) struct TestRun {
    /// Scripts, and folders of them.
    pub files: Vec<PathBuf>,
    /// The strategies, with their options: what `--gc` takes.
    pub strategies: Vec<String>,
    /// Flags that every run gets.
    pub flags: Vec<&'static str>,
    /// How many seconds a run may take.
    pub limit: u64,
}

/// The flags and what runs a script, without the commands: to look for one of them takes longer than many a script.
fn script_parser() -> Parser {
    let strategy = Arg::new("gc").long("gc").value_name("NAME[:opt=v,…]").global(true).help(
        "The collector to run under; `calf gc list` names them [default: $CALF_GC or the one marked there]",
    );
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).global(true).action(ArgAction::SetTrue).help(help)
    };
    Parser::new("calf")
        .about("A small language whose garbage collector is chosen at start-up, and whose memory you can watch")
        .version(env!("CARGO_PKG_VERSION"))
        .max_term_width(100)
        .args_conflicts_with_subcommands(false)
        .subcommand_precedence_over_arg(true)
        .arg(strategy)
        .arg(
            Arg::new("heap-limit")
                .long("heap-limit")
                .value_name("SIZE")
                .global(true)
                .help("The most memory objects may take: bytes, or with K, M, G [default: 8G]"),
        )
        .arg(flag("gc-stress", "Collect at every allocation"))
        .arg(flag("gc-verify", "Check the whole heap before and after every collection"))
        .arg(
            Arg::new("gc-zeal")
                .long("gc-zeal")
                .value_name("MODE,…")
                .global(true)
                .help(format!("Bring bugs to light: {}; see docs/collectors.md", zeal::MODES)),
        )
        .arg(flag("gc-log", "Print a line on standard error for every collection"))
        .arg(
            Arg::new("page-map")
                .long("page-map")
                .value_name("FORM")
                .global(true)
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value(PageMapForm::NAMES[0])
                .value_parser(PossibleValuesParser::new(PageMapForm::NAMES))
                .help("Each process draws its pages on standard error when it leaves: which were copied, and by whom"),
        )
        .arg(
            Arg::new("exit")
                .long("exit")
                .value_name("POLICY")
                .global(true)
                .value_parser(PossibleValuesParser::new(ExitPolicy::NAMES))
                .help("What happens at the end: everything, exit functions only, nothing"),
        )
        .arg(
            Arg::new("seed")
                .long("seed")
                .value_name("N")
                .global(true)
                .value_parser(clap::value_parser!(u64))
                .help("The seed of math.random() [default: 0]"),
        )
        .arg(
            Arg::new("color")
                .long("color")
                .value_name("WHEN")
                .global(true)
                .value_parser(["auto", "always", "never"])
                .default_value("auto")
                .help("Colour in messages; auto obeys NO_COLOR and looks at the terminal"),
        )
        .arg(
            Arg::new("diagnostics")
                .long("diagnostics")
                .value_name("FORM")
                .global(true)
                .value_parser(["text", "json"])
                .default_value("text")
                .help("How errors are written: for people, or a JSON object a line for programs"),
        )
        .arg(
            Arg::new("blame")
                .long("blame")
                .value_name("MEANS")
                .global(true)
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("auto")
                .value_parser(PossibleValuesParser::new(["auto"].into_iter().chain(Means::NAMES)))
                .help("Say at the end which line made a forked child copy which pages; by userfaultfd or mprotect"),
        )
        .arg(
            Arg::new("blame-output")
                .long("blame-output")
                .value_name("FILE")
                .global(true)
                .value_parser(clap::value_parser!(PathBuf))
                .help("Write that to a file, too: a speedscope profile if it ends in .json, else collapsed stacks"),
        )
        .arg(interactive())
        .arg(Arg::new("code").short('e').value_name("CODE").help("Run this text instead of a file"))
        .arg(file().help("The script; - reads standard input; none starts the REPL"))
        .arg(rest())
}

fn parser() -> Parser {
    script_parser().subcommands(commands::parsers())
}

/// Reads the command line. On `Err` everything is said already, and the code is the one to leave with.
pub(crate) fn read(
    words: impl IntoIterator<Item = OsString>,
    choices: &Choices,
) -> Result<Command, i32> {
    let words: Vec<OsString> = words.into_iter().collect();
    if let [_, help, name] = words.as_slice()
        && help == "help"
        && let Some(text) = name.to_str().and_then(help::topic)
    {
        return Err(crate::print(&text));
    }
    // A program that runs needs no help: the words are read without it first, and once more with it where there is something to say.
    // Nor does it need the commands, where no word is the name of one.
    let is_command = |word: &OsString| word == "help" || commands::names().any(|name| word == name);
    let parser = if words.iter().any(is_command) { parser() } else { script_parser() };
    let read = parser.try_get_matches_from(&words);
    match read.or_else(|_| help::with_groups(complete_parser()).try_get_matches_from(&words)) {
        Ok(matches) => command(&matches, choices),
        Err(error) => Err(report(&error, &words)),
    }
}

/// The parser as the manual and shells see it.
fn complete_parser() -> Parser {
    help::with_headings(parser())
}

/// Prints the help that was asked for, or what is wrong with the command line; gives the exit code.
fn report(error: &clap::Error, words: &[OsString]) -> i32 {
    // The words could not be read, so what they say of colour is looked for by hand.
    let word = |at: usize| words.get(at).and_then(|word| word.to_str());
    let when = (0..words.len()).find_map(|at| match word(at)? {
        "--color" => word(at + 1),
        text => text.strip_prefix("--color="),
    });
    let paint = |text: StyledStr, color: bool| match color {
        true => text.ansi().to_string(),
        false => text.to_string(),
    };
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let color = help::wants_color(when, &std::io::stdout());
            crate::print(&paint(error.render(), color))
        }
        _ => {
            eprint!("{}", paint(error.render(), help::wants_color(when, &std::io::stderr())));
            exit_code::USAGE
        }
    }
}

/// The command that a word was meant to be, most likely.
pub(crate) fn nearest_command(word: &str) -> Option<String> {
    calf_source::suggest(word, commands::names()).map(str::to_string)
}

/// The description of a command, by the words that lead to it.
fn command_of(words: &[String]) -> Result<Parser, i32> {
    let mut parser = complete_parser();
    parser.build();
    for word in words {
        let Some(command) = parser.find_subcommand(word) else {
            let names = parser.get_subcommands().map(|command| command.get_name());
            let near = calf_source::suggest(word, names);
            let tip = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            return Err(usage(&format!("there is no command '{word}'{tip}")));
        };
        parser = command.clone();
    }
    Ok(parser)
}

fn command(matches: &ArgMatches, choices: &Choices) -> Result<Command, i32> {
    let when = matches.get_one::<String>("color").map(String::as_str);
    let color = help::wants_color(when, &std::io::stderr());
    let json = matches.get_one::<String>("diagnostics").is_some_and(|form| form == "json");
    let style = Style::of(color, json);
    let instrument =
        matches.subcommand().and_then(|(name, own)| crate::instruments::read(name, own));
    if let Some(instrument) = instrument {
        return Ok(Command::Instrument(instrument));
    }
    match matches.subcommand() {
        Some(("gc", gc)) => Ok(match gc.subcommand() {
            Some(("explain", explain)) => Command::GcExplain {
                name: explain.get_one::<String>("name").cloned().unwrap_or_default(),
            },
            Some((_, list)) => Command::GcList { names_only: list.get_flag("names") },
            None => Command::GcList { names_only: false },
        }),
        Some(("check", check)) => Ok(Command::Check { files: files(check), style }),
        Some(("fmt", fmt)) => {
            Ok(Command::Format { files: files(fmt), check: fmt.get_flag("check"), style })
        }
        Some(("test", test)) => test_run(matches, test, choices).map(Command::Test),
        Some(("blame", blame)) => {
            if let Some(timeline) = blame.subcommand_matches("timeline") {
                return Ok(Command::BlameTimeline {
                    file: timeline.get_one::<PathBuf>("file").cloned().unwrap_or_default(),
                    ascii: timeline.get_flag("ascii"),
                });
            }
            let difference = blame.subcommand_matches("diff").expect("clap wants one of the words");
            let mut two = files(difference).into_iter();
            Ok(Command::BlameDifference {
                before: two.next().unwrap_or_default(),
                after: two.next().unwrap_or_default(),
                collapsed: difference.get_flag("collapsed"),
            })
        }
        Some(("lsp", _)) => Ok(Command::LanguageServer),
        Some(("dis", dis)) => Ok(Command::Disassemble {
            file: dis.get_one::<PathBuf>("file").cloned().unwrap_or_default(),
            strategy: chosen(matches, choices)?.0,
            style,
        }),
        Some(("man", man)) => {
            let words: Vec<String> =
                man.get_many::<String>("command").into_iter().flatten().cloned().collect();
            Ok(Command::Manual(Box::new(command_of(&words)?)))
        }
        Some(("completions", completions)) => {
            let shell = completions.get_one::<Shell>("shell").copied().unwrap_or(Shell::Bash);
            Ok(Command::Completions(Box::new(complete_parser()), shell))
        }
        Some(("lab", lab)) => laboratory::read(lab).map(Command::Lab),
        Some(("run", run)) => program(matches, run, style, choices),
        _ => program(matches, matches, style, choices),
    }
}

fn test_run(matches: &ArgMatches, test: &ArgMatches, choices: &Choices) -> Result<TestRun, i32> {
    let named: Vec<String> =
        test.get_many::<String>("strategies").into_iter().flatten().cloned().collect();
    let strategies = match named.as_slice() {
        [] => {
            // Says what is wrong with the name or the variable.
            chosen(matches, choices)?;
            matches.get_one::<String>("gc").cloned().into_iter().collect()
        }
        [all] if all == "all" => choices.rows().map(|row| row.name.to_string()).collect(),
        named => {
            let unknown = named.iter().find(|name| choices.named(name).is_none());
            if let Some(name) = unknown {
                return Err(unknown_strategy(name, "--strategies", choices));
            }
            named.to_vec()
        }
    };
    let flags = ["gc-stress", "gc-verify"].into_iter().filter(|flag| matches.get_flag(flag));
    Ok(TestRun {
        files: files(test),
        strategies,
        flags: flags.collect(),
        limit: test.get_one::<u64>("limit").copied().unwrap_or(20),
    })
}

/// The files that a subcommand was given.
fn files(matches: &ArgMatches) -> Vec<PathBuf> {
    matches.get_many::<PathBuf>("file").into_iter().flatten().cloned().collect()
}

fn program(
    matches: &ArgMatches,
    own: &ArgMatches,
    style: Style,
    choices: &Choices,
) -> Result<Command, i32> {
    let (strategy, arguments) = chosen(matches, choices)?;
    let mut rest: Vec<String> =
        own.get_many::<String>("arguments").into_iter().flatten().cloned().collect();
    let mut options = Options {
        color: style == Style::Colored,
        json: style == Style::Json,
        ..Options::default()
    };
    options.heap.arguments = arguments;
    options.heap.stress = matches.get_flag("gc-stress");
    options.heap.verify = matches.get_flag("gc-verify");
    if let Some(modes) = matches.get_one::<String>("gc-zeal") {
        options.heap.zeal = Zeal::parse(modes).map_err(|error| usage(&error.to_string()))?;
    }
    options.heap.log = matches.get_flag("gc-log");
    options.seed = matches.get_one::<u64>("seed").copied().unwrap_or(0);
    if let Some(policy) = matches.get_one::<String>("exit").and_then(|name| ExitPolicy::named(name))
    {
        options.exit = policy;
    }
    options.page_map =
        matches.get_one::<String>("page-map").and_then(|name| PageMapForm::named(name));
    if let Some(text) = matches.get_one::<String>("heap-limit") {
        options.heap.limit = size(text)?;
    }
    if let Some(means) = matches.get_one::<String>("blame") {
        let report = crate::blame::tell;
        options.blame = Some(BlameOptions { means: Means::named(means), report });
        options.heap.sites = true;
    }
    if let Some(path) = matches.get_one::<PathBuf>("blame-output") {
        let report = crate::blame::tell;
        options.blame.get_or_insert(BlameOptions { means: None, report });
        options.heap.sites = true;
        crate::blame::write_to(path.clone());
    }
    let file = own.get_one::<PathBuf>("file").cloned();
    let code = matches.get_one::<String>("code").cloned();
    let program = match (code, file) {
        (Some(code), file) => {
            // With -e there is no script: every word is an argument.
            if let Some(first) = file {
                rest.insert(0, first.to_string_lossy().into_owned());
            }
            Program::Text(code)
        }
        (None, Some(file)) if file.as_os_str() == "-" => Program::Input,
        (None, Some(file)) => Program::File(file),
        (None, None) if std::io::stdin().is_terminal() => {
            return Ok(Command::Repl { strategy, options, first: None });
        }
        (None, None) => Program::Input,
    };
    options.arguments = rest;
    if own.get_flag("interactive") && !matches!(program, Program::Input) {
        return Ok(Command::Repl { strategy, options, first: Some(program) });
    }
    Ok(Command::Run { strategy, options, program })
}

/// A number of bytes, with K, M or G.
fn size(text: &str) -> Result<usize, i32> {
    let (digits, unit) = match text.to_ascii_uppercase().trim_end_matches('B').trim_end_matches('I')
    {
        upper if upper.ends_with('K') => (upper[..upper.len() - 1].to_string(), 1 << 10),
        upper if upper.ends_with('M') => (upper[..upper.len() - 1].to_string(), 1 << 20),
        upper if upper.ends_with('G') => (upper[..upper.len() - 1].to_string(), 1 << 30),
        upper => (upper.to_string(), 1usize),
    };
    match digits.trim().parse::<usize>().ok().and_then(|number| number.checked_mul(unit)) {
        Some(bytes) if bytes >= 1 << 20 => Ok(bytes),
        _ => {
            let message = format!(
                "invalid size '{text}' for '--heap-limit': a number of bytes, or with K, M or G; at least 1M"
            );
            Err(usage(&message))
        }
    }
}

/// Says what is wrong with the command line.
fn usage(message: &str) -> i32 {
    eprintln!("error: {message}\n\nFor more information, try '--help'.");
    exit_code::USAGE
}

/// The strategy of this name and its options, from the flag or the environment.
fn chosen(matches: &ArgMatches, choices: &Choices) -> Result<Chosen, i32> {
    let given = matches.get_one::<String>("gc").cloned();
    let from = if given.is_some() { "--gc" } else { "CALF_GC" };
    let text = given.or_else(|| std::env::var("CALF_GC").ok().filter(|name| !name.is_empty()));
    let text = text.unwrap_or_else(|| choices.default_name().to_string());
    choices.parse(&text).map_err(|name| unknown_strategy(name, from, choices))
}

/// Says that there is no such strategy, and which is the nearest.
pub(crate) fn unknown_strategy(name: &str, from: &str, choices: &Choices) -> i32 {
    let names: Vec<&str> = choices.rows().map(|row| row.name).collect();
    let mut error = clap::Error::new(ErrorKind::InvalidValue).with_cmd(&parser());
    error.insert(ContextKind::InvalidArg, ContextValue::String(from.to_string()));
    error.insert(ContextKind::InvalidValue, ContextValue::String(name.to_string()));
    error.insert(
        ContextKind::ValidValue,
        ContextValue::Strings(names.iter().map(|name| name.to_string()).collect()),
    );
    if let Some(near) = calf_source::suggest(name, names) {
        error.insert(ContextKind::SuggestedValue, ContextValue::String(near.to_string()));
    }
    let rendered: StyledStr = error.render();
    eprint!("{rendered}");
    exit_code::USAGE
}
