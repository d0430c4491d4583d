//! A collector that moves everything, always: it finds the roots that a machine forgot.
//!
//! # Idea
//! A machine that keeps an address where no root shows it goes unpunished as long as objects stay where they are. Here every
//! object gets a new address in every collection, and the old place is filled with words that are no values.
//!
//! # Layout
//! ```text
//!   | units, format, shape | flags |  slot 0 | slot 1 | …
//!   ^ Object: 8 bytes, for every format
//! ```
//! While it collects, the header of an object that was moved says where to. A cell that was left stays out of use until the
//! collection after the next one.
//!
//! # Barriers
//! None.
//!
//! # Collection
//! It is due when as many bytes were allocated since the last one as survived it, and no less than 256 KiB; under `--gc-stress`,
//! before every allocation.
//!
//! 1. *List* all objects.
//! 2. *Copy* what the roots refer to, and make them follow; *scan* the copies, and copy what they refer to.
//! 3. *Clear* weak references; *queue* finalizers, and copy what they reach.
//! 4. *Poison* every object of the list; reuse what was poisoned the time before.
//!
//! # After a fork
//! One collection writes every page: it is not made to be measured.
//!
//! From Fenichel and Yochelson, "A LISP garbage-collector for virtual-memory computer systems", 1969, and Cheney, 1970; the use as a
//! test from plai's `trivial-moving-collector`.

use crate::collector::{Collection, Collector, Request, Roots};
use crate::heap::{HeapError, Options};
use crate::object::{Format, Object, ShapeWord};
use crate::parts::finalizable::Finalizable;
use crate::parts::moving::{clear_weak, duplicate, forward, forwarded, update_slots};
use crate::parts::region::Region;
use crate::parts::space::Space;
use crate::parts::vector::Vector;
use crate::parts::weak::Verdict;

/// A word that is no value: the verifier knows it, and whoever takes it for an address finds no memory there.
const POISON: u64 = 0xFFFB_DEAD_DEAD_DEAD;
/// The fewest bytes allocated between two automatic collections.
const LEAST_ALLOWANCE: usize = 256 << 10;
const MOST_OBJECTS: usize = 1 << 28;

/// See the module.
pub struct Adversary {
    space: Space,
    /// The objects there were when the collection began.
    from: Vector<Object>,
    /// The copies; those behind `scanned` still refer to what was left.
    to: Vector<Object>,
    scanned: usize,
    /// Cells that were left last time, with their classes.
    retired: Vector<(usize, usize)>,
    finalizable: Finalizable,
    /// The most bytes of objects, a quarter of the limit: the rest is for copies and for what they left.
    limit: usize,
    /// Bytes that survived the last collection, and bytes allocated since.
    live: usize,
    allocated: usize,
    moves: u64,
}

// SAFETY: copies are made before anything is given back, so each lies where no object of the list does (1); what the roots reach is
// copied, and the list is left (2); a copy has every word of the original, and the roots, the slots, the queue and the weak table
// are made to refer to copies only (3); the whole list is given back, a collection later (4); copies aside, the vectors
// have regions of their own (5).
unsafe impl Collector for Adversary {
    const COUNTS: bool = false;
    const MOVES: bool = true;
    const HEAD: usize = 0;

    fn new(options: &Options) -> Result<Adversary, HeapError> {
        options.check_arguments(&[])?;
        let mut space = Space::new(&Options { limit: usize::MAX, ..options.clone() })?;
        let (from, to) = (Vector::new("from", MOST_OBJECTS)?, Vector::new("to", MOST_OBJECTS)?);
        let retired = Vector::new("retired", MOST_OBJECTS)?;
        [from.region(), to.region(), retired.region()]
            .into_iter()
            .for_each(|region| space.model.watch(region));
        let finalizable = Finalizable::new(&mut space)?;
        let limit = options.limit / 4;
        Ok(Adversary {
            space,
            from,
            to,
            scanned: 0,
            retired,
            finalizable,
            limit,
            live: 0,
            allocated: 0,
            moves: 0,
        })
    }

    /// Every allocation is a safepoint.
    fn allocate(&mut self, _shape: ShapeWord, _units: usize) -> Option<Object> {
        None
    }
    fn allocate_slow(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        let bytes = units.checked_mul(8)?.checked_add(8)?;
        if self.live + self.allocated + bytes > self.limit {
            return None;
        }
        self.allocated += bytes;
        self.space.allocate_slow(Self::HEAD, shape, units, 0)
    }

    fn expect_finalizer(&mut self, object: Object) {
        self.finalizable.push(object, &mut self.space);
    }
    fn register_weak(&mut self, weak: Object) {
        self.space.register_weak(weak);
    }
    fn next_finalizer(&mut self) -> Option<Object> {
        self.space.next_finalizer()
    }

    fn is_due(&self) -> bool {
        self.allocated >= LEAST_ALLOWANCE.max(self.live)
    }
    fn collect(&mut self, roots: &mut dyn Roots, request: Request) -> Collection {
        if request == Request::Automatic && !self.is_due() {
            return Collection::default();
        }
        self.moves += 1;
        self.list();
        roots.visit(&mut |value| {
            if let Some(object) = value.as_object() {
                *value = crate::Value::object(self.copy(object));
            }
        });
        self.copy_queue();
        self.scan_copies();
        self.clear_weak_references();
        let finalizers = self.queue_finalizers();
        self.update_weak_references();
        let reclaimed = self.poison();
        Collection { generation: Some(0), reclaimed, uncollectable: 0, finalizers }
    }

    fn space(&self) -> &Space {
        &self.space
    }
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        [self.from.region(), self.to.region(), self.retired.region(), self.finalizable.region()]
            .into_iter()
            .for_each(visit);
    }
    fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.space.each_object(Self::HEAD, visit);
    }
    fn moves(&self) -> u64 {
        self.moves
    }
}

impl Adversary {
    fn list(&mut self) {
        let Adversary { space, from, .. } = self;
        space.each_object(Self::HEAD, &mut |object| {
            assert!(from.push(object), "there is memory for the list of all objects");
        });
        self.live = 0;
    }

    /// Where `object` is from now on.
    fn copy(&mut self, object: Object) -> Object {
        if let Some(copy) = forwarded(object) {
            return copy;
        }
        let copy = duplicate(&mut self.space, object).expect("there is memory for a copy");
        assert!(self.to.push(copy), "there is memory for the list of copies");
        self.live += 8 + 8 * copy.units();
        forward(&mut self.space, object, copy);
        copy
    }

    fn copy_queue(&mut self) {
        for index in 0..self.space.queued_finalizers().len() {
            let copy = self.copy(self.space.queued_finalizers()[index]);
            self.space.queued_finalizers_mut()[index] = copy;
        }
    }

    fn scan_copies(&mut self) {
        while self.scanned < self.to.len() {
            let copy = self.to.as_slice()[self.scanned];
            self.scanned += 1;
            if matches!(copy.format(), Format::Slots | Format::Part) {
                update_slots(copy, usize::MAX, &mut |target| self.copy(target));
            }
        }
    }

    /// A copy was made before its target was found dead, so it is cleared too; slots follow in `update_weak_references`.
    fn clear_weak_references(&mut self) {
        let awaited = !self.finalizable.is_empty();
        let Space { weak, model, .. } = &mut self.space;
        weak.retain(
            &mut |target, weak| match (forwarded(target), forwarded(weak)) {
                (_, None) if !awaited => Verdict::Forget,
                (Some(_), _) => Verdict::Keep,
                (None, copy) => {
                    copy.into_iter().for_each(clear_weak);
                    Verdict::Clear
                }
            },
            model,
        );
    }

    fn queue_finalizers(&mut self) -> usize {
        if self.finalizable.is_empty() {
            return 0;
        }
        let is_live = |object: Object| forwarded(object).is_some();
        let first = self.space.queued_finalizers().len();
        let queued = self.finalizable.queue_dead(&mut self.space, &is_live);
        for object in self.finalizable.as_mut_slice() {
            *object = forwarded(*object).expect("what is still listed is live");
        }
        for index in first..self.space.queued_finalizers().len() {
            let copy = self.copy(self.space.queued_finalizers()[index]);
            self.space.queued_finalizers_mut()[index] = copy;
        }
        self.scan_copies();
        self.space.weak.forget_dead(&is_live, &mut self.space.model);
        queued
    }

    fn update_weak_references(&mut self) {
        let Space { weak, model, .. } = &mut self.space;
        let follow =
            |object: Object| forwarded(object).expect("both sides of a kept weak reference live");
        let relocate = &mut |target, weak| {
            update_slots(follow(weak), 1, &mut |_| follow(target));
            (follow(target), follow(weak))
        };
        weak.relocate(relocate, model);
    }

    /// Gives back what was poisoned last time, and poisons what was left this time. How many were dead, parts aside.
    fn poison(&mut self) -> usize {
        let Space { cells, runs, model, .. } = &mut self.space;
        while let Some((cell, class)) = self.retired.pop() {
            cells.free(cell, class, model);
        }
        let mut reclaimed = 0;
        while let Some(object) = self.from.pop() {
            if forwarded(object).is_none() {
                reclaimed += usize::from(object.format() != Format::Part);
            }
            match cells.block_of(object.address()) {
                Some(block) => {
                    let cell = block.cell_of(object.address());
                    cells.retire(cell, block.class, POISON, model);
                    assert!(
                        self.retired.push((cell, block.class)),
                        "there is memory for the list of cells"
                    );
                }
                None => {
                    runs.poison(object.address() - 8, POISON);
                    runs.free(object.address() - 8, model);
                }
            }
        }
        self.to.truncate(0);
        (self.scanned, self.allocated) = (0, 0);
        reclaimed
    }
}
