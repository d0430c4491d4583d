//! Pages copied since the fork, by cause, over time: areas upon one another.

use crate::chart::{Axis, Chart};
use crate::extra::{Moment, Says};
use crate::figure::{Arrangement, Figure};
use crate::group::{Group, Told};
use crate::number::{Unit, count, seconds};
use crate::palette::{self, CAUSES, Fill};
use crate::svg::{Anchor, Drawing, Px, WIDTH, label, line, width_of};
use crate::table::Table;
use maud::{Markup, html};

/// The time lines of a group; `None` if it has none.
pub(crate) fn figure(group: &Group<'_>) -> Option<Figure> {
    let lines: Vec<_> = group
        .extras(|says| if let Says::TimeLine(moments) = says { Some(moments) } else { None })
        .into_iter()
        .filter(|told| !told.says.is_empty())
        .collect();
    if lines.is_empty() {
        return None;
    }
    let mut table = Table::new(
        format!("pages copied over time: {}", group.title()),
        ["run", "#moment", "what had happened", "#after", "#pages", "by cause"],
    );
    let mut most = 0.0_f64;
    for told in &lines {
        for (index, moment) in told.says.iter().enumerate() {
            let parts: Vec<String> = moment
                .causes
                .iter()
                .map(|(cause, pages)| format!("{cause} {}", count(*pages)))
                .collect();
            most = most.max(total(moment));
            table.row(vec![
                told.name(),
                count(index as f64 + 1.0),
                moment.label.clone(),
                seconds(moment.at),
                count(total(moment)),
                parts.join(", "),
            ]);
        }
    }
    let used = |fill: &&Fill| {
        lines.iter().flat_map(|told| told.says).any(|moment| sum_of(moment, fill) > 0.0)
    };
    let ends: Vec<String> = lines
        .iter()
        .map(|told| {
            format!(
                "{}: {} pages in the end",
                told.name(),
                count(told.says.last().map_or(0.0, total))
            )
        })
        .collect();
    Some(Figure {
        title: format!("Pages copied since the fork over time, by cause: {}", group.title()),
        summary: format!("Areas that grow with time. {}.", ends.join("; ")),
        drawings: lines.iter().map(|told| draw(told, most)).collect(),
        arrangement: Arrangement::Choice,
        legend: palette::legend(CAUSES.iter().filter(used)),
        notes: vec!["All share one scale of pages, and each has a time of its own: from the fork to the last first write, what a child copies to report included. \
             The numbers above the plot are moments of the table.".to_string()],
        table,
        command: group.command(),
    })
}

fn total(moment: &Moment) -> f64 {
    moment.causes.values().filter(|pages| **pages > 0.0).sum()
}

fn sum_of(moment: &Moment, fill: &Fill) -> f64 {
    let of_fill =
        |(cause, pages): &(&String, &f64)| palette::cause(cause).name == fill.name && **pages > 0.0;
    moment.causes.iter().filter(of_fill).map(|(_, pages)| pages).sum()
}

fn draw(told: &Told<'_, Vec<Moment>>, most: f64) -> Drawing {
    let moments = told.says;
    let times: Vec<f64> = moments.iter().map(|moment| moment.at).collect();
    // Where the clock says nothing, the moments stand side by side.
    let clocked = times.last() > times.first();
    let xs: Vec<f64> =
        if clocked { times } else { (0..moments.len()).map(|index| index as f64).collect() };
    let (title, unit) =
        if clocked { ("since the fork", Unit::Seconds) } else { ("moment", Unit::Count) };
    let place = (70.0, 44.0, WIDTH - 90.0, 240.0);
    let chart = Chart::new(place, (xs.iter().copied(), unit), ([most], Unit::Count));
    let mut below = vec![0.0; moments.len()];
    let mut areas = Vec::new();
    for fill in CAUSES {
        let above: Vec<f64> = moments
            .iter()
            .zip(&below)
            .map(|(moment, below)| below + sum_of(moment, fill))
            .collect();
        if above != below {
            areas.push(area(&chart, &xs, &below, &above, fill));
        }
        below = above;
    }
    // Moments that stand close together have one number for all of them.
    let mut free_from = f64::NEG_INFINITY;
    let numbered: Vec<bool> = xs
        .iter()
        .enumerate()
        .map(|(index, x)| {
            let (at, half) = (chart.x.at(*x), width_of(&(index + 1).to_string()) / 2.0);
            let is_free = at - half >= free_from;
            if is_free {
                free_from = at + half + 4.0;
            }
            is_free
        })
        .collect();
    let body = html! {
        (chart.axes(Axis { title, unit }, Axis { title: "pages", unit: Unit::Count }))
        @for area in areas { (area) }
        @for (index, (moment, x)) in moments.iter().zip(&xs).enumerate() {
            @let at = chart.x.at(*x);
            g data-tip=(format!("{}: {} pages", moment.label, count(total(moment)))) {
                @if numbered[index] {
                    (line((at, chart.top), (at, chart.top + chart.height), "moment"))
                    (label(at, chart.top - 2.0, Anchor::Middle, "tick", &(index + 1).to_string()))
                }
                circle cx=(Px(at)) cy=(Px(chart.y.at(total(moment)))) r="3.5" class="dot" {}
            }
        }
    };
    Drawing { label: told.name(), width: WIDTH, height: 330.0, body }
}

fn area(chart: &Chart, xs: &[f64], below: &[f64], above: &[f64], fill: &Fill) -> Markup {
    let there = xs.iter().zip(above).map(|(x, y)| chart.point(*x, *y));
    let back = xs.iter().zip(below).rev().map(|(x, y)| chart.point(*x, *y));
    let points: Vec<String> = there.chain(back).collect();
    html! { path d=(format!("M{}Z", points.join("L"))) fill=(fill.url()) class="block" data-tip=(fill.name) {} }
}
