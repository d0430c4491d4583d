//! The methods of maps. None of them runs the program's code, so positions of entries stay what they are from start to end.

use super::{Arguments, Owner, Row, natives};
use crate::error::Thrown;
use crate::kind::Kind;
use crate::map;
use crate::vm::{Handle, Vm};
use calf_gc::{Collector, Object, Value};

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Method(Kind::Map);
        "get" 1..=2 => get,
        "has" 1..=1 => has,
        "remove" 1..=1 => remove,
        "keys" 0..=0 => keys,
        "values" 0..=0 => values,
        "entries" 0..=0 => entries,
        "clear" 0..=0 => clear,
        "copy" 0..=0 => copy,
        "update" 1..=1 => update,
        "setDefault" 2..=2 => set_default,
    )
}

/// The map that a method was called on, read anew: it may have moved.
fn receiver(arguments: Arguments) -> Object {
    arguments.get(0).as_object().expect("a method of maps is called on a map")
}

fn get<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let value = vm.map_get(receiver(arguments), arguments.get(1)).unwrap_or(arguments.get(2));
    Ok(vm.retained(value))
}

fn has<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    Ok(Value::boolean(vm.map_find(receiver(arguments), arguments.get(1)).is_some()))
}

fn remove<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    Ok(vm.map_remove(receiver(arguments), arguments.get(1)).unwrap_or(Value::NIL))
}

fn clear<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.map_clear(receiver(arguments));
    Ok(Value::NIL)
}

/// A new list of what `choose` takes of each entry.
fn list_of<C: Collector>(
    vm: &mut Vm<C>,
    arguments: Arguments,
    choose: impl Fn((Value, Value)) -> Value,
) -> Result<Value, Thrown> {
    let list = vm.new_list(map::length(receiver(arguments)))?;
    let list = vm.hold(list);
    for at in 0..map::used(receiver(arguments)) {
        if let Some(entry) = map::entry(receiver(arguments), at) {
            let chosen = vm.retained(choose(entry));
            vm.push_item(vm.handle(list), chosen)?;
        }
    }
    Ok(vm.release_to(list))
}

fn keys<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    list_of(vm, arguments, |(key, _)| key)
}

fn values<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    list_of(vm, arguments, |(_, value)| value)
}

fn entries<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let list = vm.new_list(map::length(receiver(arguments)))?;
    let list = vm.hold(list);
    for at in 0..map::used(receiver(arguments)) {
        if map::entry(receiver(arguments), at).is_none() {
            continue;
        }
        let pair = vm.new_list(2)?;
        let pair = vm.hold(pair);
        // Read after the pair was made: key and value may have moved.
        let (key, value) = map::entry(receiver(arguments), at).expect("nothing removes entries");
        for part in [key, value] {
            let part = vm.retained(part);
            vm.push_item(vm.handle(pair), part)?;
        }
        let pair = vm.release_to(pair);
        vm.push_item(vm.handle(list), pair)?;
    }
    Ok(vm.release_to(list))
}

/// Puts every entry of argument `from` in the map that the handle holds.
fn insert_all<C: Collector>(
    vm: &mut Vm<C>,
    to: Handle,
    arguments: Arguments,
    from: usize,
) -> Result<(), Thrown> {
    let source = || arguments.get(from).as_object().expect("a map");
    for at in 0..map::used(source()) {
        if let Some((key, value)) = map::entry(source(), at) {
            let value = vm.retained(value);
            vm.map_insert(vm.handle(to), key, value)?;
        }
    }
    Ok(())
}

fn copy<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let copy = vm.new_map(map::length(receiver(arguments)))?;
    let copy = vm.hold(copy);
    insert_all(vm, copy, arguments, 0)?;
    Ok(vm.release_to(copy))
}

fn update<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let other = vm.argument_of(arguments, 1, Kind::Map)?;
    if other == receiver(arguments) {
        return Ok(Value::NIL);
    }
    let to = vm.hold_borrowed(arguments.get(0));
    insert_all(vm, to, arguments, 1)?;
    Ok(Value::NIL)
}

fn set_default<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    if let Some(value) = vm.map_get(receiver(arguments), arguments.get(1)) {
        return Ok(vm.retained(value));
    }
    let value = vm.retained(arguments.get(2));
    vm.map_insert(arguments.get(0), arguments.get(1), value)?;
    Ok(vm.retained(arguments.get(2)))
}
