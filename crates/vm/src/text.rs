//! What values look like: `print`, `str`, interpolation.
//!
//! The walk through lists and maps keeps its own stack, so ten million nested lists print as well as two. A list or map that contains
//! itself is marked where it begins (`<ref *1>`) and where it comes back (`[Circular *1]`).

use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::output::OutputState;
use crate::program::exit_code;
use crate::vm::{Handle, Vm};
use crate::{list, map, string};
use calf_gc::{Collector, Object, Value};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// The number as an integer whose digits are its text; zero, which has a sign, is none.
#[inline]
pub(crate) fn whole(number: f64) -> Option<i64> {
    let whole = crate::interpreter::to_integer(number);
    (whole as f64 == number && whole != 0 && whole.unsigned_abs() < 1 << 53).then_some(whole)
}

/// A number as the language prints it: the shortest text that reads back as the same number, without `.0`, with an exponent from
/// 1e21 on and below 1e-6.
pub fn write_number(number: f64, to: &mut String) {
    if let Some(whole) = whole(number) {
        to.push_str(itoa::Buffer::new().format(whole));
    } else if number.is_nan() {
        to.push_str("nan");
    } else if number.is_infinite() {
        to.push_str(if number > 0.0 { "inf" } else { "-inf" });
    } else if number == 0.0 {
        to.push_str(if number.is_sign_negative() { "-0" } else { "0" });
    } else if number.abs() >= 1e21 || number.abs() < 1e-6 {
        let text = format!("{number:e}");
        match text.split_once('e') {
            Some((digits, exponent)) if !exponent.starts_with('-') => {
                write!(to, "{digits}e+{exponent}").expect("a string takes all")
            }
            _ => to.push_str(&text),
        }
    } else {
        write!(to, "{number}").expect("a string takes all");
    }
}

/// A text between quotes, with the escapes that the language reads.
pub fn write_quoted(text: &str, to: &mut String) {
    to.push('"');
    for character in text.chars() {
        match character {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '$' => to.push_str("\\$"),
            '\n' => to.push_str("\\n"),
            '\t' => to.push_str("\\t"),
            '\r' => to.push_str("\\r"),
            '\0' => to.push_str("\\0"),
            '\u{1b}' => to.push_str("\\e"),
            other if other.is_control() => {
                write!(to, "\\u{{{:x}}}", other as u32).expect("a string takes all")
            }
            other => to.push(other),
        }
    }
    to.push('"');
}

/// One list or map in the middle of being written.
struct Open {
    handle: Handle,
    next: usize,
    written: usize,
    /// The value of the map entry whose key was just written.
    value: Option<Handle>,
}

impl<C: Collector> Vm<C> {
    /// The text of a value, as `print` and `str` give it.
    pub(crate) fn text_of(&mut self, value: Value) -> Result<String, Thrown> {
        let mut text = String::new();
        match self.object_of(value, Kind::String) {
            Some(object) => text.push_str(string::text(&object)),
            None => self.write_value(value, &mut text)?,
        }
        Ok(text)
    }

    /// The text of a value in a message: strings quoted; never runs the program's code.
    pub(crate) fn quoted_text(&mut self, value: Value) -> String {
        let mut text = String::new();
        if !self.write_leaf(value, &mut text) {
            text = format!("a {}", self.type_name(value));
        }
        text
    }

    /// The text of a value without running the program's code.
    pub(crate) fn plain_text(&mut self, value: Value) -> String {
        match self.object_of(value, Kind::String) {
            Some(object) => string::text(&object).to_string(),
            None => self.quoted_text(value),
        }
    }

    /// Writes anything but a list, a map or an instance with `toString`. False if it is one of those.
    pub(crate) fn write_leaf(&self, value: Value, to: &mut String) -> bool {
        if value.is_number() {
            write_number(value.as_number_unchecked(), to);
            return true;
        }
        let Some(object) = value.as_object() else {
            to.push_str(match value {
                Value::NIL => "nil",
                Value::TRUE => "true",
                Value::FALSE => "false",
                _ => "absent",
            });
            return true;
        };
        match Kind::of_shape(object.shape()) {
            Kind::List | Kind::Map => return false,
            Kind::Instance if self.has_text(object) => return false,
            Kind::Instance => {
                to.push_str(&self.type_name(value));
                to.push_str(" instance");
            }
            Kind::String => write_quoted(string::text(&object), to),
            Kind::Closure | Kind::Native | Kind::BoundMethod => {
                to.push_str(&self.function_name(object))
            }
            Kind::Class => to.push_str(string::text(
                &object.get(crate::class::NAME).as_object().expect("a name"),
            )),
            Kind::Module => {
                let name = object.get(1).as_object().expect("a module has a name");
                write!(to, "<module {}>", string::text(&name)).expect("a string takes all");
            }
            Kind::Range => {
                let (start, stop, step) = crate::index::range_of(object);
                to.push_str("range(");
                write_number(start, to);
                to.push_str(", ");
                write_number(stop, to);
                if step != 1.0 {
                    to.push_str(", ");
                    write_number(step, to);
                }
                to.push(')');
            }
            Kind::Bytes => {
                write!(to, "<bytes {}>", object.get(0).as_raw()).expect("a string takes all")
            }
            Kind::Numbers => {
                write!(to, "<numbers {}>", object.units()).expect("a string takes all")
            }
            Kind::Weak => {
                to.push_str(if object.get(0).is_nil() { "<weak, dead>" } else { "<weak>" })
            }
            kind => write!(to, "<{}>", kind.name()).expect("a string takes all"),
        }
        true
    }

    /// Writes any value, strings quoted.
    pub(crate) fn write_value(&mut self, value: Value, to: &mut String) -> Result<(), Thrown> {
        if self.write_leaf(value, to) {
            return Ok(());
        }
        let mark = self.mark();
        let result = self.write_containers(value, to);
        self.drop_handles(mark);
        result
    }

    fn write_containers(&mut self, value: Value, to: &mut String) -> Result<(), Thrown> {
        let circular: Vec<Handle> = self
            .find_circular(value)
            .into_iter()
            .map(|object| self.hold_borrowed(Value::object(object)))
            .collect();
        let mut epoch = self.epoch;
        let mut numbers = self.number_circular(&circular);
        let mut open_circular: HashSet<usize> = HashSet::new();
        let mut stack: Vec<Open> = Vec::new();
        let mut current = Some(value);
        loop {
            if let Some(value) = current.take() {
                if epoch != self.epoch {
                    epoch = self.epoch;
                    numbers = self.number_circular(&circular);
                }
                if self.write_leaf(value, to) {
                    // Done with it.
                } else if self.kind(value) == Some(Kind::Instance) {
                    let text = self.instance_text(value)?;
                    to.push_str(&text);
                } else {
                    let object = value.as_object().expect("a list or a map");
                    match numbers.get(&object) {
                        Some(&number) if !open_circular.insert(number) => {
                            write!(to, "[Circular *{number}]").expect("a string takes all");
                        }
                        number => {
                            if let Some(number) = number {
                                write!(to, "<ref *{number}> ").expect("a string takes all");
                            }
                            to.push(if Kind::of_shape(object.shape()) == Kind::List {
                                '['
                            } else {
                                '{'
                            });
                            let handle = self.hold_borrowed(value);
                            stack.push(Open { handle, next: 0, written: 0, value: None });
                        }
                    }
                }
            }
            if self.close_or_next(&mut stack, &mut current, to, &numbers, &mut open_circular) {
                return Ok(());
            }
        }
    }

    /// Goes on with the innermost open list or map: gives its next item, or closes it. True when everything is written.
    fn close_or_next(
        &mut self,
        stack: &mut Vec<Open>,
        current: &mut Option<Value>,
        to: &mut String,
        numbers: &HashMap<Object, usize>,
        open_circular: &mut HashSet<usize>,
    ) -> bool {
        let Some(open) = stack.last_mut() else { return true };
        if let Some(value) = open.value.take() {
            to.push_str(": ");
            *current = Some(self.handle(value));
            return false;
        }
        let object =
            self.mutator.handles[open.handle.index()].as_object().expect("a list or a map");
        let is_list = Kind::of_shape(object.shape()) == Kind::List;
        let next = if is_list {
            (open.next < list::length(object)).then(|| (list::item(object, open.next), None))
        } else {
            let mut found = None;
            while open.next < map::used(object) && found.is_none() {
                found = map::entry(object, open.next);
                open.next += usize::from(found.is_none());
            }
            found.map(|(key, value)| (key, Some(value)))
        };
        match next {
            Some((first, second)) => {
                if open.written > 0 {
                    to.push_str(", ");
                }
                open.next += 1;
                open.written += 1;
                *current = Some(first);
                if let Some(second) = second {
                    self.heap.retain(second);
                    self.mutator.handles.push(second);
                    let handle = Handle::last(&self.mutator.handles);
                    stack.last_mut().expect("it is open").value = Some(handle);
                }
            }
            None => {
                to.push(if is_list { ']' } else { '}' });
                let first = stack.pop().expect("it is open").handle;
                if let Some(number) = numbers.get(&object) {
                    open_circular.remove(number);
                }
                self.drop_handles(first.index());
            }
        }
        false
    }

    fn number_circular(&self, circular: &[Handle]) -> HashMap<Object, usize> {
        circular
            .iter()
            .enumerate()
            .map(|(index, handle)| (self.held_object(*handle), index + 1))
            .collect()
    }

    /// The lists and maps that can be reached from themselves by a way from `root`, in the order in which that shows.
    fn find_circular(&self, root: Value) -> Vec<Object> {
        let mut circular = Vec::new();
        let mut known: HashSet<Object> = HashSet::new();
        // Reached and still open, or done.
        let mut open: HashMap<Object, bool> = HashMap::new();
        let mut stack: Vec<(Object, usize)> = Vec::new();
        let mut enter = |value: Value,
                         open: &mut HashMap<Object, bool>,
                         circular: &mut Vec<Object>|
         -> Option<Object> {
            let object = value.as_object()?;
            if !matches!(Kind::of_shape(object.shape()), Kind::List | Kind::Map) {
                return None;
            }
            match open.get(&object) {
                Some(true) => {
                    if known.insert(object) {
                        circular.push(object);
                    }
                    None
                }
                Some(false) => None,
                None => {
                    open.insert(object, true);
                    Some(object)
                }
            }
        };
        stack.extend(enter(root, &mut open, &mut circular).map(|object| (object, 0)));
        while let Some((object, next)) = stack.last_mut() {
            let object = *object;
            let child = if Kind::of_shape(object.shape()) == Kind::List {
                (*next < list::length(object)).then(|| list::item(object, *next))
            } else {
                // Keys and values in turn.
                (*next < 2 * map::used(object)).then(|| {
                    map::entry(object, *next / 2)
                        .map_or(Value::NIL, |(key, value)| if *next % 2 == 0 { key } else { value })
                })
            };
            *next += 1;
            match child {
                Some(value) => {
                    stack.extend(enter(value, &mut open, &mut circular).map(|object| (object, 0)))
                }
                None => {
                    open.insert(object, false);
                    stack.pop();
                }
            }
        }
        circular
    }

    /// What an instance's `toString()` gives.
    fn instance_text(&mut self, value: Value) -> Result<String, Thrown> {
        let symbol = self.symbols.intern("toString");
        let result = self.call_method(value, symbol, &[])?;
        let text =
            self.object_of(result, Kind::String).map(|object| string::text(&object).to_string());
        self.heap.release(result);
        text.ok_or_else(|| self.throw(ErrorKind::TypeError, "toString() must return a string."))
    }

    /// Prints a value and a newline.
    pub(crate) fn print(&mut self, value: Value) -> Result<(), Thrown> {
        if let Some(object) = self.object_of(value, Kind::String) {
            self.output.write(string::bytes(&object));
        } else {
            let mut text = String::new();
            self.write_value(value, &mut text)?;
            self.output.write(text.as_bytes());
        }
        self.output.end_line();
        if self.output.state() != OutputState::Open {
            // Nobody will read what the program still has to say: it ends, as by SIGPIPE.
            self.leaving = Some(exit_code::CLOSED_PIPE);
            self.leaving_at_once = true;
            return Err(Thrown);
        }
        Ok(())
    }
}
