//! The parts that all drawings are made of.

use maud::{Markup, html};
use std::fmt;

/// As wide as a drawing gets, in units of its own; letters are about [`LETTER`] wide there.
pub(crate) const WIDTH: f64 = 960.0;
/// The width of a letter, on the average.
pub(crate) const LETTER: f64 = 7.0;

/// A length or a place, with a digit behind the point at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Px(pub(crate) f64);

impl fmt::Display for Px {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = (self.0 * 10.0).round() / 10.0;
        // No "-0".
        write!(formatter, "{}", if rounded == 0.0 { 0.0 } else { rounded })
    }
}

impl maud::Render for Px {
    fn render_to(&self, to: &mut String) {
        to.push_str(&self.to_string());
    }
}

/// A drawing and its measures.
#[derive(Debug)]
pub(crate) struct Drawing {
    /// What it shows, where several stand together.
    pub(crate) label: String,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) body: Markup,
}

impl Drawing {
    /// As an image that is called `title` and described by `summary`; `id` is its own on the page.
    pub(crate) fn svg(&self, id: &str, title: &str, summary: &str) -> Markup {
        let (named, described) = (format!("{id}-title"), format!("{id}-desc"));
        html! {
            svg id=(id) class="drawing" role="img" aria-labelledby=(format!("{named} {described}"))
                viewBox=(format!("0 0 {} {}", Px(self.width), Px(self.height)))
                width=(Px(self.width)) height=(Px(self.height)) {
                title id=(named) { (title) @if !self.label.is_empty() { ": " (self.label) } }
                desc id=(described) { (summary) }
                (self.body)
            }
        }
    }
}

/// As much of `text` as there is room for.
pub(crate) fn fit(text: &str, width: f64) -> String {
    let room = (width / LETTER).max(0.0) as usize;
    if text.chars().count() <= room {
        return text.to_string();
    }
    match room {
        0..=2 => String::new(),
        _ => text.chars().take(room - 1).chain(['…']).collect(),
    }
}

/// The width of a text.
pub(crate) fn width_of(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER
}

/// How a text stands at its place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A text at a place.
pub(crate) fn label(x: f64, y: f64, anchor: Anchor, class: &str, text: &str) -> Markup {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    html! { text x=(Px(x)) y=(Px(y)) text-anchor=(anchor) class=(class) { (text) } }
}

/// A straight line.
pub(crate) fn line(from: (f64, f64), to: (f64, f64), class: &str) -> Markup {
    html! { line x1=(Px(from.0)) y1=(Px(from.1)) x2=(Px(to.0)) y2=(Px(to.1)) class=(class) {} }
}

/// A rectangle filled from the palette.
pub(crate) fn bar(x: f64, y: f64, width: f64, height: f64, fill: &str) -> Markup {
    html! {
        rect x=(Px(x)) y=(Px(y)) width=(Px(width.max(0.0))) height=(Px(height.max(0.0)))
            fill=(fill) class="block" {}
    }
}
