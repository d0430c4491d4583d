//! What an experiment shows of its results itself: its own tables, plots and sentences.

use crate::group::Group;
use crate::plots::{bars, series};
use crate::table::Table;
use calf_lab::Piece;
use maud::{Markup, html};

/// The pieces in their order; `figure` is the number of the next figure, which is moved on.
pub(crate) fn markup(pieces: &[Piece], group: &Group<'_>, figure: &mut usize) -> Markup {
    let mut heading = String::new();
    let mut parts = Vec::new();
    for piece in pieces {
        parts.push(match piece {
            Piece::Heading(text) => {
                heading.clone_from(text);
                html! { h4 { (text) } }
            }
            Piece::Text(text) => html! { p { (text) } },
            Piece::Line(text) => html! { p class="line-of-text" { (text) } },
            Piece::Table { heads, rows } => table(heads, rows, &heading, group).markup(),
            Piece::Bars { title, unit, bars } => {
                numbered(bars::named(title, (*unit).into(), bars, group.command()), figure)
            }
            Piece::Lines { title, x, unit, lines } => {
                numbered(series::named(title, x, (*unit).into(), lines, group.command()), figure)
            }
        });
    }
    html! { @for part in parts { (part) } }
}

fn numbered(figure: crate::figure::Figure, number: &mut usize) -> Markup {
    let markup = figure.markup(*number);
    *number += 1;
    markup
}

fn table(
    heads: &[(String, bool)],
    rows: &[Vec<String>],
    heading: &str,
    group: &Group<'_>,
) -> Table {
    let what = if heading.is_empty() { "results" } else { heading };
    let marked = heads
        .iter()
        .map(|(head, is_number)| format!("{}{head}", if *is_number { "#" } else { "" }));
    let mut table = Table::new(format!("{what}: {}", group.title()), marked);
    rows.iter().for_each(|row| table.row(row.clone()));
    table
}
