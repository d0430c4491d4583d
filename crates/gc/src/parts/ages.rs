//! How many collections each object has survived, and which of the old may refer to the young: beside the heap.
//!
//! ```text
//!   ages        two bits for a granule: 0, 1, 2 collections survived; 3: old, for good
//!   remembered  a bit: old, and in the list
//!   list        the remembered, in the order in which they were noted
//! ```
//! An object that is old refers to a young one, itself or by a part of its own, only if it is remembered.

use super::gray::references;
use super::model::{Cause, Model};
use super::plane::Plane;
use super::region::Region;
use super::space::Space;
use super::vector::Vector;
use crate::heap::HeapError;
use crate::object::{Format, Object};

const LOW: usize = 0;
const HIGH: usize = 1;
/// Room in the list.
const MOST: usize = 1 << 28;

/// See the module.
#[derive(Debug)]
pub struct Ages {
    ages: Plane<2>,
    remembered: Plane<1>,
    list: Vector<Object>,
    /// Some could not be listed: it is not known any more which old objects refer to the young.
    forgot: bool,
}

impl Ages {
    /// Everything young, nothing remembered.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(space: &mut Space) -> Result<Ages, HeapError> {
        let (ages, remembered) = (Plane::new(space, "ages")?, Plane::new(space, "remembered")?);
        let list = Vector::new("remembered", MOST)?;
        space.model.watch(list.region());
        Ok(Ages { ages, remembered, list, forgot: false })
    }
    /// The regions of both bitmaps and of the list.
    pub fn regions(&self) -> impl Iterator<Item = &Region> {
        self.ages.regions().chain(self.remembered.regions()).chain([self.list.region()])
    }
    /// See [`Plane::cover`].
    #[must_use]
    pub fn cover(&mut self, end: usize) -> bool {
        self.ages.cover(end) && self.remembered.cover(end)
    }
    /// Has it survived three collections?
    #[inline(always)]
    pub fn is_old(&self, object: Object) -> bool {
        self.ages.get(object.address(), LOW) && self.ages.get(object.address(), HIGH)
    }
    /// The old among sixty-four granules.
    #[inline(always)]
    pub fn old(&self, group: usize) -> u64 {
        self.ages.word(group, LOW) & self.ages.word(group, HIGH)
    }

    /// After a mark: of sixty-four granules those in `live` are a collection older, or old at once; the others are
    /// nothing. Returns who became old now, or who is old if it was forgotten what the old refer to.
    #[inline(always)]
    pub fn advance(&mut self, group: usize, live: u64, at_once: bool, model: &mut Model) -> u64 {
        let (low, high) = (self.ages.word(group, LOW), self.ages.word(group, HIGH));
        let young = live & !(low & high);
        let (new_low, new_high) = if at_once {
            (live, live)
        } else {
            ((low ^ young) & live, (high | low & young) & live)
        };
        self.set(group, live, young, [new_low, new_high], model)
    }

    /// The same for a strategy that keeps the ages of the young elsewhere: `ripe` are those who become old.
    #[inline(always)]
    pub fn advance_to(&mut self, group: usize, live: u64, ripe: u64, model: &mut Model) -> u64 {
        let old = self.old(group) & live;
        self.set(group, live, live & !old, [old | ripe; 2], model)
    }

    #[inline(always)]
    fn set(
        &mut self,
        group: usize,
        live: u64,
        young: u64,
        ages: [u64; 2],
        model: &mut Model,
    ) -> u64 {
        self.ages.set_word(group, LOW, ages[LOW], Cause::Age, model);
        self.ages.set_word(group, HIGH, ages[HIGH], Cause::Age, model);
        let remembered = self.remembered.word(group, 0) & live;
        self.remembered.set_word(group, 0, remembered, Cause::Age, model);
        let old = ages[LOW] & ages[HIGH];
        if self.forgot { old } else { old & young }
    }

    // -- The remembered -----------------------------------------------------------------------------

    /// `source` is old and may now refer to the young.
    pub fn remember(&mut self, source: Object, model: &mut Model) {
        if self.remembered.set(source.address(), 0, Cause::Age, model) {
            model.note(self.list.address(self.list.len()), Cause::Age);
            self.forgot |= !self.list.push(source);
        }
    }
    /// Those that are.
    #[inline(always)]
    pub fn remembered(&self) -> &[Object] {
        self.list.as_slice()
    }
    /// Was there no memory to remember all of them? Then only a collection of everything is safe.
    pub fn forgot(&self) -> bool {
        self.forgot
    }

    /// Drops from the list who is dead, or refers to the young no longer.
    pub fn forget_settled(&mut self, model: &mut Model) {
        let mut kept = 0;
        for index in 0..self.list.len() {
            let source = self.list.as_slice()[index];
            if !self.remembered.get(source.address(), 0) {
                continue;
            }
            if !self.refers_to_young(source) {
                self.remembered.clear(source.address(), 0, Cause::Age, model);
                continue;
            }
            if kept < index {
                model.note(self.list.address(kept), Cause::Age);
                self.list.as_mut_slice()[kept] = source;
            }
            kept += 1;
        }
        self.list.truncate(kept);
        self.forgot = false;
    }

    /// Does `source`, itself or by a part of its own? A part is not asked: its owner is.
    pub fn refers_to_young(&self, source: Object) -> bool {
        let is_young = |object: Object| !self.is_old(object);
        source.format() == Format::Slots
            && references(source).any(|child| {
                is_young(child) || child.format() == Format::Part && references(child).any(is_young)
            })
    }

    /// What is wrong with the bits of `object`, which lives.
    pub fn complaint(&self, object: Object) -> Option<&'static str> {
        let is_remembered = self.remembered.get(object.address(), 0);
        if is_remembered && !self.is_old(object) {
            Some("is remembered, but not old")
        } else if is_remembered && !self.forgot && !self.list.as_slice().contains(&object) {
            Some("has its bit set, but is not in the list of the remembered")
        } else if !is_remembered
            && self.is_old(object)
            && !self.forgot
            && self.refers_to_young(object)
        {
            Some("is old and refers to the young, but is not remembered")
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn three_collections_make_old_and_a_dead_one_starts_over() {
        let mut space = Space::new(&Options::default()).unwrap();
        let mut ages = Ages::new(&mut space).unwrap();
        let start = space.cells.region().start();
        assert!(ages.cover(start + 1024));
        let group = ages.ages.index(start) / 64;
        let model = &mut space.model;
        // One lives through all, one is born later, one dies and its place is taken again.
        for (live, grown, old) in [
            (0b0101, 0, 0),
            (0b0101, 0, 0),
            (0b0011, 0b0001, 0b0001),
            (0b0111, 0, 0b0001),
            (0b0111, 0b0010, 0b0011),
            (0b0101, 0b0100, 0b0101),
            (0b0101, 0, 0b0101),
        ] {
            assert_eq!(
                (ages.advance(group, live, false, model), ages.old(group)),
                (grown, old),
                "{live:b}"
            );
        }
        assert_eq!((ages.advance(group, 0b1101, true, model), ages.old(group)), (0b1000, 0b1101));
        assert_eq!((ages.advance(group, 0, false, model), ages.old(group)), (0, 0));
    }
}
