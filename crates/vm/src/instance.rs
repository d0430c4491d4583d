//! Instances: their fields, and properties of any value.

use crate::class::LAYOUT;
use crate::code::{Cache, Lookup};
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::shape::Symbol;
use crate::vm::Vm;
use calf_gc::{Collector, Format, Object, ShapeWord, Value};

/// Where a field lies: in the instance, or in the part that its last inline slot refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// This slot of the instance.
    Inline(usize),
    /// This slot of the part.
    Part(usize),
}

/// Where field `position` of `count` lies in an instance with room for `capacity` inline.
pub(crate) fn place(position: usize, count: usize, capacity: usize) -> Place {
    if count <= capacity || position + 1 < capacity {
        Place::Inline(1 + position)
    } else {
        Place::Part(position + 1 - capacity)
    }
}

impl<C: Collector> Vm<C> {
    /// A new instance with no fields.
    pub(crate) fn new_instance(&mut self, class: Value) -> Result<Value, Thrown> {
        let layout = class.as_object().expect("a class is an object").get(LAYOUT).as_raw();
        let (shape, capacity) = ((layout & 0xFF_FFFF) as u32, (layout >> 24 & 0xFF) as usize);
        let held = if C::MOVES { Some(self.hold_borrowed(class)) } else { None };
        let object = self.allocate(ShapeWord::new(Format::Slots, shape), 1 + capacity)?;
        let class = match held {
            Some(held) => self.release_to(held),
            None => self.retained(class),
        };
        // SAFETY: the object was just made with this many slots.
        unsafe {
            self.heap.initialize(object, 0, class);
            for index in 1..=capacity {
                self.heap.initialize(object, index, Value::NIL);
            }
        }
        if layout >> 32 & 1 == 1 {
            self.heap.expect_finalizer(object);
        }
        Ok(Value::object(object))
    }

    /// The common case of [`Vm::new_instance`]: there is memory, and no finalizer to be expected. The instance takes over a count of
    /// the class.
    #[inline(always)]
    pub(crate) fn instantiate_quickly(&mut self, class: Object) -> Option<Value> {
        // SAFETY: a class has this slot.
        let layout = unsafe { class.slot(LAYOUT) }.as_raw();
        if layout >> 32 & 1 == 1 {
            return None;
        }
        let (shape, capacity) = ((layout & 0xFF_FFFF) as u32, (layout >> 24 & 0xFF) as usize);
        let object = self.heap.allocate(ShapeWord::new(Format::Slots, shape), 1 + capacity)?;
        // SAFETY: the object was just made with this many slots.
        unsafe {
            self.heap.initialize(object, 0, Value::object(class));
            for index in 1..=capacity {
                self.heap.initialize(object, index, Value::NIL);
            }
        }
        Some(Value::object(object))
    }

    /// Where the field lies in this instance, if it has it.
    pub(crate) fn find_field(&self, instance: Object, symbol: Symbol) -> Option<Place> {
        let word = instance.shape_word();
        let position = self.shapes.position(word.shape(), symbol)? as usize;
        let count = self.shapes.shape(word.shape()).count as usize;
        Some(place(position, count, word.units() as usize - 1))
    }

    pub(crate) fn at_place(&self, instance: Object, place: Place) -> Value {
        match place {
            Place::Inline(slot) => instance.get(slot),
            Place::Part(slot) => instance
                .get(instance.units() - 1)
                .as_object()
                .expect("the last inline slot is a part")
                .get(slot),
        }
    }

    /// The fields of an instance in the order in which they came, borrowed.
    pub(crate) fn fields(&self, instance: Object) -> Vec<(Symbol, Value)> {
        let word = instance.shape_word();
        let names = self.shapes.field_names(word.shape());
        let (count, capacity) = (names.len(), word.units() as usize - 1);
        let value = |position| self.at_place(instance, place(position, count, capacity));
        names.into_iter().enumerate().map(|(at, name)| (name, value(at))).collect()
    }

    /// The field of an instance, borrowed.
    pub(crate) fn field(&self, value: Value, symbol: Symbol) -> Option<Value> {
        let instance = self.object_of(value, Kind::Instance)?;
        let place = self.find_field(instance, symbol)?;
        Some(self.at_place(instance, place))
    }

    /// Sets a field of an instance (value owned), adding it if it is new.
    pub(crate) fn set_field(
        &mut self,
        instance: Value,
        symbol: Symbol,
        owned: Value,
    ) -> Result<(), Thrown> {
        let object = instance.as_object().expect("an instance is an object");
        if let Some(place) = self.find_field(object, symbol) {
            self.store_at(object, place, owned);
            return Ok(());
        }
        let word = object.shape_word();
        let (next, position) = match self.shapes.add_field(word.shape(), symbol) {
            Ok(found) => found,
            Err(error) => {
                self.heap.release(owned);
                return Err(self.too_many(error));
            }
        };
        let (position, capacity) = (position as usize, word.units() as usize - 1);
        let place = place(position, position + 1, capacity);
        let next_word = ShapeWord::new(Format::Slots, next).with_units(word.units());
        if let Place::Part(slot) = place {
            // The part grows by doubling; the first time, the last inline field moves into it.
            let last = capacity;
            let part = if position == capacity { None } else { object.get(last).as_object() };
            let room = part.map_or(0, |part| part.units());
            if slot >= room {
                let held = self.hold_borrowed(instance);
                let value = self.hold(owned);
                let grown = self.allocate_part((slot + 1).next_power_of_two().max(4))?;
                let object = self.held_object(held);
                if position == capacity {
                    let moved = self.retained(object.get(last));
                    self.initialize(grown, 0, moved);
                } else {
                    let part =
                        object.get(last).as_object().expect("the last inline slot is a part");
                    for index in 0..part.units() {
                        let moved = self.retained(part.get(index));
                        self.initialize(grown, index, moved);
                    }
                }
                self.set_slot(object, last, Value::object(grown));
                self.heap.set_shape(object, next_word);
                let owned = self.release_to(value);
                self.store_at(object, place, owned);
                let instance = self.release_to(held);
                self.heap.release(instance);
                self.write_layout_of(object);
                return Ok(());
            }
        }
        self.heap.set_shape(object, next_word);
        self.store_at(object, place, owned);
        self.write_layout_of(object);
        Ok(())
    }

    pub(crate) fn write_layout_of(&mut self, instance: Object) {
        let class = instance.get(0).as_object().expect("an instance has a class");
        self.write_layout(class);
    }

    pub(crate) fn store_at(&mut self, instance: Object, place: Place, owned: Value) {
        match place {
            Place::Inline(slot) => self.set_slot(instance, slot, owned),
            Place::Part(slot) => {
                let part = instance
                    .get(instance.units() - 1)
                    .as_object()
                    .expect("the last inline slot is a part");
                self.set_part_slot(instance, part, slot, owned);
            }
        }
    }

    /// `R[A].name`, and what the site learns.
    #[inline(never)]
    pub(crate) fn get_field_slowly(
        &mut self,
        holder: Value,
        site: *mut Cache,
        place: *mut Value,
    ) -> Result<(), Thrown> {
        // SAFETY: a site of the running function.
        let symbol = unsafe { (*site).symbol };
        if let Some(object) = holder.as_object()
            && let Some(cache) = self.mutator.shared(Lookup::Field, object.shape_word().0, symbol)
        {
            self.fill(site, cache);
            let value = self.retained(object.get(cache.offset as usize - 1));
            self.put(place, value);
            return Ok(());
        }
        if let Some(instance) = self.object_of(holder, Kind::Instance)
            && let Some(Place::Inline(slot)) = self.find_field(instance, symbol)
        {
            let word = instance.shape_word().0;
            let cache = Cache {
                shape_word: word,
                offset: slot as u32 + 1,
                next_word: word,
                ..Cache::empty(symbol)
            };
            self.learn(Lookup::Field, site, cache);
        }
        let value = self.get_property(holder, symbol)?;
        self.put(place, value);
        Ok(())
    }

    /// A site learns something, and so do the sites that meet the same shape later.
    pub(crate) fn learn(&mut self, lookup: Lookup, site: *mut Cache, cache: Cache) {
        self.fill(site, cache);
        let shared = self.mutator.shared_site(lookup, cache.shape_word, cache.symbol);
        self.fill(shared, cache);
    }

    #[inline]
    pub(crate) fn fill(&mut self, site: *mut Cache, cache: Cache) {
        // SAFETY: a site of the running function.
        unsafe { *site = cache };
        self.note_cache(site);
    }

    /// `R[A].name = value`, and what the site learns.
    #[inline(never)]
    pub(crate) fn set_field_slowly(
        &mut self,
        holder: Value,
        value: Value,
        site: *mut Cache,
    ) -> Result<(), Thrown> {
        // SAFETY: a site of the running function.
        let symbol = unsafe { (*site).symbol };
        self.must_not_be_sealed(holder)?;
        if let Some(object) = holder.as_object()
            && let Some(cache) = self.mutator.shared(Lookup::Store, object.shape_word().0, symbol)
        {
            self.fill(site, cache);
            if cache.next_word != cache.shape_word {
                self.heap.set_shape(object, ShapeWord(cache.next_word));
            }
            let value = self.retained(value);
            self.set_slot(object, cache.offset as usize - 1, value);
            return Ok(());
        }
        match self.kind(holder) {
            Some(Kind::Instance) => {
                let before = holder.as_object().expect("an instance is an object").shape_word();
                let held = self.hold_borrowed(holder);
                let value = self.retained(value);
                self.set_field(holder, symbol, value)?;
                let object = self.held_object(held);
                if let Some(Place::Inline(slot)) = self.find_field(object, symbol) {
                    let next_word = object.shape_word().0;
                    // A field that moves into the part, or one that takes the last slot's room away, is not for the cache.
                    let cache = Cache {
                        shape_word: before.0,
                        offset: slot as u32 + 1,
                        next_word,
                        ..Cache::empty(symbol)
                    };
                    self.learn(Lookup::Store, site, cache);
                }
                let holder = self.release_to(held);
                self.heap.release(holder);
                Ok(())
            }
            Some(Kind::Module) => self.set_module_member(holder, symbol, value),
            _ => {
                let message = "Only instances have fields.";
                Err(self.no_property(ErrorKind::TypeError, holder, symbol, message))
            }
        }
    }

    /// A property of any value: field, method, module member. Owned.
    pub(crate) fn get_property(&mut self, holder: Value, symbol: Symbol) -> Result<Value, Thrown> {
        let Some(object) = holder.as_object() else {
            let message = "Only instances have properties.";
            return Err(self.no_property(ErrorKind::TypeError, holder, symbol, message));
        };
        let kind = Kind::of_shape(object.shape());
        match kind {
            Kind::Instance => {
                if let Some(place) = self.find_field(object, symbol) {
                    let value = self.at_place(object, place);
                    return Ok(self.retained(value));
                }
                match self.find_method(object, symbol) {
                    Some(method) => self.bind(holder, method),
                    None => Err(self.undefined_property(holder, symbol)),
                }
            }
            Kind::Module => self.module_member(holder, symbol),
            _ => match self.native_method(kind, symbol) {
                Some(native) => {
                    let method = self.mutator.builtins[native];
                    self.bind(holder, method)
                }
                None if matches!(
                    kind,
                    Kind::Closure | Kind::Native | Kind::BoundMethod | Kind::Class
                ) =>
                {
                    let message = "Only instances have properties.";
                    Err(self.no_property(ErrorKind::TypeError, holder, symbol, message))
                }
                // The book's words, for the one kind of object with properties of its own that the book has, too.
                None if kind == Kind::String => {
                    let name = self.symbols.name(symbol);
                    let message =
                        format!("Only instances have properties. A string has no '{name}'.");
                    Err(self.no_property(ErrorKind::PropertyError, holder, symbol, &message))
                }
                None => Err(self.undefined_property(holder, symbol)),
            },
        }
    }

    /// A bound method. Owned.
    pub(crate) fn bind(&mut self, receiver: Value, method: Value) -> Result<Value, Thrown> {
        let receiver = self.hold_borrowed(receiver);
        let method = self.hold_borrowed(method);
        let bound = self.allocate(Kind::BoundMethod.shape_word(), 2)?;
        let owned = self.release_to(method);
        self.initialize(bound, 1, owned);
        let owned = self.release_to(receiver);
        self.initialize(bound, 0, owned);
        Ok(Value::object(bound))
    }

    /// `super.name` without a call.
    pub(crate) fn get_super(
        &mut self,
        receiver: Value,
        class: Value,
        symbol: Symbol,
        place: *mut Value,
    ) -> Result<(), Thrown> {
        match self.method_of(class, symbol) {
            Some(method) => {
                let bound = self.bind(receiver, method)?;
                self.put(place, bound);
                Ok(())
            }
            None => Err(self.undefined_property(receiver, symbol)),
        }
    }
}
