//! What each strategy is expected to write on the reference heap: a table of terms, each a formula.
//!
//! A page of 4096 bytes serves k = 4096/b objects if what is written takes b bytes for each. Of pages that serve k
//! objects each, an action on a random part p of the objects writes D(p) = 1-(1-p)^k. What a strategy writes is a sum
//! of such terms: the cell itself, its head in a slab, its byte in a table, its bits in a bitmap.

use How::{Every, Lane, Linked, Packed, Struck};
use Place::{Bits, Cell, Slab};

/// Bytes of a page of the survey's machine, in which its figures are counted.
const KIB_PER_PAGE: f64 = 4.0;
/// Pages of the survey's heap.
const SURVEYED_PAGES: f64 = 16_384.0;
/// Cells that a lane of `side-counts` holds.
const LANE: f64 = 64.0;

/// What a child does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Collect,
    Read,
    Write,
    Free,
    Allocate,
}

/// An action, the child that does it and the part of the objects that it concerns.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) kind: Kind,
    pub(super) child: &'static str,
    /// Over its column.
    pub(super) heading: &'static str,
    pub(super) part: f64,
}

const fn action(kind: Kind, child: &'static str, heading: &'static str, part: f64) -> Action {
    Action { kind, child, heading, part }
}

/// Every action, in the order of the columns.
pub(super) const ACTIONS: &[Action] = &[
    action(Kind::Collect, "collect", "collect", 1.0),
    action(Kind::Read, "read 0.001", "0.1 %", 0.001),
    action(Kind::Read, "read 0.01", "1 %", 0.01),
    action(Kind::Read, "read 0.05", "5 %", 0.05),
    action(Kind::Read, "read 0.1", "10 %", 0.1),
    action(Kind::Read, "read 0.5", "50 %", 0.5),
    action(Kind::Write, "write", "write", 0.05),
    action(Kind::Free, "free", "free", 0.05),
    action(Kind::Allocate, "allocate", "allocate", 0.05),
];

/// Where something is that is written for an object.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// The object's own cell, with what stands in front of it.
    Cell,
    /// A head of 32 bytes in a slab.
    Slab,
    /// So many bits for 16 bytes of the heap, beside it.
    Bits(f64),
}

impl Place {
    /// Bytes for each object of `cell` bytes.
    fn bytes(self, cell: f64) -> f64 {
        match self {
            Cell => cell,
            Slab => 32.0,
            Bits(bits) => bits / 8.0 * cell / 16.0,
        }
    }
}

/// Which of it is written.
#[derive(Clone, Copy, Debug)]
enum How {
    /// That of all objects.
    Every,
    /// That of the part, wherever it lies.
    Struck,
    /// The same, and that of the neighbours in a list that is in the order of memory.
    Linked,
    /// That of the part, side by side.
    Packed,
    /// That of the last 64 which were given back.
    Lane,
}

/// A thing that is written.
type Term = (Place, How);

/// What the survey has measured or foretold, in KiB of its heap of 64 MiB, for objects of 64 and of 256 bytes.
type Surveyed = Option<[f64; 2]>;

/// What the survey says of reading.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// A count in each object: its measured curve.
    Counts,
    /// A byte in a table for each object: measured at 1 % only.
    Table,
    /// Nothing.
    Nothing,
}

/// The survey's curve for counts in objects: at 0.1, 1, 5, 10 and 50 %.
const CURVE: [(f64, [f64; 2]); 5] = [
    (0.001, [4_048.0, 1_044.0]),
    (0.01, [31_140.0, 9_712.0]),
    (0.05, [62_920.0, 35_984.0]),
    (0.1, [65_404.0, 52_444.0]),
    (0.5, [65_536.0, 65_528.0]),
];
const NOTHING: Surveyed = Some([0.0, 0.0]);
const ALL: Surveyed = Some([65_536.0, 65_536.0]);
const BITMAP: Surveyed = Some([512.0, 512.0]);
const HOLES: Surveyed = Some([63_228.0, 36_644.0]);

/// What is expected of a strategy.
#[derive(Debug)]
pub(super) struct Prediction {
    pub(super) strategy: &'static str,
    collect: &'static [Term],
    read: &'static [Term],
    /// `None`: it is an error.
    write: Option<&'static [Term]>,
    free: &'static [Term],
    allocate: &'static [Term],
    surveyed_collect: Surveyed,
    surveyed_read: Reading,
    surveyed_free: Surveyed,
    surveyed_allocate: Surveyed,
    /// Why it is not what the survey says, or what one might not expect.
    pub(super) note: &'static str,
}

const COUNTING: Prediction = Prediction {
    strategy: "none",
    collect: &[],
    read: &[(Cell, Struck)],
    write: Some(&[(Cell, Struck)]),
    free: &[(Cell, Struck)],
    allocate: &[(Cell, Struck)],
    surveyed_collect: NOTHING,
    surveyed_read: Reading::Counts,
    surveyed_free: HOLES,
    surveyed_allocate: HOLES,
    note: "",
};

const TRACING: Prediction = Prediction { read: &[], surveyed_read: Reading::Nothing, ..COUNTING };

/// The strategies, in the order of the lesson.
pub(super) static PREDICTIONS: &[Prediction] = &[
    COUNTING,
    Prediction {
        strategy: "inline",
        collect: &[(Cell, Every)],
        free: &[(Cell, Linked)],
        surveyed_collect: ALL,
        note: "who dies is unlinked, which writes its neighbours' heads: of k objects on a page and two beside it none may die.",
        ..COUNTING
    },
    Prediction {
        strategy: "indirect",
        collect: &[(Slab, Every)],
        free: &[(Cell, Struck), (Slab, Linked)],
        allocate: &[(Cell, Struck), (Slab, Struck)],
        surveyed_collect: Some([32_768.0, 8_192.0]),
        note: "free and allocate: to the pages of the objects, which the survey counts, come those of the slab, whose heads are unlinked and used again.",
        ..COUNTING
    },
    Prediction {
        strategy: "frozen",
        allocate: &[],
        surveyed_allocate: NOTHING,
        note: "free: a count that falls to zero is written, and then nothing more: no link, no hole. allocate: on fresh pages.",
        ..COUNTING
    },
    Prediction {
        strategy: "scratch",
        collect: &[(Bits(4.0), Every)],
        free: &[(Cell, Struck), (Bits(4.0), Struck)],
        allocate: &[(Cell, Struck), (Bits(4.0), Struck)],
        surveyed_collect: BITMAP,
        surveyed_free: BITMAP,
        note: "collect: all objects leave the youngest generation, and a generation is among four bits for 16 bytes, where the survey \
               has one bit; a second collection writes none. free: cells are linked in free lists as under none; the survey has a free bitmap.",
        ..COUNTING
    },
    Prediction {
        strategy: "side-counts",
        collect: &[(Bits(4.0), Every)],
        read: &[(Bits(8.0), Struck)],
        write: Some(&[(Cell, Struck), (Bits(8.0), Struck)]),
        free: &[(Bits(8.0), Struck), (Bits(4.0), Struck)],
        allocate: &[(Cell, Lane)],
        surveyed_collect: BITMAP,
        surveyed_read: Reading::Table,
        surveyed_free: BITMAP,
        note: "the table has a byte for 16 bytes of heap, found by a shift, the survey's a byte for an object: 4 and 16 times as many pages; \
               generations as under scratch. allocate: one cell in twenty is vacant, too few for a search, so all but the 64 that were \
               given back last go to fresh blocks; the survey fills the holes.",
        ..COUNTING
    },
    Prediction {
        strategy: "immortal",
        read: &[],
        free: &[],
        allocate: &[],
        surveyed_read: Reading::Nothing,
        surveyed_free: None,
        surveyed_allocate: None,
        note: "free: nothing that is immortal dies. allocate: on fresh pages.",
        ..COUNTING
    },
    Prediction {
        strategy: "trial",
        read: &[(Cell, Struck), (Bits(2.0), Struck)],
        write: Some(&[(Cell, Struck), (Bits(2.0), Struck)]),
        allocate: &[(Cell, Struck), (Bits(2.0), Struck)],
        note: "read, write, allocate: who is held for a moment and let go is a suspect: its colour, two bits for 16 bytes, and the buffer, \
               which is new memory. collect: there are no suspects after the parent's collection, as the survey's `suspects` says.",
        ..COUNTING
    },
    Prediction {
        strategy: "mark-inline",
        collect: &[(Cell, Every)],
        free: &[(Cell, Every)],
        surveyed_collect: ALL,
        note: "free: only a collection gives back, and it marks all that lives; the survey counts the sweep alone.",
        ..TRACING
    },
    Prediction {
        strategy: "mark-bitmap",
        free: &[(Bits(1.0), Struck)],
        allocate: &[(Cell, Struck), (Bits(1.0), Struck)],
        surveyed_collect: BITMAP,
        surveyed_free: BITMAP,
        note: "collect: a cell is marked as it is handed out, so that no mark changes, as in the survey's row of marks set before (0); the ages \
               were never written in the parent, and are new pages.",
        ..TRACING
    },
    Prediction {
        strategy: "zygote",
        write: Some(&[(Cell, Packed)]),
        free: &[],
        allocate: &[],
        surveyed_free: NOTHING,
        surveyed_allocate: NOTHING,
        note: "write: the objects were written before the fork, too, so that they lie side by side. free: nothing is given back there.",
        ..TRACING
    },
    Prediction {
        strategy: "sealed",
        write: None,
        free: &[(Bits(2.0), Packed)],
        allocate: &[],
        surveyed_free: None,
        surveyed_allocate: None,
        note: "write: an error at its line. free: the objects are a sealed region of their own, which is given back as a whole; that costs the \
               bits, one for 8 bytes, that say where its headers are. allocate: where the objects lay before they were sealed the pages \
               were given back to the kernel.",
        ..TRACING
    },
];

impl Prediction {
    /// What is expected of `strategy`, given without options; `None` if that is not known here.
    pub(super) fn of(strategy: &str) -> Option<&'static Prediction> {
        PREDICTIONS.iter().find(|prediction| prediction.strategy == strategy)
    }

    /// Can the strategy do that?
    pub(super) fn can(&self, action: &Action) -> bool {
        action.kind != Kind::Write || self.write.is_some()
    }

    /// Pages written by `action` on `count` objects of `cell` bytes; `None` if it cannot be done.
    pub(super) fn pages(&self, action: &Action, count: f64, cell: f64, page: f64) -> Option<f64> {
        let terms = match action.kind {
            Kind::Collect => self.collect,
            Kind::Read => self.read,
            Kind::Write => self.write?,
            Kind::Free => self.free,
            Kind::Allocate => self.allocate,
        };
        let pages = |(place, how): &Term| {
            let bytes = place.bytes(cell);
            let (all, k) = (count * bytes / page, page / bytes);
            let struck = |k: f64| 1.0 - (1.0 - action.part).powf(k);
            match how {
                Every => all,
                Struck => all * struck(k),
                Linked => all * struck(k + 2.0),
                Packed => all * action.part,
                Lane => (LANE / action.part / k).min(all) * struck(k),
            }
        };
        Some(terms.iter().map(pages).sum())
    }

    /// Pages by the survey's word for a heap of `heap` pages; `None` where it says nothing.
    pub(super) fn surveyed(&self, action: &Action, cell: f64, heap: f64) -> Option<f64> {
        let kibibytes = match action.kind {
            Kind::Collect => self.surveyed_collect,
            Kind::Free => self.surveyed_free,
            Kind::Allocate => self.surveyed_allocate,
            Kind::Write => None,
            Kind::Read => match self.surveyed_read {
                Reading::Counts => {
                    CURVE.iter().find(|(part, _)| *part == action.part).map(|(_, read)| *read)
                }
                Reading::Table => (action.part == 0.01).then_some([1_024.0, 256.0]),
                Reading::Nothing => NOTHING,
            },
        }?;
        let kibibytes = kibibytes[usize::from(cell > 64.0)];
        Some(kibibytes / KIB_PER_PAGE * heap / SURVEYED_PAGES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_from_the_survey_has_a_note() {
        for prediction in PREDICTIONS {
            for (count, cell) in [(1_048_576.0, 64.0), (262_144.0, 256.0)] {
                for action in ACTIONS {
                    let expected = prediction.pages(action, count, cell, 4096.0);
                    let surveyed = prediction.surveyed(action, cell, SURVEYED_PAGES);
                    if let (Some(expected), Some(surveyed)) = (expected, surveyed) {
                        let off = (expected - surveyed).abs() > 0.1 * surveyed.max(expected);
                        let noted = !prediction.note.is_empty();
                        assert!(
                            !off || noted,
                            "{} {}: {expected} {surveyed}",
                            prediction.strategy,
                            action.child
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_formulas_meet_the_survey_where_it_measured() {
        let counting = Prediction::of("none").unwrap();
        for (part, [small, large]) in CURVE {
            let read = ACTIONS
                .iter()
                .find(|action| action.kind == Kind::Read && action.part == part)
                .unwrap();
            for (count, cell, kibibytes) in [(1_048_576.0, 64.0, small), (262_144.0, 256.0, large)]
            {
                let expected = counting.pages(read, count, cell, 4096.0).unwrap() * KIB_PER_PAGE;
                assert!(
                    (expected - kibibytes).abs() < 0.02 * kibibytes,
                    "{part} of {cell}: {expected} {kibibytes}"
                );
            }
        }
    }
}
