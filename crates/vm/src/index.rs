//! `x[i]`, `x[i] = v`, `in`, and iteration, for everything but the common case of a list.

use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::string;
use crate::vm::Vm;
use crate::{list, map};
use calf_gc::{Collector, Object, Value};

/// Start, stop and step of a range.
pub(crate) fn range_of(range: Object) -> (f64, f64, f64) {
    let word = |index: usize| f64::from_bits(range.get(index).bits());
    (word(0), word(1), word(2))
}

/// How many numbers a range has.
pub(crate) fn range_length(range: Object) -> usize {
    let (start, stop, step) = range_of(range);
    let count = ((stop - start) / step).ceil();
    if count > 0.0 { count as usize } else { 0 }
}

impl<C: Collector> Vm<C> {
    #[inline(never)]
    pub(crate) fn get_index_slowly(
        &mut self,
        holder: Value,
        index: Value,
        place: *mut Value,
    ) -> Result<(), Thrown> {
        let value = self.get_index(holder, index)?;
        self.put(place, value);
        Ok(())
    }

    /// Is `holder[index]` true?
    #[inline(never)]
    pub(crate) fn item_is_true(&mut self, holder: Value, index: Value) -> Result<bool, Thrown> {
        let value = self.get_index(holder, index)?;
        let is_true = value.is_truthy();
        self.heap.release(value);
        Ok(is_true)
    }

    /// `holder[index]`, owned.
    pub(crate) fn get_index(&mut self, holder: Value, index: Value) -> Result<Value, Thrown> {
        // A map before the others: a list that is asked for an item it has seldom comes here.
        if let Some(map) = map::of(holder) {
            let value = self.map_item(map, index)?;
            return Ok(self.retained(value));
        }
        let Some(object) = holder.as_object() else { return Err(self.not_indexable(holder)) };
        match Kind::of_shape(object.shape()) {
            Kind::List => {
                let at = self.position(index, list::length(object), "list")?;
                Ok(self.retained(list::item(object, at)))
            }
            Kind::String => {
                let at = self.whole(index, "An index")?;
                self.string_item(object, at)
            }
            Kind::Range => {
                let at = self.position(index, range_length(object), "range")?;
                let (start, _, step) = range_of(object);
                Ok(Value::number(start + step * at as f64))
            }
            Kind::Bytes => {
                let at = self.position(index, object.get(0).as_raw() as usize, "buffer")?;
                Ok(Value::number(f64::from(object.view_bytes(8 + at, 1)[0])))
            }
            Kind::Numbers => {
                let at = self.position(index, object.units(), "buffer")?;
                Ok(Value::number_from_foreign(f64::from_bits(object.get(at).bits())))
            }
            _ => Err(self.not_indexable(holder)),
        }
    }

    fn not_indexable(&mut self, holder: Value) -> Thrown {
        self.no_items(holder, "has no items to index")
    }

    /// `holder[index] = value` (borrowed).
    #[inline(never)]
    pub(crate) fn set_index_slowly(
        &mut self,
        holder: Value,
        index: Value,
        value: Value,
    ) -> Result<(), Thrown> {
        if map::of(holder).is_some() {
            self.must_not_be_sealed(holder)?;
            let value = self.retained(value);
            return self.map_insert(holder, index, value);
        }
        let kind = self.kind(holder);
        let object = match holder.as_object() {
            Some(object) => object,
            None => return Err(self.not_indexable(holder)),
        };
        if kind != Some(Kind::String) {
            self.must_not_be_sealed(holder)?;
        }
        match kind {
            Some(Kind::List) => {
                let at = self.position(index, list::length(object), "list")?;
                let value = self.retained(value);
                let part = list::items(object).expect("a list with items");
                self.set_part_slot(object, part, at, value);
                Ok(())
            }
            Some(Kind::Bytes) => {
                let at = self.position(index, object.get(0).as_raw() as usize, "buffer")?;
                let byte = self.whole(value, "A byte")?;
                let Ok(byte) = u8::try_from(byte) else {
                    return Err(
                        self.throw(ErrorKind::ValueError, "A byte must be between 0 and 255.")
                    );
                };
                self.heap.write_bytes(object, 8 + at, &[byte]);
                Ok(())
            }
            Some(Kind::Numbers) => {
                let at = self.position(index, object.units(), "buffer")?;
                let Some(number) = value.as_number() else {
                    return Err(
                        self.throw(ErrorKind::TypeError, "A buffer of numbers holds numbers only.")
                    );
                };
                self.heap.write_bytes(object, 8 * at, &number.to_ne_bytes());
                Ok(())
            }
            Some(Kind::String) => {
                Err(self.throw(ErrorKind::TypeError, "A string cannot be changed."))
            }
            _ => Err(self.not_indexable(holder)),
        }
    }

    /// `item in holder`, put at `place`.
    pub(crate) fn contains_slowly(
        &mut self,
        item: Value,
        holder: Value,
        place: *mut Value,
    ) -> Result<(), Thrown> {
        let found = self.contains(item, holder)?;
        self.put(place, Value::boolean(found));
        Ok(())
    }

    /// Is the item in the list, the key in the map, the text in the string, the number in the range or buffer?
    pub(crate) fn contains(&mut self, item: Value, holder: Value) -> Result<bool, Thrown> {
        if let Some(map) = map::of(holder) {
            return Ok(self.map_find(map, item).is_some());
        }
        let object = holder.as_object();
        match (self.kind(holder), object) {
            (Some(Kind::List), Some(object)) => {
                Ok((0..list::length(object)).any(|at| self.equal(list::item(object, at), item)))
            }
            (Some(Kind::String), Some(object)) => match self.object_of(item, Kind::String) {
                Some(part) => Ok(string::text(&object).contains(string::text(&part))),
                None => Err(self.throw(ErrorKind::TypeError, "Only a string can be in a string.")),
            },
            (Some(Kind::Range), Some(object)) => {
                let (start, _, step) = range_of(object);
                Ok(item.as_number().is_some_and(|number| {
                    let at = (number - start) / step;
                    at >= 0.0 && at.fract() == 0.0 && (at as usize) < range_length(object)
                }))
            }
            (Some(Kind::Bytes | Kind::Numbers), Some(object)) => {
                let count = self.buffer_length(object);
                for at in 0..count {
                    let value = self.get_index(holder, Value::number(at as f64))?;
                    if self.equal(value, item) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            _ => Err(self.no_items(holder, "has no items to look in")),
        }
    }

    /// The number of items of a buffer.
    pub(crate) fn buffer_length(&self, buffer: Object) -> usize {
        match Kind::of_shape(buffer.shape()) {
            Kind::Bytes => buffer.get(0).as_raw() as usize,
            _ => buffer.units(),
        }
    }

    /// Prepares `for (x in e)`: what is at `place` becomes what is iterated over, the register behind it the first position.
    pub(crate) fn iterate_begin(&mut self, place: *mut Value) -> Result<(), Thrown> {
        // SAFETY: two registers of the running window.
        let mut iterated = unsafe { *place };
        for _ in 0..16 {
            match self.kind(iterated) {
                Some(
                    Kind::List
                    | Kind::Map
                    | Kind::String
                    | Kind::Range
                    | Kind::Bytes
                    | Kind::Numbers,
                ) => {
                    // SAFETY: as above.
                    self.put(unsafe { place.add(1) }, Value::number(0.0));
                    return Ok(());
                }
                Some(Kind::Instance) => {
                    let object = iterated.as_object().expect("an instance is an object");
                    let (iterate, more) =
                        (self.symbols.intern("iterate"), self.symbols.intern("more"));
                    if self.find_method(object, iterate).is_some() {
                        let next = self.call_method(iterated, iterate, &[])?;
                        self.put(place, next);
                        iterated = next;
                    } else if self.find_method(object, more).is_some() {
                        // SAFETY: as above.
                        self.put(unsafe { place.add(1) }, Value::number(0.0));
                        return Ok(());
                    } else {
                        break;
                    }
                }
                _ => break,
            }
        }
        Err(self.no_items(iterated, "cannot be iterated over"))
    }

    /// The next item of the iteration at `place`, put at `item`. False if there is none.
    #[inline(never)]
    pub(crate) fn iterate_next(
        &mut self,
        place: *mut Value,
        item: *mut Value,
    ) -> Result<bool, Thrown> {
        // SAFETY: two registers of the running window, set by `iterate_begin`.
        let (iterated, position) = unsafe { (*place, *place.add(1)) };
        let object = iterated.as_object().expect("what is iterated over is an object");
        let mut at = position.as_number().unwrap_or(0.0) as usize;
        let value = match Kind::of_shape(object.shape()) {
            Kind::List => return Ok(false),
            Kind::Map => loop {
                if at >= map::used(object) {
                    return Ok(false);
                }
                if let Some((key, _)) = map::entry(object, at) {
                    break self.retained(key);
                }
                at += 1;
            },
            Kind::String => {
                if at >= string::byte_length(object) {
                    return Ok(false);
                }
                let character = string::character_at(&object, at);
                at += character.len_utf8() - 1;
                self.character(character)?
            }
            Kind::Range => {
                if at >= range_length(object) {
                    return Ok(false);
                }
                let (start, _, step) = range_of(object);
                Value::number(start + step * at as f64)
            }
            Kind::Bytes | Kind::Numbers => {
                if at >= self.buffer_length(object) {
                    return Ok(false);
                }
                self.get_index(iterated, Value::number(at as f64))?
            }
            _ => {
                let (more, next) = (self.symbols.intern("more"), self.symbols.intern("next"));
                let answer = self.call_method(iterated, more, &[])?;
                let goes_on = answer.is_truthy();
                self.heap.release(answer);
                if !goes_on {
                    return Ok(false);
                }
                // SAFETY: as above; the iterator may have moved.
                self.call_method(unsafe { *place }, next, &[])?
            }
        };
        self.put(item, value);
        // SAFETY: as above.
        self.put(unsafe { place.add(1) }, Value::number(at as f64 + 1.0));
        Ok(true)
    }
}
