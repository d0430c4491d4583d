//! A cell: one strategy doing one thing on a heap of one size, once.

use crate::extra::Extra;
use crate::field::{items, number, numbers, text, texts};
use serde_json::Value;
use std::collections::BTreeMap;

/// The child that does nothing, whose copies are subtracted from the others'.
pub(crate) const CONTROL: &str = "control";

/// Where a cell was run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Machine {
    /// Every property by its name, in the order of the line.
    pub(crate) properties: Vec<(String, Value)>,
}

impl Machine {
    fn parse(line: &Value) -> Machine {
        let fields = line.get("machine").and_then(Value::as_object).into_iter().flatten();
        Machine { properties: fields.map(|(name, value)| (name.clone(), value.clone())).collect() }
    }

    /// A property as text.
    pub(crate) fn property(&self, name: &str) -> Option<String> {
        let (_, value) = self.properties.iter().find(|(known, _)| known == name)?;
        Some(match value {
            Value::String(text) => text.clone(),
            Value::Number(number) if name == "memory" || name == "page" => {
                crate::number::bytes(number.as_f64().unwrap_or(0.0))
            }
            other => other.to_string(),
        })
    }

    /// Bytes of a page.
    pub(crate) fn page(&self) -> f64 {
        let value = self.properties.iter().find(|(known, _)| known == "page");
        value.and_then(|(_, value)| value.as_f64()).unwrap_or(0.0)
    }
}

/// What a child copied, less what the control child did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Net {
    pub(crate) pages: f64,
    /// Pages of the heap that were shared at the fork.
    pub(crate) shared: f64,
    /// The model's pages less the kernel's.
    pub(crate) model_off: Option<f64>,
    /// Does the model speak in the kernel's place?
    pub(crate) modelled: bool,
    pub(crate) causes: BTreeMap<String, f64>,
}

/// What a forked child reported.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) name: String,
    /// Its exit code, 128 and the number for a signal.
    pub(crate) exit: f64,
    pub(crate) net: Option<Net>,
    pub(crate) facts: BTreeMap<String, f64>,
}

impl Child {
    fn parse(line: &Value) -> Child {
        let net = line.get("net").filter(|net| net.is_object()).map(|net| Net {
            pages: number(net, "pages").unwrap_or(0.0),
            shared: number(net, "shared").unwrap_or(0.0),
            model_off: number(net, "model_off"),
            modelled: net.get("modelled") == Some(&Value::Bool(true)),
            causes: numbers(net, "causes"),
        });
        Child {
            name: text(line, "child"),
            exit: number(line, "exit").unwrap_or(0.0),
            net,
            facts: numbers(line, "facts"),
        }
    }
}

/// A cell that was run.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) experiment: String,
    pub(crate) key: String,
    pub(crate) strategy: String,
    /// The script's own arguments and the program's flags, without the size: what tells the cells of one experiment apart.
    pub(crate) plan: String,
    pub(crate) size: f64,
    /// Its number in the list of cells: the order of the lesson.
    pub(crate) number: f64,
    /// Which repetition it is, from 0.
    pub(crate) repeat: f64,
    pub(crate) command: String,
    /// The program's version and commit.
    pub(crate) program: String,
    pub(crate) seed: String,
    pub(crate) machine: Machine,
    pub(crate) status: String,
    pub(crate) complaint: String,
    /// The command that watches it, and what became of that; empty if it is not watched.
    pub(crate) recording: (String, String),
    pub(crate) children: Vec<Child>,
    pub(crate) extras: Vec<Extra>,
}

impl Cell {
    /// Reads a line of the kind `cell`; `None` if it does not say which experiment it is of and under which strategy.
    pub(crate) fn parse(line: &Value) -> Option<Cell> {
        let (experiment, strategy) = (text(line, "experiment"), text(line, "strategy"));
        if experiment.is_empty() || strategy.is_empty() {
            return None;
        }
        let size = number(line, "size").unwrap_or(0.0);
        let mut words = texts(line, "arguments");
        if words.last().is_some_and(|last| last.parse() == Ok(size)) {
            words.pop();
        }
        words.extend(texts(line, "flags"));
        let program = line.get("program").unwrap_or(&Value::Null);
        let recording = line.get("recording").unwrap_or(&Value::Null);
        let seed = line.get("seed").map_or(String::new(), Value::to_string);
        Some(Cell {
            experiment,
            key: text(line, "key"),
            strategy,
            plan: words.join(" "),
            size,
            number: number(line, "cell").unwrap_or(0.0),
            repeat: number(line, "repeat").unwrap_or(0.0),
            command: text(line, "command"),
            program: format!("{} {}", text(program, "version"), text(program, "commit")),
            seed,
            machine: Machine::parse(line),
            status: text(line, "status"),
            complaint: text(line, "complaint"),
            recording: (text(recording, "command"), text(recording, "status")),
            children: items(line, "children").iter().map(Child::parse).collect(),
            extras: Vec::new(),
        })
    }

    /// Did it end as it should?
    pub(crate) fn is_ok(&self) -> bool {
        self.status == "ok"
    }
}
