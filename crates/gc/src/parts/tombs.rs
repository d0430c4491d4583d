//! What lies below a frontier is left as it is: what dies there is not reused, what is born goes to fresh pages.
//!
//! ```text
//!   objects  | blocks in quarantine: holes stay holes | frontier | blocks taken since … |
//!   tombs    | a bit for each object that died in quarantine |
//! ```
//! One that dies in quarantine is entombed: put on no free list, its bit set. Large objects are not entombed: their pages go
//! back to the kernel.

use super::bitmap::Bitmap;
use super::model::Cause;
use super::region::Region;
use super::space::Space;
use crate::heap::HeapError;
use crate::object::{Format, LARGE, Object};

/// See the module. `HEAD` is the number of bytes in front of a container.
#[derive(Debug)]
pub struct Tombs<const HEAD: usize> {
    /// By the address of a cell: what is in it died in quarantine.
    bits: Bitmap,
    /// Cells below this address are in quarantine; zero: none is.
    frontier: usize,
}

impl<const HEAD: usize> Tombs<HEAD> {
    /// Nothing in quarantine.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(space: &mut Space) -> Result<Tombs<HEAD>, HeapError> {
        let (base, bytes) = (space.cells.region().start(), space.cells.region().reserved());
        let bits = Bitmap::new("tombs", base, bytes)?;
        space.model.watch(bits.region());
        Ok(Tombs { bits, frontier: 0 })
    }
    /// The region of the tombs.
    pub fn region(&self) -> &Region {
        self.bits.region()
    }
    /// All that there is. `false`: no memory for the tombs, and nothing changed.
    #[must_use]
    pub fn begin(&mut self, space: &mut Space) -> bool {
        let frontier = space.cells.frontier();
        if !self.bits.cover(frontier) {
            return false;
        }
        self.frontier = frontier;
        space.cells.seal(&mut space.model);
        space.runs.seal();
        true
    }
    /// Is `object` in quarantine?
    #[inline(always)]
    pub fn holds(&self, object: Object) -> bool {
        object.address() < self.frontier
    }
    /// `object`, which is in quarantine, is dead.
    pub fn entomb(&mut self, object: Object, space: &mut Space) {
        let cell = space.extent(HEAD, object).0;
        space.model.note(self.bits.word(self.bits.index(cell)).addr(), Cause::Free);
        self.bits.set(cell);
    }
    /// Did it die in quarantine?
    pub fn is_entombed(&self, object: Object) -> bool {
        self.holds(object) && {
            // The cell begins at most three words before the header.
            let front = match object.format() {
                Format::Slots => HEAD,
                _ if object.shape_word().units() == LARGE => 8,
                Format::Bytes | Format::Weak | Format::Part => 0,
            };
            self.bits.get(object.address() - front)
        }
    }
    /// Ends it: `reclaim` frees what was entombed, and holes are used again.
    pub fn end(&mut self, space: &mut Space, reclaim: &mut dyn FnMut(Object, &mut Space)) {
        if self.frontier == 0 {
            return;
        }
        let mut address = space.cells.region().start();
        while let Some(found) = self.bits.next_set(address, self.frontier) {
            // A cell begins at the bit's first address or eight bytes later.
            let block = space.cells.block_of(found).expect("tombs lie in blocks");
            let object = Space::object_in_cell(HEAD, block.cell_of(found + 8), block.class);
            reclaim(object, space);
            address = found + 16;
        }
        self.bits.clear_all();
        self.frontier = 0;
        space.cells.unseal(&mut space.model);
        space.runs.unseal(&mut space.model);
    }
}
