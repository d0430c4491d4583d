//! The methods of strings. Positions and lengths that a program sees are in code points.
//!
//! A new string's memory is asked for first and filled from the arguments afterwards, when nothing moves any more; so long
//! texts are copied once, and a size beyond the limit is an error before anything is built.

use super::{Arguments, Owner, Row, natives};
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::string;
use crate::vm::Vm;
use calf_gc::{Collector, Object, Value};
use std::ops::Range;

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Method(Kind::String);
        "upper" 0..=0 => upper,
        "lower" 0..=0 => lower,
        "trim" 0..=0 => trim,
        "split" 1..=1 => split,
        "replace" 2..=2 => replace,
        "startsWith" 1..=1 => starts_with,
        "endsWith" 1..=1 => ends_with,
        "contains" 1..=1 => contains,
        "indexOf" 1..=1 => index_of,
        "slice" 1..=2 => slice,
        "repeat" 1..=1 => repeat,
        "chars" 0..=0 => characters,
        "bytes" 0..=0 => bytes,
        "code" 0..=1 => code,
        "padStart" 1..=2 => pad_start,
        "padEnd" 1..=2 => pad_end,
    )
}

/// The string that a method was called on, read anew: it may have moved.
fn receiver(arguments: Arguments) -> Object {
    object(arguments, 0)
}

/// Argument `index`, known to be a string, read anew.
fn object(arguments: Arguments, index: usize) -> Object {
    arguments.get(index).as_object().expect("a string")
}

impl<C: Collector> Vm<C> {
    /// Bytes of the receiver as a string of their own.
    fn piece(&mut self, arguments: Arguments, range: Range<usize>) -> Result<Value, Thrown> {
        if range.len() == string::byte_length(receiver(arguments)) {
            return Ok(self.retained(arguments.get(0)));
        }
        if let [byte] = string::bytes(&receiver(arguments))[range.clone()]
            && byte.is_ascii()
        {
            return self.character(char::from(byte));
        }
        self.cut(|| receiver(arguments), range)
    }

    /// A string of `length` bytes, or out of memory if the length does not fit.
    fn build_bounded(
        &mut self,
        length: Option<usize>,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<Value, Thrown> {
        match length {
            Some(length) => self.build_string(length, fill),
            None => Err(self.throw_out_of_memory()),
        }
    }

    /// Asks something of the texts of the receiver and of argument 1.
    fn compare<R>(
        &mut self,
        arguments: Arguments,
        ask: impl Fn(&str, &str) -> R,
    ) -> Result<R, Thrown> {
        let other = self.string_argument(arguments, 1)?;
        Ok(ask(string::text(&receiver(arguments)), string::text(&other)))
    }

    /// The receiver with its letters changed: ASCII in place, others by Unicode's rules.
    fn recase(
        &mut self,
        arguments: Arguments,
        ascii: fn(&mut [u8]),
        other: fn(&str) -> String,
    ) -> Result<Value, Thrown> {
        let text = receiver(arguments);
        if string::is_ascii(text) {
            return self.build_string(string::byte_length(text), |space| {
                space.copy_from_slice(string::bytes(&receiver(arguments)));
                ascii(space);
            });
        }
        let changed = other(string::text(&text));
        self.new_string(&changed)
    }

    /// What is missing to argument 1's number of characters, out of argument 2 again and again, before or behind the receiver.
    fn pad(&mut self, arguments: Arguments, is_before: bool) -> Result<Value, Thrown> {
        let wanted = self.size_argument(arguments, 1)?;
        let missing = wanted.saturating_sub(string::length(receiver(arguments)));
        if !arguments.get(2).is_nil() {
            self.string_argument(arguments, 2)?;
        }
        if missing == 0 {
            return Ok(self.retained(arguments.get(0)));
        }
        // The filling's length in characters and in bytes, and the bytes of what is left of it for the last time.
        let (characters, bytes) = match arguments.get(2).as_object() {
            Some(filling) => (string::length(filling), string::byte_length(filling)),
            None => (1, 1),
        };
        if characters == 0 {
            return Err(self.throw(ErrorKind::ValueError, "There must be something to fill with."));
        }
        let rest = match arguments.get(2).as_object() {
            Some(filling) => Self::byte_range(filling, 0, missing % characters).end,
            None => 0,
        };
        let added =
            (missing / characters).checked_mul(bytes).and_then(|whole| whole.checked_add(rest));
        let own = string::byte_length(receiver(arguments));
        self.build_bounded(added.and_then(|added| added.checked_add(own)), |space| {
            let (before, behind) =
                space.split_at_mut(if is_before { space.len() - own } else { own });
            let (filled, kept) = if is_before { (before, behind) } else { (behind, before) };
            kept.copy_from_slice(string::bytes(&receiver(arguments)));
            match arguments.get(2).as_object() {
                Some(filling) => fill_with(filled, string::bytes(&filling)),
                None => filled.fill(b' '),
            }
        })
    }
}

/// Fills a space with the same bytes again and again; the last time, with as many as still fit.
fn fill_with(space: &mut [u8], bytes: &[u8]) {
    for chunk in space.chunks_mut(bytes.len().max(1)) {
        chunk.copy_from_slice(&bytes[..chunk.len()]);
    }
}

fn upper<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.recase(arguments, <[u8]>::make_ascii_uppercase, str::to_uppercase)
}

fn lower<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.recase(arguments, <[u8]>::make_ascii_lowercase, str::to_lowercase)
}

fn trim<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let object = receiver(arguments);
    let text = string::text(&object);
    let start = text.len() - text.trim_start().len();
    let length = text.trim().len();
    vm.piece(arguments, start..start + length)
}

fn split<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let separator = vm.string_argument(arguments, 1)?;
    let separator_length = string::byte_length(separator);
    if separator_length == 0 {
        return Err(vm.throw(ErrorKind::ValueError, "The separator must not be empty."));
    }
    // Looked for once. No string is so long that a position needs more than 32 bits.
    let ends: Vec<u32> = vm.compare(arguments, |text, separator| {
        memchr::memmem::find_iter(text.as_bytes(), separator.as_bytes())
            .map(|at| at as u32)
            .collect()
    })?;
    let list = vm.new_list(ends.len() + 1)?;
    let list = vm.hold(list);
    let mut start = 0;
    let length = string::byte_length(receiver(arguments));
    for end in ends.into_iter().map(|end| end as usize).chain([length]) {
        let piece = vm.piece(arguments, start..end)?;
        vm.push_item(vm.handle(list), piece)?;
        start = end + separator_length;
    }
    Ok(vm.release_to(list))
}

fn replace<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let (old, new) = (vm.string_argument(arguments, 1)?, vm.string_argument(arguments, 2)?);
    let (old_length, new_length) = (string::byte_length(old), string::byte_length(new));
    let object = receiver(arguments);
    let count = if old_length == 0 {
        string::length(object) + 1
    } else {
        memchr::memmem::find_iter(string::bytes(&object), string::bytes(&old)).count()
    };
    if count == 0 {
        return Ok(vm.retained(arguments.get(0)));
    }
    let kept = string::byte_length(object) - count * old_length;
    let length = count.checked_mul(new_length).and_then(|added| added.checked_add(kept));
    vm.build_bounded(length, |space| {
        let [text, old, new] = [0, 1, 2].map(|index| self::object(arguments, index));
        let (text, mut from, mut to) = (string::text(&text), 0, 0);
        let mut write = |bytes: &[u8]| {
            space[to..to + bytes.len()].copy_from_slice(bytes);
            to += bytes.len();
        };
        let mut put = |at: usize| {
            write(&text.as_bytes()[from..at]);
            write(string::bytes(&new));
            from = at + old_length;
        };
        if old_length == 0 {
            // Nothing stands before each character and at the end.
            text.char_indices().map(|(at, _)| at).chain([text.len()]).for_each(&mut put);
        } else {
            memchr::memmem::find_iter(text.as_bytes(), string::bytes(&old)).for_each(&mut put);
        }
        write(&text.as_bytes()[from..]);
    })
}

fn starts_with<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    Ok(Value::boolean(vm.compare(arguments, |text, other| text.starts_with(other))?))
}

fn ends_with<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    Ok(Value::boolean(vm.compare(arguments, |text, other| text.ends_with(other))?))
}

fn contains<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    Ok(Value::boolean(vm.compare(arguments, |text, other| {
        memchr::memmem::find(text.as_bytes(), other.as_bytes()).is_some()
    })?))
}

fn index_of<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let found = vm.compare(arguments, |text, other| {
        memchr::memmem::find(text.as_bytes(), other.as_bytes())
            .map_or(-1.0, |at| text[..at].chars().count() as f64)
    })?;
    Ok(Value::number(found))
}

fn slice<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let range = vm.slice_bounds(arguments, string::length(receiver(arguments)))?;
    let range = Vm::<C>::byte_range(receiver(arguments), range.start, range.end);
    vm.piece(arguments, range)
}

fn repeat<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let count = vm.size_argument(arguments, 1)?;
    let length = string::byte_length(receiver(arguments)).checked_mul(count);
    vm.build_bounded(length, |space| fill_with(space, string::bytes(&receiver(arguments))))
}

fn characters<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let list = vm.new_list(string::length(receiver(arguments)))?;
    let list = vm.hold(list);
    let mut at = 0;
    while at < string::byte_length(receiver(arguments)) {
        let character = string::character_at(&receiver(arguments), at);
        at += character.len_utf8();
        let character = vm.character(character)?;
        vm.push_item(vm.handle(list), character)?;
    }
    Ok(vm.release_to(list))
}

fn bytes<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.bytes_of_string(arguments, 0)
}

fn code<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let index = if arguments.get(1).is_nil() { Value::number(0.0) } else { arguments.get(1) };
    let object = receiver(arguments);
    let at = vm.position(index, string::length(object), "string")?;
    let range = Vm::<C>::byte_range(object, at, at + 1);
    let character = string::text(&object)[range].chars().next().expect("one character");
    Ok(Value::number(f64::from(u32::from(character))))
}

fn pad_start<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.pad(arguments, true)
}

fn pad_end<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.pad(arguments, false)
}
