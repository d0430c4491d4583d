//! Strings: immutable UTF-8 with its hash, one object each.
//!
//! ```text
//!   word 0:  length in bytes, 31 bits | is ASCII, 1 bit | hash, 32 bits
//!   word 1…  the text, zero-filled to a whole word
//! ```
//!
//! The hash of a short string is computed when the string is made and nothing is filled in later, so reading a string never writes to
//! its page. A long one keeps none: it is computed from both ends whenever it is asked for, which is seldom, and the same work for
//! every length. So making a long string costs nothing but the copying.

use crate::error::Thrown;
use crate::kind::Kind;
use crate::vm::Vm;
use calf_gc::{Collector, Object, Value};
use std::ops::Range;

const LENGTH: u64 = 0x7FFF_FFFF;
const ASCII: u64 = 0x8000_0000;
/// The longest string, in bytes.
pub(crate) const LONGEST: usize = LENGTH as usize;
/// Words from each end of a long string that count for its hash.
const ENDS: usize = 8;
/// The most words of a short string: they all count, and the hash is kept.
const SHORT: usize = 2 * ENDS;

/// A hash in the making: two lanes take the words in turns, so that one multiplication need not wait for the one before. Both halves
/// of each product count (the folding of wyhash).
struct Lanes(u64, u64);

impl Lanes {
    #[inline(always)]
    fn new(length: usize) -> Lanes {
        Lanes(0x9E37_79B9_7F4A_7C15 ^ length as u64, 0x8EBC_6AF0_9C88_C6E3)
    }

    #[inline(always)]
    fn fold(lane: u64, word: u64) -> u64 {
        let product = u128::from(lane ^ word) * 0xA076_1D64_78BD_642F;
        product as u64 ^ (product >> 64) as u64
    }

    #[inline(always)]
    fn add(&mut self, word: u64) {
        *self = Lanes(self.1, Lanes::fold(self.0, word));
    }

    #[inline(always)]
    fn end(self) -> u32 {
        let hash = Lanes::fold(self.0, self.1);
        (hash ^ hash >> 32) as u32
    }
}

/// The hash of a text of `length` bytes. The last word is filled up with zeros.
#[inline]
fn hash(words: &[u64], length: usize) -> u32 {
    let mut lanes = Lanes::new(length);
    let long = words.len() > SHORT;
    let (first, last) = if long { (ENDS, words.len() - ENDS) } else { (words.len(), words.len()) };
    words[..first].iter().chain(&words[last..]).for_each(|&word| lanes.add(word));
    lanes.end()
}

/// The first word of a string: its length, whether all is ASCII, and the hash that is kept.
#[inline(always)]
fn head_word(length: usize, is_ascii: bool, hash: u32) -> u64 {
    length as u64 | u64::from(hash) << 32 | if is_ascii { ASCII } else { 0 }
}

/// The first word: length, ASCII mark and hash.
#[inline(always)]
pub(crate) fn head(string: Object) -> u64 {
    // SAFETY: a string has at least its head word.
    unsafe { string.slot(0) }.bits()
}

/// The length in bytes.
#[inline(always)]
pub(crate) fn byte_length(string: Object) -> usize {
    (head(string) & LENGTH) as usize
}

/// Is every character one byte?
#[inline(always)]
pub(crate) fn is_ascii(string: Object) -> bool {
    head(string) & ASCII != 0
}

/// The hash: the one kept, or that of a long string.
pub(crate) fn hash_of(string: Object) -> u32 {
    kept_hash(string).unwrap_or_else(|| hash_long(string, byte_length(string)))
}

/// The hash that a short string keeps.
#[inline(always)]
pub(crate) fn kept_hash(string: Object) -> Option<u32> {
    let head = head(string);
    ((head & LENGTH) as usize <= 8 * SHORT).then_some((head >> 32) as u32)
}

#[cold]
fn hash_long(string: Object, length: usize) -> u32 {
    // SAFETY: the words of the text, which a string has behind its head.
    hash(unsafe { std::slice::from_raw_parts(string.pointer().add(2), length.div_ceil(8)) }, length)
}

/// The bytes of a string object. Not to be held over a safepoint.
#[inline]
pub(crate) fn bytes(string: &Object) -> &[u8] {
    string.view_bytes(8, byte_length(*string))
}

/// The text of a string object. Not to be held over a safepoint.
#[inline]
pub(crate) fn text(string: &Object) -> &str {
    debug_assert!(std::str::from_utf8(bytes(string)).is_ok());
    // SAFETY: a string is made from text only, and its bytes never change.
    unsafe { std::str::from_utf8_unchecked(bytes(string)) }
}

/// The character that begins at byte `at`, without a look at the rest of the text.
pub(crate) fn character_at(string: &Object, at: usize) -> char {
    let bytes = &bytes(string)[at..];
    let width = match bytes[0] {
        0..0x80 => 1,
        0x80..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0.. => 4,
    };
    let text = std::str::from_utf8(&bytes[..width]).expect("strings are UTF-8");
    text.chars().next().expect("a character begins here")
}

/// Are both strings, with the same bytes?
#[inline]
pub(crate) fn same_text(left: Value, right: Value) -> bool {
    // SAFETY: both are references (the callers checked).
    let (left, right) = unsafe { (left.as_object_unchecked(), right.as_object_unchecked()) };
    const STRING: u32 = Kind::String as u32;
    left.shape() == STRING
        && right.shape() == STRING
        && head(left) == head(right)
        && same_bytes(left, right)
}

/// Have two strings of the same head the same text?
#[inline(always)]
fn same_bytes(left: Object, right: Object) -> bool {
    let length = byte_length(left);
    if length > 8 * SHORT {
        return bytes(&left) == bytes(&right);
    }
    // SAFETY: both have this many bytes, the last word filled up with zeros.
    (0..length.div_ceil(8))
        .all(|index| unsafe { *left.pointer().add(2 + index) == *right.pointer().add(2 + index) })
}

/// The number of code points.
pub(crate) fn length(string: Object) -> usize {
    if is_ascii(string) { byte_length(string) } else { text(&string).chars().count() }
}

impl<C: Collector> Vm<C> {
    /// Memory for a string of `length` bytes, filled by `fill`.
    pub(crate) fn build_string(
        &mut self,
        length: usize,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<Value, Thrown> {
        self.build(length, None, |_, space| fill(space))
    }

    /// The same, where it may be known that every character is one byte.
    #[inline]
    fn build(
        &mut self,
        length: usize,
        is_ascii: Option<bool>,
        fill: impl FnOnce(&Self, &mut [u8]),
    ) -> Result<Value, Thrown> {
        if length > LONGEST {
            return Err(self.throw_out_of_memory());
        }
        let words = length.div_ceil(8);
        let object = self.allocate(Kind::String.shape_word(), 1 + words)?;
        // SAFETY: the object was just made with this many words, and nothing else refers to it.
        let space = unsafe {
            if words > 0 {
                *object.pointer().add(1 + words) = 0;
            }
            std::slice::from_raw_parts_mut(object.bytes().add(8), length)
        };
        fill(self, space);
        let is_ascii = is_ascii.unwrap_or_else(|| space.is_ascii());
        let hash = if words <= SHORT {
            // SAFETY: as above: all its words are written now.
            let words = unsafe { std::slice::from_raw_parts(object.pointer().add(2), words) };
            hash(words, length)
        } else {
            0
        };
        // SAFETY: as above. The word is no reference: bytes are never traced.
        unsafe { *object.pointer().add(1) = head_word(length, is_ascii, hash) };
        Ok(Value::object(object))
    }

    /// Bytes `range` of a string as one of their own. `whole` gives that string, and once more when it may have moved.
    pub(crate) fn cut(
        &mut self,
        whole: impl Fn() -> Object,
        range: Range<usize>,
    ) -> Result<Value, Thrown> {
        let length = range.len();
        let of_ascii = is_ascii(whole());
        if length > 8 * SHORT {
            return self.build(length, of_ascii.then_some(true), |_, space| {
                space.copy_from_slice(&bytes(&whole())[range]);
            });
        }
        assert!(range.end <= byte_length(whole()));
        let object = self.allocate(Kind::String.shape_word(), 1 + length.div_ceil(8))?;
        let (mut lanes, mut all) = (Lanes::new(length), 0);
        // SAFETY: the range lies within the text, as just checked, and before a text lies a word of the same object: what is read of
        // eight bytes that end in the range is in the string. The new object has as many words, and nothing else refers to it; none
        // is a reference: bytes are never traced.
        unsafe {
            let from = whole().bytes().add(8 + range.start);
            let mut place = object.pointer().add(2);
            let mut put = |word: u64| {
                place.write(word);
                place = place.add(1);
                lanes.add(word);
                all |= word;
            };
            for index in 0..length / 8 {
                put(from.add(8 * index).cast::<u64>().read_unaligned());
            }
            if !length.is_multiple_of(8) {
                let last = from.add(length).sub(8).cast::<u64>().read_unaligned();
                put(last >> (64 - length % 8 * 8));
            }
            let is_ascii = all & 0x8080_8080_8080_8080 == 0;
            *object.pointer().add(1) = head_word(length, is_ascii, lanes.end());
        }
        Ok(Value::object(object))
    }

    /// A new string.
    pub(crate) fn new_string(&mut self, text: &str) -> Result<Value, Thrown> {
        self.build_string(text.len(), |space| space.copy_from_slice(text.as_bytes()))
    }

    /// A one-character string: ASCII ones are made once, when the machine starts.
    pub(crate) fn character(&mut self, character: char) -> Result<Value, Thrown> {
        if character.is_ascii() {
            let value = self.mutator.known[self.characters + character as usize];
            return Ok(self.retained(value));
        }
        self.new_string(character.encode_utf8(&mut [0; 4]))
    }

    /// The two strings as one.
    pub(crate) fn concatenate(&mut self, left: Value, right: Value) -> Result<Value, Thrown> {
        let (one, other) =
            (left.as_object().expect("a string"), right.as_object().expect("a string"));
        let (first, second) = (byte_length(one), byte_length(other));
        let is_ascii = is_ascii(one) && is_ascii(other);
        if !C::MOVES {
            // The operands stay where they are: the registers hold them.
            if first + second <= 8 * SHORT {
                return self.join_short(one, other, is_ascii);
            }
            return self.build(first + second, Some(is_ascii), |_, space| {
                space[..first].copy_from_slice(bytes(&one));
                space[first..].copy_from_slice(bytes(&other));
            });
        }
        let mark = self.mark();
        let (one, other) = (self.hold_borrowed(left), self.hold_borrowed(right));
        let joined = self.build(first + second, Some(is_ascii), |vm, space| {
            space[..first].copy_from_slice(bytes(&vm.held_object(one)));
            space[first..].copy_from_slice(bytes(&vm.held_object(other)));
        });
        self.drop_handles(mark);
        joined
    }

    /// Two strings, which nothing moves, as one short one: copied and hashed a word at a time, without a look at what was just written.
    #[inline]
    fn join_short(&mut self, one: Object, other: Object, is_ascii: bool) -> Result<Value, Thrown> {
        let (first, second) = (byte_length(one), byte_length(other));
        let length = first + second;
        let object = self.allocate(Kind::String.shape_word(), 1 + length.div_ceil(8))?;
        let mut lanes = Lanes::new(length);
        let (whole, shift) = (first / 8, first % 8 * 8);
        // SAFETY: the operands have as many words as their lengths say, the last filled up with zeros; the new object has those of
        // both lengths together, and nothing else refers to it. The head is no reference: bytes are never traced.
        unsafe {
            let (left, right) = (one.pointer().add(2), other.pointer().add(2));
            let mut place = object.pointer().add(2);
            let mut put = |word: u64| {
                place.write(word);
                place = place.add(1);
                lanes.add(word);
            };
            (0..whole).for_each(|index| put(*left.add(index)));
            let words = second.div_ceil(8);
            if shift == 0 {
                (0..words).for_each(|index| put(*right.add(index)));
            } else {
                let mut begun = *left.add(whole);
                for index in 0..words {
                    let word = *right.add(index);
                    put(begun | word << shift);
                    begun = word >> (64 - shift);
                }
                // Zero if the last byte ended the word before.
                if whole + words < length.div_ceil(8) {
                    put(begun);
                }
            }
            *object.pointer().add(1) = head_word(length, is_ascii, lanes.end());
        }
        Ok(Value::object(object))
    }

    /// The texts of `count` values from `first` on as one string, at `place`.
    pub(crate) fn interpolate(
        &mut self,
        place: *mut Value,
        first: *mut Value,
        count: usize,
    ) -> Result<(), Thrown> {
        let mut joined = String::new();
        for index in 0..count {
            // SAFETY: registers of the running window.
            let value = unsafe { *first.add(index) };
            match (self.object_of(value, Kind::String), value.as_number()) {
                (Some(string), _) => joined.push_str(text(&string)),
                (None, Some(number)) => crate::text::write_number(number, &mut joined),
                (None, None) => joined.push_str(&self.text_of(value)?),
            }
        }
        let string = self.new_string(&joined)?;
        self.put(place, string);
        Ok(())
    }

    /// The byte range of code points `from .. to` (clamped).
    pub(crate) fn byte_range(string: Object, from: usize, to: usize) -> Range<usize> {
        if is_ascii(string) {
            let length = byte_length(string);
            return from.min(length)..to.min(length).max(from.min(length));
        }
        let text = text(&string);
        let mut offsets =
            text.char_indices().map(|(offset, _)| offset).chain(std::iter::once(text.len()));
        let start = offsets.nth(from).unwrap_or(text.len());
        let end = if to > from { offsets.nth(to - from - 1).unwrap_or(text.len()) } else { start };
        start..end
    }

    /// Character `index` of a string, counted from the end if negative.
    pub(crate) fn string_item(&mut self, string: Object, index: i64) -> Result<Value, Thrown> {
        let length = length(string) as i64;
        let at = if index < 0 { index + length } else { index };
        if at < 0 || at >= length {
            let message = format!("Index {index} is outside a string of {length} characters.");
            return Err(self.missing_position(index, length as usize, &message));
        }
        let range = Self::byte_range(string, at as usize, at as usize + 1);
        let character = text(&string)[range].chars().next().expect("one character");
        self.character(character)
    }
}
