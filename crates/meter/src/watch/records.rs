//! First writes, in their order, in memory reserved beforehand.

use crate::MeterError;
use crate::reserved::Words;

/// A first write to a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The address that was written.
    pub address: usize,
    /// When, in nanoseconds since the watch was started.
    pub nanoseconds: u64,
    /// The number of the stack, for [`super::Watch::stack`].
    pub stack: u32,
    /// The byte that the [`super::Capture`] gave.
    pub tag: u8,
    /// The page was given back to the kernel since: it is no copy any more.
    pub given_back: bool,
    /// Nobody else had the page when it was written, so that the kernel had nothing to copy. It is asked only where the frames of pages
    /// are hidden; where they are told, [`crate::PageFlags::kept`] knows.
    pub in_place: bool,
}

/// Words of a record: address, time, then stack, tag and flags in one.
const WORDS: usize = 3;
const GIVEN_BACK: u64 = 1 << 40;
const IN_PLACE: u64 = 1 << 41;

#[derive(Debug)]
pub(super) struct Records {
    words: Words,
    count: usize,
    /// Records before this one are of an earlier fork.
    since: usize,
}

impl Records {
    pub(super) fn reserve(capacity: usize) -> Result<Records, MeterError> {
        Ok(Records { words: Words::reserve(capacity * WORDS)?, count: 0, since: 0 })
    }

    /// How many there are, those of earlier forks too.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// What there is, is of an earlier fork from now on.
    pub(super) fn begin(&mut self) {
        self.since = self.count;
    }

    /// Forgets all but the first `count`.
    pub(super) fn truncate(&mut self, count: usize) {
        self.count = count;
    }

    /// Adds one and gives its number. `None`: there is no room.
    pub(super) fn push(&mut self, record: Record) -> Option<usize> {
        let at = self.count * WORDS;
        if at + WORDS > self.words.len() {
            return None;
        }
        let flags = if record.in_place { IN_PLACE } else { 0 };
        self.words[at] = record.address as u64;
        self.words[at + 1] = record.nanoseconds;
        self.words[at + 2] = u64::from(record.stack) | u64::from(record.tag) << 32 | flags;
        self.count += 1;
        Some(self.count - 1)
    }

    pub(super) fn mark_given_back(&mut self, number: usize) {
        self.words[number * WORDS + 2] |= GIVEN_BACK;
    }

    /// Those since the last fork, in their order.
    pub(super) fn each(&self) -> impl ExactSizeIterator<Item = Record> + '_ {
        (self.since..self.count).map(|number| {
            let at = number * WORDS;
            let last = self.words[at + 2];
            Record {
                address: self.words[at] as usize,
                nanoseconds: self.words[at + 1],
                stack: last as u32,
                tag: (last >> 32) as u8,
                given_back: last & GIVEN_BACK != 0,
                in_place: last & IN_PLACE != 0,
            }
        })
    }
}
