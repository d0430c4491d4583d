//! Side bitmaps over the whole heap: one bit, or a few, for each sixteen bytes of small and of large objects alike.
//!
//! ```text
//!   heap    | objects …             |      | buffers …      |
//!   plane   | low …  |                     | high … |            same formula for both, 1/128 of the size for each bit
//!   words   | bit 0 of 64 granules | bit 1 of the same 64 | … | bit 0 of the next 64 | …
//! ```
//!
//! Cells are at least sixteen bytes long, so no two objects share a granule. The bits of one kind lie in whole
//! words, so sixty-four granules are combined by one instruction, and a word is written only if it changes.

use super::model::{Cause, Model};
use super::region::{ALIGNMENT, Region};
use super::space::Space;
use crate::heap::HeapError;

/// log2 of the bytes that one bit covers.
pub const GRANULE_SHIFT: u32 = 4;

/// Scratch memory up to this size is kept from one collection to the next.
pub const KEPT: usize = 256 << 10;

/// See the module. `BITS` is the number of bits for each granule.
#[derive(Debug)]
pub struct Plane<const BITS: usize> {
    low: Region,
    /// `None` where the heap is so small that the lower region covers all of it.
    high: Option<Region>,
    base: usize,
    /// The first address of the buffers.
    split: usize,
}

impl<const BITS: usize> Plane<BITS> {
    /// A plane over the heap of `space`, all bits clear. The part over the large objects has the same name.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(space: &mut Space, name: &'static str) -> Result<Plane<BITS>, HeapError> {
        let (base, bytes) = space.addresses();
        let split = space.runs.region().start();
        let bytes_for = |addresses: usize| addresses.div_ceil(64 << GRANULE_SHIFT) * 8 * BITS;
        let mut low = Region::reserve(name, bytes_for(bytes) + 8 * BITS)?;
        let offset = bytes_for(split - base);
        let high =
            (offset.is_multiple_of(ALIGNMENT) && !cfg!(miri)).then(|| low.split_off(name, offset));
        space.model.watch(&low);
        if let Some(high) = &high {
            space.model.watch(high);
        }
        Ok(Plane { low, high, base, split })
    }
    /// The regions it lives in.
    pub fn regions(&self) -> impl Iterator<Item = &Region> {
        std::iter::once(&self.low).chain(&self.high)
    }
    /// Makes the bits of all addresses below `end` usable that are on the same side of the split; fresh bits are clear.
    #[must_use]
    pub fn cover(&mut self, end: usize) -> bool {
        let words = (self.index(end) >> 6) + 1;
        match &mut self.high {
            Some(high) if end > self.split => {
                high.commit(words * 8 * BITS - (high.start() - self.low.start()))
            }
            _ => self.low.commit(words * 8 * BITS),
        }
    }
    /// The number of the granule of `address`.
    #[inline(always)]
    pub fn index(&self, address: usize) -> usize {
        (address - self.base) >> GRANULE_SHIFT
    }
    /// The first address of the granule with this number.
    #[inline(always)]
    pub fn address(&self, index: usize) -> usize {
        self.base + (index << GRANULE_SHIFT)
    }
    #[inline(always)]
    fn pointer(&self, group: usize, bit: usize) -> *mut u64 {
        std::ptr::with_exposed_provenance_mut(self.low.start() + (group * BITS + bit) * 8)
    }
    /// Bit number `bit` of the sixty-four granules of `group`.
    #[inline(always)]
    pub fn word(&self, group: usize, bit: usize) -> u64 {
        debug_assert!(bit < BITS);
        // SAFETY: `cover` made the words of every address that is asked for usable.
        unsafe { *self.pointer(group, bit) }
    }
    /// Changes that word; memory is written, and the model told, only if it is not so already.
    #[inline(always)]
    pub fn set_word(
        &mut self,
        group: usize,
        bit: usize,
        word: u64,
        cause: Cause,
        model: &mut Model,
    ) {
        let pointer = self.pointer(group, bit);
        // SAFETY: as above.
        unsafe {
            if *pointer != word {
                *pointer = word;
                model.note(pointer.addr(), cause);
            }
        }
    }
    /// Bit number `bit` of `address`.
    #[inline(always)]
    pub fn get(&self, address: usize, bit: usize) -> bool {
        let index = self.index(address);
        self.word(index >> 6, bit) >> (index & 63) & 1 != 0
    }
    /// Sets bit number `bit` of `address`; `true` if it was clear, and only then is memory written.
    #[inline(always)]
    pub fn set(&mut self, address: usize, bit: usize, cause: Cause, model: &mut Model) -> bool {
        let index = self.index(address);
        let word = self.word(index >> 6, bit);
        let wanted = word | 1 << (index & 63);
        if wanted != word {
            self.set_word(index >> 6, bit, wanted, cause, model);
        }
        wanted != word
    }
    /// Clears bit number `bit` of `address`; `true` if it was set, and only then is memory written.
    #[inline(always)]
    pub fn clear(&mut self, address: usize, bit: usize, cause: Cause, model: &mut Model) -> bool {
        let index = self.index(address);
        let word = self.word(index >> 6, bit);
        let wanted = word & !(1 << (index & 63));
        if wanted != word {
            self.set_word(index >> 6, bit, wanted, cause, model);
        }
        wanted != word
    }
    /// The granule of the first object from `start` on and below `end`, where none lies across, whose bit number `bit` is set.
    /// The object may begin in the second half of the granule.
    #[inline]
    pub fn next_set(&self, start: usize, end: usize, bit: usize) -> Option<usize> {
        let (mut index, last) = (self.index(start), self.index(end));
        while index < last {
            let word = self.word(index >> 6, bit) >> (index & 63);
            if word != 0 {
                let found = index + word.trailing_zeros() as usize;
                return (found < last).then(|| self.address(found));
            }
            index = (index | 63) + 1;
        }
        None
    }
    /// Clears everything, where nothing was set beyond the frontiers of `space`: a small plane by writing, since fresh pages cost more
    /// than that, a large one by giving its pages back.
    pub fn clear_all(&mut self, space: &Space) {
        let bytes_below = |end: usize| ((self.index(end) >> 6) + 1) * 8 * BITS;
        let low = bytes_below(space.cells.frontier());
        let runs = space.runs.frontier();
        let high = if runs > self.split { bytes_below(runs) } else { 0 };
        let offset = self.high.as_ref().map_or(0, |high| high.start() - self.low.start());
        let used = if self.high.is_some() {
            [low, high.saturating_sub(offset)]
        } else {
            [low.max(high), 0]
        };
        for (region, used) in std::iter::once(&mut self.low).chain(&mut self.high).zip(used) {
            let used = used.min(region.end() - region.start());
            if used <= KEPT {
                // SAFETY: the region's own committed bytes; no mark is under way.
                unsafe { region.pointer::<u8>(0).write_bytes(0, used) };
            } else {
                region.discard(0, region.end() - region.start());
            }
        }
    }
    /// Clears everything by giving the pages back to the kernel: nothing is left to be shared.
    pub fn give_back(&mut self) {
        for region in std::iter::once(&mut self.low).chain(&mut self.high) {
            region.discard(0, region.end() - region.start());
        }
    }
}

/// Eight bits for each granule can as well be used as a byte for each: where granule `i` has its bits, byte `i` lies.
impl Plane<8> {
    #[inline(always)]
    fn byte_pointer(&self, address: usize) -> *mut u8 {
        std::ptr::with_exposed_provenance_mut(self.low.start() + self.index(address))
    }
    /// The byte of the granule of `address`.
    #[inline(always)]
    pub fn byte(&self, address: usize) -> u8 {
        // SAFETY: `cover` made the bytes of every address that is asked for usable.
        unsafe { *self.byte_pointer(address) }
    }
    /// Changes it; the model is told. Whoever may have nothing to change asks first.
    #[inline(always)]
    pub fn set_byte(&mut self, address: usize, byte: u8, cause: Cause, model: &mut Model) {
        let pointer = self.byte_pointer(address);
        // SAFETY: as above.
        unsafe { *pointer = byte };
        model.note(pointer.addr(), cause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn serves_both_regions_by_one_formula() {
        let mut space = Space::new(&Options::default()).unwrap();
        let mut plane: Plane<3> = Plane::new(&mut space, "test").unwrap();
        let (low, high) = (space.cells.region().start(), space.runs.region().start());
        let Space { model, .. } = &mut space;
        for start in [low, high] {
            assert!(plane.cover(start + (1 << 16)));
            for bit in 0..3 {
                for address in [start + 8, start + 24, start + 48, start + 1024 + 16 * bit] {
                    assert!(
                        !plane.get(address, bit) && plane.set(address, bit, Cause::Mark, model)
                    );
                    assert!(
                        plane.get(address, bit) && !plane.set(address, bit, Cause::Mark, model)
                    );
                }
                assert_eq!(plane.next_set(start, start + (1 << 16), bit), Some(start));
                assert_eq!(
                    plane.next_set(start + 64, start + (1 << 16), bit),
                    Some(start + 1024 + 16 * bit)
                );
                assert_eq!(plane.next_set(start + 64, start + 1024, bit), None);
                plane.clear(start + 24, bit, Cause::Mark, model);
                assert_eq!(plane.word(plane.index(start) >> 6, bit), 0b1001);
            }
        }
        plane.give_back();
        assert!(!plane.get(low + 8, 0) && !plane.get(high + 48, 2));
    }
}
