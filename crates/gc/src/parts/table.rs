//! A table of entries by address, for the few objects that need more said of them than their header or a bit can say.
//!
//! Open addressing with linear probing and deletion by shifting back (Knuth, The Art of Computer Programming 6.4), in a region of its
//! own.

use super::model::{Cause, Model};
use super::region::Region;
use crate::heap::HeapError;
use std::marker::PhantomData;

/// What a table holds. All zero is no entry.
pub trait Entry: Copy {
    /// Quarters of the table that may be taken before it grows.
    const QUARTERS: usize;
    /// What its writes are put down to.
    const CAUSE: Cause;
    /// No entry.
    const VACANT: Self;
    /// The address that it is found by; zero: no entry.
    fn key(self) -> usize;
}

const FIRST_CAPACITY: usize = 256;
const MAX_ENTRIES: usize = 1 << 26;

/// See the module.
#[derive(Debug)]
pub struct Table<E> {
    region: Region,
    /// A power of two, or zero before the first entry.
    capacity: usize,
    length: usize,
    entries: PhantomData<E>,
}

impl<E: Entry> Table<E> {
    /// An empty table in a region of this name.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(name: &'static str) -> Result<Table<E>, HeapError> {
        let region = Region::reserve(name, MAX_ENTRIES * size_of::<E>())?;
        Ok(Table { region, capacity: 0, length: 0, entries: PhantomData })
    }
    /// The region it lives in.
    pub fn region(&self) -> &Region {
        &self.region
    }
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.length
    }
    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
    /// How many places there are, vacant ones included: a power of two, or zero.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    fn home(&self, key: usize) -> usize {
        // Fibonacci hashing: the upper bits of the product depend on all bits of the address.
        let product = (key as u64 >> 3).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (product >> 32) as usize & (self.capacity - 1)
    }
    #[inline(always)]
    fn entry(&self, index: usize) -> *mut E {
        assert!(index < self.capacity);
        self.region.pointer::<E>(index * size_of::<E>())
    }
    /// The entry at this place, or a vacant one.
    ///
    /// # Panics
    /// There is no such place: a bug of the collector.
    #[inline(always)]
    pub fn get(&self, index: usize) -> E {
        // SAFETY: the table is committed up to its capacity, and fresh memory is vacant.
        unsafe { *self.entry(index) }
    }
    /// Writes the entry at this place; its key stays.
    ///
    /// # Panics
    /// As [`Table::get`].
    pub fn set(&mut self, index: usize, entry: E, model: &mut Model) {
        let at = self.entry(index);
        // SAFETY: as above.
        unsafe { *at = entry };
        model.note(at.addr(), E::CAUSE);
    }

    /// The place of the first entry with this key that is wanted.
    pub fn find(&self, key: usize, is_wanted: impl Fn(E) -> bool) -> Option<usize> {
        if self.capacity == 0 {
            return None;
        }
        let mut index = self.home(key);
        loop {
            let entry = self.get(index);
            if entry.key() == 0 {
                return None;
            }
            if entry.key() == key && is_wanted(entry) {
                return Some(index);
            }
            index = (index + 1) & (self.capacity - 1);
        }
    }

    /// One entry more, also if there is one with its key. `false`: there is no memory for it.
    #[must_use]
    pub fn insert(&mut self, entry: E, model: &mut Model) -> bool {
        if (self.length + 1) * 4 > self.capacity * E::QUARTERS {
            let doubled = (self.capacity * 2).max(FIRST_CAPACITY);
            if !self.rebuild(doubled, &mut |entry| entry, model) {
                return false;
            }
        }
        self.place(entry, model);
        self.length += 1;
        true
    }

    fn place(&mut self, entry: E, model: &mut Model) {
        let mut index = self.home(entry.key());
        while self.get(index).key() != 0 {
            index = (index + 1) & (self.capacity - 1);
        }
        self.set(index, entry, model);
    }

    /// Enters everything anew, as `forward` gives it, in a table of `capacity` places, which is no less than there are; by way of a
    /// copy outside. `false`: there is no memory for it, and nothing has changed.
    #[must_use]
    pub fn rebuild(
        &mut self,
        capacity: usize,
        forward: &mut dyn FnMut(E) -> E,
        model: &mut Model,
    ) -> bool {
        let old = self.capacity;
        let bytes = old * size_of::<E>();
        let Ok(mut copy) = Region::reserve("copy", bytes.max(1)) else { return false };
        if !copy.commit(bytes) || !self.region.commit(capacity * size_of::<E>()) {
            return false;
        }
        // SAFETY: both hold `bytes` bytes, and they are two regions.
        unsafe {
            std::ptr::copy_nonoverlapping(
                self.region.pointer::<u8>(0),
                copy.pointer::<u8>(0),
                bytes,
            )
        };
        for index in 0..old {
            self.set(index, E::VACANT, model);
        }
        self.capacity = capacity;
        for index in 0..old {
            // SAFETY: copied above.
            let entry = unsafe { *copy.pointer::<E>(index * size_of::<E>()) };
            if entry.key() != 0 {
                self.place(forward(entry), model);
            }
        }
        true
    }

    /// Empties the place `index`, and moves later entries of the same cluster back.
    pub fn vacate(&mut self, index: usize, model: &mut Model) {
        let mask = self.capacity - 1;
        let (mut hole, mut next) = (index, (index + 1) & mask);
        loop {
            let entry = self.get(next);
            if entry.key() == 0 {
                break;
            }
            // An entry may move back to the hole if its home is not between the hole and itself.
            if next.wrapping_sub(self.home(entry.key())) & mask >= next.wrapping_sub(hole) & mask {
                self.set(hole, entry, model);
                hole = next;
            }
            next = (next + 1) & mask;
        }
        self.set(hole, E::VACANT, model);
        self.length -= 1;
    }
}
