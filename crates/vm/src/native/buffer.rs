//! `bytes` and `numbers`: flat buffers, each one object without references, and their methods.

use super::{Arguments, Owner, Row, natives};
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::vm::Vm;
use crate::{list, string};
use calf_gc::{Collector, Object, Value};

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    let mut rows = natives!(Owner::Global;
        "bytes" 1..=1 => bytes,
        "numbers" 1..=1 => numbers,
    );
    rows.extend(natives!(Owner::Method(Kind::Bytes);
        "fill" 1..=1 => fill_bytes,
        "slice" 1..=2 => slice_bytes,
        "copy" 0..=0 => copy_bytes,
    ));
    rows.extend(natives!(Owner::Method(Kind::Numbers);
        "fill" 1..=1 => fill_numbers,
        "slice" 1..=2 => slice_numbers,
        "copy" 0..=0 => copy_numbers,
        "sum" 0..=0 => sum,
    ));
    rows
}

/// The buffer that a method was called on, read anew: it may have moved.
fn receiver(arguments: Arguments) -> Object {
    arguments.get(0).as_object().expect("a method of buffers is called on a buffer")
}

/// How many bytes a buffer of bytes has.
fn byte_count(buffer: Object) -> usize {
    buffer.get(0).as_raw() as usize
}

/// The bytes of a buffer of bytes. Not to be held over a safepoint.
fn view_bytes(buffer: &Object) -> &[u8] {
    buffer.view_bytes(8, byte_count(*buffer))
}

/// Item `index` of a buffer of numbers.
fn number_at(buffer: Object, index: usize) -> f64 {
    f64::from_bits(buffer.get(index).bits())
}

impl<C: Collector> Vm<C> {
    /// A new buffer of `length` bytes, filled by `fill`; the rest of its last word is zero.
    fn build_bytes(
        &mut self,
        length: usize,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<Value, Thrown> {
        if length > self.heap.limit() {
            return Err(self.throw_out_of_memory());
        }
        let words = length.div_ceil(8);
        let buffer = self.allocate(Kind::Bytes.shape_word(), 1 + words)?;
        self.initialize(buffer, 0, Value::raw(length as u64));
        if words > 0 {
            self.initialize(buffer, words, Value::raw(0));
        }
        // SAFETY: the object was just made with this many words behind the first, and nothing else refers to it.
        fill(unsafe { std::slice::from_raw_parts_mut(buffer.bytes().add(8), length) });
        Ok(Value::object(buffer))
    }

    /// A new buffer of `length` numbers, each given by `number`, which reaches nothing that allocates.
    fn build_numbers(
        &mut self,
        length: usize,
        number: impl Fn(usize) -> f64,
    ) -> Result<Value, Thrown> {
        if length > self.heap.limit() / 8 {
            return Err(self.throw_out_of_memory());
        }
        let buffer = self.allocate(Kind::Numbers.shape_word(), length)?;
        for index in 0..length {
            self.initialize(buffer, index, Value::number(number(index)));
        }
        Ok(Value::object(buffer))
    }

    /// The UTF-8 bytes of the string that is argument `index`, in a buffer.
    pub(crate) fn bytes_of_string(
        &mut self,
        arguments: Arguments,
        index: usize,
    ) -> Result<Value, Thrown> {
        let length = string::byte_length(self.string_argument(arguments, index)?);
        self.build_bytes(length, |space| {
            let string = arguments.get(index).as_object().expect("a string");
            space.copy_from_slice(string::bytes(&string));
        })
    }
}

fn bytes<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    match arguments.get(1) {
        value if value.is_number() => {
            let length = vm.size_argument(arguments, 1)?;
            vm.build_bytes(length, |space| space.fill(0))
        }
        value if vm.object_of(value, Kind::String).is_some() => vm.bytes_of_string(arguments, 1),
        _ => Err(vm.wrong_argument(arguments, 1, "number or string")),
    }
}

fn numbers<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    if arguments.get(1).is_number() {
        let length = vm.size_argument(arguments, 1)?;
        return vm.build_numbers(length, |_| 0.0);
    }
    let Some(items) = vm.object_of(arguments.get(1), Kind::List) else {
        return Err(vm.wrong_argument(arguments, 1, "number or list"));
    };
    let length = list::length(items);
    for at in 0..length {
        let item = list::item(items, at);
        if !item.is_number() {
            let name = vm.type_name(item);
            let message =
                format!("A buffer of numbers holds numbers only, and item {at} is a {name}.");
            return Err(vm.throw(ErrorKind::TypeError, message));
        }
    }
    vm.build_numbers(length, |at| {
        let items = arguments.get(1).as_object().expect("a list");
        list::item(items, at).as_number_unchecked()
    })
}

fn fill_bytes<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let byte = vm.whole_argument(arguments, 1)?;
    let Ok(byte) = u8::try_from(byte) else {
        return Err(vm.throw(ErrorKind::ValueError, "A byte must be between 0 and 255."));
    };
    let buffer = receiver(arguments);
    let length = byte_count(buffer);
    // SAFETY: the bytes behind the first word, as many as the buffer has.
    unsafe { vm.heap.bytes_mut(buffer, 8, length).write_bytes(byte, length) };
    Ok(Value::NIL)
}

fn fill_numbers<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let number = vm.number_argument(arguments, 1)?;
    let buffer = receiver(arguments);
    let length = buffer.units();
    // SAFETY: all the words of the buffer.
    unsafe {
        let first = vm.heap.bytes_mut(buffer, 0, length * 8).cast::<f64>();
        std::slice::from_raw_parts_mut(first, length).fill(number);
    }
    Ok(Value::NIL)
}

fn slice_bytes<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let range = vm.slice_bounds(arguments, byte_count(receiver(arguments)))?;
    vm.build_bytes(range.len(), |space| {
        space.copy_from_slice(&view_bytes(&receiver(arguments))[range]);
    })
}

fn copy_bytes<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.build_bytes(byte_count(receiver(arguments)), |space| {
        space.copy_from_slice(view_bytes(&receiver(arguments)));
    })
}

fn slice_numbers<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let range = vm.slice_bounds(arguments, receiver(arguments).units())?;
    vm.build_numbers(range.len(), |at| number_at(receiver(arguments), range.start + at))
}

fn copy_numbers<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.build_numbers(receiver(arguments).units(), |at| number_at(receiver(arguments), at))
}

/// The sum, added from the first number to the last.
fn sum<C: Collector>(_: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let buffer = receiver(arguments);
    let sum: f64 = (0..buffer.units()).map(|at| number_at(buffer, at)).sum();
    // An empty sum is -0 to Rust.
    Ok(Value::number_from_foreign(sum + 0.0))
}
