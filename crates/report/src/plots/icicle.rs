//! Copied pages by call stack: an icicle for each run, and the difference of two.

use crate::extra::{Says, Stack};
use crate::figure::{Arrangement, Figure};
use crate::group::{Group, Told};
use crate::number::{count, percent, signed};
use crate::palette::{self, CAUSES, LESS, MORE, SAME};
use crate::svg::{Drawing, Px, WIDTH, bar, fit};
use crate::table::Table;
use crate::tree::{Node, Tree};
use maud::{Markup, html};

const ROW: f64 = 22.0;
/// What is narrower is not drawn.
const NARROWEST: f64 = 0.6;
/// A change of less than this part of the whole is none.
const CHANGE: f64 = 0.001;

/// The icicles of a group and their differences; empty if it has no stacks.
pub(crate) fn figures(group: &Group<'_>) -> Vec<Figure> {
    let told: Vec<_> = group
        .extras(|says| if let Says::Blame(stacks) = says { Some(stacks) } else { None })
        .into_iter()
        .filter(|told| !told.says.is_empty())
        .collect();
    if told.is_empty() {
        return Vec::new();
    }
    let mut figures = vec![icicles(group, &told)];
    figures.extend(differences(group, &told));
    figures
}

fn icicles(group: &Group<'_>, told: &[Told<'_, Vec<Stack>>]) -> Figure {
    let mut table = Table::new(
        format!("pages copied by call stack: {}", group.title()),
        ["run", "calls, the outermost first", "cause", "region", "#pages"],
    );
    let mut totals = Vec::new();
    let mut drawings = Vec::new();
    let mut is_cut = false;
    for run in told {
        for stack in run.says {
            table.row(vec![
                run.name(),
                stack.frames.join(" › "),
                stack.cause.clone(),
                stack.region.clone(),
                count(stack.pages),
            ]);
        }
        let tree = Tree::new(&[run.says]);
        is_cut |= tree.is_cut;
        totals.push(format!("{}: {} pages", run.name(), count(tree.nodes[0].pages[0])));
        drawings.push(draw(&tree, run.name(), of_one));
    }
    let used = |name: &str| {
        told.iter().flat_map(|run| run.says).any(|stack| palette::cause(&stack.cause).name == name)
    };
    Figure {
        title: format!("Pages copied by call stack: {}", group.title()),
        summary: format!(
            "Icicles: a call stands above those that it makes, as wide as the pages copied within it. {}.",
            totals.join("; ")
        ),
        drawings,
        arrangement: Arrangement::Choice,
        legend: palette::legend(CAUSES.iter().filter(|fill| used(fill.name))),
        notes: notes("The lowest boxes are the causes.", is_cut),
        table,
        command: group.command(),
    }
}

/// Each run beside the first with the same plan and child.
fn differences(group: &Group<'_>, told: &[Told<'_, Vec<Stack>>]) -> Option<Figure> {
    let mut table = Table::new(
        format!("differences by call stack: {}", group.title()),
        [
            "runs",
            "calls, the outermost first",
            "cause",
            "#in the first",
            "#in the second",
            "#difference",
        ],
    );
    let mut drawings = Vec::new();
    let mut totals = Vec::new();
    let mut is_cut = false;
    for (index, second) in told.iter().enumerate() {
        let alike = |first: &&Told<'_, Vec<Stack>>| {
            first.cell.plan == second.cell.plan && first.extra.child == second.extra.child
        };
        let Some(first) = told[..index].iter().find(alike) else { continue };
        let tree = Tree::new(&[first.says, second.says]);
        is_cut |= tree.is_cut;
        let title = format!("{} against {}", second.name(), first.name());
        for (number, node) in tree.nodes.iter().enumerate().filter(|(_, node)| node.is_cause) {
            let mut path = tree.path(number);
            path.pop();
            let [before, after] = node.pages;
            table.row(vec![
                title.clone(),
                path.join(" › "),
                node.label.clone(),
                count(before),
                count(after),
                signed(after - before),
            ]);
        }
        let [before, after] = tree.nodes[0].pages;
        totals.push(format!("{title}: {} pages", signed(after - before)));
        drawings.push(draw(&tree, title, of_two));
    }
    if drawings.is_empty() {
        return None;
    }
    Some(Figure {
        title: format!("Differences by call stack: {}", group.title()),
        summary: format!(
            "Icicles of two runs: boxes are as wide as the pages of both. {}.",
            totals.join("; ")
        ),
        drawings,
        arrangement: Arrangement::Choice,
        legend: palette::legend([&MORE, &LESS, &SAME]),
        notes: notes(
            "A box is as wide as the pages of both runs together, and says by how many pages the second differs.",
            is_cut,
        ),
        table,
        command: group.command(),
    })
}

fn notes(first: &str, is_cut: bool) -> Vec<String> {
    let cut = is_cut.then(|| {
        "Some stacks are deeper than is drawn: their inner calls are only in the table.".to_string()
    });
    [first.to_string()].into_iter().chain(cut).collect()
}

/// The look of a node: fill, text, tip.
type Look = (String, String, String);

fn of_one(tree: &Tree, index: usize) -> Look {
    let node = &tree.nodes[index];
    let pages = node.pages[0];
    let fill = if node.is_cause { palette::cause(&node.label).url() } else { SAME.url() };
    let part = percent(pages / tree.nodes[0].pages[0].max(f64::MIN_POSITIVE));
    (
        fill,
        format!("{} {}", node.label, count(pages)),
        format!("{}: {} pages, {part} of all", name(tree, node, index), count(pages)),
    )
}

fn of_two(tree: &Tree, index: usize) -> Look {
    let node = &tree.nodes[index];
    let [before, after] = node.pages;
    let all = tree.nodes[0].pages[0] + tree.nodes[0].pages[1];
    let change = after - before;
    let fill = if change.abs() <= CHANGE * all {
        SAME.url()
    } else if change > 0.0 {
        MORE.url()
    } else {
        LESS.url()
    };
    let tip = format!(
        "{}: {} pages in the first, {} in the second",
        name(tree, node, index),
        count(before),
        count(after)
    );
    (fill, format!("{} {}", node.label, signed(change)), tip)
}

fn name(tree: &Tree, node: &Node, index: usize) -> String {
    if index == 0 { node.label.clone() } else { tree.path(index).join(" › ") }
}

fn draw(tree: &Tree, title: String, look: fn(&Tree, usize) -> Look) -> Drawing {
    let places = tree.places();
    let boxes: Vec<Markup> = places
        .iter()
        .enumerate()
        .filter(|(_, (_, width))| width * WIDTH >= NARROWEST)
        .map(|(index, (at, width))| {
            draw_box(at * WIDTH, width * WIDTH, tree.nodes[index].depth, look(tree, index))
        })
        .collect();
    Drawing {
        label: title,
        width: WIDTH,
        height: (tree.depth() + 1) as f64 * ROW + 2.0,
        body: html! { @for one in boxes { (one) } },
    }
}

fn draw_box(left: f64, width: f64, depth: usize, (fill, text, tip): Look) -> Markup {
    let top = 1.0 + depth as f64 * ROW;
    let text = fit(&text, width - 8.0);
    html! {
        g data-tip=(tip) {
            (bar(left, top, width, ROW - 1.0, &fill))
            @if !text.is_empty() { text x=(Px(left + 4.0)) y=(Px(top + 15.0)) class="on-fill" { (text) } }
        }
    }
}
