//! Collectors that are wrong on purpose, one planted bug each: the verifier or a promise must notice every one of them, and
//! say what it is. One file for each family of bugs; the bug is put around a collector that is right.

mod counting;
mod death;
mod memory;
mod observation;
mod tracing;
mod verifier;

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
use calf_gc_kit::{Abilities, Mutator, Promise};

type Inline = Cycles<InlinePlacement>;
type Frozen = Cycles<FrozenPlacement>;

/// What a collector is put through.
trait Scenario {
    fn check<C: Collector>(self, abilities: Abilities) -> Result<(), String>;
}

impl Scenario for Promise {
    fn check<C: Collector>(self, abilities: Abilities) -> Result<(), String> {
        Promise::check::<C>(self, abilities)
    }
}

/// A scenario of a few steps.
enum Steps {
    /// Frees one object and makes two, which must not be one.
    FreesOne,
    /// A large and a small object.
    AllocatesTwo,
    /// One object refers to another.
    LinksTwo,
}

impl Scenario for Steps {
    fn check<C: Collector>(self, _: Abilities) -> Result<(), String> {
        let mut m = Mutator::<C>::new();
        match self {
            Steps::FreesOne => {
                let dead = m.container(3);
                m.drop_root(dead);
                m.container(3);
                m.container(3);
            }
            Steps::AllocatesTwo => {
                m.container(8);
                m.container(2);
            }
            Steps::LinksTwo => {
                let (source, target) = (m.container(2), m.container(2));
                m.link(source, 1, target);
            }
        }
        m.verify()
    }
}

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

/// The scenario must hold for the collector as it is, and fail with a text that contains each of the words once it has the fault.
macro_rules! broken {
    ($($test:ident: $collector:ty, $fault:ty, $scenario:expr, [$($words:literal),+];)+) => {
        $(#[test]
        fn $test() {
            let abilities = Abilities { cycles: true, freezes: true, unfreezes: true, seed: 1 };
            if let Err(text) = Scenario::check::<$collector>($scenario, abilities) {
                panic!("without the fault: {text}");
            }
            let text = match Scenario::check::<Broken<$collector, $fault>>($scenario, abilities) {
                Err(text) => text,
                Ok(()) => panic!("nobody noticed"),
            };
            $(assert!(text.contains($words), "said: {text}");)+
        })+
    };
}

use broken;
