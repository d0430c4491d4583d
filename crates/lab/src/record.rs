//! A cell and what it came to, as a line of a results file. The format is in `docs/lab.md`.

use crate::experiment::{EXPERIMENTS, Experiment};
use crate::results::figure_of;
use crate::row::Row;
use crate::runner::{Cell, Failure, Outcome};
use serde_json::{Map, Value, json};

/// The version of the format.
const VERSION: u64 = 1;

/// A cell that was run.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) cell: Cell,
    pub(crate) outcome: Outcome,
    /// See [`crate::machine::machine`].
    pub(crate) machine: Value,
    /// See [`crate::machine::program`].
    pub(crate) program: Value,
}

impl Record {
    /// Are the two from the same machine, so that times may be compared?
    pub(crate) fn same_machine(&self, machine: &Value) -> bool {
        self.machine == *machine
    }

    /// The lines for a file: those of other kinds first, so that a cell whose line is there is whole.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let key = self.cell.key();
        let mut lines = Vec::new();
        for extra in &self.outcome.extras {
            let mut line = Map::from_iter([("kind".to_string(), extra["kind"].clone())]);
            line.insert("key".to_string(), json!(key));
            line.extend(
                extra.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())),
            );
            lines.push(Value::Object(line));
        }
        lines.push(self.cell_line(&key));
        lines
    }

    fn cell_line(&self, key: &str) -> Value {
        let (cell, outcome) = (&self.cell, &self.outcome);
        let children: Vec<Value> = outcome.rows.iter().map(|row| self.child(row)).collect();
        let mut line = json!({
            "kind": "cell",
            "version": VERSION,
            "experiment": cell.experiment.name,
            "key": key,
            "cell": cell.number,
            "strategy": cell.strategy,
            "plan": cell.plan,
            "flags": cell.flags,
            "arguments": cell.arguments,
            "size": cell.size,
            "repeat": cell.repeat,
            "quick": cell.size == cell.experiment.quick,
            "command": cell.command(),
            "seed": cell.seed,
            "program": self.program,
            "machine": self.machine,
            "status": Failure::status(outcome.failure.as_ref()),
            "complaint": outcome.complaint,
            "seconds": outcome.seconds,
            "faults": outcome.faults,
            "children": children,
        });
        if let Some(status) = &outcome.recording {
            line["recording"] = json!({"command": cell.recording_command(), "status": status});
        }
        line
    }

    /// What a child said, and what is left of it when the control is taken away.
    fn child(&self, row: &Row) -> Value {
        let mut child = row.said.clone();
        if let Ok(figure) = figure_of(&self.outcome, &row.child) {
            child["net"] = json!({
                "pages": figure.copied.pages,
                "shared": figure.copied.shared,
                "new": figure.copied.new,
                "model_off": figure.model_off,
                "modelled": figure.modelled,
                "regions": figure.copied.regions,
                "causes": figure.copied.causes,
            });
        }
        child
    }

    /// Reads a cell's line, with the lines of other kinds that came before it; `None` if this program knows no such cell.
    pub(crate) fn parse(line: &Value, extras: Vec<Value>) -> Option<Record> {
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        let number = |key: &str| line.get(key).and_then(Value::as_u64);
        let texts = |key: &str| -> Vec<String> {
            let values = line.get(key).and_then(Value::as_array).into_iter().flatten();
            values.filter_map(|value| Some(value.as_str()?.to_string())).collect()
        };
        let experiment = Experiment::named(text("experiment")?)?;
        let (size, repeat) = (number("size")?, number("repeat")? as usize);
        let (flags, arguments) = (texts("flags"), texts("arguments"));
        // The plans may have been numbered otherwise then.
        let plan = experiment
            .plans
            .iter()
            .position(|plan| plan.flags == flags && plan.arguments_for(size) == arguments)?;
        let strategy = lasting(text("strategy")?);
        let mut cell = Cell::new(experiment, strategy, plan, size, repeat);
        cell.number = number("cell").unwrap_or(0) as usize;
        let children = line.get("children").and_then(Value::as_array).into_iter().flatten();
        let outcome = Outcome {
            rows: children.filter_map(Row::of).collect(),
            extras,
            failure: Failure::named(text("status")?),
            complaint: text("complaint").unwrap_or_default().to_string(),
            faults: number("faults").unwrap_or(0),
            seconds: line.get("seconds").and_then(Value::as_f64).unwrap_or(0.0),
            recording: line["recording"]["status"].as_str().map(str::to_string),
        };
        Some(Record {
            cell,
            outcome,
            machine: line["machine"].clone(),
            program: line["program"].clone(),
        })
    }
}

/// The name for as long as the program runs: there are few different ones, and then it ends.
pub(crate) fn lasting(name: &str) -> &'static str {
    let known = EXPERIMENTS.iter().flat_map(|experiment| experiment.strategies);
    match known.into_iter().find(|known| **known == name) {
        Some(known) => known,
        None => Box::leak(name.to_string().into_boxed_str()),
    }
}
