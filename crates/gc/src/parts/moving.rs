//! Moving objects: whole copies, forwarding addresses, and references that follow.
//!
//! ```text
//!   |        0        | address of the copy   | 1 0 0 |     the header of an object that was moved
//!    63            48                        3 2     0
//! ```
//! The flag is [`FLAG_STRATEGY`], which no other header has in a strategy that moves.

use super::model::Cause;
use super::space::Space;
use crate::object::{FLAG_STRATEGY, Object};
use crate::value::Value;

/// A copy of `object`, a container without a head or anything else, at another address. `None`: no memory.
pub fn duplicate(space: &mut Space, object: Object) -> Option<Object> {
    let (shape, units, tally) = (object.shape_word(), object.units(), object.tally());
    let copy = match space.allocate(0, shape, units, tally) {
        Some(copy) => copy,
        None => space.allocate_slow(0, shape, units, tally)?,
    };
    // SAFETY: both have that many words behind their headers, and they are two objects.
    unsafe { object.pointer().add(1).copy_to_nonoverlapping(copy.pointer().add(1), units) };
    Some(copy)
}

/// Leaves in `object` where its copy is. Its header is gone.
pub fn forward(space: &mut Space, object: Object, copy: Object) {
    space.model.note(object.address(), Cause::Header);
    // SAFETY: the header word of an object; both addresses are multiples of eight.
    unsafe { *object.pointer() = copy.address() as u64 | u64::from(FLAG_STRATEGY) };
}

/// Where the copy of `object` is, if it was moved.
pub fn forwarded(object: Object) -> Option<Object> {
    if object.tally() & FLAG_STRATEGY == 0 {
        return None;
    }
    // SAFETY: `forward` wrote the address of an object there.
    unsafe { Some(Object::from_address((*object.pointer() & !7) as usize)) }
}

/// The first `count` slots of `object`: every reference is replaced by what `update` says.
pub fn update_slots(object: Object, count: usize, update: &mut dyn FnMut(Object) -> Object) {
    for index in 0..count.min(object.units()) {
        // SAFETY: the index is below the units.
        unsafe {
            if let Some(target) = object.slot(index).as_object() {
                object.set_slot(index, Value::object(update(target)));
            }
        }
    }
}

/// Slot 0 of `object`, a weak reference whose target is dead, becomes `nil`.
pub fn clear_weak(object: Object) {
    // SAFETY: a weak reference has slot 0.
    unsafe { object.set_slot(0, Value::NIL) };
}
