//! The section of one experiment.

use crate::figure::Figure;
use crate::group::Group;
use crate::number::count;
use crate::plots::{bars, icicle, page_map, pauses, series, time_line, workers};
use crate::table::Table;
use calf_lab::{Outline, Published};
use maud::{Markup, html};

/// Every figure that a group's lines have numbers for.
fn figures(group: &Group<'_>) -> Vec<Figure> {
    let mut figures = Vec::new();
    figures.extend(bars::copies(group));
    figures.extend(time_line::figure(group));
    figures.extend(page_map::figure(group));
    figures.extend(icicle::figures(group));
    figures.extend(series::figures(group));
    figures.extend(workers::figure(group));
    figures.extend(bars::facts(group));
    for of_machine in group.by_machine() {
        figures.extend(bars::times(&of_machine));
        figures.extend(pauses::figure(&of_machine));
    }
    figures
}

/// The section; `first` is the number of its first figure, which it moves on.
pub(crate) fn markup(
    group: &Group<'_>,
    outline: Option<&Outline>,
    id: &str,
    first: &mut usize,
) -> Markup {
    let answer = outline.map(|outline| crate::answer::markup(&outline.pieces, group, first));
    let figures = figures(group);
    let from = *first;
    *first += figures.len();
    html! {
        section id=(id) class="experiment" aria-labelledby=(format!("{id}-heading")) {
            h2 id=(format!("{id}-heading")) { (group.title()) }
            @if let Some(outline) = outline {
                p class="title" { (outline.title) }
                p class="question" { (outline.question) }
                (predictions(outline))
                h3 { "What came out" }
                (answer.unwrap_or_default())
            }
            h3 { "Figures" }
            @for (index, figure) in figures.iter().enumerate() { (figure.markup(from + index)) }
            @if figures.is_empty() { p { "Its cells told no number." } }
            @if let Some(outline) = outline {
                @if !outline.published.is_empty() {
                    h3 { "Published, and here" }
                    @for published in &outline.published { (beside(published)) }
                }
            }
            (failures(group))
            (commands(group))
        }
    }
}

fn predictions(outline: &Outline) -> Markup {
    html! {
        @if !outline.predictions.is_empty() {
            h3 { "Predictions" }
            ul class="predictions" {
                @for prediction in &outline.predictions {
                    li {
                        @match prediction.holds {
                            Some(true) => b class="holds" { "✓ holds: " },
                            Some(false) => b class="fails" { "✗ does not hold: " },
                            None => b { "? not judged: " },
                        }
                        (prediction.text)
                    }
                }
            }
        }
    }
}

fn beside(published: &Published) -> Markup {
    html! {
        dl class="published" {
            dt { "There" } dd { (published.figure) }
            dt { "Source" } dd { (published.source) }
            dt { "Here" } dd { (published.here.as_deref().unwrap_or("not measured in these results")) }
            dt { "Why" } dd { (published.why) }
        }
    }
}

fn failures(group: &Group<'_>) -> Markup {
    let mut table = Table::new(
        format!("what did not end well: {}", group.title()),
        ["command", "what became of it", "it said"],
    );
    for cell in &group.cells {
        if !cell.is_ok() {
            table.row(vec![cell.command.clone(), cell.status.clone(), cell.complaint.clone()]);
        }
        let (command, status) = &cell.recording;
        if !matches!(status.as_str(), "" | "ok") {
            let said = "what was to be watched; the cell itself was measured".to_string();
            table.row(vec![command.clone(), status.clone(), said]);
        }
        for child in cell.children.iter().filter(|child| child.exit != 0.0) {
            let became = format!("{}: exit {}", child.name, count(child.exit));
            table.row(vec![cell.command.clone(), became, cell.complaint.clone()]);
        }
    }
    html! {
        @if table.len() > 0 {
            h3 { "What did not end well" }
            (table.markup())
        }
    }
}

fn commands(group: &Group<'_>) -> Markup {
    let mut table = Table::new(
        format!("the cells of {} and the command that repeats each", group.title()),
        ["cell", "strategy", "command", "ended"],
    );
    for cell in &group.cells {
        table.row(vec![
            cell.key.clone(),
            cell.strategy.clone(),
            cell.command.clone(),
            cell.status.clone(),
        ]);
        if !cell.recording.0.is_empty() {
            let (command, status) = cell.recording.clone();
            table.row(vec![
                format!("{}, watched", cell.key),
                cell.strategy.clone(),
                command,
                status,
            ]);
        }
    }
    html! {
        h3 { "Repeat it" }
        p { code { (group.command()) } }
        (table.folded("Cell by cell"))
    }
}
