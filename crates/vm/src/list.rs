//! Lists: an object with a length and, once there are items, a part that holds them with room to grow.

use crate::error::{ErrorKind, Thrown};
use crate::interpreter::to_integer;
use crate::kind::Kind;
use crate::vm::Vm;
use calf_gc::{Collector, Object, Value};
use std::fmt::Display;

/// Slot of the length (raw).
pub(crate) const LENGTH: usize = 0;
/// Slot of the items: a part, or nil while there are none.
pub(crate) const ITEMS: usize = 1;

/// From here on doubles no longer tell neighbouring whole numbers apart (2^53 is a little below).
const FAR: f64 = 9.0e15;

/// The length of a list object.
#[inline]
pub(crate) fn length(list: Object) -> usize {
    list.get(LENGTH).as_raw() as usize
}

/// The part that holds the items.
#[inline]
pub(crate) fn items(list: Object) -> Option<Object> {
    list.get(ITEMS).as_object()
}

/// Item `index`, which must be below the length; borrowed.
#[inline]
pub(crate) fn item(list: Object, index: usize) -> Value {
    items(list).expect("a list with items").get(index)
}

impl<C: Collector> Vm<C> {
    /// A new empty list with room for `room` items.
    pub(crate) fn new_list(&mut self, room: usize) -> Result<Value, Thrown> {
        let list = self.allocate(Kind::List.shape_word(), 2)?;
        self.initialize(list, LENGTH, Value::raw(0));
        self.initialize(list, ITEMS, Value::NIL);
        if room == 0 {
            return Ok(Value::object(list));
        }
        let held = self.hold(Value::object(list));
        let part = self.allocate_part(room)?;
        let list = self.held_object(held);
        self.set_slot(list, ITEMS, Value::object(part));
        Ok(self.release_to(held))
    }

    /// A list of `count` registers from `first` on, taken, at `place`.
    pub(crate) fn new_list_from(
        &mut self,
        place: *mut Value,
        first: *mut Value,
        count: usize,
    ) -> Result<(), Thrown> {
        let list = self.new_list(count)?;
        let object = list.as_object().expect("a list");
        if count > 0 {
            let part = items(object).expect("a list with room");
            for index in 0..count {
                // SAFETY: registers of the running window.
                let value = unsafe { std::ptr::replace(first.add(index), Value::NIL) };
                // SAFETY: the part was just made with this many slots, still nil.
                unsafe { self.heap.initialize(part, index, value) };
            }
            self.heap.write_barrier_all(object);
            self.set_raw(object, LENGTH, count as u64);
        }
        self.put(place, list);
        Ok(())
    }

    /// Appends the value at `place`, taken, to a list.
    pub(crate) fn append(&mut self, list: Value, place: *mut Value) -> Result<(), Thrown> {
        // SAFETY: a register of the running window.
        let value = unsafe { std::ptr::replace(place, Value::NIL) };
        self.push_item(list, value)
    }

    /// Makes room for `wanted` items in all.
    pub(crate) fn reserve_items(&mut self, list: Value, wanted: usize) -> Result<(), Thrown> {
        let object = list.as_object().expect("a list");
        let room = items(object).map_or(0, |part| part.units());
        if wanted <= room {
            return Ok(());
        }
        let grown = wanted.max(room + room / 2).max(4);
        let held = self.hold_borrowed(list);
        let part = self.allocate(Kind::Items.shape_word(), grown)?;
        let object = self.held_object(held);
        let length = length(object);
        // SAFETY: the new part has more slots than the old one; the items move with their counts.
        unsafe {
            if let Some(old) = items(object) {
                std::ptr::copy_nonoverlapping(old.pointer().add(1), part.pointer().add(1), length);
            }
            for index in length..grown {
                part.set_slot(index, Value::NIL);
            }
            self.heap.replace_part(object, ITEMS, part);
        }
        let list = self.release_to(held);
        self.heap.release(list);
        Ok(())
    }

    /// Appends an owned value.
    pub(crate) fn push_item(&mut self, list: Value, owned: Value) -> Result<(), Thrown> {
        let object = list.as_object().expect("a list");
        let at = length(object);
        if items(object).is_some_and(|part| at < part.units()) {
            let part = items(object).expect("just seen");
            self.set_part_slot(object, part, at, owned);
            self.set_raw(object, LENGTH, at as u64 + 1);
            return Ok(());
        }
        let held = self.hold_borrowed(list);
        let value = self.hold(owned);
        self.reserve_items(list, at + 1)?;
        let owned = self.release_to(value);
        let list = self.release_to(held);
        let object = list.as_object().expect("a list");
        let part = items(object).expect("there is room");
        self.set_part_slot(object, part, at, owned);
        self.set_raw(object, LENGTH, at as u64 + 1);
        self.heap.release(list);
        Ok(())
    }

    /// Appends what is at `place`, taken, where there is room and nothing forbids it. `false`: nothing is changed.
    ///
    /// # Safety
    /// `list` is a list, and `place` a register of the running window.
    #[inline(always)]
    pub(crate) unsafe fn push_quickly(&mut self, list: Object, place: *mut Value) -> bool {
        // SAFETY: a list has these slots; the rest is the caller's promise.
        unsafe {
            let at = list.slot(LENGTH).as_raw() as usize;
            let Some(part) = list.slot(ITEMS).as_object() else { return false };
            if at >= part.units() || self.heap.is_sealed(list) {
                return false;
            }
            let value = *place;
            if C::COUNTS {
                *place = Value::NIL;
            }
            self.heap.store_part(list, part, at, value);
            self.heap.write_raw(list, LENGTH, Value::raw(at as u64 + 1));
        }
        true
    }

    /// A copy of the items, borrowed: valid only as long as the list holds them and nothing moves.
    pub(crate) fn list_items(&self, list: Value) -> Vec<Value> {
        let object = list.as_object().expect("a list");
        (0..length(object)).map(|index| item(object, index)).collect()
    }

    /// A new list of borrowed values that something else keeps alive; none may be young garbage.
    pub(crate) fn list_of(&mut self, values: &[crate::vm::Handle]) -> Result<Value, Thrown> {
        let list = self.new_list(values.len())?;
        let object = list.as_object().expect("a list");
        for &handle in values {
            let value = self.retained(self.handle(handle));
            self.push_item(Value::object(object), value)?;
        }
        Ok(list)
    }

    /// Two lists as one new one.
    pub(crate) fn concatenate_lists(&mut self, left: Value, right: Value) -> Result<Value, Thrown> {
        let (left, right) = (self.hold_borrowed(left), self.hold_borrowed(right));
        let room = length(self.held_object(left)) + length(self.held_object(right));
        let list = self.new_list(room)?;
        let list = self.hold(list);
        for source in [left, right] {
            for index in 0..length(self.held_object(source)) {
                let value = self.retained(item(self.held_object(source), index));
                self.push_item(self.handle(list), value)?;
            }
        }
        let list = self.release_to(list);
        for handle in [right, left] {
            let value = self.release_to(handle);
            self.heap.release(value);
        }
        Ok(list)
    }

    /// A position in something of `length` items, counted from the end if negative.
    pub(crate) fn position(
        &mut self,
        index: Value,
        length: usize,
        of: &str,
    ) -> Result<usize, Thrown> {
        if let Some(number) = index.as_number()
            && number.fract() == 0.0
            && number.abs() >= FAR
        {
            let message = format!("Index {number:e} is outside a {of} of {length} items.");
            return Err(self.throw(ErrorKind::IndexError, message));
        }
        let number = self.whole(index, "An index")?;
        let at = if number < 0 { number + length as i64 } else { number };
        if at < 0 || at >= length as i64 {
            let message = format!("Index {number} is outside a {of} of {length} items.");
            return Err(self.missing_position(number, length, &message));
        }
        Ok(at as usize)
    }

    /// A whole number, or an error that begins with `what`.
    #[inline]
    pub(crate) fn whole(&mut self, value: Value, what: impl Display) -> Result<i64, Thrown> {
        match value.as_number() {
            Some(number) if to_integer(number) as f64 == number && number.abs() < FAR => {
                Ok(number as i64)
            }
            _ => Err(self.not_whole(value, what.to_string())),
        }
    }

    #[cold]
    fn not_whole(&mut self, value: Value, what: String) -> Thrown {
        if value.is_number() {
            return self.throw(ErrorKind::TypeError, format!("{what} must be a whole number."));
        }
        let name = self.type_name(value);
        self.throw(ErrorKind::TypeError, format!("{what} must be a number, not a {name}."))
    }
}
