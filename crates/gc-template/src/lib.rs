//! A collector of one's own: `collector` is the file to change, and the row below is what `calf-mine gc explain mine` prints.

pub mod collector;

use calf_gc::{Row, row};
use collector::Mine;

/// The row. Every text is shown; `freezes` says whether `gc.freeze()` works.
pub static ROW: Row = row! {
    "mine": Mine,
    lesson: "mark and sweep in one short file: a collector to begin with",
    bookkeeping: "a mark bit in the object's own header word",
    visits: "everything that lives, and sweeps everything that does not",
    memory: "holes: free lists threaded through freed cells",
    collection_writes: "every page with an object on it",
    reading_writes: "nothing",
    limits: "none: what is unreachable is given back by the next collection",
    source: "McCarthy, \"Recursive Functions of Symbolic Expressions\" (1960)",
    options: &[],
    freezes: false,
    hidden: false,
};
