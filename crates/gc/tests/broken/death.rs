//! Weak references and finalizers.

use super::*;

broken! {
    a_live_weak_reference_cleared: MarkInline, ClearsLiveWeak, Promise::clears_weak_references,
        ["a weak reference to a live object was cleared"];
    a_dead_weak_reference_kept: MarkBitmap, KeepsDeadWeak, Promise::clears_weak_references,
        ["a weak reference dangles: slot 0 of weak shape 2", "was not set to nil"];
    a_finalizer_run_twice: MarkInline, FinalizesTwice, Promise::queues_each_finalizer_once, ["2 times, not once"];
    a_finalizer_never_run: MarkBitmap, FinalizesNever, Promise::queues_each_finalizer_once, ["0 times, not once"];
}

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
