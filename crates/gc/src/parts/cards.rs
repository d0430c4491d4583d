//! Cards: a byte for each 512 bytes of a space, set when an object whose header lies there may refer out of the space.
//!
//! From Wilson and Moher, "Design of the Opportunistic Garbage Collector", OOPSLA 1989; the size is ART's. A byte is written only
//! if it is clear, so a page of cards is copied once for two mebibytes of the space.

use super::model::{Cause, Model};
use super::region::Region;
use crate::heap::HeapError;

/// log2 of the bytes for each card.
const CARD_SHIFT: u32 = 9;
const DIRTY: u8 = 1;

/// See the module.
#[derive(Debug)]
pub struct Cards {
    region: Region,
    base: usize,
}

impl Cards {
    /// Clean cards for `space`.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(space: &Region, model: &mut Model) -> Result<Cards, HeapError> {
        let region = Region::reserve("cards", (space.reserved() >> CARD_SHIFT) + 8)?;
        model.watch(&region);
        Ok(Cards { region, base: space.start() })
    }
    /// The region they live in.
    pub fn region(&self) -> &Region {
        &self.region
    }
    /// Makes the cards of all addresses below `end` usable.
    #[must_use]
    pub fn cover(&mut self, end: usize) -> bool {
        self.region.commit(((end - self.base) >> CARD_SHIFT) + 8)
    }
    fn byte(&self, address: usize) -> *mut u8 {
        self.region.pointer((address - self.base) >> CARD_SHIFT)
    }
    /// Is the card of `address` dirty?
    pub fn is_dirty(&self, address: usize) -> bool {
        // SAFETY: `cover` made the byte usable.
        unsafe { *self.byte(address) == DIRTY }
    }
    /// Makes it so, if it is not.
    pub fn set_dirty(&mut self, address: usize, model: &mut Model) {
        if !self.is_dirty(address) {
            let byte = self.byte(address);
            // SAFETY: as above.
            unsafe { *byte = DIRTY };
            model.note(byte.addr(), Cause::Age);
        }
    }
    /// The first dirty card from the one of `from` on and below `end`: its first address and the end of it.
    pub fn next_dirty(&self, from: usize, end: usize) -> Option<(usize, usize)> {
        let (mut card, last) =
            ((from - self.base) >> CARD_SHIFT, (end - self.base).div_ceil(1 << CARD_SHIFT));
        while card < last {
            // SAFETY: eight cards more than are covered are committed, and the region's start is aligned.
            let word = unsafe { *self.region.pointer::<u64>(card & !7) } >> (card % 8 * 8);
            if word != 0 {
                card += word.trailing_zeros() as usize / 8;
                let start = self.base + (card << CARD_SHIFT);
                return (card < last).then_some((start, start + (1 << CARD_SHIFT)));
            }
            card = (card | 7) + 1;
        }
        None
    }
    /// All are clean: their pages go back to the kernel, so that a child finds none to share.
    pub fn clear(&mut self) {
        self.region.discard(0, self.region.end() - self.region.start());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_dirty_card_once() {
        let space = Region::reserve("test", 1 << 20).unwrap();
        let mut model = Model::new().unwrap();
        let mut cards = Cards::new(&space, &mut model).unwrap();
        let (start, end) = (space.start(), space.start() + (1 << 20));
        assert!(cards.cover(end));
        let dirty = [0, 3, 7, 8, 9, 1000, 2047];
        for card in dirty {
            cards.set_dirty(start + card * 512 + card % 512, &mut model);
        }
        let (mut found, mut from) = (Vec::new(), start);
        while let Some((first, next)) = cards.next_dirty(from, end) {
            assert!(cards.is_dirty(first));
            found.push((first - start) / 512);
            from = next;
        }
        assert_eq!(found, dirty);
        assert_eq!(cards.next_dirty(start + 1001 * 512, start + 2047 * 512), None);
        cards.clear();
        assert_eq!(cards.next_dirty(start, end), None);
    }
}
