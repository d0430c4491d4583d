//! `rec`: each action under each strategy, beside other runtimes.

use super::peers::{self, PEERS};
use super::{disagreement, enumerate, ran, sentence};
use crate::document::Document;
use crate::experiment::{Ask, Claim, Experiment, Plan, Published, Report, plan};
use crate::unit::Unit;
use crate::results::{Figure, Results};
use crate::runner::Failure;
use crate::table::{Align, Table, bytes, grouped, percent};

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "rec",
    title: "half a million records: what each thing that a child may do copies, beside other runtimes",
    question: "Which of the things a child does copy its parent's heap, here and in CPython and Ruby?",
    script: "rec.calf",
    size: 500_000,
    quick: 25_000,
    unit: "records",
    strategies: super::LESSON,
    plans: &[
        plan(&["collect"]),
        plan(&["read"]),
        plan(&["request"]),
        plan(&["grow"]),
        // Every strategy ends in the same, fullest way, so that teardown can be compared.
        Plan { arguments: &["exit"], flags: &["--exit", "full"] },
        Plan { arguments: &["leave"], flags: &["--exit", "full"] },
    ],
    timed: false,
    recorded: &[],
    report: Report::Own(show),
    claims: CLAIMS,
    published: &[Published {
        figure: "a full collection copies 65 % of the heap in CPython 3.7 and 0.2 % after gc.freeze(); reading copies 86 %",
        source: "survey of CPython, Ruby and others with the same records, Linux 6.18",
        here: |results| {
            let share = |strategy, index| Some(percent(action(results, strategy, index)?.share()));
            let (inline, frozen) = (share("inline", COLLECT)?, share("frozen", COLLECT)?);
            Some(format!("{inline} under inline, {frozen} under frozen; reading copies {}", share("inline", READ)?))
        },
        why: "The same, in kind and nearly in size: what is not copied are pages with strings and items of lists, which no \
              collector of cycles writes to.",
    }],
    ask: Ask {
        question: "Half a million records, all alive. A child asks for one full collection under inline. Which percentage of the heap \
                   does it copy?",
        unit: Unit::Part,
        strategies: &["inline"],
        answer: |results| Some(action(results, "inline", COLLECT)?.share()),
        too_low: "The collection writes a scratch count in front of every container, and containers lie on nearly every page.",
        too_high: "Pages that hold only strings, and the stack, are not written.",
    },
};

/// The actions that copy pages while the child lives: the plan and its child.
const ACTIONS: &[(usize, &str)] = &[(0, "collect"), (1, "read"), (2, "request"), (3, "grow")];
const COLLECT: usize = 0;
const READ: usize = 1;
const GROW: usize = 3;
/// Ending normally and at once.
const EXIT: (usize, &str) = (4, "exit");
const LEAVE: (usize, &str) = (5, "leave");

/// What the experiment predicts.
const CLAIMS: &[Claim] = &[
    Claim {
        text: "reading copies at least half of the heap under inline, less than a hundredth under the marking ones",
        holds: |results| {
            let share = |strategy| Some(action(results, strategy, READ)?.share());
            Some(
                share("inline")? >= 0.5
                    && share("mark-inline")? < 0.01
                    && share("mark-bitmap")? < 0.01,
            )
        },
    },
    Claim {
        text: "a collection copies most under inline, less under indirect, least under frozen",
        holds: |results| {
            let pages = |strategy| Some(action(results, strategy, COLLECT)?.copied.pages);
            let (inline, indirect, frozen) =
                (pages("inline")?, pages("indirect")?, pages("frozen")?);
            Some(inline >= indirect && indirect >= frozen)
        },
    },
    Claim {
        text: "mark-inline copies at least ten times what mark-bitmap copies",
        holds: |results| {
            let pages = |strategy| Some(action(results, strategy, COLLECT)?.copied.pages);
            Some(pages("mark-inline")? >= 10 * pages("mark-bitmap")?)
        },
    },
];

fn action(results: &Results, strategy: &str, index: usize) -> Option<Figure> {
    let (plan, child) = ACTIONS[index];
    ran(results, strategy, plan, child)
}

/// Prints the table and a sentence.
fn show(results: &Results, document: &mut Document) {
    use Align::{Left, Right};
    let mut table = Table::new([
        ("runtime", Left),
        ("heap", Right),
        ("record", Right),
        ("nothing", Right),
        ("collect", Right),
        ("read", Right),
        ("request", Right),
        ("grow", Right),
        ("of grow", Right),
        ("exit", Right),
        ("model", Right),
    ]);
    table.group("per", 2, 1);
    table.group("pages", 3, 1);
    table.group("pages copied, less those of doing nothing", 4, 4);
    table.group("new", 8, 1);
    table.group("faults", 9, 1);
    for strategy in &results.strategies {
        table.row(strategy_row(results, strategy));
    }
    let with_peers = results.size == peers::RECORDS;
    if with_peers {
        table.row(Vec::new());
        PEERS.iter().for_each(|peer| table.row(peer_row(peer)));
    }
    document.table(table);
    if with_peers {
        document.text(
            "The other runtimes' figures are from a survey on one machine with pages of 4 KiB.",
        );
    }
    document.text(conclusion(results));
}

fn strategy_row(results: &Results, strategy: &str) -> Vec<String> {
    let figures: Vec<Result<Figure, Failure>> =
        ACTIONS.iter().map(|(plan, child)| results.figure(strategy, *plan, child)).collect();
    let any = figures.iter().flatten().next();
    let shown = |text: &dyn Fn(&Figure) -> String| any.map_or("-".to_string(), text);
    let mut cells = vec![
        strategy.to_string(),
        shown(&|figure| bytes(figure.heap_bytes())),
        shown(&|figure| format!("{:.0} B", figure.bytes_per_object())),
        shown(&|figure| figure.control.to_string()),
    ];
    cells.extend(figures.iter().map(|figure| match figure {
        Ok(figure) => pages(figure.copied.pages, figure.copied.shared),
        Err(failure) => failure.to_string(),
    }));
    let grown = figures[GROW].as_ref().ok().filter(|figure| !figure.modelled);
    cells.push(grown.map_or("-".to_string(), |figure| grouped(figure.copied.new)));
    let faults = |(plan, child)| results.faults(strategy, plan, child);
    cells.push(match (faults(EXIT), faults(LEAVE)) {
        (Ok(exit), Ok(leave)) => grouped(exit as i64 - leave as i64),
        (Err(failure), _) | (_, Err(failure)) => failure.to_string(),
    });
    let figures: Vec<_> = figures.iter().collect();
    cells.push(disagreement(&figures));
    cells
}

fn peer_row(peer: &peers::Peer) -> Vec<String> {
    let less_control = |copied: i64| pages(copied - peer.nothing, peer.heap);
    let heap = (peer.heap * peers::PAGE) as f64;
    vec![
        peer.name.to_string(),
        bytes(heap),
        format!("{:.0} B", heap / peers::RECORDS as f64),
        peer.nothing.to_string(),
        less_control(peer.collect),
        less_control(peer.read),
        less_control(peer.request),
        less_control(peer.grow),
        grouped(peer.grow_new),
        grouped(peer.exit - peer.leave),
    ]
}

/// A number of pages, and which part of the heap that is: `36 107  65 %`.
fn pages(copied: i64, heap: i64) -> String {
    format!(
        "{} {:>3.0}%",
        grouped(copied),
        if heap == 0 { 0.0 } else { 100.0 * copied as f64 / heap as f64 } + 0.0
    )
}

fn conclusion(results: &Results) -> String {
    let mut clauses = Vec::new();
    let (mut reads, mut spares) = (Vec::new(), Vec::new());
    for strategy in &results.strategies {
        if let Some(figure) = action(results, strategy, READ) {
            if figure.share() >= 0.5 { &mut reads } else { &mut spares }.push(*strategy);
        }
    }
    if !reads.is_empty() {
        clauses.push(format!("reading alone copies most of the heap under {}", enumerate(&reads)));
    }
    if !spares.is_empty() {
        clauses.push(format!("and next to nothing under {}", enumerate(&spares)));
    }
    let mut collections: Vec<(&str, f64)> = Vec::new();
    for strategy in &results.strategies {
        if let Some(figure) = action(results, strategy, COLLECT) {
            collections.push((strategy, figure.share()));
        }
    }
    collections.sort_by(|a, b| b.1.total_cmp(&a.1));
    let shares: Vec<String> = collections
        .iter()
        .map(|(strategy, share)| format!("{strategy} {:.1} %", 100.0 * share + 0.0))
        .collect();
    if !shares.is_empty() {
        clauses.push(format!("of the heap a full collection copies: {}", shares.join(", ")));
    }
    for strategy in &results.strategies {
        if let Some(figure) =
            action(results, strategy, COLLECT).filter(super::makes_more_than_it_copies)
        {
            let new = bytes(figure.new_bytes());
            clauses
                .push(format!("under {strategy} it makes {new} of new pages of its own besides"));
        }
    }
    sentence(&clauses)
}
