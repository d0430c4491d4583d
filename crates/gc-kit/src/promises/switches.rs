//! Disabling, stress, fork, freezing.

use calf_gc::{Collector, Options, Request, Value};

use super::{Abilities, chain, ensure, scaled, walk_chain};
use crate::mutator::Mutator;

pub(crate) fn honours_disable_and_lock<C: Collector>(abilities: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let collections = |m: &mut Mutator<C>| {
        // Dead cycles without end: only a collection can bound them.
        let start = m.live();
        let mut highest = start;
        let rounds = scaled(200_000);
        let period = rounds / 40;
        for number in 0..rounds {
            let cycle = m.named(number, 8);
            m.link(cycle, 1, cycle);
            m.drop_root(cycle);
            if number % period == 0 {
                highest = highest.max(m.live());
            }
        }
        highest.max(m.live()) - start < rounds - period - 1
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

pub(crate) fn survives_stress<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::with(&Options { stress: true, verify: true, ..Options::default() });
    let kept = m.named(0, 4);
    for round in 0..if cfg!(miri) { 4 } else { 60 } {
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

pub(crate) fn survives_a_fork<C: Collector>(_: Abilities) -> Result<(), String> {
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
        // What a fork made permanent is given back only then.
        let _ = m.heap.unfreeze();
        m.settle();
        ensure!(m.live() == 0, "promise 4 (gives back) is broken: {} objects are left", m.live());
    }
    Ok(())
}

/// A mutator with one option on.
fn with_switch<C: Collector>(name: &str) -> Result<Mutator<C>, String> {
    let arguments = vec![(name.to_string(), "on".to_string())];
    Mutator::try_with(&Options { arguments, ..Options::default() })
        .map_err(|error| format!("a switch that every strategy has is refused: {error}"))
}

pub(crate) fn collects_before_a_fork_if_asked<C: Collector>(
    abilities: Abilities,
) -> Result<(), String> {
    let mut m = with_switch::<C>("collect-before-fork")?;
    m.named(1, 2);
    let cycle = m.named(2, 2);
    m.link(cycle, 1, cycle);
    m.drop_root(cycle);
    let before = m.heap.collection_count();
    m.heap.before_fork(&mut m.roots);
    let collected = m.heap.collection_count() > before;
    ensure!(collected || !abilities.cycles, "nothing was collected before the fork");
    ensure!(m.live() == 1 || !abilities.cycles, "{} objects are left before the fork", m.live());
    m.heap.after_fork_in_parent();
    m.verify()
}

pub(crate) fn keeps_off_shared_pages_if_asked<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = with_switch::<C>("fresh")?;
    // Holes everywhere: every second object dies, and is given back.
    let objects = scaled(2000);
    for name in 0..objects {
        m.named(name, 3);
    }
    let page = |m: &Mutator<C>, root: usize| m.object(root).address() >> 12;
    for root in (1..objects - 1).step_by(2) {
        m.drop_root(root);
    }
    m.collect(Request::Full);
    m.heap.before_fork(&mut m.roots);
    // What lives is shared, wherever it may have moved to.
    let living = (0..m.roots.0.len()).filter(|&root| m.roots.0[root].is_object());
    let shared: std::collections::HashSet<usize> = living.map(|root| page(&m, root)).collect();
    m.heap.after_fork_in_child(&[], &mut |_, _| true);
    for name in 0..scaled(500) {
        let root = m.named(name, 3);
        ensure!(
            !shared.contains(&page(&m, root)),
            "object {name} of the child lies on a page that it shares, although the switch 'fresh' is on"
        );
    }
    m.verify()
}

pub(crate) fn freezes_or_says_it_cannot<C: Collector>(abilities: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let length = scaled(100);
    chain(&mut m, length);
    if !abilities.freezes {
        ensure!(
            m.heap.freeze(&mut m.roots).is_err()
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
    ensure!(
        m.heap.freeze(&mut m.roots).is_ok(),
        "the table says that it can freeze, but it cannot"
    );
    // A strategy that traces may find the dead cycle before it freezes the rest.
    let frozen = count(&m)?;
    ensure!(
        frozen == length + 1 || !C::COUNTS && frozen == length,
        "{frozen} are frozen, not {}",
        length + 1
    );
    m.settle();
    m.verify()?;
    ensure!(m.live() == frozen, "{} are left: a frozen cycle was collected", m.live());
    if !abilities.unfreezes {
        ensure!(m.heap.unfreeze().is_err(), "what is immortal stays so, but it did not say so");
        ensure!(count(&m)? == frozen, "{} are immortal, not {frozen}", count(&m)?);
        return Ok(());
    }
    ensure!(m.heap.unfreeze().is_ok() && count(&m)? == 0, "unfreeze left {} frozen", count(&m)?);
    m.settle();
    m.verify()?;
    ensure!(m.live() == length, "{} are left: an unfrozen dead cycle was not collected", m.live());
    // Many times over, as a server does around each fork: it must not starve the collector.
    for _ in 0..scaled(50) {
        let cycle = m.named(5, 2);
        m.link(cycle, 1, cycle);
        m.drop_root(cycle);
        m.heap.freeze(&mut m.roots).map_err(|_| "freeze failed".to_string())?;
        m.heap.unfreeze().map_err(|_| "unfreeze failed".to_string())?;
    }
    m.settle();
    ensure!(m.live() == length, "{} are left after freezing and unfreezing", m.live());
    m.verify()
}

/// Where objects can be made immortal: a reference to one is made and dropped in a child, and no page of them is written.
pub(crate) fn reads_the_immortal_without_a_write<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    if !C::IMMORTALIZES {
        return Ok(());
    }
    for name in 0..scaled(1000) {
        m.named(name, 3);
    }
    m.heap.freeze(&mut m.roots).map_err(|_| "it makes immortal, but cannot freeze".to_owned())?;
    m.heap.before_fork(&mut m.roots);
    m.heap.after_fork_in_child(&[], &mut |_, _| true);
    for root in 0..scaled(1000) {
        let reference = m.duplicate(root);
        m.drop_root(reference);
        m.truncate(scaled(1000));
    }
    for (name, _, causes) in m.heap.model().counts() {
        let pages: usize = causes.iter().sum();
        ensure!(
            name != "objects" || pages == 0,
            "reading what is immortal wrote to {pages} pages of it"
        );
    }
    m.verify()
}

pub(crate) fn keeps_what_only_a_frozen_object_holds<C: Collector>(
    abilities: Abilities,
) -> Result<(), String> {
    if !abilities.freezes {
        return Ok(());
    }
    let mut m = Mutator::<C>::new();
    let frozen = m.named(1, 3);
    m.attach_part(frozen, 2, 4);
    m.heap.freeze(&mut m.roots).map_err(|_| "freeze failed".to_string())?;
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

pub(crate) fn clears_frozen_weak_references<C: Collector>(
    abilities: Abilities,
) -> Result<(), String> {
    if !abilities.freezes {
        return Ok(());
    }
    let mut m = Mutator::<C>::new();
    let frozen = m.named(1, 2);
    let weak_to_frozen = m.weak(frozen);
    m.heap.freeze(&mut m.roots).map_err(|_| "freeze failed".to_string())?;
    let young = m.named(2, 2);
    m.link(young, 1, young);
    let weak_to_young = m.weak(young);
    m.drop_root(young);
    m.collect(Request::Full);
    m.verify()?;
    ensure!(m.slot(weak_to_young, 0).is_nil(), "a weak reference to dead young was not cleared");
    m.drop_root(frozen);
    m.verify()?;
    if !abilities.unfreezes {
        ensure!(
            m.slot(weak_to_frozen, 0).is_object(),
            "a weak reference to an immortal was cleared"
        );
        return Ok(());
    }
    m.heap.unfreeze().map_err(|_| "unfreeze failed".to_string())?;
    m.settle();
    m.verify()?;
    ensure!(m.slot(weak_to_frozen, 0).is_nil(), "a weak reference to dead frozen was not cleared");
    Ok(())
}

pub(crate) fn frees_frozen_objects_safely<C: Collector>(
    abilities: Abilities,
) -> Result<(), String> {
    if !abilities.freezes {
        return Ok(());
    }
    let mut m = Mutator::<C>::new();
    let objects = scaled(200);
    for name in 0..objects {
        let root = m.named(name, 2);
        m.attach_part(root, 1, 3);
    }
    m.heap.freeze(&mut m.roots).map_err(|_| "freeze failed".to_string())?;
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
    if !abilities.unfreezes {
        m.truncate(0);
        m.settle();
        ensure!(m.live() == objects * 2, "{} objects are left of {}", m.live(), objects * 2);
        return m.verify();
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
