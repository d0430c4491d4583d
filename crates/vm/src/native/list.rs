//! The methods of lists, and what other natives share with them: iteration over anything, bounds of a slice.
//!
//! A function that a list calls back may change that list. So positions are looked at again after every call, and what a
//! step needs afterwards is kept in a handle.

mod sort;

use super::{Arguments, Owner, Row, natives};
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::vm::Vm;
use crate::{index, list, string};
use calf_gc::heap::{ATTENTION, ATTENTION_INTERRUPT};
use calf_gc::parts::model::Cause;
use calf_gc::{Collector, Object, Value};
use std::ops::Range;

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Method(Kind::List);
        "push" 1..=1 => push,
        "pop" 0..=0 => pop,
        "insert" 2..=2 => insert,
        "removeAt" 1..=1 => remove_at,
        "remove" 1..=1 => remove,
        "clear" 0..=0 => clear,
        "indexOf" 1..=1 => index_of,
        "contains" 1..=1 => contains,
        "slice" 1..=2 => slice,
        "extend" 1..=1 => extend,
        "reverse" 0..=0 => reverse,
        "sort" 0..=1 => sort::sort,
        "map" 1..=1 => map,
        "filter" 1..=1 => filter,
        "reduce" 2..=2 => reduce,
        "each" 1..=1 => each,
        "any" 1..=1 => any,
        "all" 1..=1 => all,
        "join" 0..=1 => join,
        "copy" 0..=0 => copy,
    )
}

/// The list that a method was called on, read anew: it may have moved.
fn receiver(arguments: Arguments) -> Object {
    arguments.get(0).as_object().expect("a method of lists is called on a list")
}

impl<C: Collector> Vm<C> {
    /// The positions that arguments 1 and 2 of `slice(from, to = length)` mean: negative ones count from the end, and what
    /// lies outside is cut off.
    pub(crate) fn slice_bounds(
        &mut self,
        arguments: Arguments,
        length: usize,
    ) -> Result<Range<usize>, Thrown> {
        let from = self.slice_bound(arguments, 1, length)?;
        let to = if arguments.get(2).is_nil() {
            length
        } else {
            self.slice_bound(arguments, 2, length)?
        };
        Ok(from..to.max(from))
    }

    fn slice_bound(
        &mut self,
        arguments: Arguments,
        index: usize,
        length: usize,
    ) -> Result<usize, Thrown> {
        let number = self.whole_argument(arguments, index)?;
        let from_start = if number < 0 { number + length as i64 } else { number };
        Ok(usize::try_from(from_start).unwrap_or(0).min(length))
    }

    /// Throws if the user asked for the program to stop: what long loops without instructions ask at every step. Finalizers
    /// that wait go on waiting.
    #[inline]
    pub(crate) fn stop_if_interrupted(&mut self) -> Result<(), Thrown> {
        use std::sync::atomic::Ordering::Relaxed;
        if ATTENTION.load(Relaxed) & ATTENTION_INTERRUPT == 0 {
            return Ok(());
        }
        ATTENTION.fetch_and(!ATTENTION_INTERRUPT, Relaxed);
        Err(self.throw(ErrorKind::Interrupt, "Interrupted."))
    }

    /// Calls `visit` with every item (owned) of anything that `for` goes through; `iterable` is borrowed.
    ///
    /// The iteration needs three registers, as `for` does. The running native's frame, which has no code, is made longer by
    /// them, so they are roots like its arguments.
    pub(crate) fn each_item(
        &mut self,
        iterable: Value,
        visit: impl FnMut(&mut Vm<C>, Value) -> Result<(), Thrown>,
    ) -> Result<(), Thrown> {
        let (frame, place) = (self.mutator.frame, self.mutator.window_top());
        // SAFETY: the frame of the running native; every such frame has room for 64 more registers.
        let pc = unsafe {
            assert!((*frame).code.is_null(), "only natives iterate here");
            (*frame).pc
        };
        for (register, value) in [iterable, Value::NIL, Value::NIL].into_iter().enumerate() {
            let value = self.retained(value);
            // SAFETY: as above.
            self.put(unsafe { place.add(register) }, value);
        }
        // SAFETY: as above; a frame without code keeps the number of its last register there.
        unsafe { (*frame).pc = std::ptr::without_provenance(pc.addr() + 3) };
        let result = self.each_item_at(place, visit);
        // SAFETY: the frame is the running one again, whatever was called.
        unsafe { (*frame).pc = pc };
        for register in 0..3 {
            // SAFETY: as above.
            self.put(unsafe { place.add(register) }, Value::NIL);
        }
        result
    }

    fn each_item_at(
        &mut self,
        place: *mut Value,
        mut visit: impl FnMut(&mut Vm<C>, Value) -> Result<(), Thrown>,
    ) -> Result<(), Thrown> {
        self.iterate_begin(place)?;
        loop {
            self.stop_if_interrupted()?;
            // SAFETY: three registers that `each_item` set aside.
            let (iterated, position) = unsafe { (*place, *place.add(1)) };
            let item = match self.object_of(iterated, Kind::List) {
                Some(object) => {
                    let at = position.as_number().unwrap_or(0.0) as usize;
                    if at >= list::length(object) {
                        return Ok(());
                    }
                    // SAFETY: as above.
                    self.put(unsafe { place.add(1) }, Value::number(at as f64 + 1.0));
                    self.retained(list::item(object, at))
                }
                None => {
                    // SAFETY: as above.
                    let item = unsafe { place.add(2) };
                    if !self.iterate_next(place, item)? {
                        return Ok(());
                    }
                    // SAFETY: as above; the item moves out with its count.
                    unsafe { std::ptr::replace(item, Value::NIL) }
                }
            };
            visit(self, item)?;
        }
    }

    /// A new list of the items at these positions of a list that the window or a handle keeps; `source` reads it anew.
    fn copy_items(
        &mut self,
        range: Range<usize>,
        source: impl Fn(&Self) -> Object,
    ) -> Result<Value, Thrown> {
        let copy = self.new_list(range.len())?;
        let copy = self.hold(copy);
        for at in range {
            let item = self.retained(list::item(source(self), at));
            self.push_item(self.handle(copy), item)?;
        }
        Ok(self.release_to(copy))
    }

    /// Takes item `at` out, closing the gap. Items that shift are not counted: no page but the list's own is written. Owned.
    fn take_item(&mut self, list: Object, at: usize) -> Value {
        let length = list::length(list);
        let part = list::items(list).expect("a list with items");
        let taken = part.get(at);
        // SAFETY: both ranges lie within the items. The item taken out passes to the caller; the last slot, whose item has
        // shifted or was taken, is emptied.
        unsafe {
            self.heap.move_slots(list, part, at + 1, at, length - at - 1);
            self.heap.write_raw(part, length - 1, Value::NIL);
        }
        self.heap.take_from_slot(taken);
        self.set_raw(list, list::LENGTH, length as u64 - 1);
        taken
    }

    /// Writes a permutation of a list's items. Nothing is counted, since the list holds the same items as before.
    fn rearrange(&mut self, list: Object, permuted: &[Value]) {
        let Some(part) = list::items(list) else { return };
        assert!(permuted.len() == list::length(list));
        self.heap.write_barrier_all(list);
        self.heap.note_range(part.address() + 8, permuted.len() * 8, Cause::Store);
        for (at, &item) in permuted.iter().enumerate() {
            // SAFETY: within the items; the barrier was told, and the counts stay as they are.
            unsafe { part.set_slot(at, item) };
        }
    }

    /// Where the first item equal to `value` is.
    fn find_item(&self, list: Object, value: Value) -> Option<usize> {
        (0..list::length(list)).find(|&at| self.equal(list::item(list, at), value))
    }

    /// Calls the function that is argument 1 with a borrowed item; is the answer true?
    fn passes(&mut self, arguments: Arguments, item: Value) -> Result<bool, Thrown> {
        let answer = self.call(arguments.get(1), &[item])?;
        self.heap.release(answer);
        Ok(answer.is_truthy())
    }
}

/// Item `at` of the receiver as it is now, if there still is one; borrowed.
fn item_now(arguments: Arguments, at: usize) -> Option<Value> {
    let list = receiver(arguments);
    (at < list::length(list)).then(|| list::item(list, at))
}

fn push<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let value = vm.retained(arguments.get(1));
    vm.push_item(arguments.get(0), value)?;
    Ok(Value::NIL)
}

fn pop<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let list = receiver(arguments);
    match list::length(list) {
        0 => Err(vm.throw(ErrorKind::IndexError, "An empty list has no item to pop.")),
        length => Ok(vm.take_item(list, length - 1)),
    }
}

fn insert<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let length = list::length(receiver(arguments));
    let number = vm.whole_argument(arguments, 1)?;
    let at = if number < 0 { number + length as i64 } else { number };
    if at < 0 || at > length as i64 {
        let message = format!("Index {number} is outside a list of {length} items.");
        return Err(vm.throw(ErrorKind::IndexError, message));
    }
    let at = at as usize;
    vm.reserve_items(arguments.get(0), length + 1)?;
    let list = receiver(arguments);
    let part = list::items(list).expect("there is room");
    // SAFETY: both ranges lie within the items, which have room for one more. The slot that opens is emptied: its item has
    // shifted with its count.
    unsafe {
        vm.heap.move_slots(list, part, at, at + 1, length - at);
        vm.heap.write_raw(part, at, Value::NIL);
    }
    let value = vm.retained(arguments.get(2));
    vm.set_part_slot(list, part, at, value);
    vm.set_raw(list, list::LENGTH, length as u64 + 1);
    Ok(Value::NIL)
}

fn remove_at<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let list = receiver(arguments);
    let at = vm.position(arguments.get(1), list::length(list), "list")?;
    Ok(vm.take_item(list, at))
}

fn remove<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let list = receiver(arguments);
    match vm.find_item(list, arguments.get(1)) {
        Some(at) => {
            let removed = vm.take_item(list, at);
            vm.heap.release(removed);
            Ok(Value::TRUE)
        }
        None => Ok(Value::FALSE),
    }
}

fn clear<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let list = receiver(arguments);
    vm.set_raw(list, list::LENGTH, 0);
    vm.set_slot(list, list::ITEMS, Value::NIL);
    Ok(Value::NIL)
}

fn index_of<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let found = vm.find_item(receiver(arguments), arguments.get(1));
    Ok(Value::number(found.map_or(-1.0, |at| at as f64)))
}

fn contains<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    Ok(Value::boolean(vm.find_item(receiver(arguments), arguments.get(1)).is_some()))
}

fn slice<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let range = vm.slice_bounds(arguments, list::length(receiver(arguments)))?;
    vm.copy_items(range, |_| receiver(arguments))
}

fn copy<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.copy_items(0..list::length(receiver(arguments)), |_| receiver(arguments))
}

fn extend<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let length = list::length(receiver(arguments));
    let more = arguments.get(1);
    if let Some(other) = vm.object_of(more, Kind::List) {
        // Counted now, so that a list can be extended by itself.
        let count = list::length(other);
        vm.reserve_items(arguments.get(0), length + count)?;
        for at in 0..count {
            let other = arguments.get(1).as_object().expect("a list");
            let item = vm.retained(list::item(other, at));
            vm.push_item(arguments.get(0), item)?;
        }
        return Ok(Value::NIL);
    }
    if let Some(range) = vm.object_of(more, Kind::Range) {
        let count = index::range_length(range);
        if count > vm.heap.limit() / 8 {
            return Err(vm.throw_out_of_memory());
        }
        vm.reserve_items(arguments.get(0), length + count)?;
    }
    vm.each_item(arguments.get(1), |vm, item| vm.push_item(arguments.get(0), item))?;
    Ok(Value::NIL)
}

fn reverse<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let mut items = vm.list_items(arguments.get(0));
    items.reverse();
    vm.rearrange(receiver(arguments), &items);
    Ok(Value::NIL)
}

fn map<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.callable_argument(arguments, 1)?;
    let mapped = vm.new_list(list::length(receiver(arguments)))?;
    let mapped = vm.hold(mapped);
    let mut at = 0;
    while let Some(item) = item_now(arguments, at) {
        let value = vm.call(arguments.get(1), &[item])?;
        vm.push_item(vm.handle(mapped), value)?;
        at += 1;
    }
    Ok(vm.release_to(mapped))
}

fn filter<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.callable_argument(arguments, 1)?;
    let filtered = vm.new_list(0)?;
    let filtered = vm.hold(filtered);
    let mut at = 0;
    while let Some(item) = item_now(arguments, at) {
        let held = vm.hold_borrowed(item);
        let passes = vm.passes(arguments, item)?;
        let item = vm.release_to(held);
        if passes {
            vm.push_item(vm.handle(filtered), item)?;
        } else {
            vm.heap.release(item);
        }
        at += 1;
    }
    Ok(vm.release_to(filtered))
}

fn reduce<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.callable_argument(arguments, 1)?;
    let reduced = vm.hold_borrowed(arguments.get(2));
    let mut at = 0;
    while let Some(item) = item_now(arguments, at) {
        let next = vm.call(arguments.get(1), &[vm.handle(reduced), item])?;
        vm.set_handle(reduced, next);
        at += 1;
    }
    Ok(vm.release_to(reduced))
}

fn each<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.callable_argument(arguments, 1)?;
    let mut at = 0;
    while let Some(item) = item_now(arguments, at) {
        vm.passes(arguments, item)?;
        at += 1;
    }
    Ok(Value::NIL)
}

/// Is there an item for which the function's answer is `wanted`?
fn some<C: Collector>(vm: &mut Vm<C>, arguments: Arguments, wanted: bool) -> Result<bool, Thrown> {
    vm.callable_argument(arguments, 1)?;
    let mut at = 0;
    while let Some(item) = item_now(arguments, at) {
        if vm.passes(arguments, item)? == wanted {
            return Ok(true);
        }
        at += 1;
    }
    Ok(false)
}

fn any<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    Ok(Value::boolean(some(vm, arguments, true)?))
}

fn all<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    Ok(Value::boolean(!some(vm, arguments, false)?))
}

fn join<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let separator =
        if arguments.get(1).is_nil() { String::new() } else { vm.text_argument(arguments, 1)? };
    let longest = string::LONGEST.min(vm.heap.limit());
    let mut joined = String::new();
    let mut at = 0;
    while let Some(item) = item_now(arguments, at) {
        if at > 0 {
            joined.push_str(&separator);
        }
        match vm.object_of(item, Kind::String) {
            Some(object) => joined.push_str(string::text(&object)),
            None => {
                // A `toString` may take the item out of the list.
                let held = vm.hold_borrowed(item);
                joined.push_str(&vm.text_of(vm.handle(held))?);
                let item = vm.release_to(held);
                vm.heap.release(item);
            }
        }
        if joined.len() > longest {
            return Err(vm.throw_out_of_memory());
        }
        at += 1;
    }
    vm.new_string(&joined)
}
