//! Answers of natives as Rust data, for commands that print them.

use super::Evaluation;
use crate::error::Thrown;
use crate::kind::Kind;
use crate::native::Owner;
use crate::vm::Vm;
use crate::{list, map, string};
use calf_gc::{Collector, Value};

/// A native, by module and name; an empty module for the global functions.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The module it is a member of.
    pub module: &'q str,
    /// Its name.
    pub name: &'q str,
    /// What it is called with.
    pub arguments: &'q [Argument<'q>],
}

/// What a native is called with.
#[derive(Clone, Copy, Debug)]
pub enum Argument<'q> {
    /// The value of the expression that was given with the questions.
    Value,
    /// A string.
    Text(&'q str),
}

/// A value outside of the heap.
#[derive(Clone, PartialEq, Debug)]
pub enum Data {
    /// `nil`
    Nil,
    /// `true` or `false`
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Data>),
    /// A map with texts as keys, in its order.
    Map(Vec<(String, Data)>),
    /// Anything else: its text, on one line.
    Other(String),
}

/// Lists and maps in an answer, within one another.
const DEEPEST: usize = 8;
/// Columns of a value that is only named.
const LINE: usize = 60;

impl Data {
    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        if let Data::Number(number) = self { Some(*number) } else { None }
    }
    /// The entry of a map.
    pub fn get(&self, key: &str) -> Option<&Data> {
        let Data::Map(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Data] {
        if let Data::List(items) = self { items } else { &[] }
    }
    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[(String, Data)] {
        if let Data::Map(entries) = self { entries } else { &[] }
    }
    /// The text of a string or of what is only named.
    pub fn text(&self) -> Option<&str> {
        if let Data::Text(text) | Data::Other(text) = self { Some(text) } else { None }
    }
}

impl<C: Collector> Vm<C> {
    /// The native behind a question, borrowed.
    fn native_asked(&self, question: Question<'_>) -> Option<Value> {
        let number = crate::native::rows::<C>().iter().position(|row| {
            row.name == question.name
                && match row.owner {
                    Owner::Module(module) => module == question.module,
                    Owner::Global => question.module.is_empty(),
                    Owner::Method(_) => false,
                }
        })?;
        Some(self.mutator.builtins[number])
    }

    pub(super) fn answers(
        &mut self,
        questions: &[Question<'_>],
        argument: Option<&str>,
    ) -> Option<Vec<Option<Data>>> {
        use super::Session;
        let argument = match argument {
            None => None,
            Some(text) => {
                let entry = match self.prepare("argument", text) {
                    Ok(entry) => entry,
                    Err(Evaluation::Incomplete) => {
                        self.complain("This is not a whole expression: something is still open.");
                        return None;
                    }
                    Err(_) => return None,
                };
                match self.value_of_entry(entry) {
                    Ok(value) => Some(self.hold(value)),
                    Err(Thrown) => {
                        self.failure();
                        return None;
                    }
                }
            }
        };
        let mut answers = Vec::new();
        for question in questions {
            let Some(native) = self.native_asked(*question) else {
                answers.push(None);
                continue;
            };
            let mut arguments = Vec::new();
            for given in question.arguments {
                arguments.push(match (given, argument) {
                    (Argument::Text(text), _) => match self.new_string(text) {
                        Ok(text) => self.hold(text),
                        Err(Thrown) => {
                            self.failure();
                            return None;
                        }
                    },
                    (Argument::Value, Some(argument)) => argument,
                    (Argument::Value, None) => self.hold(Value::NIL),
                });
            }
            let arguments: Vec<Value> =
                arguments.into_iter().map(|argument| self.handle(argument)).collect();
            match self.call(native, &arguments) {
                Ok(value) => {
                    let value = self.hold(value);
                    answers.push(Some(self.data(self.handle(value), 0)));
                }
                Err(Thrown) => {
                    self.failure();
                    return None;
                }
            }
        }
        Some(answers)
    }

    fn data(&self, value: Value, depth: usize) -> Data {
        if let Some(number) = value.as_number() {
            return Data::Number(number);
        }
        let Some(object) = value.as_object() else {
            return match value {
                Value::TRUE => Data::Boolean(true),
                Value::FALSE => Data::Boolean(false),
                _ => Data::Nil,
            };
        };
        match Kind::of_shape(object.shape()) {
            Kind::String => Data::Text(string::text(&object).to_string()),
            Kind::List if depth < DEEPEST => {
                let items = (0..list::length(object)).map(|index| list::item(object, index));
                Data::List(items.map(|item| self.data(item, depth + 1)).collect())
            }
            Kind::Map if depth < DEEPEST => {
                let entries = (0..map::used(object)).filter_map(|at| map::entry(object, at));
                let entry = |(key, value): (Value, Value)| {
                    let name = match self.object_of(key, Kind::String) {
                        Some(name) => string::text(&name).to_string(),
                        None => self.inspect_line(key, LINE),
                    };
                    (name, self.data(value, depth + 1))
                };
                Data::Map(entries.map(entry).collect())
            }
            _ => Data::Other(self.inspect_line(value, LINE)),
        }
    }
}
