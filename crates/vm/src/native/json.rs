//! The module `json` (RFC 8259): `encode` writes text, `decode` reads it.
//!
//! Writing allocates nothing in the heap until the text is done, so it may hold addresses. Reading makes a tree outside
//! the heap first, which `serde_json` bounds to 128 levels, and then the values from it.

use super::{Arguments, Owner, Row, natives};
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::text::write_number;
use crate::vm::Vm;
use crate::{list, map, string};
use calf_gc::{Collector, Object, Value};
use serde_json::Value as Tree;

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Module("json");
        "encode" 1..=2 => encode,
        "decode" 1..=1 => decode,
    )
}

/// How deep lists, maps and instances may lie in each other.
const DEEPEST: usize = 512;
/// The most spaces that a level is indented by.
const WIDEST: usize = 16;

/// A text in the making.
struct Encoder {
    text: String,
    /// Spaces for each level; 0 writes everything on one line.
    indent: usize,
    /// What is being written, outermost first: meeting one of these again means a cycle.
    open: Vec<Object>,
    /// The longest text there may be.
    longest: usize,
}

impl Encoder {
    /// Goes to where the next item stands.
    fn begin_item(&mut self, is_first: bool) {
        if !is_first {
            self.text.push(',');
        }
        self.begin_line();
    }

    fn begin_line(&mut self) {
        if self.indent > 0 {
            self.text.push('\n');
            self.text.extend(std::iter::repeat_n(' ', self.indent * self.open.len()));
        }
    }

    fn write_string(&mut self, text: &str) {
        // Writing a string to a string cannot fail.
        self.text.push_str(&serde_json::to_string(text).unwrap_or_default());
    }

    fn write_key(&mut self, key: &str) {
        self.write_string(key);
        self.text.push_str(if self.indent > 0 { ": " } else { ":" });
    }

    /// Ends a list or map of `count` items.
    fn close(&mut self, count: usize, bracket: char) {
        self.open.pop();
        if count > 0 {
            self.begin_line();
        }
        self.text.push(bracket);
    }
}

impl<C: Collector> Vm<C> {
    fn encode_value(&mut self, value: Value, to: &mut Encoder) -> Result<(), Thrown> {
        if to.text.len() > to.longest {
            return Err(self.throw_out_of_memory());
        }
        if let Some(number) = value.as_number() {
            if !number.is_finite() {
                let message = "JSON has numbers only, no nan and no inf.";
                return Err(self.throw(ErrorKind::ValueError, message));
            }
            write_number(number, &mut to.text);
            return Ok(());
        }
        let Some(object) = value.as_object() else {
            to.text.push_str(match value {
                Value::TRUE => "true",
                Value::FALSE => "false",
                _ => "null",
            });
            return Ok(());
        };
        let kind = Kind::of_shape(object.shape());
        match kind {
            Kind::String => {
                to.write_string(string::text(&object));
                return Ok(());
            }
            Kind::List | Kind::Map | Kind::Instance => {}
            _ => {
                let name = self.type_name(value);
                return Err(
                    self.throw(ErrorKind::TypeError, format!("JSON has nothing for a {name}."))
                );
            }
        }
        if to.open.contains(&object) {
            let name = self.type_name(value);
            let message = format!("JSON cannot hold a {name} that contains itself.");
            return Err(self.throw(ErrorKind::ValueError, message));
        }
        if to.open.len() >= DEEPEST {
            let message = format!("JSON is written to a depth of {DEEPEST} at most.");
            return Err(self.throw(ErrorKind::ValueError, message));
        }
        to.open.push(object);
        match kind {
            Kind::List => self.encode_list(object, to),
            Kind::Map => self.encode_map(object, to),
            _ => self.encode_instance(object, to),
        }
    }

    fn encode_list(&mut self, list: Object, to: &mut Encoder) -> Result<(), Thrown> {
        to.text.push('[');
        for at in 0..list::length(list) {
            to.begin_item(at == 0);
            self.encode_value(list::item(list, at), to)?;
        }
        to.close(list::length(list), ']');
        Ok(())
    }

    fn encode_map(&mut self, map: Object, to: &mut Encoder) -> Result<(), Thrown> {
        to.text.push('{');
        let mut count = 0;
        for at in 0..map::used(map) {
            let Some((key, value)) = map::entry(map, at) else { continue };
            let Some(key) = self.object_of(key, Kind::String) else {
                let name = self.type_name(key);
                let message = format!("A key in JSON must be a string, not a {name}.");
                return Err(self.throw(ErrorKind::TypeError, message));
            };
            to.begin_item(count == 0);
            to.write_key(string::text(&key));
            self.encode_value(value, to)?;
            count += 1;
        }
        to.close(count, '}');
        Ok(())
    }

    /// An instance is written as a map of its fields.
    fn encode_instance(&mut self, instance: Object, to: &mut Encoder) -> Result<(), Thrown> {
        to.text.push('{');
        let fields = self.shapes.field_names(instance.shape());
        for (number, &symbol) in fields.iter().enumerate() {
            to.begin_item(number == 0);
            to.write_key(self.symbols.name(symbol));
            let value = self.field(Value::object(instance), symbol).unwrap_or(Value::NIL);
            self.encode_value(value, to)?;
        }
        to.close(fields.len(), '}');
        Ok(())
    }

    /// The value of a tree. Owned. The tree's depth is bounded where it was read.
    fn value_of_tree(&mut self, tree: Tree) -> Result<Value, Thrown> {
        match tree {
            Tree::Null => Ok(Value::NIL),
            Tree::Bool(truth) => Ok(Value::boolean(truth)),
            Tree::Number(number) => Ok(Value::number(number.as_f64().unwrap_or(f64::NAN))),
            Tree::String(text) => self.new_string(&text),
            Tree::Array(items) => {
                let list = self.new_list(items.len())?;
                let list = self.hold(list);
                for item in items {
                    let item = self.value_of_tree(item)?;
                    self.push_item(self.handle(list), item)?;
                }
                Ok(self.release_to(list))
            }
            Tree::Object(entries) => {
                let map = self.new_map(entries.len())?;
                let map = self.hold(map);
                for (key, value) in entries {
                    let key = self.new_string(&key)?;
                    let key = self.hold(key);
                    let value = self.value_of_tree(value)?;
                    self.map_insert(self.handle(map), self.handle(key), value)?;
                    let key = self.release_to(key);
                    self.heap.release(key);
                }
                Ok(self.release_to(map))
            }
        }
    }
}

fn encode<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let indent = if arguments.get(2).is_nil() { 0 } else { vm.size_argument(arguments, 2)? };
    if indent > WIDEST {
        let message = format!("A level is indented by {WIDEST} spaces at most.");
        return Err(vm.throw(ErrorKind::ValueError, message));
    }
    let longest = string::LONGEST.min(vm.heap.limit());
    let mut encoder = Encoder { text: String::new(), indent, open: Vec::new(), longest };
    vm.encode_value(arguments.get(1), &mut encoder)?;
    vm.new_string(&encoder.text)
}

fn decode<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let text = vm.string_argument(arguments, 1)?;
    match serde_json::from_str(string::text(&text)) {
        Ok(tree) => vm.value_of_tree(tree),
        // The library's own text ends in line and column.
        Err(error) => {
            Err(vm.throw(ErrorKind::ValueError, format!("The text is not JSON: {error}.")))
        }
    }
}
