//! Native functions: one row each, in the table of the file it stands in. Everything else (globals, methods, modules, arity
//! errors, documentation) is derived from the rows.

pub mod blame;
pub mod buffer;
pub mod function;
pub mod gc;
pub mod heap;
pub mod json;
pub mod list;
pub mod map;
pub mod math;
pub mod mem;
pub mod os;
pub mod string;
pub mod time;

use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::vm::Vm;
use calf_gc::{Collector, Object, Value};

/// The arguments of a native call: `0` is the receiver of a method (the callee of a plain function), arguments count from 1.
#[derive(Clone, Copy)]
pub struct Arguments {
    window: *const Value,
    count: usize,
}

impl Arguments {
    pub(crate) fn new(window: *const Value, count: usize) -> Arguments {
        Arguments { window, count }
    }
    /// How many there are, the receiver not counted.
    pub fn count(self) -> usize {
        self.count
    }
    /// Argument `index`, borrowed from the window that keeps it alive; `nil` if it was not given. Read it again after a safepoint: it
    /// may have moved.
    #[inline]
    pub fn get(self, index: usize) -> Value {
        if index > self.count {
            return Value::NIL;
        }
        // SAFETY: within the window of the call, which lasts as long as the native runs.
        unsafe { *self.window.add(index) }
    }
    /// Was argument `index` given?
    pub fn has(self, index: usize) -> bool {
        index <= self.count
    }
}

/// A native function's body. The result is owned; on `Err` something was thrown.
pub type Body<C> = fn(&mut Vm<C>, Arguments) -> Result<Value, Thrown>;

/// Where a native is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// A global function.
    Global,
    /// A method of a kind.
    Method(Kind),
    /// A member of a module.
    Module(&'static str),
}

/// One row of a table of natives.
pub struct Row<C: Collector> {
    /// Where it is found.
    pub owner: Owner,
    /// Its name.
    pub name: &'static str,
    /// The least number of arguments.
    pub least: u8,
    /// The most; [`ANY`] for no bound.
    pub most: u8,
    /// What it does.
    pub body: Body<C>,
}

/// As many arguments as the caller likes.
pub const ANY: u8 = u8::MAX;

/// A native as the machine knows it. Its object is the built-in of the same number.
pub struct NativeFunction<C: Collector> {
    /// Its name.
    pub name: &'static str,
    /// The least number of arguments.
    pub least: u8,
    /// The most.
    pub most: u8,
    /// What it does.
    pub function: Body<C>,
    /// Does it write to its receiver? Then the receiver must not be sealed.
    pub mutates: bool,
}

/// The methods that write to their receiver.
const MUTATING: &[(Kind, &[&str])] = &[
    (
        Kind::List,
        &["push", "pop", "insert", "removeAt", "remove", "clear", "extend", "reverse", "sort"],
    ),
    (Kind::Map, &["remove", "clear", "update", "setDefault"]),
    (Kind::Bytes, &["fill"]),
    (Kind::Numbers, &["fill"]),
];

impl<C: Collector> Row<C> {
    /// Does it write to its receiver?
    pub fn mutates(&self) -> bool {
        MUTATING
            .iter()
            .any(|(kind, names)| self.owner == Owner::Method(*kind) && names.contains(&self.name))
    }
}

/// Every native there is.
pub fn rows<C: Collector>() -> Vec<Row<C>> {
    let mut rows = function::rows();
    rows.extend(string::rows());
    rows.extend(list::rows());
    rows.extend(map::rows());
    rows.extend(buffer::rows());
    rows.extend(math::rows());
    rows.extend(time::rows());
    rows.extend(json::rows());
    rows.extend(gc::rows());
    rows.extend(os::rows());
    rows.extend(mem::rows());
    rows.extend(blame::rows());
    rows.extend(heap::rows());
    rows
}

/// Writes the rows of one owner: `natives!(Owner::Global; "str" 1..=1 => text, …)`.
macro_rules! natives {
    ($owner:expr; $($name:literal $least:literal ..= $most:expr => $body:expr),+ $(,)?) => {
        vec![$($crate::native::Row { owner: $owner, name: $name, least: $least, most: $most, body: $body }),+]
    };
}
pub(crate) use natives;

impl<C: Collector> Vm<C> {
    /// Argument `index` as a string object.
    pub(crate) fn string_argument(
        &mut self,
        arguments: Arguments,
        index: usize,
    ) -> Result<Object, Thrown> {
        self.argument_of(arguments, index, Kind::String)
    }
    /// Argument `index` as a Rust string.
    pub(crate) fn text_argument(
        &mut self,
        arguments: Arguments,
        index: usize,
    ) -> Result<String, Thrown> {
        let object = self.string_argument(arguments, index)?;
        Ok(crate::string::text(&object).to_string())
    }
    /// Argument `index` as an object of a kind.
    pub(crate) fn argument_of(
        &mut self,
        arguments: Arguments,
        index: usize,
        kind: Kind,
    ) -> Result<Object, Thrown> {
        match self.object_of(arguments.get(index), kind) {
            Some(object) => Ok(object),
            None => Err(self.wrong_argument(arguments, index, kind.name())),
        }
    }
    /// Argument `index` as a number.
    pub(crate) fn number_argument(
        &mut self,
        arguments: Arguments,
        index: usize,
    ) -> Result<f64, Thrown> {
        match arguments.get(index).as_number() {
            Some(number) => Ok(number),
            None => Err(self.wrong_argument(arguments, index, "number")),
        }
    }
    /// Argument `index` as a whole number.
    pub(crate) fn whole_argument(
        &mut self,
        arguments: Arguments,
        index: usize,
    ) -> Result<i64, Thrown> {
        if !arguments.get(index).is_number() {
            return Err(self.wrong_argument(arguments, index, "number"));
        }
        self.whole(arguments.get(index), format_args!("Argument {index}"))
    }
    /// Argument `index` as a whole number of at least 0.
    pub(crate) fn size_argument(
        &mut self,
        arguments: Arguments,
        index: usize,
    ) -> Result<usize, Thrown> {
        let number = self.whole_argument(arguments, index)?;
        match usize::try_from(number) {
            Ok(size) => Ok(size),
            Err(_) => Err(self
                .throw(ErrorKind::ValueError, format!("Argument {index} must not be negative."))),
        }
    }
    /// Argument `index` as a function or class.
    pub(crate) fn callable_argument(
        &mut self,
        arguments: Arguments,
        index: usize,
    ) -> Result<Value, Thrown> {
        let value = arguments.get(index);
        match self.kind(value) {
            Some(Kind::Closure | Kind::Native | Kind::BoundMethod | Kind::Class) => Ok(value),
            _ => Err(self.wrong_argument(arguments, index, "function")),
        }
    }
    /// Says that argument `index` is of the wrong type.
    #[cold]
    pub(crate) fn wrong_argument(
        &mut self,
        arguments: Arguments,
        index: usize,
        expected: &str,
    ) -> Thrown {
        let name = self.type_name(arguments.get(index));
        self.throw(
            ErrorKind::TypeError,
            format!("Argument {index} must be a {expected}, not a {name}."),
        )
    }
}
