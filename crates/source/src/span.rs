//! A stretch of text.

use std::ops::Range;

/// A stretch of the text of one file: byte offsets from the start of the text, the end not included.
///
/// Both ends lie on character boundaries. An empty span is a place between two characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
}

impl Span {
    /// The bytes `start .. end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Span { start, end }
    }
    /// The place in front of the byte `offset`.
    pub const fn at(offset: u32) -> Self {
        Span { start: offset, end: offset }
    }
    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Self {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
    /// Does it cover all of the other?
    pub fn covers(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
    /// How many bytes it covers.
    pub fn bytes(self) -> u32 {
        self.end.saturating_sub(self.start)
    }
    /// Does it cover nothing?
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }
    /// For indexing a string.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}
