//! One bit per page, in reserved memory.

use crate::MeterError;
use crate::reserved::Words;

/// A bitmap of fixed capacity.
#[derive(Debug)]
pub(crate) struct Bits {
    words: Words,
    /// Words that may hold a one.
    used: usize,
}

impl Bits {
    /// Room for `capacity` bits, all zero.
    pub(crate) fn reserve(capacity: usize) -> Result<Bits, MeterError> {
        Ok(Bits { words: Words::reserve(capacity.div_ceil(64))?, used: 0 })
    }

    /// Sets every bit to zero; touches only words that were used.
    pub(crate) fn clear(&mut self) {
        self.words[..self.used].fill(0);
        self.used = 0;
    }

    /// Sets bit `index`.
    pub(crate) fn set(&mut self, index: usize) {
        self.words[index / 64] |= 1 << (index % 64);
        self.used = self.used.max(index / 64 + 1);
    }

    /// Sets bit `index` to zero.
    pub(crate) fn reset(&mut self, index: usize) {
        if index / 64 < self.used {
            self.words[index / 64] &= !(1 << (index % 64));
        }
    }

    /// Is bit `index` set?
    pub(crate) fn get(&self, index: usize) -> bool {
        index / 64 < self.used && self.words[index / 64] >> (index % 64) & 1 == 1
    }

    /// The set bits in `first..end`, as offsets from `first`.
    pub(crate) fn ones(&self, first: usize, end: usize) -> PageIndices<'_> {
        PageIndices { bits: self, first, next: first, end }
    }
}

/// The indices of some pages of a region, ascending; page 0 is the one at the region's start.
#[derive(Clone, Debug)]
pub struct PageIndices<'a> {
    bits: &'a Bits,
    first: usize,
    next: usize,
    end: usize,
}

impl Iterator for PageIndices<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.next < self.end {
            let word = self.next / 64;
            if word >= self.bits.used {
                break;
            }
            let rest = self.bits.words[word] >> (self.next % 64);
            if rest == 0 {
                self.next = (word + 1) * 64;
                continue;
            }
            let found = self.next + rest.trailing_zeros() as usize;
            if found >= self.end {
                break;
            }
            self.next = found + 1;
            return Some(found - self.first);
        }
        self.next = self.end;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ones_are_offsets_within_the_asked_range() {
        let mut bits = Bits::reserve(1000).unwrap();
        for index in [0, 1, 63, 64, 127, 128, 500, 999] {
            bits.set(index);
        }
        assert_eq!(bits.ones(0, 1000).collect::<Vec<_>>(), [0, 1, 63, 64, 127, 128, 500, 999]);
        assert_eq!(bits.ones(63, 500).collect::<Vec<_>>(), [0, 1, 64, 65]);
        assert_eq!(bits.ones(2, 63).count(), 0);
        bits.reset(64);
        assert!(!bits.get(64) && bits.get(63));
        bits.clear();
        assert_eq!(bits.ones(0, 1000).count(), 0);
        assert!(!bits.get(999));
    }
}
