//! The module `heap`: what objects there are. Frozen ones are counted, too.

use super::{Arguments, Owner, Row, natives};
use crate::error::Thrown;
use crate::kind::{FIRST_INSTANCE, Kind};
use crate::vm::Vm;
use calf_gc::{Collector, Format, Value};
use std::collections::BTreeMap;

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Module("heap");
        "count" 0..=0 => count,
        "bytes" 0..=0 => bytes,
        "histogram" 0..=0 => histogram,
        "footprint" 1..=1 => footprint,
    )
}

fn count<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    Ok(Value::number(vm.heap.object_count() as f64))
}

fn bytes<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    Ok(Value::number(vm.heap.bytes() as f64))
}

/// What an object takes with the parts that are its own: a list's items, a map's entries and index. What it refers to is not
/// counted, and neither is bookkeeping that lies elsewhere.
fn footprint<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let mut bytes = 0;
    if let Some(object) = arguments.get(1).as_object() {
        bytes += vm.heap.footprint(object);
        if object.format() == Format::Slots {
            let references = (0..object.units()).filter_map(|slot| object.get(slot).as_object());
            bytes += references
                .filter(|part| matches!(Kind::of_shape(part.shape()), Kind::Items | Kind::Index))
                .map(|part| vm.heap.footprint(part))
                .sum::<usize>();
        }
    }
    Ok(Value::number(bytes as f64))
}

fn histogram<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    // By type: a class has many shapes, which are added up under its name.
    let mut found: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut by_shape: BTreeMap<u32, (usize, usize, Value)> = BTreeMap::new();
    let heap = &vm.heap;
    heap.each_object(&mut |object| {
        let entry = by_shape.entry(object.shape()).or_insert((0, 0, Value::object(object)));
        entry.0 += 1;
        entry.1 += heap.footprint(object);
    });
    for (shape, (objects, bytes, example)) in by_shape {
        let name = if shape >= FIRST_INSTANCE {
            vm.type_name(example)
        } else {
            Kind::of_shape(shape).name().to_string()
        };
        let entry = found.entry(name).or_default();
        entry.0 += objects;
        entry.1 += bytes;
    }
    // The largest first, so that the insertion order is the order of interest.
    let mut sorted: Vec<_> = found.into_iter().collect();
    sorted.sort_by_key(|(_, (_, bytes))| std::cmp::Reverse(*bytes));
    let map = vm.new_map(0)?;
    let map = vm.hold(map);
    for (name, (objects, bytes)) in sorted {
        let entry = vm.map_of_numbers([("objects", objects as f64), ("bytes", bytes as f64)])?;
        vm.put_entry(map, &name, entry)?;
    }
    Ok(vm.release_to(map))
}
