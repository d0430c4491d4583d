//! The colours of trial deletion, and where they lie: beside the heap, or in the header word.
//!
//! | colour | outside of a collection | within one |
//! | --- | --- | --- |
//! | black | in use | in use for certain |
//! | purple | the same, and in the buffer of candidates: it may have become garbage | garbage for certain |
//! | gray | – | the references from it do not count for the time being |
//! | white | – | the same, and nothing but gray and white refers to it |
//!
//! Bacon and Rajan's green, what cannot be on a cycle, is told by the format: bytes and weak references.

use super::counts;
use super::model::{Cause, Model};
use super::plane::Plane;
use super::region::Region;
use super::runs::PAGE;
use super::space::Space;
use crate::heap::HeapError;
use crate::object::{COUNT_IMMORTAL, COUNT_ONE, FLAG_STRATEGY, Object};

/// See the module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Colour {
    /// In use.
    Black = 0,
    /// A candidate; in the last steps of a collection: garbage.
    Purple = 1,
    /// Its references do not count for the time being.
    Gray = 2,
    /// So far nothing else refers to it.
    White = 3,
}

const COLOURS: [Colour; 4] = [Colour::Black, Colour::Purple, Colour::Gray, Colour::White];

/// Where the colours lie. The counts lie in the header word, but how many bits they have depends on it, too.
pub trait Colours: Sized + 'static {
    /// All black.
    ///
    /// # Errors
    /// The address space is refused.
    fn new(space: &mut Space) -> Result<Self, HeapError>;
    /// Makes room for the colours of the next block of cells, or of a run of `units` words. `false`: no memory.
    fn cover_next(&mut self, _space: &Space, _units: usize) -> bool {
        true
    }
    /// The colour of `object`.
    fn get(&self, object: Object) -> Colour;
    /// Colours it, if it is not so already.
    fn set(&mut self, object: Object, colour: Colour, cause: Cause, model: &mut Model);
    /// See [`counts::retain`].
    fn retain(object: Object, model: &mut Model);
    /// See [`counts::release`].
    fn release(object: Object, model: &mut Model) -> bool;
    /// See [`counts::count`].
    fn count(object: Object) -> u32;
    /// The regions it has.
    fn each_region(&self, visit: &mut dyn FnMut(&Region));
}

/// Two bits for each sixteen bytes, beside the heap.
#[derive(Debug)]
pub struct BesideHeap(Plane<2>);

impl Colours for BesideHeap {
    fn new(space: &mut Space) -> Result<BesideHeap, HeapError> {
        Plane::new(space, "colours").map(BesideHeap)
    }
    fn cover_next(&mut self, space: &Space, units: usize) -> bool {
        let (cells, runs) = (space.cells.frontier(), space.runs.frontier());
        let run = runs.saturating_add(units.saturating_mul(8)).saturating_add(2 * PAGE);
        self.0.cover(cells + super::cells::BLOCK) && self.0.cover(run)
    }
    #[inline(always)]
    fn get(&self, object: Object) -> Colour {
        let bit = |bit| usize::from(self.0.get(object.address(), bit)) << bit;
        COLOURS[bit(0) | bit(1)]
    }
    #[inline(always)]
    fn set(&mut self, object: Object, colour: Colour, cause: Cause, model: &mut Model) {
        for bit in 0..2 {
            if colour as usize >> bit & 1 != 0 {
                self.0.set(object.address(), bit, cause, model);
            } else {
                self.0.clear(object.address(), bit, cause, model);
            }
        }
    }
    #[inline(always)]
    fn retain(object: Object, model: &mut Model) {
        counts::retain(object, model);
    }
    #[inline(always)]
    fn release(object: Object, model: &mut Model) -> bool {
        counts::release(object, model)
    }
    #[inline(always)]
    fn count(object: Object) -> u32 {
        counts::count(object)
    }
    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        self.0.regions().for_each(visit);
    }
}

/// Gray or white, in the tally: a bit that the count does without.
const GRAY: u32 = 1 << 30;

/// In the header word: the flag of the strategy, and the highest bit of the count.
///
/// ```text
///   tally   31 immortal | 30 gray or white | 29 … count … 3 | 2 purple or white | 1, 0 flags
/// ```
#[derive(Debug)]
pub struct InHeader;

impl Colours for InHeader {
    fn new(_space: &mut Space) -> Result<InHeader, HeapError> {
        Ok(InHeader)
    }
    #[inline(always)]
    fn get(&self, object: Object) -> Colour {
        let tally = object.tally();
        let gray = if tally & GRAY != 0 { 2 } else { 0 };
        COLOURS[gray | usize::from(tally & FLAG_STRATEGY != 0)]
    }
    #[inline(always)]
    fn set(&mut self, object: Object, colour: Colour, cause: Cause, model: &mut Model) {
        let tally = object.tally();
        let gray = if colour as u32 & 2 != 0 { GRAY } else { 0 };
        let strategy = if colour as u32 & 1 != 0 { FLAG_STRATEGY } else { 0 };
        let wanted = tally & !(GRAY | FLAG_STRATEGY) | gray | strategy;
        if wanted != tally {
            object.set_tally(wanted);
            model.note(object.address(), cause);
        }
    }
    #[inline(always)]
    fn retain(object: Object, model: &mut Model) {
        let tally = object.tally();
        if tally < GRAY - COUNT_ONE {
            object.set_tally(tally + COUNT_ONE);
            model.note(object.address(), Cause::Count);
        } else if tally & COUNT_IMMORTAL == 0 {
            // 2^27 references: it sticks.
            object.set_tally(tally | COUNT_IMMORTAL);
            model.note(object.address(), Cause::Count);
        }
    }
    #[inline(always)]
    fn release(object: Object, model: &mut Model) -> bool {
        counts::release(object, model)
    }
    #[inline(always)]
    fn count(object: Object) -> u32 {
        (object.tally() & (GRAY - 1)) / COUNT_ONE
    }
    fn each_region(&self, _visit: &mut dyn FnMut(&Region)) {}
}

/// Does its count stick? Then it is never garbage.
#[inline(always)]
pub fn is_stuck(object: Object) -> bool {
    object.tally() & COUNT_IMMORTAL != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use crate::object::{FLAG_FINALIZER, FLAG_WEAKLY_HELD, Format, ShapeWord};

    fn colours_and_counts_leave_one_another_alone<K: Colours>(most: u32) {
        let mut space = Space::new(&Options::default()).unwrap();
        let mut colours = K::new(&mut space).unwrap();
        assert!(colours.cover_next(&space, 2));
        let flags = FLAG_FINALIZER | FLAG_WEAKLY_HELD;
        let shape = ShapeWord::new(Format::Slots, 7);
        let [first, second] =
            [0; 2].map(|_| space.allocate_slow(0, shape, 2, COUNT_ONE | flags).unwrap());
        let model = &mut space.model;
        for colour in COLOURS {
            colours.set(first, colour, Cause::Mark, model);
            assert_eq!((colours.get(first), colours.get(second)), (colour, Colour::Black));
            assert_eq!(
                (K::count(first), first.tally() & flags, is_stuck(first)),
                (1, flags, false)
            );
        }
        colours.set(first, Colour::Purple, Cause::Mark, model);
        K::retain(first, model);
        assert!(!K::release(first, model) && K::release(first, model));
        assert_eq!((K::count(first), colours.get(first)), (0, Colour::Purple));
        // A count that grows out of its bits sticks, and changes no colour on its way.
        second.set_tally(((most - 1) * COUNT_ONE) | flags);
        for _ in 0..3 {
            K::retain(second, model);
        }
        assert!(is_stuck(second) && !K::release(second, model));
        assert_eq!(colours.get(second), Colour::Black);
    }

    #[test]
    fn beside_the_heap() {
        colours_and_counts_leave_one_another_alone::<BesideHeap>(1 << 28);
    }
    #[test]
    fn in_the_header() {
        colours_and_counts_leave_one_another_alone::<InHeader>(1 << 27);
    }
}
