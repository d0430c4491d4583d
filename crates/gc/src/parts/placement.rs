//! Where the heads of a collector of cycles lie, and where dead memory goes: all in which `inline`, `indirect` and
//! `frozen` differ.

use super::lists::{HEAD_BYTES, Head};
use super::region::Region;
use super::short_heads::SHORT_HEAD_BYTES;
use super::space::Space;
use super::thresholds::GENERATIONS;
use crate::collector::Unsupported;
use crate::heap::{HeapError, Options};
use crate::object::{Format, Object};

/// A head's `refs` outside of collections, and of survivors.
pub const REACHABLE: i64 = -3;
/// Lists that a placement keeps: the generations, two for the use of a collection, the permanent ones.
pub const LISTS: usize = 2 * GENERATIONS + 2;
/// The first of the permanent generations, one for each source generation.
pub const PERMANENT: usize = GENERATIONS + 2;

/// Where heads lie, and where dead memory goes.
pub trait Placement: Sized + 'static {
    /// Bytes in front of the header of a container.
    const HEAD: usize;
    /// See [`crate::Collector::IMMORTALIZES`].
    const IMMORTALIZES: bool = false;
    /// Are heads so short that a search keeps its counts in the links? See `short_heads`.
    const SHORT: bool = Self::HEAD == SHORT_HEAD_BYTES;
    /// The options of `--gc NAME:key=value` that it knows.
    const OPTIONS: &'static [&'static str] = &[];

    /// Room for [`LISTS`] list heads; its regions are watched by the space's model.
    ///
    /// # Errors
    /// The address space is refused, or an option has an unknown value.
    fn new(options: &Options, space: &mut Space) -> Result<Self, HeapError>;
    /// The head of a container.
    fn head_of(object: Object) -> Head;
    /// The container of a head.
    fn object_of(head: Head) -> Object;
    /// The head of list `number`.
    fn list(&self, number: usize) -> Head;
    /// A head for a container just allocated, in no list yet. `None`: see [`Placement::attach_slow`].
    fn attach(&mut self, object: Object, space: &mut Space) -> Option<Head>;
    /// The same, from new memory if need be. `None`: there is none.
    fn attach_slow(&mut self, object: Object, space: &mut Space) -> Option<Head> {
        self.attach(object, space)
    }
    /// Gives back the memory of a dead object, and its head's, which is still in its list.
    fn reclaim(&mut self, object: Object, space: &mut Space);

    /// See [`crate::Collector::each_region`].
    fn each_region(&self, visit: &mut dyn FnMut(&Region));
    /// Is `object` dead, although its cell is not free?
    fn is_entombed(&self, _object: Object) -> bool {
        false
    }
    /// See [`crate::Collector::is_frozen`].
    fn is_frozen(&self, _object: Object) -> bool {
        false
    }
    /// See [`crate::Collector::frozen_test`].
    fn frozen_test(&self) -> Box<dyn Fn(Object) -> bool + '_> {
        Box::new(|object| self.is_frozen(object))
    }
    /// See [`crate::Collector::collects_first`].
    fn collects_first(&self) -> bool {
        false
    }
    /// Is `object`, a container, in no generation for good?
    fn is_untracked(&self, _object: Object) -> bool {
        false
    }
    /// See [`crate::Collector::immortalize`].
    fn immortalize(
        &mut self,
        _object: Object,
        _space: &mut Space,
    ) -> Result<Option<usize>, Unsupported> {
        Err(Unsupported)
    }
    /// See [`crate::Collector::freeze`].
    fn freeze(&mut self, _space: &mut Space, _counters: &mut [u32; 3]) -> Result<(), Unsupported> {
        Err(Unsupported)
    }
    /// See [`crate::Collector::unfreeze`].
    fn unfreeze(&mut self, _space: &mut Space) -> Result<(), Unsupported> {
        Err(Unsupported)
    }
    /// See [`crate::Collector::frozen_count`].
    fn frozen_count(&self) -> Result<usize, Unsupported> {
        Err(Unsupported)
    }
}

/// A region for the heads of lists, `bytes` each.
///
/// # Errors
/// The address space is refused.
pub fn reserve_heads(
    max_bytes: usize,
    bytes: usize,
    space: &mut Space,
) -> Result<Region, HeapError> {
    let mut heads = Region::reserve("headers", max_bytes.max(LISTS * bytes))?;
    if !heads.commit(LISTS * bytes) {
        let error = "no memory".to_owned();
        return Err(HeapError::Reserve { name: heads.name(), bytes: LISTS * bytes, error });
    }
    space.model.watch(&heads);
    Ok(heads)
}

/// The head in front of `object`, where it is there.
#[inline(always)]
pub fn head_before(object: Object) -> Head {
    Head(object.address() - HEAD_BYTES)
}

/// The object behind `head`, where it is there.
#[inline(always)]
pub fn object_behind(head: Head) -> Object {
    // SAFETY: the head of a container is followed by its header.
    unsafe { Object::from_address(head.0 + HEAD_BYTES) }
}

/// Calls `visit` with each container that `object` refers to, once for each reference, in its parts too.
#[inline(always)]
pub fn each_container(object: Object, mut visit: impl FnMut(Object)) {
    for value in object.slots() {
        let Some(target) = value.as_object() else { continue };
        match target.format() {
            Format::Slots => visit(target),
            Format::Part => {
                let items = target.slots().filter_map(|item| item.as_object());
                items.filter(|item| item.format() == Format::Slots).for_each(&mut visit);
            }
            Format::Bytes | Format::Weak => {}
        }
    }
}
