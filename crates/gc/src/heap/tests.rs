//! The door and the counting strategies behind it.

use super::*;
use crate::collectors::cycles::Cycles;
use crate::collectors::frozen::Frozen;
use crate::collectors::none::None as Counting;
use crate::parts::placement::Placement;
use crate::{Format, NoRoots};

const PAIR: ShapeWord = ShapeWord::new(Format::Slots, 1);
const TEXT: ShapeWord = ShapeWord::new(Format::Bytes, 2);
const ITEMS: ShapeWord = ShapeWord::new(Format::Part, 3);

fn make<C: Collector>(heap: &mut Heap<C>, shape: ShapeWord, units: usize) -> Object {
    let object = heap
        .allocate(shape, units)
        .or_else(|| heap.allocate_at_safepoint(&mut NoRoots, shape, units))
        .expect("there is memory");
    for index in 0..units {
        // SAFETY: fresh, and within the units.
        unsafe { heap.initialize(object, index, Value::NIL) };
    }
    object
}

#[test]
fn counts_bury_what_nothing_holds() {
    let mut heap: Heap<Counting> = Heap::new(&Options::default()).unwrap();
    let (pair, text) = (make(&mut heap, PAIR, 2), make(&mut heap, TEXT, 3));
    heap.retain_object(text);
    // SAFETY: both slots exist.
    unsafe {
        heap.store(pair, 0, Value::object(text));
        heap.store(pair, 1, Value::object(text));
    }
    assert_eq!((heap.object_count(), heap.collector().reference_count(text)), (2, Some(2)));
    heap.release_object(pair);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn a_chain_dies_without_recursion() {
    let mut heap: Heap<Counting> = Heap::new(&Options::default()).unwrap();
    let mut last = make(&mut heap, PAIR, 1);
    for _ in 0..if cfg!(miri) { 100 } else { 1_000_000 } {
        let next = make(&mut heap, PAIR, 1);
        // SAFETY: the slot exists.
        unsafe { heap.store(next, 0, Value::object(last)) };
        last = next;
    }
    heap.release_object(last);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn the_limit_is_kept_and_memory_serves_other_sizes_again() {
    let limit = if cfg!(miri) { 64 << 10 } else { 1 << 20 };
    let mut heap: Heap<Counting> = Heap::new(&Options { limit, ..Options::default() }).unwrap();
    let sizes: &[usize] = if cfg!(miri) { &[30, 300] } else { &[1, 5, 30, 300, 5_000] };
    for &units in sizes {
        let shape = if units > 30 { ITEMS } else { PAIR };
        let mut objects = Vec::new();
        while let Some(object) = heap
            .allocate(shape, units)
            .or_else(|| heap.allocate_at_safepoint(&mut NoRoots, shape, units))
        {
            for index in 0..units {
                // SAFETY: fresh, and within the units.
                unsafe { heap.initialize(object, index, Value::NIL) };
            }
            objects.push(object);
        }
        let payload = objects.len() * (units + 1) * 8;
        assert!(
            heap.bytes() <= limit && payload > limit / 2,
            "{units} units: {payload} bytes of {limit}"
        );
        objects.into_iter().for_each(|object| heap.release_object(object));
        assert_eq!(heap.object_count(), 0);
    }
}

#[test]
fn a_lock_outlives_enable() {
    let mut heap: Heap<Counting> = Heap::new(&Options::default()).unwrap();
    let token = heap.lock("the library must not");
    heap.enable();
    assert!(heap.is_enabled() && !heap.is_automatic());
    assert_eq!(heap.lock_reason(), Some("the library must not"));
    assert!(heap.unlock(token) && heap.is_automatic() && heap.lock_reason().is_none());
    assert!(!heap.unlock(LockToken::from_number(77)));
}

#[test]
fn finalizers_run_once_and_weak_references_are_cleared() {
    let mut heap: Heap<Counting> = Heap::new(&Options::default()).unwrap();
    let pair = make(&mut heap, PAIR, 1);
    heap.expect_finalizer(pair);
    let weak = make(&mut heap, ShapeWord::new(Format::Weak, 4), 1);
    // SAFETY: the slot exists.
    unsafe { heap.initialize(weak, 0, Value::object(pair)) };
    heap.register_weak(weak);
    heap.release_object(pair);
    assert_eq!((heap.next_finalizer(), heap.next_finalizer()), (Some(pair), None));
    heap.release_object(pair);
    assert_eq!(heap.next_finalizer(), None);
    // SAFETY: the slot exists.
    assert!(unsafe { weak.slot(0) }.is_nil());
    assert_eq!(heap.object_count(), 1);
}

/// Runs `test` under each strategy that finds cycles by counting.
macro_rules! under_cycles {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[test]
            fn inline() { super::$test::<crate::collectors::inline::Inline>() }
            #[test]
            fn indirect() { super::$test::<crate::collectors::indirect::Indirect>() }
            #[test]
            fn frozen() { super::$test::<crate::collectors::frozen::Frozen>() }
        }
    )+};
}

under_cycles!(
    cycles_die_and_what_is_held_lives,
    thresholds_are_cpythons,
    garbage_with_finalizers_waits_for_them,
    parts_are_seen_through_their_owner,
    a_long_cycle_dies_without_recursion,
    many_shapes_survive_and_die,
);

fn fresh<P: Placement>() -> Heap<Cycles<P>> {
    let mut heap: Heap<Cycles<P>> = Heap::new(&Options::default()).unwrap();
    heap.disable();
    heap
}

/// `from[index] = to`, with a count of its own.
fn link<C: Collector>(heap: &mut Heap<C>, from: Object, index: usize, to: Object) {
    heap.retain_object(to);
    // SAFETY: tests pass slots that exist.
    unsafe { heap.store(from, index, Value::object(to)) };
}

/// Two pairs that hold one another, the first with a count of the caller's.
fn cycle<C: Collector>(heap: &mut Heap<C>) -> Object {
    let (a, b) = (make(heap, PAIR, 2), make(heap, PAIR, 2));
    link(heap, a, 0, b);
    link(heap, b, 0, a);
    heap.release_object(b);
    a
}

fn full<C: Collector>(heap: &mut Heap<C>) -> Collection {
    let collection = heap.collect(&mut NoRoots, Request::Full);
    assert_eq!(heap.collector().verify(), Ok(()));
    collection
}

fn cycles_die_and_what_is_held_lives<P: Placement>() {
    let mut heap = fresh::<P>();
    let (held, dropped) = (cycle(&mut heap), cycle(&mut heap));
    let text = make(&mut heap, TEXT, 1);
    link(&mut heap, dropped, 1, text);
    heap.release_object(text);
    let weak = make(&mut heap, ShapeWord::new(Format::Weak, 4), 1);
    // SAFETY: the slot exists.
    unsafe { heap.initialize(weak, 0, Value::object(dropped)) };
    heap.register_weak(weak);
    heap.release_object(dropped);
    let collection = full(&mut heap);
    assert_eq!(
        collection,
        Collection { generation: Some(2), reclaimed: 2, uncollectable: 0, finalizers: 0 }
    );
    // SAFETY: the slot exists.
    assert!(unsafe { weak.slot(0) }.is_nil());
    assert_eq!((heap.object_count(), heap.collector().generation(held)), (3, Some(2)));
    heap.release_object(held);
    assert_eq!(full(&mut heap).reclaimed, 2);
    assert_eq!(heap.object_count(), 1);
}

fn thresholds_are_cpythons<P: Placement>() {
    let mut heap = fresh::<P>();
    heap.enable();
    heap.set_thresholds([3, 1, 1]).unwrap();
    let mut kept = Vec::new();
    let mut seen = Vec::new();
    for _ in 0..40 {
        let before = heap.collection_count();
        kept.push(make(&mut heap, PAIR, 1));
        if heap.collection_count() > before {
            let all = heap.statistics().map(|statistics| statistics.collections);
            seen.push((kept.len(), all));
        }
    }
    // The fifth allocation finds the counter at four: strictly above three. Then every fourth of them. A generation is
    // collected when the one before was twice: strictly above one. The second full collection waits for a quarter.
    assert_eq!(
        seen,
        [
            (5, [1, 0, 0]),
            (9, [2, 0, 0]),
            (13, [2, 1, 0]),
            (17, [3, 1, 0]),
            (21, [4, 1, 0]),
            (25, [4, 2, 0]),
            (29, [4, 2, 1]),
            (33, [5, 2, 1]),
            (37, [6, 2, 1]),
        ]
    );
    assert_eq!(heap.counters(), Some([4, 2, 0]));
    kept.into_iter().for_each(|object| heap.release_object(object));
    assert_eq!(heap.counters().unwrap()[0], 0);
    heap.set_thresholds([0, 10, 10]).unwrap();
    let collections = heap.collection_count();
    let objects: Vec<Object> = (0..100).map(|_| make(&mut heap, PAIR, 1)).collect();
    assert_eq!((heap.collection_count(), heap.counters().unwrap()[0]), (collections, 100));
    objects.into_iter().for_each(|object| heap.release_object(object));
}

fn garbage_with_finalizers_waits_for_them<P: Placement>() {
    let mut heap = fresh::<P>();
    let (with, without) = (cycle(&mut heap), cycle(&mut heap));
    let reached = cycle(&mut heap);
    link(&mut heap, with, 1, reached);
    link(&mut heap, without, 1, with);
    for object in [reached, without] {
        heap.release_object(object);
    }
    heap.expect_finalizer(with);
    heap.release_object(with);
    let collection = full(&mut heap);
    assert_eq!((collection.reclaimed, collection.finalizers), (2, 1));
    assert_eq!(heap.next_finalizer(), Some(with));
    // The finalizer resurrects it.
    assert_eq!((full(&mut heap).reclaimed, heap.object_count()), (0, 4));
    heap.release_object(with);
    assert_eq!(
        (full(&mut heap).reclaimed, heap.next_finalizer(), heap.object_count()),
        (4, None, 0)
    );
}

fn parts_are_seen_through_their_owner<P: Placement>() {
    let mut heap = fresh::<P>();
    for units in [3, 300, 3_000] {
        let (list, part) = (make(&mut heap, PAIR, 1), make(&mut heap, ITEMS, units));
        // SAFETY: the slots exist.
        unsafe {
            heap.store(list, 0, Value::object(part));
            for index in [0, units - 1] {
                heap.retain_object(list);
                heap.store_part(list, part, index, Value::object(list));
            }
        }
        assert_eq!(full(&mut heap).reclaimed, 0);
        heap.release_object(list);
        assert_eq!((full(&mut heap).reclaimed, heap.object_count()), (1, 0));
    }
}

fn a_long_cycle_dies_without_recursion<P: Placement>() {
    let mut heap = fresh::<P>();
    let first = make(&mut heap, PAIR, 1);
    let mut last = first;
    heap.retain_object(first);
    let count = if cfg!(miri) { 50 } else { 300_000 };
    for _ in 1..count {
        let next = make(&mut heap, PAIR, 1);
        // SAFETY: the slot exists.
        unsafe { heap.store(next, 0, Value::object(last)) };
        last = next;
    }
    // SAFETY: the slot exists.
    unsafe { heap.store(first, 0, Value::object(last)) };
    assert_eq!(full(&mut heap).reclaimed, 0);
    heap.release_object(first);
    assert_eq!((full(&mut heap).reclaimed, heap.object_count()), (count, 0));
}

fn many_shapes_survive_and_die<P: Placement>() {
    let mut heap = fresh::<P>();
    let slots = if cfg!(miri) { 40 } else { 2_000 };
    let holder = make(&mut heap, ITEMS, slots);
    let rounds = if cfg!(miri) { 40 } else { 20_000 };
    let mut state = 1_u64;
    for round in 0..rounds {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = (state >> 33) as usize;
        let object = match random % 4 {
            0 => make(&mut heap, PAIR, random % 250),
            1 => make(&mut heap, TEXT, random % if cfg!(miri) { 300 } else { 3_000 }),
            2 => cycle(&mut heap),
            _ => make(&mut heap, ITEMS, random % 700),
        };
        // SAFETY: the slot exists.
        unsafe { heap.store(holder, random / 4 % slots, Value::object(object)) };
        if round % 5_000 == 0 {
            assert_eq!(full(&mut heap).uncollectable, 0);
        }
    }
    heap.release_object(holder);
    full(&mut heap);
    assert_eq!(heap.object_count(), 0);
}

#[test]
fn freezing_keeps_counters_generations_and_pages() {
    let mut heap = fresh::<Frozen>();
    let (old, garbage) = (cycle(&mut heap), cycle(&mut heap));
    heap.release_object(garbage);
    let text = make(&mut heap, TEXT, 5);
    heap.collect(&mut NoRoots, Request::Generation(0));
    let hole = make(&mut heap, PAIR, 1);
    heap.release_object(hole);
    let young = cycle(&mut heap);
    let counters = heap.counters();
    heap.freeze(&mut NoRoots).unwrap();
    assert_eq!((heap.frozen_count(), heap.counters()), (Ok(4), counters));
    let late = make(&mut heap, PAIR, 1);
    let frontier = heap.collector().space().cells.frontier();
    assert!(
        late.address() >= frontier - 2 * crate::parts::cells::BLOCK
            && late.address() > young.address()
    );
    assert!(heap.collector().is_frozen(young) && !heap.collector().is_frozen(late));
    // What a frozen object holds is held.
    link(&mut heap, old, 1, late);
    heap.release_object(late);
    assert_eq!((full(&mut heap).reclaimed, heap.collector().reference_count(late)), (0, Some(1)));
    // Frozen objects die, and their memory rests.
    heap.release_object(text);
    let next = make(&mut heap, TEXT, 5);
    assert!(next != text && next.address() > young.address());
    let before = heap.object_count();
    heap.release_object(old);
    assert_eq!((full(&mut heap).reclaimed, heap.object_count()), (0, before));
    // SAFETY: the slots exist.
    unsafe { heap.store(young, 0, Value::NIL) };
    assert_eq!(heap.frozen_count(), Ok(3));
    assert_eq!(heap.collector().verify(), Ok(()));
    heap.freeze(&mut NoRoots).unwrap();
    assert_eq!(heap.frozen_count(), Ok(4));
    heap.unfreeze().unwrap();
    assert_eq!(heap.collector().verify(), Ok(()));
    assert_eq!((heap.frozen_count(), heap.collector().generation(young)), (Ok(0), Some(0)));
    let reused = (0..1_000).any(|_| make(&mut heap, TEXT, 5) == text);
    assert!(reused);
    assert_eq!(
        full(&mut heap),
        Collection { generation: Some(2), reclaimed: 3, uncollectable: 0, finalizers: 0 }
    );
}

#[test]
fn it_freezes_as_cpython_does_by_either_name() {
    for key in ["cpython", "py37"] {
        let arguments = vec![(key.to_owned(), "on".to_owned())];
        freezes_as_cpython_does(&Options { arguments, ..Options::default() });
    }
}

fn freezes_as_cpython_does(options: &Options) {
    let mut heap: Heap<Cycles<Frozen>> = Heap::new(options).unwrap();
    let (pair, other) = (make(&mut heap, PAIR, 1), make(&mut heap, PAIR, 1));
    heap.freeze(&mut NoRoots).unwrap();
    assert_eq!((heap.counters(), heap.frozen_count()), (Some([0, 0, 0]), Ok(2)));
    heap.release_object(pair);
    assert_eq!((make(&mut heap, PAIR, 1), heap.frozen_count()), (pair, Ok(1)));
    heap.unfreeze().unwrap();
    assert_eq!(heap.collector().generation(other), Some(2));
    assert_eq!(heap.collector().verify(), Ok(()));
}

#[test]
fn options_are_checked() {
    let with = |key: &str, value: &str| {
        let arguments = vec![(key.to_owned(), value.to_owned())];
        Heap::<Cycles<Frozen>>::new(&Options { arguments, ..Options::default() })
            .err()
            .map(|error| error.to_string())
    };
    assert_eq!(with("py37", "off"), None);
    assert_eq!(with("py37", "2").unwrap(), "the option 'py37' cannot be '2'; it can be: on, off");
    assert_eq!(
        with("head", "16").unwrap(),
        "this strategy has no option 'head'; it has: quarantine, collect_first, cpython, py37, fresh, collect-before-fork"
    );
}
