//! CPython 3.7: counts, three generations, the head in front of each container.
//!
//! # Idea
//! The algorithm is that of `cycles`. Its bookkeeping lies where it is quickest to reach: right before the object.
//!
//! # Layout
//! ```text
//!   | next | previous | refs | header | slot 0 | …        24 bytes before the header of a container
//!   ^ Head                   ^ Object
//!   headers  | the heads of the lists themselves |        one page
//! ```
//!
//! With the option `head=16` the head is that of CPython 3.8: two words, the second of which is the scratch count during a
//! search (`parts/short_heads.rs`).
//!
//! # Barriers
//! See `cycles`. A birth also writes the head of the container born before, a death those of both neighbours.
//!
//! # Collection
//! See `cycles`. Every step reads and writes the page of the object: quick while the lists run in the order of memory.
//!
//! # After a fork
//! The first full collection in a child copies every page that holds a container, even if nothing is garbage: the
//! scratch count is in the page. This is what the other strategies were invented against.
//!
//! From CPython 3.7, `PyGC_Head` in `Include/objimpl.h`; `head=16`: 3.8, bpo-33597.

use crate::heap::{HeapError, Options};
use crate::object::{Format, Object};
use crate::parts::lists::{HEAD_BYTES, Head};
use crate::parts::placement::{Placement, reserve_heads};
use crate::parts::region::Region;
use crate::parts::space::Space;

/// Heads of so many bytes in front of their objects.
pub struct Inline<const BYTES: usize = HEAD_BYTES> {
    lists: Region,
}

impl<const BYTES: usize> Placement for Inline<BYTES> {
    const HEAD: usize = BYTES;
    const OPTIONS: &'static [&'static str] = &["fresh", "head"];

    fn new(options: &Options, space: &mut Space) -> Result<Self, HeapError> {
        options.check_choice("head", "24, 16")?;
        Ok(Inline { lists: reserve_heads(0, HEAD_BYTES, space)? })
    }
    #[inline(always)]
    fn head_of(object: Object) -> Head {
        Head(object.address() - BYTES)
    }
    #[inline(always)]
    fn object_of(head: Head) -> Object {
        // SAFETY: the head of a container is followed by its header.
        unsafe { Object::from_address(head.0 + BYTES) }
    }
    #[inline(always)]
    fn list(&self, number: usize) -> Head {
        Head(self.lists.start() + number * HEAD_BYTES)
    }
    #[inline(always)]
    fn attach(&mut self, object: Object, _space: &mut Space) -> Option<Head> {
        Some(Self::head_of(object))
    }
    #[inline(always)]
    fn reclaim(&mut self, object: Object, space: &mut Space) {
        if object.format() == Format::Slots {
            Self::head_of(object).unlink(&mut space.model);
        }
        space.free(Self::HEAD, object);
    }
    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        visit(&self.lists);
    }
}
