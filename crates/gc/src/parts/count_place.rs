//! Where the counts of a strategy lie, and where its allocations and frees go: all in which `scratch` and `side-counts` differ.

use super::counts;
use super::model::Model;
use super::region::Region;
use super::space::Space;
use crate::heap::{HeapError, Options};
use crate::object::{COUNT_ONE, FLAG_WEAKLY_HELD, Object, ShapeWord};

/// See the module.
pub trait CountPlace: Sized + 'static {
    /// The options of `--gc NAME:key=value` that it knows.
    const OPTIONS: &'static [&'static str];
    /// Are references in registers not counted? Then an object is born with a count of zero.
    const DEFERS: bool = false;

    /// No counts yet; its regions are watched by the space's model.
    ///
    /// # Errors
    /// The address space is refused, or an option has an unknown value.
    fn new(options: &Options, space: &mut Space) -> Result<Self, HeapError>;

    /// An object with a count of one, or of zero where counting is deferred. `None`: see [`CountPlace::allocate_slow`].
    fn allocate(&mut self, shape: ShapeWord, units: usize, space: &mut Space) -> Option<Object>;
    /// The same, of any size, from new memory if there is no other. `None`: the limit is reached.
    fn allocate_slow(
        &mut self,
        shape: ShapeWord,
        units: usize,
        space: &mut Space,
    ) -> Option<Object>;
    /// Gives back the memory of `object`, whose count is zero.
    fn free(&mut self, object: Object, space: &mut Space);
    /// The limit is reached: see [`crate::Collector::release_empty_blocks`].
    fn release_empty_blocks(&mut self, space: &mut Space) {
        space.cells.release_empty_blocks(&mut space.model);
    }
    /// In the parent, just before a fork.
    fn before_fork(&mut self) {}
    /// In a child, just after.
    fn after_fork_in_child(&mut self, space: &mut Space) {
        space.after_fork_in_child();
    }

    /// One more reference to `object`.
    fn retain(&mut self, object: Object, model: &mut Model);
    /// One less. `true`: it was the last.
    fn release(&mut self, object: Object, model: &mut Model) -> bool;
    /// How many there are.
    fn count(&self, object: Object) -> u32;

    /// Is there an object where `object` is or was, and is its count zero? Asked where counting is deferred.
    fn is_unreferenced(&self, _object: Object) -> bool {
        false
    }

    /// Puts a dead object aside, whose references are still to be dropped. `false`: there is no room but in the object itself.
    #[inline(always)]
    fn push_dying(&mut self, _object: Object) -> bool {
        false
    }
    /// Takes one back.
    #[inline(always)]
    fn pop_dying(&mut self) -> Option<Object> {
        None
    }

    /// See [`crate::Collector::register_weak`].
    fn register_weak(&mut self, weak: Object, space: &mut Space);
    /// May there be weak references to `object`?
    fn is_weakly_held(&self, object: Object, space: &Space) -> bool;

    /// See [`crate::Collector::each_region`].
    fn each_region(&self, _visit: &mut dyn FnMut(&Region)) {}
    /// See [`crate::Collector::each_object`].
    fn each_object(&self, space: &Space, visit: &mut dyn FnMut(Object)) {
        space.each_object(0, visit);
    }
    /// What is wrong with the count of `object`, which lives.
    fn complaint(&self, _object: Object) -> Option<&'static str> {
        None
    }
}

/// Counts in the headers of objects, freed cells in lists.
pub struct InHeader;

impl CountPlace for InHeader {
    const OPTIONS: &'static [&'static str] = &["gray"];

    fn new(_options: &Options, _space: &mut Space) -> Result<InHeader, HeapError> {
        Ok(InHeader)
    }
    #[inline(always)]
    fn allocate(&mut self, shape: ShapeWord, units: usize, space: &mut Space) -> Option<Object> {
        space.allocate(0, shape, units, COUNT_ONE)
    }
    fn allocate_slow(
        &mut self,
        shape: ShapeWord,
        units: usize,
        space: &mut Space,
    ) -> Option<Object> {
        space.allocate_slow(0, shape, units, COUNT_ONE)
    }
    #[inline(always)]
    fn free(&mut self, object: Object, space: &mut Space) {
        space.free(0, object);
    }
    #[inline(always)]
    fn retain(&mut self, object: Object, model: &mut Model) {
        counts::retain(object, model);
    }
    #[inline(always)]
    fn release(&mut self, object: Object, model: &mut Model) -> bool {
        counts::release(object, model)
    }
    #[inline(always)]
    fn count(&self, object: Object) -> u32 {
        counts::count(object)
    }
    fn register_weak(&mut self, weak: Object, space: &mut Space) {
        space.register_weak(weak);
    }
    #[inline(always)]
    fn is_weakly_held(&self, object: Object, _space: &Space) -> bool {
        object.tally() & FLAG_WEAKLY_HELD != 0
    }
}
