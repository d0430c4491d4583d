//! Trial deletion: counts, and a buffer of those that may have become garbage.
//!
//! # Idea
//! A cycle becomes garbage only when a reference to one of its members is dropped, and not the last. So whoever loses a
//! reference and lives on is a candidate. From the candidates on, the collector deletes on trial: it takes back what
//! each object adds to the counts of those it refers to. Who is left without any count was held from within only.
//!
//! # Layout
//! ```text
//!   objects     | header with the count | slot 0 | …        nothing in front
//!   colours     two bits for 16 bytes of the heap; with colour=inline in the header word
//!   candidates  | object | object | …                       each purple, and in here once
//! ```
//!
//! # Barriers
//! `retain` and `release` at every copy and every drop. A container (or part) whose count falls, but not to zero, turns
//! purple and enters the buffer; one that cannot be on a cycle, bytes or a weak reference, does not. One whose count falls to
//! zero drops what it holds at once; its memory waits for the next collection if the buffer has its address. (In the
//! paper a copy makes a purple object black again. Here, as in PHP, it does not: a candidate too many, not a write too many.)
//!
//! # Collection
//! Due when there are 10 000 candidates (`candidates=N`). One that gave back fewer than a hundred containers puts that off by
//! as much again, a better one takes it back, as in PHP. Every request is the same: all candidates.
//! 1. *Bury* the candidates that died.
//! 2. *Mark gray*, from each candidate on, what it reaches, and subtract each reference on the way.
//! 3. *Scan*: gray with a count left is held from outside, black with all it reaches, their references counted again; the
//!    others are white.
//! 4. *Gather* the white, purple from now on, and count their references again: all counts are what they were.
//! 5. *Clear* the weak references to all garbage; *queue* its finalizers, and keep what these can reach.
//! 6. *Break* the rest: hold all, empty all, release all; counting gives it back.
//!
//! Steps 2 to 4 are `parts/deletion.rs`. They keep what they have to look at in two stacks and a list, and never recurse.
//!
//! # After a fork
//! A collection writes the counts of what the candidates reach, and nothing else: the price is that of the suspects, not of the heap. But
//! a program that only reads makes suspects: each container whose count goes up and down again is one.
//!
//! From David Bacon and V. T. Rajan, "Concurrent Cycle Collection in Reference Counted Systems", ECOOP 2001, section 3 (the
//! synchronous one); thresholds, and finalizers between gathering and breaking, from PHP's `zend_gc.c`.

use crate::collector::{Collection, Collector, Request, Roots};
use crate::heap::{HeapError, Options};
use crate::object::{
    COUNT_ONE, FLAG_FINALIZER, FLAG_WEAKLY_HELD, Format, Object, SHAPES, ShapeWord,
};
use crate::parts::colours::{Colour, Colours, is_stuck};
use crate::parts::counts::{self, Counted, Dying};
use crate::parts::deletion::{Deletion, may_be_on_cycle};
use crate::parts::model::{Cause, Model};
use crate::parts::phase::{self, Phase};
use crate::parts::region::Region;
use crate::parts::space::{Space, write_header};
use crate::parts::vector::Vector;
use crate::value::Value;

/// Candidates that make a collection due at first, and by how much that changes.
const STEP: usize = 10_000;
/// A collection was worth it if it finds one piece of garbage for that many candidates that make it due.
const WORTH: usize = 100;
/// Room for candidates.
const MOST: usize = 1 << 28;

/// See the module. `K` says where the colours are.
pub struct Trial<K: Colours> {
    space: Space,
    deletion: Deletion<K>,
    /// The purple.
    candidates: Vector<Object>,
    least: usize,
    threshold: usize,
    automatic: bool,
    collecting: bool,
}

impl<K: Colours> Counted for Trial<K> {
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    /// One from the stack of the dying, or one that cannot be on a cycle.
    fn reclaim(&mut self, object: Object) {
        if may_be_on_cycle(object) && object.shape_word().0 & counts::SPARE != 0 {
            self.wait(object);
        } else {
            self.space.free(Self::HEAD, object);
        }
    }
    #[inline(always)]
    fn push_dying(&mut self, object: Object, dying: &mut Dying) {
        let is_candidate = self.colour(object) == Colour::Purple;
        self.space.model.note(object.address(), Cause::Free);
        dying.push(object);
        if is_candidate {
            object.set_shape_word(ShapeWord(object.shape_word().0 | counts::SPARE));
        }
    }
    #[inline(always)]
    fn count_up(&mut self, object: Object) {
        K::retain(object, &mut self.space.model);
    }
    #[inline(always)]
    fn count_down(&mut self, object: Object) -> bool {
        if K::release(object, &mut self.space.model) {
            return true;
        }
        if may_be_on_cycle(object) && self.deletion.colours.get(object) == Colour::Black {
            self.suspect(object);
        }
        false
    }
}

// SAFETY: `Space` hands out cells and runs that it was given back or never handed out, and none is given back while the
// buffer has its address (1); an object is given back only when its count reaches zero, and the machine counts every reference
// it makes; counts are what they were when `find_garbage` is done, and `break_cycles` makes those reach zero only to which
// white objects alone refer (2); slots of the dead alone are written, weak slots of a dead target aside (3); the last release
// gives an object back, and a cycle has a candidate from its last release on (4); buffer, stacks and colours have regions of
// their own (5).
unsafe impl<K: Colours> Collector for Trial<K> {
    const COUNTS: bool = true;
    const HEAD: usize = 0;

    fn new(options: &Options) -> Result<Self, HeapError> {
        options.check_arguments(&["colour", "candidates", "gray"])?;
        options.check_choice("colour", "side, inline")?;
        let least = options.number("candidates", STEP)?.clamp(1, MOST);
        let mut space = Space::new(options)?;
        let deletion = Deletion::new(options, &mut space)?;
        let candidates = Vector::new("candidates", MOST)?;
        space.model.watch(candidates.region());
        let (threshold, automatic, collecting) = (least, true, false);
        Ok(Trial { space, deletion, candidates, least, threshold, automatic, collecting })
    }

    #[inline(always)]
    fn allocate(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        if self.is_due() {
            return None;
        }
        self.space.allocate(Self::HEAD, shape, units, COUNT_ONE)
    }
    fn allocate_slow(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        if !self.deletion.colours.cover_next(&self.space, units) {
            return None;
        }
        self.space.allocate_slow(Self::HEAD, shape, units, COUNT_ONE)
    }

    #[inline(always)]
    fn retain(&mut self, object: Object) {
        self.count_up(object);
    }
    #[inline(always)]
    fn release(&mut self, object: Object) {
        if self.count_down(object) {
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
        if self.colour(part) == Colour::Purple {
            self.wait(part);
        } else {
            self.space.free(Self::HEAD, part);
        }
    }
    fn next_finalizer(&mut self) -> Option<Object> {
        self.space.next_finalizer()
    }

    #[inline(always)]
    fn is_due(&self) -> bool {
        self.candidates.len() >= self.threshold && self.automatic
    }
    fn set_automatic(&mut self, automatic: bool) {
        self.automatic = automatic;
    }

    fn collect(&mut self, _roots: &mut dyn Roots, request: Request) -> Collection {
        if request == Request::Automatic && !self.is_due() {
            return Collection::default();
        }
        self.collecting = true;
        phase::enter(Phase::Reap);
        self.bury_candidates();
        phase::enter(Phase::Trial);
        let found_all = self.find_garbage();
        phase::enter(Phase::Weak);
        self.clear_weak_references();
        phase::enter(Phase::Queue);
        let finalizers = self.queue_finalizers();
        phase::enter(Phase::Break);
        let (reclaimed, uncollectable) = self.break_cycles();
        self.collecting = false;
        if !found_all {
            self.suspect_all();
        }
        if request == Request::Automatic {
            self.adapt(reclaimed + finalizers);
        }
        Collection { generation: Some(0), reclaimed, uncollectable, finalizers }
    }

    fn after_fork_in_child(&mut self) {
        self.space.after_fork_in_child();
    }

    fn space(&self) -> &Space {
        &self.space
    }
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        self.deletion.each_region(visit);
        visit(self.candidates.region());
    }
    fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.space.each_object(Self::HEAD, &mut |object| {
            if !self.waits(object) {
                visit(object);
            }
        });
    }
    fn reference_count(&self, object: Object) -> Option<u32> {
        Some(K::count(object))
    }
    fn verify(&self) -> Result<(), String> {
        self.verify_colours()
    }
}

/// Makes `object` a candidate. Without memory for that it stays black, and is one when it loses its next reference.
fn enter<K: Colours>(
    object: Object,
    candidates: &mut Vector<Object>,
    colours: &mut K,
    model: &mut Model,
) {
    let place = candidates.address(candidates.len());
    if !is_stuck(object) && candidates.push(object) {
        model.note(place, Cause::Count);
        colours.set(object, Colour::Purple, Cause::Count, model);
    }
}

impl<K: Colours> Trial<K> {
    /// The colour of `object`: for tests and tools.
    pub fn colour(&self, object: Object) -> Colour {
        self.deletion.colours.get(object)
    }

    /// `object`, which is black, lost a reference and lives on.
    #[cold]
    #[inline(never)]
    fn suspect(&mut self, object: Object) {
        // What the garbage referred to was looked at just now.
        if !self.collecting {
            let colours = &mut self.deletion.colours;
            enter(object, &mut self.candidates, colours, &mut self.space.model);
        }
    }

    /// A candidate is dead, and holds nothing: its cell waits for the next collection, with a header whose count is zero.
    #[cold]
    fn wait(&mut self, object: Object) {
        let shape = ShapeWord(object.shape_word().0 & !(SHAPES - 1));
        write_header(object.address(), shape, 0);
        self.deletion.colours.set(object, Colour::Purple, Cause::Free, &mut self.space.model);
        self.space.model.note(object.address(), Cause::Free);
    }

    /// Is `object` dead, and its memory waits for the next collection?
    fn waits(&self, object: Object) -> bool {
        K::count(object) == 0
            && !is_stuck(object)
            && self.deletion.colours.get(object) == Colour::Purple
    }

    /// Frees the candidates that died, and forgets them.
    fn bury_candidates(&mut self) {
        let mut kept = 0;
        for index in 0..self.candidates.len() {
            let object = self.candidates.as_slice()[index];
            if self.waits(object) {
                self.deletion.paint(object, Colour::Black, &mut self.space);
                self.space.free(Self::HEAD, object);
                continue;
            }
            if kept < index {
                self.space.model.note(self.candidates.address(kept), Cause::Free);
                self.candidates.as_mut_slice()[kept] = object;
            }
            kept += 1;
        }
        self.candidates.truncate(kept);
    }

    /// Steps 2 to 4: the buffer is empty afterwards. `false`: for want of memory some garbage was not listed.
    fn find_garbage(&mut self) -> bool {
        let Trial { space, deletion, candidates, .. } = self;
        let found_all = deletion.find_garbage(candidates.as_slice(), space);
        candidates.give_back();
        found_all
    }

    /// Before anything else runs or dies: nobody shall reach garbage through a weak reference.
    fn clear_weak_references(&mut self) {
        for &object in self.deletion.garbage() {
            if object.tally() & FLAG_WEAKLY_HELD != 0 {
                self.space.weak.clear(object, &mut self.space.model);
                self.space.set_flag(object, FLAG_WEAKLY_HELD, false);
            }
        }
    }

    /// Queues the finalizers of the garbage, once each, and keeps what these can reach; how many were queued. When its
    /// finalizer has run, who is still on a cycle loses the reference of the queue, and so is a candidate.
    fn queue_finalizers(&mut self) -> usize {
        let mut queued = 0;
        let mut is_queued = |object: Object, space: &mut Space| {
            if object.tally() & FLAG_FINALIZER == 0 {
                return false;
            }
            space.set_flag(object, FLAG_FINALIZER, false);
            let has_room = space.queue_finalizer(object);
            if has_room {
                K::retain(object, &mut space.model);
                queued += 1;
            }
            has_room
        };
        self.deletion.keep(&mut is_queued, &mut self.space);
        queued
    }

    /// Empties what is left of the garbage while all of it is held, so that counting gives it back: how many containers were given back,
    /// and how many live on although they should not (a count that the machine got wrong).
    fn break_cycles(&mut self) -> (usize, usize) {
        let total = self.deletion.garbage().len();
        for index in 0..total {
            let object = self.deletion.garbage()[index];
            self.deletion.paint(object, Colour::Black, &mut self.space);
            self.count_up(object);
        }
        for index in 0..total {
            self.empty(self.deletion.garbage()[index]);
        }
        let (mut reclaimed, mut uncollectable) = (0, 0);
        for index in 0..total {
            let object = self.deletion.garbage()[index];
            let is_container = usize::from(object.format() == Format::Slots);
            if self.count_down(object) {
                reclaimed += is_container;
                counts::bury(self, object);
            } else {
                uncollectable += is_container;
            }
        }
        self.deletion.finish();
        (reclaimed, uncollectable)
    }

    fn empty(&mut self, object: Object) {
        for index in 0..object.units() {
            // SAFETY: `index` is below the units; the object is garbage, and held.
            let slot = unsafe { object.slot(index) };
            if let Some(target) = slot.as_object() {
                self.space.model.note(object.address() + 8 + index * 8, Cause::Free);
                // SAFETY: as above.
                unsafe { object.set_slot(index, Value::NIL) };
                self.release(target);
            }
        }
    }

    /// Who knows which of them is garbage?
    #[cold]
    fn suspect_all(&mut self) {
        let Trial { space: Space { cells, runs, model, .. }, deletion, candidates, .. } = self;
        let mut suspect = |object: Object| {
            if may_be_on_cycle(object) && deletion.colours.get(object) == Colour::Black {
                enter(object, candidates, &mut deletion.colours, model);
            }
        };
        cells.each_cell(&mut |cell, class| suspect(Space::object_in_cell(0, cell, class)));
        runs.each_run(&mut |start| suspect(Space::object_in_run(start)));
    }

    /// After an automatic collection: what was not worth it is put off.
    fn adapt(&mut self, found: usize) {
        self.threshold = if found < (self.least / WORTH).max(1) {
            (self.threshold + self.least).min(MOST)
        } else {
            (self.threshold - self.least).max(self.least)
        };
    }

    /// The purple are the candidates, each of which is listed once, and nobody is gray or white.
    fn verify_colours(&self) -> Result<(), String> {
        let place = |object: Object| match self.space.place(object.address()) {
            Some((region, offset)) => format!("{region}+{offset:#x}"),
            None => format!("{:#x}", object.address()),
        };
        let (mut purple, mut wrong) = (0, None);
        self.space.each_object(Self::HEAD, &mut |object| match self.deletion.colours.get(object) {
            Colour::Black => {}
            Colour::Purple if may_be_on_cycle(object) => purple += 1,
            colour => wrong = wrong.or(Some((object, colour))),
        });
        if let Some((object, colour)) = wrong {
            return Err(format!("{} is {colour:?} between collections", place(object)));
        }
        let is_black = |object: &&Object| self.deletion.colours.get(**object) != Colour::Purple;
        if let Some(&object) = self.candidates.as_slice().iter().find(is_black) {
            return Err(format!("{} is a candidate, but not purple", place(object)));
        }
        if purple != self.candidates.len() {
            let listed = self.candidates.len();
            return Err(format!("{purple} objects are purple, but {listed} are candidates"));
        }
        Ok(())
    }
}
