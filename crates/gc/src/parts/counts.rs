//! Counting, as the counting strategies share it: the two barriers, and burial without recursion.

use super::model::{Cause, Model};
use super::space::Space;
use crate::object::{COUNT_ONE, FLAG_FINALIZER, FLAG_WEAKLY_HELD, Format, Object};

/// One more reference to `object`. An immortal object is not written.
#[inline(always)]
pub fn retain(object: Object, model: &mut Model) {
    let tally = object.tally();
    if tally as i32 >= 0 {
        object.set_tally(tally + COUNT_ONE);
        model.note(object.address(), Cause::Count);
    }
}

/// One reference to `object` less. `true`: it was the last, and the object must be buried.
#[inline(always)]
#[must_use]
pub fn release(object: Object, model: &mut Model) -> bool {
    let tally = object.tally();
    if (tally as i32) < 0 {
        return false;
    }
    debug_assert!(tally >= COUNT_ONE, "a dead object was released");
    let tally = tally.wrapping_sub(COUNT_ONE);
    object.set_tally(tally);
    model.note(object.address(), Cause::Count);
    tally < COUNT_ONE
}

/// The number of references to `object`.
#[inline(always)]
pub fn count(object: Object) -> u32 {
    object.tally() / COUNT_ONE
}

/// What burial needs of a strategy.
pub trait Counted {
    /// The pages.
    fn space_mut(&mut self) -> &mut Space;
    /// Gives the memory of `object` back, to which nothing refers and which holds nothing any more; a container
    /// leaves its list first.
    fn reclaim(&mut self, object: Object);

    /// One more reference to `object`: in its header, unless the strategy counts elsewhere.
    #[inline(always)]
    fn count_up(&mut self, object: Object) {
        retain(object, &mut self.space_mut().model);
    }
    /// One less. `true`: it was the last.
    #[inline(always)]
    fn count_down(&mut self, object: Object) -> bool {
        release(object, &mut self.space_mut().model)
    }
    /// May `object`, which dies, have a finalizer that was not queued yet, or weak references?
    #[inline(always)]
    fn has_will(&self, object: Object) -> bool {
        object.tally() & (FLAG_FINALIZER | FLAG_WEAKLY_HELD) != 0
    }
    /// Clears the weak references to `object`.
    fn clear_weak(&mut self, object: Object) {
        if object.tally() & FLAG_WEAKLY_HELD != 0 {
            let space = self.space_mut();
            space.weak.clear(object, &mut space.model);
            space.set_flag(object, FLAG_WEAKLY_HELD, false);
        }
    }
    /// `object` is dead and its references are to be dropped: onto the stack, which writes its header, unless the strategy has a
    /// place of its own for it.
    #[inline(always)]
    fn push_dying(&mut self, object: Object, dying: &mut Dying) {
        self.space_mut().model.note(object.address(), Cause::Free);
        dying.push(object);
    }
    /// The next of them.
    #[inline(always)]
    fn pop_dying(&mut self, dying: &mut Dying) -> Option<Object> {
        dying.pop()
    }
    /// Takes the right of `object` to be finalized: `true` if it had it.
    fn take_finalizer(&mut self, object: Object) -> bool {
        let had = object.tally() & FLAG_FINALIZER != 0;
        self.space_mut().set_flag(object, FLAG_FINALIZER, false);
        had
    }
}

/// The dead whose references are still to be dropped: a stack threaded through their own header words. A dead object
/// needs its units and format only, so 48 bits are left for the link.
///
/// ```text
///   63   56 55 54 53   48 47                    0
///   | units | fmt | spare | the next dead object |
/// ```
#[derive(Default)]
pub struct Dying {
    top: u64,
}

const LINK: u64 = (1 << 48) - 1;
/// Units and format, in the upper half.
const KEPT: u32 = 0xFFC0_0000;
/// A spare bit, in the upper half, for a strategy that wants to know something of an object again when it is popped.
pub const SPARE: u32 = 1 << 21;

impl Dying {
    /// Adds a dead object.
    #[inline(always)]
    pub fn push(&mut self, object: Object) {
        // The upper half only is read: the lower was just written, and a load across both would wait for that (12 ns, not 5).
        let kept = (object.shape_word().0 & KEPT) as u64;
        // SAFETY: a header word, of an object that nobody reads but who pops it.
        unsafe { *object.pointer() = kept << 32 | self.top };
        self.top = object.address() as u64;
    }
    /// Takes the one added last.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<Object> {
        if self.top == 0 {
            return None;
        }
        // SAFETY: the stack holds addresses of objects, pushed above.
        let object = unsafe { Object::from_address(self.top as usize) };
        // SAFETY: a header word.
        self.top = unsafe { *object.pointer() } & LINK;
        Some(object)
    }
}

/// `first` lost its last reference: gives it back, and everything that nothing but the dead referred to. Neither recurses nor
/// allocates, however long the chain.
#[inline(never)]
pub fn bury<C: Counted>(collector: &mut C, first: Object) {
    let mut dying = Dying::default();
    doom(collector, first, &mut dying);
    while let Some(object) = collector.pop_dying(&mut dying) {
        for index in 0..object.units() {
            // SAFETY: `index` is below the units, which a dead object still has.
            let child = unsafe { object.slot(index) }.as_object();
            if let Some(child) = child
                && collector.count_down(child)
            {
                doom(collector, child, &mut dying);
            }
        }
        collector.reclaim(object);
    }
}

/// `object` has a count of zero: to the finalizers, to the stack of the dying, or gone.
#[inline(always)]
fn doom<C: Counted>(collector: &mut C, object: Object, dying: &mut Dying) {
    if collector.has_will(object) && is_kept(collector, object) {
        return;
    }
    match object.format() {
        Format::Slots | Format::Part => {
            collector.push_dying(object, dying);
        }
        Format::Bytes => collector.reclaim(object),
        Format::Weak => {
            collector.space_mut().forget_weak(object);
            collector.reclaim(object);
        }
    }
}

/// The last will of an object with flags: `true` if it lives on, in the queue of finalizers.
#[cold]
fn is_kept<C: Counted>(collector: &mut C, object: Object) -> bool {
    // Weak references first, as in a collection and unlike CPython's deallocation: the same under every strategy.
    collector.clear_weak(object);
    if collector.take_finalizer(object) && collector.space_mut().queue_finalizer(object) {
        collector.count_up(object);
        return true;
    }
    false
}
