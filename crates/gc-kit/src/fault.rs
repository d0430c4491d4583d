//! A collector with one bug, planted around one that is right: to see that the bug is caught, by what, and with which words.

use std::marker::PhantomData;

use calf_gc::heap::HeapError;
use calf_gc::parts::space::Space;
use calf_gc::{
    Collection, Collector, Object, Options, Request, Roots, ShapeWord, Unsupported, Value,
};

/// What is wrong with a collector: each method does as the collector does, unless a fault says otherwise.
pub trait Fault<C: Collector>: Default + 'static {
    /// Memory was asked for.
    fn allocate(&mut self, inner: &mut C, shape: ShapeWord, units: usize) -> Option<Object> {
        inner.allocate_slow(shape, units)
    }
    /// A reference was made.
    fn retain(&mut self, inner: &mut C, object: Object) {
        inner.retain(object);
    }
    /// A reference was dropped.
    fn release(&mut self, inner: &mut C, object: Object) {
        inner.release(object);
    }
    /// A slot is about to be written.
    fn write_barrier(&mut self, inner: &mut C, source: Object, target: Value) {
        inner.write_barrier(source, target);
    }
    /// The machine asks for work.
    fn next_finalizer(&mut self, inner: &mut C) -> Option<Object> {
        inner.next_finalizer()
    }
    /// A collection is wanted.
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        inner.collect(roots, request)
    }
    /// Someone looks.
    fn each_object(&self, inner: &C, visit: &mut dyn FnMut(Object)) {
        inner.each_object(visit);
    }
}

/// The collector `C` with the fault `F`.
pub struct Broken<C, F> {
    inner: C,
    fault: F,
    collector: PhantomData<C>,
}

// SAFETY: it breaks its promises; that is the point. The tests touch no object through it that the verifier did not find first.
unsafe impl<C: Collector, F: Fault<C>> Collector for Broken<C, F> {
    const COUNTS: bool = C::COUNTS;
    const THRESHOLDS: bool = C::THRESHOLDS;
    const MOVES: bool = C::MOVES;
    const IMMORTALIZES: bool = C::IMMORTALIZES;
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
    fn immortalize(&mut self, object: Object) -> Result<Option<usize>, Unsupported> {
        self.inner.immortalize(object)
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

/// Forgets which old objects refer to young ones: the classic bug of generations.
#[derive(Default)]
pub struct ForgetsToRemember;
impl<C: Collector> Fault<C> for ForgetsToRemember {
    fn write_barrier(&mut self, _inner: &mut C, _source: Object, _target: Value) {}
}
