//! Collectors that are wrong on purpose, one fault each, around collectors that are right: the verifier or a promise must
//! notice every one of them, and say what it is.

mod mutator;
mod promises;

use std::marker::PhantomData;

use calf_gc::collectors::adversary::Adversary;
use calf_gc::collectors::cycles::Cycles;
use calf_gc::collectors::frozen::Frozen as FrozenPlacement;
use calf_gc::collectors::inline::Inline as InlinePlacement;
use calf_gc::collectors::mark_bitmap::MarkBitmap;
use calf_gc::collectors::mark_inline::MarkInline;
use calf_gc::collectors::none::None as Counting;
use calf_gc::heap::HeapError;
use calf_gc::object::COUNT_ONE;
use calf_gc::parts::cells::class_of;
use calf_gc::parts::space::Space;
use calf_gc::{
    Collection, Collector, Format, NoRoots, Object, Options, Request, Roots, ShapeWord,
    Unsupported, Value, verify,
};
use mutator::Mutator;
use promises::{Abilities, death, ensure, memory, reachability, switches};

type Inline = Cycles<InlinePlacement>;
type Frozen = Cycles<FrozenPlacement>;

/// What is wrong with a collector: each method does as the collector does, unless a fault says otherwise.
trait Fault<C: Collector>: Default + 'static {
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
struct Broken<C, F> {
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
    fn freeze(&mut self) -> Result<(), Unsupported> {
        self.inner.freeze()
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

/// The scenario must hold for the collector as it is, and fail with a text that contains each of the words once it has the fault.
macro_rules! broken {
    ($($test:ident: $collector:ty, $fault:ty, $($scenario:ident)::+, [$($words:literal),+];)+) => {
        $(#[test]
        fn $test() {
            let abilities = Abilities { cycles: true, freezes: true };
            if let Err(text) = $($scenario)::+::<$collector>(abilities) {
                panic!("without the fault: {text}");
            }
            let text = match $($scenario)::+::<Broken<$collector, $fault>>(abilities) {
                Err(text) => text,
                Ok(()) => panic!("nobody noticed"),
            };
            $(assert!(text.contains($words), "said: {text}");)+
        })+
    };
}

broken! {
    a_forgotten_root: MarkInline, ForgetsARoot, reachability::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: root 0 refers to objects+0x", "where no live object is"];
    a_forgotten_root_of_a_bitmap: MarkBitmap, ForgetsARoot, reachability::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: root 0 refers to objects+0x", "where no live object is"];
    a_slot_that_is_not_traced: MarkInline, ForgetsASlot, reachability::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1 at objects+0x", "path: root 0 -> slots shape 1"];
    a_slot_that_is_not_followed: Adversary, ForgetsASlot, reachability::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1 at objects+0x", "path: root 0 -> slots shape 1"];
    a_forgotten_part: MarkBitmap, ForgetsParts, reachability::keeps_what_only_a_part_holds,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1", "refers to objects+0x", "path: root 0"];
    a_cell_freed_twice: Counting, FreesTwice, frees_one,
        ["promise 2 (keeps) is broken: the count of slots shape 1", "is 1, but 2 references", "path: root 0"];
    a_forgotten_old_to_young: MarkBitmap, ForgetsToRemember, reachability::keeps_what_only_an_old_object_holds,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1", "path: root 0 -> slots shape 1"];
    a_silent_move: Adversary, MovesSilently, reachability::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: root 0 refers to objects+0x", "where no live object is"];
    overlapping_cells: MarkInline, Overlaps, allocates_two,
        ["promise 1 (disjoint) is broken: slots shape 1 at objects+0x", "overlap"];
    a_cell_that_is_too_small: MarkInline, OutgrowsItsCell, allocates_two,
        ["promise 1 (disjoint) is broken: slots shape 1 at objects+0x", "but its cell is"];
    memory_that_is_used_twice: MarkInline, HandsOutTwice, memory::hands_out_disjoint_memory,
        ["promise 1 or 3 is broken: object", "changed its shape"];
    a_leak: MarkBitmap, NeverCollects, memory::gives_back_what_is_unreachable, ["promise 4 (gives back) is broken"];
    leaked_cycles: Inline, NeverCollects, memory::gives_back_cycles, ["promise 4 (gives back) is broken"];
    a_count_too_high: Inline, ForgetsReleases, reachability::keeps_what_only_an_old_object_holds,
        ["promise 4 (gives back) is broken: the count of slots shape 1", "so it can never die"];
    a_count_too_low: Inline, ForgetsRetains, links_two,
        ["promise 2 (keeps) is broken: the count of slots shape 1", "references to it were found"];
    a_live_weak_reference_cleared: MarkInline, ClearsLiveWeak, death::clears_weak_references,
        ["a weak reference to a live object was cleared"];
    a_dead_weak_reference_kept: MarkBitmap, KeepsDeadWeak, death::clears_weak_references,
        ["a weak reference dangles: slot 0 of weak shape 2", "was not set to nil"];
    a_frozen_to_young_reference_lost: Frozen, LosesFrozenToYoung, switches::keeps_what_only_a_frozen_object_holds,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1", "path: root 0 -> slots shape 1"];
    a_finalizer_run_twice: MarkInline, FinalizesTwice, death::queues_each_finalizer_once, ["2 times, not once"];
    a_finalizer_never_run: MarkBitmap, FinalizesNever, death::queues_each_finalizer_once, ["0 times, not once"];
    a_changed_slot: MarkBitmap, ChangesASlot, reachability::changes_no_slot,
        ["promise 3 (faithful) is broken: Full changed word"];
    a_slot_with_poison: Adversary, PoisonsASlot, reachability::changes_no_slot,
        ["promise 3 (faithful) is broken: slot 0 of slots shape 1", "which is no value"];
    allocation_while_collecting: MarkInline, AllocatesWhileCollecting, memory::allocates_nothing_while_collecting,
        ["promise 5 (allocates nothing) is broken"];
    an_object_that_is_not_listed: Counting, HidesAnObject, reachability::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: slot 1 of", "where no live object is"];
    an_object_that_is_listed_twice: Counting, ListsTwice, reachability::keeps_what_is_reachable,
        ["promise 1 (disjoint) is broken", "is listed twice"];
    an_object_outside_the_heap: Counting, ListsOutside, reachability::keeps_what_is_reachable,
        ["promise 1 (disjoint) is broken", "(outside the heap) is listed as a live object"];
    a_limit_that_is_ignored: MarkInline, NeverCollects, memory::respects_the_limit, ["promise 4 (gives back) is broken"];
}

// -- Faults of marking and tracing ------------------------------------------------------------------

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
struct ForgetsARoot;
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
struct ForgetsToRemember;
impl<C: Collector> Fault<C> for ForgetsToRemember {
    fn write_barrier(&mut self, _inner: &mut C, _source: Object, _target: Value) {}
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
            if object.format() == Format::Slots && inner.is_frozen(object) && object.units() > 1 {
                if let Some(young) =
                    object.get(1).as_object().filter(|&young| !inner.is_frozen(young))
                {
                    young.set_tally(young.tally() - COUNT_ONE);
                    lost.push(young);
                }
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
struct FreesTwice;
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

/// Frees one object and makes two, which must not be one.
fn frees_one<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let dead = m.container(3);
    m.drop_root(dead);
    m.container(3);
    m.container(3);
    m.verify()
}

/// A large and a small object.
fn allocates_two<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    m.container(8);
    m.container(2);
    m.verify()
}

/// Puts a small object into the latter half of the one before.
#[derive(Default)]
struct Overlaps {
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
struct OutgrowsItsCell;
impl<C: Collector> Fault<C> for OutgrowsItsCell {
    fn allocate(&mut self, inner: &mut C, shape: ShapeWord, units: usize) -> Option<Object> {
        let object = inner.allocate_slow(shape, units)?;
        object.set_shape_word(shape.with_units(units as u32 + 10));
        Some(object)
    }
}

/// Forgets that a cell is taken when the next object of bytes has the same size.
#[derive(Default)]
struct HandsOutTwice {
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
struct AllocatesWhileCollecting;
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
struct ForgetsReleases(usize);
impl<C: Collector> Fault<C> for ForgetsReleases {
    fn release(&mut self, inner: &mut C, object: Object) {
        self.0 += 1;
        if !self.0.is_multiple_of(3) {
            inner.release(object);
        }
    }
}

#[derive(Default)]
struct ForgetsRetains;
impl<C: Collector> Fault<C> for ForgetsRetains {
    fn retain(&mut self, _: &mut C, _: Object) {}
}

/// One object refers to another.
fn links_two<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let (source, target) = (m.container(2), m.container(2));
    m.link(source, 1, target);
    m.verify()
}

// -- Faults of death --------------------------------------------------------------------------------

#[derive(Default)]
struct ClearsLiveWeak;
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
struct KeepsDeadWeak;
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
struct FinalizesTwice {
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
struct FinalizesNever;
impl<C: Collector> Fault<C> for FinalizesNever {
    fn next_finalizer(&mut self, inner: &mut C) -> Option<Object> {
        while inner.next_finalizer().is_some() {}
        None
    }
}

// -- Faults of faith and of observation -------------------------------------------------------------

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

// -- What only the verifier can see -----------------------------------------------------------------

/// The verifier on a heap that a mutator broke.
fn complaint(break_it: impl Fn(&mut Mutator<Counting>)) -> String {
    let mut m = Mutator::<Counting>::new();
    break_it(&mut m);
    m.verify().expect_err("the heap is broken")
}

#[test]
fn a_part_with_two_owners() {
    let text = complaint(|m| {
        let (one, other) = (m.container(2), m.container(2));
        m.attach_part(one, 0, 3);
        let part = m.load(one, 0);
        m.link(other, 1, part);
        m.truncate(2);
    });
    assert!(
        text.contains("a part has more than one owner: 2 references to part shape 3"),
        "{text}"
    );
}

#[test]
fn a_part_of_a_part() {
    let text = complaint(|m| {
        let owner = m.container(2);
        m.attach_part(owner, 0, 3);
        let part = m.allocate(Format::Part, 4, 1);
        m.link_item(owner, 0, 2, part);
        m.drop_root(part);
    });
    assert!(text.contains("a part is owned by a part: slot 2 of part shape 3"), "{text}");
}

#[test]
fn a_root_that_is_no_value() {
    let text = complaint(|m| m.roots.0.push(Value::from_bits(0xFFFB_0000_0000_0000)));
    assert!(
        text.contains("promise 3 (faithful) is broken: root 0 holds the word 0xfffb000000000000"),
        "{text}"
    );
}

#[test]
fn a_long_path_is_cut_in_the_middle() {
    let text = complaint(|m| {
        let mut last = m.container(1);
        for _ in 0..40 {
            let next = m.container(1);
            m.link(last, 0, next);
            last = next;
        }
        // SAFETY: the slot exists; no object lives at that address.
        unsafe {
            m.object(last)
                .set_slot(0, Value::object(Object::from_address(m.object(last).address() + 8)))
        };
        m.truncate(1);
    });
    assert!(text.contains("more) ->") && text.len() < 1500, "{text}");
}

#[test]
fn an_inexact_mutator_may_hold_more_than_it_shows() {
    let mut m = Mutator::<Counting>::new();
    let held = m.container(1);
    m.heap.retain(m.roots.0[held]);
    assert!(verify::check(&mut m.heap, &mut m.roots).is_ok());
    assert!(m.verify().is_err_and(|text| text.contains("so it can never die")));
    assert!(verify::check(&mut m.heap, &mut NoRoots).is_ok());
}

#[test]
fn the_verifier_ends_a_heap_that_is_broken() {
    // Under `verify`, a collection of a sound heap passes; `ensure!` is what the promises use.
    let check = || -> Result<(), String> {
        let mut m = Mutator::<Inline>::with(&Options { verify: true, ..Options::default() });
        let one = m.container(2);
        m.link(one, 0, one);
        ensure!(m.collect(Request::Full).generation == Some(2), "no collection");
        Ok(())
    };
    assert_eq!(check(), Ok(()));
}
