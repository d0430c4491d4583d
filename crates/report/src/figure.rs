//! A figure: a drawing or several, what they mean, their numbers and the command that repeats them.

use crate::svg::Drawing;
use crate::table::Table;
use maud::{Markup, html};

/// How several drawings of one figure stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// One below the other.
    All,
    /// One at a time, chosen from a list; all of them where no script runs.
    Choice,
    /// Page maps: two at a time, moment by moment.
    Player,
}

/// A figure.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) title: String,
    /// What is to be seen, in words: for those who do not see it.
    pub(crate) summary: String,
    pub(crate) drawings: Vec<Drawing>,
    pub(crate) arrangement: Arrangement,
    pub(crate) legend: Markup,
    pub(crate) notes: Vec<String>,
    pub(crate) table: Table,
    /// What repeats it.
    pub(crate) command: String,
}

impl Figure {
    /// The figure with this number on its page.
    pub(crate) fn markup(&self, number: usize) -> Markup {
        let id = format!("figure-{number}");
        html! {
            figure id=(id) {
                figcaption { h4 { span class="figure-number" { "Figure " (number) ". " } (self.title) } }
                @match self.arrangement {
                    Arrangement::All => { (self.all(&id)) }
                    Arrangement::Choice => { (self.choice(&id)) }
                    Arrangement::Player => { (self.player(&id)) }
                }
                (self.legend)
                @for note in &self.notes { p class="note" { (note) } }
                (self.table.folded("The numbers"))
                p class="repeat" { "Repeat it: " code { (self.command) } }
            }
        }
    }

    fn one(&self, id: &str, index: usize, drawing: &Drawing) -> Markup {
        html! {
            div class="canvas" tabindex="0" role="group" aria-label=(format!("drawing of {}", self.title)) {
                (drawing.svg(&format!("{id}-drawing-{index}"), &self.title, &self.summary))
            }
        }
    }

    fn all(&self, id: &str) -> Markup {
        html! { @for (index, drawing) in self.drawings.iter().enumerate() { (self.one(id, index, drawing)) } }
    }

    fn options(&self, chosen: usize) -> Markup {
        html! {
            @for (index, drawing) in self.drawings.iter().enumerate() {
                option value=(index) selected[index == chosen] { (drawing.label) }
            }
        }
    }

    fn choice(&self, id: &str) -> Markup {
        if self.drawings.len() < 2 {
            return self.all(id);
        }
        html! {
            div class="chooser" {
                p class="controls script-only" {
                    label { "Show " select { (self.options(0)) } }
                }
                @for (index, drawing) in self.drawings.iter().enumerate() {
                    div class="choice" {
                        p class="choice-label" { (drawing.label) }
                        (self.one(id, index, drawing))
                    }
                }
            }
        }
    }

    fn player(&self, id: &str) -> Markup {
        let readout = format!("{id}-readout");
        let second = usize::from(self.drawings.len() > 1);
        html! {
            div class="player" {
                div class="controls script-only" role="group" aria-label="page-map player" {
                    button type="button" class="play" { "Play" }
                    label { "Moment " input type="range" class="scrub" min="0" max="0" value="0" step="1"; }
                    output class="moment" aria-live="polite" {}
                    label { "Left " select class="left" { (self.options(0)) } }
                    label { "Right " select class="right" {
                        option value="" { "nothing" }
                        (self.options(if second == 0 { usize::MAX } else { 1 }))
                    } }
                }
                p class="hint script-only" {
                    "Point at a page, or move over the map with the arrow keys, to see what lies on it."
                }
                div class="maps" {
                    @for (index, drawing) in self.drawings.iter().enumerate() {
                        div class="map" tabindex="0" role="group" aria-label=(format!("page map: {}", drawing.label)) aria-describedby=(readout) {
                            p class="choice-label" { (drawing.label) }
                            (drawing.svg(&format!("{id}-drawing-{index}"), &self.title, &self.summary))
                        }
                    }
                }
                p class="readout script-only" id=(readout) aria-live="polite" { "No page is chosen." }
            }
        }
    }
}
