//! The global functions.

use super::{Arguments, Owner, Row, natives};
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::vm::Vm;
use crate::{list, map, string};
use calf_gc::{Collector, Value};

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    let mut rows = natives!(Owner::Global;
        "str" 1..=1 => text,
        "num" 1..=1 => number,
        "len" 1..=1 => length,
        "type" 1..=1 => type_of,
        "range" 1..=3 => range,
        "assert" 1..=2 => assert,
        "input" 0..=1 => input,
        "clock" 0..=0 => clock,
        "weak" 1..=1 => weak,
        "chr" 1..=1 => character,
    );
    rows.extend(natives!(Owner::Method(Kind::Weak); "get" 0..=0 => target));
    rows
}

fn text<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let value = arguments.get(1);
    if vm.object_of(value, Kind::String).is_some() {
        return Ok(vm.retained(value));
    }
    if let Some(number) = value.as_number()
        && let Some(whole) = crate::text::whole(number)
    {
        return vm.new_string(itoa::Buffer::new().format(whole));
    }
    let text = vm.text_of(value)?;
    vm.new_string(&text)
}

/// Reads a number as the language writes it, with a sign and space around it.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix(['-', '+']) {
        Some(rest) => (trimmed.starts_with('-'), rest),
        None => (false, trimmed),
    };
    let magnitude = match digits {
        "inf" => f64::INFINITY,
        "nan" => f64::NAN,
        _ => match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            Some(hex) => u64::from_str_radix(hex, 16).ok()? as f64,
            None if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
                digits.parse().ok()?
            }
            None => return None,
        },
    };
    Some(if negative { -magnitude } else { magnitude })
}

fn number<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let value = arguments.get(1);
    if value.is_number() {
        return Ok(value);
    }
    if value.is_boolean() {
        return Ok(Value::number(f64::from(value == Value::TRUE)));
    }
    let text = vm.text_argument(arguments, 1)?;
    match parse_number(&text) {
        Some(number) => Ok(Value::number_from_foreign(number)),
        None => {
            let quoted = vm.quoted_text(arguments.get(1));
            Err(vm.throw(ErrorKind::ValueError, format!("{quoted} is not a number.")))
        }
    }
}

fn length<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let value = arguments.get(1);
    let count = match (vm.kind(value), value.as_object()) {
        (Some(Kind::String), Some(object)) => string::length(object),
        (Some(Kind::List), Some(object)) => list::length(object),
        (Some(Kind::Map), Some(object)) => map::length(object),
        (Some(Kind::Range), Some(object)) => crate::index::range_length(object),
        (Some(Kind::Bytes | Kind::Numbers), Some(object)) => vm.buffer_length(object),
        _ => {
            let name = vm.type_name(value);
            return Err(vm.throw(ErrorKind::TypeError, format!("A {name} has no length.")));
        }
    };
    Ok(Value::number(count as f64))
}

fn type_of<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let name = vm.type_name(arguments.get(1));
    vm.new_string(&name)
}

fn range<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let first = vm.number_argument(arguments, 1)?;
    let (start, stop) =
        if arguments.has(2) { (first, vm.number_argument(arguments, 2)?) } else { (0.0, first) };
    let step = if arguments.has(3) { vm.number_argument(arguments, 3)? } else { 1.0 };
    if step == 0.0 || !(start.is_finite() && stop.is_finite() && step.is_finite()) {
        return Err(vm.throw(
            ErrorKind::ValueError,
            "A range needs finite numbers and a step that is not 0.",
        ));
    }
    let range = vm.allocate(Kind::Range.shape_word(), 3)?;
    for (index, number) in [start, stop, step].into_iter().enumerate() {
        vm.initialize(range, index, Value::number(number));
    }
    Ok(Value::object(range))
}

fn assert<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    if arguments.get(1).is_truthy() {
        return Ok(Value::NIL);
    }
    let message = if arguments.has(2) {
        vm.text_of(arguments.get(2))?
    } else {
        "Assertion failed.".to_string()
    };
    Err(vm.throw(ErrorKind::AssertionError, message))
}

fn input<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    if arguments.has(1) {
        let prompt = vm.text_of(arguments.get(1))?;
        vm.output.write(prompt.as_bytes());
    }
    vm.output.flush();
    // Byte by byte: nothing is read ahead, so a child that inherits standard input finds the rest of it.
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        match nix::unistd::read(std::io::stdin(), &mut byte) {
            Ok(0) if line.is_empty() => return Ok(Value::NIL),
            Ok(0) => break,
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => line.push(byte[0]),
            Err(nix::errno::Errno::EINTR) => {
                if vm.heap.wants_attention() {
                    vm.poll()?;
                }
            }
            Err(error) => {
                return Err(vm.throw(
                    ErrorKind::IoError,
                    format!("Cannot read standard input: {}.", error.desc()),
                ));
            }
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    match String::from_utf8(line) {
        Ok(line) => vm.new_string(&line),
        Err(_) => Err(vm.throw(ErrorKind::IoError, "Standard input is not UTF-8.")),
    }
}

fn clock<C: Collector>(_vm: &mut Vm<C>, _arguments: Arguments) -> Result<Value, Thrown> {
    // The clock exists on every Linux; without it the time stands still.
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID);
    Ok(Value::number(time.map_or(0.0, |time| time.tv_sec() as f64 + time.tv_nsec() as f64 * 1e-9)))
}

fn weak<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    match vm.kind(arguments.get(1)) {
        Some(Kind::String | Kind::Weak) | None => {
            let name = vm.type_name(arguments.get(1));
            return Err(vm.throw(ErrorKind::TypeError, format!("A {name} cannot be held weakly.")));
        }
        Some(_) => {}
    }
    let weak = vm.allocate(Kind::Weak.shape_word(), 1)?;
    vm.initialize(weak, 0, arguments.get(1));
    vm.heap.register_weak(weak);
    Ok(Value::object(weak))
}

fn target<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let weak = vm.argument_of(arguments, 0, Kind::Weak)?;
    let target = weak.get(0);
    Ok(vm.retained(target))
}

fn character<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let code = vm.size_argument(arguments, 1)?;
    match u32::try_from(code).ok().and_then(char::from_u32) {
        Some(character) => vm.character(character),
        None => Err(vm.throw(ErrorKind::ValueError, format!("There is no character {code}."))),
    }
}
