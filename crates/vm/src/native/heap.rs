//! The module `heap`: what objects there are, who holds them, what they retain. Frozen, immortal and sealed ones are seen, too.
//!
//! All but `referrers` and `referents`, which give objects, only read: in a forked child they copy no page of the heap beyond those
//! that their results are made on.

use super::{Arguments, Owner, Row, natives};
use crate::census::Census;
use crate::error::{ErrorKind, Thrown};
use crate::vm::Vm;
use calf_gc::{Collector, Object, Value};
use calf_snapshot::{Change, Direction, Dominators, FileError, Group, Limits, Paths, Snapshot};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};

/// Steps of a path that are told at its beginning and at its end.
const PATH_HEAD: usize = 100;
const PATH_TAIL: usize = 100;
/// How many objects `heap.dominators()` gives if it is not told.
const DOMINATORS: usize = 20;

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Module("heap");
        "count" 0..=0 => count,
        "bytes" 0..=0 => bytes,
        "histogram" 0..=0 => histogram,
        "footprint" 1..=1 => footprint,
        "growth" 0..=0 => growth,
        "referrers" 1..=1 => super::gc::referrers,
        "referents" 1..=1 => super::gc::referents,
        "path" 1..=1 => path,
        "retained" 1..=1 => retained,
        "dominators" 0..=1 => dominators,
        "dump" 1..=1 => dump,
        "difference" 2..=2 => difference,
        "dot" 1..=4 => dot,
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
    let object = arguments.get(1).as_object();
    Ok(Value::number(object.map_or(0, |object| vm.bytes_with_parts(object)) as f64))
}

impl<C: Collector> Vm<C> {
    /// Objects by type, parts by themselves, the types with the most bytes first. A class has many shapes, which are added up under
    /// its name.
    fn groups(&self) -> Vec<Group> {
        let mut by_shape: BTreeMap<u32, (u64, u64, Object)> = BTreeMap::new();
        let heap = &self.heap;
        heap.each_object(&mut |object| {
            let entry = by_shape.entry(object.shape()).or_insert((0, 0, object));
            entry.0 += 1;
            entry.1 += heap.footprint(object) as u64;
        });
        let mut by_name: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for (_, (objects, bytes, example)) in by_shape {
            let entry = by_name.entry(self.shape_name(example)).or_default();
            entry.0 += objects;
            entry.1 += bytes;
        }
        let group = |(name, (objects, bytes))| Group { name, objects, bytes };
        let mut groups: Vec<Group> = by_name.into_iter().map(group).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.bytes));
        groups
    }

    /// A map from names to what has come and gone.
    fn map_of_changes(&mut self, changes: &[Change]) -> Result<Value, Thrown> {
        let map = self.new_map(0)?;
        let map = self.hold(map);
        for change in changes {
            let entry = self.map_of_numbers([
                ("objects", change.objects() as f64),
                ("bytes", change.bytes() as f64),
            ])?;
            self.put_entry(map, &change.name, entry)?;
        }
        Ok(self.release_to(map))
    }

    /// A snapshot that was written to a file before.
    fn read_snapshot(&mut self, name: &str) -> Result<Snapshot, Thrown> {
        let answer = File::open(name)
            .map_err(FileError::Io)
            .and_then(|file| calf_snapshot::read(&mut BufReader::new(file)));
        answer.map_err(|error| self.throw(ErrorKind::IoError, format!("'{name}' {error}.")))
    }

    /// Argument `index` as a whole number of at least 0, or what it is if it is not given.
    fn size_or(
        &mut self,
        arguments: Arguments,
        index: usize,
        otherwise: usize,
    ) -> Result<usize, Thrown> {
        if arguments.has(index) { self.size_argument(arguments, index) } else { Ok(otherwise) }
    }
}

fn histogram<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    let groups = vm.groups();
    let map = vm.new_map(0)?;
    let map = vm.hold(map);
    for group in groups {
        let entry =
            vm.map_of_numbers([("objects", group.objects as f64), ("bytes", group.bytes as f64)])?;
        vm.put_entry(map, &group.name, entry)?;
    }
    Ok(vm.release_to(map))
}

/// What has come and gone by type since this was asked the last time; the first time, everything there is.
fn growth<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    let groups = vm.groups();
    let changes = calf_snapshot::changes(&vm.last_growth, &groups);
    vm.last_growth = groups;
    vm.map_of_changes(&changes)
}

/// Why the object lives: a root and the references from there, one text each; nil if nothing but the caller's own expression holds it.
fn path<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let census = vm.census();
    let id = arguments.get(1).as_object().and_then(|object| census.id(object));
    let Some(words) = id.and_then(|id| Paths::of(&census.snapshot).words(id)) else {
        return Ok(Value::NIL);
    };
    drop(census);
    let list = vm.new_list(words.len().min(PATH_HEAD + PATH_TAIL + 1))?;
    let list = vm.hold(list);
    for (index, word) in words.iter().enumerate() {
        let skipped = words.len().saturating_sub(PATH_HEAD + PATH_TAIL);
        let text = if index < PATH_HEAD || index >= PATH_HEAD + skipped {
            vm.new_string(word)?
        } else if index == PATH_HEAD {
            vm.new_string(&format!("… {skipped} steps"))?
        } else {
            continue;
        };
        vm.push_item(vm.handle(list), text)?;
    }
    Ok(vm.release_to(list))
}

/// The bytes that would be free if nothing referred to the object any more.
fn retained<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let census = vm.census();
    let id = arguments.get(1).as_object().and_then(|object| census.id(object));
    let bytes = id.map_or(0, |id| Dominators::of(&census.snapshot).retained(id));
    Ok(Value::number(bytes as f64))
}

/// The objects that retain most: type, own bytes, retained bytes and objects, and where they hang.
fn dominators<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let count = vm.size_or(arguments, 1, DOMINATORS)?;
    let Census { snapshot, .. } = vm.census();
    let dominators = Dominators::of(&snapshot);
    let paths = Paths::of(&snapshot);
    let list = vm.new_list(0)?;
    let list = vm.hold(list);
    for id in dominators.largest(count) {
        let entry = vm.map_of_numbers([
            ("bytes", snapshot.node(id).bytes as f64),
            ("retained", dominators.retained(id) as f64),
            ("objects", dominators.objects(id) as f64),
        ])?;
        let entry = vm.hold(entry);
        let texts = [
            ("type", snapshot.type_of(id).to_string()),
            ("state", snapshot.node(id).state.name().to_string()),
            ("path", paths.line(id).unwrap_or_default()),
        ];
        for (name, text) in texts {
            let text = vm.new_string(&text)?;
            vm.put_entry(entry, name, text)?;
        }
        let entry = vm.release_to(entry);
        vm.push_item(vm.handle(list), entry)?;
    }
    Ok(vm.release_to(list))
}

/// Writes the heap to a file and gives the number of objects.
fn dump<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let name = vm.text_argument(arguments, 1)?;
    let Census { snapshot, .. } = vm.census();
    let answer = File::create(&name).and_then(|file| {
        let mut file = BufWriter::new(file);
        calf_snapshot::write(&snapshot, &mut file)?;
        file.flush()
    });
    match answer {
        Ok(()) => Ok(Value::number(snapshot.count() as f64)),
        Err(error) => Err(vm.throw(ErrorKind::IoError, format!("Cannot write '{name}': {error}."))),
    }
}

/// What has come and gone by type between two files that `heap.dump` wrote.
fn difference<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let (before, after) = (vm.text_argument(arguments, 1)?, vm.text_argument(arguments, 2)?);
    let before = vm.read_snapshot(&before)?;
    let after = vm.read_snapshot(&after)?;
    let changes = calf_snapshot::changes(&before.histogram(), &after.histogram());
    vm.map_of_changes(&changes)
}

/// The neighbourhood of an object as a graph: what it refers to, or with `true` as the fourth argument who refers to it.
fn dot<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let standard = Limits::default();
    let depth = vm.size_or(arguments, 2, standard.depth)?;
    let breadth = vm.size_or(arguments, 3, standard.breadth)?;
    let direction = if arguments.get(4).is_truthy() && arguments.has(4) {
        Direction::Referrers
    } else {
        Direction::Referents
    };
    let census = vm.census();
    let middle: Vec<_> =
        arguments.get(1).as_object().and_then(|object| census.id(object)).into_iter().collect();
    let text = calf_snapshot::draw(&census.snapshot, &middle, direction, Limits { depth, breadth });
    vm.new_string(&text)
}
