//! The ordinary space of a strategy that has another one beside it: mark and sweep with a bitmap, without generations.
//!
//! ```text
//!   main     | cells and runs: allocated, marked, swept |          marks, scratch: bitmaps beside it
//!   outside  | what the strategy keeps elsewhere        |          asked about by address only
//! ```
//!
//! The phases are `mark-bitmap`'s, of a major collection: marks go to scratch memory beside, of which only a little is kept for the next,
//! and the sweep copies them by words. What lies outside is not marked here: the strategy says, by an [`Outside`], what a reference there means.

use super::LEAST_ALLOWANCE;
use super::cells::BLOCK;
use super::finalizable::Finalizable;
use super::gray::{Gray, references};
use super::holes::Holes;
use super::model::{Cause, Model};
use super::plane::{GRANULE_SHIFT, Plane};
use super::region::Region;
use super::space::Space;
use crate::heap::{HeapError, Options};
use crate::object::{Format, Object, ShapeWord};

/// The space beside the main one.
pub trait Outside {
    /// Does `object` lie there? Decided by its address.
    fn contains(&self, object: Object) -> bool;
    /// The trace came to `object`, which lies there: is it to be scanned, now for the first time?
    fn reach(&mut self, object: Object) -> bool;
    /// Is it a part that must be looked through for its owner's sake, although it is not marked? Its items are never parts.
    fn is_seen_through(&self, object: Object) -> bool;
    /// Does `object`, which lies there, live?
    fn is_live(&self, object: Object) -> bool;
    /// The first object there, from the address `from` on, whose references the trace follows: after an overflow of the mark
    /// stack they are followed again.
    fn next_scanned(&self, from: usize) -> Option<Object>;
    /// Something that is kept by what was reached there, not given yet.
    fn next_kept(&mut self) -> Option<Object> {
        None
    }
}

/// See the module.
#[derive(Debug)]
pub struct MainSpace {
    /// The marks, and allocation from what they leave free.
    pub marks: Holes,
    scratch: Plane<1>,
    gray: Gray,
    /// Those with a finalizer to come, wherever they lie.
    pub finalizable: Finalizable,
    /// Bytes that survived the last collection.
    live: usize,
}

impl MainSpace {
    /// An empty one over the cells and runs of `space`.
    ///
    /// # Errors
    /// The address space is refused, or the option `gray` is no number.
    pub fn new(options: &Options, space: &mut Space) -> Result<MainSpace, HeapError> {
        Ok(MainSpace {
            marks: Holes::new(space, "marks")?,
            scratch: Plane::new(space, "scratch")?,
            gray: Gray::new(options, space)?,
            finalizable: Finalizable::new(space)?,
            live: 0,
        })
    }
    /// Its own regions.
    pub fn regions(&self) -> impl Iterator<Item = &Region> {
        let planes = self.marks.regions().chain(self.scratch.regions());
        planes.chain([self.gray.region(), self.finalizable.region()])
    }

    // -- Allocation ---------------------------------------------------------------------------------

    /// See `Collector::allocate_slow`. Whatever is handed out has its bits in every plane.
    pub fn allocate_slow(
        &mut self,
        shape: ShapeWord,
        units: usize,
        space: &mut Space,
    ) -> Option<Object> {
        let covered =
            space.ends_of_next(units).into_iter().flatten().all(|end| self.scratch.cover(end));
        if covered { self.marks.allocate_slow(shape, units, space) } else { None }
    }
    /// Was as much handed out as survived the last collection, and no less than [`LEAST_ALLOWANCE`]?
    pub fn is_due(&self) -> bool {
        self.marks.taken() >= LEAST_ALLOWANCE.max(self.live)
    }

    // -- Mark ---------------------------------------------------------------------------------------

    /// Marks `object`, which something that lives refers to.
    #[inline(always)]
    pub fn reach<O: Outside>(&mut self, object: Object, outside: &mut O, model: &mut Model) {
        if outside.contains(object) {
            return self.reach_outside(object, outside, model);
        }
        self.reach_main(object, model);
    }
    #[inline(always)]
    fn reach_main(&mut self, object: Object, model: &mut Model) {
        if self.scratch.set(object.address(), 0, Cause::Mark, model) {
            self.gray.push(object);
        }
    }
    #[inline]
    fn reach_outside<O: Outside>(&mut self, object: Object, outside: &mut O, model: &mut Model) {
        if outside.reach(object) {
            self.gray.push(object);
        } else if outside.is_seen_through(object) {
            for item in references(object) {
                if !outside.contains(item) {
                    self.reach_main(item, model);
                } else if outside.reach(item) {
                    self.gray.push(item);
                }
            }
        }
    }
    /// Marks what `object` refers to.
    #[inline(always)]
    pub fn scan<O: Outside>(&mut self, object: Object, outside: &mut O, model: &mut Model) {
        for child in references(object) {
            self.reach(child, outside, model);
        }
    }
    /// Marks what waits in the queue of finalizers.
    pub fn mark_queued<O: Outside>(&mut self, space: &mut Space, outside: &mut O) {
        for index in 0..space.queued_finalizers().len() {
            let object = space.queued_finalizers()[index];
            self.reach(object, outside, &mut space.model);
        }
    }
    /// Marks what the objects outside refer to that are scanned: in a space that is not marked, the remembered.
    pub fn scan_outside<O: Outside>(&mut self, space: &mut Space, outside: &mut O) {
        let mut next = outside.next_scanned(0);
        while let Some(object) = next {
            self.scan(object, outside, &mut space.model);
            next = outside.next_scanned(object.address() + 8);
        }
    }
    /// Scans until nothing is gray.
    pub fn trace<O: Outside>(&mut self, space: &mut Space, outside: &mut O) {
        loop {
            while let Some(object) = self.gray.pop() {
                self.scan(object, outside, &mut space.model);
            }
            if !self.gray.overflowed() {
                match outside.next_kept() {
                    Some(object) => self.reach(object, outside, &mut space.model),
                    None => return,
                }
                continue;
            }
            // Some were reached and not scanned: all that were reached are scanned again.
            let mut next = Holes::next_in(&self.scratch, 0, space);
            while let Some(object) = next {
                self.scan(object, outside, &mut space.model);
                next = Holes::next_in(&self.scratch, object.address(), space);
            }
            self.scan_outside(space, outside);
        }
    }
    /// Was `object` reached, or does it live elsewhere?
    #[inline(always)]
    pub fn is_live<O: Outside>(&self, object: Object, outside: &O) -> bool {
        if outside.contains(object) {
            outside.is_live(object)
        } else {
            self.scratch.get(object.address(), 0)
        }
    }
    /// The weak references to what was not reached become `nil`.
    pub fn clear_weak_references<O: Outside>(&mut self, space: &mut Space, outside: &O) {
        let Space { weak, model, .. } = space;
        let awaited = !self.finalizable.is_empty();
        weak.clear_dead(awaited, &|object| self.is_live(object, outside), model);
    }
    /// Queues the finalizers of what was not reached, and marks what they will reach. How many.
    pub fn queue_finalizers<O: Outside>(&mut self, space: &mut Space, outside: &mut O) -> usize {
        if self.finalizable.is_empty() {
            return 0;
        }
        let MainSpace { scratch, finalizable, .. } = self;
        let is_live = |object: Object| {
            if outside.contains(object) {
                outside.is_live(object)
            } else {
                scratch.get(object.address(), 0)
            }
        };
        let queued = finalizable.queue_dead(space, &is_live);
        self.mark_queued(space, outside);
        self.trace(space, outside);
        let Space { weak, model, .. } = space;
        weak.forget_dead(&|object| self.is_live(object, outside), model);
        queued
    }

    // -- Sweep --------------------------------------------------------------------------------------

    /// Gives back what was not reached; parts are not counted. `each_group` is told of sixty-four granules at a time who
    /// lives there.
    pub fn sweep(
        &mut self,
        space: &mut Space,
        mut each_group: impl FnMut(usize, u64, &mut Model),
    ) -> usize {
        self.live = 0;
        let mut reclaimed = 0;
        for number in 0..space.cells.block_count() {
            let Some(block) = space.cells.block(number) else { continue };
            let (first, mut survivors) = (self.scratch.index(block.start) / 64, 0);
            for group in first..first + (BLOCK >> GRANULE_SHIFT) / 64 {
                let (live, dead) = self.sweep_group(group, &mut space.model, &mut each_group);
                survivors += live;
                reclaimed += Holes::objects_of(block, self.scratch.address(group * 64), dead)
                    .filter(|object| object.format() != Format::Part)
                    .count();
            }
            self.live += survivors * block.cell_size();
            if survivors == 0 {
                space.cells.spare_block(block, &mut space.model);
            }
        }
        let mut next = space.runs.next_run(space.runs.region().start());
        while let Some(run) = next {
            next = space.runs.next_run(run.end);
            let object = Space::object_in_run(run.start);
            let group = self.scratch.index(object.address()) / 64;
            let (live, _) = self.sweep_group(group, &mut space.model, &mut each_group);
            self.live += live * run.len();
            if live == 0 {
                reclaimed += usize::from(object.format() != Format::Part);
                space.runs.free(run.start, &mut space.model);
            }
        }
        reclaimed
    }

    /// How many live among sixty-four granules, and who died.
    #[inline(always)]
    fn sweep_group(
        &mut self,
        group: usize,
        model: &mut Model,
        each_group: &mut impl FnMut(usize, u64, &mut Model),
    ) -> (usize, u64) {
        let live = self.marks.live().word(group, 0);
        if live == 0 {
            return (0, 0);
        }
        let keep = live & self.scratch.word(group, 0);
        self.marks.live_mut().set_word(group, 0, keep, Cause::Free, model);
        each_group(group, keep, model);
        (keep.count_ones() as usize, live & !keep)
    }

    /// After the sweep: the memory of a large mark goes back, and allocation looks for holes from the start.
    pub fn end(&mut self, space: &Space) {
        self.scratch.clear_all(space);
        self.gray.settle();
        self.marks.reset();
    }
    /// Gives back what was kept of the last mark.
    pub fn give_back(&mut self) {
        self.scratch.give_back();
        self.gray.give_back();
    }

    // -- Evacuation ---------------------------------------------------------------------------------

    /// Between collections, scratch serves as a set of objects: `true` if `object` was not in it. See [`MainSpace::give_back`].
    pub fn note(&mut self, object: Object, model: &mut Model) -> bool {
        self.scratch.set(object.address(), 0, Cause::Mark, model)
    }

    /// Everything that lived here has moved: all memory goes back to the kernel, and nothing of it is shared by a fork.
    pub fn clear(&mut self, space: &mut Space) {
        space.cells.clear();
        space.runs.clear();
        self.marks.live_mut().give_back();
        self.live = 0;
        self.give_back();
        self.marks.reset();
    }

    /// What is wrong with the bits of `object`, which is handed out by the main space.
    pub fn complaint(&self, object: Object) -> Option<&'static str> {
        if !self.marks.live().get(object.address(), 0) {
            Some("is live, but its mark is clear")
        } else if self.scratch.get(object.address(), 0) {
            Some("has its bit in scratch set outside a collection")
        } else {
            None
        }
    }
}
