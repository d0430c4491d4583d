//! What every strategy promises, as one function each: `Ok`, or a sentence that says what was broken.
//!
//! They are functions of a collector, so that `conformance.rs` can hold every row of the table to them and `broken.rs` can see
//! that each of them fails when it should.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

use calf_gc::{Collector, Format, Options, Request, Row, Strategy, Value};

use crate::mutator::{Mutator, Random};

/// Fails with a sentence unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}

/// What the table says a strategy does, as far as the promises depend on it.
#[derive(Clone, Copy)]
pub(crate) struct Abilities {
    /// Are unreachable cycles given back?
    pub(crate) cycles: bool,
    /// Does it freeze?
    pub(crate) freezes: bool,
}

impl Abilities {
    pub(crate) fn of(row: &Row) -> Abilities {
        Abilities { cycles: row.strategy != Strategy::None, freezes: row.freezes }
    }
}

macro_rules! promises {
    ($($name:ident),+ $(,)?) => {
        /// A promise, to be checked under a strategy chosen at run time.
        #[derive(Clone, Copy)]
        pub(crate) enum Promise { $(#[allow(non_camel_case_types, reason = "named after the function")] $name),+ }

        pub(crate) const PROMISES: &[Promise] = &[$(Promise::$name),+];

        impl Promise {
            pub(crate) fn name(self) -> &'static str {
                match self { $(Promise::$name => stringify!($name)),+ }
            }
            pub(crate) fn check<C: Collector>(self, abilities: Abilities) -> Result<(), String> {
                match self { $(Promise::$name => $name::<C>(abilities)),+ }
            }
        }
    };
}

promises! {
    // 1. Disjoint.
    hands_out_disjoint_memory,
    // 2. Keeps.
    keeps_what_is_reachable,
    keeps_what_only_a_part_holds,
    keeps_what_only_an_old_object_holds,
    keeps_what_only_an_old_part_holds,
    keeps_what_was_moved_between_parts,
    // 3. Faithful.
    changes_no_slot,
    // 4. Gives back.
    gives_back_what_is_unreachable,
    gives_back_cycles,
    gives_back_deep_lists,
    gives_back_large_objects,
    gives_back_parts_early,
    uses_no_more_memory_in_a_steady_state,
    // 5. Allocates nothing.
    allocates_nothing_while_collecting,
    // The limit.
    respects_the_limit,
    // Weak references and finalizers.
    clears_weak_references,
    forgets_dead_weak_references,
    queues_each_finalizer_once,
    keeps_what_a_finalizer_will_see,
    clears_weak_references_before_finalizers,
    resurrects,
    // Switches.
    honours_disable_and_lock,
    survives_stress,
    survives_a_fork,
    // Freezing.
    freezes_or_says_it_cannot,
    keeps_what_only_a_frozen_object_holds,
    clears_frozen_weak_references,
    frees_frozen_objects_safely,
    // CPython's rules, where there are thresholds.
    counts_allocations_and_deaths,
    collects_beyond_the_threshold,
    skips_full_collections_by_the_quarter_rule,
}

/// Loops are shorter under an interpreter.
const fn scaled(times: usize) -> usize {
    if cfg!(miri) { if times > 400 { times / 100 + 4 } else { times / 10 + 4 } } else { times }
}

const SMALL_UNITS: [usize; 14] = [1, 2, 3, 4, 5, 6, 7, 8, 11, 16, 33, 64, 129, 254];
const LARGE_UNITS: [usize; 5] = [255, 600, 1023, 1025, 5000];

/// An object of a random size; each of its words says which object it is.
fn stamped<C: Collector>(m: &mut Mutator<C>, random: &mut Random, stamp: usize) -> usize {
    let format = [Format::Slots, Format::Slots, Format::Bytes, Format::Part][random.below(4)];
    let large = matches!(format, Format::Bytes | Format::Part) && random.once_in(16);
    let units = if large {
        LARGE_UNITS[random.below(5)]
    } else {
        SMALL_UNITS[random.below(SMALL_UNITS.len())]
    };
    let root = m.allocate(format, stamp as u32 % 1000, units);
    for index in 0..units {
        // SAFETY: fresh, and `index` is below its units.
        unsafe { m.object(root).set_slot(index, Value::raw(stamp as u64)) };
    }
    root
}

/// Does the object at `root` still say in each word what it said?
fn is_stamped<C: Collector>(m: &Mutator<C>, root: usize, stamp: usize) -> Result<(), String> {
    let object = m.object(root);
    ensure!(
        object.shape() == stamp as u32 % 1000,
        "promise 3 (faithful) is broken: object {stamp} changed its shape to {}",
        object.shape()
    );
    for index in 0..object.units() {
        // SAFETY: `index` is below the units.
        let word = unsafe { object.slot(index) };
        ensure!(
            word == Value::raw(stamp as u64),
            "promise 1 or 3 is broken: word {index} of object {stamp} now holds {word:?}"
        );
    }
    Ok(())
}

fn hands_out_disjoint_memory<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let mut random = Random(1);
    let mut stamps = Vec::new();
    let rounds = scaled(3000);
    for stamp in 0..rounds {
        stamped(&mut m, &mut random, stamp);
        stamps.push(stamp);
        if random.once_in(3) {
            // The last root takes the place of one that is dropped.
            let victim = random.below(stamps.len());
            let last = m.roots.0.pop().expect("there is a root");
            stamps.swap_remove(victim);
            if victim < m.roots.0.len() {
                let dropped = std::mem::replace(&mut m.roots.0[victim], last);
                m.heap.release(dropped);
            } else {
                m.heap.release(last);
            }
        }
        if stamp % (rounds / 5) == 0 {
            m.verify()?;
            m.collect(Request::Full);
            m.verify()?;
        }
    }
    for (root, stamp) in stamps.into_iter().enumerate() {
        is_stamped(&m, root, stamp)?;
    }
    m.verify()
}

/// A chain of `length` containers at a new root; number `length - 1` comes first.
fn chain<C: Collector>(m: &mut Mutator<C>, length: usize) -> usize {
    let mut head = m.named(0, 2);
    for name in 1..length {
        let next = m.named(name, 2);
        let old = std::mem::replace(&mut m.roots.0[head], Value::NIL);
        // SAFETY: two slots; the count of the old head moves into the slot.
        unsafe { m.heap.store(m.object(next), 1, old) };
        m.roots.0.swap(head, next);
        m.roots.0.pop();
        head = m.roots.0.len() - 1;
    }
    head
}

/// Walks a chain: its names go down to zero.
fn walk_chain<C: Collector>(m: &Mutator<C>, root: usize, length: usize) -> Result<(), String> {
    let mut at = m.roots.0[root];
    for name in (0..length).rev() {
        let Some(object) = at.as_object() else {
            return Err(format!(
                "promise 2 (keeps) is broken: the chain ends before number {name}"
            ));
        };
        // SAFETY: each has two slots.
        let (found, next) = unsafe { (object.slot(0), object.slot(1)) };
        ensure!(
            found == Value::number(name as f64),
            "promise 3 (faithful) is broken: number {name} of the chain now says {found:?}"
        );
        at = next;
    }
    Ok(())
}

fn keeps_what_is_reachable<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let length = scaled(2000);
    let head = chain(&mut m, length);
    let mut garbage = 0;
    for request in [
        Request::Generation(0),
        Request::Automatic,
        Request::Full,
        Request::Generation(1),
        Request::Generation(0),
        Request::Full,
        Request::Generation(2),
    ] {
        m.verify()?;
        let collection = m.collect(request);
        m.verify().map_err(|text| format!("after {request:?}: {text}"))?;
        ensure!(
            collection.reclaimed <= garbage,
            "promise 2 (keeps) is broken: {request:?} reclaimed {} objects where {garbage} are dead",
            collection.reclaimed
        );
        garbage -= collection.reclaimed;
        walk_chain(&m, head, length)?;
        // Garbage in between, so that a lost cell is used again.
        for _ in 0..scaled(300) {
            let dropped = m.container(2);
            m.drop_root(dropped);
            garbage += 1;
        }
        walk_chain(&m, head, length)?;
    }
    Ok(())
}

fn keeps_what_only_a_part_holds<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let owner = m.named(7, 2);
    m.attach_part(owner, 1, 300);
    for item in 0..300 {
        let named = m.named(item, 1);
        m.link_item(owner, 1, item, named);
        m.drop_root(named);
    }
    for request in [Request::Generation(0), Request::Full, Request::Generation(0), Request::Full] {
        m.collect(request);
        m.verify()?;
    }
    let part = m.slot(owner, 1).as_object().expect("the part is there");
    for item in 0..300 {
        // SAFETY: the part has 300 slots, each with a container of one.
        let name = unsafe { part.slot(item).as_object().expect("an item").slot(0) };
        ensure!(name == Value::number(item as f64), "item {item} is now {name:?}");
    }
    m.truncate(0);
    m.settle();
    ensure!(m.live() == 0, "promise 4 (gives back) is broken: {} objects are left", m.live());
    m.verify()
}

fn keeps_what_only_an_old_object_holds<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let old = m.named(1, 3);
    for _ in 0..5 {
        m.collect(Request::Full);
    }
    for round in 0..6 {
        // A young chain that only the old object holds, then collections of the young.
        let young = chain(&mut m, 3);
        m.link(old, 1, young);
        m.drop_root(young);
        let single = m.named(round, 1);
        m.move_into(old, 2, single);
        for request in [Request::Generation(0), Request::Automatic, Request::Generation(1)] {
            m.collect(request);
            m.verify()?;
            let garbage = m.container(2);
            m.drop_root(garbage);
        }
        let loaded = m.load(old, 1);
        walk_chain(&m, loaded, 3)?;
        m.drop_root(loaded);
    }
    Ok(())
}

fn keeps_what_only_an_old_part_holds<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    // An owner younger than its part: the part lives through collections before it gets an owner.
    for waits in 0..5 {
        let part = m.allocate(Format::Part, 3, 8);
        for _ in 0..waits {
            m.collect(Request::Generation(0));
        }
        let owner = m.named(waits, 2);
        m.move_into(owner, 1, part);
        m.heap.write_barrier_all(m.object(owner));
        for round in 0..7 {
            let young = m.named(100 + round, 2);
            m.link_item(owner, 1, round, young);
            m.drop_root(young);
            m.collect(Request::Generation(0));
            m.verify().map_err(|text| {
                format!("part aged {waits}, round {round} of young items: {text}")
            })?;
        }
        m.drop_root(owner);
    }
    m.settle();
    ensure!(m.live() == 0, "promise 4 (gives back) is broken: {} objects are left", m.live());
    Ok(())
}

fn keeps_what_was_moved_between_parts<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let owner = m.named(7, 2);
    m.attach_part(owner, 1, 4);
    for item in 0..4 {
        let named = m.named(item, 1);
        m.link_item(owner, 1, item, named);
        m.drop_root(named);
    }
    for _ in 0..4 {
        m.collect(Request::Full);
    }
    // Growth: the items move, uncounted, to a larger part; the smaller one is given back without them.
    for units in [8, 16, 300, 2000] {
        let new = m.allocate(Format::Part, 3, units);
        let old = m.slot(owner, 1).as_object().expect("the part");
        for item in 0..4 {
            // SAFETY: both have at least four slots; the counts move with the items.
            unsafe { m.heap.initialize(m.object(new), item, old.slot(item)) };
        }
        let new_value = m.roots.0.pop().expect("the new part");
        let new = new_value.as_object().expect("a part");
        // SAFETY: the items and their counts moved from the old part to the new one.
        unsafe { m.heap.replace_part(m.object(owner), 1, new) };
        m.verify()?;
        for request in [Request::Generation(0), Request::Generation(0), Request::Full] {
            m.collect(request);
            m.verify()?;
        }
    }
    let part = m.slot(owner, 1).as_object().expect("the part is there");
    for item in 0..4 {
        // SAFETY: four items, each a container of one slot.
        let name = unsafe { part.slot(item).as_object().expect("an item").slot(0) };
        ensure!(name == Value::number(item as f64), "item {item} is now {name:?}");
    }
    Ok(())
}

fn changes_no_slot<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let mut random = Random(3);
    for name in 0..scaled(400) {
        let root = m.named(name, 6);
        for index in 1..5 {
            let target = random.below(m.roots.0.len());
            m.link(root, index, target);
        }
        if random.once_in(4) {
            m.attach_part(root, 5, 1 + random.below(300));
            let target = random.below(m.roots.0.len());
            m.link_item(root, 5, 0, target);
        }
    }
    m.truncate(scaled(400) / 4);
    for request in [Request::Full, Request::Generation(0), Request::Automatic, Request::Full] {
        let before = m.picture();
        m.collect(request);
        m.verify()?;
        let after = m.picture();
        if let Some(word) =
            (0..before.len().max(after.len())).find(|&i| before.get(i) != after.get(i))
        {
            return Err(format!(
                "promise 3 (faithful) is broken: {request:?} changed word {word} of the graph from {:x?} to {:x?}",
                before.get(word),
                after.get(word)
            ));
        }
    }
    Ok(())
}

fn gives_back_what_is_unreachable<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let kept = m.named(1, 2);
    let mut random = Random(2);
    for stamp in 0..scaled(2000) {
        stamped(&mut m, &mut random, stamp);
    }
    m.truncate(kept + 1);
    m.settle();
    m.verify()?;
    ensure!(
        m.live() == 1,
        "promise 4 (gives back) is broken: {} objects are left where one is reachable",
        m.live()
    );
    m.truncate(0);
    m.settle();
    ensure!(m.live() == 0, "the heap does not end empty");
    m.heap.collector_mut().release_empty_blocks();
    ensure!(
        m.heap.bytes() <= 640 << 10,
        "promise 4 (gives back) is broken: an empty heap holds {} bytes",
        m.heap.bytes()
    );
    Ok(())
}

fn gives_back_cycles<C: Collector>(abilities: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    // One that refers to itself, a pair, a ring that holds a tail, and a cycle through a part.
    let alone = m.named(1, 2);
    m.link(alone, 1, alone);
    let pair = m.named(2, 2);
    let other = m.named(3, 2);
    m.link(pair, 1, other);
    m.link(other, 1, pair);
    let length = scaled(1000);
    let first = m.named(4, 3);
    let mut last = first;
    for name in 5..length {
        let next = m.named(name, 3);
        let tail = m.named(name, 1);
        m.link(next, 2, tail);
        m.link(last, 1, next);
        last = next;
    }
    m.link(last, 1, first);
    let owner = m.named(0, 2);
    m.attach_part(owner, 1, 20);
    m.link_item(owner, 1, 19, owner);
    let live = m.live();
    m.collect(Request::Full);
    m.verify()?;
    ensure!(m.live() == live, "promise 2 (keeps) is broken: {} of {live} are left", m.live());
    m.truncate(0);
    m.settle();
    m.verify()?;
    if abilities.cycles {
        ensure!(
            m.live() == 0,
            "promise 4 (gives back) is broken: {} objects of dead cycles are left",
            m.live()
        );
    } else {
        ensure!(
            m.live() == live,
            "a strategy that finds no cycles lost {} objects",
            live - m.live()
        );
    }
    Ok(())
}

fn gives_back_deep_lists<C: Collector>(abilities: Abilities) -> Result<(), String> {
    let length = if cfg!(miri) { 300 } else { 10_000_000 };
    let mut m = Mutator::<C>::new();
    let head = chain(&mut m, length);
    m.collect(Request::Full);
    walk_chain(&m, head, length)?;
    m.drop_root(head);
    m.settle();
    ensure!(
        m.live() == 0,
        "promise 4 (gives back) is broken: {} objects of a list are left",
        m.live()
    );
    // Nested parts: owner, part, owner, part …
    let length = length / 10;
    let mut head = m.named(0, 2);
    for name in 1..length {
        let next = m.named(name, 2);
        m.attach_part(next, 1, 1);
        m.link_item(next, 1, 0, head);
        m.roots.0.swap(head, next);
        m.truncate(1);
        head = 0;
    }
    if abilities.cycles {
        // Closed to a ring, only the collector can find it dead.
        m.link(head, 0, head);
    }
    m.collect(Request::Full);
    ensure!(m.live() == 2 * length - 1, "promise 2 (keeps) is broken: {} are left", m.live());
    m.truncate(0);
    m.settle();
    ensure!(m.live() == 0, "promise 4 (gives back) is broken: {} objects are left", m.live());
    Ok(())
}

fn gives_back_large_objects<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::with(&Options { limit: 24 << 20, ..Options::default() });
    // A mebibyte each: far more in all than the limit allows at once.
    let units = if cfg!(miri) { 2000 } else { 1 << 17 };
    for stamp in 0..scaled(100) {
        let bytes = m.allocate(Format::Bytes, 1, units);
        ensure!(m.object(bytes).units() == units, "a large object forgot its size");
        // SAFETY: fresh, and the last word is within it.
        unsafe { m.object(bytes).set_slot(units - 1, Value::raw(stamp as u64)) };
        let owner = m.named(stamp, 2);
        m.attach_part(owner, 1, units / 2);
        m.link_item(owner, 1, units / 2 - 1, bytes);
        // SAFETY: as above.
        let last = unsafe { m.object(bytes).slot(units - 1) };
        ensure!(last == Value::raw(stamp as u64), "a large object lost its last word");
        if stamp % 10 == 0 {
            m.verify()?;
        }
        m.truncate(0);
    }
    m.settle();
    ensure!(m.live() == 0, "promise 4 (gives back) is broken: {} large objects are left", m.live());
    m.verify()
}

fn gives_back_parts_early<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    for units in [3, 40, 254, 255, 4000] {
        let part = m.allocate(Format::Part, 1, units);
        let live = m.live();
        let object = m.object(part);
        m.roots.0.pop();
        m.heap.release_part_shallow(object);
        if !C::COUNTS {
            // One that traces may wait for the next collection.
            m.collect(Request::Full);
        }
        ensure!(
            m.live() == live - 1,
            "a part of {units} words given back by its owner is still there"
        );
        m.verify()?;
    }
    m.settle();
    m.verify()
}

fn uses_no_more_memory_in_a_steady_state<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let used = |m: &Mutator<C>| {
        let mut used = 0;
        m.heap.each_region(&mut |region| {
            if ["objects", "buffers"].contains(&region.name()) {
                used += region.used();
            }
        });
        used
    };
    let mut first = 0;
    for round in 0..20 {
        let mut random = Random(9);
        for stamp in 0..scaled(1000) {
            stamped(&mut m, &mut random, stamp);
        }
        m.truncate(0);
        m.settle();
        match round {
            3 => first = used(&m),
            4.. => ensure!(
                used(&m) <= first + first / 4,
                "promise 4 (gives back) is broken: {} bytes of heap in round {round} for what needed {first}",
                used(&m)
            ),
            _ => {}
        }
    }
    Ok(())
}

fn allocates_nothing_while_collecting<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let length = scaled(500);
    chain(&mut m, length);
    let cycle = m.named(0, 2);
    m.link(cycle, 1, cycle);
    m.drop_root(cycle);
    for request in [Request::Generation(0), Request::Full, Request::Full] {
        let (objects, bytes) = (m.live(), m.heap.bytes());
        m.collect(request);
        ensure!(
            m.live() <= objects && (C::MOVES || m.heap.bytes() <= bytes),
            "promise 5 (allocates nothing) is broken: {request:?} left {} objects in {} bytes where there were {objects} in {bytes}",
            m.live(),
            m.heap.bytes()
        );
    }
    Ok(())
}

fn respects_the_limit<C: Collector>(_: Abilities) -> Result<(), String> {
    let limit = 1 << 20;
    let mut m = Mutator::<C>::with(&Options { limit, ..Options::default() });
    let fill = |m: &mut Mutator<C>| {
        let mut objects = 0;
        while m.try_allocate(Format::Slots, 1, 4).is_some() {
            objects += 1;
            if objects * 40 > 2 * limit {
                break;
            }
        }
        objects
    };
    let first = fill(&mut m);
    ensure!(m.heap.bytes() <= m.heap.limit(), "{} bytes beyond a limit of {limit}", m.heap.bytes());
    // One that moves objects needs room to move them to.
    let least = if C::MOVES { limit / 8 } else { limit / 4 };
    ensure!(first * 40 > least, "only {first} objects of 40 bytes within a limit of {limit}");
    m.verify()?;
    for _ in 0..3 {
        m.truncate(0);
        // No collection is asked for: the allocation itself finds out that it needs one.
        let again = fill(&mut m);
        ensure!(
            again * 10 >= first * 9,
            "promise 4 (gives back) is broken: {first} objects fitted the first time, then {again}"
        );
    }
    ensure!(
        m.try_allocate(Format::Bytes, 1, 1 << 20).is_none(),
        "eight mebibytes were handed out beyond a limit of one"
    );
    m.truncate(0);
    m.settle();
    m.verify()
}

fn clears_weak_references<C: Collector>(abilities: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let held = m.named(1, 2);
    let to_held = m.weak(held);
    let to_held_too = m.weak(held);
    let dead = m.named(2, 2);
    let to_dead = m.weak(dead);
    let string = m.allocate(Format::Bytes, 1, 3);
    let to_string = m.weak(string);
    let cycle = m.named(3, 2);
    m.link(cycle, 1, cycle);
    let to_cycle = m.weak(cycle);
    for _ in 0..3 {
        m.collect(Request::Full);
        m.verify()?;
    }
    for weak in [to_held, to_held_too, to_dead, to_string, to_cycle] {
        ensure!(m.slot(weak, 0).is_object(), "a weak reference to a live object was cleared");
    }
    m.drop_root(dead);
    m.drop_root(string);
    m.drop_root(cycle);
    for request in [Request::Full, Request::Generation(0), Request::Full] {
        m.collect(request);
        m.verify()?;
    }
    ensure!(m.slot(to_dead, 0).is_nil(), "the weak reference to a dead container was not cleared");
    ensure!(m.slot(to_string, 0).is_nil(), "the weak reference to a dead string was not cleared");
    if abilities.cycles {
        ensure!(m.slot(to_cycle, 0).is_nil(), "the weak reference to a dead cycle was not cleared");
    }
    for weak in [to_held, to_held_too] {
        ensure!(
            m.slot(weak, 0) == m.roots.0[held],
            "a weak reference to a live object was cleared or does not follow it"
        );
    }
    Ok(())
}

fn forgets_dead_weak_references<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let held = m.named(1, 2);
    for _ in 0..scaled(300) {
        let weak = m.weak(held);
        m.drop_root(weak);
        let target = m.named(2, 2);
        let weak = m.weak(target);
        if m.live() % 2 == 0 {
            m.drop_root(target);
            m.drop_root(weak);
        } else {
            m.drop_root(weak);
            m.truncate(1);
        }
    }
    m.settle();
    m.verify()?;
    ensure!(m.live() == 1, "promise 4 (gives back) is broken: {} objects are left", m.live());
    // The target outlives its weak references, and dies: nobody may write to where they were.
    for stamp in 0..scaled(300) {
        let bytes = m.allocate(Format::Bytes, stamp as u32 % 1000, 1);
        // SAFETY: fresh, one word.
        unsafe { m.object(bytes).set_slot(0, Value::raw(stamp as u64)) };
    }
    m.drop_root(held);
    m.collect(Request::Full);
    for stamp in 0..scaled(300) {
        is_stamped(&m, 1 + stamp, stamp)?;
    }
    m.verify()
}

fn queues_each_finalizer_once<C: Collector>(abilities: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let objects = 20;
    for name in 0..objects {
        let root = m.named(name, 2);
        m.heap.expect_finalizer(m.object(root));
        if name % 2 == 1 && abilities.cycles {
            m.link(root, 1, root);
        }
    }
    m.collect(Request::Full);
    ensure!(m.heap.next_finalizer().is_none(), "the finalizer of a live object was queued");
    m.truncate(0);
    let mut seen = vec![0; objects];
    for _ in 0..4 {
        m.collect(Request::Full);
        m.verify_with_finalizers()?;
        while let Some(object) = m.heap.next_finalizer() {
            // SAFETY: it has two slots; slot 0 is its name.
            let name = unsafe { object.slot(0) }.as_number().expect("a name") as usize;
            seen[name] += 1;
            m.heap.release(Value::object(object));
        }
    }
    if let Some(name) = seen.iter().position(|&times| times != 1) {
        return Err(format!(
            "the finalizer of object {name} was queued {} times, not once",
            seen[name]
        ));
    }
    m.settle();
    ensure!(
        m.live() == 0,
        "promise 4 (gives back) is broken: {} finalized objects are left",
        m.live()
    );
    m.verify()
}

fn keeps_what_a_finalizer_will_see<C: Collector>(abilities: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let root = m.named(1, 3);
    m.heap.expect_finalizer(m.object(root));
    let child = chain(&mut m, 10);
    m.link(root, 1, child);
    m.drop_root(child);
    if abilities.cycles {
        m.link(root, 2, root);
    }
    m.truncate(0);
    // Queued, then kept through further collections until the machine comes for it.
    for request in [Request::Full, Request::Generation(0), Request::Full, Request::Automatic] {
        m.collect(request);
        for _ in 0..scaled(100) {
            let garbage = m.container(2);
            m.drop_root(garbage);
        }
    }
    let Some(object) = m.heap.next_finalizer() else {
        return Err("the finalizer of a dead object was not queued".to_string());
    };
    m.roots.0.push(Value::object(object));
    m.verify()?;
    let child = m.load(0, 1);
    walk_chain(&m, child, 10)?;
    ensure!(m.heap.next_finalizer().is_none(), "one object, but two finalizers");
    m.truncate(0);
    m.settle();
    ensure!(m.live() == 0, "promise 4 (gives back) is broken: {} objects are left", m.live());
    Ok(())
}

fn clears_weak_references_before_finalizers<C: Collector>(
    abilities: Abilities,
) -> Result<(), String> {
    if !abilities.cycles {
        return Ok(());
    }
    let mut m = Mutator::<C>::new();
    let root = m.named(1, 2);
    m.link(root, 1, root);
    m.heap.expect_finalizer(m.object(root));
    let weak = m.weak(root);
    m.drop_root(root);
    m.collect(Request::Full);
    m.verify_with_finalizers()?;
    ensure!(
        m.slot(weak, 0).is_nil(),
        "a weak reference to trash was not cleared before its finalizer could see it"
    );
    m.settle();
    m.verify()
}

fn resurrects<C: Collector>(abilities: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let root = m.named(1, 3);
    m.heap.expect_finalizer(m.object(root));
    let child = chain(&mut m, 4);
    m.link(root, 1, child);
    m.drop_root(child);
    if abilities.cycles {
        m.link(root, 2, root);
    }
    m.drop_root(root);
    m.collect(Request::Full);
    let object = m.heap.next_finalizer().ok_or("the finalizer was not queued")?;
    // The finalizer puts the object back into the program.
    m.roots.0.push(Value::object(object));
    for request in [Request::Full, Request::Generation(0), Request::Full] {
        m.collect(request);
        m.verify()?;
        ensure!(m.heap.next_finalizer().is_none(), "a finalizer was queued a second time");
    }
    let child = m.load(0, 1);
    walk_chain(&m, child, 4)?;
    m.truncate(0);
    m.collect(Request::Full);
    ensure!(m.heap.next_finalizer().is_none(), "a resurrected object was finalized twice");
    m.settle();
    ensure!(
        m.live() == 0,
        "promise 4 (gives back) is broken: {} resurrected objects are left",
        m.live()
    );
    Ok(())
}

fn honours_disable_and_lock<C: Collector>(abilities: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let collections = |m: &mut Mutator<C>| {
        // Dead cycles without end: only a collection can bound them.
        let start = m.live();
        let mut highest = start;
        for number in 0..scaled(200_000) {
            let cycle = m.named(number, 8);
            m.link(cycle, 1, cycle);
            m.drop_root(cycle);
            if number % 5000 == 0 {
                highest = highest.max(m.live());
            }
        }
        highest.max(m.live()) - start < scaled(200_000) - 5001
    };
    m.heap.disable();
    ensure!(!m.heap.is_enabled(), "disabled, but says it is enabled");
    ensure!(!collections(&mut m), "a disabled collector collected");
    m.heap.enable();
    ensure!(m.heap.is_enabled(), "enabled, but says it is not");
    m.settle();
    if abilities.cycles && !cfg!(miri) {
        ensure!(collections(&mut m), "an enabled collector did not collect");
    }
    Ok(())
}

fn survives_stress<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::with(&Options { stress: true, verify: true, ..Options::default() });
    let kept = m.named(0, 4);
    for round in 0..scaled(60) {
        let head = chain(&mut m, 5);
        m.link(kept, 1 + round % 2, head);
        walk_chain(&m, head, 5)?;
        let weak = m.weak(head);
        m.drop_root(head);
        m.attach_part(kept, 3, 1 + round % 7 * 50);
        m.link_item(kept, 3, 0, kept);
        let loaded = m.load(kept, 1 + round % 2);
        walk_chain(&m, loaded, 5)?;
        ensure!(m.slot(weak, 0) == m.roots.0[loaded], "a weak reference lost a live target");
        m.truncate(1);
    }
    m.verify()
}

fn survives_a_fork<C: Collector>(_: Abilities) -> Result<(), String> {
    // The hooks alone, in one process: what they do must be sound on either side.
    for child in [false, true] {
        let mut m = Mutator::<C>::new();
        let length = scaled(1000);
        let head = chain(&mut m, length);
        let dropped = chain(&mut m, length);
        m.drop_root(dropped);
        m.heap.before_fork(&mut m.roots);
        if child {
            // Every page counts as shared, so the model records; allocation takes its slow path.
            m.heap.after_fork_in_child(&[], &mut |_, _| true);
        } else {
            m.heap.after_fork_in_parent();
        }
        m.verify()?;
        for round in 0..3 {
            let more = chain(&mut m, length / 2);
            m.link(head, 0, more);
            m.collect(if round == 0 { Request::Generation(0) } else { Request::Full });
            m.verify()?;
            let loaded = m.load(head, 0);
            walk_chain(&m, loaded, length / 2)?;
            m.truncate(1);
        }
        m.truncate(0);
        m.settle();
        ensure!(m.live() == 0, "promise 4 (gives back) is broken: {} objects are left", m.live());
    }
    Ok(())
}

fn freezes_or_says_it_cannot<C: Collector>(abilities: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let length = scaled(100);
    chain(&mut m, length);
    if !abilities.freezes {
        ensure!(
            m.heap.freeze().is_err()
                && m.heap.unfreeze().is_err()
                && m.heap.frozen_count().is_err(),
            "the table says that it cannot freeze, but it did not say so"
        );
        return Ok(());
    }
    let count = |m: &Mutator<C>| {
        m.heap.frozen_count().map_err(|_| "it cannot count what is frozen".to_string())
    };
    let cycle = m.named(5, 2);
    m.link(cycle, 1, cycle);
    m.drop_root(cycle);
    ensure!(m.heap.freeze().is_ok(), "the table says that it can freeze, but it cannot");
    ensure!(count(&m)? == length + 1, "{} are frozen, not {}", count(&m)?, length + 1);
    m.settle();
    m.verify()?;
    ensure!(m.live() == length + 1, "{} are left: a frozen cycle was collected", m.live());
    ensure!(m.heap.unfreeze().is_ok() && count(&m)? == 0, "unfreeze left {} frozen", count(&m)?);
    m.settle();
    m.verify()?;
    ensure!(m.live() == length, "{} are left: an unfrozen dead cycle was not collected", m.live());
    // Many times over, as a server does around each fork: it must not starve the collector.
    for _ in 0..scaled(50) {
        let cycle = m.named(5, 2);
        m.link(cycle, 1, cycle);
        m.drop_root(cycle);
        m.heap.freeze().map_err(|_| "freeze failed".to_string())?;
        m.heap.unfreeze().map_err(|_| "unfreeze failed".to_string())?;
    }
    m.settle();
    ensure!(m.live() == length, "{} are left after freezing and unfreezing", m.live());
    m.verify()
}

fn keeps_what_only_a_frozen_object_holds<C: Collector>(abilities: Abilities) -> Result<(), String> {
    if !abilities.freezes {
        return Ok(());
    }
    let mut m = Mutator::<C>::new();
    let frozen = m.named(1, 3);
    m.attach_part(frozen, 2, 4);
    m.heap.freeze().map_err(|_| "freeze failed".to_string())?;
    for round in 0..5 {
        let young = chain(&mut m, 4);
        m.link(frozen, 1, young);
        m.drop_root(young);
        // Within a cycle, so that no count alone keeps it.
        let cycle = m.named(round, 2);
        m.link(cycle, 1, cycle);
        m.link_item(frozen, 2, 0, cycle);
        m.drop_root(cycle);
        for request in [Request::Generation(0), Request::Full, Request::Full] {
            m.collect(request);
            m.verify()?;
            for _ in 0..scaled(20) {
                let garbage = m.container(2);
                m.drop_root(garbage);
            }
        }
        let loaded = m.load(frozen, 1);
        walk_chain(&m, loaded, 4)?;
        m.drop_root(loaded);
    }
    Ok(())
}

fn clears_frozen_weak_references<C: Collector>(abilities: Abilities) -> Result<(), String> {
    if !abilities.freezes {
        return Ok(());
    }
    let mut m = Mutator::<C>::new();
    let frozen = m.named(1, 2);
    let weak_to_frozen = m.weak(frozen);
    m.heap.freeze().map_err(|_| "freeze failed".to_string())?;
    let young = m.named(2, 2);
    m.link(young, 1, young);
    let weak_to_young = m.weak(young);
    m.drop_root(young);
    m.collect(Request::Full);
    m.verify()?;
    ensure!(m.slot(weak_to_young, 0).is_nil(), "a weak reference to dead young was not cleared");
    m.drop_root(frozen);
    m.verify()?;
    m.heap.unfreeze().map_err(|_| "unfreeze failed".to_string())?;
    m.settle();
    m.verify()?;
    ensure!(m.slot(weak_to_frozen, 0).is_nil(), "a weak reference to dead frozen was not cleared");
    Ok(())
}

fn frees_frozen_objects_safely<C: Collector>(abilities: Abilities) -> Result<(), String> {
    if !abilities.freezes {
        return Ok(());
    }
    let mut m = Mutator::<C>::new();
    let objects = scaled(200);
    for name in 0..objects {
        let root = m.named(name, 2);
        m.attach_part(root, 1, 3);
    }
    m.heap.freeze().map_err(|_| "freeze failed".to_string())?;
    // Every second one dies by its count; new objects must not disturb what is left.
    for root in (0..objects).step_by(2) {
        m.drop_root(root);
        let garbage = m.named(root, 2);
        m.link(garbage, 1, garbage);
        m.drop_root(garbage);
    }
    m.verify()?;
    m.collect(Request::Full);
    m.verify()?;
    for root in (1..objects).step_by(2) {
        ensure!(m.slot(root, 0) == Value::number(root as f64), "frozen object {root} changed");
    }
    m.heap.unfreeze().map_err(|_| "unfreeze failed".to_string())?;
    m.settle();
    m.verify()?;
    ensure!(m.live() == objects / 2 * 2, "{} objects are left of {}", m.live(), objects / 2 * 2);
    m.truncate(0);
    m.settle();
    ensure!(m.live() == 0, "promise 4 (gives back) is broken: {} objects are left", m.live());
    Ok(())
}

fn counts_allocations_and_deaths<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let Some(thresholds) = m.heap.thresholds() else { return Ok(()) };
    ensure!(thresholds == [700, 10, 10], "the thresholds start as {thresholds:?}, not CPython's");
    let counters = |m: &Mutator<C>| m.heap.counters().expect("thresholds come with counters");
    for number in 1..=5 {
        m.container(1);
        ensure!(
            counters(&m)[0] == number,
            "after {number} containers the counters are {:?}",
            counters(&m)
        );
    }
    m.allocate(Format::Bytes, 1, 1);
    m.allocate(Format::Part, 1, 1);
    ensure!(counters(&m)[0] == 5, "strings and parts are counted: {:?}", counters(&m));
    m.truncate(2);
    ensure!(counters(&m)[0] == 2, "after three deaths the counters are {:?}", counters(&m));
    m.collect(Request::Generation(0));
    ensure!(
        counters(&m) == [0, 1, 0],
        "after a young collection the counters are {:?}",
        counters(&m)
    );
    m.truncate(0);
    ensure!(counters(&m)[0] == 0, "the counter fell below zero: {:?}", counters(&m));
    m.collect(Request::Generation(1));
    ensure!(
        counters(&m) == [0, 0, 1],
        "after a middle collection the counters are {:?}",
        counters(&m)
    );
    m.collect(Request::Full);
    ensure!(
        counters(&m) == [0, 0, 0],
        "after a full collection the counters are {:?}",
        counters(&m)
    );
    Ok(())
}

fn collects_beyond_the_threshold<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    if m.heap.thresholds().is_none() || m.heap.set_thresholds([50, 3, 2]).is_err() {
        return Ok(());
    }
    let counters = |m: &Mutator<C>| m.heap.counters().expect("thresholds come with counters");
    // The test is strict: fifty-one are above fifty, and the one after that meets the safepoint.
    for _ in 0..51 {
        m.container(1);
    }
    ensure!(counters(&m) == [51, 0, 0], "fifty-one allocations: {:?}", counters(&m));
    m.container(1);
    ensure!(
        counters(&m)[..2] == [1, 1],
        "the next one should meet a collection: {:?}",
        counters(&m)
    );
    let mut middle = 0;
    for _ in 0..1000 {
        let before = counters(&m);
        m.container(1);
        let after = counters(&m);
        if after[2] > before[2] {
            ensure!(before[1] == 4, "the middle generation was collected at {before:?}");
            middle += 1;
        }
    }
    ensure!(middle > 0, "the middle generation was never collected");
    // Zero turns the automatic collections off, and only those.
    m.heap.set_thresholds([0, 3, 2]).map_err(|_| "thresholds cannot be set".to_string())?;
    let cycle = m.named(1, 2);
    m.link(cycle, 1, cycle);
    m.drop_root(cycle);
    let live = m.live();
    for _ in 0..2000 {
        m.container(1);
    }
    ensure!(m.live() == live + 2000, "threshold zero, and yet a collection ran");
    m.collect(Request::Full);
    ensure!(m.live() == live + 1999, "threshold zero switched an explicit collection off");
    m.verify()
}

fn skips_full_collections_by_the_quarter_rule<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    if m.heap.thresholds().is_none() || m.heap.set_thresholds([20, 2, 2]).is_err() {
        return Ok(());
    }
    let counters = |m: &Mutator<C>| m.heap.counters().expect("thresholds come with counters");
    let total = scaled(4000);
    for _ in 0..total {
        m.container(1);
    }
    m.collect(Request::Full);
    let mut survivors = 0;
    let mut at = None;
    for _ in 0..total {
        let before = counters(&m);
        m.container(1);
        survivors += 1;
        // A full collection shows as the oldest counter going back to zero.
        if before[2] > 2 && counters(&m)[2] == 0 {
            at = Some(survivors);
            break;
        }
    }
    let Some(at) = at else { return Err("no full collection however many survive".to_string()) };
    ensure!(
        at * 4 >= total && at * 3 < total + 3 * 300,
        "a full collection after {at} new objects beside {total} old ones: the rule says a quarter"
    );
    Ok(())
}
