//! Classes: what they are made of, inheritance, methods.

use crate::error::{ErrorKind, Thrown};
use crate::kind::{FIRST_INSTANCE, Kind};
use crate::shape::{Symbol, TooManyShapes};
use crate::vm::Vm;
use calf_gc::{Collector, Object, Value};

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

impl<C: Collector> Vm<C> {
    pub(crate) fn too_many(&mut self, _: TooManyShapes) -> Thrown {
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

    pub(crate) fn write_layout(&mut self, class: Object) {
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

    /// Does this instance's class have `toString`?
    pub(crate) fn has_text(&self, instance: Object) -> bool {
        let shape = instance.shape();
        shape >= FIRST_INSTANCE
            && self.shapes.classes[self.shapes.class_of(shape) as usize].has_text
    }
}
