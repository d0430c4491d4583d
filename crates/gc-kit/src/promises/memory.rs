//! Promises about memory: disjoint, given back, within the limit.

use calf_gc::{Collector, Format, Options, Request, Value};

use super::{Abilities, chain, ensure, is_stamped, scaled, stamped, walk_chain};
use crate::mutator::{Mutator, Random};

pub(crate) fn hands_out_disjoint_memory<C: Collector>(abilities: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let mut random = Random(abilities.seed);
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

pub(crate) fn gives_back_what_is_unreachable<C: Collector>(
    abilities: Abilities,
) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let kept = m.named(1, 2);
    let mut random = Random(abilities.seed + 1);
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

pub(crate) fn gives_back_cycles<C: Collector>(abilities: Abilities) -> Result<(), String> {
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

pub(crate) fn gives_back_deep_lists<C: Collector>(abilities: Abilities) -> Result<(), String> {
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

pub(crate) fn gives_back_large_objects<C: Collector>(_: Abilities) -> Result<(), String> {
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

pub(crate) fn gives_back_parts_early<C: Collector>(_: Abilities) -> Result<(), String> {
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

pub(crate) fn uses_no_more_memory_in_a_steady_state<C: Collector>(
    abilities: Abilities,
) -> Result<(), String> {
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
    for round in 0..if cfg!(miri) { 6 } else { 20 } {
        let mut random = Random(abilities.seed + 8);
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

pub(crate) fn allocates_nothing_while_collecting<C: Collector>(_: Abilities) -> Result<(), String> {
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

pub(crate) fn respects_the_limit<C: Collector>(_: Abilities) -> Result<(), String> {
    let (limit, units) = if cfg!(miri) { (96 << 10, 60) } else { (1 << 20, 4) };
    let bytes = 8 + 8 * units;
    let mut m = Mutator::<C>::with(&Options { limit, ..Options::default() });
    let fill = |m: &mut Mutator<C>| {
        let mut objects = 0;
        while m.try_allocate(Format::Slots, 1, units).is_some() {
            objects += 1;
            if objects * bytes > 2 * limit {
                break;
            }
        }
        objects
    };
    let first = fill(&mut m);
    ensure!(m.heap.bytes() <= m.heap.limit(), "{} bytes beyond a limit of {limit}", m.heap.bytes());
    // One that moves objects needs room to move them to.
    let least = if C::MOVES { limit / 8 } else { limit / 4 };
    ensure!(
        first * bytes > least,
        "only {first} objects of {bytes} bytes within a limit of {limit}"
    );
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
