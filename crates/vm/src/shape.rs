//! Shapes: which field lies in which slot of an instance, and what the machine knows of a class.
//!
//! A shape is reached from its class's first shape by the fields added, in order; instances that gained the same fields in the same
//! order share one. The header of an instance holds the shape's number and the number of its inline slots, so that one
//! comparison of the header's upper half tells an inline cache everything. Numbers are never used again, so a cache cannot mistake
//! one class for another that took its address.

use crate::kind::FIRST_INSTANCE;
use calf_gc::object::SHAPES;
use rustc_hash::FxHashMap;

/// A name of a field, method or global, by number: comparing two is comparing numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Symbol(pub u32);

/// The names.
#[derive(Default)]
pub struct Symbols {
    numbers: FxHashMap<Box<str>, Symbol>,
    names: Vec<Box<str>>,
}

impl Symbols {
    /// The number of `name`, which is made if it is new.
    pub fn intern(&mut self, name: &str) -> Symbol {
        if let Some(&symbol) = self.numbers.get(name) {
            return symbol;
        }
        let symbol = Symbol(self.names.len() as u32);
        self.names.push(name.into());
        self.numbers.insert(name.into(), symbol);
        symbol
    }
    /// The number of `name`, if the program ever used it as a name.
    pub fn find(&self, name: &str) -> Option<Symbol> {
        self.numbers.get(name).copied()
    }
    /// The name.
    pub fn name(&self, symbol: Symbol) -> &str {
        &self.names[symbol.0 as usize]
    }
}

/// What the machine knows of a class beside the class object.
pub struct Class {
    /// Methods, own and inherited: their position in the class object's part of methods.
    pub methods: FxHashMap<Symbol, u32>,
    /// The shape of an instance without fields.
    pub first_shape: u32,
    /// Inline slots for fields in a new instance: what instances have needed so far.
    pub capacity: u32,
    /// Where `init` is among the methods.
    pub initializer: Option<u32>,
    /// Does it have `finalize`?
    pub finalizes: bool,
    /// Does it have `toString`?
    pub has_text: bool,
    /// For each field name, the shapes that were reached by adding it.
    fields: FxHashMap<Symbol, Vec<u32>>,
}

/// One shape. Shapes that follow one another without a fork form a chain, so that whether one comes before another is
/// found without a walk from field to field.
pub struct Shape {
    /// The class's number.
    pub class: u32,
    /// How many fields.
    pub count: u32,
    parent: u32,
    name: Symbol,
    chain: u32,
    goes_on: bool,
}

/// Every class and shape.
#[derive(Default)]
pub struct Shapes {
    /// Classes by number.
    pub classes: Vec<Class>,
    shapes: Vec<Shape>,
    /// For each chain, the shape that it branched off from; its own first shape if from none.
    chains: Vec<u32>,
    transitions: FxHashMap<(u32, Symbol), u32>,
}

/// There are no shape numbers left.
#[derive(Debug)]
pub struct TooManyShapes;

impl Shapes {
    /// A new class with nothing in it.
    pub fn new_class(&mut self, capacity: u32) -> Result<u32, TooManyShapes> {
        let class = self.classes.len() as u32;
        let chain = self.chains.len() as u32;
        let first_shape = self.push(Shape {
            class,
            count: 0,
            parent: 0,
            name: Symbol(0),
            chain,
            goes_on: false,
        })?;
        self.chains.push(first_shape);
        self.classes.push(Class {
            methods: FxHashMap::default(),
            first_shape,
            capacity: capacity.min(MAXIMAL_CAPACITY),
            initializer: None,
            finalizes: false,
            has_text: false,
            fields: FxHashMap::default(),
        });
        Ok(class)
    }

    fn push(&mut self, shape: Shape) -> Result<u32, TooManyShapes> {
        let number = self.shapes.len() as u32 + FIRST_INSTANCE;
        if number >= SHAPES {
            return Err(TooManyShapes);
        }
        self.shapes.push(shape);
        Ok(number)
    }

    /// The shape of this number.
    pub fn shape(&self, number: u32) -> &Shape {
        &self.shapes[(number - FIRST_INSTANCE) as usize]
    }

    /// The class number behind an instance's shape number.
    pub fn class_of(&self, shape: u32) -> u32 {
        self.shape(shape).class
    }

    /// The position of field `name` in instances of this shape.
    pub fn position(&self, number: u32, name: Symbol) -> Option<u32> {
        let class = &self.classes[self.shape(number).class as usize];
        let adding = class.fields.get(&name)?;
        let found = adding.iter().find(|&&added| self.is_before(added, number))?;
        Some(self.shape(*found).count - 1)
    }

    /// Is `earlier` the shape `later` or one on the way to it?
    fn is_before(&self, earlier: u32, later: u32) -> bool {
        let earlier = self.shape(earlier);
        let mut walk = later;
        loop {
            let shape = self.shape(walk);
            if shape.chain == earlier.chain {
                return earlier.count <= shape.count;
            }
            let origin = self.chains[shape.chain as usize];
            if self.shape(origin).chain == shape.chain {
                return false;
            }
            walk = origin;
        }
    }

    /// The names of the fields of this shape, in order.
    pub fn field_names(&self, number: u32) -> Vec<Symbol> {
        let mut names = Vec::new();
        let mut walk = number;
        while self.shape(walk).count > 0 {
            names.push(self.shape(walk).name);
            walk = self.shape(walk).parent;
        }
        names.reverse();
        names
    }

    /// The shape reached from `number` by adding field `name`, and the field's position.
    pub fn add_field(&mut self, number: u32, name: Symbol) -> Result<(u32, u32), TooManyShapes> {
        let shape = self.shape(number);
        let position = shape.count;
        if let Some(&next) = self.transitions.get(&(number, name)) {
            return Ok((next, position));
        }
        let class = shape.class;
        let chain = if shape.goes_on { self.chains.len() as u32 } else { shape.chain };
        let branches = shape.goes_on;
        let count = position + 1;
        let next =
            self.push(Shape { class, count, parent: number, name, chain, goes_on: false })?;
        if branches {
            self.chains.push(number);
        }
        self.shapes[(number - FIRST_INSTANCE) as usize].goes_on = true;
        self.transitions.insert((number, name), next);
        let class = &mut self.classes[class as usize];
        class.fields.entry(name).or_default().push(next);
        class.capacity = class.capacity.max((position + 1).min(MAXIMAL_CAPACITY));
        Ok((next, position))
    }
}

/// The most fields an instance holds inline.
pub const MAXIMAL_CAPACITY: u32 = 240;
