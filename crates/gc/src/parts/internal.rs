//! How many references to each container come from the members of a collection: memory that exists for one collection.
//!
//! ```text
//!   scratch  | two bits for a granule: 0 none; 1 one; 3 more |       a page for 256 KiB of heap
//!   scratch  | 32 bits for each granule: how many more than one |    a page for 16 KiB, where there are more
//! ```
//! Most containers are referred to once, and for them the small table is all that is touched: that is a third of the time of a
//! collection. The pages are fresh whenever they are touched, so no child ever shares one.

use super::model::{Cause, Model};
use super::plane::{GRANULE_SHIFT, Plane};
use super::region::Region;
use super::space::Space;
use crate::heap::HeapError;
use crate::object::Object;

const ONE: usize = 0;
const MORE: usize = 1;

/// See the module.
#[derive(Debug)]
pub struct Internal {
    few: Plane<2>,
    many: Region,
    base: usize,
}

impl Internal {
    /// Nothing counted; the model of `space` watches the regions.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(space: &mut Space) -> Result<Internal, HeapError> {
        let cells = space.cells.region();
        let (base, bytes) = (cells.start(), (cells.reserved() >> GRANULE_SHIFT) * size_of::<u32>());
        let many = Region::reserve("scratch", bytes)?;
        space.model.watch(&many);
        Ok(Internal { few: Plane::new(space, "scratch")?, many, base })
    }
    /// Its regions.
    pub fn regions(&self) -> impl Iterator<Item = &Region> {
        self.few.regions().chain([&self.many])
    }
    /// Makes room for all cells below `end`.
    #[must_use]
    pub fn cover(&mut self, end: usize) -> bool {
        self.few.cover(end)
            && self.many.commit(((end - self.base) >> GRANULE_SHIFT) * size_of::<u32>())
    }
    #[inline(always)]
    fn word(&self, object: Object) -> *mut u32 {
        self.many.pointer((object.address() - self.base) >> GRANULE_SHIFT << 2)
    }
    /// One more.
    #[inline(always)]
    pub fn add(&mut self, object: Object, model: &mut Model) {
        if !self.few.set(object.address(), ONE, Cause::Mark, model) {
            self.few.set(object.address(), MORE, Cause::Mark, model);
            // SAFETY: `cover` made the words of all cells usable. There are fewer references than would fill 32 bits: their
            // slots would take 32 GiB, as much as there is room for cells.
            unsafe { *self.word(object) += 1 }
        }
    }
    /// How many there are.
    #[inline(always)]
    pub fn get(&self, object: Object) -> u32 {
        if !self.few.get(object.address(), MORE) {
            return u32::from(self.few.get(object.address(), ONE));
        }
        // SAFETY: as above.
        1 + unsafe { *self.word(object) }
    }
    /// Forgets everything by giving the pages back to the kernel.
    pub fn give_back(&mut self) {
        self.few.give_back();
        self.many.discard(0, self.many.end() - self.many.start());
    }
}
