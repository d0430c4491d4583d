//! The gray objects of a mark: reached, not yet scanned. A stack, and in front of it a short queue that prefetches.
//!
//! An object waits in the queue until its first line has come from memory; meanwhile others are scanned. On a heap of
//! a million objects that is worth a factor of 1.5 to 2.7 (Cher, Hosking, Vijaykumar: "Software Prefetching for
//! Mark-Sweep Garbage Collection", ASPLOS 2004). The stack never recurses and may overflow: then [`Gray::overflowed`] says so,
//! and the collector looks for marked objects with unmarked children, as often as needed.

use super::region::Region;
use super::space::Space;
use super::vector::Vector;
use crate::heap::{HeapError, Options};
use crate::object::{Format, Object};

/// Room on the stack, unless less is asked for.
const MOST: usize = 1 << 28;
/// How many objects wait for their memory at a time.
const WAITING: usize = 16;

/// See the module.
#[derive(Debug)]
pub struct Gray {
    stack: Vector<Object>,
    waiting: [Option<Object>; WAITING],
    next: usize,
    overflowed: bool,
}

impl Gray {
    /// Nothing gray. The strategy's option `gray=N` leaves room for N objects only (in whole pages), to watch it overflow; the
    /// model of `space` watches the stack.
    ///
    /// # Errors
    /// The address space is refused, or the option is no number.
    pub fn new(options: &Options, space: &mut Space) -> Result<Gray, HeapError> {
        let stack = Vector::new("gray", options.number("gray", MOST)?)?;
        space.model.watch(stack.region());
        Ok(Gray { stack, waiting: [None; WAITING], next: 0, overflowed: false })
    }
    /// The region of the stack.
    pub fn region(&self) -> &Region {
        self.stack.region()
    }
    /// Adds an object. If there is no room it is dropped, and the mark has overflowed.
    #[inline(always)]
    pub fn push(&mut self, object: Object) {
        if !self.stack.push(object) {
            self.overflowed = true;
        }
    }
    /// Adds an object. `false`: there is no room, it is not added, and the mark has overflowed.
    #[inline(always)]
    #[must_use]
    pub fn try_push(&mut self, object: Object) -> bool {
        let has_room = self.stack.push(object);
        self.overflowed |= !has_room;
        has_room
    }
    /// An object to scan, or `None` when all are black.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<Object> {
        while let Some(object) = self.stack.pop() {
            prefetch(object);
            let ready = self.waiting[self.next].replace(object);
            self.next = (self.next + 1) % WAITING;
            if ready.is_some() {
                return ready;
            }
        }
        for _ in 0..WAITING {
            let ready = self.waiting[self.next].take();
            self.next = (self.next + 1) % WAITING;
            if ready.is_some() {
                return ready;
            }
        }
        None
    }
    /// Were objects dropped since the last time this was asked?
    pub fn overflowed(&mut self) -> bool {
        std::mem::take(&mut self.overflowed)
    }
    /// After a mark: a stack that was deep is given back.
    pub fn settle(&mut self) {
        if self.stack.region().end() - self.stack.region().start() > super::plane::KEPT {
            self.give_back();
        }
    }
    /// Gives the stack's pages back, so that a child finds none of them shared.
    pub fn give_back(&mut self) {
        self.stack.give_back();
    }
}

/// What `object` refers to and keeps: nothing, unless it has slots or is a part.
#[inline(always)]
pub fn references(object: Object) -> impl Iterator<Item = Object> {
    let units =
        if matches!(object.format(), Format::Slots | Format::Part) { object.units() } else { 0 };
    // SAFETY: the index is below the object's units.
    (0..units).filter_map(move |index| unsafe { object.slot(index) }.as_object())
}

/// Asks for the cache line of the header.
#[inline(always)]
fn prefetch(object: Object) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a hint; it cannot fault.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(object.pointer().cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = object;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_each_object_once_and_says_when_it_overflowed() {
        let mut words = [0u64; 100];
        let objects: Vec<Object> = words
            .iter_mut()
            // SAFETY: the address of a word that is aligned and lives on.
            .map(|word| unsafe { Object::from_address((word as *mut u64).expose_provenance()) })
            .collect();
        let arguments = vec![("gray".to_string(), "100".to_string())];
        let options = Options { arguments, ..Options::default() };
        let mut gray = Gray::new(&options, &mut Space::new(&options).unwrap()).unwrap();
        objects.iter().for_each(|&object| gray.push(object));
        let mut seen: Vec<Object> = std::iter::from_fn(|| gray.pop()).collect();
        seen.sort();
        assert_eq!(seen, objects);
        assert!(!gray.overflowed() && gray.pop().is_none());
        // Reservations are whole multiples of 64 KiB.
        (0..(64 << 10) / 8).for_each(|_| gray.push(objects[0]));
        assert!(!gray.overflowed());
        gray.push(objects[1]);
        assert!(gray.overflowed() && !gray.overflowed());
        assert_eq!(std::iter::from_fn(|| gray.pop()).count(), (64 << 10) / 8);
        gray.give_back();
        assert!(gray.pop().is_none());
    }
}
