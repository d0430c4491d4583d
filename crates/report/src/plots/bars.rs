//! Strategies compared: a panel for each child, a bar for each strategy, whiskers from the least to the most of its repetitions.

use crate::figure::{Arrangement, Figure};
use crate::group::{Group, Spread};
use crate::number::{Unit, count, percent};
use crate::palette::{self, CAUSES, PLAIN};
use crate::scale::Scale;
use crate::svg::{Anchor, Drawing, LETTER, Px, WIDTH, bar, fit, label, line, width_of};
use crate::table::Table;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// A bar.
struct Bar {
    name: String,
    spread: Spread,
    /// The pages by cause; empty if the bar has no parts.
    parts: BTreeMap<String, f64>,
    /// Beside the bar.
    text: String,
}

/// Bars with something in common.
struct Panel {
    title: String,
    unit: Unit,
    bars: Vec<Bar>,
}

const ROW: f64 = 18.0;
const GAP: f64 = 24.0;
const HEAD: f64 = 24.0;
/// More panels than this are left to the table.
const MOST_PANELS: usize = 24;

/// Pages copied by each child under each strategy, by cause.
pub(crate) fn copies(group: &Group<'_>) -> Option<Figure> {
    let mut panels = Vec::new();
    let mut table = Table::new(
        format!("pages copied by each child of {}", group.title()),
        [
            "child",
            "strategy",
            "#runs",
            "#median",
            "#least",
            "#most",
            "#of the shared heap",
            "by cause (of the median run)",
            "#model less kernel",
            "by whose word",
        ],
    );
    let mut repeats = false;
    for (title, samples) in group.children() {
        let mut bars = Vec::new();
        for (strategy, children) in samples {
            let mut nets: Vec<_> = children.iter().filter_map(|child| child.net.as_ref()).collect();
            nets.sort_by(|one, other| one.pages.total_cmp(&other.pages));
            let Some(net) = nets.get(nets.len() / 2) else { continue };
            let spread = Spread::of(nets.iter().map(|net| net.pages)).unwrap_or_default();
            repeats |= spread.count > 1;
            let share =
                if net.shared > 0.0 { percent(net.pages / net.shared) } else { String::new() };
            let causes: Vec<String> = net
                .causes
                .iter()
                .filter(|(_, pages)| **pages != 0.0)
                .map(|(cause, pages)| format!("{cause} {}", count(*pages)))
                .collect();
            table.row(vec![
                title.clone(),
                strategy.clone(),
                count(spread.count as f64),
                count(spread.median),
                count(spread.least),
                count(spread.most),
                share.clone(),
                causes.join(", "),
                net.model_off.map_or(String::new(), count),
                if net.modelled { "the model's".to_string() } else { "the kernel's".to_string() },
            ]);
            let text = format!(
                "{} {}",
                count(spread.median),
                if share.is_empty() { share } else { format!("({share})") }
            );
            bars.push(Bar { name: strategy, spread, parts: net.causes.clone(), text });
        }
        if !bars.is_empty() {
            panels.push(Panel { title, unit: Unit::Count, bars });
        }
    }
    if panels.is_empty() {
        return None;
    }
    let causes: Vec<&str> = panels
        .iter()
        .flat_map(|panel| &panel.bars)
        .flat_map(|bar| &bar.parts)
        .filter(|(_, pages)| **pages > 0.0)
        .map(|(cause, _)| palette::cause(cause).name)
        .collect();
    let fills = CAUSES.iter().filter(|fill| causes.contains(&fill.name));
    let summary = summary(&panels, "pages copied");
    let mut notes = vec![if repeats {
        "A bar is the median run; its whiskers reach from the least to the most of all runs."
            .to_string()
    } else {
        "Each cell was run once: there are no whiskers.".to_string()
    }];
    notes.extend(left_out(&panels));
    Some(Figure {
        title: format!("Pages copied since the fork, by strategy and cause: {}", group.title()),
        summary,
        drawings: vec![draw(&panels)],
        arrangement: Arrangement::All,
        legend: palette::legend(fills),
        notes,
        table,
        command: group.command(),
    })
}

/// What the children counted, but for times.
pub(crate) fn facts(group: &Group<'_>) -> Option<Figure> {
    let title = format!("What the children counted: {}", group.title());
    measured(group, title, |unit| unit != Unit::Seconds)
}

/// The times that the children took; of one machine only.
pub(crate) fn times(group: &Group<'_>) -> Option<Figure> {
    let title = format!("Times: {}, on {}", group.title(), group.machine_name());
    let mut figure = measured(group, title, |unit| unit == Unit::Seconds)?;
    figure.notes.push("Times say as much of the machine as of Calf: they are not compared with another machine's.".to_string());
    Some(figure)
}

fn measured(group: &Group<'_>, title: String, chosen: fn(Unit) -> bool) -> Option<Figure> {
    let mut table = Table::new(
        title.clone(),
        ["child", "what", "strategy", "#runs", "#median", "#least", "#most"],
    );
    let mut panels: Vec<Panel> = Vec::new();
    for (child, samples) in group.children() {
        let mut names: Vec<&String> = Vec::new();
        for name in
            samples.iter().flat_map(|(_, children)| children).flat_map(|child| child.facts.keys())
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        for name in names {
            let unit = Unit::of(name);
            if !chosen(unit) {
                continue;
            }
            let mut bars = Vec::new();
            for (strategy, children) in &samples {
                let Some(spread) =
                    Spread::of(children.iter().filter_map(|child| child.facts.get(name)).copied())
                else {
                    continue;
                };
                table.row(vec![
                    child.clone(),
                    name.clone(),
                    strategy.clone(),
                    count(spread.count as f64),
                    unit.show(spread.median),
                    unit.show(spread.least),
                    unit.show(spread.most),
                ]);
                let text = unit.show(spread.median);
                bars.push(Bar { name: strategy.clone(), spread, parts: BTreeMap::new(), text });
            }
            panels.push(Panel { title: format!("{child}: {name}"), unit, bars });
        }
    }
    if panels.is_empty() {
        return None;
    }
    let summary = summary(&panels, "");
    let all = panels.len();
    panels.retain(|panel| !panel.is_flat());
    let mut notes: Vec<String> = left_out(&panels).into_iter().collect();
    if panels.len() < all {
        notes.push("What is the same under every strategy is only in the table.".to_string());
    }
    Some(Figure {
        summary,
        drawings: if panels.is_empty() { Vec::new() } else { vec![draw(&panels)] },
        arrangement: Arrangement::All,
        legend: html! {},
        notes,
        title,
        table,
        command: group.command(),
    })
}

/// Bars that an experiment has made of its results itself.
pub(crate) fn named(title: &str, unit: Unit, bars: &[(String, f64)], command: String) -> Figure {
    let mut table = Table::new(title, ["name", "#value"]);
    let mut panel = Panel { title: String::new(), unit, bars: Vec::new() };
    for (name, value) in bars {
        table.row(vec![name.clone(), unit.show(*value)]);
        panel.bars.push(Bar {
            name: name.clone(),
            spread: Spread::of([*value]).unwrap_or_default(),
            parts: BTreeMap::new(),
            text: unit.show(*value),
        });
    }
    let panels = [panel];
    Figure {
        title: title.to_string(),
        summary: summary(&panels, ""),
        drawings: vec![draw(&panels)],
        arrangement: Arrangement::All,
        legend: html! {},
        notes: Vec::new(),
        table,
        command,
    }
}

impl Panel {
    /// Are its bars all of one length, so that there is nothing to be seen?
    fn is_flat(&self) -> bool {
        let least = self.bars.iter().map(|bar| bar.spread.least).fold(f64::INFINITY, f64::min);
        let most = self.bars.iter().map(|bar| bar.spread.most).fold(f64::NEG_INFINITY, f64::max);
        most == 0.0 || self.bars.len() > 1 && least == most
    }
}

fn left_out(panels: &[Panel]) -> Option<String> {
    let more = panels.len().checked_sub(MOST_PANELS).filter(|more| *more > 0)?;
    Some(format!("{more} more are only in the table."))
}

/// The most and the least of each panel, in words.
fn summary(panels: &[Panel], what: &str) -> String {
    let mut sentences = Vec::new();
    for panel in panels.iter().take(MOST_PANELS) {
        let by = |one: &&Bar, other: &&Bar| one.spread.median.total_cmp(&other.spread.median);
        let (Some(least), Some(most)) =
            (panel.bars.iter().min_by(by), panel.bars.iter().max_by(by))
        else {
            continue;
        };
        let (unit, title) = (panel.unit, &panel.title);
        let (few, many) = (unit.show(least.spread.median), unit.show(most.spread.median));
        sentences.push(format!(
            "{title}: from {few} under {} to {many} under {}",
            least.name, most.name
        ));
    }
    let what = if what.is_empty() { String::new() } else { format!("{what}, ") };
    format!("Bars by strategy. {what}{}.", sentences.join("; "))
}

fn draw(panels: &[Panel]) -> Drawing {
    let panels = &panels[..panels.len().min(MOST_PANELS)];
    let columns = panels.len().clamp(1, 3);
    let width = (WIDTH - GAP * (columns - 1) as f64) / columns as f64;
    let longest = panels.iter().flat_map(|panel| &panel.bars).map(|bar| width_of(&bar.name));
    let names = longest.fold(0.0, f64::max).clamp(40.0, (width / 3.0).max(90.0)) + 8.0;
    let texts = panels.iter().flat_map(|panel| &panel.bars).map(|bar| width_of(&bar.text));
    let texts = texts.fold(0.0, f64::max).clamp(40.0, 130.0) + 10.0;
    // Panels of one unit share a scale, so that they can be compared.
    let scale = |unit: Unit, left: f64| {
        let of_unit =
            panels.iter().filter(|panel| panel.unit == unit).flat_map(|panel| &panel.bars);
        let ends = of_unit.flat_map(|bar| [bar.spread.most, positive(&bar.parts)]);
        Scale::tight(ends, unit, left + names, left + width - texts)
    };
    // Facts of different kinds have little in common: each has its own scale unless all are pages.
    let shared = panels.iter().all(|panel| panel.bars.iter().any(|bar| !bar.parts.is_empty()));
    let mut top = 0.0;
    let mut body = Vec::new();
    for row in panels.chunks(columns) {
        for (column, panel) in row.iter().enumerate() {
            let left = column as f64 * (width + GAP);
            let own = || {
                let ends = panel.bars.iter().map(|bar| bar.spread.most);
                Scale::tight(ends, panel.unit, left + names, left + width - texts)
            };
            let scale = if shared { scale(panel.unit, left) } else { own() };
            body.push(draw_panel(panel, left, top, width, names, &scale));
        }
        let rows = row.iter().map(|panel| panel.bars.len()).max().unwrap_or(0);
        top += HEAD + rows as f64 * ROW + GAP;
    }
    let height = (top - GAP).max(ROW);
    Drawing {
        label: String::new(),
        width: WIDTH,
        height: height + 4.0,
        body: html! { @for panel in body { (panel) } },
    }
}

fn positive(parts: &BTreeMap<String, f64>) -> f64 {
    parts.values().filter(|pages| **pages > 0.0).sum()
}

fn draw_panel(panel: &Panel, left: f64, top: f64, width: f64, names: f64, scale: &Scale) -> Markup {
    html! {
        g {
            (label(left, top + 14.0, Anchor::Start, "panel-title", &fit(&panel.title, width)))
            @for (index, bar) in panel.bars.iter().enumerate() {
                (draw_bar(bar, panel.unit, left, top + HEAD + index as f64 * ROW, names, scale))
            }
            (line((left + names, top + HEAD - 2.0), (left + names, top + HEAD + panel.bars.len() as f64 * ROW), "rule"))
        }
    }
}

fn draw_bar(one: &Bar, unit: Unit, left: f64, top: f64, names: f64, scale: &Scale) -> Markup {
    let zero = scale.at(0.0);
    let middle = top + ROW / 2.0 - 1.0;
    let mut segments = Vec::new();
    if one.parts.is_empty() {
        let tip = format!("{}: {}", one.name, one.text);
        segments.push((zero, scale.at(one.spread.median), PLAIN.url(), tip));
    }
    let mut sum = 0.0;
    for fill in CAUSES {
        let of_fill = one
            .parts
            .iter()
            .filter(|(cause, pages)| palette::cause(cause).name == fill.name && **pages > 0.0);
        for (cause, pages) in of_fill {
            let tip = format!("{}: {} pages copied by {cause}", one.name, count(*pages));
            segments.push((scale.at(sum), scale.at(sum + pages), fill.url(), tip));
            sum += pages;
        }
    }
    let (least, most) = (scale.at(one.spread.least), scale.at(one.spread.most));
    let end = segments
        .iter()
        .map(|(_, to, ..)| *to)
        .fold(most.max(scale.at(one.spread.median)), f64::max);
    html! {
        (label(left + names - 6.0, middle + 4.0, Anchor::End, "bar-name", &fit(&one.name, names)))
        @for (from, to, fill, tip) in &segments {
            g data-tip=(tip) { (bar(*from, top + 2.0, (to - from).max(0.6), ROW - 6.0, fill)) }
        }
        @if one.spread.count > 1 {
            path class="whisker" data-tip=(format!("{}: {} to {} in {} runs", one.name, unit.show(one.spread.least), unit.show(one.spread.most), one.spread.count))
                d=(format!("M{a} {y1}V{y2}M{a} {m}H{b}M{b} {y1}V{y2}", a = Px(least), b = Px(most), m = Px(middle), y1 = Px(middle - 4.0), y2 = Px(middle + 4.0))) {}
        }
        (label(end + LETTER, middle + 4.0, Anchor::Start, "bar-value", &one.text))
    }
}
