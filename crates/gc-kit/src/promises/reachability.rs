//! Promises about what the roots reach: kept, and unchanged.

use calf_gc::{Collector, Format, Options, Request, Value};

use super::{Abilities, chain, ensure, scaled, walk_chain};
use crate::mutator::{Mutator, Random};

pub(crate) fn keeps_what_is_reachable<C: Collector>(_: Abilities) -> Result<(), String> {
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

pub(crate) fn keeps_what_only_a_part_holds<C: Collector>(_: Abilities) -> Result<(), String> {
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

pub(crate) fn keeps_what_only_an_old_object_holds<C: Collector>(
    _: Abilities,
) -> Result<(), String> {
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

pub(crate) fn keeps_what_only_an_old_part_holds<C: Collector>(_: Abilities) -> Result<(), String> {
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

pub(crate) fn keeps_what_only_a_held_part_holds<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let owner = m.named(0, 2);
    for _ in 0..5 {
        m.collect(Request::Generation(0));
    }
    // A native fills a part that only a root holds, one item before each safepoint, and then hands it to an old owner.
    for round in 0..3 {
        let part = m.allocate(Format::Part, 3, 8);
        for item in 0..8 {
            let value = Value::object(m.object(m.roots.0.len() - 1));
            ensure!(value == m.roots.0[part], "the part is the last root");
            let named = m.named(item, 1);
            let value = m.roots.0.pop().unwrap_or(Value::NIL);
            // SAFETY: the slot holds nil, and the count comes from the root.
            unsafe { m.heap.initialize(m.object(part), item, value) };
            ensure!(named == part + 1, "the item was the last root");
            m.collect(Request::Generation(0));
            m.verify_with_finalizers()
                .map_err(|text| format!("round {round}, item {item}: {text}"))?;
        }
        let last = m.named(8, 1);
        let value = m.roots.0.swap_remove(last);
        let young = Value::object(m.object(part));
        // SAFETY: the slots hold a container of the part's own, which is dropped, and a part or nil.
        unsafe {
            let replaced = m.object(part).slot(0);
            m.heap.initialize(m.object(part), 0, value);
            m.heap.release(replaced);
            if let Some(old) = m.slot(owner, 1).as_object() {
                for item in 0..8 {
                    m.heap.release(old.slot(item));
                }
            }
            m.heap.replace_part(m.object(owner), 1, m.object(part));
        }
        ensure!(m.roots.0.pop() == Some(young), "the part was the last root");
        for request in [Request::Generation(0), Request::Generation(0), Request::Full] {
            m.collect(request);
            m.verify().map_err(|text| format!("round {round}, attached: {text}"))?;
        }
        let part = m.slot(owner, 1).as_object().ok_or("the owner lost its part")?;
        for item in 0..8 {
            // SAFETY: eight items, each a container of one slot.
            let name = unsafe { part.slot(item).as_object().expect("an item").slot(0) };
            let expected = if item == 0 { 8 } else { item };
            ensure!(name == Value::number(expected as f64), "item {item} is now {name:?}");
        }
    }
    Ok(())
}

pub(crate) fn keeps_all_although_the_mark_stack_overflows<C: Collector>(
    _: Abilities,
) -> Result<(), String> {
    let arguments = vec![("gray".to_string(), "1".to_string())];
    let Ok(mut m) = Mutator::<C>::try_with(&Options { arguments, ..Options::default() }) else {
        // No mark stack.
        return Ok(());
    };
    // Far more items than fit, each with a tail of two, and the last with a part of as many again.
    let items = if cfg!(miri) { 64 } else { 30_000 };
    let owner = m.named(0, 2);
    m.attach_part(owner, 1, items);
    for item in 0..items {
        let tail = chain(&mut m, 2);
        let named = m.named(item, 3);
        m.link(named, 1, tail);
        if item % (items / 2) == items / 2 - 1 {
            m.attach_part(named, 2, items);
            for inner in 0..items {
                let leaf = m.named(inner, 1);
                m.link_item(named, 2, inner, leaf);
                m.drop_root(leaf);
            }
        }
        m.link_item(owner, 1, item, named);
        m.truncate(1);
    }
    let live = m.live();
    for request in [Request::Full, Request::Generation(0), Request::Full] {
        m.collect(request);
        m.verify()?;
        ensure!(
            m.live() == live,
            "promise 2 (keeps) is broken: {} of {live} objects are left",
            m.live()
        );
    }
    m.truncate(0);
    m.settle();
    ensure!(m.live() == 0, "promise 4 (gives back) is broken: {} objects are left", m.live());
    Ok(())
}

pub(crate) fn keeps_what_was_moved_between_parts<C: Collector>(_: Abilities) -> Result<(), String> {
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

pub(crate) fn changes_no_slot<C: Collector>(abilities: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let mut random = Random(abilities.seed + 2);
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
