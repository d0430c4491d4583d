//! Exact counts for the few objects that have more references than a byte can say.

use super::model::{Cause, Model};
use super::region::Region;
use super::table::{self, Table};
use crate::heap::HeapError;

#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Entry {
    /// The object's address; zero: no entry.
    address: usize,
    count: usize,
}

impl table::Entry for Entry {
    const QUARTERS: usize = 2;
    const CAUSE: Cause = Cause::Count;
    const VACANT: Entry = Entry { address: 0, count: 0 };
    #[inline(always)]
    fn key(self) -> usize {
        self.address
    }
}

/// See the module.
#[derive(Debug)]
pub struct Overflow {
    table: Table<Entry>,
}

impl Overflow {
    /// An empty table.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new() -> Result<Overflow, HeapError> {
        Ok(Overflow { table: Table::new("counts")? })
    }
    /// The region it lives in.
    pub fn region(&self) -> &Region {
        self.table.region()
    }

    fn find(&self, address: usize) -> Option<usize> {
        self.table.find(address, |_| true)
    }

    /// The count of the object at `address`, if it has an entry.
    pub fn count(&self, address: usize) -> Option<usize> {
        self.find(address).map(|index| self.table.get(index).count)
    }

    /// Adds `more` (which may be less than nothing) to the count of the object at `address`: what it is now, if it has an entry.
    pub fn add(&mut self, address: usize, more: isize, model: &mut Model) -> Option<usize> {
        let index = self.find(address)?;
        let count = self.table.get(index).count.wrapping_add_signed(more);
        self.table.set(index, Entry { address, count }, model);
        Some(count)
    }

    /// An entry for the object at `address`, which has none. `false`: there is no memory for it.
    #[must_use]
    pub fn insert(&mut self, address: usize, count: usize, model: &mut Model) -> bool {
        self.table.insert(Entry { address, count }, model)
    }

    /// The object at `address` needs its entry no longer.
    pub fn remove(&mut self, address: usize, model: &mut Model) {
        if let Some(index) = self.find(address) {
            self.table.vacate(index, model);
        }
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
