//! The table of objects whose count is zero although a register may still refer to them, for counts that know the heap alone.
//!
//! ```text
//!   zero   | object | object | …       whoever was born, or lost its last reference from the heap, since the table was settled
//! ```
//! At a safepoint the references from registers are counted too, for a moment; who then still has none is dead. An entry may be stale
//! (its object gone, another in its place) and there may be two for one object: whoever reads it asks for the count again.
//!
//! From Deutsch and Bobrow, "An Efficient, Incremental, Automatic Garbage Collector", CACM 1976.

use super::model::{Cause, Model};
use super::region::Region;
use super::space::Space;
use super::vector::Vector;
use crate::heap::HeapError;
use crate::object::Object;

/// Room in the table, and for roots.
const MOST: usize = 1 << 28;
/// The table is settled when it has this many entries, or twice as many as were left the last time.
const LEAST: usize = 16 << 10;
/// Or when large objects of so many bytes were born.
const LEAST_BYTES: usize = 16 << 20;

/// See the module.
#[derive(Debug)]
pub struct ZeroCounts {
    table: Vector<Object>,
    /// What registers refer to, while it is counted.
    roots: Vector<Object>,
    due: usize,
    large_bytes: usize,
}

impl ZeroCounts {
    /// An empty table; the model of `space` watches its regions.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(space: &mut Space) -> Result<ZeroCounts, HeapError> {
        let (table, roots) = (Vector::new("zero", MOST)?, Vector::new("zero", MOST)?);
        space.model.watch(table.region());
        space.model.watch(roots.region());
        Ok(ZeroCounts { table, roots, due: LEAST, large_bytes: 0 })
    }
    /// Its regions.
    pub fn regions(&self) -> impl Iterator<Item = &Region> {
        [self.table.region(), self.roots.region()].into_iter()
    }
    /// Is it time to settle?
    #[inline(always)]
    pub fn is_due(&self) -> bool {
        self.table.len() >= self.due
    }
    /// The count of `object` is zero. Without memory for the entry it is found by nobody, unless it is in a cycle.
    #[inline(always)]
    pub fn push(&mut self, object: Object, model: &mut Model) {
        model.note(self.table.address(self.table.len()), Cause::Count);
        let _ = self.table.push(object);
    }
    /// A large object of so many bytes is born.
    pub fn count_large(&mut self, bytes: usize) {
        self.large_bytes = self.large_bytes.saturating_add(bytes);
        if self.large_bytes >= LEAST_BYTES {
            self.due = 0;
        }
    }
    /// Takes the entry added last.
    pub fn pop(&mut self) -> Option<Object> {
        self.table.pop()
    }
    /// A register refers to `object`. `false`: there is no memory to know it by, and it must not be counted.
    #[must_use]
    pub fn push_root(&mut self, object: Object, model: &mut Model) -> bool {
        model.note(self.roots.address(self.roots.len()), Cause::Count);
        self.roots.push(object)
    }
    /// Takes the root added last.
    pub fn pop_root(&mut self) -> Option<Object> {
        self.roots.pop()
    }
    /// The table is settled: what is in it now, registers still hold.
    pub fn reset(&mut self) {
        self.due = LEAST.max(2 * self.table.len());
        self.large_bytes = 0;
    }
}
