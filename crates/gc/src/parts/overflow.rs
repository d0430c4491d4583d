//! Exact counts for the few objects that have more references than a byte can say.
//!
//! Open addressing with linear probing and deletion by shifting back, in a region of its own, as the table of weak references.

use super::model::{Cause, Model};
use super::region::Region;
use crate::heap::HeapError;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
struct Entry {
    /// The object's address; zero: no entry.
    address: usize,
    count: usize,
}

const VACANT: Entry = Entry { address: 0, count: 0 };
const FIRST_CAPACITY: usize = 256;
const MAX_ENTRIES: usize = 1 << 26;

/// See the module.
#[derive(Debug)]
pub struct Overflow {
    region: Region,
    /// A power of two, or zero before the first entry.
    capacity: usize,
    length: usize,
}

impl Overflow {
    /// An empty table.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new() -> Result<Overflow, HeapError> {
        let region = Region::reserve("counts", MAX_ENTRIES * size_of::<Entry>())?;
        Ok(Overflow { region, capacity: 0, length: 0 })
    }
    /// The region it lives in.
    pub fn region(&self) -> &Region {
        &self.region
    }

    fn home(&self, address: usize) -> usize {
        // Fibonacci hashing: the upper bits of the product depend on all bits of the address.
        let product = (address as u64 >> 3).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (product >> 32) as usize & (self.capacity - 1)
    }
    #[inline(always)]
    fn entry(&self, index: usize) -> *mut Entry {
        self.region.pointer::<Entry>(index * size_of::<Entry>())
    }
    #[inline(always)]
    fn get(&self, index: usize) -> Entry {
        // SAFETY: the table is committed up to its capacity, and fresh memory is vacant.
        unsafe { *self.entry(index) }
    }
    fn set(&mut self, index: usize, entry: Entry, model: &mut Model) {
        let at = self.entry(index);
        // SAFETY: as above.
        unsafe { *at = entry };
        model.note(at.addr(), Cause::Count);
    }
    fn find(&self, address: usize) -> Option<usize> {
        if self.capacity == 0 {
            return None;
        }
        let mut index = self.home(address);
        loop {
            match self.get(index) {
                VACANT => return None,
                entry if entry.address == address => return Some(index),
                _ => index = (index + 1) & (self.capacity - 1),
            }
        }
    }

    /// The count of the object at `address`, if it has an entry.
    pub fn count(&self, address: usize) -> Option<usize> {
        self.find(address).map(|index| self.get(index).count)
    }

    /// Adds `more` (which may be less than nothing) to the count of the object at `address`: what it is now, if it has an entry.
    pub fn add(&mut self, address: usize, more: isize, model: &mut Model) -> Option<usize> {
        let index = self.find(address)?;
        let count = self.get(index).count.wrapping_add_signed(more);
        self.set(index, Entry { address, count }, model);
        Some(count)
    }

    /// An entry for the object at `address`, which has none. `false`: there is no memory for it.
    #[must_use]
    pub fn insert(&mut self, address: usize, count: usize, model: &mut Model) -> bool {
        if (self.length + 1) * 2 > self.capacity && !self.grow(model) {
            return false;
        }
        self.place(Entry { address, count }, model);
        self.length += 1;
        true
    }

    fn place(&mut self, entry: Entry, model: &mut Model) {
        let mut index = self.home(entry.address);
        while self.get(index) != VACANT {
            index = (index + 1) & (self.capacity - 1);
        }
        self.set(index, entry, model);
    }

    /// Doubles the table by way of a copy outside.
    fn grow(&mut self, model: &mut Model) -> bool {
        let (old, new) = (self.capacity, (self.capacity * 2).max(FIRST_CAPACITY));
        let bytes = old * size_of::<Entry>();
        let Ok(mut copy) = Region::reserve("copy", bytes.max(1)) else { return false };
        if !copy.commit(bytes) || !self.region.commit(new * size_of::<Entry>()) {
            return false;
        }
        for index in 0..old {
            // SAFETY: the copy holds `old` entries.
            unsafe { *copy.pointer::<Entry>(index * size_of::<Entry>()) = self.get(index) };
            self.set(index, VACANT, model);
        }
        self.capacity = new;
        for index in 0..old {
            // SAFETY: as above.
            let entry = unsafe { *copy.pointer::<Entry>(index * size_of::<Entry>()) };
            if entry != VACANT {
                self.place(entry, model);
            }
        }
        true
    }

    /// The object at `address` needs its entry no longer.
    pub fn remove(&mut self, address: usize, model: &mut Model) {
        let Some(mut hole) = self.find(address) else { return };
        let mask = self.capacity - 1;
        let mut next = (hole + 1) & mask;
        loop {
            let entry = self.get(next);
            if entry == VACANT {
                break;
            }
            // An entry may move back to the hole if its home is not between the hole and itself.
            if next.wrapping_sub(self.home(entry.address)) & mask >= next.wrapping_sub(hole) & mask
            {
                self.set(hole, entry, model);
                hole = next;
            }
            next = (next + 1) & mask;
        }
        self.set(hole, VACANT, model);
        self.length -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_grows_and_forgets() {
        let (mut table, mut model) = (Overflow::new().unwrap(), Model::new().unwrap());
        let many = if cfg!(miri) { 300 } else { 5000 };
        let address = |number: usize| 0x1000 + number * 48;
        for number in 0..many {
            assert_eq!(table.add(address(number), 1, &mut model), None);
            assert!(table.insert(address(number), number, &mut model));
        }
        for number in 0..many {
            assert_eq!(table.add(address(number), 7, &mut model), Some(number + 7));
            assert_eq!(table.add(address(number), -2, &mut model), Some(number + 5));
        }
        for number in (0..many).step_by(3) {
            table.remove(address(number), &mut model);
            table.remove(address(number), &mut model);
        }
        for number in 0..many {
            let expected = (number % 3 != 0).then_some(number + 5);
            assert_eq!(table.count(address(number)), expected, "{number}");
        }
    }
}
