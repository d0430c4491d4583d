//! What can be wrong with a collector, one fault each, to be put around one that is right.

use std::marker::PhantomData;

use calf_gc::heap::HeapError;
use calf_gc::object::COUNT_ONE;
use calf_gc::parts::cells::class_of;
use calf_gc::parts::space::Space;
use calf_gc::{
    Collection, Collector, Format, Object, Options, Request, Roots, ShapeWord, Unsupported, Value,
};

/// What is wrong with a collector: each method does as the collector does, unless a fault says otherwise.
pub(crate) trait Fault<C: Collector>: Default + 'static {
    fn allocate(&mut self, inner: &mut C, shape: ShapeWord, units: usize) -> Option<Object> {
        inner.allocate_slow(shape, units)
    }
    fn retain(&mut self, inner: &mut C, object: Object) {
        inner.retain(object);
    }
    fn release(&mut self, inner: &mut C, object: Object) {
        inner.release(object);
    }
    fn write_barrier(&mut self, inner: &mut C, source: Object, target: Value) {
        inner.write_barrier(source, target);
    }
    fn next_finalizer(&mut self, inner: &mut C) -> Option<Object> {
        inner.next_finalizer()
    }
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        inner.collect(roots, request)
    }
    fn each_object(&self, inner: &C, visit: &mut dyn FnMut(Object)) {
        inner.each_object(visit);
    }
}

/// The collector `C` with the fault `F`.
pub(crate) struct Broken<C, F> {
    inner: C,
    fault: F,
    collector: PhantomData<C>,
}

// SAFETY: it breaks its promises; that is the point. The tests touch no object through it that the verifier did not find first.
unsafe impl<C: Collector, F: Fault<C>> Collector for Broken<C, F> {
    const COUNTS: bool = C::COUNTS;
    const THRESHOLDS: bool = C::THRESHOLDS;
    const MOVES: bool = C::MOVES;
    const HEAD: usize = C::HEAD;

    fn new(options: &Options) -> Result<Self, HeapError> {
        Ok(Broken { inner: C::new(options)?, fault: F::default(), collector: PhantomData })
    }
    /// Always through the slow half, where the faults are.
    fn allocate(&mut self, _shape: ShapeWord, _units: usize) -> Option<Object> {
        None
    }
    fn allocate_slow(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        self.fault.allocate(&mut self.inner, shape, units)
    }
    fn release_empty_blocks(&mut self) {
        self.inner.release_empty_blocks();
    }
    fn retain(&mut self, object: Object) {
        self.fault.retain(&mut self.inner, object);
    }
    fn release(&mut self, object: Object) {
        self.fault.release(&mut self.inner, object);
    }
    fn write_barrier(&mut self, source: Object, target: Value) {
        self.fault.write_barrier(&mut self.inner, source, target);
    }
    fn write_barrier_all(&mut self, owner: Object) {
        self.inner.write_barrier_all(owner);
    }
    fn expect_finalizer(&mut self, object: Object) {
        self.inner.expect_finalizer(object);
    }
    fn register_weak(&mut self, weak: Object) {
        self.inner.register_weak(weak);
    }
    fn release_part(&mut self, part: Object) {
        self.inner.release_part(part);
    }
    fn next_finalizer(&mut self) -> Option<Object> {
        self.fault.next_finalizer(&mut self.inner)
    }
    fn is_due(&self) -> bool {
        self.inner.is_due()
    }
    fn set_automatic(&mut self, automatic: bool) {
        self.inner.set_automatic(automatic);
    }
    fn collect(&mut self, roots: &mut dyn Roots, request: Request) -> Collection {
        self.fault.collect(&mut self.inner, roots, request)
    }
    fn freeze(&mut self, roots: &mut dyn Roots) -> Result<(), Unsupported> {
        self.inner.freeze(roots)
    }
    fn unfreeze(&mut self) -> Result<(), Unsupported> {
        self.inner.unfreeze()
    }
    fn frozen_count(&self) -> Result<usize, Unsupported> {
        self.inner.frozen_count()
    }
    fn space(&self) -> &Space {
        self.inner.space()
    }
    fn space_mut(&mut self) -> &mut Space {
        self.inner.space_mut()
    }
    fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.fault.each_object(&self.inner, visit);
    }
    fn moves(&self) -> u64 {
        self.inner.moves()
    }
    fn reference_count(&self, object: Object) -> Option<u32> {
        self.inner.reference_count(object)
    }
    fn is_frozen(&self, object: Object) -> bool {
        self.inner.is_frozen(object)
    }
    fn verify(&self) -> Result<(), String> {
        self.inner.verify()
    }
}

// -- Faults of marking and tracing ------------------------------------------------------------------

/// Shows all roots but the last that refers to something.
pub(crate) struct AllButOne<'a>(&'a mut dyn Roots);
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
pub(crate) struct ForgetsARoot;
impl<C: Collector> Fault<C> for ForgetsARoot {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        inner.collect(&mut AllButOne(roots), request)
    }
}

/// Shows copies of the roots, so that they do not follow.
pub(crate) struct Copies<'a>(&'a mut dyn Roots);
// SAFETY: none; it is broken.
unsafe impl Roots for Copies<'_> {
    fn visit(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.0.visit(&mut |value| visit(&mut { *value }));
    }
}

#[derive(Default)]
pub(crate) struct MovesSilently;
impl<C: Collector> Fault<C> for MovesSilently {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        inner.collect(&mut Copies(roots), request)
    }
}

/// Collects while one slot of some objects is hidden, and puts it back into those that are still there.
pub(crate) fn collect_without<C: Collector>(
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
pub(crate) struct ForgetsASlot;
impl<C: Collector> Fault<C> for ForgetsASlot {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        collect_without(inner, roots, request, |target| target.format() == Format::Slots)
    }
}

#[derive(Default)]
pub(crate) struct ForgetsParts;
impl<C: Collector> Fault<C> for ForgetsParts {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        collect_without(inner, roots, request, |target| target.format() == Format::Part)
    }
}

#[derive(Default)]
pub(crate) struct ForgetsToRemember;
impl<C: Collector> Fault<C> for ForgetsToRemember {
    fn write_barrier(&mut self, _inner: &mut C, _source: Object, _target: Value) {}
}

#[derive(Default)]
pub(crate) struct NeverCollects;
impl<C: Collector> Fault<C> for NeverCollects {
    fn collect(&mut self, _: &mut C, _: &mut dyn Roots, _: Request) -> Collection {
        Collection { generation: Some(0), ..Collection::default() }
    }
}

/// A frozen object's reference is taken for one from within: the count that it stands for is left out.
#[derive(Default)]
pub(crate) struct LosesFrozenToYoung;
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

// -- Faults of memory -------------------------------------------------------------------------------

#[derive(Default)]
pub(crate) struct FreesTwice;
impl<C: Collector> Fault<C> for FreesTwice {
    fn release(&mut self, inner: &mut C, object: Object) {
        let dies = inner.reference_count(object) == Some(1);
        let class = class_of(8 + 8 * object.units());
        inner.release(object);
        if dies {
            let Space { cells, model, .. } = inner.space_mut();
            cells.free(object.address(), class, model);
        }
    }
}

/// Puts a small object into the latter half of the one before.
#[derive(Default)]
pub(crate) struct Overlaps {
    large: Option<Object>,
    inside: Option<Object>,
}
impl<C: Collector> Fault<C> for Overlaps {
    fn allocate(&mut self, inner: &mut C, shape: ShapeWord, units: usize) -> Option<Object> {
        if let Some(large) = self.large.take() {
            let inside = calf_gc::parts::space::write_header(
                large.address() + 16,
                shape.with_units(units as u32),
                0,
            );
            self.inside = Some(inside);
            return Some(inside);
        }
        self.large = inner.allocate_slow(shape, units);
        self.large
    }
    fn each_object(&self, inner: &C, visit: &mut dyn FnMut(Object)) {
        inner.each_object(visit);
        self.inside.into_iter().for_each(visit);
    }
}

/// Says that an object has more units than were asked for.
#[derive(Default)]
pub(crate) struct OutgrowsItsCell;
impl<C: Collector> Fault<C> for OutgrowsItsCell {
    fn allocate(&mut self, inner: &mut C, shape: ShapeWord, units: usize) -> Option<Object> {
        let object = inner.allocate_slow(shape, units)?;
        object.set_shape_word(shape.with_units(units as u32 + 10));
        Some(object)
    }
}

/// Forgets that a cell is taken when the next object of bytes has the same size.
#[derive(Default)]
pub(crate) struct HandsOutTwice {
    last: Option<(Object, usize)>,
}
impl<C: Collector> Fault<C> for HandsOutTwice {
    fn allocate(&mut self, inner: &mut C, shape: ShapeWord, units: usize) -> Option<Object> {
        if shape.format() != Format::Bytes {
            return inner.allocate_slow(shape, units);
        }
        if let Some((object, _)) = self.last.take_if(|(_, before)| *before == units) {
            object.set_shape_word(shape.with_units(object.shape_word().units()));
            return Some(object);
        }
        let object = inner.allocate_slow(shape, units)?;
        self.last = Some((object, units));
        Some(object)
    }
}

#[derive(Default)]
pub(crate) struct AllocatesWhileCollecting;
impl<C: Collector> Fault<C> for AllocatesWhileCollecting {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        let collection = inner.collect(roots, request);
        for _ in 0..3 {
            inner.allocate_slow(ShapeWord::new(Format::Bytes, 9), 1);
        }
        collection
    }
}

// -- Faults of counting -----------------------------------------------------------------------------

#[derive(Default)]
pub(crate) struct ForgetsReleases(usize);
impl<C: Collector> Fault<C> for ForgetsReleases {
    fn release(&mut self, inner: &mut C, object: Object) {
        self.0 += 1;
        if !self.0.is_multiple_of(3) {
            inner.release(object);
        }
    }
}

#[derive(Default)]
pub(crate) struct ForgetsRetains;
impl<C: Collector> Fault<C> for ForgetsRetains {
    fn retain(&mut self, _: &mut C, _: Object) {}
}

// -- Faults of death --------------------------------------------------------------------------------

#[derive(Default)]
pub(crate) struct ClearsLiveWeak;
impl<C: Collector> Fault<C> for ClearsLiveWeak {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        let collection = inner.collect(roots, request);
        inner.each_object(&mut |object| {
            if object.format() == Format::Weak {
                // SAFETY: a weak reference has slot 0.
                unsafe { object.set_slot(0, Value::NIL) };
            }
        });
        collection
    }
}

#[derive(Default)]
pub(crate) struct KeepsDeadWeak;
impl<C: Collector> Fault<C> for KeepsDeadWeak {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        let mut before = Vec::new();
        let is_weak = |object: Object| object.format() == Format::Weak;
        inner.each_object(&mut |object| {
            before.extend(is_weak(object).then(|| (object, object.get(0))))
        });
        let collection = inner.collect(roots, request);
        inner.each_object(&mut |object| {
            if let Some((_, target)) = before.iter().find(|(weak, _)| *weak == object) {
                // SAFETY: as above.
                unsafe { object.set_slot(0, *target) };
            }
        });
        collection
    }
}

#[derive(Default)]
pub(crate) struct FinalizesTwice {
    again: Option<Object>,
}
impl<C: Collector> Fault<C> for FinalizesTwice {
    fn next_finalizer(&mut self, inner: &mut C) -> Option<Object> {
        if let Some(object) = self.again.take() {
            return Some(object);
        }
        self.again = inner.next_finalizer();
        self.again
    }
}

#[derive(Default)]
pub(crate) struct FinalizesNever;
impl<C: Collector> Fault<C> for FinalizesNever {
    fn next_finalizer(&mut self, inner: &mut C) -> Option<Object> {
        while inner.next_finalizer().is_some() {}
        None
    }
}

// -- Faults of faith and of observation -------------------------------------------------------------

/// Writes `word` into the last object's slot 0, a number.
pub(crate) fn overwrite<C: Collector>(inner: &mut C, word: Value) {
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
pub(crate) struct ChangesASlot;
impl<C: Collector> Fault<C> for ChangesASlot {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        let collection = inner.collect(roots, request);
        overwrite(inner, Value::number(-1.0));
        collection
    }
}

#[derive(Default)]
pub(crate) struct PoisonsASlot;
impl<C: Collector> Fault<C> for PoisonsASlot {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        let collection = inner.collect(roots, request);
        overwrite(inner, Value::from_bits(0xFFFB_DEAD_DEAD_DEAD));
        collection
    }
}

#[derive(Default)]
pub(crate) struct HidesAnObject;
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
pub(crate) struct ListsTwice;
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
pub(crate) struct ListsOutside;
impl<C: Collector> Fault<C> for ListsOutside {
    fn each_object(&self, inner: &C, visit: &mut dyn FnMut(Object)) {
        inner.each_object(visit);
        // SAFETY: none; the verifier must not read it.
        visit(unsafe { Object::from_address(0x1230) });
    }
}
