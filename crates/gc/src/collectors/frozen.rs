//! CPython's `gc.freeze`: `inline` with permanent generations, made to be frozen before a fork.
//!
//! # Idea
//! What exists before the fork will mostly live as long as the process: let no collection look at it again. Its
//! memory, too, is left as it is: what dies of it is not reused, what is born goes to fresh pages.
//!
//! # Layout
//! ```text
//!   objects  | frozen blocks: holes stay holes | frontier | blocks taken since … |
//!   headers  | three generations | … | three permanent generations, one for each source |
//!   tombs    | a bit for each frozen object that died since |
//! ```
//! Heads are in front of the objects, as in `inline`. An object is frozen if it lies below the frontier.
//!
//! # Barriers
//! See `cycles`. Counting goes on: a frozen object is neither immortal nor immutable. One that dies is entombed: not
//! unlinked from its neighbours, not put on a free list, its bit set in the tombs, its memory out of use until `unfreeze`.
//!
//! # Collection
//! See `cycles`. Permanent generations are never members: references from them are never subtracted, so
//! what they hold is held, without a barrier; a cycle through a frozen object is not found.
//!
//! # After a fork
//! A collection writes nothing that was frozen. Reading writes counts, as ever. `freeze` writes the ends of the
//! lists and nothing else, keeps the counters (CPython zeroes them, and so starves the old generation when freezing is
//! repeated), and `unfreeze` gives each generation back what came from it. The option `py37=on` does all of this as
//! CPython does: counters zeroed, all back to the oldest, holes filled, neighbours unlinked.
//!
//! From Zekun Li's `gc.freeze`, python/cpython#3705, 2017.

use crate::collector::Unsupported;
use crate::heap::{HeapError, Options};
use crate::object::{Format, Object};
use crate::parts::bitmap::Bitmap;
use crate::parts::lists::{HEAD_BYTES, Head};
use crate::parts::model::Cause;
use crate::parts::placement::{PERMANENT, Placement, head_before, object_behind, reserve_heads};
use crate::parts::region::Region;
use crate::parts::space::Space;
use crate::parts::thresholds::GENERATIONS;

/// Heads in front of their objects, and a frontier.
pub struct Frozen {
    lists: Region,
    /// By the address of a cell: what is in it died frozen.
    tombs: Bitmap,
    /// Cells below this address are frozen; zero: nothing is.
    frontier: usize,
    /// As CPython does it.
    py37: bool,
}

impl Frozen {
    fn cell_of(object: Object, space: &Space) -> usize {
        space.extent(Self::HEAD, object).0
    }

    /// Frees what was entombed.
    fn open_tombs(&mut self, space: &mut Space) {
        if self.frontier == 0 {
            return;
        }
        let mut address = space.cells.region().start();
        while let Some(found) = self.tombs.next_set(address, self.frontier) {
            // A cell begins at the bit's first address or eight bytes later.
            let block = space.cells.block_of(found).expect("tombs lie in blocks");
            let object = Space::object_in_cell(Self::HEAD, block.cell_of(found + 8), block.class);
            if object.format() == Format::Slots {
                head_before(object).unlink(&mut space.model);
            }
            space.free(Self::HEAD, object);
            address = found + 16;
        }
        self.tombs.clear_all();
    }
}

impl Placement for Frozen {
    const HEAD: usize = HEAD_BYTES;
    const OPTIONS: &'static [&'static str] = &["fresh", "py37"];

    fn new(options: &Options, space: &mut Space) -> Result<Frozen, HeapError> {
        let (base, bytes) = (space.cells.region().start(), space.cells.region().reserved());
        let tombs = Bitmap::new("tombs", base, bytes)?;
        space.model.watch(tombs.region());
        Ok(Frozen {
            lists: reserve_heads(0, HEAD_BYTES, space)?,
            tombs,
            frontier: 0,
            py37: options.switch("py37")?,
        })
    }
    #[inline(always)]
    fn head_of(object: Object) -> Head {
        head_before(object)
    }
    #[inline(always)]
    fn object_of(head: Head) -> Object {
        object_behind(head)
    }
    #[inline(always)]
    fn list(&self, number: usize) -> Head {
        Head(self.lists.start() + number * HEAD_BYTES)
    }
    #[inline(always)]
    fn attach(&mut self, object: Object, _space: &mut Space) -> Option<Head> {
        Some(head_before(object))
    }
    #[inline(always)]
    fn reclaim(&mut self, object: Object, space: &mut Space) {
        if object.address() < self.frontier {
            let cell = Self::cell_of(object, space);
            space.model.note(self.tombs.word(self.tombs.index(cell)).addr(), Cause::Free);
            self.tombs.set(cell);
            return;
        }
        if object.format() == Format::Slots {
            head_before(object).unlink(&mut space.model);
        }
        space.free(Self::HEAD, object);
    }

    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        visit(&self.lists);
        visit(self.tombs.region());
    }
    fn is_entombed(&self, object: Object) -> bool {
        object.address() < self.frontier && {
            // The cell begins at most three words before the header.
            let front = match object.format() {
                Format::Slots => Self::HEAD,
                _ if object.shape_word().units() == crate::object::LARGE => 8,
                Format::Bytes | Format::Weak | Format::Part => 0,
            };
            self.tombs.get(object.address() - front)
        }
    }
    fn is_frozen(&self, object: Object) -> bool {
        if object.format() != Format::Slots {
            return false;
        }
        if self.py37 {
            let head = head_before(object);
            return (0..GENERATIONS)
                .any(|source| self.list(PERMANENT + source).iter().any(|other| other == head));
        }
        object.address() < self.frontier
    }

    fn freeze(&mut self, space: &mut Space, counters: &mut [u32; 3]) -> Result<(), Unsupported> {
        if self.py37 {
            counters.fill(0);
        } else {
            let frontier = space.cells.frontier();
            if !self.tombs.cover(frontier) {
                // No memory for the tombs: nothing is frozen, which is always correct.
                return Ok(());
            }
            self.frontier = frontier;
            space.cells.seal(&mut space.model);
            space.runs.seal();
        }
        for source in 0..GENERATIONS {
            self.list(PERMANENT + source).splice(self.list(source), &mut space.model);
        }
        Ok(())
    }

    fn unfreeze(&mut self, space: &mut Space) -> Result<(), Unsupported> {
        self.open_tombs(space);
        for source in 0..GENERATIONS {
            let (frozen, generation) =
                (self.list(PERMANENT + source), if self.py37 { GENERATIONS - 1 } else { source });
            // The older first, as they lie in memory.
            frozen.splice(self.list(generation), &mut space.model);
            self.list(generation).splice(frozen, &mut space.model);
        }
        if !self.py37 {
            self.frontier = 0;
            space.cells.unseal(&mut space.model);
            space.runs.unseal(&mut space.model);
        }
        Ok(())
    }

    fn frozen_count(&self) -> Result<usize, Unsupported> {
        let heads = (0..GENERATIONS).flat_map(|source| self.list(PERMANENT + source).iter());
        Ok(heads.filter(|&head| !self.is_entombed(object_behind(head))).count())
    }
}
