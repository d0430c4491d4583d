//! Reference counting alone, as Instagram ran CPython for a year.
//!
//! # Idea
//! An object dies when its last reference does. Nothing ever looks for cycles, so they are never given back; a
//! process that is replaced often enough may not mind.
//!
//! # Layout
//! ```text
//!   | units, format, shape | count, flags |  slot 0 | slot 1 | …
//!   ^ Object: 8 bytes, for every format
//! ```
//!
//! # Barriers
//! `retain` and `release` at every copy and every drop of a reference. A count that reaches zero buries the object
//! at once, and what it alone held, without recursion: the dead are linked through their own headers.
//!
//! # Collection
//! There is none.
//!
//! # After a fork
//! Reading an object writes its count, so the child copies every page that it reads an object of. What it frees is
//! written once more, as a hole that the next allocation fills: on a shared page, likely. The option `fresh=on`, which all
//! strategies that count know, lets a child allocate on pages of its own only.
//!
//! From Instagram Engineering, "Dismissing Python Garbage Collection at Instagram", 2017.

use crate::collector::{Collection, Collector, Request, Roots};
use crate::heap::{HeapError, Options};
use crate::object::{COUNT_ONE, FLAG_FINALIZER, Object, ShapeWord};
use crate::parts::counts::{self, Counted};
use crate::parts::space::Space;

/// See the module.
pub struct None {
    space: Space,
}

impl Counted for None {
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn reclaim(&mut self, object: Object) {
        self.space.free(Self::HEAD, object);
    }
}

// SAFETY: `Space` hands out cells and runs that it was given back or never handed out (1); an object is given back only
// when its count reaches zero, and the machine counts every reference it makes (2); a slot is written only when its owner is
// dead, weak slots of a dead target aside (3); every object is given back at its last release, cycles excepted, as the row
// says (4); nothing is collected (5).
unsafe impl Collector for None {
    const COUNTS: bool = true;
    const CYCLES: bool = false;
    const HEAD: usize = 0;

    fn new(options: &Options) -> Result<None, HeapError> {
        options.check_arguments(&[])?;
        Ok(None { space: Space::new(options)? })
    }

    #[inline(always)]
    fn allocate(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        self.space.allocate(Self::HEAD, shape, units, COUNT_ONE)
    }
    fn allocate_slow(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        self.space.allocate_slow(Self::HEAD, shape, units, COUNT_ONE)
    }

    #[inline(always)]
    fn retain(&mut self, object: Object) {
        counts::retain(object, &mut self.space.model);
    }
    #[inline(always)]
    fn release(&mut self, object: Object) {
        if counts::release(object, &mut self.space.model) {
            counts::bury(self, object);
        }
    }

    fn expect_finalizer(&mut self, object: Object) {
        self.space.set_flag(object, FLAG_FINALIZER, true);
    }
    fn register_weak(&mut self, weak: Object) {
        self.space.register_weak(weak);
    }
    fn release_part(&mut self, part: Object) {
        self.reclaim(part);
    }
    fn next_finalizer(&mut self) -> Option<Object> {
        self.space.next_finalizer()
    }

    fn collect(&mut self, _roots: &mut dyn Roots, _request: Request) -> Collection {
        Collection::default()
    }

    fn space(&self) -> &Space {
        &self.space
    }
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.space.each_object(Self::HEAD, visit);
    }
    fn reference_count(&self, object: Object) -> Option<u32> {
        Some(counts::count(object))
    }
    fn is_tracked(&self, _object: Object) -> bool {
        false
    }
}
