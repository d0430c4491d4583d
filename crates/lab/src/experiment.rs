//! What an experiment is. The experiments themselves are in [`crate::experiments`].

use crate::document::Document;
use crate::recording::Recorded;
use crate::results::Results;
use crate::sheet::Sheet;
use crate::unit::Unit;

pub(crate) use crate::experiments::EXPERIMENTS;

/// What one cell of an experiment does, under every strategy.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The script's arguments; the size follows them.
    pub(crate) arguments: &'static [&'static str],
    /// Flags for the program.
    pub(crate) flags: &'static [&'static str],
}

/// A plan of these arguments.
pub(crate) const fn plan(arguments: &'static [&'static str]) -> Plan {
    Plan { arguments, flags: &[] }
}

impl Plan {
    /// The script's arguments for a heap of `size`.
    pub(crate) fn arguments_for(&self, size: u64) -> Vec<String> {
        let own = self.arguments.iter().map(|text| text.to_string());
        own.chain([size.to_string()]).collect()
    }

    /// Its name in the keys of cells.
    pub(crate) fn name(&self) -> String {
        let words: Vec<&str> = self.arguments.iter().chain(self.flags).copied().collect();
        if words.is_empty() { "-".to_string() } else { words.join(" ") }
    }
}

/// Something that the experiment predicts of the numbers.
#[derive(Debug)]
pub(crate) struct Claim {
    /// The prediction in words.
    pub(crate) text: &'static str,
    /// Does it hold? `None` if a strategy that it speaks of was not run, or failed.
    pub(crate) holds: fn(&Results) -> Option<bool>,
}

/// A figure that somebody has published, and that the experiment re-enacts.
#[derive(Debug)]
pub(crate) struct Published {
    /// What was published.
    pub(crate) figure: &'static str,
    /// Where.
    pub(crate) source: &'static str,
    /// Calf's own, in the same words.
    pub(crate) here: fn(&Results) -> Option<String>,
    /// Why the two differ, or in what they agree.
    pub(crate) why: &'static str,
}

/// What `calf lab predict` asks before it measures.
#[derive(Debug)]
pub(crate) struct Ask {
    /// A question whose answer is a number.
    pub(crate) question: &'static str,
    pub(crate) unit: Unit,
    /// The strategies that are needed for the answer.
    pub(crate) strategies: &'static [&'static str],
    /// The measured number.
    pub(crate) answer: fn(&Results) -> Option<f64>,
    /// What somebody overlooks whose number is too low.
    pub(crate) too_low: &'static str,
    /// The same for one that is too high.
    pub(crate) too_high: &'static str,
}

/// How the results are shown.
#[derive(Debug)]
pub(crate) enum Report {
    /// Tables by a table of what they show, and the sentence under them.
    Sheets(&'static [Sheet], &'static str),
    /// By a function of its own.
    Own(fn(&Results, &mut Document)),
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
    /// How large it is if it has to be quick; its claims hold at this size, too.
    pub(crate) quick: u64,
    pub(crate) unit: &'static str,
    /// The strategies it is run with unless told otherwise, as far as they exist.
    pub(crate) strategies: &'static [&'static str],
    pub(crate) plans: &'static [Plan],
    /// Does it measure time? Then its cells run one at a time.
    pub(crate) timed: bool,
    /// The cells that are run once more, watched, for pictures of what they copy, when and where.
    pub(crate) recorded: &'static [Recorded],
    pub(crate) report: Report,
    pub(crate) claims: &'static [Claim],
    pub(crate) published: &'static [Published],
    pub(crate) ask: Ask,
}

impl Experiment {
    /// The experiment of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Experiment> {
        EXPERIMENTS.iter().copied().find(|experiment| experiment.name == name)
    }
}

macro_rules! scripts {
    ($($name:literal),+ $(,)?) => {
        /// Every script, with its text: the binary needs no files beside it.
        pub(crate) const SCRIPTS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../examples/lab/", $name)))),+];
    };
}

scripts!(
    "measure.calf",
    "records.calf",
    "code-objects.calf",
    "cold-fraction.calf",
    "copy-on-read.calf",
    "exit-storm.calf",
    "first-request.calf",
    "flat-or-boxed.calf",
    "freeze-cycle-starves.calf",
    "freeze-order.calf",
    "frozen-free.calf",
    "frozen-garbage.calf",
    "header-or-bitmap.calf",
    "huge-pages.calf",
    "immortal-or-freeze.calf",
    "lazy-caches.calf",
    "leak-year.calf",
    "lists-and-strings.calf",
    "map.calf",
    "overhead.calf",
    "pauses.calf",
    "precollect-holes.calf",
    "rec.calf",
    "refork.calf",
    "saboteur.calf",
    "warm-before-fork.calf",
    "workers.calf",
    "zygote-binning.calf",
);

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
            assert!(!experiment.published.is_empty(), "{} re-enacts something", experiment.name);
            assert!(experiment.question.ends_with('?') && experiment.ask.question.ends_with('?'));
            let names: HashSet<_> = experiment.plans.iter().map(Plan::name).collect();
            assert_eq!(
                names.len(),
                experiment.plans.len(),
                "the plans of {} differ",
                experiment.name
            );
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
