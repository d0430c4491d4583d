//! Reference counting with a collector of cycles in three generations: CPython 3.7, to the letter of its thresholds.
//!
//! # Idea
//! An object dies when its last reference does. Counting cannot see a cycle, so now and then the collector looks, among
//! the youngest containers most often, for groups that only refer to one another: it copies each count and subtracts what
//! the group itself accounts for; who has nothing left, and is not reached from one who has, is garbage.
//!
//! # Layout
//! Each container has a head (two list links and a scratch count) somewhere: the [`Placement`] says where. That is all
//! in which `inline`, `indirect` and `frozen` differ.
//! ```text
//!   generation 0 <-> head <-> head <-> head <-> (back)     the youngest, appended to at birth
//!   generation 1 <-> head <-> …
//!   generation 2 <-> head <-> …
//! ```
//!
//! # Barriers
//! `retain` and `release` at every copy and every drop. A container's birth adds to the first counter, its death takes away.
//!
//! # Collection
//! 1. *Choose* the oldest generation whose counter passed its threshold; a full one waits until a quarter is new.
//! 2. *Splice* the younger generations into it, by their ends.
//! 3. *Copy* the count of each container into its head.
//! 4. *Subtract* one for each reference that comes from within. A container elsewhere is no member: it is left alone,
//!    so what it holds stays held.
//! 5. *Park* who has nothing left in a list of the unreachable; *rescue* from it what a survivor reaches.
//! 6. *Clear* the weak references to all that is unreachable; *queue* its finalizers, and keep what these can reach.
//! 7. *Break* the rest: empty each container's slots while holding it, so that counting gives it back.
//!
//! The machine runs queued finalizers afterwards, so resurrection needs no case of its own (PEP 442 in two collections): whoever
//! waits for a finalizer counts as reachable once more; if it is still unreachable in the next collection it has no finalizer
//! left and dies. A collection that queues finalizers says so, and the machine asks for a second one when they have run.
//!
//! # After a fork
//! Reading writes counts, as in `none`. A collection writes the head of each member, even if all of them live.
//!
//! From CPython's `Modules/gcmodule.c` at 3.7: `collect`, `update_refs`, `subtract_refs`, `move_unreachable`,
//! `handle_weakrefs`, `delete_garbage`; the rule of a quarter is Antoine Pitrou's, 2008.

use crate::collector::{Collection, Collector, Request, Roots, Unsupported};
use crate::heap::{HeapError, Options};
use crate::object::{COUNT_ONE, FLAG_FINALIZER, FLAG_STRATEGY, Format, Object, ShapeWord};
use crate::parts::counts::{self, Counted};
use crate::parts::lists::Head;
use crate::parts::model::Cause;
use crate::parts::phase::{self, Phase};
use crate::parts::placement::{LISTS, Placement, REACHABLE, each_container};
use crate::parts::region::Region;
use crate::parts::short_heads;
use crate::parts::space::Space;
use crate::parts::thresholds::{GENERATIONS, OLDEST, Thresholds};
use crate::value::Value;

/// A head's `refs` while it is parked.
const PARKED: i64 = -4;
const UNREACHABLE: usize = GENERATIONS;
const KEPT: usize = GENERATIONS + 1;

/// See the module.
pub struct Cycles<P: Placement> {
    space: Space,
    placement: P,
    thresholds: Thresholds,
}

/// Was it found unreachable in the collection under way?
#[inline(always)]
fn is_parked<P: Placement>(head: Head) -> bool {
    if P::SHORT { P::object_of(head).tally() & FLAG_STRATEGY != 0 } else { head.refs() == PARKED }
}

impl<P: Placement> Counted for Cycles<P> {
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn reclaim(&mut self, object: Object) {
        if object.format() == Format::Slots {
            self.thresholds.count_death();
        }
        self.placement.reclaim(object, &mut self.space);
    }
}

// SAFETY: `Space` hands out cells and runs that it was given back or never handed out (1); an object is given back only when
// its count reaches zero, and the machine counts every reference it makes; `break_cycles` makes counts reach zero only where
// `park` found every reference to come from unreachable containers (2); slots of the dead alone are written, weak slots of
// a dead target aside (3); the last release gives an object back, and the next collection of its generation a cycle (4);
// lists and scratch counts lie in heads made at birth (5).
unsafe impl<P: Placement> Collector for Cycles<P> {
    const COUNTS: bool = true;
    const THRESHOLDS: bool = true;
    const IMMORTALIZES: bool = P::IMMORTALIZES;
    const HEAD: usize = P::HEAD;

    fn new(options: &Options) -> Result<Self, HeapError> {
        options.check_arguments(P::OPTIONS)?;
        let mut space = Space::new(options)?;
        let placement = P::new(options, &mut space)?;
        for number in 0..LISTS {
            placement.list(number).make_empty(&mut space.model);
        }
        Ok(Cycles { space, placement, thresholds: Thresholds::default() })
    }

    #[inline(always)]
    fn allocate(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        if !matches!(shape.format(), Format::Slots) {
            return self.space.allocate(P::HEAD, shape, units, COUNT_ONE);
        }
        if self.thresholds.is_due() {
            return None;
        }
        let object = self.space.allocate(P::HEAD, shape, units, COUNT_ONE)?;
        match self.placement.attach(object, &mut self.space) {
            Some(head) => self.track(head),
            None => {
                self.space.free(P::HEAD, object);
                return None;
            }
        }
        Some(object)
    }
    fn allocate_slow(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        let object = self.space.allocate_slow(P::HEAD, shape, units, COUNT_ONE)?;
        if shape.format() == Format::Slots {
            match self.placement.attach_slow(object, &mut self.space) {
                Some(head) => self.track(head),
                None => {
                    self.space.free(P::HEAD, object);
                    return None;
                }
            }
        }
        Some(object)
    }

    #[inline(always)]
    fn retain(&mut self, object: Object) {
        counts::retain(object, &mut self.space.model);
    }
    #[inline(always)]
    fn release(&mut self, object: Object) {
        if counts::release(object, &mut self.space.model) {
            counts::bury(self, object);
        }
    }

    fn expect_finalizer(&mut self, object: Object) {
        self.space.set_flag(object, FLAG_FINALIZER, true);
    }
    fn register_weak(&mut self, weak: Object) {
        self.space.register_weak(weak);
    }
    fn release_part(&mut self, part: Object) {
        self.reclaim(part);
    }
    fn next_finalizer(&mut self) -> Option<Object> {
        self.space.next_finalizer()
    }

    fn is_due(&self) -> bool {
        self.thresholds.is_due()
    }
    fn set_automatic(&mut self, automatic: bool) {
        self.thresholds.set_automatic(automatic);
    }

    fn collect(&mut self, _roots: &mut dyn Roots, request: Request) -> Collection {
        let Some(generation) = self.thresholds.choose(request) else {
            return Collection::default();
        };
        phase::enter(Phase::Splice);
        let members = self.splice(generation);
        let (count, unreachable) = self.separate(members);
        phase::enter(Phase::Promote);
        self.promote(generation, members, count - unreachable);
        phase::enter(Phase::Weak);
        self.clear_weak_references();
        phase::enter(Phase::Queue);
        let finalizers = self.queue_finalizers(generation);
        phase::enter(Phase::Break);
        let (reclaimed, uncollectable) = self.break_cycles(generation);
        Collection { generation: Some(generation as u8), reclaimed, uncollectable, finalizers }
    }

    fn collects_first(&self) -> bool {
        self.placement.collects_first()
    }
    fn immortalize(&mut self, object: Object) -> Result<Option<usize>, Unsupported> {
        self.placement.immortalize(object, &mut self.space)
    }
    fn freeze(&mut self, _roots: &mut dyn Roots) -> Result<(), Unsupported> {
        self.placement.freeze(&mut self.space, self.thresholds.counters_mut())
    }
    fn unfreeze(&mut self) -> Result<(), Unsupported> {
        self.placement.unfreeze(&mut self.space)
    }
    fn frozen_count(&self) -> Result<usize, Unsupported> {
        self.placement.frozen_count()
    }

    fn space(&self) -> &Space {
        &self.space
    }
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        self.placement.each_region(visit);
    }
    fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.space.each_object(P::HEAD, &mut |object| {
            if !self.placement.is_entombed(object) {
                visit(object);
            }
        });
    }
    fn reference_count(&self, object: Object) -> Option<u32> {
        Some(counts::count(object))
    }
    fn is_tracked(&self, object: Object) -> bool {
        object.format() == Format::Slots && !self.placement.is_untracked(object)
    }
    fn is_frozen(&self, object: Object) -> bool {
        self.placement.is_frozen(object)
    }
    fn frozen_test(&self) -> Box<dyn Fn(Object) -> bool + '_> {
        self.placement.frozen_test()
    }
    fn generation(&self, object: Object) -> Option<u8> {
        if object.format() != Format::Slots {
            return None;
        }
        let head = P::head_of(object);
        let of =
            |generation: &usize| self.placement.list(*generation).iter().any(|other| other == head);
        (0..GENERATIONS).find(of).map(|generation| generation as u8)
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
        self.verify_lists()
    }
}

impl<P: Placement> Cycles<P> {
    /// A container is born.
    #[inline(always)]
    fn track(&mut self, head: Head) {
        self.thresholds.count_birth();
        if !P::SHORT {
            head.set_refs(REACHABLE, &mut self.space.model);
        }
        self.placement.list(0).append(head, &mut self.space.model);
    }

    // Steps are not put into their caller, so that profilers name them.

    /// Joins the younger generations: the list of members.
    #[inline(never)]
    fn splice(&mut self, generation: usize) -> Head {
        self.thresholds.begin(generation);
        let members = self.placement.list(generation);
        for younger in 0..generation {
            members.splice(self.placement.list(younger), &mut self.space.model);
        }
        members
    }

    /// Steps 3 to 5: how many members there were, and how many of these are unreachable.
    fn separate(&mut self, members: Head) -> (usize, usize) {
        if P::SHORT {
            let unreachable = self.placement.list(UNREACHABLE);
            return short_heads::separate::<P>(members, unreachable, &mut self.space.model);
        }
        phase::enter(Phase::CopyCounts);
        let count = self.copy_counts(members);
        phase::enter(Phase::Subtract);
        self.subtract_internal(members);
        phase::enter(Phase::Rescue);
        (count, self.park_and_rescue(members))
    }

    /// Copies each member's count into its head, which also makes it a member; how many there are.
    #[inline(never)]
    fn copy_counts(&mut self, members: Head) -> usize {
        let (mut count, mut head) = (0, members.next());
        while head != members {
            head.set_refs(counts::count(P::object_of(head)) as i64, &mut self.space.model);
            count += 1;
            head = head.next();
        }
        count
    }

    /// Subtracts each reference from one member to another: what is left comes from outside.
    #[inline(never)]
    fn subtract_internal(&mut self, members: Head) {
        let model = &mut self.space.model;
        let mut head = members.next();
        while head != members {
            each_container(P::object_of(head), |target| {
                let target = P::head_of(target);
                let refs = target.refs();
                if refs >= 0 {
                    debug_assert!(refs > 0, "more references to an object than it counts");
                    target.set_refs(refs - 1, model);
                }
            });
            head = head.next();
        }
    }

    /// Moves members that nothing outside reaches to the list of the unreachable, and back when a survivor turns out to
    /// refer to them; how many stayed there.
    #[inline(never)]
    fn park_and_rescue(&mut self, members: Head) -> usize {
        let model = &mut self.space.model;
        let unreachable = self.placement.list(UNREACHABLE);
        let (mut parked, mut head) = (0, members.next());
        while head != members {
            let next;
            if head.refs() > 0 {
                head.set_refs(REACHABLE, model);
                each_container(P::object_of(head), |target| {
                    let target = P::head_of(target);
                    match target.refs() {
                        // Its turn is still to come: see to it that it survives then.
                        0 => target.set_refs(1, model),
                        // It was parked too early. At the end of the members its turn comes again.
                        PARKED => {
                            target.unlink(model);
                            members.append(target, model);
                            target.set_refs(1, model);
                            parked -= 1;
                        }
                        _ => {}
                    }
                });
                next = head.next();
            } else {
                next = head.next();
                head.unlink(model);
                unreachable.append(head, model);
                head.set_refs(PARKED, model);
                parked += 1;
            }
            head = next;
        }
        parked
    }

    /// Survivors grow older.
    #[inline(never)]
    fn promote(&mut self, generation: usize, members: Head, survivors: usize) {
        self.thresholds.count_survivors(generation, survivors);
        if generation < OLDEST {
            self.placement.list(generation + 1).splice(members, &mut self.space.model);
        }
    }

    /// Before anything else runs or dies: nobody shall reach garbage through a weak reference.
    #[inline(never)]
    fn clear_weak_references(&mut self) {
        for head in self.placement.list(UNREACHABLE).iter() {
            self.clear_weak(P::object_of(head));
        }
    }

    /// Queues the finalizers of the unreachable, once each, and keeps what these finalizers can reach; how many were queued.
    #[inline(never)]
    fn queue_finalizers(&mut self, generation: usize) -> usize {
        let (unreachable, kept) = (self.placement.list(UNREACHABLE), self.placement.list(KEPT));
        let (mut queued, mut head) = (0, unreachable.next());
        while head != unreachable {
            let (next, object) = (head.next(), P::object_of(head));
            if object.tally() & FLAG_FINALIZER != 0 {
                self.space.set_flag(object, FLAG_FINALIZER, false);
                if self.space.queue_finalizer(object) {
                    counts::retain(object, &mut self.space.model);
                    self.keep(head, kept);
                    queued += 1;
                }
            }
            head = next;
        }
        let mut head = kept.next();
        while head != kept {
            each_container(P::object_of(head), |target| {
                let target = P::head_of(target);
                if is_parked::<P>(target) {
                    self.keep(target, kept);
                }
            });
            head = head.next();
        }
        self.placement.list(OLDEST.min(generation + 1)).splice(kept, &mut self.space.model);
        queued
    }

    /// Moves a parked head to the list of the kept.
    fn keep(&mut self, head: Head, kept: Head) {
        let model = &mut self.space.model;
        head.unlink(model);
        kept.append(head, model);
        if P::SHORT {
            self.space.set_flag(P::object_of(head), FLAG_STRATEGY, false);
        } else {
            head.set_refs(REACHABLE, model);
        }
    }

    /// Empties what is left in the list of the unreachable, so that counting gives it back: how much was given back, and how
    /// much lives on although it should not (an immortal object, a count that the machine got wrong).
    #[inline(never)]
    fn break_cycles(&mut self, generation: usize) -> (usize, usize) {
        let (unreachable, emptied) = (self.placement.list(UNREACHABLE), self.placement.list(KEPT));
        let total = unreachable.iter().count();
        while !unreachable.is_empty() {
            let head = unreachable.next();
            let object = P::object_of(head);
            // Held while it is emptied: it would go in the middle of it.
            counts::retain(object, &mut self.space.model);
            for index in 0..object.units() {
                // SAFETY: `index` is below the units; the object is unreachable, and held until it is empty.
                let slot = unsafe { object.slot(index) };
                if let Some(target) = slot.as_object() {
                    self.space.model.note(object.address() + 8 + index * 8, Cause::Free);
                    // SAFETY: as above.
                    unsafe { object.set_slot(index, Value::NIL) };
                    self.release(target);
                }
            }
            // If it is still referred to, then by one that is still to be emptied.
            self.keep(head, emptied);
            self.release(object);
        }
        let uncollectable = emptied.iter().count();
        self.placement.list(OLDEST.min(generation + 1)).splice(emptied, &mut self.space.model);
        (total - uncollectable, uncollectable)
    }

    /// Every container is in exactly one list, linked both ways, and no collection is half done.
    fn verify_lists(&self) -> Result<(), String> {
        let mut listed = 0;
        for number in 0..LISTS {
            let list = self.placement.list(number);
            list.verify().map_err(|text| format!("list {number}: {text}"))?;
            if (number == UNREACHABLE || number == KEPT) && !list.is_empty() {
                return Err(format!("list {number} should be empty between collections"));
            }
            for head in list.iter() {
                let object = P::object_of(head);
                if self.placement.is_entombed(object) {
                    continue;
                }
                if P::head_of(object) != head || object.format() != Format::Slots {
                    return Err(format!("list {number}: {:#x} is no container's head", head.0));
                }
                if is_parked::<P>(head) || !P::SHORT && head.refs() != REACHABLE {
                    return Err(format!("list {number}: {:#x} is in a state of a search", head.0));
                }
                listed += 1;
            }
        }
        let mut containers = 0;
        self.each_object(&mut |object| containers += (object.format() == Format::Slots) as usize);
        if listed != containers {
            return Err(format!("{listed} containers are in lists, but there are {containers}"));
        }
        Ok(())
    }
}
