//! Dense memory: objects one after the other, of any size, for spaces in which nothing is allocated and nothing is given back singly.
//!
//! ```text
//!   objects | header | slots … | count of units | header | bytes … | header | slots … |      no cells, no gaps
//!   starts  | a bit for eight bytes: a header lies there                              |      beside them
//! ```
//! Objects keep their layout, the count of units in front of a large one included. The bits say which objects there are; where one
//! died its bytes stay, unread.

use super::model::{Cause, Model};
use super::region::Region;
use super::runs::PAGE;
use crate::heap::HeapError;
use crate::object::{Format, LARGE, Object};

/// log2 of the bytes for each bit.
const GRANULE_SHIFT: usize = 3;

/// See the module.
#[derive(Debug)]
pub struct Dense {
    objects: Region,
    starts: Region,
    /// Those reached by a trace, by the same bits; its pages exist only meanwhile.
    reached: Region,
    /// Where the next copy is placed.
    cursor: usize,
    /// Bytes taken from the start on, and how many of them were given back.
    used: usize,
    vacant: usize,
}

impl Dense {
    /// No objects yet, room for `bytes` of them; the bits are called `starts`.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(
        name: &'static str,
        starts: &'static str,
        bytes: usize,
        model: &mut Model,
    ) -> Result<Dense, HeapError> {
        let objects = Region::reserve(name, bytes)?;
        let starts = Region::reserve(starts, (objects.reserved() >> GRANULE_SHIFT >> 3) + 8)?;
        model.watch(&objects);
        let reached = Region::reserve("reached", starts.reserved())?;
        [&starts, &reached].into_iter().for_each(|region| model.watch(region));
        Ok(Dense { objects, starts, reached, cursor: 0, used: 0, vacant: 0 })
    }
    /// The region of the objects.
    #[inline(always)]
    pub fn region(&self) -> &Region {
        &self.objects
    }
    /// Its regions.
    pub fn regions(&self) -> [&Region; 3] {
        [&self.objects, &self.starts, &self.reached]
    }
    /// Does `address` lie here? One subtraction and one comparison; nothing is read.
    #[inline(always)]
    pub fn contains(&self, address: usize) -> bool {
        self.objects.contains(address)
    }
    /// Bytes taken, in whole pages.
    pub fn bytes(&self) -> usize {
        self.used.next_multiple_of(PAGE) - self.vacant
    }
    /// The end of what is taken.
    pub fn frontier(&self) -> usize {
        self.objects.start() + self.used
    }
    /// The bytes that a copy of `object` takes.
    pub fn size_of(object: Object) -> usize {
        let (word, units) = (object.shape_word(), object.units());
        8 + 8 * units + 8 * usize::from(word.units() == LARGE)
    }
    /// Makes room for `bytes` more. `false`: there is none.
    #[must_use]
    pub fn reserve(&mut self, bytes: usize) -> bool {
        let end = self.cursor + bytes;
        end <= self.objects.reserved()
            && self.objects.commit(end)
            && self.starts.commit((end >> GRANULE_SHIFT >> 3) + 8)
            && self.reached.commit((end >> GRANULE_SHIFT >> 3) + 8)
    }
    /// What is reserved and placed from now on begins at `start`: pages that are vacant, or behind all that are taken.
    pub fn aim(&mut self, start: usize) {
        self.cursor = start - self.objects.start();
    }
    /// The first address behind all that is taken with a page of its own.
    pub fn next_page(&self) -> usize {
        self.objects.start() + self.used.next_multiple_of(PAGE)
    }
    /// The whole pages from `start` to `end`, where writing was forbidden, hold nothing any more, and are the kernel's.
    pub fn vacate(&mut self, start: usize, end: usize, model: &mut Model) {
        let base = self.objects.start();
        for group in self.index(start) / 64..self.index(end) / 64 {
            let word = self.word(group);
            // SAFETY: the bits of whole pages are whole words, and were reserved.
            unsafe {
                if *word != 0 {
                    *word = 0;
                    model.note(word.addr(), Cause::Free);
                }
            }
        }
        self.objects.discard(start - base, end - base);
        model.give_back(start, end);
        self.vacant += end - start;
    }
    /// The vacant pages from `start` to `end` may be written again. `false`: the kernel refuses.
    #[must_use]
    pub fn occupy(&mut self, start: usize, end: usize) -> bool {
        let base = self.objects.start();
        let allowed = self.objects.protect(start - base, end - base, true);
        if allowed {
            self.vacant -= end - start;
        }
        allowed
    }
    /// From now on a write to the whole pages from `start` to `end` ends the process. `false`: the kernel refuses.
    #[must_use]
    pub fn forbid(&mut self, start: usize, end: usize) -> bool {
        let base = self.objects.start();
        self.used = self.used.max(end - base);
        self.objects.protect(start - base, end - base, false)
    }
    /// Writes a word that belongs to no object behind the last copy. Room for it was reserved.
    pub fn place_word(&mut self, word: u64, model: &mut Model) {
        let to = self.objects.pointer::<u64>(self.cursor);
        debug_assert!(to.addr() < self.objects.end());
        model.note(to.addr(), Cause::Allocate);
        // SAFETY: reserved by the caller, and nothing lies there.
        unsafe { *to = word };
        self.cursor += 8;
        self.used = self.used.max(self.cursor);
    }

    /// A copy of `object`, every word of it but its tally, which is `tally`. Room for it was reserved.
    pub fn place(&mut self, object: Object, tally: u32, model: &mut Model) -> Object {
        let size = Dense::size_of(object);
        debug_assert!(self.objects.start() + self.cursor + size <= self.objects.end());
        let front = usize::from(object.shape_word().units() == LARGE);
        let to = self.objects.pointer::<u64>(self.cursor);
        model.note_range(to.addr(), size, Cause::Allocate);
        // SAFETY: the object has that many words, with the count of units in front of a large one; the room was reserved, and
        // nothing lies there.
        let copy = unsafe {
            object.pointer().sub(front).copy_to_nonoverlapping(to, front + 1 + object.units());
            Object::from_address(to.expose_provenance() + 8 * front)
        };
        copy.set_tally(tally);
        self.cursor += size;
        self.used = self.used.max(self.cursor);
        self.set(copy.address(), true, model);
        copy
    }

    // -- The bits -----------------------------------------------------------------------------------

    fn index(&self, address: usize) -> usize {
        (address - self.objects.start()) >> GRANULE_SHIFT
    }
    fn word(&self, group: usize) -> *mut u64 {
        self.starts.pointer::<u64>(group * 8)
    }
    fn set(&mut self, address: usize, on: bool, model: &mut Model) {
        let index = self.index(address);
        let word = self.word(index / 64);
        let bit = 1 << (index % 64);
        // SAFETY: `reserve` made the word usable.
        unsafe {
            let wanted = if on { *word | bit } else { *word & !bit };
            if wanted != *word {
                *word = wanted;
                model.note(word.addr(), if on { Cause::Mark } else { Cause::Free });
            }
        }
    }
    /// Does an object's header lie at `address`, which is here?
    #[inline]
    pub fn is_start(&self, address: usize) -> bool {
        let index = self.index(address);
        // SAFETY: below what is taken, so the word was reserved.
        address < self.frontier() && unsafe { *self.word(index / 64) } >> (index % 64) & 1 != 0
    }
    /// The first object whose header lies at `from` or behind it, and below `end`.
    #[inline]
    pub fn next(&self, from: usize, end: usize) -> Option<Object> {
        let (mut index, last) =
            (self.index(from.max(self.objects.start())), self.index(end.min(self.frontier())));
        while index < last {
            // SAFETY: below what is taken, so the word was reserved.
            let word = unsafe { *self.word(index / 64) } >> (index % 64);
            if word != 0 {
                let found = index + word.trailing_zeros() as usize;
                // SAFETY: the bit says that a header lies there.
                return (found < last)
                    .then(|| unsafe { Object::from_address(self.objects.start() + found * 8) });
            }
            index = (index | 63) + 1;
        }
        None
    }
    /// Every object, in address order.
    pub fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.each_object_in(self.objects.start(), self.frontier(), visit);
    }
    /// The same, of those whose headers lie between two addresses.
    pub fn each_object_in(&self, from: usize, end: usize, visit: &mut dyn FnMut(Object)) {
        let mut next = self.next(from, end);
        while let Some(object) = next {
            visit(object);
            next = self.next(object.address() + 8, end);
        }
    }
    // -- A trace that comes here --------------------------------------------------------------------

    fn reached_bit(&self, address: usize) -> (*mut u64, u64) {
        let index = self.index(address);
        (self.reached.pointer::<u64>(index / 64 * 8), 1 << (index % 64))
    }
    /// Notes that the trace came to `object`; `true` if it is the first time. The model is not told: these pages are never shared.
    pub fn reach(&mut self, object: Object) -> bool {
        self.reach_at(object.address())
    }
    /// The same for something else that begins at `address`.
    pub fn reach_at(&mut self, address: usize) -> bool {
        let (word, bit) = self.reached_bit(address);
        // SAFETY: `reserve` made the word usable.
        unsafe {
            let first = *word & bit == 0;
            if first {
                *word |= bit;
            }
            first
        }
    }
    /// Did it?
    pub fn is_reached(&self, object: Object) -> bool {
        self.is_reached_at(object.address())
    }
    /// The same for something else.
    pub fn is_reached_at(&self, address: usize) -> bool {
        let (word, bit) = self.reached_bit(address);
        // SAFETY: as above.
        unsafe { *word & bit != 0 }
    }
    /// After the trace: what was not reached is none of the objects any more. How many, parts left out.
    pub fn sweep(&mut self, model: &mut Model) -> usize {
        let mut reclaimed = 0;
        let mut next = self.next(self.objects.start(), self.frontier());
        while let Some(object) = next {
            next = self.next(object.address() + 8, self.frontier());
            if !self.is_reached(object) {
                reclaimed += usize::from(object.format() != Format::Part);
                self.set(object.address(), false, model);
            }
        }
        self.end_trace();
        reclaimed
    }
    /// Nothing is reached any more: the memory of the trace goes back.
    pub fn end_trace(&mut self) {
        self.reached.discard(0, self.reached.end() - self.reached.start());
    }

    /// For the verifier, which reads no object: the bytes that the object at `address` may take, the word in front included.
    pub fn cell_around(&self, address: usize) -> Option<std::ops::Range<usize>> {
        self.is_start(address).then(|| {
            let next = self.next(address + 8, self.frontier());
            address - 8..next.map_or(self.frontier(), |object| object.address())
        })
    }
    /// Nothing lives here any more: all pages go back to the kernel.
    pub fn clear(&mut self) {
        self.objects.discard(0, self.objects.end() - self.objects.start());
        self.starts.discard(0, self.starts.end() - self.starts.start());
        (self.cursor, self.used, self.vacant) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ShapeWord;
    use crate::parts::space::Space;
    use crate::{Options, Value};

    #[test]
    fn copies_lie_one_after_the_other_and_are_found_again() {
        let mut space = Space::new(&Options::default()).unwrap();
        let mut dense = Dense::new("test", "starts", 1 << 20, &mut space.model).unwrap();
        let mut copies = Vec::new();
        for (number, units) in [0, 1, 2, 300, 3, 254, 255, 1].into_iter().enumerate() {
            let shape = ShapeWord::new(
                if units > 254 { Format::Bytes } else { Format::Slots },
                number as u32,
            );
            let object = space.allocate_slow(0, shape, units, 0).unwrap();
            for index in 0..units {
                // SAFETY: a fresh object of that many words.
                unsafe { object.set_slot(index, Value::raw(number as u64)) };
            }
            assert!(dense.reserve(Dense::size_of(object)));
            copies.push(dense.place(object, 0, &mut space.model));
        }
        let mut found = Vec::new();
        dense.each_object(&mut |object| found.push(object));
        assert_eq!(found, copies);
        for (number, &copy) in copies.iter().enumerate() {
            assert_eq!(copy.shape() as usize, number);
            assert!(copy.slots().all(|value| value == Value::raw(number as u64)));
            assert!(dense.is_start(copy.address()) && dense.contains(copy.address()));
        }
        let bytes: usize = copies.iter().map(|&copy| Dense::size_of(copy)).sum();
        assert_eq!(dense.frontier() - dense.region().start(), bytes);
        for &copy in &copies {
            assert!(copy == copies[3] || dense.reach(copy));
        }
        assert_eq!(dense.sweep(&mut space.model), 1);
        let rest = dense.next(copies[2].address() + 8, dense.frontier());
        assert_eq!(rest, Some(copies[4]));
        dense.clear();
        assert_eq!(
            (dense.next(dense.region().start(), dense.frontier()), dense.bytes()),
            (None, 0)
        );
    }
}
