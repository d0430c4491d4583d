//! The cells of one experiment at one size, on pages of one size.

use crate::cell::{CONTROL, Cell, Child, Machine};
use crate::extra::{Extra, Says};
use crate::number::count;
use crate::results::Results;
use std::cmp::Ordering;

/// Cells whose counts may be compared: of one experiment, size of the heap and size of a page. Machines may differ.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub(crate) experiment: &'a str,
    pub(crate) size: f64,
    page: f64,
    pub(crate) cells: Vec<&'a Cell>,
}

/// The runs of a child under each strategy.
pub(crate) type Samples<'a> = Vec<(String, Vec<&'a Child>)>;

/// How repeated measurements lie.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spread {
    pub(crate) count: usize,
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of these numbers, if there are any.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Spread> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (*values.first()?, *values.last()?);
        Some(Spread { count: values.len(), least, median: values[values.len() / 2], most })
    }
}

impl<'a> Group<'a> {
    /// All groups, in the order in which their cells appear.
    pub(crate) fn all(results: &'a Results) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for cell in &results.cells {
            let page = cell.machine.page();
            let same = |group: &&mut Group<'a>| {
                group.experiment == cell.experiment && group.size == cell.size && group.page == page
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.cells.push(cell),
                None => groups.push(Group {
                    experiment: &cell.experiment,
                    size: cell.size,
                    page,
                    cells: vec![cell],
                }),
            }
        }
        for group in &mut groups {
            // Two cells at a time end in any order. The sort is stable: machines stay as they are.
            group.cells.sort_by(|one, other| {
                (one.repeat, one.number)
                    .partial_cmp(&(other.repeat, other.number))
                    .unwrap_or(Ordering::Equal)
            });
        }
        groups
    }

    /// What it is, in a few words.
    pub(crate) fn title(&self) -> String {
        format!("{}, size {}", self.experiment, count(self.size))
    }

    /// The command that repeats it.
    pub(crate) fn command(&self) -> String {
        let mut strategies: Vec<&str> = Vec::new();
        for cell in &self.cells {
            if !strategies.contains(&cell.strategy.as_str()) {
                strategies.push(&cell.strategy);
            }
        }
        let repeats = self.cells.iter().map(|cell| cell.repeat).fold(0.0, f64::max) + 1.0;
        let repeats = if repeats > 1.0 { format!(" --repeats {repeats}") } else { String::new() };
        format!(
            "calf lab run {} --size {}{repeats} --strategies {}",
            self.experiment,
            self.size,
            strategies.join(",")
        )
    }

    /// The machines, in the order of the cells.
    pub(crate) fn machines(&self) -> Vec<&'a Machine> {
        let mut machines: Vec<&Machine> = Vec::new();
        for cell in &self.cells {
            if !machines.contains(&&cell.machine) {
                machines.push(&cell.machine);
            }
        }
        machines
    }

    /// The name of its (first) machine.
    pub(crate) fn machine_name(&self) -> String {
        self.machines().first().map_or(String::new(), |machine| crate::machines::name_of(machine))
    }

    /// The same cells, machine by machine: for times.
    pub(crate) fn by_machine(&self) -> Vec<Group<'a>> {
        let of = |machine: &Machine| Group {
            cells: self.cells.iter().filter(|cell| cell.machine == *machine).copied().collect(),
            ..*self
        };
        self.machines().into_iter().map(of).collect()
    }

    /// The children but for the control, by name and, where one name stands for several, by what its cell was asked to do; for
    /// each strategy all its runs.
    pub(crate) fn children(&self) -> Vec<(String, Samples<'a>)> {
        let mut children: Vec<(String, Samples<'a>)> = Vec::new();
        for cell in &self.cells {
            for child in cell.children.iter().filter(|child| child.name != CONTROL) {
                let title = self.title_of(cell, &child.name);
                let index = match children.iter().position(|(known, _)| *known == title) {
                    Some(index) => index,
                    None => {
                        children.push((title, Vec::new()));
                        children.len() - 1
                    }
                };
                let samples = &mut children[index].1;
                match samples.iter_mut().find(|(strategy, _)| *strategy == cell.strategy) {
                    Some((_, runs)) => runs.push(child),
                    None => samples.push((cell.strategy.clone(), vec![child])),
                }
            }
        }
        children
    }

    /// The name of a child of `cell`, with the cell's plan if others have a child of the same name.
    fn title_of(&self, cell: &Cell, child: &str) -> String {
        let elsewhere = |other: &&&Cell| {
            other.plan != cell.plan && other.children.iter().any(|known| known.name == child)
        };
        if cell.plan.is_empty() || self.cells.iter().find(elsewhere).is_none() {
            child.to_string()
        } else {
            format!("{child} [{}]", cell.plan)
        }
    }

    /// What lines of some kind say, with the cell and a name for each: of the first run of a strategy on each machine.
    pub(crate) fn extras<'b, T>(
        &'b self,
        pick: impl Fn(&'a Says) -> Option<&'a T>,
    ) -> Vec<Told<'a, T>> {
        let mut told: Vec<Told<'a, T>> = Vec::new();
        for cell in &self.cells {
            let of_cell: Vec<_> =
                cell.extras.iter().filter_map(|extra| Some((extra, pick(&extra.says)?))).collect();
            // A later repetition shows nothing new.
            let is_known = told.iter().any(|old| {
                old.cell.strategy == cell.strategy
                    && old.cell.plan == cell.plan
                    && old.cell.machine == cell.machine
            });
            if !is_known {
                told.extend(of_cell.into_iter().map(|(extra, says)| Told { cell, extra, says }));
            }
        }
        told
    }
}

/// A line of another kind, and whose it is.
#[derive(Debug)]
pub(crate) struct Told<'a, T> {
    pub(crate) cell: &'a Cell,
    pub(crate) extra: &'a Extra,
    pub(crate) says: &'a T,
}

impl<T> Told<'_, T> {
    /// Whose it is, in words; `among` tells whether the child's name is needed.
    pub(crate) fn name(&self) -> String {
        let (strategy, child, plan) = (&self.cell.strategy, &self.extra.child, &self.cell.plan);
        if plan.is_empty() || plan == child {
            format!("{strategy}, {child}")
        } else {
            format!("{strategy}, {child} [{plan}]")
        }
    }
}
