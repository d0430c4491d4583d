//! `calf pages`, `calf doctor` and `calf heap`: instruments that run no program. Their part of the command line is here, beside them.

mod doctor;
mod heap_files;
mod processes;

use clap::{Arg, ArgAction, ArgMatches, Command as Parser};
use std::path::PathBuf;

/// What to look at.
pub(crate) enum Instrument {
    /// The memory of processes.
    Pages(processes::Request),
    /// What this machine can measure.
    Doctor { json: bool },
    /// What a dumped heap holds most of.
    HeapTop { file: PathBuf, count: usize, json: bool },
    /// What has changed between two dumped heaps.
    HeapDifference { before: PathBuf, after: PathBuf, count: usize, json: bool },
    /// A dumped heap as a graph.
    HeapGraph(heap_files::Graph),
}

fn json_flag() -> Arg {
    Arg::new("json")
        .long("json")
        .action(ArgAction::SetTrue)
        .help("Print data, one JSON object a line")
}

fn snapshot(name: &'static str) -> Arg {
    Arg::new(name)
        .value_name("FILE")
        .required(true)
        .value_parser(clap::value_parser!(PathBuf))
        .help("A file that heap.dump() wrote")
}

fn number(name: &'static str, default: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("N")
        .value_parser(clap::value_parser!(u32))
        .default_value(default)
        .help(help)
}

/// `calf pages`.
pub(crate) fn pages(command: Parser) -> Parser {
    command
            .about("Print what processes of any runtime share and what is theirs alone")
            .after_help(processes::EXPLANATION)
            .arg(
                Arg::new("pids")
                    .value_name("PID")
                    .required(true)
                    .num_args(1..)
                    .value_parser(clap::value_parser!(i32).range(1..))
                    .help("Processes"),
            )
            .arg(
                Arg::new("tree")
                    .long("tree")
                    .action(ArgAction::SetTrue)
                    .help("And everybody who descends from them"),
            )
            .arg(
                Arg::new("mappings")
                    .long("mappings")
                    .action(ArgAction::SetTrue)
                    .help("And each of their mappings that takes memory"),
            )
            .arg(
                Arg::new("every")
                    .long("every")
                    .value_name("SECONDS")
                    .value_parser(processes::seconds)
                    .help("Again and again, until they are gone, with a line of what is theirs alone over time"),
            )
            .arg(
                Arg::new("rounds")
                    .long("rounds")
                    .value_name("N")
                    .requires("every")
                    .value_parser(clap::value_parser!(u32).range(1..))
                    .help("Stop after so many times"),
            )
            .arg(
                Arg::new("ascii")
                    .long("ascii")
                    .action(ArgAction::SetTrue)
                    .help("Draw with ASCII only"),
            )
            .arg(json_flag())
}

/// `calf doctor`.
pub(crate) fn doctor(command: Parser) -> Parser {
    command
        .about("Print what this machine can measure, and what is done where it cannot")
        .arg(json_flag())
}

/// `calf heap`.
pub(crate) fn heap(command: Parser) -> Parser {
    let rows = || number("rows", "20", "How many rows to print of each table");
    command
        .about("Look into heaps that heap.dump() wrote")
        .subcommand_required(true)
        .subcommand(
            Parser::new("top")
                .about("What there is most of, and who keeps it alive")
                .arg(snapshot("file"))
                .arg(rows())
                .arg(json_flag()),
        )
        .subcommand(
            Parser::new("diff")
                .about("What has come and gone from one to the other")
                .arg(snapshot("before"))
                .arg(snapshot("after"))
                .arg(rows())
                .arg(json_flag()),
        )
        .subcommand(
            Parser::new("dot")
                .about("A part of it as a graph for Graphviz")
                .arg(snapshot("file"))
                .arg(
                    Arg::new("object")
                        .long("object")
                        .value_name("ID")
                        .value_parser(clap::value_parser!(u32))
                        .help("Around this object; otherwise from what globals hold most of"),
                )
                .arg(number("depth", "3", "How many steps from there"))
                .arg(number("breadth", "8", "How many neighbours of each object"))
                .arg(
                    Arg::new("referrers")
                        .long("referrers")
                        .action(ArgAction::SetTrue)
                        .help("Who refers to it, instead of what it refers to"),
                ),
        )
}

/// The instrument that a subcommand of this name asks for, if it is one.
pub(crate) fn read(name: &str, matches: &ArgMatches) -> Option<Instrument> {
    let path =
        |matches: &ArgMatches, name| matches.get_one::<PathBuf>(name).cloned().unwrap_or_default();
    let number =
        |matches: &ArgMatches, name| matches.get_one::<u32>(name).map_or(0, |&n| n as usize);
    Some(match name {
        "pages" => Instrument::Pages(processes::Request::of(matches)),
        "doctor" => Instrument::Doctor { json: matches.get_flag("json") },
        "heap" => match matches.subcommand()? {
            ("top", top) => Instrument::HeapTop {
                file: path(top, "file"),
                count: number(top, "rows"),
                json: top.get_flag("json"),
            },
            ("diff", diff) => Instrument::HeapDifference {
                before: path(diff, "before"),
                after: path(diff, "after"),
                count: number(diff, "rows"),
                json: diff.get_flag("json"),
            },
            (_, dot) => Instrument::HeapGraph(heap_files::Graph {
                file: path(dot, "file"),
                object: dot.get_one::<u32>("object").copied(),
                depth: number(dot, "depth"),
                breadth: number(dot, "breadth"),
                by_referrers: dot.get_flag("referrers"),
            }),
        },
        _ => return None,
    })
}

/// Looks, and gives the exit code.
pub(crate) fn run(instrument: Instrument) -> i32 {
    match instrument {
        Instrument::Pages(request) => processes::run(&request),
        Instrument::Doctor { json } => doctor::run(json),
        Instrument::HeapTop { file, count, json } => heap_files::top(&file, count, json),
        Instrument::HeapDifference { before, after, count, json } => {
            heap_files::difference(&before, &after, count, json)
        }
        Instrument::HeapGraph(graph) => heap_files::graph(&graph),
    }
}

/// Columns, the first one to the left, the others to the right.
struct Table {
    rows: Vec<Vec<String>>,
    /// Columns from the left that are texts.
    texts: usize,
}

impl Table {
    fn new(texts: usize, head: &[&str]) -> Table {
        Table { rows: vec![head.iter().map(|cell| cell.to_string()).collect()], texts }
    }
    fn push(&mut self, row: impl IntoIterator<Item = String>) {
        self.rows.push(row.into_iter().collect());
    }
    fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let length = |cell: &String| cell.chars().count();
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                self.rows.iter().filter_map(|row| row.get(column)).map(length).max().unwrap_or(0)
            })
            .collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let room = " ".repeat(widths[column] - length(cell));
                if column > 0 {
                    line.push_str("  ");
                }
                if column < self.texts {
                    line.push_str(cell);
                    line.push_str(&room);
                } else {
                    line.push_str(&room);
                    line.push_str(cell);
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}
