//! Two axes and the room between them.

use crate::number::Unit;
use crate::scale::Scale;
use crate::svg::{Anchor, Px, label, line};
use maud::{Markup, html};

/// Where a chart lies, and its scales.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chart {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
}

/// What an axis says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis<'a> {
    pub(crate) title: &'a str,
    pub(crate) unit: Unit,
}

impl Chart {
    /// A chart in this place with room for these values.
    pub(crate) fn new(
        (left, top, width, height): (f64, f64, f64, f64),
        (xs, x_unit): (impl IntoIterator<Item = f64>, Unit),
        (ys, y_unit): (impl IntoIterator<Item = f64>, Unit),
    ) -> Chart {
        let x = Scale::tight(xs, x_unit, left, left + width);
        let y = Scale::new(ys, y_unit, top + height, top);
        Chart { left, top, width, height, x, y }
    }

    /// The axes, their ticks and titles, and lines across.
    pub(crate) fn axes(&self, x: Axis<'_>, y: Axis<'_>) -> Markup {
        let (right, bottom) = (self.left + self.width, self.top + self.height);
        html! {
            g class="axis" aria-hidden="true" {
                @for tick in self.y.ticks() {
                    @let at = self.y.at(tick);
                    (line((self.left, at), (right, at), "grid"))
                    (label(self.left - 6.0, at + 4.0, Anchor::End, "tick", &y.unit.show(tick)))
                }
                @for tick in self.x.ticks() {
                    @let at = self.x.at(tick);
                    (line((at, bottom), (at, bottom + 4.0), "rule"))
                    (label(at, bottom + 17.0, Anchor::Middle, "tick", &x.unit.show(tick)))
                }
                (line((self.left, bottom), (right, bottom), "rule"))
                (label(right, bottom + 32.0, Anchor::End, "axis-title", x.title))
                (label(4.0, self.top - 12.0, Anchor::Start, "axis-title", y.title))
            }
        }
    }

    /// The place of a point, as paths write it.
    pub(crate) fn point(&self, x: f64, y: f64) -> String {
        format!("{} {}", Px(self.x.at(x)), Px(self.y.at(y)))
    }
}
