//! Weak references and finalizers.

use calf_gc::{Collector, Format, Request, Value};

use super::{Abilities, chain, ensure, is_stamped, scaled, walk_chain};
use crate::mutator::Mutator;

pub(crate) fn clears_weak_references<C: Collector>(abilities: Abilities) -> Result<(), String> {
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

pub(crate) fn forgets_dead_weak_references<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let held = m.named(1, 2);
    for _ in 0..scaled(300) {
        let weak = m.weak(held);
        m.drop_root(weak);
        let target = m.named(2, 2);
        let weak = m.weak(target);
        if m.live().is_multiple_of(2) {
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

pub(crate) fn queues_each_finalizer_once<C: Collector>(abilities: Abilities) -> Result<(), String> {
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

pub(crate) fn keeps_what_a_finalizer_will_see<C: Collector>(
    abilities: Abilities,
) -> Result<(), String> {
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

pub(crate) fn clears_weak_references_before_finalizers<C: Collector>(
    abilities: Abilities,
) -> Result<(), String> {
    // Dead by its count, where there are counts, and dead within a cycle.
    for in_a_cycle in [false, true] {
        if in_a_cycle && !abilities.cycles {
            continue;
        }
        let mut m = Mutator::<C>::new();
        let root = m.named(1, 2);
        if in_a_cycle {
            m.link(root, 1, root);
        }
        m.heap.expect_finalizer(m.object(root));
        let weak = m.weak(root);
        m.drop_root(root);
        m.collect(Request::Full);
        m.verify_with_finalizers()?;
        ensure!(
            m.slot(weak, 0).is_nil(),
            "a weak reference to trash was not cleared before its finalizer could see it (in a cycle: {in_a_cycle})"
        );
        m.settle();
        m.verify()?;
    }
    Ok(())
}

pub(crate) fn resurrects<C: Collector>(abilities: Abilities) -> Result<(), String> {
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
