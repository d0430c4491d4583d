//! Intrusive circular lists of heads, the bookkeeping that CPython keeps in front of each container.
//!
//! ```text
//!   Head  | next | previous | refs |      24 bytes; a list is a head of its own, first and last at once
//! ```
//!
//! Every write is noted: what is written on a shared page is the whole lesson.

use super::model::{Cause, Model};

/// The address of a head. Zero is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Head(pub usize);

/// The bytes of a head.
pub const HEAD_BYTES: usize = 24;

impl Head {
    #[inline(always)]
    fn word(self, index: usize) -> *mut u64 {
        std::ptr::with_exposed_provenance_mut::<u64>(self.0).wrapping_add(index)
    }
    #[inline(always)]
    fn get(self, index: usize) -> u64 {
        // SAFETY: a head is the address of three words of a strategy's own (of two where the strategy asks for no more, of four where
        // the last points to its object).
        unsafe { *self.word(index) }
    }
    #[inline(always)]
    fn set(self, index: usize, word: u64, model: &mut Model) {
        model.note(self.0 + index * 8, Cause::Header);
        // SAFETY: as above.
        unsafe { *self.word(index) = word }
    }
    /// The first word, for who keeps more than a link there.
    #[inline(always)]
    pub fn first(self) -> u64 {
        self.get(0)
    }
    /// The second word, likewise.
    #[inline(always)]
    pub fn second(self) -> u64 {
        self.get(1)
    }
    /// Writes the first word.
    #[inline(always)]
    pub fn set_first(self, word: u64, model: &mut Model) {
        self.set(0, word, model);
    }
    /// Writes the second word.
    #[inline(always)]
    pub fn set_second(self, word: u64, model: &mut Model) {
        self.set(1, word, model);
    }
    /// The next in the list.
    #[inline(always)]
    pub fn next(self) -> Head {
        Head(self.get(0) as usize)
    }
    /// The one before.
    #[inline(always)]
    pub fn previous(self) -> Head {
        Head(self.get(1) as usize)
    }
    /// The scratch count, or a state below zero.
    #[inline(always)]
    pub fn refs(self) -> i64 {
        self.get(2) as i64
    }
    /// The fourth word, where there is one.
    #[inline(always)]
    pub fn fourth(self) -> u64 {
        self.get(3)
    }
    /// Links to the next.
    #[inline(always)]
    pub fn set_next(self, next: Head, model: &mut Model) {
        self.set(0, next.0 as u64, model);
    }
    /// Links to the one before.
    #[inline(always)]
    pub fn set_previous(self, previous: Head, model: &mut Model) {
        self.set(1, previous.0 as u64, model);
    }
    /// Writes the scratch count or state.
    #[inline(always)]
    pub fn set_refs(self, refs: i64, model: &mut Model) {
        self.set(2, refs as u64, model);
    }
    /// Writes the fourth word, where there is one.
    #[inline(always)]
    pub fn set_fourth(self, word: u64, model: &mut Model) {
        self.set(3, word, model);
    }

    // -- As a list ----------------------------------------------------------------------------------

    /// Makes this head an empty list.
    pub fn make_empty(self, model: &mut Model) {
        self.set_next(self, model);
        self.set_previous(self, model);
    }
    /// Is the list empty?
    #[inline(always)]
    pub fn is_empty(self) -> bool {
        self.next() == self
    }
    /// Puts `head`, which is in no list, at the end of this list.
    #[inline(always)]
    pub fn append(self, head: Head, model: &mut Model) {
        let last = self.previous();
        head.set_next(self, model);
        head.set_previous(last, model);
        last.set_next(head, model);
        self.set_previous(head, model);
    }
    /// Takes this head out of its list. Its own words are not written.
    #[inline(always)]
    pub fn unlink(self, model: &mut Model) {
        let (next, previous) = (self.next(), self.previous());
        previous.set_next(next, model);
        next.set_previous(previous, model);
    }
    /// Puts everything that is in `from` at the end of this list: the ends are written, and nothing else.
    pub fn splice(self, from: Head, model: &mut Model) {
        if from.is_empty() {
            return;
        }
        let (first, last, end) = (from.next(), from.previous(), self.previous());
        end.set_next(first, model);
        first.set_previous(end, model);
        last.set_next(self, model);
        self.set_previous(last, model);
        from.make_empty(model);
    }
    /// Does every head link back to the one that links to it? The text says where not.
    ///
    /// # Errors
    /// One does not.
    pub fn verify(self) -> Result<(), String> {
        let mut head = self;
        loop {
            let next = head.next();
            if next.previous() != head {
                return Err(format!(
                    "{:#x} links to {:#x}, which does not link back",
                    head.0, next.0
                ));
            }
            head = next;
            if head == self {
                return Ok(());
            }
        }
    }
    /// The heads in this list, first to last, while nothing changes.
    pub fn iter(self) -> impl Iterator<Item = Head> {
        let mut head = self;
        std::iter::from_fn(move || {
            head = head.next();
            (head != self).then_some(head)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::region::Region;

    #[test]
    fn appends_unlinks_and_splices() {
        let mut region = Region::reserve("test", 1 << 12).unwrap();
        let mut model = Model::new().unwrap();
        let model = &mut model;
        assert!(region.commit(1 << 12));
        let head = |index: usize| Head(region.start() + index * HEAD_BYTES);
        let (young, old) = (head(0), head(1));
        young.make_empty(model);
        old.make_empty(model);
        (2..6).for_each(|index| young.append(head(index), model));
        head(3).unlink(model);
        old.append(head(3), model);
        old.splice(young, model);
        old.splice(young, model);
        assert!(young.is_empty());
        let order: Vec<Head> = old.iter().collect();
        assert_eq!(order, [3, 2, 4, 5].map(head));
        assert_eq!(old.previous(), head(5));
    }
}
