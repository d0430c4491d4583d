//! The memory of each process: private and shared, with what it weighs if shared pages are divided.

use crate::extra::{Says, Worker};
use crate::figure::{Arrangement, Figure};
use crate::group::{Group, Told};
use crate::number::{Unit, bytes, percent};
use crate::palette::{self, PRIVATE, SHARED};
use crate::scale::Scale;
use crate::svg::{Anchor, Drawing, Px, WIDTH, bar, fit, label, line};
use crate::table::Table;
use maud::{Markup, html};

const ROW: f64 = 22.0;
const NAMES: f64 = 150.0;
const VALUES: f64 = 90.0;

/// The workers of a group; `None` if it has none.
pub(crate) fn figure(group: &Group<'_>) -> Option<Figure> {
    let pick = |told: &Told<'_, Vec<Worker>>| !told.says.is_empty();
    let told: Vec<_> = group
        .extras(|says| if let Says::Workers(workers) = says { Some(workers) } else { None })
        .into_iter()
        .filter(pick)
        .collect();
    if told.is_empty() {
        return None;
    }
    let mut table = Table::new(
        format!("memory of each process: {}", group.title()),
        ["run", "process", "#RSS", "#PSS", "#private", "#shared", "#shared part"],
    );
    let mut totals = Vec::new();
    for run in &told {
        let mut sum = 0.0;
        for worker in run.says {
            sum += worker.pss;
            let part =
                if worker.rss > 0.0 { percent(worker.shared / worker.rss) } else { String::new() };
            table.row(vec![
                run.name(),
                worker.name.clone(),
                bytes(worker.rss),
                bytes(worker.pss),
                bytes(worker.private),
                bytes(worker.shared),
                part,
            ]);
        }
        table.row(vec![
            run.name(),
            "all together".to_string(),
            String::new(),
            bytes(sum),
            String::new(),
            String::new(),
            String::new(),
        ]);
        totals.push(format!(
            "{}: {} processes need {} together",
            run.name(),
            run.says.len(),
            bytes(sum)
        ));
    }
    let most = told
        .iter()
        .flat_map(|run| run.says)
        .map(|worker| worker.private + worker.shared)
        .fold(0.0, f64::max);
    Some(Figure {
        title: format!("Memory of each process: {}", group.title()),
        summary: format!("Bars of private and shared memory. {}.", totals.join("; ")),
        drawings: told.iter().map(|run| draw(run, most)).collect(),
        arrangement: Arrangement::Choice,
        legend: palette::legend([&PRIVATE, &SHARED]),
        notes: vec![
            "RSS, the whole bar, counts a shared page in every process. PSS, the upright line, divides it by the number of processes that map it: \
             the sum of PSS is what the machine needs. What is private is copied or new."
                .to_string(),
            format!("{}.", totals.join("; ")),
        ],
        table,
        command: group.command(),
    })
}

fn draw(run: &Told<'_, Vec<Worker>>, most: f64) -> Drawing {
    let scale = Scale::new([most], Unit::Bytes, NAMES, WIDTH - VALUES);
    let bottom = 8.0 + run.says.len() as f64 * ROW;
    let body = html! {
        @for tick in scale.ticks() {
            @let at = scale.at(tick);
            (line((at, 4.0), (at, bottom), "grid"))
            (label(at, bottom + 16.0, Anchor::Middle, "tick", &Unit::Bytes.show(tick)))
        }
        @for (index, worker) in run.says.iter().enumerate() { (one(worker, &scale, 8.0 + index as f64 * ROW)) }
        (line((NAMES, 4.0), (NAMES, bottom), "rule"))
    };
    Drawing { label: run.name(), width: WIDTH, height: bottom + 24.0, body }
}

fn one(worker: &Worker, scale: &Scale, top: f64) -> Markup {
    let (zero, private, all, pss) = (
        scale.at(0.0),
        scale.at(worker.private),
        scale.at(worker.private + worker.shared),
        scale.at(worker.pss),
    );
    let name = &worker.name;
    html! {
        (label(NAMES - 6.0, top + 14.0, Anchor::End, "bar-name", &fit(name, NAMES - 8.0)))
        g data-tip=(format!("{name}: {} private", bytes(worker.private))) { (bar(zero, top + 2.0, private - zero, ROW - 6.0, &PRIVATE.url())) }
        g data-tip=(format!("{name}: {} shared", bytes(worker.shared))) { (bar(private, top + 2.0, all - private, ROW - 6.0, &SHARED.url())) }
        path class="whisker" d=(format!("M{} {}v{}", Px(pss), Px(top - 1.0), Px(ROW))) data-tip=(format!("{name}: PSS {}", bytes(worker.pss))) {}
        (label(all + 6.0, top + 14.0, Anchor::Start, "bar-value", &bytes(worker.pss)))
    }
}
