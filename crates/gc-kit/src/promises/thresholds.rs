//! CPython's thresholds, counters and quarter rule, where a strategy has them.

use calf_gc::{Collector, Format, Request};

use super::{Abilities, ensure};
use crate::mutator::Mutator;

pub(crate) fn counts_allocations_and_deaths<C: Collector>(_: Abilities) -> Result<(), String> {
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
    if C::DEFERS {
        // A death is counted when it is found, at a safepoint.
        return Ok(());
    }
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

pub(crate) fn collects_beyond_the_threshold<C: Collector>(_: Abilities) -> Result<(), String> {
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
    for _ in 0..if cfg!(miri) { 300 } else { 1000 } {
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

pub(crate) fn skips_full_collections_by_the_quarter_rule<C: Collector>(
    _: Abilities,
) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    if m.heap.thresholds().is_none() || m.heap.set_thresholds([20, 2, 2]).is_err() {
        return Ok(());
    }
    let counters = |m: &Mutator<C>| m.heap.counters().expect("thresholds come with counters");
    let total = if cfg!(miri) { 400 } else { 4000 };
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
