//! Slots that change by themselves, and objects that are shown or hidden wrongly.

use super::*;

broken! {
    a_changed_slot: MarkBitmap, ChangesASlot, Promise::changes_no_slot,
        ["promise 3 (faithful) is broken: Full changed word"];
    a_slot_with_poison: Adversary, PoisonsASlot, Promise::changes_no_slot,
        ["promise 3 (faithful) is broken: slot 0 of slots shape 1", "which is no value"];
    an_object_that_is_not_listed: Counting, HidesAnObject, Promise::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: slot 1 of", "where no live object is"];
    an_object_that_is_listed_twice: Counting, ListsTwice, Promise::keeps_what_is_reachable,
        ["promise 1 (disjoint) is broken", "is listed twice"];
    an_object_outside_the_heap: Counting, ListsOutside, Promise::keeps_what_is_reachable,
        ["promise 1 (disjoint) is broken", "(outside the heap) is listed as a live object"];
}

/// Writes `word` into the last object's slot 0, a number.
fn overwrite<C: Collector>(inner: &mut C, word: Value) {
    let mut last = None;
    inner.each_object(&mut |object| {
        if object.format() == Format::Slots && object.units() > 0 && object.get(0).is_number() {
            last.get_or_insert(object);
        }
    });
    // SAFETY: as above.
    last.into_iter().for_each(|object| unsafe { object.set_slot(0, word) });
}

#[derive(Default)]
struct ChangesASlot;
impl<C: Collector> Fault<C> for ChangesASlot {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        let collection = inner.collect(roots, request);
        overwrite(inner, Value::number(-1.0));
        collection
    }
}

#[derive(Default)]
struct PoisonsASlot;
impl<C: Collector> Fault<C> for PoisonsASlot {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        let collection = inner.collect(roots, request);
        overwrite(inner, Value::from_bits(0xFFFB_DEAD_DEAD_DEAD));
        collection
    }
}

#[derive(Default)]
struct HidesAnObject;
impl<C: Collector> Fault<C> for HidesAnObject {
    fn each_object(&self, inner: &C, visit: &mut dyn FnMut(Object)) {
        let mut number = 0;
        inner.each_object(&mut |object| {
            number += 1;
            if number != 5 {
                visit(object);
            }
        });
    }
}

#[derive(Default)]
struct ListsTwice;
impl<C: Collector> Fault<C> for ListsTwice {
    fn each_object(&self, inner: &C, visit: &mut dyn FnMut(Object)) {
        inner.each_object(visit);
        let mut first = None;
        inner.each_object(&mut |object| {
            first.get_or_insert(object);
        });
        first.into_iter().for_each(visit);
    }
}

#[derive(Default)]
struct ListsOutside;
impl<C: Collector> Fault<C> for ListsOutside {
    fn each_object(&self, inner: &C, visit: &mut dyn FnMut(Object)) {
        inner.each_object(visit);
        // SAFETY: none; the verifier must not read it.
        visit(unsafe { Object::from_address(0x1230) });
    }
}
