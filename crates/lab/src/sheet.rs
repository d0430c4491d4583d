//! Tables that are described, not written: what each row and each column asks of the results.

use crate::document::Document;
use crate::plot::{Kind, Line, Plot};
use crate::results::{Figure, Results};
use crate::runner::Failure;
use crate::table::{self, Align, Table};
use crate::unit::Unit;

/// What is asked of a child.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// Bytes of the heap that were shared at the fork.
    Heap,
    /// Pages copied.
    Copied,
    /// The copied part of the heap.
    Share,
    /// Pages copied and pages made: what is no longer shared, or never was.
    Private,
    /// The causes of the copies.
    Causes,
    /// Faults of the whole cell.
    Faults,
    /// A fact of the experiment's own.
    Fact(&'static str, Unit),
}

/// What a row or a column asks; what it leaves open the other one says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) label: &'static str,
    pub(crate) strategy: Option<&'static str>,
    pub(crate) plan: Option<usize>,
    pub(crate) child: Option<&'static str>,
    pub(crate) what: Option<What>,
}

impl Choice {
    const fn new(label: &'static str) -> Choice {
        Choice { label, strategy: None, plan: None, child: None, what: None }
    }

    pub(crate) const fn of_plan(mut self, plan: usize) -> Choice {
        self.plan = Some(plan);
        self
    }

    pub(crate) const fn of_child(mut self, child: &'static str) -> Choice {
        self.child = Some(child);
        self
    }

    fn with(self, other: Choice) -> Choice {
        Choice {
            label: self.label,
            strategy: self.strategy.or(other.strategy),
            plan: self.plan.or(other.plan),
            child: self.child.or(other.child),
            what: self.what.or(other.what),
        }
    }
}

/// A row or column for a child.
pub(crate) const fn child(name: &'static str) -> Choice {
    Choice::new(name).of_child(name)
}

/// A row or column for a plan.
pub(crate) const fn of_plan(label: &'static str, plan: usize) -> Choice {
    Choice::new(label).of_plan(plan)
}

/// A column for something asked.
pub(crate) const fn what(label: &'static str, what: What) -> Choice {
    Choice { what: Some(what), ..Choice::new(label) }
}

/// A column for a fact.
pub(crate) const fn fact(label: &'static str, name: &'static str, unit: Unit) -> Choice {
    what(label, What::Fact(name, unit))
}

/// The rows or the columns.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lines {
    /// One for each strategy that was run.
    Strategies,
    /// These.
    These(&'static [Choice]),
}

/// What is drawn under a table.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Drawn {
    Nothing,
    /// A bar for each row: the numbers of this column.
    Bars(usize),
    /// A line for each column over the rows, whose labels are numbers of the thing named.
    Lines(&'static str),
    /// The lines that the cells themselves report under this title.
    Series(&'static str, Unit),
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sheet {
    pub(crate) title: &'static str,
    /// Over the rows' labels.
    pub(crate) corner: &'static str,
    pub(crate) rows: Lines,
    pub(crate) columns: Lines,
    /// What every cell asks where its row and its column are silent.
    pub(crate) rest: Choice,
    pub(crate) drawn: Drawn,
}

/// The rest of most sheets: the copies of the only plan.
pub(crate) const REST: Choice = what("", What::Copied).of_plan(0);

/// What stands in a cell of a table.
enum Shown {
    Number(f64, Unit),
    Text(String),
}

impl Sheet {
    /// Adds the table and what is drawn under it.
    pub(crate) fn show(&self, results: &Results, document: &mut Document) {
        let rows = choices(self.rows, results);
        let columns = choices(self.columns, results);
        let mut heads = vec![(self.corner, Align::Left)];
        heads.extend(columns.iter().map(|column| {
            let causes = matches!(column.what, Some(What::Causes));
            (column.label, if causes { Align::Left } else { Align::Right })
        }));
        let mut table = Table::new(heads);
        let mut numbers = Vec::new();
        for row in &rows {
            let mut cells = vec![row.label.to_string()];
            let mut line = Vec::new();
            for column in &columns {
                let asked = row.with(*column).with(self.rest);
                let (text, number) = match shown(results, &asked) {
                    Ok(Shown::Number(number, unit)) => (unit.show(number), Some((number, unit))),
                    Ok(Shown::Text(text)) => (text, None),
                    // Nobody was asked to do it.
                    Err(Failure::Silent) => ("-".to_string(), None),
                    Err(failure) => (failure.to_string(), None),
                };
                cells.push(text);
                line.push(number);
            }
            table.row(cells);
            numbers.push(line);
        }
        document.heading(self.title);
        document.table(table);
        if let Some(plot) = self.plot(results, &rows, &columns, &numbers) {
            document.plot(plot);
        }
    }

    fn plot(
        &self,
        results: &Results,
        rows: &[Choice],
        columns: &[Choice],
        numbers: &[Vec<Option<(f64, Unit)>>],
    ) -> Option<Plot> {
        let unit = |column: usize| numbers.iter().find_map(|line| Some(line[column]?.1));
        match self.drawn {
            Drawn::Nothing => None,
            Drawn::Bars(column) => {
                let bars = rows
                    .iter()
                    .zip(numbers)
                    .filter_map(|(row, line)| Some((row.label.to_string(), line[column]?.0)));
                let title = format!("{}: {}", self.title, columns.get(column)?.label);
                Some(Plot { title, unit: unit(column)?, kind: Kind::Bars(bars.collect()) })
            }
            Drawn::Lines(x) => {
                let line = |(index, column): (usize, &Choice)| {
                    let points = rows.iter().zip(numbers).filter_map(|(row, line)| {
                        let at = row.label.split(' ').find_map(|word| word.parse().ok())?;
                        Some((at, line[index]?.0))
                    });
                    Line { name: column.label.to_string(), points: points.collect() }
                };
                let lines = columns.iter().enumerate().map(line).collect();
                let kind = Kind::Lines { x: x.to_string(), lines };
                Some(Plot { title: self.title.to_string(), unit: unit(0)?, kind })
            }
            Drawn::Series(title, unit) => {
                let series = results.series(title);
                let x = series.first()?.1["x"].as_str().unwrap_or_default().to_string();
                let line = |(strategy, series): &(&'static str, &serde_json::Value)| Line {
                    name: strategy.to_string(),
                    points: points_of(series),
                };
                let lines = series.iter().map(line).collect();
                Some(Plot { title: title.to_string(), unit, kind: Kind::Lines { x, lines } })
            }
        }
    }
}

/// The points of a `series` line.
pub(crate) fn points_of(series: &serde_json::Value) -> Vec<(f64, f64)> {
    let points = series["points"].as_array().into_iter().flatten();
    points.filter_map(|point| Some((point[0].as_f64()?, point[1].as_f64()?))).collect()
}

fn choices(lines: Lines, results: &Results) -> Vec<Choice> {
    match lines {
        Lines::These(choices) => choices.to_vec(),
        Lines::Strategies => results
            .strategies
            .iter()
            .map(|strategy| Choice { strategy: Some(strategy), ..Choice::new(strategy) })
            .collect(),
    }
}

fn shown(results: &Results, asked: &Choice) -> Result<Shown, Failure> {
    let strategy = asked.strategy.or(results.strategies.first().copied()).unwrap_or_default();
    let (plan, child) = (asked.plan.unwrap_or(0), asked.child.unwrap_or_default());
    let figure = || results.figure(strategy, plan, child);
    let number = |of: fn(&Figure) -> f64, unit| Ok(Shown::Number(of(&figure()?), unit));
    match asked.what.unwrap_or(What::Copied) {
        What::Heap => number(Figure::heap_bytes, Unit::Bytes),
        What::Copied => number(|figure| figure.copied.pages as f64, Unit::Count),
        What::Share => number(Figure::share, Unit::Part),
        What::Private => number(|figure| figure.private_pages() as f64, Unit::Count),
        What::Causes => Ok(Shown::Text(table::causes(&figure()?.copied.causes, 2))),
        What::Faults => {
            Ok(Shown::Number(results.faults(strategy, plan, child)? as f64, Unit::Count))
        }
        What::Fact(name, unit) => {
            Ok(Shown::Number(results.fact(strategy, plan, child, name)?, unit))
        }
    }
}
