//! Where the program was: stacks of words, each different one kept once, in memory reserved beforehand.

use crate::MeterError;
use crate::reserved::Words;

/// Words that a [`Capture`] may fill.
pub const STACK_WORDS: usize = 512;

/// Tells the handler where the program is: writes up to [`STACK_WORDS`] words, whose meaning is the caller's, and gives their number
/// and a byte of the caller's. It runs in a signal handler: it may read memory, and nothing else.
pub type Capture = unsafe fn(context: *const (), into: &mut [u64]) -> (usize, u8);

/// Places in the table of stacks by hash, a power of two, and words for the stacks.
const PLACES: usize = 1 << 17;
const TEXT: usize = 1 << 24;

#[derive(Debug)]
pub(super) struct Stacks {
    /// Length and words of each.
    text: Words,
    used: usize,
    places: Words,
    buffer: Words,
}

impl Stacks {
    pub(super) fn reserve() -> Result<Stacks, MeterError> {
        Ok(Stacks {
            text: Words::reserve(TEXT)?,
            used: 0,
            places: Words::reserve(PLACES)?,
            buffer: Words::reserve(STACK_WORDS)?,
        })
    }

    /// The number of the stack that the program is in, and its tag. Equal stacks have one number.
    ///
    /// # Safety
    /// `capture` may be called with `context`.
    pub(super) unsafe fn take_down(&mut self, capture: Capture, context: *const ()) -> (u32, u8) {
        // SAFETY: the caller's promise.
        let (length, tag) = unsafe { capture(context, &mut self.buffer) };
        let length = length.min(self.buffer.len());
        let mut hash = length as u64;
        for word in &self.buffer[..length] {
            hash = (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        }
        let mut place = hash as usize % PLACES;
        for _ in 0..PLACES {
            let number = self.places[place] as usize;
            if number == 0 {
                break;
            }
            if self.get(number as u32) == &self.buffer[..length] {
                return (number as u32, tag);
            }
            place = (place + 1) % PLACES;
        }
        // Number 0 is "not known": so are stacks for which there is no room any more.
        let number = self.used + 1;
        if self.places[place] != 0 || number + length >= self.text.len() {
            return (0, tag);
        }
        self.text[number - 1] = length as u64;
        for index in 0..length {
            self.text[number + index] = self.buffer[index];
        }
        self.used += length + 1;
        self.places[place] = number as u64;
        (number as u32, tag)
    }

    /// The words of a stack, as the capture wrote them; none of stack 0.
    pub(super) fn get(&self, number: u32) -> &[u64] {
        if number == 0 {
            return &[];
        }
        let number = number as usize;
        let length = self.text[number - 1] as usize;
        &self.text[number..number + length]
    }
}
