//! Where the results come from, and what several machines say of the same cells: counts are compared, times refused.

use crate::cell::{CONTROL, Cell, Machine};
use crate::number::{Unit, count};
use crate::results::Results;
use crate::table::Table;
use calf_lab::{SLACK, TOLERANCE, counts_agree};
use maud::{Markup, html};

/// A machine in a few words.
pub(crate) fn name_of(machine: &Machine) -> String {
    let property = |name: &str| machine.property(name).unwrap_or_else(|| "?".to_string());
    let host: String = property("host").chars().take(6).collect();
    format!(
        "{host} ({}, {}, {} processors)",
        property("system"),
        property("architecture"),
        property("processors")
    )
}

/// The environment: what each machine is, and the programs that were run.
pub(crate) fn environment(results: &Results) -> Markup {
    let machines = results.machines();
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in machines.iter().flat_map(|machine| &machine.properties) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let heads = (1..=machines.len()).map(|number| format!("machine {number}"));
    let mut table = Table::new(
        "the environment of the runs",
        std::iter::once("property".to_string()).chain(heads),
    );
    for name in names {
        let values = machines.iter().map(|machine| machine.property(name).unwrap_or_default());
        table.row(std::iter::once(name.replace('_', " ")).chain(values).collect());
    }
    let of_cells = |what: &str, value: fn(&Cell) -> &str| {
        let of_machine = |machine: &&Machine| {
            let mut values: Vec<&str> = Vec::new();
            for cell in results.cells.iter().filter(|cell| cell.machine == **machine) {
                if !values.contains(&value(cell)) {
                    values.push(value(cell));
                }
            }
            values.join(", ")
        };
        std::iter::once(what.to_string()).chain(machines.iter().map(of_machine)).collect()
    };
    table.row(of_cells("Calf, version and commit", |cell| &cell.program));
    table.row(of_cells("seed", |cell| &cell.seed));
    let cells = machines
        .iter()
        .map(|machine| results.cells.iter().filter(|cell| cell.machine == **machine).count());
    table.row(
        std::iter::once("cells".to_string())
            .chain(cells.map(|cells| count(cells as f64)))
            .collect(),
    );
    table.markup()
}

/// What two machines say of the same cells.
#[derive(Debug, Default)]
struct Comparison {
    same: usize,
    /// What, there and here.
    different: Vec<(String, f64, f64)>,
    /// Times, which were not compared.
    refused: usize,
    /// Cells that only the second has run.
    alone: usize,
    /// Pages of different sizes cannot be compared.
    pages_differ: bool,
}

impl Comparison {
    fn of(results: &Results, first: &Machine, second: &Machine) -> Comparison {
        let mut comparison =
            Comparison { pages_differ: first.page() != second.page(), ..Comparison::default() };
        for cell in results.cells.iter().filter(|cell| cell.machine == *second) {
            match results
                .cells
                .iter()
                .find(|other| other.key == cell.key && other.machine == *first)
            {
                Some(other) => comparison.add(other, cell),
                None => comparison.alone += 1,
            }
        }
        comparison
    }

    fn add(&mut self, first: &Cell, second: &Cell) {
        // The seconds that the cell took.
        self.refused += 1;
        for child in second.children.iter().filter(|child| child.name != CONTROL) {
            let Some(other) = first.children.iter().find(|other| other.name == child.name) else {
                continue;
            };
            let what = |name: &str| format!("{}, {}: {name}", second.key, child.name);
            if let (Some(ours), Some(theirs), false) = (&other.net, &child.net, self.pages_differ) {
                self.count(what("pages copied"), ours.pages, theirs.pages);
            }
            for (name, theirs) in &child.facts {
                match other.facts.get(name) {
                    Some(_) if Unit::of(name) == Unit::Seconds => self.refused += 1,
                    Some(ours) => self.count(what(name), *ours, *theirs),
                    None => {}
                }
            }
        }
    }

    fn count(&mut self, what: String, ours: f64, theirs: f64) {
        if counts_agree(ours, theirs) {
            self.same += 1;
        } else {
            self.different.push((what, ours, theirs));
        }
    }
}

/// The machines compared; `None` if there is one only.
pub(crate) fn compared(results: &Results) -> Option<Markup> {
    let machines = results.machines();
    let (first, others) = machines.split_first().filter(|(_, others)| !others.is_empty())?;
    Some(html! {
        p {
            "These results come from " (machines.len()) " machines. Counts (pages, objects, bytes) are compared, and the figures of counts hold the runs of \
             all machines with pages of one size; they are the same if they differ by no more than " (count(TOLERANCE * 100.0)) " % or by no more than "
            (count(SLACK)) ". Times are refused: they say as much of the machine as of Calf, so each machine has figures of its own for them."
        }
        @for (index, other) in others.iter().enumerate() {
            (one(index + 2, &Comparison::of(results, first, other)))
        }
    })
}

fn one(number: usize, comparison: &Comparison) -> Markup {
    let all = comparison.same + comparison.different.len();
    let mut table = Table::new(
        format!("counts that differ between machine 1 and machine {number}"),
        ["count", "#machine 1", &format!("#machine {number}")],
    );
    for (what, ours, theirs) in &comparison.different {
        table.row(vec![what.clone(), count(*ours), count(*theirs)]);
    }
    html! {
        h3 { "Machine " (number) " beside machine 1" }
        ul {
            li { "Counts: " (count(comparison.same as f64)) " of " (count(all as f64)) " are the same." }
            @if comparison.pages_differ { li { "Their pages differ in size: pages copied are not compared." } }
            li { "Times: " (count(comparison.refused as f64)) " refused." }
            @if comparison.alone > 0 { li { (count(comparison.alone as f64)) " cells were run on machine " (number) " only." } }
        }
        @if table.len() > 0 { (table.markup()) }
    }
}
