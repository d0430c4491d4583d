//! Reference counts beside the heap, a byte for each: reading writes a table that is a sixteenth of the heap.
//!
//! # Idea
//! A count in the object makes every page that is read a page that is written. Nothing obliges it to lie there: a byte beside the
//! heap will do, found by arithmetic from the address. Few objects have more than 253 references; these have an exact count in a map.
//!
//! # Layout
//! ```text
//!   | units, format, shape | flag |  slot 0 | slot 1 | …       8 bytes, not written by a count
//!   counts     a byte for 16 bytes: 0 vacant; 1 … 254 one more than the count; 255 see the map
//!   counts     the map: address and count, open addressing
//!   dying      a stack, while the dead are taken apart
//!   zero       with `defer=stack`: objects whose count is zero
//!   generations, young, scratch: as in `scratch`
//! ```
//!
//! # Barriers
//! `retain` and `release` at every copy and every drop, as under every strategy that counts, but on the table. What dies is written
//! neither: that its byte is zero says that its cell is vacant.
//!
//! With `defer=stack` the references from registers, globals and handles are not counted, only those from slots: reading, calling and
//! returning write nothing at all. Who loses the last reference from a slot, or is born and has none yet, goes to a table. When that is
//! full, at a safepoint, what registers hold is counted for a moment; who still has no count is dead, and the table starts over.
//!
//! # Collection
//! See `scratch`, which reads its counts from the table here.
//!
//! # After a fork
//! Reading copies pages of the table, one for each 64 KiB of heap, however few or many objects of it are read. What dies writes the table
//! too and its page not at all; what is born goes where something died, on a shared page, unless `fresh=on`. A collection is `scratch`'s.
//! With `defer=stack` reading copies no page; storing a reference writes the count of what is stored and of what was there.
//!
//! The deferral is Deutsch and Bobrow's (CACM 1976). The table is from RC Immix (Shahriyar, Blackburn, Yang, McKinley, OOPSLA 2013) and LXR (Zhao, Blackburn, McKinley, PLDI 2022), which keep few
//! bits for each granule beside the heap and let the rare large count stick; here the map makes it exact.

use crate::heap::{HeapError, Options};
use crate::object::{Object, ShapeWord};
use crate::parts::count_place::CountPlace;
use crate::parts::model::{Cause, Model};
use crate::parts::overflow::Overflow;
use crate::parts::region::Region;
use crate::parts::space::Space;
use crate::parts::vacancies::Vacancies;
use crate::parts::vector::Vector;

/// The byte of an object without references.
const NONE: u8 = 1;
/// The byte of an object whose count is in the map, or was too large for a map that could not grow: then it lives for ever.
const MANY: u8 = 255;
/// A count that has fallen this far goes back from the map into the byte. Well below the limit, lest it go to and fro.
const FEW: usize = 128;
/// Room for the dying.
const MOST: usize = 1 << 28;

/// Counts in a table beside the heap.
pub struct SideCounts<const DEFER: bool> {
    /// The bytes, and allocation from where they are zero.
    counts: Vacancies,
    overflow: Overflow,
    dying: Vector<Object>,
    fresh: bool,
}

impl<const DEFER: bool> CountPlace for SideCounts<DEFER> {
    const OPTIONS: &'static [&'static str] = &["gray", "defer"];
    const DEFERS: bool = DEFER;

    fn new(options: &Options, space: &mut Space) -> Result<Self, HeapError> {
        if let Some(value) =
            options.argument("defer").filter(|value| !matches!(*value, "off" | "stack"))
        {
            let value = value.to_owned();
            return Err(HeapError::Value { key: "defer", value, known: "off, stack" });
        }
        let (overflow, dying) = (Overflow::new()?, Vector::new("dying", MOST)?);
        space.model.watch(overflow.region());
        space.model.watch(dying.region());
        let counts = Vacancies::new(space, "counts")?;
        Ok(SideCounts { counts, overflow, dying, fresh: options.switch("fresh")? })
    }

    #[inline(always)]
    fn allocate(&mut self, shape: ShapeWord, units: usize, space: &mut Space) -> Option<Object> {
        self.counts.allocate(shape, units, Self::BORN, &mut space.model)
    }
    fn allocate_slow(
        &mut self,
        shape: ShapeWord,
        units: usize,
        space: &mut Space,
    ) -> Option<Object> {
        self.counts.allocate_slow(shape, units, Self::BORN, space)
    }
    #[inline(always)]
    fn free(&mut self, object: Object, space: &mut Space) {
        self.counts.free(object, space);
    }
    fn release_empty_blocks(&mut self, space: &mut Space) {
        self.counts.release_empty_blocks(space);
    }
    fn before_fork(&mut self) {
        // So that no child shares a page of it.
        self.dying.give_back();
    }
    fn after_fork_in_child(&mut self, space: &mut Space) {
        space.after_fork_in_child();
        if self.fresh {
            self.counts.keep_out_of_shared_blocks(space);
        }
    }

    #[inline(always)]
    fn retain(&mut self, object: Object, model: &mut Model) {
        let byte = self.counts.bytes().byte(object.address());
        debug_assert!(byte != 0, "a reference to a vacant cell");
        if byte < MANY - 1 {
            self.counts.bytes_mut().set_byte(object.address(), byte + 1, Cause::Count, model);
        } else {
            self.retain_many(object, byte, model);
        }
    }
    #[inline(always)]
    fn release(&mut self, object: Object, model: &mut Model) -> bool {
        let byte = self.counts.bytes().byte(object.address());
        debug_assert!(byte > NONE, "a dead object was released");
        if byte == MANY {
            self.release_many(object, model);
            return false;
        }
        self.counts.bytes_mut().set_byte(object.address(), byte - 1, Cause::Count, model);
        byte - 1 == NONE
    }
    #[inline(always)]
    fn count(&self, object: Object) -> u32 {
        match self.counts.bytes().byte(object.address()) {
            MANY => self.count_many(object),
            byte => (byte - NONE) as u32,
        }
    }

    #[inline(always)]
    fn is_unreferenced(&self, object: Object) -> bool {
        self.counts.bytes().byte(object.address()) == NONE
    }

    #[inline(always)]
    fn push_dying(&mut self, object: Object) -> bool {
        self.dying.push(object)
    }
    #[inline(always)]
    fn pop_dying(&mut self) -> Option<Object> {
        self.dying.pop()
    }

    fn register_weak(&mut self, weak: Object, space: &mut Space) {
        // No flag in the target: it may lie on a shared page.
        space.enter_weak(weak);
    }
    #[inline(always)]
    fn is_weakly_held(&self, object: Object, space: &Space) -> bool {
        !space.weak.is_empty() && space.weak.holds(object)
    }

    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        let others = [self.overflow.region(), self.dying.region()];
        self.counts.regions().chain(others).for_each(visit);
    }
    fn each_object(&self, space: &Space, visit: &mut dyn FnMut(Object)) {
        self.counts.each_object(space, visit);
    }
    fn complaint(&self, object: Object) -> Option<&'static str> {
        match (self.counts.bytes().byte(object.address()), self.overflow.count(object.address())) {
            (0, _) => Some("lives, but its cell is vacant"),
            (MANY, Some(count)) if count <= FEW => Some("has a small count in the map"),
            (1..MANY, Some(_)) => Some("has a count both in its byte and in the map"),
            _ => None,
        }
    }
}

impl<const DEFER: bool> SideCounts<DEFER> {
    /// The byte of an object that is born.
    const BORN: u8 = if DEFER { NONE } else { NONE + 1 };

    /// One more reference to an object that has as many as a byte can say, or more.
    #[cold]
    fn retain_many(&mut self, object: Object, byte: u8, model: &mut Model) {
        let address = object.address();
        if byte == MANY {
            self.overflow.add(address, 1, model);
        } else {
            // Without memory for the map the count sticks: the object lives for ever, and its byte is never written again.
            let _ = self.overflow.insert(address, (byte - NONE) as usize + 1, model);
            self.counts.bytes_mut().set_byte(address, MANY, Cause::Count, model);
        }
    }
    /// One less. It is never the last.
    #[cold]
    fn release_many(&mut self, object: Object, model: &mut Model) {
        let address = object.address();
        if let Some(FEW) = self.overflow.add(address, -1, model) {
            self.overflow.remove(address, model);
            self.counts.bytes_mut().set_byte(address, FEW as u8 + NONE, Cause::Count, model);
        }
    }
    #[cold]
    fn count_many(&self, object: Object) -> u32 {
        self.overflow.count(object.address()).map_or(u32::MAX, |count| count as u32)
    }
}
