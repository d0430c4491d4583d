//! Mark and sweep with bitmaps beside the heap and two generations that stay where they are, as Ruby from 2.0 to 3.3.
//!
//! # Idea
//! Nothing that the collector notes lies on a page of the program's. An object that has survived three collections is
//! old: it stays marked until a major collection, and a minor one looks at the young only.
//!
//! # Layout
//! ```text
//!   | units, format, shape | flags |  slot 0 | slot 1 | …       8 bytes, never written by a collection
//!   marks    a bit for 16 bytes: it lived when last marked, or was handed out since; what is clear is a hole
//!   ages     two bits: collections survived, 3 is old; and one for the old that may refer to the young, which are listed
//!   scratch  a bit: reached by this collection; cleared after it, and given back before a fork
//! ```
//! With `age=inline` the age of the young is counted in their headers, as in Ruby 2.2, and `ages` says only who is old.
//!
//! # Barriers
//! A store of a young object into an old one *remembers* the source: its bit, and its place in a list.
//!
//! # Collection
//! Minor: when as much was handed out as a quarter of what lives, no less than 1 MiB. Major: when the old have doubled.
//!
//! 1. *Mark* into scratch from the roots (minor: and from the remembered, and not through the old).
//! 2. *Clear* weak references, *queue* finalizers and mark what they reach.
//! 3. *Sweep* by words: marks become scratch (minor: or old), ages advance. No word is written that does not change, no dead cell is
//!    read but to be counted. The holes are looked for when they are needed.
//! 4. *Remember* those that became old and refer to the young; *forget* those that no longer do.
//!
//! # After a fork
//! Reading writes nothing. A full collection writes only the words of marks and ages that change: nothing died, all are old: not
//! one page. The pages of scratch are given back before a fork, so none is ever shared. What is not old when the process
//! forks ages in the child, a page of ages for 256 KiB of heap: `warmup=on` collects before each fork and makes all survivors
//! old. With `age=inline` the child copies every page that holds an object which is not old, three times over if each is collected in a
//! child of its own: what the bitmap of marks had saved. What the child allocates goes into holes, on shared pages, unless `fresh=on` keeps it out of the parent's blocks.
//!
//! From Ruby, Feature #5839 (2.0), Sasada, "Gradual Write-Barrier Insertion into a Ruby Interpreter", ISMM 2019, and "Store object
//! age in a bitmap" (3.3); Demers et al., "Combining Generational and Conservative Garbage Collection", POPL 1990, for the sticky marks.

use crate::collector::{Collection, Collector, Request, Roots};
use crate::heap::{HeapError, Options};
use crate::object::{FLAG_STRATEGY, Format, Object, ShapeWord};
use crate::parts::LEAST_ALLOWANCE;
use crate::parts::ages::Ages;
use crate::parts::cells::{BLOCK, Block};
use crate::parts::finalizable::Finalizable;
use crate::parts::gray::{Gray, references};
use crate::parts::holes::Holes;
use crate::parts::model::Cause;
use crate::parts::phase::{self, Phase};
use crate::parts::plane::{GRANULE_SHIFT, Plane};
use crate::parts::region::Region;
use crate::parts::space::Space;
use crate::value::Value;

/// The fewest bytes of old objects that call for a major collection.
const LEAST_OLD: usize = 4 << 20;

/// See the module. `AGES_INLINE`: the ages of the young are in their headers.
pub struct MarkBitmap<const AGES_INLINE: bool = false> {
    space: Space,
    /// The marks, and allocation from what they leave free.
    marks: Holes,
    ages: Ages,
    scratch: Plane<1>,
    gray: Gray,
    finalizable: Finalizable,
    /// Bytes of cells and runs that survived the last collection, those of the old among them, and of the old after the last major.
    live: usize,
    old: usize,
    old_at_major: usize,
    warm_up: bool,
    fresh: bool,
}

/// One collection survived, in the tally of an object whose age is there.
const AGE_ONE: u32 = FLAG_STRATEGY << 1;
/// How many make old.
const AGES: u32 = 3;

// SAFETY: `Holes` hands out cells whose bit is clear, and a bit is cleared only by the sweep (1); it is kept for what the roots
// reach: directly, or, of the old in a minor collection, because every old object that refers to a young one is remembered, as
// `write_barrier` and `update_remembered` see to (2); no slot is written, weak slots of a dead target aside (3); a major
// collection clears the bit of whatever was not reached (4); planes, stack and lists have regions of their own (5).
unsafe impl<const AGES_INLINE: bool> Collector for MarkBitmap<AGES_INLINE> {
    const COUNTS: bool = false;
    const HEAD: usize = 0;

    fn new(options: &Options) -> Result<Self, HeapError> {
        options.check_arguments(&["warmup", "gray", "age"])?;
        options.check_choice("age", "bitmap, inline")?;
        let mut space = Space::new(options)?;
        Ok(MarkBitmap {
            marks: Holes::new(&mut space, "marks")?,
            ages: Ages::new(&mut space)?,
            scratch: Plane::new(&mut space, "scratch")?,
            gray: Gray::new(options, &mut space)?,
            finalizable: Finalizable::new(&mut space)?,
            space,
            live: 0,
            old: 0,
            old_at_major: 0,
            warm_up: options.switch("warmup")?,
            fresh: options.switch("fresh")?,
        })
    }

    #[inline(always)]
    fn allocate(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        self.marks.allocate(shape, units)
    }
    fn allocate_slow(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        // Whatever is handed out has its bits in every plane.
        let covered = (self.space.ends_of_next(units).into_iter().flatten())
            .all(|end| self.ages.cover(end) && self.scratch.cover(end));
        if covered { self.marks.allocate_slow(shape, units, &mut self.space) } else { None }
    }

    #[inline(always)]
    fn write_barrier(&mut self, source: Object, target: Value) {
        if let Some(target) = target.as_object()
            && self.ages.is_old(source)
        {
            self.remember_young(source, target);
        }
    }
    #[inline(always)]
    fn write_barrier_all(&mut self, owner: Object) {
        if self.ages.is_old(owner) {
            self.ages.remember(owner, &mut self.space.model);
        }
    }

    fn expect_finalizer(&mut self, object: Object) {
        self.finalizable.push(object, &mut self.space);
    }
    fn register_weak(&mut self, weak: Object) {
        // No flag in the target: it may lie on a shared page, and nobody asks for it.
        self.space.enter_weak(weak);
    }
    fn next_finalizer(&mut self) -> Option<Object> {
        self.space.next_finalizer()
    }

    fn is_due(&self) -> bool {
        self.marks.taken() >= LEAST_ALLOWANCE.max(self.live / 4)
    }
    fn collect(&mut self, roots: &mut dyn Roots, request: Request) -> Collection {
        let is_minor = match request {
            Request::Automatic if !self.is_due() => return Collection::default(),
            Request::Automatic => self.old < LEAST_OLD.max(2 * self.old_at_major),
            Request::Generation(generation) => generation == 0,
            Request::Full => false,
        };
        if is_minor && !self.ages.forgot() {
            self.run::<true>(roots, false)
        } else {
            self.run::<false>(roots, false)
        }
    }

    fn before_fork(&mut self, roots: &mut dyn Roots) {
        if self.warm_up {
            self.run::<false>(roots, true);
        }
        // The rest of the holes in use would otherwise be given back in the child, on a page of marks for each.
        self.marks.retire(&mut self.space.model);
    }
    fn give_back_spare(&mut self) {
        self.scratch.give_back();
        self.gray.give_back();
    }
    fn after_fork_in_child(&mut self) {
        if self.fresh {
            self.marks.keep_out_of_shared_blocks(&self.space);
        }
    }

    fn space(&self) -> &Space {
        &self.space
    }
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        let planes = self.marks.regions().chain(self.ages.regions()).chain(self.scratch.regions());
        planes.chain([self.gray.region(), self.finalizable.region()]).for_each(visit);
    }
    fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.marks.each_object(&self.space, visit);
    }
    fn generation(&self, object: Object) -> Option<u8> {
        Some(u8::from(self.ages.is_old(object)))
    }
    fn verify(&self) -> Result<(), String> {
        let mut broken = Ok(());
        self.each_object(&mut |object| {
            let complaint = if !self.marks.live().get(object.address(), 0) {
                Some("is live, but its mark is clear")
            } else if self.scratch.get(object.address(), 0) {
                Some("has its bit in scratch set outside a collection")
            } else {
                self.ages.complaint(object)
            };
            if let (Some(text), Ok(())) = (complaint, &broken) {
                broken = Err(format!("{:?} {text}", self.space.place(object.address())));
            }
        });
        broken
    }
}

impl<const AGES_INLINE: bool> MarkBitmap<AGES_INLINE> {
    #[cold]
    fn remember_young(&mut self, source: Object, target: Object) {
        if !self.ages.is_old(target) {
            self.ages.remember(source, &mut self.space.model);
        }
    }

    fn run<const MINOR: bool>(&mut self, roots: &mut dyn Roots, promote_all: bool) -> Collection {
        self.marks.retire(&mut self.space.model);
        phase::enter(Phase::Roots);
        self.mark_roots::<MINOR>(roots);
        phase::enter(Phase::Trace);
        self.trace::<MINOR>();
        phase::enter(Phase::Weak);
        self.clear_weak_references::<MINOR>();
        phase::enter(Phase::Queue);
        let finalizers = self.queue_finalizers::<MINOR>();
        phase::enter(Phase::Sweep);
        let reclaimed = self.sweep::<MINOR>(promote_all);
        phase::enter(Phase::Promote);
        self.update_remembered();
        self.scratch.clear_all(&self.space);
        self.gray.settle();
        self.marks.reset();
        if !MINOR {
            self.old_at_major = self.old;
        }
        Collection { generation: Some(u8::from(!MINOR)), reclaimed, uncollectable: 0, finalizers }
    }

    fn mark_roots<const MINOR: bool>(&mut self, roots: &mut dyn Roots) {
        roots.visit(&mut |value| {
            value.as_object().into_iter().for_each(|object| self.reach_root::<MINOR>(object))
        });
        self.mark_queued::<MINOR>();
        if MINOR {
            for index in 0..self.ages.remembered().len() {
                self.scan::<MINOR>(self.ages.remembered()[index]);
            }
        }
    }

    fn mark_queued<const MINOR: bool>(&mut self) {
        for index in 0..self.space.queued_finalizers().len() {
            self.reach_root::<MINOR>(self.space.queued_finalizers()[index]);
        }
    }

    /// An old part may be held by a root alone; then nobody is remembered for what it refers to.
    fn reach_root<const MINOR: bool>(&mut self, object: Object) {
        self.reach::<MINOR>(object);
        if MINOR && object.format() == Format::Part {
            references(object).for_each(|child| self.reach::<MINOR>(child));
        }
    }

    #[inline(always)]
    fn reach<const MINOR: bool>(&mut self, object: Object) {
        if MINOR && self.ages.is_old(object) {
            return;
        }
        if self.scratch.set(object.address(), 0, Cause::Mark, &mut self.space.model) {
            self.gray.push(object);
        }
    }

    /// In a minor collection a part is scanned with its owner, even if the part is older and no longer looked at by itself: the
    /// barrier speaks of the owner.
    #[inline(always)]
    fn scan<const MINOR: bool>(&mut self, object: Object) {
        for child in references(object) {
            self.reach::<MINOR>(child);
            if MINOR && self.ages.is_old(child) && child.format() == Format::Part {
                references(child).for_each(|item| self.reach::<MINOR>(item));
            }
        }
    }

    fn trace<const MINOR: bool>(&mut self) {
        loop {
            while let Some(object) = self.gray.pop() {
                self.scan::<MINOR>(object);
            }
            if !self.gray.overflowed() {
                return;
            }
            // Some are marked and were not scanned: all that are marked are scanned again.
            let mut next = Holes::next_in(&self.scratch, 0, &self.space);
            while let Some(object) = next {
                self.scan::<MINOR>(object);
                next = Holes::next_in(&self.scratch, object.address(), &self.space);
            }
        }
    }

    fn clear_weak_references<const MINOR: bool>(&mut self) {
        let MarkBitmap { space: Space { weak, model, .. }, ages, scratch, finalizable, .. } = self;
        weak.clear_dead(
            !finalizable.is_empty(),
            &|object| is_live::<MINOR>(object, ages, scratch),
            model,
        );
    }

    fn queue_finalizers<const MINOR: bool>(&mut self) -> usize {
        if self.finalizable.is_empty() {
            return 0;
        }
        let MarkBitmap { space, ages, scratch, finalizable, .. } = self;
        let queued =
            finalizable.queue_dead(space, &|object| is_live::<MINOR>(object, ages, scratch));
        self.mark_queued::<MINOR>();
        self.trace::<MINOR>();
        let MarkBitmap { space: Space { weak, model, .. }, ages, scratch, .. } = self;
        weak.forget_dead(&|object| is_live::<MINOR>(object, ages, scratch), model);
        queued
    }

    /// Gives back what was not reached: then it counts, unless it is a part. Scratch holds those who became old afterwards.
    fn sweep<const MINOR: bool>(&mut self, promote_all: bool) -> usize {
        (self.live, self.old) = (0, 0);
        let zealous = self.space.cells.quarantine().is_some();
        let mut reclaimed = 0;
        for number in 0..self.space.cells.block_count() {
            let Some(block) = self.space.cells.block(number) else { continue };
            let (first, mut survivors) = (self.scratch.index(block.start) / 64, 0);
            for group in first..first + (BLOCK >> GRANULE_SHIFT) / 64 {
                let swept = self.sweep_group::<MINOR>(group, Some(block), promote_all);
                survivors += swept.live;
                self.old += swept.old * block.cell_size();
                let address = self.scratch.address(group * 64);
                reclaimed += Holes::objects_of(block, address, swept.dead)
                    .filter(|object| object.format() != Format::Part)
                    .count();
                if zealous {
                    Holes::poison(block, address, swept.dead);
                }
            }
            self.live += survivors * block.cell_size();
            // In a child a minor collection leaves the blocks as they are.
            if survivors == 0 && (!MINOR || zealous || !self.space.model.is_active()) {
                self.space.cells.spare_block(block, &mut self.space.model);
            }
        }
        let mut next = self.space.runs.next_run(self.space.runs.region().start());
        while let Some(run) = next {
            next = self.space.runs.next_run(run.end);
            let object = Space::object_in_run(run.start);
            let group = self.scratch.index(object.address()) / 64;
            let swept = self.sweep_group::<MINOR>(group, None, promote_all);
            self.live += swept.live * run.len();
            self.old += swept.old * run.len();
            if swept.live == 0 {
                reclaimed += usize::from(object.format() != Format::Part);
                self.space.runs.free(run.start, &mut self.space.model);
            }
        }
        reclaimed
    }

    /// Sixty-four granules at once, in a block or at the start of a run.
    #[inline(always)]
    fn sweep_group<const MINOR: bool>(
        &mut self,
        group: usize,
        block: Option<Block>,
        promote_all: bool,
    ) -> Swept {
        let (live, old) = (self.marks.live().word(group, 0), self.ages.old(group));
        if live == if MINOR { old } else { 0 } {
            let (live, old) = (live.count_ones() as usize, old.count_ones() as usize);
            return Swept { live, old, dead: 0 };
        }
        let keep = live & (self.scratch.word(group, 0) | if MINOR { old } else { 0 });
        let ripe = if AGES_INLINE {
            self.age_in_headers(group, block, keep & !old, promote_all)
        } else {
            0
        };
        let model = &mut self.space.model;
        self.marks.live_mut().set_word(group, 0, keep, Cause::Free, model);
        let grown = if AGES_INLINE {
            self.ages.advance_to(group, keep, ripe, model)
        } else {
            self.ages.advance(group, keep, promote_all, model)
        };
        self.scratch.set_word(group, 0, grown, Cause::Age, model);
        Swept {
            live: keep.count_ones() as usize,
            old: self.ages.old(group).count_ones() as usize,
            dead: live & !keep,
        }
    }

    /// Writes the header of each of `young`, who survived once more: those who are old now.
    #[cold]
    fn age_in_headers(
        &mut self,
        group: usize,
        block: Option<Block>,
        young: u64,
        promote_all: bool,
    ) -> u64 {
        let (address, mut left, mut ripe) = (self.scratch.address(group * 64), young, 0);
        while left != 0 {
            let bit = left & left.wrapping_neg();
            left &= !bit;
            let granule = address + ((bit.trailing_zeros() as usize) << GRANULE_SHIFT);
            let object = match block {
                Some(block) => Holes::object_of(block, granule),
                None => Space::object_in_run(granule),
            };
            let age = object.tally() / AGE_ONE;
            let older = if promote_all { AGES } else { age + 1 };
            object.set_tally(object.tally() % AGE_ONE + older * AGE_ONE);
            self.space.model.note(object.address(), Cause::Age);
            if older == AGES {
                ripe |= bit;
            }
        }
        ripe
    }

    /// Forgets who refers to the young no longer, and remembers who became old, by its bit in scratch, and does.
    fn update_remembered(&mut self) {
        self.ages.forget_settled(&mut self.space.model);
        let next =
            |from, collector: &Self| Holes::next_in(&collector.scratch, from, &collector.space);
        let mut source = if self.old < self.live { next(0, self) } else { None };
        while let Some(object) = source {
            if self.ages.refers_to_young(object) {
                self.ages.remember(object, &mut self.space.model);
            }
            source = next(object.address(), self);
        }
    }
}

/// Reached by this collection, or kept by a minor one because it is old.
#[inline(always)]
fn is_live<const MINOR: bool>(object: Object, ages: &Ages, scratch: &Plane<1>) -> bool {
    MINOR && ages.is_old(object) || scratch.get(object.address(), 0)
}

/// What became of sixty-four granules.
struct Swept {
    live: usize,
    old: usize,
    dead: u64,
}
