//! Mark and sweep, as short as it can be and still keep every promise.
//!
//! # Idea
//! What the roots reach is marked; what is not marked is dead.
//!
//! # Layout
//! ```text
//!   | units, format, shape | mark, flags |  slot 0 | slot 1 | …
//!   ^ Object: 8 bytes, for every format
//! ```
//! [`Space`] hands out cells and runs of pages and takes them back; it also keeps weak references and the queue of finalizers.
//!
//! # Barriers
//! None: nothing is counted, and every collection looks at everything.
//!
//! # Collection
//! It is due when as many bytes were allocated since the last one as survived it, and no less than 4 MiB.
//!
//! 1. *Mark* the roots, and what they reach, from a stack of our own: a program's graph may be deeper than the native stack.
//! 2. *Clear* the weak references to what is not marked.
//! 3. *Queue* the unmarked objects with a finalizer, each once, and mark what they reach: it is kept for one collection more.
//! 4. *Sweep*: a marked object loses its mark, an unmarked one is given back.
//!
//! # After a fork
//! One collection writes the mark of every live object, and clears it again: every page with a live object is copied.

use calf_gc::collector::{Collection, Collector, Request, Roots};
use calf_gc::heap::{HeapError, Options};
use calf_gc::object::{FLAG_STRATEGY, Format, Object, ShapeWord};
use calf_gc::parts::finalizable::Finalizable;
use calf_gc::parts::gray::references;
use calf_gc::parts::model::Cause;
use calf_gc::parts::region::Region;
use calf_gc::parts::space::Space;

/// The mark: the bit of the header that is the strategy's own.
const MARKED: u32 = FLAG_STRATEGY;
/// The fewest bytes allocated between two automatic collections.
const LEAST_ALLOWANCE: usize = 4 << 20;

/// See the module.
pub struct Mine {
    space: Space,
    /// Objects whose finalizer has not been queued yet.
    finalizable: Finalizable,
    /// Marked, and not yet looked into. Empty between collections.
    gray: Vec<Object>,
    /// Bytes allocated since the last collection, and those after which the next one is due.
    allocated: usize,
    allowance: usize,
}

// SAFETY: `Space` hands out only memory that was never handed out or that was given back (1); only what is not marked is given
// back, and `trace` marks all that the roots and the queued finalizers reach (2); no slot is written, weak ones of a dead target
// aside (3); the sweep looks at every object (4); nothing is allocated from `space` within `collect` (5).
unsafe impl Collector for Mine {
    const COUNTS: bool = false;
    const HEAD: usize = 0;

    fn new(options: &Options) -> Result<Mine, HeapError> {
        options.check_arguments(&[])?;
        let mut space = Space::new(options)?;
        let finalizable = Finalizable::new(&mut space)?;
        Ok(Mine { space, finalizable, gray: Vec::new(), allocated: 0, allowance: LEAST_ALLOWANCE })
    }

    // -- Allocation ---------------------------------------------------------------------------------

    #[inline(always)]
    fn allocate(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        if self.is_due() {
            return None;
        }
        let object = self.space.allocate(Self::HEAD, shape, units, 0)?;
        self.allocated += bytes_of(object);
        Some(object)
    }
    fn allocate_slow(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        let object = self.space.allocate_slow(Self::HEAD, shape, units, 0)?;
        self.allocated += bytes_of(object);
        Some(object)
    }

    // -- Death --------------------------------------------------------------------------------------

    fn expect_finalizer(&mut self, object: Object) {
        self.finalizable.push(object, &mut self.space);
    }
    fn register_weak(&mut self, weak: Object) {
        self.space.register_weak(weak);
    }
    fn next_finalizer(&mut self) -> Option<Object> {
        self.space.next_finalizer()
    }

    // -- Collection ---------------------------------------------------------------------------------

    fn is_due(&self) -> bool {
        self.allocated >= self.allowance
    }
    fn collect(&mut self, roots: &mut dyn Roots, request: Request) -> Collection {
        if request == Request::Automatic && !self.is_due() {
            return Collection::default();
        }
        self.mark_roots(roots);
        self.trace();
        self.clear_weak_references();
        let finalizers = self.queue_finalizers();
        let reclaimed = self.sweep();
        Collection { generation: Some(0), reclaimed, uncollectable: 0, finalizers }
    }

    // -- Observation --------------------------------------------------------------------------------

    fn space(&self) -> &Space {
        &self.space
    }
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        visit(self.finalizable.region());
    }
    fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.space.each_object(Self::HEAD, visit);
    }
    fn verify(&self) -> Result<(), String> {
        let mut found = Ok(());
        self.each_object(&mut |object| {
            if is_marked(object) {
                let place = self.space.place(object.address());
                found = Err(format!("{place:?} is marked outside a collection"));
            }
        });
        found
    }
}

impl Mine {
    fn mark_roots(&mut self, roots: &mut dyn Roots) {
        roots.visit(&mut |value| {
            value.as_object().into_iter().for_each(|object| self.mark(object));
        });
        self.mark_queued();
    }

    /// What waits for its finalizer is a root.
    fn mark_queued(&mut self) {
        for index in 0..self.space.queued_finalizers().len() {
            self.mark(self.space.queued_finalizers()[index]);
        }
    }

    /// Marks one object. The write is noted, so that the model of copied pages knows its cause.
    fn mark(&mut self, object: Object) {
        if !is_marked(object) {
            object.set_tally(object.tally() | MARKED);
            self.space.model.note(object.address(), Cause::Mark);
            self.gray.push(object);
        }
    }

    fn trace(&mut self) {
        while let Some(object) = self.gray.pop() {
            references(object).for_each(|child| self.mark(child));
        }
    }

    fn clear_weak_references(&mut self) {
        let awaited = !self.finalizable.is_empty();
        self.space.weak.clear_dead(awaited, &is_marked, &mut self.space.model);
    }

    fn queue_finalizers(&mut self) -> usize {
        let finalizers = self.finalizable.queue_dead(&mut self.space, &is_marked);
        self.mark_queued();
        self.trace();
        self.space.weak.forget_dead(&is_marked, &mut self.space.model);
        finalizers
    }

    /// Unmarks the living and gives the dead back: how many, parts not counted.
    fn sweep(&mut self) -> usize {
        // Listed first: whoever gives memory back while he walks over it must know what he does.
        let mut objects = Vec::new();
        self.space.each_object(Self::HEAD, &mut |object| objects.push(object));
        let (mut live, mut reclaimed) = (0, 0);
        for object in objects {
            if is_marked(object) {
                object.set_tally(object.tally() & !MARKED);
                self.space.model.note(object.address(), Cause::Mark);
                live += bytes_of(object);
            } else {
                reclaimed += usize::from(object.format() != Format::Part);
                self.space.free(Self::HEAD, object);
            }
        }
        self.allocated = 0;
        self.allowance = live.max(LEAST_ALLOWANCE);
        reclaimed
    }
}

fn is_marked(object: Object) -> bool {
    object.tally() & MARKED != 0
}

/// What an object counts for.
fn bytes_of(object: Object) -> usize {
    8 + 8 * object.units()
}
