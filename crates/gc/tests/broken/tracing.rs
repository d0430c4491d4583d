//! What is not traced, not moved, or never collected.

use super::*;

broken! {
    a_forgotten_root: MarkInline, ForgetsARoot, Promise::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: root 0 refers to objects+0x", "where no live object is"];
    a_forgotten_root_of_a_bitmap: MarkBitmap, ForgetsARoot, Promise::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: root 0 refers to objects+0x", "where no live object is"];
    a_slot_that_is_not_traced: MarkInline, ForgetsASlot, Promise::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1 at objects+0x", "path: root 0 -> slots shape 1"];
    a_slot_that_is_not_followed: Adversary, ForgetsASlot, Promise::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1 at objects+0x", "path: root 0 -> slots shape 1"];
    a_forgotten_part: MarkBitmap, ForgetsParts, Promise::keeps_what_only_a_part_holds,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1", "refers to objects+0x", "path: root 0"];
    a_forgotten_old_to_young: MarkBitmap, ForgetsToRemember, Promise::keeps_what_only_an_old_object_holds,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1", "path: root 0 -> slots shape 1"];
    a_silent_move: Adversary, MovesSilently, Promise::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: root 0 refers to objects+0x", "where no live object is"];
    a_leak: MarkBitmap, NeverCollects, Promise::gives_back_what_is_unreachable, ["promise 4 (gives back) is broken"];
    leaked_cycles: Inline, NeverCollects, Promise::gives_back_cycles, ["promise 4 (gives back) is broken"];
    a_limit_that_is_ignored: MarkInline, NeverCollects, Promise::respects_the_limit, ["promise 4 (gives back) is broken"];
    a_frozen_to_young_reference_lost: Frozen, LosesFrozenToYoung, Promise::keeps_what_only_a_frozen_object_holds,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1", "path: root 0 -> slots shape 1"];
}

/// Shows all roots but the last that refers to something.
struct AllButOne<'a>(&'a mut dyn Roots);
// SAFETY: none; it is broken.
unsafe impl Roots for AllButOne<'_> {
    fn visit(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        let mut objects = 0;
        self.0.visit(&mut |value| objects += usize::from(value.is_object()));
        let mut number = 0;
        self.0.visit(&mut |value| {
            number += usize::from(value.is_object());
            if number < objects || !value.is_object() {
                visit(value);
            }
        });
    }
}

#[derive(Default)]
pub(super) struct ForgetsARoot;
impl<C: Collector> Fault<C> for ForgetsARoot {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        inner.collect(&mut AllButOne(roots), request)
    }
}

/// Shows copies of the roots, so that they do not follow.
struct Copies<'a>(&'a mut dyn Roots);
// SAFETY: none; it is broken.
unsafe impl Roots for Copies<'_> {
    fn visit(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.0.visit(&mut |value| visit(&mut { *value }));
    }
}

#[derive(Default)]
struct MovesSilently;
impl<C: Collector> Fault<C> for MovesSilently {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        inner.collect(&mut Copies(roots), request)
    }
}

/// Collects while one slot of some objects is hidden, and puts it back into those that are still there.
fn collect_without<C: Collector>(
    inner: &mut C,
    roots: &mut dyn Roots,
    request: Request,
    hide: impl Fn(Object) -> bool,
) -> Collection {
    let mut hidden = Vec::new();
    inner.each_object(&mut |object| {
        if object.format() == Format::Slots && object.units() > 1 {
            // SAFETY: there is a slot 1, and its object lives.
            unsafe {
                let value = object.slot(1);
                if value.as_object().is_some_and(&hide) {
                    object.set_slot(1, Value::NIL);
                    hidden.push((object.slot(0), value));
                }
            }
        }
    });
    let collection = inner.collect(roots, request);
    // An object that moved is known by its name, in slot 0.
    inner.each_object(&mut |object| {
        if object.format() == Format::Slots && object.units() > 1 {
            // SAFETY: as above.
            unsafe {
                if let Some((_, value)) = hidden.iter().find(|(name, _)| *name == object.slot(0)) {
                    object.set_slot(1, *value);
                }
            }
        }
    });
    collection
}

#[derive(Default)]
struct ForgetsASlot;
impl<C: Collector> Fault<C> for ForgetsASlot {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        collect_without(inner, roots, request, |target| target.format() == Format::Slots)
    }
}

#[derive(Default)]
struct ForgetsParts;
impl<C: Collector> Fault<C> for ForgetsParts {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        collect_without(inner, roots, request, |target| target.format() == Format::Part)
    }
}

#[derive(Default)]
struct NeverCollects;
impl<C: Collector> Fault<C> for NeverCollects {
    fn collect(&mut self, _: &mut C, _: &mut dyn Roots, _: Request) -> Collection {
        Collection { generation: Some(0), ..Collection::default() }
    }
}

/// A frozen object's reference is taken for one from within: the count that it stands for is left out.
#[derive(Default)]
struct LosesFrozenToYoung;
impl<C: Collector> Fault<C> for LosesFrozenToYoung {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        let mut lost = Vec::new();
        inner.each_object(&mut |object| {
            if object.format() == Format::Slots
                && inner.is_frozen(object)
                && object.units() > 1
                && let Some(young) = object.get(1).as_object()
                && !inner.is_frozen(young)
            {
                young.set_tally(young.tally() - COUNT_ONE);
                lost.push(young);
            }
        });
        let collection = inner.collect(roots, request);
        inner.each_object(&mut |object| {
            if lost.contains(&object) {
                object.set_tally(object.tally() + COUNT_ONE);
            }
        });
        collection
    }
}
