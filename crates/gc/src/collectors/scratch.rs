//! Reference counting and CPython's search for cycles with nothing in front of an object: what the search needs is noted in
//! bitmaps beside the heap, and in memory that exists only while it runs.
//!
//! # Idea
//! The search for cycles copies each count, subtracts what the members account for among themselves, and looks at what is left.
//! It needs those numbers for as long as it runs and never again. So they need not lie in a header, and no header need be written.
//!
//! # Layout
//! ```text
//!   | units, format, shape | count, flags |  slot 0 | slot 1 | …     8 bytes, no head: as `none`
//!   generations  two bits for 16 bytes: no container, or in which generation; one: its finalizer was queued; one: a part
//!   young        a byte for each block of 16 KiB: which young generations it has
//!   scratch      for one collection: how many references come from within (two bits for 16 bytes, 32 where there are several); one
//!                bit: reached, later unreachable
//! ```
//! Where the counts lie the [`CountPlace`] says: in the header here, beside the heap in `side-counts`.
//!
//! # Barriers
//! `retain` and `release` at every copy and every drop. A container's birth sets a bit, its death clears it; both move the first of the
//! counters of `thresholds`, which are CPython's.
//!
//! # Collection
//! 1. *Count* for each member of the generation and the younger ones, in the order of memory, the references that come from within.
//! 2. *Reach* who has more references than these, and whom it refers to; again in the order of memory: only who lies behind and was
//!    passed over before goes on a stack.
//! 3. *Separate* the unreachable from the survivors, sixty-four at a time.
//! 4. *Clear* the weak references to all that is unreachable; *queue* its finalizers, once each, and keep what these can reach.
//! 5. *Break* the rest: empty each container's slots while holding it, so that counting gives it back.
//! 6. *Promote* what is left: only bits that change are written. The scratch memory goes back to the kernel.
//!
//! Resurrection is as in `cycles`: who waits for a finalizer is reachable once more, and dies in the next collection if it is not by then.
//!
//! # After a fork
//! Reading writes counts, as in `none`. A collection writes no object that lives, and a bitmap only where a generation changes: once all
//! are in the oldest, nothing. The pages of scratch are fresh each time and given back at once, so none is ever shared.
//!
//! New here; the algorithm is CPython's (`Modules/gcmodule.c` at 3.7). That a heap of blocks can be walked without lists is known from the
//! free-threaded build (`Python/gc_free_threading.c`), metadata beside the heap from MMTk.

use crate::collector::{Collection, Collector, Request, Roots, Unsupported};
use crate::heap::{HeapError, Options};
use crate::object::{FLAG_FINALIZER, Format, LARGE, Object, ShapeWord};
use crate::parts::cells::BLOCK;
use crate::parts::count_place::CountPlace;
use crate::parts::counts::{self, Counted, Dying};
use crate::parts::generations::{Generations, Walk};
use crate::parts::gray::Gray;
use crate::parts::internal::Internal;
use crate::parts::model::Cause;
use crate::parts::phase::{self, Phase};
use crate::parts::plane::Plane;
use crate::parts::region::Region;
use crate::parts::space::Space;
use crate::parts::thresholds::{OLDEST, Thresholds};
use crate::parts::zero_counts::ZeroCounts;
use crate::value::Value;

/// See the module.
pub struct Scratch<P: CountPlace> {
    space: Space,
    place: P,
    thresholds: Thresholds,
    generations: Generations,
    /// References from within, while a collection runs.
    internal: Internal,
    /// A bit for each member: reached; from the third step on: unreachable.
    bits: Plane<1>,
    gray: Gray,
    /// Where references in registers are not counted: who may be dead.
    zero: ZeroCounts,
}

impl<P: CountPlace> Counted for Scratch<P> {
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn reclaim(&mut self, object: Object) {
        let format = object.format();
        if matches!(format, Format::Slots | Format::Part) {
            self.generations.forget(object, &mut self.space.model);
        }
        if format == Format::Slots {
            self.thresholds.count_death();
        }
        self.place.free(object, &mut self.space);
    }
    #[inline(always)]
    fn count_up(&mut self, object: Object) {
        self.place.retain(object, &mut self.space.model);
    }
    #[inline(always)]
    fn count_down(&mut self, object: Object) -> bool {
        self.place.release(object, &mut self.space.model)
    }
    #[inline(always)]
    fn push_dying(&mut self, object: Object, dying: &mut Dying) {
        if !self.place.push_dying(object) {
            self.space.model.note(object.address(), Cause::Free);
            dying.push(object);
        }
    }
    #[inline(always)]
    fn pop_dying(&mut self, dying: &mut Dying) -> Option<Object> {
        self.place.pop_dying().or_else(|| dying.pop())
    }
    #[inline(always)]
    fn has_will(&self, object: Object) -> bool {
        object.tally() & FLAG_FINALIZER != 0 || self.place.is_weakly_held(object, &self.space)
    }
    fn clear_weak(&mut self, object: Object) {
        if self.place.is_weakly_held(object, &self.space) {
            self.space.weak.clear(object, &mut self.space.model);
        }
    }
    fn take_finalizer(&mut self, object: Object) -> bool {
        let had = self.awaits_finalizer(object);
        if had && object.format() == Format::Slots {
            self.generations.set_finalized(object, &mut self.space.model);
        } else if had {
            self.space.set_flag(object, FLAG_FINALIZER, false);
        }
        had
    }
}

// SAFETY: the place hands out memory that it was given back or never handed out (1); an object is given back only when its
// count reaches zero, and the machine counts every reference it makes; `break_cycles` makes counts reach zero only where `reach` found
// every reference to come from unreachable containers (2); slots of the dead alone are written, weak slots of a dead target
// aside (3); the last release gives an object back, and the next collection of its generation a cycle (4); bitmaps, scratch
// and stack have regions of their own (5).
unsafe impl<P: CountPlace> Collector for Scratch<P> {
    const COUNTS: bool = !P::DEFERS;
    const DEFERS: bool = P::DEFERS;
    const THRESHOLDS: bool = true;
    const HEAD: usize = 0;

    fn new(options: &Options) -> Result<Self, HeapError> {
        options.check_arguments(P::OPTIONS)?;
        let mut space = Space::new(options)?;
        Ok(Scratch {
            place: P::new(options, &mut space)?,
            thresholds: Thresholds::default(),
            generations: Generations::new(&mut space)?,
            internal: Internal::new(&mut space)?,
            bits: Plane::new(&mut space, "scratch")?,
            gray: Gray::new(options, &mut space)?,
            zero: ZeroCounts::new(&mut space)?,
            space,
        })
    }

    #[inline(always)]
    fn allocate(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        if matches!(shape.format(), Format::Slots) && self.thresholds.is_due()
            || P::DEFERS && self.zero.is_due()
        {
            return None;
        }
        let object = self.place.allocate(shape, units, &mut self.space)?;
        self.track(object, shape);
        Some(object)
    }
    fn allocate_slow(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        // Whatever block comes next has its bits, and its words in scratch.
        let end = self.space.cells.frontier() + BLOCK;
        if !(self.generations.cover(end) && self.internal.cover(end) && self.bits.cover(end)) {
            return None;
        }
        let object = self.place.allocate_slow(shape, units, &mut self.space)?;
        if P::DEFERS && units >= LARGE as usize {
            self.zero.count_large(units * 8);
        }
        self.track(object, shape);
        Some(object)
    }
    fn release_empty_blocks(&mut self) {
        self.place.release_empty_blocks(&mut self.space);
    }

    #[inline(always)]
    fn retain(&mut self, object: Object) {
        self.count_up(object);
    }
    #[inline(always)]
    fn release(&mut self, object: Object) {
        if P::DEFERS {
            self.release_deferred(object);
        } else {
            self.drop_reference(object);
        }
    }
    fn settle(&mut self, roots: &mut dyn Roots) {
        if P::DEFERS && self.zero.is_due() {
            self.count_roots(roots);
            self.reap();
            self.uncount_roots();
        }
    }

    fn expect_finalizer(&mut self, object: Object) {
        self.space.set_flag(object, FLAG_FINALIZER, true);
    }
    fn awaits_finalizer(&self, object: Object) -> bool {
        object.tally() & FLAG_FINALIZER != 0
            && !(object.format() == Format::Slots && self.generations.is_finalized(object))
    }
    fn register_weak(&mut self, weak: Object) {
        self.place.register_weak(weak, &mut self.space);
    }
    fn release_part(&mut self, part: Object) {
        self.reclaim(part);
    }
    fn next_finalizer(&mut self) -> Option<Object> {
        let object = self.space.next_finalizer()?;
        if P::DEFERS {
            // The machine counts nothing that it holds.
            self.release_deferred(object);
        }
        Some(object)
    }

    fn is_due(&self) -> bool {
        self.thresholds.is_due()
    }
    fn set_automatic(&mut self, automatic: bool) {
        self.thresholds.set_automatic(automatic);
    }
    fn collect(&mut self, roots: &mut dyn Roots, request: Request) -> Collection {
        if !P::DEFERS {
            return self.collect_cycles(request);
        }
        phase::enter(Phase::Roots);
        self.count_roots(roots);
        let waiting = self.space.queued_finalizers().len();
        phase::enter(Phase::Reap);
        self.reap();
        // Who was dead for its count alone waits for the machine like those in cycles.
        let queued = self.space.queued_finalizers().len() - waiting;
        let mut collection = self.collect_cycles(request);
        collection.finalizers += queued;
        self.uncount_roots();
        collection
    }

    fn before_fork(&mut self, roots: &mut dyn Roots) {
        if P::DEFERS {
            // The table is short then, and the child dirties few pages of it.
            self.count_roots(roots);
            self.reap();
            self.uncount_roots();
        }
        self.place.before_fork();
    }
    fn after_fork_in_child(&mut self) {
        self.place.after_fork_in_child(&mut self.space);
    }

    fn space(&self) -> &Space {
        &self.space
    }
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        self.place.each_region(visit);
        let scratch =
            self.internal.regions().chain(self.bits.regions()).chain([self.gray.region()]);
        self.generations.regions().chain(scratch).chain(self.zero.regions()).for_each(visit);
    }
    fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.place.each_object(&self.space, visit);
    }
    fn reference_count(&self, object: Object) -> Option<u32> {
        Some(self.place.count(object))
    }
    fn generation(&self, object: Object) -> Option<u8> {
        self.generations.of(object).map(|generation| generation as u8)
    }
    fn thresholds(&self) -> Option<[u32; 3]> {
        Some(self.thresholds.thresholds())
    }
    fn set_thresholds(&mut self, thresholds: [u32; 3]) -> Result<(), Unsupported> {
        self.thresholds.set_thresholds(thresholds);
        Ok(())
    }
    fn counters(&self) -> Option<[u32; 3]> {
        Some(self.thresholds.counters())
    }
    fn verify(&self) -> Result<(), String> {
        self.verify_bitmaps()
    }
}

impl<P: CountPlace> Scratch<P> {
    /// The search for cycles, once every reference is counted.
    fn collect_cycles(&mut self, request: Request) -> Collection {
        let Some(generation) = self.thresholds.choose(request) else {
            return Collection::default();
        };
        self.thresholds.begin(generation);
        let unreachable = if generation == OLDEST {
            self.find_unreachable::<true>(generation)
        } else {
            self.find_unreachable::<false>(generation)
        };
        let (mut finalizers, mut reclaimed, mut uncollectable) = (0, 0, 0);
        if unreachable > 0 {
            phase::enter(Phase::Weak);
            self.clear_weak_references(generation);
            phase::enter(Phase::Queue);
            finalizers = self.queue_finalizers(generation);
            phase::enter(Phase::Break);
            (reclaimed, uncollectable) = self.break_cycles(generation);
        }
        phase::enter(Phase::Promote);
        self.generations.promote(generation, &self.space.cells, &mut self.space.model);
        self.give_back_scratch();
        Collection { generation: Some(generation as u8), reclaimed, uncollectable, finalizers }
    }

    /// One reference less; who loses the last one dies.
    #[inline(always)]
    fn drop_reference(&mut self, object: Object) {
        if self.count_down(object) {
            counts::bury(self, object);
        }
    }

    /// One reference from a slot less; who loses the last one may still be held by a register.
    #[inline(always)]
    fn release_deferred(&mut self, object: Object) {
        if self.count_down(object) {
            self.zero.push(object, &mut self.space.model);
        }
    }

    /// Counts what registers, globals and handles refer to, so that a count says everything for once.
    fn count_roots(&mut self, roots: &mut dyn Roots) {
        roots.visit(&mut |value| {
            if let Some(object) = value.as_object() {
                self.count_up(object);
                // What cannot be noted stays counted: it is kept, which is always correct.
                let _ = self.zero.push_root(object, &mut self.space.model);
            }
        });
    }

    /// Buries who has no count although every reference is counted.
    fn reap(&mut self) {
        while let Some(object) = self.zero.pop() {
            if self.place.is_unreferenced(object) {
                counts::bury(self, object);
            }
        }
    }

    /// And no longer. Who has no other reference is back in the table.
    fn uncount_roots(&mut self) {
        while let Some(object) = self.zero.pop_root() {
            self.release_deferred(object);
        }
        self.zero.reset();
    }

    #[inline(always)]
    fn track(&mut self, object: Object, shape: ShapeWord) {
        if P::DEFERS {
            self.zero.push(object, &mut self.space.model);
        }
        match shape.format() {
            Format::Slots => {
                self.thresholds.count_birth();
                self.generations.track(object, &mut self.space.model);
            }
            Format::Part => self.generations.track_part(object, &mut self.space.model),
            Format::Bytes | Format::Weak => {}
        }
    }

    /// The first three steps; how many members are unreachable. `ALL`: the oldest generation is collected.
    fn find_unreachable<const ALL: bool>(&mut self, generation: usize) -> usize {
        phase::enter(Phase::Subtract);
        self.count_internal::<ALL>(generation);
        phase::enter(Phase::Rescue);
        self.reach::<ALL>(generation);
        self.separate(generation)
    }

    /// Counts for each member the references that come from members. Others are left alone, so what they hold stays held.
    fn count_internal<const ALL: bool>(&mut self, generation: usize) {
        let Scratch { space: Space { cells, model, .. }, generations, internal, .. } = self;
        let mut walk = Walk::default();
        while let Some(group) = generations.next(&mut walk, generation, cells) {
            for source in group.objects(group.word) {
                generations.each_member::<ALL>(source, generation, |target| {
                    internal.add(target, model);
                });
            }
        }
    }

    /// Sets the bit of each member that something outside refers to, and of what these reach.
    fn reach<const ALL: bool>(&mut self, generation: usize) {
        loop {
            let mut walk = Walk::default();
            while let Some(group) = self.generations.next(&mut walk, generation, &self.space.cells)
            {
                for object in group.objects(group.word) {
                    self.reach_from::<ALL>(object, generation);
                }
            }
            if !self.gray.overflowed() {
                return;
            }
            // Some are reached whose references were not followed: once more, from all that are reached.
        }
    }

    /// The walk is at `object`: follows its references, if it is reached, and those of all that lie behind the walk.
    #[inline(always)]
    fn reach_from<const ALL: bool>(&mut self, object: Object, generation: usize) {
        if !self.bits.get(object.address(), 0) {
            let (count, internal) = (self.place.count(object), self.internal.get(object));
            debug_assert!(count >= internal, "more references to an object than it counts");
            if count <= internal {
                // Nobody outside refers to it. If a survivor does, it will be back.
                return;
            }
            self.bits.set(object.address(), 0, Cause::Mark, &mut self.space.model);
        }
        let mut source = object;
        loop {
            self.generations.each_member::<ALL>(source, generation, |target| {
                if self.bits.set(target.address(), 0, Cause::Mark, &mut self.space.model)
                    && target < object
                {
                    self.gray.push(target);
                }
            });
            match self.gray.pop() {
                Some(next) => source = next,
                None => return,
            }
        }
    }

    /// From now on the bits say who is unreachable; how many there are.
    fn separate(&mut self, generation: usize) -> usize {
        let (mut unreachable, mut survivors, mut walk) = (0, 0, Walk::default());
        while let Some(group) = self.generations.next(&mut walk, generation, &self.space.cells) {
            let dead = group.word & !self.bits.word(group.number, 0);
            self.bits.set_word(group.number, 0, dead, Cause::Mark, &mut self.space.model);
            unreachable += dead.count_ones() as usize;
            survivors += (group.word & !dead).count_ones() as usize;
        }
        self.thresholds.count_survivors(generation, survivors);
        unreachable
    }

    /// Calls `visit` for each member that is unreachable and still there, in the order of memory.
    fn each_unreachable(&mut self, generation: usize, mut visit: impl FnMut(&mut Self, Object)) {
        let mut walk = Walk::default();
        while let Some(group) = self.generations.next(&mut walk, generation, &self.space.cells) {
            for object in group.objects(group.word & self.bits.word(group.number, 0)) {
                // The visits before may have taken it with them.
                if self.is_unreachable(object) {
                    visit(self, object);
                }
            }
        }
    }

    fn is_unreachable(&self, object: Object) -> bool {
        self.bits.get(object.address(), 0) && self.generations.of(object).is_some()
    }

    /// Before anything else runs or dies: nobody shall reach garbage through a weak reference.
    fn clear_weak_references(&mut self, generation: usize) {
        if !self.space.weak.is_empty() {
            self.each_unreachable(generation, |collector, object| collector.clear_weak(object));
        }
    }

    /// Queues the finalizers of the unreachable, once each, and keeps what these finalizers can reach; how many were queued.
    fn queue_finalizers(&mut self, generation: usize) -> usize {
        let mut queued = 0;
        self.each_unreachable(generation, |collector, object| {
            // A right that cannot be queued is lost, as where a count finds the dead.
            if collector.take_finalizer(object) && collector.space.queue_finalizer(object) {
                collector.count_up(object);
                queued += 1;
            }
        });
        // Only now is anyone kept, as each of them has a finalizer of its own to be queued.
        for index in 0..if queued > 0 { self.space.queued_finalizers().len() } else { 0 } {
            self.keep(self.space.queued_finalizers()[index]);
        }
        if self.gray.overflowed() {
            // It is not known what else they reach: all wait for the next collection.
            self.each_unreachable(generation, |collector, object| collector.unmark(object));
        }
        queued
    }

    /// Takes `first` from the unreachable, and all that it reaches.
    fn keep(&mut self, first: Object) {
        if first.format() == Format::Slots && self.is_unreachable(first) {
            self.unmark(first);
            self.gray.push(first);
        }
        while let Some(object) = self.gray.pop() {
            let Scratch { space, generations, bits, gray, .. } = self;
            generations.each_member::<true>(object, OLDEST, |target| {
                if bits.clear(target.address(), 0, Cause::Mark, &mut space.model) {
                    gray.push(target);
                }
            });
        }
    }

    fn unmark(&mut self, object: Object) {
        self.bits.clear(object.address(), 0, Cause::Mark, &mut self.space.model);
    }

    /// Empties what is still unreachable, so that counting gives it back: how much was given back, and how much lives on although it
    /// should not (an immortal object, a count that the machine got wrong).
    fn break_cycles(&mut self, generation: usize) -> (usize, usize) {
        let count = |collector: &mut Self| {
            let mut count = 0;
            collector.each_unreachable(generation, |_, _| count += 1);
            count
        };
        let total = count(self);
        self.each_unreachable(generation, |collector, object| {
            // Held while it is emptied: it would go in the middle of it.
            collector.count_up(object);
            for index in 0..object.units() {
                // SAFETY: `index` is below the units; the object is unreachable, and held until it is empty.
                let slot = unsafe { object.slot(index) };
                if let Some(target) = slot.as_object() {
                    collector.space.model.note(object.address() + 8 + index * 8, Cause::Free);
                    // SAFETY: as above.
                    unsafe { object.set_slot(index, Value::NIL) };
                    collector.drop_reference(target);
                }
            }
            collector.drop_reference(object);
        });
        let uncollectable = count(self);
        (total - uncollectable, uncollectable)
    }

    fn give_back_scratch(&mut self) {
        self.internal.give_back();
        self.bits.give_back();
        self.gray.give_back();
    }

    /// Every container is in a generation and nothing else is, and no collection is half done.
    fn verify_bitmaps(&self) -> Result<(), String> {
        let (mut broken, mut containers) = (Ok(()), 0);
        self.each_object(&mut |object| {
            let is_container = object.format() == Format::Slots;
            containers += usize::from(is_container);
            let in_scratch = is_container
                && (self.bits.get(object.address(), 0) || self.internal.get(object) != 0);
            let complaint = if in_scratch {
                Some("is noted in scratch memory outside a collection")
            } else {
                self.generations.complaint(object)
            };
            if let (Some(text), Ok(())) = (complaint.or(self.place.complaint(object)), &broken) {
                broken = Err(format!("{:?} {text}", self.space.place(object.address())));
            }
        });
        let tracked: usize = self.generations.count(&self.space.cells).iter().sum();
        if broken.is_ok() && tracked != containers {
            return Err(format!(
                "{tracked} are in generations, but there are {containers} containers"
            ));
        }
        broken
    }
}
