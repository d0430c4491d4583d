//! What a cell says: the protocol between an experiment's script and the runner.
//!
//! A script prints one JSON object per line on standard output, one line per forked child:
//!
//! ```json
//! {"child": "collect", "objects": 656000, "page": 4096,
//!  "kernel": {"source": "kernel", "pages": 9120, "shared": 10240, "new": 3,
//!             "regions": {"objects": 9100, "stack": 20}, "causes": {"header": 9100, "stack": 20}},
//!  "model":  {"source": "model", "pages": 9118, "shared": 10240, "new": 0, "regions": {}, "causes": {}},
//!  "facts": {"reclaimed": 0}}
//! ```
//!
//! - `child` says which child speaks; the one named `control` did nothing, and is subtracted from the others.
//! - `kernel` is `mem.copied()`; where the kernel refuses, its `source` is `model`.
//! - `model` is `mem.modelled()`.
//! - `facts` are numbers of the experiment's own.
//! - `{"child": "collect", "exit": 139}` stands for a child that did not end well: its exit code, or 128 and the signal.
//!
//! Anything else on standard output is a defect of the cell and is shown as one.

use serde_json::Value;
use std::collections::BTreeMap;

/// The child that does nothing.
pub(crate) const CONTROL: &str = "control";

/// Pages copied since a fork, all and by region and cause. Differences of two readings may be negative.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Copied {
    pub(crate) pages: i64,
    /// Pages of the heap that were shared at the fork.
    pub(crate) shared: i64,
    /// Pages that came to be since the fork.
    pub(crate) new: i64,
    pub(crate) regions: BTreeMap<String, i64>,
    pub(crate) causes: BTreeMap<String, i64>,
}

impl Copied {
    fn parse(value: &Value) -> Option<Copied> {
        let counts = |key: &str| -> BTreeMap<String, i64> {
            let object = value.get(key).and_then(Value::as_object);
            let numbers = object.into_iter().flatten();
            numbers.filter_map(|(name, count)| Some((name.clone(), whole(count)?))).collect()
        };
        Some(Copied {
            pages: whole(value.get("pages")?)?,
            shared: whole(value.get("shared")?)?,
            new: value.get("new").and_then(whole).unwrap_or(0),
            regions: counts("regions"),
            causes: counts("causes"),
        })
    }

    /// What is left when the control child's copies are taken away; the shared pages stay.
    pub(crate) fn less(&self, control: &Copied) -> Copied {
        let subtract = |ours: &BTreeMap<String, i64>, theirs: &BTreeMap<String, i64>| {
            let mut left = ours.clone();
            for (name, count) in theirs {
                *left.entry(name.clone()).or_default() -= count;
            }
            left
        };
        Copied {
            pages: self.pages - control.pages,
            shared: self.shared,
            new: self.new - control.new,
            regions: subtract(&self.regions, &control.regions),
            causes: subtract(&self.causes, &control.causes),
        }
    }
}

/// One line of a cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) child: String,
    pub(crate) exit: i64,
    pub(crate) objects: i64,
    pub(crate) page: i64,
    pub(crate) kernel: Option<Copied>,
    pub(crate) model: Option<Copied>,
    pub(crate) facts: BTreeMap<String, f64>,
    /// The line as it was said.
    pub(crate) said: Value,
}

impl Row {
    /// Reads one line; `None` if it is not a row.
    pub(crate) fn parse(line: &str) -> Option<Row> {
        Row::of(&serde_json::from_str(line).ok()?)
    }

    /// Reads a row; `None` if it is not one.
    pub(crate) fn of(value: &Value) -> Option<Row> {
        let number = |key: &str, default: i64| match value.get(key) {
            Some(found) => whole(found),
            None => Some(default),
        };
        let mut said = value.clone();
        if let Some(said) = said.as_object_mut() {
            // The number of a process is another each time, and says nothing.
            said.remove("pid");
        }
        let facts = value.get("facts").and_then(Value::as_object).into_iter().flatten();
        Some(Row {
            child: value.get("child")?.as_str()?.to_string(),
            exit: number("exit", 0)?,
            objects: number("objects", 0)?,
            page: number("page", 4096)?,
            kernel: value
                .get("kernel")
                .filter(|kernel| kernel["source"] == "kernel")
                .and_then(Copied::parse),
            model: value.get("model").and_then(Copied::parse),
            facts: facts.filter_map(|(name, fact)| Some((name.clone(), fact.as_f64()?))).collect(),
            said,
        })
    }
}

/// A whole number, however the script's JSON writes it (numbers of the language are doubles).
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_and_the_control_subtracted() {
        let line = |pages: i64, header: i64| {
            format!(
                r#"{{"child":"x","objects":7,"kernel":{{"source":"kernel","pages":{pages},"bytes":0,"shared":100,
                "regions":{{"objects":{header}}},"causes":{{"header":{header},"stack":2.0}}}},"facts":{{"a":1.5}}}}"#
            )
            .replace('\n', " ")
        };
        let row = Row::parse(&line(42, 40)).unwrap();
        assert_eq!((row.objects, row.page, row.exit), (7, 4096, 0));
        assert_eq!(row.facts["a"], 1.5);
        assert_eq!(row.model, None);
        let control = Row::parse(&line(5, 1)).unwrap();
        let left = row.kernel.unwrap().less(&control.kernel.unwrap());
        assert_eq!((left.pages, left.shared), (37, 100));
        assert_eq!(left.causes["header"], 39);
        assert_eq!(left.causes["stack"], 0);
    }

    #[test]
    fn a_refusal_is_no_reading() {
        let row =
            Row::parse(r#"{"child":"control","kernel":{"source":"model","pages":1,"shared":2}}"#)
                .unwrap();
        assert_eq!(row.kernel, None);
    }

    #[test]
    fn what_is_not_a_row_is_none() {
        for line in ["", "hello", "[1]", "{}", r#"{"child":1}"#, r#"{"child":"x","exit":"y"}"#] {
            assert_eq!(Row::parse(line), None, "{line}");
        }
    }
}
