//! Mark and sweep with the mark bit in the object, as Ruby did up to 1.9, and Lua does.
//!
//! # Idea
//! What the roots reach is marked; what is not marked is dead. Nothing is counted, so the program pays nothing for
//! reading, and the collector pays for looking at everything.
//!
//! # Layout
//! ```text
//!   | units, format, shape | mark, flags |  slot 0 | slot 1 | …
//!   ^ Object: 8 bytes, for every format
//! ```
//! A freed cell holds the link of its class's free list.
//!
//! # Barriers
//! None.
//!
//! # Collection
//! It is due when as many bytes were allocated since the last one as survived it, and no less than 1 MiB.
//!
//! 1. *Mark* the roots, and what they reach, from an explicit stack. If the stack cannot grow, objects are dropped from
//!    it, and the heap is searched for marked objects with unmarked children until there are none.
//! 2. *Clear* the weak references to what is not marked.
//! 3. *Queue* the unmarked objects with a finalizer, each once, and mark what they reach: it is kept for one collection more.
//! 4. *Sweep* every cell: a marked one loses its mark, an unmarked one goes to the free list.
//!
//! # After a fork
//! Reading writes nothing. One collection writes the mark of every live object, and clears it again: every page with a live
//! object is copied. The sweep writes a link into each dead one, which takes the rest.
//!
//! The option `gray=N` limits the mark stack to N objects, to watch it overflow.
//!
//! From McCarthy, "Recursive Functions of Symbolic Expressions", 1960; Ruby 1.9 `gc.c`; Lua 5.1 `lgc.c`.

use crate::collector::{Collection, Collector, Request, Roots};
use crate::heap::{HeapError, Options};
use crate::object::{FLAG_FINALIZER, FLAG_STRATEGY, Format, Object, ShapeWord};
use crate::parts::LEAST_ALLOWANCE;
use crate::parts::cells::Cells;
use crate::parts::finalizable::Finalizable;
use crate::parts::gray::{Gray, references};
use crate::parts::model::Cause;
use crate::parts::phase::{self, Phase};
use crate::parts::region::Region;
use crate::parts::space::Space;

/// The mark.
const MARKED: u32 = FLAG_STRATEGY;
/// What may be allocated at a time beyond the allowance while automatic collections are switched off.
const OVERDRAFT: isize = 1 << 20;

/// See the module.
pub struct MarkInline {
    space: Space,
    /// Marked, not yet scanned; in truth a few are not even marked, see [`MarkInline::trace`].
    gray: Gray,
    finalizable: Finalizable,
    /// Bytes that may still be allocated before a collection is due.
    allowance: isize,
    /// What was added to it because collections were switched off.
    overdrawn: isize,
    automatic: bool,
    /// Bytes of the objects that survived the last collection.
    live: isize,
}

// SAFETY: `Space` hands out cells and runs that it was given back or never handed out (1); the sweep gives back only what is
// not marked, and `mark_roots` and `trace` mark all that the roots reach, an overflow included (2); no slot is written,
// weak slots of a dead target aside (3); the sweep visits every cell and every run (4); the stack and the list
// have regions of their own (5).
unsafe impl Collector for MarkInline {
    const COUNTS: bool = false;
    const HEAD: usize = 0;

    fn new(options: &Options) -> Result<MarkInline, HeapError> {
        options.check_arguments(&["gray"])?;
        let mut space = Space::new(options)?;
        let gray = Gray::new(options, &mut space)?;
        let finalizable = Finalizable::new(&mut space)?;
        Ok(MarkInline {
            space,
            gray,
            finalizable,
            allowance: LEAST_ALLOWANCE as isize,
            overdrawn: 0,
            automatic: true,
            live: 0,
        })
    }

    #[inline(always)]
    fn allocate(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        if self.allowance < 0 {
            return None;
        }
        let object = self.space.allocate(Self::HEAD, shape, units, 0)?;
        self.allowance -= bytes_of(units);
        Some(object)
    }
    fn allocate_slow(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        self.allowance -= bytes_of(units);
        if self.allowance < 0 && !self.automatic {
            self.allowance += OVERDRAFT;
            self.overdrawn += OVERDRAFT;
        }
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
        self.allowance < self.overdrawn
    }
    fn set_automatic(&mut self, automatic: bool) {
        self.automatic = automatic;
        if automatic {
            self.allowance -= std::mem::take(&mut self.overdrawn);
        }
    }
    fn collect(&mut self, roots: &mut dyn Roots, request: Request) -> Collection {
        if request == Request::Automatic && !self.is_due() {
            return Collection::default();
        }
        phase::enter(Phase::Roots);
        self.mark_roots(roots);
        phase::enter(Phase::Trace);
        self.trace();
        phase::enter(Phase::Weak);
        self.clear_weak_references();
        phase::enter(Phase::Queue);
        let finalizers = self.queue_finalizers();
        phase::enter(Phase::Sweep);
        let reclaimed = self.sweep();
        self.gray.settle();
        self.allowance = self.live.max(LEAST_ALLOWANCE as isize);
        self.overdrawn = 0;
        Collection { generation: Some(0), reclaimed, uncollectable: 0, finalizers }
    }

    fn give_back_spare(&mut self) {
        self.gray.give_back();
    }

    fn space(&self) -> &Space {
        &self.space
    }
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        visit(self.gray.region());
        visit(self.finalizable.region());
    }
    fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.space.each_object(Self::HEAD, visit);
    }
    fn verify(&self) -> Result<(), String> {
        let mut marked = None;
        self.each_object(&mut |object| {
            if object.tally() & MARKED != 0 {
                marked.get_or_insert(object.address());
            }
        });
        let place = |address: usize| self.space.place(address);
        match (
            marked,
            self.finalizable.as_slice().iter().find(|object| object.tally() & FLAG_FINALIZER == 0),
        ) {
            (Some(address), _) => {
                Err(format!("{:?} is marked outside a collection", place(address)))
            }
            (_, Some(object)) => {
                Err(format!("{:?} awaits no finalizer but is listed", place(object.address())))
            }
            _ => Ok(()),
        }
    }
}

impl MarkInline {
    fn mark_roots(&mut self, roots: &mut dyn Roots) {
        roots.visit(&mut |value| {
            value.as_object().into_iter().for_each(|object| self.gray.push(object))
        });
        self.mark_queued();
    }

    fn mark_queued(&mut self) {
        for &object in self.space.queued_finalizers() {
            self.gray.push(object);
        }
    }

    /// The mark is in the object, so that looking at it before it enters the queue of the gray would wait for memory: it is
    /// looked at when it leaves.
    // Not put into its caller, so that profilers name it; nor is the sweep.
    #[inline(never)]
    fn trace(&mut self) {
        loop {
            while let Some(object) = self.gray.pop() {
                let tally = object.tally();
                if tally & MARKED == 0 {
                    object.set_tally(tally | MARKED);
                    self.space.model.note(object.address(), Cause::Mark);
                    references(object).for_each(|child| self.gray.push(child));
                }
            }
            if !self.gray.overflowed() {
                return;
            }
            self.search_for_gray();
        }
    }

    /// After an overflow: the children of every marked object that are not marked are gray. It may overflow again.
    fn search_for_gray(&mut self) {
        let MarkInline { space, gray, .. } = self;
        space.each_object(Self::HEAD, &mut |object| {
            if is_marked(object) {
                references(object)
                    .filter(|&child| !is_marked(child))
                    .for_each(|child| gray.push(child));
            }
        });
    }

    fn clear_weak_references(&mut self) {
        let awaited = !self.finalizable.is_empty();
        self.space.weak.clear_dead(awaited, &is_marked, &mut self.space.model);
    }

    fn queue_finalizers(&mut self) -> usize {
        if self.finalizable.is_empty() {
            return 0;
        }
        let finalizers = self.finalizable.queue_dead(&mut self.space, &is_marked);
        self.mark_queued();
        self.trace();
        self.space.weak.forget_dead(&is_marked, &mut self.space.model);
        finalizers
    }

    #[inline(never)]
    fn sweep(&mut self) -> usize {
        self.live = 0;
        let anew = self.space.cells.forget_free_cells();
        let mut reclaimed = 0;
        for number in 0..self.space.cells.block_count() {
            let Some(block) = self.space.cells.block(number) else { continue };
            let cells = (block.start..self.space.cells.used_end(block)).step_by(block.cell_size());
            let object = |cell: usize| Space::object_in_cell(Self::HEAD, cell, block.class);
            if anew && !cells.clone().any(|cell| !Cells::is_free(cell) && is_marked(object(cell))) {
                let dead = cells.filter(|&cell| !Cells::is_free(cell));
                reclaimed += dead.filter(|&cell| object(cell).format() != Format::Part).count();
                self.space.cells.spare_swept_block(block, &mut self.space.model);
                continue;
            }
            // From the last to the first, so that the list of free cells begins with the first.
            for cell in cells.rev() {
                if !Cells::is_free(cell) {
                    reclaimed += self.sweep_object(object(cell));
                } else if anew {
                    self.space.cells.free(cell, block.class, &mut self.space.model);
                }
            }
        }
        let mut next = self.space.runs.next_run(self.space.runs.region().start());
        while let Some(run) = next {
            next = self.space.runs.next_run(run.end);
            reclaimed += self.sweep_object(Space::object_in_run(run.start));
        }
        reclaimed
    }

    /// Clears the mark of a live object, or gives a dead one back: then it counts, unless it is a part.
    #[inline(always)]
    fn sweep_object(&mut self, object: Object) -> usize {
        let tally = object.tally();
        if tally & MARKED != 0 {
            object.set_tally(tally & !MARKED);
            self.space.model.note(object.address(), Cause::Mark);
            self.live += bytes_of(object.units());
            return 0;
        }
        let counts = object.format() != Format::Part;
        self.space.free(Self::HEAD, object);
        usize::from(counts)
    }
}

fn is_marked(object: Object) -> bool {
    object.tally() & MARKED != 0
}

/// What an object of `units` words counts for.
#[inline(always)]
fn bytes_of(units: usize) -> isize {
    8 + 8 * units as isize
}
