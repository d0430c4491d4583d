//! The heap as a [`Snapshot`]: one walk over every object there is, under any strategy, frozen, immortal and sealed ones included.
//!
//! The walk reads. It makes no object, counts no reference, marks nothing, and so copies no page of the heap in a forked child: its own
//! tables lie in memory of Rust's. A *part* (a list's items, a map's entries and index) belongs to its owner: its bytes are the
//! owner's, and its references are told as the owner's, by the names that a program knows them by.

use crate::class;
use crate::kind::{FIRST_INSTANCE, Kind};
use crate::list;
use crate::map;
use crate::mutator::Place;
use crate::session::HANDLE;
use crate::shape::Symbol;
use crate::vm::Vm;
use calf_gc::{Collector, Format, Object, Value};
use calf_snapshot::{Builder, Id, Label, Node, Origin, Rank, Snapshot, State};
use rustc_hash::FxHashMap;

/// Keys of a map are told by their text as long as the map has no more entries than this; those of larger ones by their position.
const NAMED_KEYS: usize = 4096;
/// Letters of a key that are told.
const KEY_LENGTH: usize = 40;

/// A snapshot, and where its objects are now.
pub(crate) struct Census {
    /// What was found.
    pub snapshot: Snapshot,
    ids: Ids,
}

impl Census {
    /// The number of the object, if it is one that has a number: parts have none.
    pub(crate) fn id(&self, object: Object) -> Option<Id> {
        self.ids.of(object)
    }
}

/// From addresses to numbers.
#[derive(Default)]
struct Ids {
    /// Sorted by address.
    list: Vec<(usize, Id)>,
}

impl Ids {
    fn of(&self, object: Object) -> Option<Id> {
        let at = self.list.binary_search_by_key(&object.address(), |entry| entry.0).ok()?;
        Some(self.list[at].1)
    }
}

/// Is it told as its owner's?
fn is_part(object: Object) -> bool {
    object.format() == Format::Part || object.shape() == Kind::Index as u32
}

impl<C: Collector> Vm<C> {
    /// Every object, every reference, every root.
    pub(crate) fn census(&mut self) -> Census {
        let mut roots = Vec::new();
        self.mutator.each_root(&mut |place, value| {
            roots.extend(value.as_object().map(|object| (place, object)))
        });
        let origin = Origin {
            strategy: self.row.name.to_string(),
            page_size: calf_meter::page_size() as u64,
        };
        let mut builder = Builder::new(origin);
        let (ids, objects) = self.list_objects(&mut builder);
        let mut labels = Labels::new();
        for &object in &objects {
            self.each_named_reference(
                object,
                &mut labels,
                &mut builder,
                &mut |builder, target, label| {
                    if let Some(id) = ids.of(target) {
                        builder.refer(id, label);
                    }
                },
            );
            builder.end_object();
        }
        self.name_roots(&roots, &ids, &mut builder);
        Census { snapshot: builder.finish(), ids }
    }

    fn list_objects(&self, builder: &mut Builder) -> (Ids, Vec<Object>) {
        let mut regions = Vec::new();
        self.heap.each_region(&mut |region| {
            regions.push((region.start(), region.limit(), builder.region(region.name())));
        });
        let elsewhere = builder.region("elsewhere");
        let mut kinds: FxHashMap<u32, u32> = FxHashMap::default();
        let is_frozen = self.heap.collector().frozen_test();
        let mut ids = Ids::default();
        let mut objects = Vec::new();
        self.heap.each_object(&mut |object| {
            if is_part(object) {
                return;
            }
            let shape = object.shape();
            let kind =
                *kinds.entry(shape).or_insert_with(|| builder.kind(&self.shape_name(object)));
            let address = object.address();
            let holds = |region: &&(usize, usize, u16)| region.0 <= address && address < region.1;
            let (start, region) =
                regions.iter().find(holds).map_or((0, elsewhere), |region| (region.0, region.2));
            let state = self.state_of(object, &*is_frozen);
            let bytes = self.bytes_with_parts(object) as u64;
            let id =
                builder.add(Node { kind, state, region, offset: (address - start) as u64, bytes });
            ids.list.push((address, id));
            objects.push(object);
        });
        ids.list.sort_unstable();
        (ids, objects)
    }

    /// What the strategy has done to an object for good; `is_frozen` is [`Collector::frozen_test`].
    pub(crate) fn state_of(&self, object: Object, is_frozen: &dyn Fn(Object) -> bool) -> State {
        if self.heap.is_sealed(object) {
            State::Sealed
        } else if !is_frozen(object) {
            State::Ordinary
        } else if C::IMMORTALIZES {
            State::Immortal
        } else {
            State::Frozen
        }
    }

    /// The name of an object's type, with the machine's inner kinds told apart.
    pub(crate) fn shape_name(&self, object: Object) -> String {
        if object.shape() >= FIRST_INSTANCE {
            self.type_name(Value::object(object))
        } else {
            Kind::of_shape(object.shape()).name().to_string()
        }
    }

    /// The bytes that an object takes with the parts that are its own.
    pub(crate) fn bytes_with_parts(&self, object: Object) -> usize {
        let mut bytes = self.heap.footprint(object);
        if object.format() == Format::Slots {
            let parts = object.slots().filter_map(Value::as_object).filter(|&part| is_part(part));
            bytes += parts.map(|part| self.heap.footprint(part)).sum::<usize>();
        }
        bytes
    }

    /// Calls `visit` for each reference of `object` and of its parts.
    fn each_named_reference(
        &self,
        object: Object,
        labels: &mut Labels,
        builder: &mut Builder,
        visit: &mut dyn FnMut(&mut Builder, Object, Label),
    ) {
        if object.format() != Format::Slots {
            return;
        }
        let kind = Kind::of_shape(object.shape());
        match kind {
            Kind::List => {
                let items = list::items(object).filter(|_| list::length(object) > 0);
                let items = items.into_iter().flat_map(Object::slots).take(list::length(object));
                for (index, item) in items.enumerate() {
                    if let Some(item) = item.as_object() {
                        visit(builder, item, Label::Item(index as u32));
                    }
                }
            }
            Kind::Map => self.each_entry(object, builder, visit),
            Kind::Instance => self.each_field(object, labels, builder, visit),
            _ => {
                let role = |slot: usize| match (kind, slot) {
                    (Kind::Class, class::NAME) => "<name>".to_string(),
                    (Kind::Class, class::SUPERCLASS) => "<superclass>".to_string(),
                    (Kind::Class, class::INITIALIZER) => "<init>".to_string(),
                    (Kind::Class, _) => "<method>".to_string(),
                    (Kind::Closure, _) => "<captured>".to_string(),
                    (Kind::BoundMethod, 0) => "<this>".to_string(),
                    (Kind::BoundMethod, _) => "<method>".to_string(),
                    (Kind::Box, _) => "<variable>".to_string(),
                    (Kind::Module, _) => "<name>".to_string(),
                    (Kind::Cursor, _) => "<local>".to_string(),
                    _ => format!("<slot {slot}>"),
                };
                for (slot, value) in object.slots().enumerate() {
                    let Some(target) = value.as_object() else { continue };
                    let label = builder.name(&role(slot));
                    if is_part(target) {
                        for inner in target.slots().filter_map(Value::as_object) {
                            visit(builder, inner, label);
                        }
                    } else {
                        visit(builder, target, label);
                    }
                }
            }
        }
    }

    fn each_entry(
        &self,
        object: Object,
        builder: &mut Builder,
        visit: &mut dyn FnMut(&mut Builder, Object, Label),
    ) {
        let is_small = map::used(object) <= NAMED_KEYS;
        for at in 0..map::used(object) {
            let Some((key, value)) = map::entry(object, at) else { continue };
            if let Some(key) = key.as_object() {
                let label = builder.name("<key>");
                visit(builder, key, label);
            }
            if let Some(value) = value.as_object() {
                let label = if is_small {
                    builder.name(&self.key_text(key))
                } else {
                    builder.name(&format!("<value {at}>"))
                };
                visit(builder, value, label);
            }
        }
    }

    /// `["name"]`, `[3]`, `[User]`.
    fn key_text(&self, key: Value) -> String {
        let mut text = String::from("[");
        if let Some(object) = self.object_of(key, Kind::String) {
            let name = crate::string::text(&object);
            match name.char_indices().nth(KEY_LENGTH) {
                Some((end, _)) => {
                    crate::text::write_quoted(&name[..end], &mut text);
                    text.push('…');
                }
                None => crate::text::write_quoted(name, &mut text),
            }
        } else if let Some(number) = key.as_number() {
            crate::text::write_number(number, &mut text);
        } else {
            text.push_str(&self.type_name(key));
        }
        text.push(']');
        text
    }

    fn each_field(
        &self,
        object: Object,
        labels: &mut Labels,
        builder: &mut Builder,
        visit: &mut dyn FnMut(&mut Builder, Object, Label),
    ) {
        let shape = object.shape();
        let class = labels.class(builder);
        let names = labels.fields.entry(shape).or_insert_with(|| {
            let name = |symbol: Symbol| builder.name(&format!(".{}", self.symbols.name(symbol)));
            self.shapes.field_names(shape).into_iter().map(name).collect()
        });
        if let Some(of) = object.get(0).as_object() {
            visit(builder, of, class);
        }
        for (position, &label) in names.iter().enumerate() {
            let place = crate::instance::place(position, names.len(), object.units() - 1);
            if let Some(target) = self.at_place(object, place).as_object() {
                visit(builder, target, label);
            }
        }
    }

    /// Tells every root by its name; what the native that is running was given is left out.
    fn name_roots(&self, roots: &[(Place, Object)], ids: &Ids, builder: &mut Builder) {
        let names = self.mutator.global_names();
        let frames = self.mutator.frames();
        // A native is asking: its own arguments keep nothing alive that matters.
        let asking =
            frames.last().is_some_and(|frame| frame.code.is_null()).then(|| frames.len() - 1);
        let mut calls: FxHashMap<usize, String> = FxHashMap::default();
        for &(place, object) in roots {
            let (name, rank) = match place {
                Place::Register { frame } | Place::Closure { frame } if Some(frame) == asking => {
                    continue;
                }
                Place::Register { frame } | Place::Closure { frame } => {
                    let name =
                        calls.entry(frame).or_insert_with(|| self.mutator.describe_call(frame));
                    (name.clone(), Rank::Local)
                }
                Place::Global { number } => {
                    let name = names.get(&number).cloned();
                    (name.unwrap_or_else(|| format!("global {number}")), Rank::Named)
                }
                Place::Module { number } => {
                    (format!("module {}", self.mutator.modules[number].name), Rank::Machine)
                }
                Place::Hook { number } => (format!("hook {number}"), Rank::Machine),
                Place::Constant => ("constant in the code".to_string(), Rank::Machine),
                Place::Handle => (HANDLE.to_string(), Rank::Machine),
                Place::Exception => ("exception".to_string(), Rank::Local),
                Place::Known | Place::Builtin => ("built-in".to_string(), Rank::Machine),
            };
            match ids.of(object) {
                Some(id) => builder.root(name, rank, id),
                // A part that is being made: what it holds so far is held by whoever holds it.
                None if object.format() == Format::Part => {
                    for inner in object.slots().filter_map(Value::as_object) {
                        if let Some(id) = ids.of(inner) {
                            builder.root(name.clone(), rank, id);
                        }
                    }
                }
                None => {}
            }
        }
    }
}

/// Labels that were made already.
struct Labels {
    class: Option<Label>,
    /// The names of the fields, by shape.
    fields: FxHashMap<u32, Vec<Label>>,
}

impl Labels {
    fn new() -> Labels {
        Labels { class: None, fields: FxHashMap::default() }
    }
    fn class(&mut self, builder: &mut Builder) -> Label {
        *self.class.get_or_insert_with(|| builder.name("<class>"))
    }
}
