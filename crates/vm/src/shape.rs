//! Shapes: which field lies in which slot of an instance, and what the machine knows of a class.
//!
//! A shape is reached from its class's first shape by the fields added, in order; instances that gained the same fields in the same
//! order share one. The header of an instance holds the shape's number and the number of its inline slots, so that one
//! comparison of the header's upper half tells an inline cache everything. Numbers are never used again, so a cache cannot mistake
//! one class for another that took its address.

use crate::kind::FIRST_INSTANCE;
use calf_gc::object::SHAPES;
use std::collections::HashMap;

/// A name of a field, method or global, by number: comparing two is comparing numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Symbol(pub u32);

/// The names.
#[derive(Default)]
pub struct Symbols {
    numbers: HashMap<Box<str>, Symbol>,
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
    pub methods: HashMap<Symbol, u32>,
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
}

/// One shape.
pub struct Shape {
    /// The class's number.
    pub class: u32,
    /// How many fields.
    pub count: u32,
    parent: u32,
    name: Symbol,
    transitions: Vec<(Symbol, u32)>,
    /// Field positions, built when the shape is first searched.
    positions: Option<HashMap<Symbol, u32>>,
}

/// Every class and shape.
#[derive(Default)]
pub struct Shapes {
    /// Classes by number.
    pub classes: Vec<Class>,
    shapes: Vec<Shape>,
}

/// There are no shape numbers left.
#[derive(Debug)]
pub struct TooManyShapes;

impl Shapes {
    /// A new class with nothing in it.
    pub fn new_class(&mut self, capacity: u32) -> Result<u32, TooManyShapes> {
        let class = self.classes.len() as u32;
        let first_shape = self.push(Shape {
            class,
            count: 0,
            parent: 0,
            name: Symbol(0),
            transitions: Vec::new(),
            positions: None,
        })?;
        self.classes.push(Class {
            methods: HashMap::new(),
            first_shape,
            capacity: capacity.min(MAXIMAL_CAPACITY),
            initializer: None,
            finalizes: false,
            has_text: false,
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
    pub fn position(&mut self, number: u32, name: Symbol) -> Option<u32> {
        let at = (number - FIRST_INSTANCE) as usize;
        if self.shapes[at].positions.is_none() {
            let mut positions = HashMap::new();
            let mut walk = number;
            loop {
                let shape = self.shape(walk);
                if shape.count == 0 {
                    break;
                }
                positions.insert(shape.name, shape.count - 1);
                walk = shape.parent;
            }
            self.shapes[at].positions = Some(positions);
        }
        self.shapes[at].positions.as_ref().and_then(|positions| positions.get(&name).copied())
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
        if let Some(&(_, next)) = shape.transitions.iter().find(|(symbol, _)| *symbol == name) {
            return Ok((next, position));
        }
        let class = shape.class;
        let next = self.push(Shape {
            class,
            count: position + 1,
            parent: number,
            name,
            transitions: Vec::new(),
            positions: None,
        })?;
        self.shapes[(number - FIRST_INSTANCE) as usize].transitions.push((name, next));
        let class = &mut self.classes[class as usize];
        class.capacity = class.capacity.max((position + 1).min(MAXIMAL_CAPACITY));
        Ok((next, position))
    }
}

/// The most fields an instance holds inline.
pub const MAXIMAL_CAPACITY: u32 = 240;
