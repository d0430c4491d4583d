//! Colours that colour-blind people can tell apart (after Okabe and Ito, "Color Universal Design", 2008), each with a weave, so that
//! colour is never the only difference. The colours themselves are in `style.css`, for light and dark.

use maud::{Markup, html};

/// What is drawn over a colour.
#[derive(Clone, Copy, Debug)]
enum Weave {
    Plain,
    Rising,
    Falling,
    Dots,
    Cross,
    Upright,
}

impl Weave {
    fn path(self) -> &'static str {
        match self {
            Weave::Plain => "",
            Weave::Rising => "M-1 1 1 -1M0 6 6 0M5 7 7 5",
            Weave::Falling => "M-1 5 1 7M0 0 6 6M5 -1 7 1",
            Weave::Dots => "M1.5 1.5h1M4.5 4.5h1",
            Weave::Cross => "M0 0 6 6M0 6 6 0",
            Weave::Upright => "M3 0V6",
        }
    }
}

/// A fill and what it stands for.
#[derive(Debug)]
pub(crate) struct Fill {
    pub(crate) name: &'static str,
    hue: usize,
    weave: Weave,
    pub(crate) meaning: &'static str,
}

const fn fill(name: &'static str, hue: usize, weave: Weave, meaning: &'static str) -> Fill {
    Fill { name, hue, weave, meaning }
}

/// Why a page is copied, in the order in which bars are stacked.
pub(crate) static CAUSES: &[Fill] = &[
    fill("count", 1, Weave::Plain, "a count of references, written by reading"),
    fill("header", 5, Weave::Rising, "the collector's links and scratch beside an object"),
    fill("mark", 0, Weave::Dots, "a mark"),
    fill("age", 6, Weave::Cross, "an object's age"),
    fill("store", 4, Weave::Plain, "the program's own write"),
    fill("allocate", 2, Weave::Upright, "a new object in a hole of a shared page"),
    fill("free", 2, Weave::Falling, "a link of the list of free holes, or a sweep"),
    fill("finalize", 6, Weave::Plain, "a finalizer"),
    fill("exit", 7, Weave::Rising, "the end of the process"),
    fill("cache", 3, Weave::Dots, "a cache of the machine"),
    fill("stack", 7, Weave::Plain, "the stack of calls"),
    OTHER,
];

const OTHER: Fill = fill("other", 7, Weave::Cross, "a cause that this program does not know");

/// The states of a page, by the letter in a page map.
pub(crate) static STATES: &[(char, Fill)] = &[
    ('s', fill("shared", 8, Weave::Plain, "shared with the parent")),
    ('c', fill("collector", 5, Weave::Rising, "copied by the collector")),
    ('p', fill("program", 4, Weave::Cross, "copied by the program")),
    ('n', fill("new", 2, Weave::Dots, "new")),
    ('.', fill("absent", 9, Weave::Plain, "free or not present")),
];

/// Memory of a process.
pub(crate) static PRIVATE: Fill =
    fill("private", 5, Weave::Rising, "private: this process alone pays for it");
pub(crate) static SHARED: Fill = fill("sharing", 1, Weave::Plain, "shared: others map it, too");

/// A difference of two runs.
pub(crate) static MORE: Fill = fill("more", 5, Weave::Rising, "more in the second");
pub(crate) static LESS: Fill = fill("less", 1, Weave::Dots, "less in the second");
pub(crate) static SAME: Fill = fill("same", 8, Weave::Plain, "the same, or nearly");

/// A number without a cause.
pub(crate) static PLAIN: Fill = fill("plain", 1, Weave::Plain, "");

/// The fill of the cause of this name.
pub(crate) fn cause(name: &str) -> &'static Fill {
    let last = CAUSES.len() - 1;
    CAUSES.iter().find(|fill| fill.name == name).unwrap_or(&CAUSES[last])
}

impl Fill {
    /// As the attribute `fill` takes it.
    pub(crate) fn url(&self) -> String {
        format!("url(#fill-{})", self.name)
    }

    fn pattern(&self) -> Markup {
        let path = self.weave.path();
        html! {
            pattern id=(format!("fill-{}", self.name)) width="6" height="6" patternUnits="userSpaceOnUse" {
                rect width="6" height="6" class=(format!("hue{}", self.hue)) {}
                @if !path.is_empty() { path d=(path) class="weave" {} }
            }
        }
    }
}

/// Every fill, once for the whole page.
pub(crate) fn definitions() -> Markup {
    let single = [&PRIVATE, &SHARED, &MORE, &LESS, &SAME, &PLAIN];
    let all = CAUSES.iter().chain(STATES.iter().map(|(_, fill)| fill)).chain(single);
    html! {
        svg class="definitions" width="0" height="0" aria-hidden="true" focusable="false" {
            defs { @for fill in all { (fill.pattern()) } }
        }
    }
}

/// What the fills of a figure stand for.
pub(crate) fn legend<'a>(fills: impl IntoIterator<Item = &'a Fill>) -> Markup {
    html! {
        ul class="legend" {
            @for fill in fills {
                li {
                    svg class="swatch" width="18" height="12" aria-hidden="true" focusable="false" {
                        rect x="0.5" y="0.5" width="17" height="11" fill=(fill.url()) class="block" {}
                    }
                    span {
                        @if CAUSES.iter().any(|cause| cause.name == fill.name) { b { (fill.name) } ": " }
                        (fill.meaning)
                    }
                }
            }
        }
    }
}

/// A line among others: colour, dashes and the shape at its points differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stroke(pub(crate) usize);

const DASHES: [&str; 5] = ["none", "7 3", "2 3", "9 3 2 3", "1 4"];
/// Around a point at 0 0.
const SHAPES: [&str; 6] = [
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
    "M-3.5 -3.5h7v7h-7z",
    "M0 -4.5 4.5 3.5 -4.5 3.5z",
    "M0 -5 5 0 0 5 -5 0z",
    "M-4 -4 4 4M-4 4 4 -4",
    "M-5 0H5M0 -5V5",
];

impl Stroke {
    /// The class that gives it its colour.
    pub(crate) fn class(self) -> String {
        format!("line{}", self.0 % 8)
    }

    /// As `stroke-dasharray` takes it.
    pub(crate) fn dashes(self) -> &'static str {
        DASHES[self.0 % DASHES.len()]
    }

    /// The shape at a point.
    pub(crate) fn marker(self, x: f64, y: f64, tip: &str) -> Markup {
        use crate::svg::Px;
        html! {
            path d=(SHAPES[self.0 % SHAPES.len()]) transform=(format!("translate({} {})", Px(x), Px(y)))
                class=(format!("marker {}", self.class())) data-tip=(tip) {}
        }
    }
}

/// What the lines of a figure stand for.
pub(crate) fn line_legend(names: &[String]) -> Markup {
    html! {
        ul class="legend" {
            @for (index, name) in names.iter().enumerate() {
                @let stroke = Stroke(index);
                li {
                    svg class="swatch" width="34" height="12" aria-hidden="true" focusable="false" {
                        line x1="0" y1="6" x2="34" y2="6" class=(stroke.class()) stroke-dasharray=(stroke.dashes()) {}
                        (stroke.marker(17.0, 6.0, ""))
                    }
                    span { (name) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_fills_of_a_figure_look_alike() {
        let looks = |fills: Vec<&Fill>| {
            let looks: HashSet<_> =
                fills.iter().map(|fill| (fill.hue, fill.weave.path())).collect();
            assert_eq!(looks.len(), fills.len());
        };
        looks(CAUSES.iter().collect());
        looks(STATES.iter().map(|(_, fill)| fill).collect());
        looks(vec![&MORE, &LESS, &SAME]);
        looks(vec![&PRIVATE, &SHARED]);
    }

    #[test]
    fn lines_differ_without_their_colours() {
        let looks: HashSet<_> =
            (0..12).map(|index| (Stroke(index).dashes(), SHAPES[index % SHAPES.len()])).collect();
        assert_eq!(looks.len(), 12);
    }
}
