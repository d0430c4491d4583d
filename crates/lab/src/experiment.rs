//! The table of experiments. Adding one is a script, a report and a row here.

use crate::reports;
use crate::results::Results;
use std::io::{self, Write};

/// What one cell of an experiment does, under every strategy.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The script's arguments; the size follows them.
    pub(crate) arguments: &'static [&'static str],
    /// Flags for the program.
    pub(crate) flags: &'static [&'static str],
}

/// Something that the experiment predicts of the numbers.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The prediction in words.
    pub(crate) text: &'static str,
    /// Does it hold? `None` if a strategy that it speaks of was not run, or failed.
    pub(crate) holds: fn(&Results) -> Option<bool>,
}

/// An experiment: a question, the cells that answer it, and how the answer is shown.
#[derive(Debug)]
pub(crate) struct Experiment {
    pub(crate) name: &'static str,
    /// One line, over the table.
    pub(crate) title: &'static str,
    pub(crate) question: &'static str,
    /// The script's file name, one of [`SCRIPTS`].
    pub(crate) script: &'static str,
    /// How large it is unless told otherwise, and what that counts.
    pub(crate) size: u64,
    pub(crate) unit: &'static str,
    /// The strategies it is run with unless told otherwise, as far as they exist.
    pub(crate) strategies: &'static [&'static str],
    pub(crate) plans: &'static [Plan],
    /// Prints the table and a sentence under it.
    pub(crate) report: fn(&Results, &mut dyn Write) -> io::Result<()>,
    pub(crate) claims: &'static [Claim],
}

/// Every script, with its text: the binary needs no files beside it.
pub(crate) const SCRIPTS: &[(&str, &str)] = &[
    ("measure.calf", include_str!("../../../examples/lab/measure.calf")),
    ("records.calf", include_str!("../../../examples/lab/records.calf")),
    ("lists-and-strings.calf", include_str!("../../../examples/lab/lists-and-strings.calf")),
    ("copy-on-read.calf", include_str!("../../../examples/lab/copy-on-read.calf")),
    ("first-request.calf", include_str!("../../../examples/lab/first-request.calf")),
    ("map.calf", include_str!("../../../examples/lab/map.calf")),
    ("rec.calf", include_str!("../../../examples/lab/rec.calf")),
];

/// The strategies that the lessons are about, in the order of the lesson.
const LESSON: &[&str] = &["none", "inline", "indirect", "frozen", "mark-inline", "mark-bitmap"];

/// All of them, in the same order.
const ALL: &[&str] = &[
    "none",
    "inline",
    "indirect",
    "frozen",
    "scratch",
    "side-counts",
    "immortal",
    "trial",
    "mark-inline",
    "mark-bitmap",
    "zygote",
    "sealed",
];

const fn plan(arguments: &'static [&'static str]) -> Plan {
    Plan { arguments, flags: &[] }
}

/// Every experiment, in the order of the lesson.
pub(crate) static EXPERIMENTS: &[Experiment] = &[
    Experiment {
        name: "lists-and-strings",
        title: "one million small objects in lists and strings, built in the parent, forked, \
                one full collection in the child",
        question: "What does one full collection copy when nothing is garbage, and what does reading?",
        script: "lists-and-strings.calf",
        size: 640_000,
        unit: "strings",
        strategies: LESSON,
        plans: &[
            plan(&["sprinkled", "read"]),
            plan(&["sprinkled", "collect"]),
            plan(&["equal", "read"]),
            plan(&["equal", "collect"]),
        ],
        report: reports::lists_and_strings::print,
        claims: reports::lists_and_strings::CLAIMS,
    },
    Experiment {
        name: "copy-on-read",
        title: "a random part of the objects is read in the child, nothing is written",
        question: "If a child reads a part p of the objects, which part of the pages does it copy?",
        script: "copy-on-read.calf",
        size: 200_000,
        unit: "objects",
        strategies: LESSON,
        plans: &[plan(&[])],
        report: reports::copy_on_read::print,
        claims: reports::copy_on_read::CLAIMS,
    },
    Experiment {
        name: "first-request",
        title: "a worker switches its collector on and serves requests",
        question: "How much memory is still shared after the first request?",
        script: "first-request.calf",
        size: 200_000,
        unit: "records",
        strategies: LESSON,
        plans: &[plan(&[])],
        report: reports::first_request::print,
        claims: reports::first_request::CLAIMS,
    },
    Experiment {
        name: "rec",
        title: "half a million records: what each thing that a child may do copies, beside other runtimes",
        question: "Which of the things a child does copy its parent's heap, here and in CPython and Ruby?",
        script: "rec.calf",
        size: 500_000,
        unit: "records",
        strategies: LESSON,
        plans: &[
            plan(&["collect"]),
            plan(&["read"]),
            plan(&["request"]),
            plan(&["grow"]),
            // Every strategy ends in the same, fullest way, so that teardown can be compared.
            Plan { arguments: &["exit"], flags: &["--exit", "full"] },
            Plan { arguments: &["leave"], flags: &["--exit", "full"] },
        ],
        report: reports::rec::print,
        claims: reports::rec::CLAIMS,
    },
    Experiment {
        name: "map",
        title: "the reference heap: what each action of a child copies under every strategy, predicted and measured",
        question: "Does what a strategy says of itself foretell how many pages each action of a child copies?",
        script: "map.calf",
        size: 1 << 20,
        unit: "objects of 64 bytes",
        strategies: ALL,
        plans: &[plan(&["64"]), plan(&["256"])],
        report: reports::map::print,
        claims: reports::map::CLAIMS,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_table_is_whole() {
        let names: HashSet<_> = EXPERIMENTS.iter().map(|experiment| experiment.name).collect();
        assert_eq!(names.len(), EXPERIMENTS.len(), "names are unique");
        for experiment in EXPERIMENTS {
            let script = SCRIPTS.iter().find(|(name, _)| *name == experiment.script);
            let (_, text) = script.unwrap_or_else(|| panic!("{} has its script", experiment.name));
            for heading in ["// Question:", "// Prediction:", "// Assertion:", "// By hand:"] {
                assert!(text.contains(heading), "{} has {heading}", experiment.script);
            }
            assert!(!experiment.plans.is_empty() && !experiment.claims.is_empty());
        }
    }

    #[test]
    fn every_script_that_is_imported_is_carried_along() {
        for (name, text) in SCRIPTS {
            for import in text.lines().filter_map(|line| line.strip_prefix("import \"")) {
                let file = import.split('"').next().unwrap();
                assert!(SCRIPTS.iter().any(|(script, _)| *script == file), "{name} imports {file}");
            }
        }
    }
}
