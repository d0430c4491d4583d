//! Immortal objects: `inline` with a count that is never written again, and no collection that looks at them.
//!
//! # Idea
//! `frozen` keeps the collector from what exists before the fork, but a program that reads it still counts, and copies what it
//! reads. So let the count be a value that means "for ever": whoever would change it sees that and leaves it alone.
//!
//! # Layout
//! ```text
//!   tally    | 1 | (no matter) | flags |                    bit 31: below zero, seen as signed
//!   objects  | everything at the freeze: holes stay holes | frontier | blocks taken since … |
//!   headers  | three generations | … | the immortal |
//! ```
//! Heads are in front of the objects, as in `inline`. Those of immortal containers are in a list that nobody walks but who counts them:
//! they are untracked at once, not in the first collection after the fork, as CPython does since 3.12.
//!
//! # Barriers
//! See `cycles`. `retain` and `release` test the sign of the count that they have loaded anyway, and return. Stores need nothing: an
//! immortal object that refers to a mortal one holds a count of it.
//!
//! # Collection
//! See `cycles`. An immortal container is never a member, so what it refers to counts as referred to from outside: it is a
//! root.
//!
//! # After a fork
//! Neither reading nor collecting writes to anything immortal; a program's own stores do. `gc.freeze()`, after a full collection,
//! makes all that exists immortal: strings, parts and weak references as well as containers, so that there is no chain of
//! references with a mortal link in it (cinderx stops at the direct referents of tracked objects). `gc.immortal(x)` does that for what `x`
//! reaches. There is no way back. Nothing of Calf is filled in lazily on these pages (hashes are computed when a
//! string is made, inline caches have a region of their own), so nothing needs to be warmed.
//!
//! The immortal are never given back, and their finalizers never run, not even at a full exit. A part that an immortal list
//! outgrows is dead: its memory is in quarantine, as in `frozen`, unless `quarantine=off`.
//!
//! From PEP 683, Eric Snow and Eddie Elizondo, CPython 3.12, and `immortalize_heap` of cinderx.

use crate::collector::Unsupported;
use crate::heap::{HeapError, Options};
use crate::object::{COUNT_IMMORTAL, Format, Object};
use crate::parts::gray::{Gray, references};
use crate::parts::lists::{HEAD_BYTES, Head};
use crate::parts::model::{Cause, Model};
use crate::parts::placement::{PERMANENT, Placement, head_before, object_behind, reserve_heads};
use crate::parts::plane::Plane;
use crate::parts::region::Region;
use crate::parts::space::Space;
use crate::parts::thresholds::GENERATIONS;
use crate::parts::tombs::Tombs;

/// Heads in front of their objects, a list of the immortal, a quarantine.
pub struct Immortal {
    lists: Region,
    tombs: Tombs<HEAD_BYTES>,
    isolates: bool,
    /// Reached from the object that shall be immortal; clear in between.
    visited: Plane<1>,
    gray: Gray,
}

impl Placement for Immortal {
    const HEAD: usize = HEAD_BYTES;
    const IMMORTALIZES: bool = true;
    const OPTIONS: &'static [&'static str] = &["quarantine", "gray"];

    fn new(options: &Options, space: &mut Space) -> Result<Immortal, HeapError> {
        Ok(Immortal {
            lists: reserve_heads(0, HEAD_BYTES, space)?,
            tombs: Tombs::new(space)?,
            isolates: options.switch_or("quarantine", true)?,
            visited: Plane::new(space, "visited")?,
            gray: Gray::new(options, space)?,
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
        if self.tombs.holds(object) {
            return self.tombs.entomb(object, space);
        }
        if object.format() == Format::Slots {
            head_before(object).unlink(&mut space.model);
        }
        space.free(Self::HEAD, object);
    }

    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        visit(&self.lists);
        visit(self.tombs.region());
        self.visited.regions().for_each(&mut *visit);
        visit(self.gray.region());
    }
    fn is_entombed(&self, object: Object) -> bool {
        self.tombs.is_entombed(object)
    }
    fn is_frozen(&self, object: Object) -> bool {
        is_immortal(object)
    }
    fn is_untracked(&self, object: Object) -> bool {
        is_immortal(object)
    }

    fn collects_first(&self) -> bool {
        true
    }
    /// All that there is, in the order of memory: what is left of it after a full collection is what the roots reach.
    fn freeze(&mut self, space: &mut Space, _counters: &mut [u32; 3]) -> Result<(), Unsupported> {
        let Immortal { tombs, .. } = self;
        let Space { cells, runs, model, .. } = space;
        cells.each_cell(&mut |cell, class| {
            let object = Space::object_in_cell(Self::HEAD, cell, class);
            if !tombs.is_entombed(object) {
                make_immortal(object, model);
            }
        });
        runs.each_run(&mut |start| {
            make_immortal(Space::object_in_run(start), model);
        });
        for source in 0..GENERATIONS {
            self.list(PERMANENT).splice(self.list(source), &mut space.model);
        }
        // Without memory for the tombs, holes are filled: no less correct.
        let _ = self.isolates && self.tombs.begin(space);
        Ok(())
    }
    fn frozen_count(&self) -> Result<usize, Unsupported> {
        Ok(self.list(PERMANENT).iter().count())
    }

    fn immortalize(
        &mut self,
        object: Object,
        space: &mut Space,
    ) -> Result<Option<usize>, Unsupported> {
        let (cells, runs) = (space.cells.frontier(), space.runs.frontier());
        if !self.visited.cover(cells)
            || !self.visited.cover(runs.max(space.runs.region().start() + 1))
        {
            return Ok(None);
        }
        let mut count = self.visit(object, space);
        loop {
            while let Some(source) = self.gray.pop() {
                for target in references(source) {
                    count += self.visit(target, space);
                }
            }
            if !self.gray.overflowed() {
                break;
            }
            self.search_for_gray(space);
        }
        self.visited.give_back();
        self.gray.give_back();
        Ok(Some(count))
    }
}

impl Immortal {
    /// Reaches `object`, which is immortal from now on; one that was so already may refer to mortal ones. How many became
    /// immortal: one or none.
    fn visit(&mut self, object: Object, space: &mut Space) -> usize {
        if !self.visited.set(object.address(), 0, Cause::Mark, &mut space.model) {
            return 0;
        }
        self.gray.push(object);
        let is_new = make_immortal(object, &mut space.model);
        if is_new && object.format() == Format::Slots {
            let head = head_before(object);
            head.unlink(&mut space.model);
            self.list(PERMANENT).append(head, &mut space.model);
        }
        usize::from(is_new)
    }

    /// After an overflow: who was reached, and refers to one who was not, is looked at again.
    #[cold]
    fn search_for_gray(&mut self, space: &Space) {
        let Immortal { visited, gray, .. } = self;
        let is_reached = |object: Object| visited.get(object.address(), 0);
        space.each_object(Self::HEAD, &mut |object| {
            if is_reached(object) && references(object).any(|target| !is_reached(target)) {
                gray.push(object);
            }
        });
    }
}

#[inline(always)]
fn is_immortal(object: Object) -> bool {
    object.tally() & COUNT_IMMORTAL != 0
}

/// `false`: it is so already, and nothing is written.
fn make_immortal(object: Object, model: &mut Model) -> bool {
    let is_new = !is_immortal(object);
    if is_new {
        object.set_tally(object.tally() | COUNT_IMMORTAL);
        model.note(object.address(), Cause::Count);
    }
    is_new
}
