//! Names and what lies behind them, found without running anything: for completion and for lists of what there is.

use crate::kind::Kind;
use crate::vm::Vm;
use crate::{list, map, string};
use calf_bytecode::Function;
use calf_gc::{Collector, Object, Value};
use std::rc::Rc;

/// A global of the session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Global {
    /// Its name.
    pub name: String,
    /// What `type()` says of its value.
    pub kind: String,
    /// Its value, on a line.
    pub text: String,
}

/// One step from a value to another.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// `.name`
    Name(String),
    /// `[3]`, `[-1]`
    Number(f64),
    /// `["key"]`
    Text(String),
}

/// What a member is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MemberKind {
    /// A field of an instance.
    Field,
    /// A method, own or of the kind.
    Method,
    /// A global of a module.
    Global,
}

/// What may stand behind a dot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: MemberKind,
    /// What `type()` says of the object or module it belongs to; of a native module, its name.
    pub owner: String,
}

/// Columns of a value in a list of globals; who shows it cuts it further.
const LINE: usize = 200;

impl<C: Collector> Vm<C> {
    fn session_number(&self) -> Option<usize> {
        self.mutator.modules.iter().position(|module| module.name == super::MODULE)
    }

    /// The value of a global of a module, if it is defined.
    fn global_value(&self, number: u16) -> Option<Value> {
        // SAFETY: the number of a global that was given out.
        let value = unsafe { *self.mutator.globals.add(number as usize) };
        (!value.is_absent()).then_some(value)
    }

    pub(super) fn session_globals(&self) -> Vec<Global> {
        let Some(module) = self.session_number() else { return Vec::new() };
        let mut found = Vec::new();
        for (name, &number) in &self.mutator.modules[module].globals {
            let Some(value) = self.global_value(number) else { continue };
            // A native that an entry mentioned begins as a global of its own.
            let native = self.builtins.get(name).map(|&at| self.mutator.builtins[at]);
            if native.is_some_and(|native| native.bits() == value.bits()) {
                continue;
            }
            found.push(Global {
                name: name.to_string(),
                kind: self.type_name(value),
                text: self.inspect_line(value, LINE),
            });
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found
    }

    /// The value at the end of a path from a global, borrowed.
    pub(super) fn resolve(&self, root: &str, path: &[Step]) -> Option<Value> {
        let own = self
            .session_number()
            .and_then(|module| self.mutator.modules[module].globals.get(root).copied())
            .and_then(|number| self.global_value(number));
        let mut value = match own {
            Some(value) => value,
            None => self.mutator.builtins[*self.builtins.get(root)?],
        };
        for step in path {
            value = self.step(value, step)?;
        }
        Some(value)
    }

    fn step(&self, from: Value, step: &Step) -> Option<Value> {
        let object = from.as_object()?;
        match (Kind::of_shape(object.shape()), step) {
            (Kind::Instance, Step::Name(name)) => {
                let symbol = self.symbols.find(name)?;
                match self.find_field(object, symbol) {
                    Some(place) => Some(self.at_place(object, place)),
                    None => self.find_method(object, symbol),
                }
            }
            (Kind::Class, Step::Name(name)) => self.method_of(from, self.symbols.find(name)?),
            (Kind::Module, Step::Name(name)) => {
                let module = object.get(0).as_raw() as usize;
                let number = *self.mutator.modules[module].globals.get(name.as_str())?;
                self.global_value(number)
            }
            (Kind::List, Step::Number(index)) => {
                let length = list::length(object);
                let index = if *index < 0.0 { *index + length as f64 } else { *index };
                let is_item = index >= 0.0 && index < length as f64 && index.fract() == 0.0;
                is_item.then(|| list::item(object, index as usize))
            }
            (Kind::Map, step) => {
                let is_key = |key: Value| match step {
                    Step::Number(number) => key.as_number() == Some(*number),
                    Step::Text(text) => self
                        .object_of(key, Kind::String)
                        .is_some_and(|key| string::text(&key) == text),
                    Step::Name(_) => false,
                };
                let mut entries = (0..map::used(object)).filter_map(|at| map::entry(object, at));
                entries.find(|(key, _)| is_key(*key)).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// What may stand behind a dot after this value.
    pub(super) fn members_of(&self, value: Value) -> Option<Vec<Member>> {
        let object = value.as_object()?;
        let kind = Kind::of_shape(object.shape());
        let mut found = Vec::new();
        match kind {
            Kind::Instance => {
                let owner = self.type_name(value);
                let mut add = |name: &str, kind| {
                    found.push(Member { name: name.to_string(), kind, owner: owner.clone() });
                };
                for (name, _) in self.fields(object) {
                    add(self.symbols.name(name), MemberKind::Field);
                }
                let class = self.shapes.class_of(object.shape()) as usize;
                let methods = &self.shapes.classes[class].methods;
                let mut names: Vec<_> =
                    methods.keys().map(|name| self.symbols.name(*name)).collect();
                names.sort_unstable();
                names.into_iter().for_each(|name| add(name, MemberKind::Method));
            }
            Kind::Module => {
                let module = &self.mutator.modules[object.get(0).as_raw() as usize];
                let mut names: Vec<_> = module
                    .globals
                    .iter()
                    .filter(|(_, number)| self.global_value(**number).is_some())
                    .map(|(name, _)| name.to_string())
                    .collect();
                names.sort_unstable();
                let member =
                    |name| Member { name, kind: MemberKind::Global, owner: module.name.clone() };
                found.extend(names.into_iter().map(member));
            }
            kind => {
                let methods = self.methods[kind as usize].iter().filter(|number| **number > 0);
                for &number in methods {
                    found.push(Member {
                        name: self.natives[number as usize - 1].name.to_string(),
                        kind: MemberKind::Method,
                        owner: kind.name().to_string(),
                    });
                }
                found.sort_by(|one, other| one.name.cmp(&other.name));
            }
        }
        Some(found)
    }

    /// The function behind a closure, a bound method, or a class with `init`.
    pub(super) fn function_behind(&self, value: Value) -> Option<Rc<Function>> {
        let object: Object = value.as_object()?;
        match Kind::of_shape(object.shape()) {
            Kind::Closure => {
                // SAFETY: a closure holds the address of a loaded function, which is never freed.
                Some(unsafe { (*crate::call::code_of(object)).function.clone() })
            }
            Kind::BoundMethod => self.function_behind(object.get(1)),
            Kind::Class => self.function_behind(object.get(crate::class::INITIALIZER)),
            _ => None,
        }
    }
}
