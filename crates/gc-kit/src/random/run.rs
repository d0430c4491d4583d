//! Operations on a heap and on its shadow, and the comparison of the two.

use super::Mode;
use super::operation::{Operation, Root};
use crate::mutator::Mutator;
use calf_gc::{Collector, Format, Object, Request, Row, ShapeWord, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// What a word ought to hold: an object, by its name, or something else.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Word {
    /// A reference.
    Name(usize),
    /// A number, or nil.
    Other(Value),
}

/// What an object ought to be. Its name is the shape number in its header.
#[derive(Debug)]
pub struct Shadow {
    /// What its words are.
    pub format: Format,
    /// The words.
    pub words: Vec<Word>,
    /// A weak reference to it may have been cleared although it was resurrected.
    was_dead: bool,
}

/// See the module.
pub struct Run<C: Collector> {
    m: Mutator<C>,
    shadows: Vec<Shadow>,
    /// Which places of the mutator's stack are which roots, and the names of what they hold.
    places: Vec<(Root, usize)>,
    next_root: Root,
    row: &'static Row,
    /// Something is immortal, so that it may live although nothing reaches it.
    has_immortals: bool,
}

impl<C: Collector> Run<C> {
    /// An empty heap in this mode.
    ///
    /// # Errors
    /// There is none.
    pub fn new(row: &'static Row, mode: Mode) -> Result<Run<C>, String> {
        let mut m = Mutator::try_with(&mode.options()).map_err(|error| error.to_string())?;
        if mode.in_child {
            m.heap.before_fork(&mut m.roots);
            m.heap.after_fork_in_child(&[], &mut |_, _| true);
        }
        Ok(Run {
            m,
            shadows: Vec::new(),
            places: Vec::new(),
            next_root: 0,
            row,
            has_immortals: false,
        })
    }

    /// The roots that hold something.
    pub fn held(&self) -> Vec<Root> {
        self.places.iter().map(|&(root, _)| root).collect()
    }
    /// A root that was never used.
    pub fn next_root(&self) -> Root {
        self.next_root
    }
    /// Does the strategy freeze?
    pub fn freezes(&self) -> bool {
        self.row.freezes
    }
    /// And can it undo that?
    pub fn unfreezes(&self) -> bool {
        self.row.freezes && !C::IMMORTALIZES
    }
    /// What a root ought to hold.
    pub fn shadow_at(&self, root: Root) -> Option<&Shadow> {
        self.find(root).map(|(_, name)| &self.shadows[name])
    }
    /// What the part of the container at a root ought to be.
    pub fn part_of(&self, owner: Root) -> Option<&Shadow> {
        self.part_name(self.find(owner)?.1).map(|name| &self.shadows[name])
    }

    /// The place and the name of what `root` holds.
    fn find(&self, root: Root) -> Option<(usize, usize)> {
        let place = self.places.iter().position(|&(held, _)| held == root)?;
        Some((place, self.places[place].1))
    }

    /// The same, if it has this format and so many words.
    fn find_with(&self, root: Root, format: Format, index: usize) -> Option<(usize, usize)> {
        let found = self.find(root)?;
        let shadow = &self.shadows[found.1];
        (shadow.format == format && index < shadow.words.len()).then_some(found)
    }

    fn part_name(&self, owner: usize) -> Option<usize> {
        match self.shadows[owner].words.first()? {
            Word::Name(name) if self.shadows[*name].format == Format::Part => Some(*name),
            _ => None,
        }
    }

    /// The top of the mutator's stack is `root` now, and holds the object of this name.
    fn hold(&mut self, root: Root, name: usize) {
        self.places.push((root, name));
        self.next_root = self.next_root.max(root + 1);
        assert_eq!(self.places.len(), self.m.roots.0.len(), "both know the same roots");
    }

    /// A new object on top of the mutator's stack, with nothing in it: its name.
    fn allocate(&mut self, format: Format, units: usize) -> usize {
        let name = self.shadows.len();
        self.m.allocate(format, name as u32, units);
        let first = if format == Format::Bytes { Value::raw(0) } else { Value::NIL };
        let words = vec![Word::Other(first); units];
        self.shadows.push(Shadow { format, words, was_dead: false });
        name
    }

    fn drop_place(&mut self, place: usize) {
        let value = self.m.roots.0.swap_remove(place);
        self.m.heap.release(value);
        self.places.swap_remove(place);
    }

    /// Does it, or nothing if a root is not what it should be for it.
    ///
    /// # Errors
    /// The strategy does not do what its row says.
    pub fn apply(&mut self, operation: &Operation) -> Result<(), String> {
        self.do_if_possible(operation).unwrap_or(Ok(()))
    }

    fn do_if_possible(&mut self, operation: &Operation) -> Option<Result<(), String>> {
        match *operation {
            Operation::Make { root, units, finalizer } => {
                let name = self.allocate(Format::Slots, units);
                self.hold(root, name);
                if finalizer {
                    self.m.heap.expect_finalizer(self.m.object(self.places.len() - 1));
                }
            }
            Operation::MakeBytes { root, units, index, word } => {
                let name = self.allocate(Format::Bytes, units);
                self.hold(root, name);
                let (index, word) = (index.min(units - 1), Value::raw(word));
                let object = self.m.object(self.places.len() - 1);
                // SAFETY: the index is below the units.
                unsafe { self.m.heap.write_raw(object, index, word) };
                self.shadows[name].words[index] = Word::Other(word);
            }
            Operation::AttachPart { owner, units } => {
                self.find_with(owner, Format::Slots, 0)?;
                self.attach_part(owner, units);
            }
            Operation::Link { source, index, target } => {
                let (source, source_name) = self.find_with(source, Format::Slots, index)?;
                let (target, target_name) = self.find(target)?;
                self.m.link(source, index, target);
                self.shadows[source_name].words[index] = Word::Name(target_name);
            }
            Operation::LinkItem { owner, item, target } => {
                let (owner, owner_name) = self.find_with(owner, Format::Slots, 0)?;
                let (target, target_name) = self.find(target)?;
                let part = self.part_name(owner_name)?;
                *self.shadows[part].words.get_mut(item)? = Word::Name(target_name);
                self.m.link_item(owner, 0, item, target);
            }
            Operation::Clear { source, index, number } => {
                let (source, name) = self.find_with(source, Format::Slots, index)?;
                let value = Value::number(f64::from(number));
                self.m.set(source, index, value);
                self.shadows[name].words[index] = Word::Other(value);
            }
            Operation::Load { root, source, index } => {
                let (source, name) = self.find_with(source, Format::Slots, index)?;
                let Word::Name(target) = self.shadows[name].words[index] else { return None };
                if self.shadows[target].format == Format::Part {
                    return None;
                }
                self.m.load(source, index);
                self.hold(root, target);
            }
            Operation::Copy { root, from } => {
                let (place, name) = self.find(from)?;
                self.m.duplicate(place);
                self.hold(root, name);
            }
            Operation::Weak { root, target } => {
                let (place, target) = self.find(target)?;
                let weak = self.m.weak(place);
                let (object, name) = (self.m.object(weak), self.shadows.len());
                self.m.heap.set_shape(object, ShapeWord::new(Format::Weak, name as u32));
                let words = vec![Word::Name(target)];
                self.shadows.push(Shadow { format: Format::Weak, words, was_dead: false });
                self.hold(root, name);
            }
            Operation::Drop { root } => {
                let (place, _) = self.find(root)?;
                self.drop_place(place);
            }
            Operation::Collect { request } => drop(self.m.collect(request)),
            Operation::Finalize { root, most } => self.run_finalizers(root, most),
            Operation::Freeze => {
                self.has_immortals |= C::IMMORTALIZES;
                let answer = self.m.heap.freeze(&mut self.m.roots);
                return Some(answer.map_err(|_| "its row says that it freezes".to_owned()));
            }
            Operation::Unfreeze => {
                let answer = self.m.heap.unfreeze();
                return Some(answer.map_err(|_| "its row says that it freezes".to_owned()));
            }
            Operation::Immortalize { root } => {
                let (place, _) = self.find_with(root, Format::Slots, 0)?;
                self.has_immortals = true;
                let count = self.m.heap.immortalize(self.m.object(place));
                if !matches!(count, Ok(Some(_))) {
                    return Some(Err("its row says that it makes objects immortal".to_owned()));
                }
            }
            Operation::Fork => self.m.heap.before_fork(&mut self.m.roots),
        }
        Some(Ok(()))
    }

    /// A container gets a part, in the place of the one it had, whose items move.
    fn attach_part(&mut self, owner: Root, units: usize) {
        let part_name = self.allocate(Format::Part, units);
        // The allocation may have moved the owner, but not its place.
        let Some((owner, owner_name)) = self.find(owner) else { return };
        let part_place = self.m.roots.0.len() - 1;
        let old = self.part_name(owner_name).filter(|&old| self.shadows[old].words.len() <= units);
        self.shadows[owner_name].words[0] = Word::Name(part_name);
        let Some(old_name) = old else {
            return self.m.move_into(owner, 0, part_place);
        };
        let before = self.m.slot(owner, 0).as_object().expect("the container has a part");
        let part = self.m.object(part_place);
        for index in 0..before.units() {
            // SAFETY: both have that many slots; the counts move with the items.
            unsafe {
                let item = before.slot(index);
                self.m.heap.take_from_slot(item);
                self.m.heap.initialize(part, index, item);
            }
        }
        let items = self.shadows[old_name].words.clone();
        self.shadows[part_name].words[..items.len()].copy_from_slice(&items);
        // SAFETY: slot 0 holds a part whose items moved to the new one, which the slot takes over from the root.
        unsafe { self.m.heap.replace_part(self.m.object(owner), 0, part) };
        self.m.roots.0.pop();
    }

    /// Runs what is queued: the first `most` are put back into the program.
    fn run_finalizers(&mut self, root: Root, most: u32) {
        let mut kept = 0;
        while let Some(object) = self.m.heap.next_finalizer() {
            let name = object.shape() as usize;
            for name in self.reachable([name]) {
                self.shadows[name].was_dead = true;
            }
            if kept < most {
                self.m.roots.0.push(Value::object(object));
                self.hold(root + kept, name);
                kept += 1;
            } else {
                self.m.heap.release(Value::object(object));
            }
        }
    }

    /// What these names refer to, themselves included, weak references aside.
    fn reachable(&self, from: impl IntoIterator<Item = usize>) -> FxHashSet<usize> {
        let mut gray: Vec<usize> = from.into_iter().collect();
        let mut reached = FxHashSet::default();
        while let Some(name) = gray.pop() {
            if reached.insert(name) && self.shadows[name].format != Format::Weak {
                gray.extend(self.shadows[name].words.iter().filter_map(|word| match word {
                    Word::Name(name) => Some(*name),
                    Word::Other(_) => None,
                }));
            }
        }
        reached
    }

    /// Is the heap sound, and what the shadow says?
    ///
    /// # Errors
    /// What is not.
    pub fn check(&mut self) -> Result<(), String> {
        self.m.verify_with_finalizers()?;
        self.compare()
    }

    fn compare(&self) -> Result<(), String> {
        let mut met: FxHashMap<usize, Object> = FxHashMap::default();
        let mut gray = Vec::new();
        for (place, &(root, name)) in self.places.iter().enumerate() {
            reach(self.m.roots.0[place], Word::Name(name), &mut met, &mut gray)
                .map_err(|text| format!("root {root} {text}"))?;
        }
        let mut weak = BTreeMap::new();
        while let Some((object, name)) = gray.pop() {
            let shadow = &self.shadows[name];
            if (object.format(), object.units()) != (shadow.format, shadow.words.len()) {
                return Err(format!(
                    "promise 3 (faithful) is broken: object {name} is no longer {:?} of {}",
                    shadow.format,
                    shadow.words.len()
                ));
            }
            if shadow.format == Format::Weak {
                weak.insert(name, object);
                continue;
            }
            for (index, &word) in shadow.words.iter().enumerate() {
                // SAFETY: the units were just compared.
                let value = unsafe { object.slot(index) };
                reach(value, word, &mut met, &mut gray)
                    .map_err(|text| format!("word {index} of object {name} {text}"))?;
            }
        }
        // Weak references: to what lives, or cleared.
        for (name, object) in weak {
            let Word::Name(target) = self.shadows[name].words[0] else { continue };
            // SAFETY: a weak reference has slot 0.
            let value = unsafe { object.slot(0) };
            match (value.as_object(), met.get(&target)) {
                (None, Some(_)) if !self.shadows[target].was_dead => {
                    return Err(format!(
                        "a weak reference to a live object was cleared: {name} to {target}"
                    ));
                }
                (Some(found), Some(expected)) if found != *expected => {
                    return Err(format!(
                        "weak {name} refers to object {}, not {target}",
                        found.shape()
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// At the end everything that the shadow does not reach must be gone, if the strategy finds cycles.
    ///
    /// # Errors
    /// Something is left, or something is not.
    pub fn settle(&mut self) -> Result<(), String> {
        self.check()?;
        if self.unfreezes() {
            self.m.heap.unfreeze().map_err(|_| "its row says that it freezes".to_owned())?;
        }
        for _ in 0..3 {
            self.m.collect(Request::Full);
            self.run_finalizers(0, 0);
        }
        self.m.collect(Request::Full);
        self.m.verify()?;
        self.compare()?;
        let names = self.places.iter().map(|&(_, name)| name);
        let (live, expected) = (self.m.live(), self.reachable(names).len());
        if live < expected || live > expected && C::CYCLES && !self.has_immortals {
            return Err(format!(
                "promise 4 (gives back) is broken: {live} objects live, but {expected} are reachable"
            ));
        }
        Ok(())
    }
}

/// `value` must be what `word` says; an object is noted, and is gray if it is new.
fn reach(
    value: Value,
    word: Word,
    met: &mut FxHashMap<usize, Object>,
    gray: &mut Vec<(Object, usize)>,
) -> Result<(), String> {
    match (value.as_object(), word) {
        (None, Word::Other(other)) if other == value => Ok(()),
        (Some(object), Word::Name(name)) if object.shape() as usize == name => {
            match met.insert(name, object) {
                None => gray.push((object, name)),
                Some(before) if before == object => {}
                Some(_) => return Err(format!("refers to object {name}, which is in two places")),
            }
            Ok(())
        }
        (Some(object), word) => Err(format!("holds object {}, not {word:?}", object.shape())),
        (None, word) => Err(format!("holds {value:?}, not {word:?}")),
    }
}
