//! The heap verifier: does a heap keep what its collector promises?
//!
//! It works on any strategy and trusts none: an address found in a root or in a slot is looked up in the set that
//! [`Collector::each_object`] gives *before* anything is read through it, so a dangling reference is a sentence and not a
//! crash. It allocates with malloc, as it runs only under `--gc-verify` and in tests.
//!
//! The checks, in order; the first that fails ends the run:
//!
//! 1. each object lies within a region of the heap, in one cell that is large enough (promise 1);
//! 2. no two objects overlap (promise 1);
//! 3. each root and each slot holds a value, and a reference refers to a live object (promises 2 and 3);
//! 4. a part is owned by exactly one slot, and owns no part;
//! 5. a weak reference holds `nil` or a live object;
//! 6. a count is never below the references that were found, and where all counted references are
//!    known ([`Counts::Exact`]), never above them (promise 4);
//! 7. what the strategy checks of itself ([`Collector::verify`]);
//! 8. under the zeal mode `poison`, what was freed was not written to.

use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::fmt::Write as _;

use crate::journal::Journal;
use crate::object::COUNT_IMMORTAL;
use crate::{Collector, Format, Heap, Object, Roots, ShapeWord, Value};

/// How much the verifier may assume of the counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Counts {
    /// The mutator holds references that its roots do not show, or shows some that it does not count: a count may be
    /// above the references within the heap, never below.
    AtLeast,
    /// Each root holds one count, and nothing else does: counts and references are the same number.
    Exact,
}

/// Checks a heap as far as every mutator allows it. The text says which promise is broken, on which object, and how the
/// roots reach it.
pub fn check<C: Collector>(heap: &mut Heap<C>, roots: &mut dyn Roots) -> Result<(), String> {
    check_collector(heap.collector(), heap.journal(), roots, Counts::AtLeast)
}

/// The same for a mutator that counts each of its roots once, as the tests' does.
pub fn check_exactly<C: Collector>(
    heap: &mut Heap<C>,
    roots: &mut dyn Roots,
) -> Result<(), String> {
    check_collector(heap.collector(), heap.journal(), roots, Counts::Exact)
}

/// Checks a collector's heap against `roots`; `journal` says where objects come from.
pub fn check_collector<C: Collector>(
    collector: &C,
    journal: Option<&Journal>,
    roots: &mut dyn Roots,
    counts: Counts,
) -> Result<(), String> {
    let mut values = Vec::new();
    roots.visit(&mut |value| values.push(*value));
    let mut found = Found::list(collector, Names { journal, roots }, values)?;
    found.check_extents()?;
    found.check_roots()?;
    found.check_slots()?;
    found.check_owners()?;
    if C::COUNTS {
        found.check_counts(counts)?;
    } else if C::DEFERS {
        found.check_counts(Counts::AtLeast)?;
    }
    collector.verify().map_err(|text| format!("the strategy's own invariant is broken: {text}"))?;
    found.check_freed()
}

/// What one object is known by.
struct Entry {
    object: Object,
    /// References found in slots and roots.
    references: u32,
    /// One place that refers to it.
    holder: Option<Holder>,
}

/// A place that holds a reference.
#[derive(Clone, Copy)]
enum Holder {
    Root(usize),
    Slot { source: usize, index: usize },
}

/// Where words for people come from.
struct Names<'a> {
    journal: Option<&'a Journal>,
    roots: &'a dyn Roots,
}

/// The objects of a heap by address, and the roots.
struct Found<'a, C: Collector> {
    collector: &'a C,
    names: Names<'a>,
    roots: Vec<Value>,
    entries: Vec<Entry>,
    /// From an address to an index of `entries`.
    index: FxHashMap<usize, usize>,
}

impl<'a, C: Collector> Found<'a, C> {
    /// Takes down every object the collector knows. Nothing is read from one that lies outside the heap.
    fn list(collector: &'a C, names: Names<'a>, roots: Vec<Value>) -> Result<Self, String> {
        let mut found =
            Found { collector, names, roots, entries: Vec::new(), index: FxHashMap::default() };
        let mut twice = None;
        collector.each_object(&mut |object| {
            if found.index.insert(object.address(), found.entries.len()).is_some() {
                twice.get_or_insert(object.address());
            }
            found.entries.push(Entry { object, references: 0, holder: None });
        });
        match twice {
            Some(address) => Err(format!(
                "promise 1 (disjoint) is broken: {} is listed twice as a live object",
                found.place(address)
            )),
            None => Ok(found),
        }
    }

    /// Checks 1 and 2: within a region, within a cell, apart from each other.
    fn check_extents(&self) -> Result<(), String> {
        let mut extents = Vec::with_capacity(self.entries.len());
        for (number, entry) in self.entries.iter().enumerate() {
            let address = entry.object.address();
            let cell = match self.collector.space().cell_around(address) {
                Some(cell) if address.is_multiple_of(8) => cell,
                _ => {
                    return Err(format!(
                        "promise 1 (disjoint) is broken: {} is listed as a live object, but no cell of the heap is there",
                        self.place(address)
                    ));
                }
            };
            let (start, end) = extent::<C>(entry.object);
            if start < cell.start || end > cell.end {
                return Err(format!(
                    "promise 1 (disjoint) is broken: {} needs the bytes {start:#x}..{end:#x}, but its cell is {:#x}..{:#x}",
                    self.describe(number),
                    cell.start,
                    cell.end
                ));
            }
            extents.push((start, end, number));
        }
        extents.sort_unstable();
        for pair in extents.windows(2) {
            if pair[0].1 > pair[1].0 {
                return Err(format!(
                    "promise 1 (disjoint) is broken: {} and {} overlap",
                    self.describe(pair[0].2),
                    self.describe(pair[1].2)
                ));
            }
        }
        Ok(())
    }

    /// Check 3 for the roots.
    fn check_roots(&mut self) -> Result<(), String> {
        for root in 0..self.roots.len() {
            let value = self.roots[root];
            if is_malformed(value) {
                return Err(format!(
                    "promise 3 (faithful) is broken: root {root} holds the word {:#018x}, which is no value",
                    value.bits()
                ));
            }
            let Some(object) = value.as_object() else { continue };
            match self.index.get(&object.address()) {
                Some(&target) => self.count(target, Holder::Root(root)),
                None => {
                    return Err(format!(
                        "promise 2 (keeps) is broken: root {root} refers to {}, where no live object is{}",
                        self.place(object.address()),
                        self.describe_lost(object.address())
                    ));
                }
            }
        }
        Ok(())
    }

    /// Checks 3 and 5 for every slot of every object.
    fn check_slots(&mut self) -> Result<(), String> {
        for source in 0..self.entries.len() {
            let object = self.entries[source].object;
            let slots = match object.format() {
                Format::Slots | Format::Part => object.units(),
                Format::Weak => 1,
                Format::Bytes => 0,
            };
            for index in 0..slots {
                // SAFETY: the extents were checked, and `index` is below the object's units.
                let value = unsafe { object.slot(index) };
                if is_malformed(value) {
                    return Err(format!(
                        "promise 3 (faithful) is broken: slot {index} of {} holds the word {:#018x}, which is no value; {}",
                        self.describe(source),
                        value.bits(),
                        self.path(source)
                    ));
                }
                let Some(target) = value.as_object() else { continue };
                let found = self.index.get(&target.address()).copied();
                match (object.format(), found) {
                    (Format::Weak, None) => {
                        return Err(format!(
                            "a weak reference dangles: slot {index} of {} refers to {}, where no live object is{}, and was not set to nil; {}",
                            self.describe(source),
                            self.place(target.address()),
                            self.describe_lost(target.address()),
                            self.path(source)
                        ));
                    }
                    (Format::Weak, Some(_)) => {}
                    (_, Some(target)) => self.count(target, Holder::Slot { source, index }),
                    (_, None) => {
                        return Err(format!(
                            "promise 2 (keeps) is broken: slot {index} of {} refers to {}, where no live object is{}; {}",
                            self.describe(source),
                            self.place(target.address()),
                            self.describe_lost(target.address()),
                            self.path(source)
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    /// Check 4: a part has one owner, which is no part. A fresh one may still be held by a root instead.
    fn check_owners(&self) -> Result<(), String> {
        for (number, entry) in self.entries.iter().enumerate() {
            if entry.object.format() != Format::Part {
                continue;
            }
            if entry.references > 1 {
                return Err(format!(
                    "a part has more than one owner: {} references to {} were found",
                    entry.references,
                    self.describe(number)
                ));
            }
            if let Some(Holder::Slot { source, index }) = entry.holder
                && self.entries[source].object.format() == Format::Part
            {
                return Err(format!(
                    "a part is owned by a part: slot {index} of {} refers to {}",
                    self.describe(source),
                    self.describe(number)
                ));
            }
        }
        Ok(())
    }

    /// Check 6: the counts against the references that were found.
    fn check_counts(&self, counts: Counts) -> Result<(), String> {
        for (number, entry) in self.entries.iter().enumerate() {
            let Some(count) = self.collector.reference_count(entry.object) else { continue };
            if entry.object.tally() & COUNT_IMMORTAL != 0 {
                continue;
            }
            if count < entry.references {
                return Err(format!(
                    "promise 2 (keeps) is broken: the count of {} is {count}, but {} references to it were found; {}",
                    self.describe(number),
                    entry.references,
                    self.path(number)
                ));
            }
            if counts == Counts::Exact && count > entry.references {
                return Err(format!(
                    "promise 4 (gives back) is broken: the count of {} is {count}, but only {} references to it were found, \
                     so it can never die; {}",
                    self.describe(number),
                    entry.references,
                    self.path(number)
                ));
            }
        }
        Ok(())
    }

    /// Check 8: what was freed and waits in quarantine was not written to.
    fn check_freed(&self) -> Result<(), String> {
        match self.collector.space().find_damage() {
            Some(address) => Err(format!(
                "promise 3 (faithful) is broken: {} was written to after it was freed{}",
                self.place(address),
                self.describe_lost(address)
            )),
            None => Ok(()),
        }
    }

    /// Notes a reference to entry `target`.
    fn count(&mut self, target: usize, holder: Holder) {
        if !(C::DEFERS && matches!(holder, Holder::Root(_))) {
            self.entries[target].references += 1;
        }
        self.entries[target].holder.get_or_insert(holder);
    }

    /// "slots shape 3 at objects+0x40 (list, allocation 17 at app.calf:3)".
    fn describe(&self, number: usize) -> String {
        let object = self.entries[number].object;
        let shape = object.shape_word();
        let mut text = format!("{} at {}", describe_shape(shape), self.place(object.address()));
        let name = self.names.roots.name_shape(shape);
        let birth = self.names.journal.and_then(|journal| journal.describe(object.address()));
        match (name, birth) {
            (Some(name), Some(birth)) => drop(write!(text, " ({name}, {birth})")),
            (Some(words), None) | (None, Some(words)) => drop(write!(text, " ({words})")),
            (None, None) => {}
        }
        text
    }

    /// What was where no object is now; nothing if that is not known.
    fn describe_lost(&self, address: usize) -> String {
        let Some(journal) = self.names.journal else { return String::new() };
        let Some(birth) = journal.birth(address) else { return String::new() };
        let name = match self.names.roots.name_shape(birth.shape) {
            Some(name) => format!("{} ({name})", describe_shape(birth.shape)),
            None => describe_shape(birth.shape),
        };
        journal.describe_lost(address, &name).map_or_else(String::new, |text| format!(" ({text})"))
    }

    /// "objects+0x40".
    fn place(&self, address: usize) -> String {
        match self.collector.space().place(address) {
            Some((region, offset)) => format!("{region}+{offset:#x}"),
            None => format!("{address:#x} (outside the heap)"),
        }
    }

    /// How the roots reach entry `goal`: a shortest path, e.g. `path: root 0 -> slots shape 3 at objects+0x40, slot 1 -> …`.
    fn path(&self, goal: usize) -> String {
        let mut from: FxHashMap<usize, Holder> = FxHashMap::default();
        let mut queue = VecDeque::new();
        for (root, value) in self.roots.iter().enumerate() {
            if let Some(number) = self.look_up(*value)
                && !from.contains_key(&number)
            {
                from.insert(number, Holder::Root(root));
                queue.push_back(number);
            }
        }
        while let Some(source) = queue.pop_front() {
            if source == goal {
                return self.write_path(goal, &from);
            }
            let object = self.entries[source].object;
            if !matches!(object.format(), Format::Slots | Format::Part) {
                continue;
            }
            for index in 0..object.units() {
                // SAFETY: the extents were checked, and `index` is below the object's units.
                let value = unsafe { object.slot(index) };
                if let Some(number) = self.look_up(value)
                    && !from.contains_key(&number)
                {
                    from.insert(number, Holder::Slot { source, index });
                    queue.push_back(number);
                }
            }
        }
        "path: no root reaches it".to_string()
    }

    fn write_path(&self, goal: usize, from: &FxHashMap<usize, Holder>) -> String {
        let mut steps = vec![self.describe(goal)];
        let mut at = goal;
        loop {
            match from[&at] {
                Holder::Root(root) => {
                    steps.push(format!("root {root}"));
                    break;
                }
                Holder::Slot { source, index } => {
                    steps.push(format!("{}, slot {index}", self.describe(source)));
                    at = source;
                }
            }
        }
        let mut text = String::from("path: ");
        // A path through a long chain is cut in the middle: its ends are what helps.
        let steps: Vec<String> = steps.into_iter().rev().collect();
        for (number, step) in steps.iter().enumerate() {
            if steps.len() > 12 && number == 6 {
                let _ = write!(text, " -> ({} more)", steps.len() - 12);
            }
            if steps.len() > 12 && (6..steps.len() - 6).contains(&number) {
                continue;
            }
            if number > 0 {
                text.push_str(" -> ");
            }
            text.push_str(step);
        }
        text
    }

    fn look_up(&self, value: Value) -> Option<usize> {
        value.as_object().and_then(|object| self.index.get(&object.address()).copied())
    }
}

/// "slots shape 3".
fn describe_shape(shape: ShapeWord) -> String {
    let format = match shape.format() {
        Format::Slots => "slots",
        Format::Bytes => "bytes",
        Format::Weak => "weak",
        Format::Part => "part",
    };
    format!("{format} shape {}", shape.shape())
}

/// The bytes an object occupies: its head if it is a container, the word in front if it is large, header and units.
fn extent<C: Collector>(object: Object) -> (usize, usize) {
    let in_front = match object.format() {
        Format::Slots => C::HEAD,
        Format::Bytes | Format::Part if object.shape_word().units() == crate::object::LARGE => 8,
        Format::Bytes | Format::Weak | Format::Part => 0,
    };
    (object.address() - in_front, object.address() + 8 + 8 * object.units())
}

/// A word between the special values and the references is none of the language's (a collector's poison, for one).
fn is_malformed(value: Value) -> bool {
    value.bits() > Value::ABSENT.bits() && !value.is_object()
}
