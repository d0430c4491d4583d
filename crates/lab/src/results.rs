//! The outcomes of an experiment, to be asked by strategy, plan and child, with the control subtracted.

use crate::record::Record;
use crate::row::{CONTROL, Copied, Row};
use crate::runner::{Cell, Failure, Outcome};
use serde_json::Value;

/// What one child copied, less what the control child of the same process copied.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// By the kernel's word, or by the model's if the kernel refused.
    pub(crate) copied: Copied,
    /// Copied by the control child, not subtracted from itself.
    pub(crate) control: i64,
    /// The model's pages minus the kernel's, both less their control; `None` if either is missing.
    pub(crate) model_off: Option<i64>,
    /// Did the kernel refuse, so that the model stands in?
    pub(crate) modelled: bool,
    /// Bytes of a page.
    pub(crate) page: i64,
    /// Objects that the experiment built.
    pub(crate) objects: i64,
    /// The row itself.
    pub(crate) row: Row,
}

impl Figure {
    /// Copied bytes.
    pub(crate) fn copied_bytes(&self) -> f64 {
        self.bytes_of(self.copied.pages)
    }

    /// Bytes of the heap that were shared at the fork.
    pub(crate) fn heap_bytes(&self) -> f64 {
        self.bytes_of(self.copied.shared)
    }

    /// Bytes of pages that the child has made for itself, beside those that it copied.
    pub(crate) fn new_bytes(&self) -> f64 {
        self.bytes_of(self.copied.new)
    }

    /// Pages that the child has for itself: those that it copied and those that it made.
    pub(crate) fn private_pages(&self) -> i64 {
        self.copied.pages + self.copied.new
    }

    /// The copied part of the heap, 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        if self.copied.shared == 0 {
            0.0
        } else {
            self.copied.pages as f64 / self.copied.shared as f64
        }
    }

    /// Bytes of heap per object.
    pub(crate) fn bytes_per_object(&self) -> f64 {
        if self.objects == 0 { 0.0 } else { self.heap_bytes() / self.objects as f64 }
    }

    /// The bytes of so many pages.
    pub(crate) fn bytes_of(&self, pages: i64) -> f64 {
        (pages * self.page) as f64
    }

    fn of(row: &Row, control: Option<&Row>) -> Option<Figure> {
        let nothing = Copied::default();
        let less = |ours: &Option<Copied>, theirs: Option<&Option<Copied>>| {
            let theirs = theirs.and_then(Option::as_ref).unwrap_or(&nothing);
            ours.as_ref().map(|ours| ours.less(theirs))
        };
        let kernel = less(&row.kernel, control.map(|control| &control.kernel));
        let model = less(&row.model, control.map(|control| &control.model));
        let model_off =
            kernel.as_ref().zip(model.as_ref()).map(|(kernel, model)| model.pages - kernel.pages);
        let modelled = kernel.is_none();
        let taken = control
            .and_then(|control| if modelled { &control.model } else { &control.kernel }.as_ref());
        Some(Figure {
            control: taken.map_or(0, |taken| taken.pages),
            copied: kernel.or(model)?,
            model_off,
            modelled,
            page: row.page,
            objects: row.objects,
            row: row.clone(),
        })
    }
}

/// Everything that an experiment's cells have said.
#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) strategies: Vec<&'static str>,
    pub(crate) size: u64,
    records: Vec<Record>,
}

impl Results {
    /// Those of one experiment at one size; the strategies are in the order in which they first appear.
    pub(crate) fn new(size: u64, records: Vec<Record>) -> Results {
        let mut strategies = Vec::new();
        for record in &records {
            if !strategies.contains(&record.cell.strategy) {
                strategies.push(record.cell.strategy);
            }
        }
        Results { strategies, size, records }
    }

    /// The fact that `child` tells, as the median of several repetitions.
    pub(crate) fn fact(
        &self,
        strategy: &str,
        plan: usize,
        child: &str,
        name: &str,
    ) -> Result<f64, Failure> {
        let mut facts = Vec::new();
        for (_, outcome) in self.of(strategy, plan) {
            if let Some(failure) = failure_of(outcome, child) {
                return Err(failure);
            }
            let row = outcome.rows.iter().find(|row| row.child == child);
            facts.extend(row.and_then(|row| row.facts.get(name)).copied());
        }
        facts.sort_by(f64::total_cmp);
        facts.get(facts.len() / 2).copied().ok_or(Failure::Silent)
    }

    /// The lines of the picture `title`, one for each strategy that drew one, of the first repetition.
    pub(crate) fn series(&self, title: &str) -> Vec<(&'static str, &Value)> {
        let mut series = Vec::new();
        for record in self.records.iter().filter(|record| record.cell.repeat == 0) {
            let drawn = record.outcome.extras.iter().filter(|extra| extra["title"] == title);
            series.extend(drawn.map(|extra| (record.cell.strategy, extra)));
        }
        series
    }

    /// The figure of `child` in the cells of `strategy` and `plan`: of several repetitions the median one by pages.
    pub(crate) fn figure(
        &self,
        strategy: &str,
        plan: usize,
        child: &str,
    ) -> Result<Figure, Failure> {
        let mut figures = Vec::new();
        for (_, outcome) in self.of(strategy, plan) {
            figures.push(figure_of(outcome, child)?);
        }
        figures.sort_by_key(|figure| figure.copied.pages);
        if figures.is_empty() {
            Err(Failure::Silent)
        } else {
            Ok(figures.swap_remove(figures.len() / 2))
        }
    }

    /// The median number of faults of the cells of `strategy` and `plan`.
    pub(crate) fn faults(&self, strategy: &str, plan: usize, child: &str) -> Result<u64, Failure> {
        let mut faults = Vec::new();
        for (_, outcome) in self.of(strategy, plan) {
            if let Some(failure) = failure_of(outcome, child) {
                return Err(failure);
            }
            faults.push(outcome.faults);
        }
        faults.sort_unstable();
        faults.get(faults.len() / 2).copied().ok_or(Failure::Silent)
    }

    /// The cells that failed in whole or in part, with the reason and what they complained of.
    pub(crate) fn failures(&self) -> Vec<(&Cell, Failure, &str)> {
        let of_child = |outcome: &Outcome| {
            outcome.rows.iter().find(|row| row.exit != 0).map(|row| Failure::of_code(row.exit))
        };
        let mut failures = Vec::new();
        for Record { cell, outcome, .. } in &self.records {
            if let Some(failure) = outcome.failure.clone().or_else(|| of_child(outcome)) {
                failures.push((cell, failure, outcome.complaint.as_str()));
            }
        }
        failures
    }

    /// Every cell and what it came to.
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// The largest difference in pages between repetitions of the same child; `None` without repetitions.
    pub(crate) fn spread(&self) -> Option<i64> {
        let mut largest = None;
        let first = self.records.iter().filter(|record| record.cell.repeat == 0);
        for Record { cell, outcome, .. } in first {
            for row in &outcome.rows {
                let pages: Vec<i64> = self
                    .of(cell.strategy, cell.plan)
                    .filter_map(|(_, outcome)| {
                        Some(figure_of(outcome, &row.child).ok()?.copied.pages)
                    })
                    .collect();
                if let (true, Some(least), Some(most)) =
                    (pages.len() > 1, pages.iter().min(), pages.iter().max())
                {
                    largest = largest.max(Some(most - least));
                }
            }
        }
        largest
    }

    /// What they were made of.
    pub(crate) fn into_records(self) -> Vec<Record> {
        self.records
    }

    /// Does any child speak of copied pages?
    pub(crate) fn any_copied(&self) -> bool {
        let mut rows = self.records.iter().flat_map(|record| &record.outcome.rows);
        rows.any(|row| row.kernel.is_some())
    }

    /// Did the kernel refuse in any cell?
    pub(crate) fn any_modelled(&self) -> bool {
        let rows = self.records.iter().flat_map(|record| &record.outcome.rows);
        rows.into_iter().any(|row| row.kernel.is_none() && row.model.is_some())
    }

    fn of<'a>(
        &'a self,
        strategy: &'a str,
        plan: usize,
    ) -> impl Iterator<Item = (&'a Cell, &'a Outcome)> {
        let asked = self
            .records
            .iter()
            .filter(move |record| record.cell.strategy == strategy && record.cell.plan == plan);
        asked.map(|record| (&record.cell, &record.outcome))
    }
}

/// The figure of `child` in one cell.
pub(crate) fn figure_of(outcome: &Outcome, child: &str) -> Result<Figure, Failure> {
    if let Some(failure) = failure_of(outcome, child) {
        return Err(failure);
    }
    let row = |name: &str| outcome.rows.iter().find(|row| row.child == name);
    let control = row(CONTROL).filter(|_| child != CONTROL);
    row(child).and_then(|row| Figure::of(row, control)).ok_or(Failure::Silent)
}

/// Why there is nothing to say of `child`: the process failed before it spoke, or the child did.
fn failure_of(outcome: &Outcome, child: &str) -> Option<Failure> {
    match outcome.rows.iter().find(|row| row.child == child) {
        // A process that fails later does not make an earlier child's row untrue.
        Some(row) if row.exit == 0 => None,
        Some(row) => Some(Failure::of_code(row.exit)),
        None => Some(outcome.failure.clone().unwrap_or(Failure::Silent)),
    }
}
