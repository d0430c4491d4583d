//! Pauses: how long the program stood still, against the objects on the heap or against time.

use crate::chart::{Axis, Chart};
use crate::extra::{Pause, Says};
use crate::figure::{Arrangement, Figure};
use crate::group::{Group, Told};
use crate::number::{Unit, count, percent, seconds};
use crate::palette::{self, Stroke};
use crate::svg::{Drawing, WIDTH};
use crate::table::Table;
use maud::html;

/// The pauses of a group on one machine; `None` if it has none.
pub(crate) fn figure(group: &Group<'_>) -> Option<Figure> {
    let told: Vec<_> = group
        .extras(|says| if let Says::Pauses(pauses) = says { Some(pauses) } else { None })
        .into_iter()
        .filter(|told| !told.says.is_empty())
        .collect();
    if told.is_empty() {
        return None;
    }
    let names: Vec<String> = told.iter().map(Told::name).collect();
    let mut table = Table::new(
        format!("pauses: {}", group.title()),
        ["run", "#at", "#pause", "#generation", "#objects on the heap", "#of them live"],
    );
    let mut longest = Vec::new();
    for (run, name) in told.iter().zip(&names) {
        for pause in run.says {
            table.row(vec![
                name.clone(),
                seconds(pause.at),
                seconds(pause.seconds),
                pause.generation.map_or(String::new(), count),
                pause.objects.map_or(String::new(), count),
                pause.live.map_or(String::new(), percent),
            ]);
        }
        let most = run.says.iter().map(|pause| pause.seconds).fold(0.0, f64::max);
        longest.push(format!("{name}: {} pauses, the longest {}", run.says.len(), seconds(most)));
    }
    let by_objects = told.iter().flat_map(|run| run.says).all(|pause| pause.objects.is_some());
    Some(Figure {
        title: format!("Pauses: {}, on {}", group.title(), group.machine_name()),
        summary: format!("Points. {}.", longest.join("; ")),
        drawings: vec![draw(&told, &names, by_objects)],
        arrangement: Arrangement::All,
        legend: palette::line_legend(&names),
        notes: vec!["Times say as much of the machine as of Calf: they are not compared with another machine's.".to_string()],
        table,
        command: group.command(),
    })
}

fn draw(told: &[Told<'_, Vec<Pause>>], names: &[String], by_objects: bool) -> Drawing {
    let place = |pause: &Pause| if by_objects { pause.objects.unwrap_or(0.0) } else { pause.at };
    let all = || told.iter().flat_map(|run| run.says);
    let x = if by_objects {
        Axis { title: "objects on the heap", unit: Unit::Count }
    } else {
        Axis { title: "seconds after the start", unit: Unit::Seconds }
    };
    let (xs, ys) = (all().map(place), all().map(|pause| pause.seconds));
    let chart = Chart::new((80.0, 30.0, WIDTH - 100.0, 280.0), (xs, x.unit), (ys, Unit::Seconds));
    let tip = |name: &str, pause: &Pause| {
        let live = pause.live.map_or(String::new(), |live| format!(", {} live", percent(live)));
        format!("{name}: {} at {}{live}", seconds(pause.seconds), x.unit.show(place(pause)))
    };
    let body = html! {
        (chart.axes(x, Axis { title: "pause", unit: Unit::Seconds }))
        @for (index, (run, name)) in told.iter().zip(names).enumerate() {
            @for pause in run.says {
                (Stroke(index).marker(chart.x.at(place(pause)), chart.y.at(pause.seconds), &tip(name, pause)))
            }
        }
    };
    Drawing { label: String::new(), width: WIDTH, height: 355.0, body }
}
