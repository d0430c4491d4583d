//! Tables under the plots.

use maud::{Markup, html};

/// A table of a figure's numbers.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) caption: String,
    /// The heads, and whether numbers stand under them.
    heads: Vec<(String, bool)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with this caption; columns whose head begins with `#` hold numbers.
    pub(crate) fn new(
        caption: impl Into<String>,
        heads: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Table {
        let head = |head: &str| match head.strip_prefix('#') {
            Some(head) => (head.to_string(), true),
            None => (head.to_string(), false),
        };
        let heads = heads.into_iter().map(|text| head(text.as_ref())).collect();
        Table { caption: caption.into(), heads, rows: Vec::new() }
    }

    /// Adds a row; cells that are missing are empty.
    pub(crate) fn row(&mut self, mut cells: Vec<String>) {
        cells.resize(self.heads.len(), String::new());
        self.rows.push(cells);
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The table itself.
    pub(crate) fn markup(&self) -> Markup {
        html! {
            div class="scroll" tabindex="0" role="group" aria-label=(self.caption) {
                table {
                    caption { (self.caption) }
                    thead {
                        tr { @for (head, is_number) in &self.heads {
                            @if head.is_empty() { td {} } @else { th scope="col" class=[is_number.then_some("number")] { (head) } }
                        } }
                    }
                    tbody {
                        @for row in &self.rows {
                            tr { @for (index, (cell, (_, is_number))) in row.iter().zip(&self.heads).enumerate() {
                                @if index == 0 && !cell.is_empty() {
                                    th scope="row" class=[is_number.then_some("number")] { (cell) }
                                } @else {
                                    td class=[is_number.then_some("number")] { (cell) }
                                }
                            } }
                        }
                    }
                }
            }
        }
    }

    /// The table behind a line that opens it: what there is, and of what.
    pub(crate) fn folded(&self, what: &str) -> Markup {
        html! {
            details class="numbers" {
                summary { (what) ": " (self.caption) }
                (self.markup())
            }
        }
    }
}
