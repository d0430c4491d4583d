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
//! repeated), and `unfreeze` gives each generation back what came from it. The option `cpython=on` does all of this as
//! CPython does: counters zeroed, all back to the oldest, holes filled, neighbours unlinked; `quarantine=off` the last two
//! only, and `quarantine=on` all but those. With `collect_first=on` what is garbage at a freeze is not frozen: the
//! holes that it leaves are in quarantine.
//!
//! From Zekun Li's `gc.freeze`, python/cpython#3705, 2017.

use crate::collector::Unsupported;
use crate::heap::{HeapError, Options};
use crate::object::{Format, Object};
use crate::parts::lists::{HEAD_BYTES, Head};
use crate::parts::placement::{PERMANENT, Placement, head_before, object_behind, reserve_heads};
use crate::parts::region::Region;
use crate::parts::space::Space;
use crate::parts::thresholds::GENERATIONS;
use crate::parts::tombs::Tombs;

/// Heads in front of their objects, permanent generations, and a quarantine.
pub struct Frozen {
    lists: Region,
    tombs: Tombs<HEAD_BYTES>,
    /// Is there a quarantine after a freeze?
    isolates: bool,
    /// As CPython does it: no quarantine, and the counters are zeroed.
    cpython: bool,
    collects_first: bool,
}

impl Placement for Frozen {
    const HEAD: usize = HEAD_BYTES;
    const OPTIONS: &'static [&'static str] = &["quarantine", "collect_first", "cpython", "py37"];

    fn new(options: &Options, space: &mut Space) -> Result<Frozen, HeapError> {
        let cpython = options.switch("cpython")? || options.switch("py37")?;
        Ok(Frozen {
            lists: reserve_heads(0, HEAD_BYTES, space)?,
            tombs: Tombs::new(space)?,
            isolates: options.switch_or("quarantine", !cpython)?,
            cpython,
            collects_first: options.switch("collect_first")?,
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
    }
    fn is_entombed(&self, object: Object) -> bool {
        self.tombs.is_entombed(object)
    }
    fn is_frozen(&self, object: Object) -> bool {
        if object.format() != Format::Slots {
            return false;
        }
        if !self.isolates {
            let head = head_before(object);
            return (0..GENERATIONS)
                .any(|source| self.list(PERMANENT + source).iter().any(|other| other == head));
        }
        self.tombs.holds(object)
    }
    fn frozen_test(&self) -> Box<dyn Fn(Object) -> bool + '_> {
        if self.isolates {
            return Box::new(|object| self.is_frozen(object));
        }
        let lists = (0..GENERATIONS).map(|source| self.list(PERMANENT + source));
        let mut heads: Vec<usize> = lists.flat_map(|list| list.iter()).map(|head| head.0).collect();
        heads.sort_unstable();
        Box::new(move |object| {
            object.format() == Format::Slots && heads.binary_search(&head_before(object).0).is_ok()
        })
    }

    fn collects_first(&self) -> bool {
        self.collects_first
    }
    fn freeze(&mut self, space: &mut Space, counters: &mut [u32; 3]) -> Result<(), Unsupported> {
        if self.cpython {
            counters.fill(0);
        }
        if self.isolates && !self.tombs.begin(space) {
            // No memory for the tombs: nothing is frozen, which is always correct.
            return Ok(());
        }
        for source in 0..GENERATIONS {
            self.list(PERMANENT + source).splice(self.list(source), &mut space.model);
        }
        Ok(())
    }

    fn unfreeze(&mut self, space: &mut Space) -> Result<(), Unsupported> {
        self.tombs.end(space, &mut |object, space| {
            if object.format() == Format::Slots {
                head_before(object).unlink(&mut space.model);
            }
            space.free(Self::HEAD, object);
        });
        for source in 0..GENERATIONS {
            let (frozen, generation) = (
                self.list(PERMANENT + source),
                if self.cpython { GENERATIONS - 1 } else { source },
            );
            // The older first, as they lie in memory.
            frozen.splice(self.list(generation), &mut space.model);
            self.list(generation).splice(frozen, &mut space.model);
        }
        Ok(())
    }

    fn frozen_count(&self) -> Result<usize, Unsupported> {
        let heads = (0..GENERATIONS).flat_map(|source| self.list(PERMANENT + source).iter());
        Ok(heads.filter(|&head| !self.is_entombed(object_behind(head))).count())
    }
}
