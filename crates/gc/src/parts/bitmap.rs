//! One bit for each sixteen bytes of a range of addresses, in a region of its own.
//!
//! Cells are at least sixteen bytes long, so no two objects share a bit although their addresses are
//! multiples of eight only. A page of the bitmap covers 128 pages of the heap.

use super::region::Region;
use crate::heap::HeapError;

/// log2 of the bytes that one bit covers.
pub const GRANULE_SHIFT: u32 = 4;

/// See the module.
#[derive(Debug)]
pub struct Bitmap {
    region: Region,
    base: usize,
}

impl Bitmap {
    /// An empty bitmap over `bytes` addresses from `base` on (sixteen-byte aligned). Before a bit is used its
    /// address must be covered: see [`Bitmap::cover`].
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(name: &'static str, base: usize, bytes: usize) -> Result<Bitmap, HeapError> {
        Ok(Bitmap { region: Region::reserve(name, (bytes >> (GRANULE_SHIFT + 3)) + 8)?, base })
    }
    /// The region it lives in.
    pub fn region(&self) -> &Region {
        &self.region
    }
    /// Makes the bits of all addresses below `end` usable; fresh bits are clear.
    #[must_use]
    pub fn cover(&mut self, end: usize) -> bool {
        // A whole word more, so that words can be read past the last bit.
        self.region.commit(((end - self.base) >> (GRANULE_SHIFT + 3)) + 8)
    }
    /// Is the bit of `address` usable?
    pub fn covers(&self, address: usize) -> bool {
        self.region.start() + ((address - self.base) >> (GRANULE_SHIFT + 3)) < self.region.end()
    }
    /// The number of the bit of `address`.
    #[inline(always)]
    pub fn index(&self, address: usize) -> usize {
        (address - self.base) >> GRANULE_SHIFT
    }
    /// The first address of bit `index`.
    #[inline(always)]
    pub fn address(&self, index: usize) -> usize {
        self.base + (index << GRANULE_SHIFT)
    }
    /// The word that holds bit `index`; also what the model is told when the bit changes.
    #[inline(always)]
    pub fn word(&self, index: usize) -> *mut u64 {
        self.region.pointer(index >> 6 << 3)
    }
    /// Is the bit of `address` set?
    #[inline(always)]
    pub fn get(&self, address: usize) -> bool {
        let index = self.index(address);
        // SAFETY: `cover` made the word usable.
        unsafe { *self.word(index) >> (index & 63) & 1 != 0 }
    }
    /// Sets the bit of `address`; `true` if it was clear, and only then is memory written.
    #[inline(always)]
    pub fn set(&mut self, address: usize) -> bool {
        let index = self.index(address);
        let (word, bit) = (self.word(index), 1 << (index & 63));
        // SAFETY: as above.
        unsafe {
            let clear = *word & bit == 0;
            if clear {
                *word |= bit;
            }
            clear
        }
    }
    /// Clears the bit of `address`; `true` if it was set, and only then is memory written.
    #[inline(always)]
    pub fn clear(&mut self, address: usize) -> bool {
        let index = self.index(address);
        let (word, bit) = (self.word(index), 1 << (index & 63));
        // SAFETY: as above.
        unsafe {
            let set = *word & bit != 0;
            if set {
                *word &= !bit;
            }
            set
        }
    }
    /// The address of the first set bit from `address` on and below `end`.
    #[inline]
    pub fn next_set(&self, address: usize, end: usize) -> Option<usize> {
        let (mut index, last) = (self.index(address), self.index(end + 15));
        while index < last {
            // SAFETY: as above; bits past the last belong to a word that is usable.
            let word = unsafe { *self.word(index) } >> (index & 63);
            if word != 0 {
                let found = index + word.trailing_zeros() as usize;
                return (found < last).then(|| self.address(found));
            }
            index = (index | 63) + 1;
        }
        None
    }
    /// How many bits are set from `address` on and below `end`.
    pub fn count(&self, address: usize, end: usize) -> usize {
        let (mut index, last) = (self.index(address), self.index(end + 15));
        let mut count = 0;
        while index < last {
            // SAFETY: as above.
            let mut word = unsafe { *self.word(index) } >> (index & 63);
            let left = last - index;
            if left < 64 {
                word &= (1 << left) - 1;
            }
            count += word.count_ones() as usize;
            index = (index | 63) + 1;
        }
        count
    }
    /// Clears everything and gives the pages back to the kernel.
    pub fn clear_all(&mut self) {
        self.region.discard(0, self.region.end() - self.region.start());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_sets_clears_and_counts() {
        let base = 1 << 30;
        let mut bitmap = Bitmap::new("test", base, 1 << 20).unwrap();
        assert!(bitmap.cover(base + (1 << 16)));
        let addresses = [base, base + 24, base + 48, base + 1024, base + 16 * 700];
        for address in addresses {
            assert!(bitmap.set(address) && !bitmap.set(address) && bitmap.get(address));
        }
        assert_eq!(bitmap.count(base, base + (1 << 16)), 5);
        assert_eq!(bitmap.count(base + 24, base + 1024), 2);
        let end = base + (1 << 16);
        assert_eq!(bitmap.next_set(base + 64, end), Some(base + 1024));
        assert_eq!(bitmap.next_set(base + 1040, end), Some(base + 16 * 700));
        assert_eq!(bitmap.next_set(base + 1040, base + 16 * 700), None);
        assert!(bitmap.clear(base + 1024) && !bitmap.clear(base + 1024));
        bitmap.clear_all();
        assert_eq!(bitmap.next_set(base, end), None);
    }
}
