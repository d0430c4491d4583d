//! The table of weak references: from the address of a target to the weak objects that refer to it.
//!
//! The target carries no more than a flag, so most objects die without a look at the table.

use super::model::{Cause, Model};
use super::region::Region;
use super::table::{self, Table};
use crate::heap::HeapError;
use crate::object::Object;

#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Entry {
    /// The target's address; zero: no entry.
    target: usize,
    weak: usize,
}

impl table::Entry for Entry {
    const QUARTERS: usize = 3;
    const CAUSE: Cause = Cause::Finalize;
    const VACANT: Entry = Entry { target: 0, weak: 0 };
    #[inline(always)]
    fn key(self) -> usize {
        self.target
    }
}

/// See the module.
#[derive(Debug)]
pub struct WeakTable {
    table: Table<Entry>,
}

impl WeakTable {
    /// An empty table.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new() -> Result<WeakTable, HeapError> {
        Ok(WeakTable { table: Table::new("weak")? })
    }
    /// The region it lives in.
    pub fn region(&self) -> &Region {
        self.table.region()
    }
    /// How many weak references are registered.
    pub fn len(&self) -> usize {
        self.table.len()
    }
    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Registers `weak`, which refers to `target`. `false`: there is no memory for it.
    #[must_use]
    pub fn insert(&mut self, target: Object, weak: Object, model: &mut Model) -> bool {
        self.table.insert(Entry { target: target.address(), weak: weak.address() }, model)
    }

    fn find(&self, target: usize, weak: Option<usize>) -> Option<usize> {
        self.table.find(target, |entry| weak.is_none_or(|weak| weak == entry.weak))
    }

    /// Does any weak reference refer to `target`?
    pub fn holds(&self, target: Object) -> bool {
        self.find(target.address(), None).is_some()
    }

    /// Forgets `weak`, which referred to `target`: it dies before its target.
    pub fn remove(&mut self, target: Object, weak: Object, model: &mut Model) {
        if let Some(index) = self.find(target.address(), Some(weak.address())) {
            self.table.vacate(index, model);
        }
    }

    /// `target` dies: sets slot 0 of every weak object that refers to it to `nil`, and forgets them.
    pub fn clear(&mut self, target: Object, model: &mut Model) {
        while let Some(index) = self.find(target.address(), None) {
            // SAFETY: a weak object that dies is removed first, so this one lives; it has slot 0.
            unsafe {
                let weak = Object::from_address(self.table.get(index).weak);
                weak.set_slot(0, crate::Value::NIL);
                model.note(weak.address() + 8, Cause::Finalize);
            }
            self.table.vacate(index, model);
        }
    }

    /// After a mark: `judge` is given each target and its weak object and says what becomes of the entry.
    pub fn retain(&mut self, judge: &mut dyn FnMut(Object, Object) -> Verdict, model: &mut Model) {
        let mut index = 0;
        while index < self.table.capacity() {
            let entry = self.table.get(index);
            if entry.target == 0 {
                index += 1;
                continue;
            }
            // SAFETY: both were registered as objects, and an entry goes before the memory of either is reused.
            let (target, weak) =
                unsafe { (Object::from_address(entry.target), Object::from_address(entry.weak)) };
            match judge(target, weak) {
                // The wrapped end of a cluster may move here and be judged twice: harmless.
                Verdict::Keep => index += 1,
                Verdict::Forget => self.table.vacate(index, model),
                Verdict::Clear => {
                    // SAFETY: the judge says that the weak object lives.
                    unsafe { weak.set_slot(0, crate::Value::NIL) };
                    model.note(weak.address() + 8, Cause::Finalize);
                    self.table.vacate(index, model);
                }
            }
        }
    }

    /// After a mark: the weak references to what is dead become `nil`, and those that are dead are forgotten. If finalizers
    /// are `awaited`, they may yet reach a dead weak reference: it is not forgotten before [`WeakTable::forget_dead`], but they will
    /// find no dead object behind it.
    pub fn clear_dead(
        &mut self,
        awaited: bool,
        is_live: &dyn Fn(Object) -> bool,
        model: &mut Model,
    ) {
        self.retain(
            &mut |target, weak| match (is_live(target), is_live(weak)) {
                (_, false) if !awaited => Verdict::Forget,
                (true, _) => Verdict::Keep,
                (false, _) => Verdict::Clear,
            },
            model,
        );
    }

    /// After what the finalizers reach was marked too: dead weak references are forgotten.
    pub fn forget_dead(&mut self, is_live: &dyn Fn(Object) -> bool, model: &mut Model) {
        self.retain(
            &mut |_, weak| if is_live(weak) { Verdict::Keep } else { Verdict::Forget },
            model,
        );
    }

    /// After a move: `forward` gives the new addresses (target, weak) of each pair.
    pub fn relocate(
        &mut self,
        forward: &mut dyn FnMut(Object, Object) -> (Object, Object),
        model: &mut Model,
    ) {
        let rebuilt = self.table.rebuild(
            self.table.capacity(),
            &mut |Entry { target, weak }| {
                // SAFETY: registered as objects.
                let (target, weak) =
                    unsafe { forward(Object::from_address(target), Object::from_address(weak)) };
                Entry { target: target.address(), weak: weak.address() }
            },
            model,
        );
        assert!(rebuilt, "a moving collector has room to move");
    }
}

/// What becomes of a weak reference after a mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Both live.
    Keep,
    /// The weak object itself is dead.
    Forget,
    /// The target is dead and the weak object lives: it becomes `nil`.
    Clear,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;
    use crate::object::{Format, ShapeWord};
    use crate::parts::space::write_header;

    #[test]
    fn clears_removes_and_survives_growth() {
        let count = if cfg!(miri) { 300 } else { 5_000 };
        let mut memory = Region::reserve("objects", count * 64).unwrap();
        assert!(memory.commit(count * 64));
        let (mut table, mut model) = (WeakTable::new().unwrap(), Model::new().unwrap());
        let shape = ShapeWord::new(Format::Weak, 0).with_units(1);
        let weak = |index: usize| write_header(memory.start() + index * 16, shape, 8);
        // Three weak references to each target.
        let target =
            |index: usize| write_header(memory.start() + count * 16 + index / 3 * 8, shape, 8);
        for index in 0..count {
            // SAFETY: memory for the slot is there.
            unsafe { weak(index).set_slot(0, Value::object(target(index))) };
            assert!(table.insert(target(index), weak(index), &mut model));
        }
        let is_nil = |index: usize| {
            // SAFETY: initialised above.
            unsafe { Object::from_address(memory.start() + index * 16).slot(0) }.is_nil()
        };
        table.remove(target(3), weak(4), &mut model);
        table.clear(target(3), &mut model);
        assert_eq!([3, 4, 5, 6].map(is_nil), [true, false, true, false]);
        assert_eq!(table.len(), count - 3);
        for index in (6..count).step_by(6) {
            table.clear(target(index), &mut model);
        }
        for index in 6..count {
            assert_eq!(is_nil(index), index / 3 % 2 == 0, "{index}");
        }
        let even = |weak: Object| ((weak.address() - memory.start()) / 16).is_multiple_of(2);
        table.retain(
            &mut |_, weak| if even(weak) { Verdict::Clear } else { Verdict::Forget },
            &mut model,
        );
        assert!(table.is_empty());
        for index in (9..count).filter(|index| index / 3 % 2 == 1) {
            assert_eq!(is_nil(index), index % 2 == 0, "{index}");
        }
    }
}
