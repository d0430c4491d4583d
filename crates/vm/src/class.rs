//! Classes, instances and their fields, closures, boxes, spills.

use crate::call::code_of;
use crate::code::{Cache, Code};
use crate::error::{ErrorKind, Thrown};
use crate::kind::{FIRST_INSTANCE, Kind};
use crate::shape::{Symbol, TooManyShapes};
use crate::vm::Vm;
use calf_bytecode::op::WIDE_CAPTURE;
use calf_bytecode::{Capture, op};
use calf_gc::{Collector, Format, Object, ShapeWord, Value};

/// Slot of a class object: its number (raw).
pub(crate) const NUMBER: usize = 0;
/// Its name, a string.
pub(crate) const NAME: usize = 1;
/// The class it inherits from, or nil.
pub(crate) const SUPERCLASS: usize = 2;
/// Its methods, a part, or nil.
pub(crate) const METHODS: usize = 3;
/// Its `init`, or nil.
pub(crate) const INITIALIZER: usize = 4;
/// How an instance begins (raw): first shape in the low 24 bits, inline fields in the next 8, bit 32: has a finalizer.
pub(crate) const LAYOUT: usize = 5;
const CLASS_SLOTS: usize = 6;

/// Where a field lies: in the instance, or in the part that its last inline slot refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// This slot of the instance.
    Inline(usize),
    /// This slot of the part.
    Part(usize),
}

/// Where field `position` of `count` lies in an instance with room for `capacity` inline.
fn place(position: usize, count: usize, capacity: usize) -> Place {
    if count <= capacity || position + 1 < capacity {
        Place::Inline(1 + position)
    } else {
        Place::Part(position + 1 - capacity)
    }
}

impl<C: Collector> Vm<C> {
    fn too_many(&mut self, _: TooManyShapes) -> Thrown {
        self.throw_out_of_memory()
    }

    /// The class object behind a value: of an instance, its class.
    pub(crate) fn class_of(&self, value: Value) -> Option<Object> {
        self.object_of(value, Kind::Instance).and_then(|object| object.get(0).as_object())
    }

    /// A new class at `place`.
    pub(crate) fn new_class(
        &mut self,
        place: *mut Value,
        name: Value,
        fields: u32,
    ) -> Result<(), Thrown> {
        let number = self.shapes.new_class(fields).map_err(|error| self.too_many(error))?;
        let name = self.hold_borrowed(name);
        let class = self.allocate_slots(Kind::Class, CLASS_SLOTS)?;
        self.set_raw(class, NUMBER, number as u64);
        let name = self.release_to(name);
        self.initialize(class, NAME, name);
        self.write_layout(class);
        self.put(place, Value::object(class));
        Ok(())
    }

    fn write_layout(&mut self, class: Object) {
        let info = &self.shapes.classes[class.get(NUMBER).as_raw() as usize];
        let layout = u64::from(info.first_shape)
            | u64::from(info.capacity.max(1)) << 24
            | u64::from(info.finalizes) << 32;
        if class.get(LAYOUT).bits() != layout {
            self.set_raw(class, LAYOUT, layout);
        }
    }

    /// Copies the methods of the superclass down, as the book's machine does: a class never changes once it is made.
    pub(crate) fn inherit(&mut self, class: Value, superclass: Value) -> Result<(), Thrown> {
        let Some(base) = self.object_of(superclass, Kind::Class) else {
            return Err(self.throw(ErrorKind::TypeError, "Superclass must be a class."));
        };
        let class = class.as_object().expect("the compiler puts the class here");
        let base_number = base.get(NUMBER).as_raw() as usize;
        let number = class.get(NUMBER).as_raw() as usize;
        let held = self.hold_borrowed(Value::object(class));
        let from = self.hold_borrowed(superclass);
        let methods: Vec<(Symbol, u32)> = self.shapes.classes[base_number]
            .methods
            .iter()
            .map(|(symbol, at)| (*symbol, *at))
            .collect();
        let parent = &self.shapes.classes[base_number];
        let (capacity, finalizes, has_text, initializer) =
            (parent.capacity, parent.finalizes, parent.has_text, parent.initializer);
        let count = base.get(METHODS).as_object().map_or(0, |part| part.units());
        if count > 0 {
            let part = self.allocate_part(count)?;
            let source = self
                .held_object(from)
                .get(METHODS)
                .as_object()
                .expect("the superclass has methods");
            for index in 0..count {
                let method = self.retained(source.get(index));
                self.initialize(part, index, method);
            }
            let class = self.held_object(held);
            self.set_slot(class, METHODS, Value::object(part));
        }
        let class = self.held_object(held);
        let superclass = self.retained(self.handle(from));
        self.set_slot(class, SUPERCLASS, superclass);
        let init = self.retained(self.held_object(from).get(INITIALIZER));
        self.set_slot(class, INITIALIZER, init);
        let info = &mut self.shapes.classes[number];
        info.methods = methods.into_iter().collect();
        info.capacity = (info.capacity + capacity).min(crate::shape::MAXIMAL_CAPACITY);
        info.finalizes = finalizes;
        info.has_text = has_text;
        info.initializer = initializer;
        self.write_layout(class);
        self.release_to(from);
        let superclass = class.get(SUPERCLASS);
        self.heap.release(superclass);
        let class = self.release_to(held);
        self.heap.release(class);
        Ok(())
    }

    /// Gives a class a method (owned).
    pub(crate) fn add_method(
        &mut self,
        class: Value,
        name: Value,
        method: Value,
    ) -> Result<(), Thrown> {
        let held = self.hold_borrowed(class);
        let method = self.hold(method);
        let text = crate::string::text(&name.as_object().expect("a method's name is a string"))
            .to_string();
        let symbol = self.symbols.intern(&text);
        let number = self.held_object(held).get(NUMBER).as_raw() as usize;
        let known = self.shapes.classes[number].methods.get(&symbol).copied();
        let at = match known {
            Some(at) => at as usize,
            None => self.shapes.classes[number].methods.len(),
        };
        let room = self.held_object(held).get(METHODS).as_object().map_or(0, |part| part.units());
        if at >= room {
            let part = self.allocate_part((at + 1).next_multiple_of(4))?;
            let class = self.held_object(held);
            if let Some(old) = class.get(METHODS).as_object() {
                for index in 0..old.units() {
                    let value = self.retained(old.get(index));
                    self.initialize(part, index, value);
                }
            }
            self.set_slot(class, METHODS, Value::object(part));
        }
        let class = self.held_object(held);
        let part = class.get(METHODS).as_object().expect("there are methods");
        let closure = self.release_to(method);
        if text == "init" {
            let closure = self.retained(closure);
            self.set_slot(class, INITIALIZER, closure);
        }
        self.set_part_slot(class, part, at, closure);
        let info = &mut self.shapes.classes[number];
        info.methods.insert(symbol, at as u32);
        match text.as_str() {
            "init" => info.initializer = Some(at as u32),
            "finalize" => info.finalizes = true,
            "toString" => info.has_text = true,
            _ => {}
        }
        self.write_layout(class);
        let class = self.release_to(held);
        self.heap.release(class);
        Ok(())
    }

    /// A part with all its slots nil.
    pub(crate) fn allocate_part(&mut self, units: usize) -> Result<Object, Thrown> {
        self.allocate_slots(Kind::Items, units)
    }

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

    /// The method of an instance's class, borrowed.
    pub(crate) fn find_method(&self, instance: Object, symbol: Symbol) -> Option<Value> {
        self.method_of(instance.get(0), symbol)
    }

    /// The method of a class, own or inherited, borrowed.
    pub(crate) fn method_of(&self, class: Value, symbol: Symbol) -> Option<Value> {
        let class = class.as_object()?;
        let at = *self.shapes.classes[class.get(NUMBER).as_raw() as usize].methods.get(&symbol)?;
        Some(class.get(METHODS).as_object()?.get(at as usize))
    }

    /// Where the field lies in this instance, if it has it.
    pub(crate) fn find_field(&mut self, instance: Object, symbol: Symbol) -> Option<Place> {
        let word = instance.shape_word();
        let position = self.shapes.position(word.shape(), symbol)? as usize;
        let count = self.shapes.shape(word.shape()).count as usize;
        Some(place(position, count, word.units() as usize - 1))
    }

    fn at_place(&self, instance: Object, place: Place) -> Value {
        match place {
            Place::Inline(slot) => instance.get(slot),
            Place::Part(slot) => instance
                .get(instance.units() - 1)
                .as_object()
                .expect("the last inline slot is a part")
                .get(slot),
        }
    }

    /// The field of an instance, borrowed.
    pub(crate) fn field(&mut self, value: Value, symbol: Symbol) -> Option<Value> {
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
                object.set_shape_word(next_word);
                let owned = self.release_to(value);
                self.store_at(object, place, owned);
                let instance = self.release_to(held);
                self.heap.release(instance);
                self.write_layout_of(object);
                return Ok(());
            }
        }
        object.set_shape_word(next_word);
        self.store_at(object, place, owned);
        self.write_layout_of(object);
        Ok(())
    }

    fn write_layout_of(&mut self, instance: Object) {
        let class = instance.get(0).as_object().expect("an instance has a class");
        self.write_layout(class);
    }

    fn store_at(&mut self, instance: Object, place: Place, owned: Value) {
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
        if let Some(instance) = self.object_of(holder, Kind::Instance)
            && let Some(Place::Inline(slot)) = self.find_field(instance, symbol)
        {
            let word = instance.shape_word().0;
            self.fill(
                site,
                Cache {
                    shape_word: word,
                    offset: slot as u32 + 1,
                    next_word: word,
                    ..Cache::empty(symbol)
                },
            );
        }
        let value = self.get_property(holder, symbol)?;
        self.put(place, value);
        Ok(())
    }

    fn fill(&mut self, site: *mut Cache, cache: Cache) {
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
                    self.fill(site, cache);
                }
                let holder = self.release_to(held);
                self.heap.release(holder);
                Ok(())
            }
            Some(Kind::Module) => self.set_module_member(holder, symbol, value),
            _ => Err(self.throw(ErrorKind::TypeError, "Only instances have fields.")),
        }
    }

    /// A property of any value: field, method, module member. Owned.
    pub(crate) fn get_property(&mut self, holder: Value, symbol: Symbol) -> Result<Value, Thrown> {
        let Some(object) = holder.as_object() else {
            return Err(self.throw(ErrorKind::TypeError, "Only instances have properties."));
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
                    None => Err(self.undefined_property(symbol)),
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
                    Err(self.throw(ErrorKind::TypeError, "Only instances have properties."))
                }
                None => Err(self.undefined_property(symbol)),
            },
        }
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn undefined_property(&mut self, symbol: Symbol) -> Thrown {
        let message = format!("Undefined property '{}'.", self.symbols.name(symbol));
        self.throw(ErrorKind::PropertyError, message)
    }

    /// A bound method. Owned.
    fn bind(&mut self, receiver: Value, method: Value) -> Result<Value, Thrown> {
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
            None => Err(self.undefined_property(symbol)),
        }
    }

    /// A closure of function `number` of the running code, made at `place` within the window at `base`.
    pub(crate) fn new_closure(
        &mut self,
        place: *mut Value,
        number: usize,
        base: *mut Value,
    ) -> Result<(), Thrown> {
        let running = self.mutator.running_code().expect("code is running");
        let code: *const Code = running.functions[number];
        // SAFETY: a loaded function.
        let loaded = unsafe { &*code };
        let captures = &loaded.function.captures;
        let wide = captures.len().saturating_sub(WIDE_CAPTURE as usize);
        let narrow = captures.len() - wide;
        let closure = self.allocate_slots(Kind::Closure, 1 + narrow + usize::from(wide > 0))?;
        self.set_raw(closure, 0, code.expose_provenance() as u64);
        let held = self.hold(Value::object(closure));
        if wide > 0 {
            let part = self.allocate_part(wide)?;
            let closure = self.held_object(held);
            self.set_slot(closure, 1 + narrow, Value::object(part));
        }
        let closure = self.held_object(held);
        for (index, capture) in captures.iter().enumerate() {
            let value = match *capture {
                // SAFETY: a register of the running window, as the checker proved.
                Capture::Register(register) => unsafe { *base.add(register as usize) },
                Capture::Spill(slot) => {
                    // SAFETY: as above.
                    self.spilled(unsafe { *base.add(op::SPILL_REGISTER as usize) }, slot as usize)
                }
                Capture::Capture(outer) if outer < WIDE_CAPTURE => {
                    self.running_closure().get(1 + outer as usize)
                }
                Capture::Capture(outer) => self.wide_capture(outer as usize),
            };
            let value = self.retained(value);
            if index < narrow {
                self.set_slot(closure, 1 + index, value);
            } else {
                let part = closure
                    .get(1 + narrow)
                    .as_object()
                    .expect("the captures that are too many have a part");
                self.set_part_slot(closure, part, index - narrow, value);
            }
        }
        let closure = self.release_to(held);
        self.put(place, closure);
        Ok(())
    }

    fn running_closure(&self) -> Object {
        // SAFETY: the running frame runs code, so its closure is one.
        unsafe { (*self.mutator.frame).closure }.as_object().expect("code runs in a closure")
    }

    /// Capture `number` (from [`WIDE_CAPTURE`] on) of the running closure, borrowed.
    pub(crate) fn wide_capture(&self, number: usize) -> Value {
        let part =
            self.running_closure().get(1 + WIDE_CAPTURE as usize).as_object().expect("a part");
        part.get(number - WIDE_CAPTURE as usize)
    }

    /// Puts what `place` holds in a new box there.
    pub(crate) fn new_box(&mut self, place: *mut Value) -> Result<(), Thrown> {
        let object = self.allocate(Kind::Box.shape_word(), 1)?;
        // SAFETY: a register of the running window.
        let value = unsafe { std::ptr::replace(place, Value::object(object)) };
        self.initialize(object, 0, value);
        Ok(())
    }

    /// Makes the spill of the running function at `place`, taking the first `taken` registers from there on.
    pub(crate) fn new_spill(
        &mut self,
        place: *mut Value,
        slots: usize,
        taken: usize,
    ) -> Result<(), Thrown> {
        let part = self.allocate_slots(Kind::Items, slots)?;
        // A container owns it: a list that no program sees, so that collectors reach the locals through it.
        let held = self.hold(Value::object(part));
        let owner = self.allocate_slots(Kind::Cursor, 1)?;
        let part = self.release_to(held);
        self.initialize(owner, 0, part);
        let part = part.as_object().expect("a part");
        for index in 0..taken {
            // SAFETY: registers of the running window; they hold the parameters that are moved.
            let value = unsafe { std::ptr::replace(place.add(index), Value::NIL) };
            self.set_part_slot(owner, part, index, value);
        }
        // SAFETY: a register of the running window, just emptied or still free.
        unsafe { *place = Value::object(owner) };
        Ok(())
    }

    /// A spilled local, borrowed.
    pub(crate) fn spilled(&self, spill: Value, slot: usize) -> Value {
        spill.as_object().and_then(|owner| owner.get(0).as_object()).expect("the spill").get(slot)
    }

    /// Sets a spilled local (owned).
    pub(crate) fn set_spilled(&mut self, spill: Value, slot: usize, owned: Value) {
        let owner = spill.as_object().expect("the spill");
        let part = owner.get(0).as_object().expect("the spill's part");
        self.set_part_slot(owner, part, slot, owned);
    }

    /// Does this instance's class have `toString`?
    pub(crate) fn has_text(&self, instance: Object) -> bool {
        let shape = instance.shape();
        shape >= FIRST_INSTANCE
            && self.shapes.classes[self.shapes.class_of(shape) as usize].has_text
    }

    /// The name of the function behind a closure or a bound method.
    pub(crate) fn function_name(&self, object: Object) -> String {
        let closure = match Kind::of_shape(object.shape()) {
            Kind::BoundMethod => object.get(1).as_object().expect("a bound method has a method"),
            _ => object,
        };
        match Kind::of_shape(closure.shape()) {
            Kind::Closure => {
                // SAFETY: a loaded function.
                let function = unsafe { &(*code_of(closure)).function };
                if function.name.is_empty() {
                    "<fn>".to_string()
                } else {
                    format!("<fn {}>", function.name)
                }
            }
            _ => "<native fn>".to_string(),
        }
    }
}
