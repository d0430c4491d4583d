//! `calf lab`: the experiments. Its part of the command line, and what is done with it.

use crate::choices::Choices;
use calf_lab::{Format, LabError, Options, Output, Page, Shard};
use calf_vm::exit_code;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command as Parser};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What `calf lab` was told.
pub(crate) enum Command {
    /// Print the experiments.
    List,
    /// Run some; all of them if none is named.
    Run { names: Vec<String>, options: Options },
    /// Ask for a number before it is measured.
    Predict { name: String, options: Options },
    /// Say what to change in a script so that its children copy less, and try it.
    Advise { script: PathBuf, arguments: Vec<String>, strategy: Option<String> },
    /// Print results files.
    Show { files: Vec<PathBuf>, format: Format, page: Page },
    /// Write results files as one page.
    Report { paths: Vec<PathBuf>, output: PathBuf, title: String },
    /// Put results files together.
    Merge { files: Vec<PathBuf>, results: PathBuf },
}

/// What of the command line is the lab's.
pub(crate) fn describe(command: Parser) -> Parser {
    command
        .about("Experiments on copied pages")
        .subcommand_required(true)
        .subcommand(Parser::new("list").about("Print the experiments"))
        .subcommand(run_parser())
        .subcommand(
            Parser::new("predict")
                .about("Ask for the number that an experiment is about, measure it, explain the difference")
                .arg(Arg::new("name").value_name("NAME").required(true))
                .arg(quick()),
        )
        .subcommand(
            Parser::new("advise")
                .about("Say what to change so that a script's children copy fewer pages, and try it")
                .arg(
                    Arg::new("script")
                        .value_name("FILE")
                        .required(true)
                        .value_parser(clap::value_parser!(PathBuf)),
                )
                .arg(
                    Arg::new("arguments")
                        .value_name("ARG")
                        .num_args(0..)
                        .trailing_var_arg(true)
                        .allow_hyphen_values(true),
                ),
        )
        .subcommand(
            Parser::new("show")
                .about("Print what results files hold")
                .arg(files())
                .arg(
                    Arg::new("format")
                        .long("format")
                        .value_name("FORMAT")
                        .value_parser(PossibleValuesParser::new(Format::NAMES))
                        .default_value("text")
                        .help("As text, Markdown, or every number comma-separated"),
                )
                .arg(ascii()),
        )
        .subcommand(report_parser())
        .subcommand(
            Parser::new("merge")
                .about("Put results files together, and compare the counts of different machines")
                .arg(files())
                .arg(results().required(true)),
        )
}

fn report_parser() -> Parser {
    let path = |name: &'static str, value: &'static str, usual: &'static str| {
        Arg::new(name)
            .value_name(value)
            .value_parser(clap::value_parser!(PathBuf))
            .default_value(usual)
    };
    Parser::new("report")
        .about("Write results as one page of HTML that needs no network: plots, page maps, tables, commands, data")
        .arg(
            path("files", "RESULTS", "lab.jsonl")
                .num_args(0..)
                .help("Results files, or folders of files that end in .jsonl"),
        )
        .arg(
            path("output", "FILE", "lab.html")
                .long("output")
                .short('o')
                .help("Where to write it; - for standard output"),
        )
        .arg(
            Arg::new("title")
                .long("title")
                .value_name("TEXT")
                .default_value("Calf: a report of the lab")
                .help("What stands over it: the exercise, and who hands it in"),
        )
}

fn run_parser() -> Parser {
    let number = |name: &'static str, text: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(text).help(help)
    };
    Parser::new("run")
        .about("Run experiments, each under its own strategies or those named with --strategies")
        .arg(Arg::new("names").value_name("NAME").num_args(1..).required_unless_present("all"))
        .arg(
            Arg::new("all")
                .long("all")
                .action(ArgAction::SetTrue)
                .conflicts_with("names")
                .help("All of them"),
        )
        .arg(quick())
        .arg(
            Arg::new("strategies")
                .long("strategies")
                .value_name("NAME,…")
                .value_delimiter(',')
                .help("Only these strategies, each with an option if you like: inline:fresh=on"),
        )
        .arg(
            number("repeats", "N", "How often each cell runs")
                .value_parser(clap::value_parser!(u32).range(1..=100)),
        )
        .arg(
            number(
                "size",
                "N,…",
                "The size of the heap, in the experiment's own unit; several for a run at each",
            )
            .value_delimiter(',')
            .value_parser(clap::value_parser!(u64).range(1..))
            .conflicts_with("quick"),
        )
        .arg(
            number("jobs", "N", "How many cells run at a time, where no time is measured")
                .value_parser(clap::value_parser!(u32).range(1..=256)),
        )
        .arg(
            number("timeout", "SECONDS", "How long a cell may take [default: 120]")
                .value_parser(clap::value_parser!(u64).range(1..=86_400)),
        )
        .arg(results())
        .arg(
            Arg::new("list")
                .long("list")
                .action(ArgAction::SetTrue)
                .help("Print the cells: number, name, command; run none"),
        )
        .arg(
            number("cell", "N", "Run only this cell of the list")
                .value_parser(clap::value_parser!(u64).range(1..)),
        )
        .arg(
            number(
                "shard",
                "I/N",
                "Run only the I-th of N parts, so that N machines or jobs can share the work",
            )
            .value_parser(|text: &str| {
                Shard::parse(text).ok_or("a shard is I/N, with I from 1 to N: 2/8")
            })
            .conflicts_with("cell"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print data, the lines of a results file, instead of tables"),
        )
        .arg(ascii())
}

fn files() -> Arg {
    Arg::new("files")
        .value_name("FILE")
        .required(true)
        .num_args(1..)
        .value_parser(clap::value_parser!(PathBuf))
        .help("Results files")
}

fn results() -> Arg {
    Arg::new("results")
        .long("results")
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .help("The file that keeps what is measured; cells that are in it are not run again")
}

fn quick() -> Arg {
    Arg::new("quick").long("quick").action(ArgAction::SetTrue).help("At a small size")
}

fn ascii() -> Arg {
    Arg::new("ascii").long("ascii").action(ArgAction::SetTrue).help("Plots of ASCII only")
}

/// Reads it. On `Err` everything is said already, and the code is the one to leave with.
pub(crate) fn read(lab: &ArgMatches) -> Result<Command, i32> {
    Ok(match lab.subcommand() {
        Some(("run", run)) => Command::Run { names: texts(run, "names"), options: options(run) },
        Some(("predict", predict)) => Command::Predict {
            name: predict.get_one::<String>("name").cloned().unwrap_or_default(),
            options: Options { quick: predict.get_flag("quick"), ..Options::default() },
        },
        Some(("advise", advise)) => Command::Advise {
            script: advise.get_one::<PathBuf>("script").cloned().unwrap_or_default(),
            arguments: texts(advise, "arguments"),
            strategy: advise.get_one::<String>("gc").cloned(),
        },
        Some(("show", show)) => Command::Show {
            files: paths(show),
            format: show
                .get_one::<String>("format")
                .and_then(|name| Format::named(name))
                .unwrap_or(Format::Text),
            page: page(show.get_flag("ascii")),
        },
        Some(("report", report)) => Command::Report {
            paths: paths(report),
            output: report.get_one::<PathBuf>("output").cloned().unwrap_or_default(),
            title: report.get_one::<String>("title").cloned().unwrap_or_default(),
        },
        Some(("merge", merge)) => Command::Merge {
            files: paths(merge),
            results: merge.get_one::<PathBuf>("results").cloned().unwrap_or_default(),
        },
        _ => Command::List,
    })
}

fn options(run: &ArgMatches) -> Options {
    let usual = Options::default();
    Options {
        strategies: texts(run, "strategies"),
        sizes: run.get_many::<u64>("size").into_iter().flatten().copied().collect(),
        quick: run.get_flag("quick"),
        repeats: run.get_one::<u32>("repeats").map_or(usual.repeats, |repeats| *repeats as usize),
        output: match (run.get_flag("list"), run.get_flag("json")) {
            (true, _) => Output::List,
            (_, true) => Output::Json,
            _ => Output::Tables,
        },
        results: run.get_one::<PathBuf>("results").cloned(),
        cell: run.get_one::<u64>("cell").map(|number| *number as usize),
        shard: run.get_one::<Shard>("shard").copied(),
        jobs: run.get_one::<u32>("jobs").map_or(usual.jobs, |jobs| *jobs as usize),
        timeout: run.get_one::<u64>("timeout").map_or(usual.timeout, |s| Duration::from_secs(*s)),
        page: page(run.get_flag("ascii")),
        ..usual
    }
}

fn texts(matches: &ArgMatches, name: &str) -> Vec<String> {
    matches.get_many::<String>(name).into_iter().flatten().cloned().collect()
}

fn paths(matches: &ArgMatches) -> Vec<PathBuf> {
    matches.get_many::<PathBuf>("files").into_iter().flatten().cloned().collect()
}

/// As wide as the terminal, if there is one.
fn page(ascii: bool) -> Page {
    let width = terminal_size::terminal_size().filter(|_| io::stdout().is_terminal());
    let usual = Page::default();
    Page { width: width.map_or(usual.width, |(width, _)| usize::from(width.0)), ascii }
}

/// Does it: the exit code.
pub(crate) fn run(command: Command, choices: &Choices) -> i32 {
    let known: Vec<&'static str> = choices.rows().map(|row| row.name).collect();
    let mut out = io::stdout();
    code_of(match command {
        Command::Advise { script, arguments, strategy } => {
            return crate::blame::advise(script, arguments, strategy);
        }
        Command::Report { paths, output, title } => return report(&paths, &output, &title),
        Command::List => calf_lab::list(&mut out),
        Command::Run { names, options } => calf_lab::run(&names, &options, &known, &mut out),
        Command::Predict { name, options } => {
            calf_lab::predict(&name, &options, &known, &mut io::stdin().lock(), &mut out)
        }
        Command::Show { files, format, page } => calf_lab::show(&files, format, page, &mut out),
        Command::Merge { files, results } => calf_lab::merge(&files, &results, &mut out),
    })
}

/// Writes the page: the exit code.
fn report(paths: &[PathBuf], output: &Path, title: &str) -> i32 {
    let read = calf_report::files(paths)
        .and_then(|files| Ok((calf_report::Results::read(&files)?, files)));
    let (results, files) = match read {
        Ok(read) => read,
        Err(error) => {
            eprintln!("calf: {error}");
            return exit_code::IO;
        }
    };
    let outlines = match calf_lab::outlines(&files) {
        Ok(outlines) => outlines,
        Err(error) => return code_of(Err(error)),
    };
    let page = calf_report::page(title, &results, &outlines);
    if output == Path::new("-") {
        let written = io::stdout().write_all(page.as_bytes());
        return code_of(
            written.map_err(|error| LabError::Io { doing: "cannot write the report", error }),
        );
    }
    if let Err(error) = std::fs::write(output, page) {
        eprintln!("calf: {}: {error}", output.display());
        return exit_code::IO;
    }
    println!("{}: {} cells; open it in a browser", output.display(), results.cells());
    0
}

fn code_of(result: Result<(), LabError>) -> i32 {
    let Err(error) = result else { return 0 };
    let code = match &error {
        error if error.is_usage() => exit_code::USAGE,
        LabError::Io { error, .. } if error.kind() == io::ErrorKind::BrokenPipe => {
            return exit_code::CLOSED_PIPE;
        }
        LabError::Io { .. } | LabError::File { .. } => exit_code::IO,
        _ => exit_code::RUNTIME,
    };
    eprintln!("calf: {error}");
    if let LabError::UnknownExperiment { name, known } | LabError::UnknownStrategy { name, known } =
        &error
        && let Some(near) = calf_source::suggest(name, known.iter().copied())
    {
        eprintln!("  tip: did you mean '{near}'?");
    }
    code
}
