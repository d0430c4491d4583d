//! Lines: memory against requests, with the limit and the moments at which a worker was replaced.

use crate::chart::{Axis, Chart};
use crate::extra::{Says, Series};
use crate::figure::{Arrangement, Figure};
use crate::group::{Group, Told};
use crate::number::{Unit, count};
use crate::palette::{self, Stroke};
use crate::svg::{Anchor, Drawing, Px, WIDTH, label, line};
use crate::table::Table;
use maud::{Markup, html};

/// A figure for each title.
pub(crate) fn figures(group: &Group<'_>) -> Vec<Figure> {
    let all =
        group.extras(|says| if let Says::Series(series) = says { Some(series) } else { None });
    let mut titles: Vec<&str> = Vec::new();
    for told in &all {
        if !titles.contains(&told.says.title.as_str()) {
            titles.push(&told.says.title);
        }
    }
    let of_title = |title: &&str| {
        let lines: Vec<_> = all.iter().filter(|told| told.says.title == *title).collect();
        figure(group, title, &lines)
    };
    titles.iter().map(of_title).collect()
}

/// A line's name: the strategy alone where that is enough.
fn name(told: &Told<'_, Series>, lines: &[&Told<'_, Series>]) -> String {
    let alike = lines.iter().filter(|other| other.cell.strategy == told.cell.strategy).count();
    if alike > 1 { told.name() } else { told.cell.strategy.clone() }
}

fn figure(group: &Group<'_>, title: &str, lines: &[&Told<'_, Series>]) -> Figure {
    let first = lines[0].says;
    let (x_unit, y_unit) = (Unit::of(&first.x), Unit::of(&first.y));
    let names: Vec<String> = lines.iter().map(|told| name(told, lines)).collect();
    let mut table = Table::new(
        format!("{title}: {}", group.title()),
        ["run".to_string(), format!("#{}", first.x), format!("#{}", first.y), "note".to_string()],
    );
    let mut ends = Vec::new();
    for (told, name) in lines.iter().zip(&names) {
        for (x, y) in &told.says.points {
            let marks =
                told.says.marks.iter().filter(|(at, _)| at == x).map(|(_, text)| text.as_str());
            let note: Vec<&str> = marks.collect();
            table.row(vec![name.clone(), x_unit.show(*x), y_unit.show(*y), note.join(", ")]);
        }
        if let (Some((_, from)), Some((_, to))) =
            (told.says.points.first(), told.says.points.last())
        {
            let marks = match told.says.marks.len() {
                0 => String::new(),
                many => format!(", {many} marks"),
            };
            ends.push(format!(
                "{name} goes from {} to {}{marks}",
                y_unit.show(*from),
                y_unit.show(*to)
            ));
        }
    }
    let limits: Vec<f64> = lines.iter().filter_map(|told| told.says.limit).collect();
    let mut notes: Vec<String> = limits
        .first()
        .map(|limit| format!("The line across is the limit, {}.", y_unit.show(*limit)))
        .into_iter()
        .collect();
    if lines.iter().any(|told| !told.says.marks.is_empty()) {
        notes.push(
            "A triangle below the axis is a moment of its own: point at it, or see the table."
                .to_string(),
        );
    }
    let drawn: Vec<&Series> = lines.iter().map(|told| told.says).collect();
    Figure {
        title: format!("{title}: {}", group.title()),
        summary: format!("Lines of {} against {}. {}.", first.y, first.x, ends.join("; ")),
        drawings: vec![draw(&drawn, &names, (x_unit, y_unit))],
        arrangement: Arrangement::All,
        legend: palette::line_legend(&names),
        notes,
        table,
        command: group.command(),
    }
}

/// Lines that an experiment has made of its results itself.
pub(crate) fn named(
    title: &str,
    x: &str,
    unit: Unit,
    lines: &[(String, Vec<(f64, f64)>)],
    command: String,
) -> Figure {
    let names: Vec<String> = lines.iter().map(|(name, _)| name.clone()).collect();
    let x_unit = Unit::of(x);
    let mut table = Table::new(title, ["line".to_string(), format!("#{x}"), "#value".to_string()]);
    let mut series = Vec::new();
    for (name, points) in lines {
        for (x, y) in points {
            table.row(vec![name.clone(), x_unit.show(*x), unit.show(*y)]);
        }
        series.push(Series {
            title: title.to_string(),
            x: x.to_string(),
            y: String::new(),
            points: points.clone(),
            limit: None,
            marks: Vec::new(),
        });
    }
    let drawn: Vec<&Series> = series.iter().collect();
    Figure {
        title: title.to_string(),
        summary: format!("Lines against {x}: {}.", names.join(", ")),
        drawings: if drawn.is_empty() {
            Vec::new()
        } else {
            vec![draw(&drawn, &names, (x_unit, unit))]
        },
        arrangement: Arrangement::All,
        legend: palette::line_legend(&names),
        notes: Vec::new(),
        table,
        command,
    }
}

fn draw(lines: &[&Series], names: &[String], (x_unit, y_unit): (Unit, Unit)) -> Drawing {
    let points = || lines.iter().flat_map(|series| &series.points);
    let limits: Vec<f64> = lines.iter().filter_map(|series| series.limit).collect();
    let marks = lines.iter().flat_map(|series| &series.marks).map(|(x, _)| *x);
    let xs = points().map(|(x, _)| *x).chain(marks);
    let ys = points().map(|(_, y)| *y).chain(limits.iter().copied());
    let chart = Chart::new((80.0, 30.0, WIDTH - 100.0, 280.0), (xs, x_unit), (ys, y_unit));
    let first = lines[0];
    let body = html! {
        (chart.axes(Axis { title: &first.x, unit: x_unit }, Axis { title: &first.y, unit: y_unit }))
        @if let Some(limit) = limits.first() {
            @let at = chart.y.at(*limit);
            (line((chart.left, at), (chart.left + chart.width, at), "limit"))
            (label(chart.left + chart.width, at - 5.0, Anchor::End, "limit-name", &format!("limit {}", y_unit.show(*limit))))
        }
        @for (index, (series, name)) in lines.iter().zip(names).enumerate() {
            (one(&chart, series, name, index, (x_unit, y_unit)))
        }
    };
    Drawing { label: String::new(), width: WIDTH, height: 355.0, body }
}

/// More points than this get no shape of their own.
const SHAPES: usize = 40;

fn one(
    chart: &Chart,
    series: &Series,
    name: &str,
    index: usize,
    (x_unit, y_unit): (Unit, Unit),
) -> Markup {
    let stroke = Stroke(index);
    let path: Vec<String> = series.points.iter().map(|(x, y)| chart.point(*x, *y)).collect();
    let every = series.points.len().div_ceil(SHAPES).max(1);
    let bottom = chart.top + chart.height;
    html! {
        @if !path.is_empty() {
            path d=(format!("M{}", path.join("L"))) class=(format!("line {}", stroke.class())) stroke-dasharray=(stroke.dashes()) {}
        }
        @for (x, y) in series.points.iter().step_by(every) {
            (stroke.marker(chart.x.at(*x), chart.y.at(*y), &format!("{name}: {} at {}", y_unit.show(*y), x_unit.show(*x))))
        }
        @for (x, text) in &series.marks {
            @let at = chart.x.at(*x);
            path d=(format!("M{} {}l5 9h-10z", Px(at), Px(bottom))) class=(format!("mark {}", stroke.class()))
                data-tip=(format!("{name}: {text} at {}", count(*x))) {}
        }
    }
}
