//! What the choice of a strategy does to the pages of a forked child: the order of the strategies, not their numbers; that
//! the numbers repeat; and that the kernel's account and the model's agree.
//!
//! Each experiment builds some tens of thousands of objects, forks one child for each action, and subtracts the
//! control, a child that does nothing.

mod support;

use std::collections::BTreeMap;
use std::time::Duration;
use support::{Calf, OK, root, strategies};

/// Records in the parent's heap: two containers and a string each.
const RECORDS: usize = 25_000;
const ACTIONS: [&str; 5] = ["nothing", "read", "collect", "write", "allocate"];

/// What one child says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Pages {
    /// Pages copied, by the kernel's word.
    copied: usize,
    /// Pages copied, by the heap's own account.
    modelled: usize,
    /// Pages of the heap that were shared at the fork.
    shared: usize,
    /// Did the kernel answer, or does the model stand in for it?
    by_kernel: bool,
}

/// One run of the experiment: what the child of each action says.
struct Experiment {
    strategy: String,
    children: BTreeMap<String, Pages>,
}

impl Experiment {
    fn run(strategy: &str) -> Experiment {
        let run = Calf::new().gc(strategy).arg(root().join("tests/fork/pages.calf"));
        let run = run.arg(RECORDS.to_string()).args(ACTIONS).limit(Duration::from_secs(120)).run();
        run.expect_code(OK);
        let children: BTreeMap<_, _> = run.stdout.lines().map(Experiment::child).collect();
        assert_eq!(children.len(), ACTIONS.len(), "{strategy}: {run:?}");
        Experiment { strategy: strategy.to_owned(), children }
    }

    fn child(line: &str) -> (String, Pages) {
        let words: Vec<&str> = line.split(' ').collect();
        let [action, copied, modelled, shared, source] = words[..] else {
            panic!("not a child's line: {line}")
        };
        let number = |word: &str| word.parse().unwrap_or_else(|_| panic!("not a number: {line}"));
        let (copied, modelled, shared) = (number(copied), number(modelled), number(shared));
        (action.to_owned(), Pages { copied, modelled, shared, by_kernel: source == "kernel" })
    }

    /// What the action itself copied: the control is subtracted.
    fn copied_by(&self, action: &str) -> usize {
        self.children[action].copied.saturating_sub(self.children["nothing"].copied)
    }

    /// The same as a part of the heap.
    fn part_copied_by(&self, action: &str) -> f64 {
        self.copied_by(action) as f64 / self.children[action].shared as f64
    }
}

/// The experiment under each of these strategies. A strategy that is not in the table is an error here: the mission's
/// are all named.
fn experiments<const N: usize>(names: [&str; N]) -> [Experiment; N] {
    names.map(Experiment::run)
}

#[test]
fn a_child_that_does_nothing_copies_next_to_nothing() {
    for strategy in strategies() {
        let experiment = Experiment::run(&strategy);
        let control = experiment.children["nothing"];
        assert!(control.shared > 500, "{strategy}: the heap is too small to tell: {control:?}");
        assert!(control.copied * 50 < control.shared, "{strategy}: {control:?}");
    }
}

#[test]
fn a_collection_copies_most_inline_less_indirect_least_frozen() {
    let [inline, indirect, frozen, none] = experiments(["inline", "indirect", "frozen", "none"]);
    let copied = |experiment: &Experiment| experiment.copied_by("collect");
    assert!(inline.part_copied_by("collect") > 0.5, "{:?}", inline.children);
    assert!(
        copied(&inline) as f64 > 1.5 * copied(&indirect) as f64,
        "{:?} {:?}",
        inline.children,
        indirect.children
    );
    assert!(
        copied(&indirect) > 10 * copied(&frozen),
        "{:?} {:?}",
        indirect.children,
        frozen.children
    );
    assert!(frozen.part_copied_by("collect") < 0.03, "{:?}", frozen.children);
    assert!(none.part_copied_by("collect") < 0.03, "{:?}", none.children);
}

#[test]
fn marks_in_objects_copy_far_more_than_marks_in_bitmaps() {
    let [inline, bitmap] = experiments(["mark-inline", "mark-bitmap"]);
    assert!(inline.part_copied_by("collect") > 0.5, "{:?}", inline.children);
    assert!(
        inline.copied_by("collect") > 8 * bitmap.copied_by("collect"),
        "{:?} {:?}",
        inline.children,
        bitmap.children
    );
}

#[test]
fn reading_copies_under_counting_and_not_under_marking() {
    for experiment in experiments(["none", "inline", "indirect", "frozen"]) {
        assert!(
            experiment.part_copied_by("read") > 0.4,
            "{}: {:?}",
            experiment.strategy,
            experiment.children
        );
    }
    for experiment in experiments(["mark-inline", "mark-bitmap"]) {
        assert!(
            experiment.part_copied_by("read") < 0.02,
            "{}: {:?}",
            experiment.strategy,
            experiment.children
        );
    }
}

#[test]
fn writing_copies_under_every_strategy() {
    for strategy in strategies() {
        let experiment = Experiment::run(&strategy);
        // The records written lie a few pages apart.
        assert!(experiment.copied_by("write") > 50, "{strategy}: {:?}", experiment.children);
    }
}

#[test]
fn pages_repeat() {
    for strategy in ["inline", "indirect", "frozen", "mark-inline", "mark-bitmap"] {
        let first = Experiment::run(strategy);
        for _ in 0..2 {
            let again = Experiment::run(strategy);
            for action in ACTIONS {
                let (one, other) = (first.children[action], again.children[action]);
                assert_eq!(one.modelled, other.modelled, "{strategy}, {action}: {one:?} {other:?}");
                assert_eq!(one.shared, other.shared, "{strategy}, {action}: {one:?} {other:?}");
                let difference = one.copied.abs_diff(other.copied);
                assert!(difference <= NOISE, "{strategy}, {action}: {one:?} {other:?}");
            }
        }
    }
}

/// Pages by which the kernel's account of the same experiment may differ from run to run.
const NOISE: usize = 2;

#[test]
fn kernel_and_model_agree() {
    for strategy in strategies() {
        let experiment = Experiment::run(&strategy);
        // Asking allocates, too: what a child that does nothing copies is the noise.
        let control = experiment.children["nothing"];
        let noise = control.copied.max(control.modelled);
        assert!(noise < 20, "{strategy}: {control:?}");
        for action in ACTIONS {
            let pages = experiment.children[action];
            assert!(pages.by_kernel, "{strategy}: the kernel does not say what was copied");
            let difference = pages.copied.abs_diff(pages.modelled);
            assert!(difference <= noise, "{strategy}, {action}: {pages:?}");
        }
    }
}
