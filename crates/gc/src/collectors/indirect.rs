//! The rejected patch of 2017: the head in a dense slab, a pointer to it in front of each container.
//!
//! # Idea
//! If the bookkeeping of all containers lies close together, a collection writes few pages, full of bookkeeping, and
//! leaves those of the objects alone.
//!
//! # Layout
//! ```text
//!   objects  | to the head | header | slot 0 | …                        8 bytes before the header of a container
//!                          ^ Object
//!   headers  | next | previous | refs | to the object | next | …        32 bytes each, the lists' own ones first
//!            ^ Head
//! ```
//! A freed head is linked to the next free one within the slab. Sixteen bytes more a container than `inline`.
//!
//! # Barriers
//! See `cycles`. The links of a birth and a death are written to the slab.
//!
//! # Collection
//! See `cycles`. The heads are dense and in order of birth, which makes up for the way through a pointer.
//!
//! # After a fork
//! The first full collection copies the slab: 32 bytes for each container, however large the containers are. The
//! pages of the objects are only read. Where everything is a small container that is no great saving.
//!
//! From bpo-31558, "Other attempts", and the talk by its authors at PyCon 2018.

use crate::heap::{HeapError, Options};
use crate::object::{Format, Object};
use crate::parts::lists::Head;
use crate::parts::model::Cause;
use crate::parts::placement::{LISTS, Placement, reserve_heads};
use crate::parts::region::Region;
use crate::parts::space::Space;

/// Bytes of a head in the slab: three words, and the object's address.
const SLOT: usize = 32;

/// Heads in a slab.
pub struct Indirect {
    slab: Region,
    /// Slots used so far, freed ones included.
    top: usize,
    /// The first freed slot, or zero; its first word is the next.
    free: usize,
}

impl Indirect {
    #[inline(always)]
    fn connect(&mut self, head: Head, object: Object, space: &mut Space) -> Head {
        space.model.note_range(head.0, SLOT, Cause::Allocate);
        head.set_fourth(object.address() as u64, &mut space.model);
        // The cell was noted when it was allocated.
        // SAFETY: the word before the header of a container belongs to it.
        unsafe { *object.pointer().sub(1) = head.0 as u64 };
        head
    }
}

impl Placement for Indirect {
    const HEAD: usize = 8;

    fn new(_options: &Options, space: &mut Space) -> Result<Indirect, HeapError> {
        // As many heads as there can be containers, of sixteen bytes at least.
        let most = space.cells.region().reserved().min(space.limit()) / 16;
        let slab = reserve_heads((LISTS + most) * SLOT, SLOT, space)?;
        Ok(Indirect { slab, top: LISTS, free: 0 })
    }
    #[inline(always)]
    fn head_of(object: Object) -> Head {
        // SAFETY: the word before the header of a container holds the address of its head.
        Head(unsafe { *object.pointer().sub(1) } as usize)
    }
    #[inline(always)]
    fn object_of(head: Head) -> Object {
        // SAFETY: the fourth word of a container's head is the object's address.
        unsafe { Object::from_address(head.fourth() as usize) }
    }
    #[inline(always)]
    fn list(&self, number: usize) -> Head {
        Head(self.slab.start() + number * SLOT)
    }
    #[inline(always)]
    fn attach(&mut self, object: Object, space: &mut Space) -> Option<Head> {
        let head = if self.free != 0 {
            let head = Head(self.free);
            self.free = head.next().0;
            head
        } else {
            let head = Head(self.slab.start() + self.top * SLOT);
            if head.0 + SLOT > self.slab.end() {
                return None;
            }
            self.top += 1;
            head
        };
        Some(self.connect(head, object, space))
    }
    #[cold]
    fn attach_slow(&mut self, object: Object, space: &mut Space) -> Option<Head> {
        if self.free == 0 && !self.slab.commit((self.top + 1) * SLOT) {
            return None;
        }
        self.attach(object, space)
    }
    #[inline(always)]
    fn reclaim(&mut self, object: Object, space: &mut Space) {
        if object.format() == Format::Slots {
            let head = Self::head_of(object);
            head.unlink(&mut space.model);
            space.model.note(head.0, Cause::Free);
            head.set_next(Head(self.free), &mut space.model);
            self.free = head.0;
        }
        space.free(Self::HEAD, object);
    }
    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        visit(&self.slab);
    }
}
