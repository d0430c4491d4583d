//! Collectors that are wrong on purpose: the verifier or a promise must notice every one of them, and say what it is.

mod faults;
mod mutator;
mod promises;

use calf_gc::collectors::adversary::Adversary;
use calf_gc::collectors::cycles::Cycles;
use calf_gc::collectors::frozen::Frozen as FrozenPlacement;
use calf_gc::collectors::inline::Inline as InlinePlacement;
use calf_gc::collectors::mark_bitmap::MarkBitmap;
use calf_gc::collectors::mark_inline::MarkInline;
use calf_gc::collectors::none::None as Counting;
use calf_gc::{Collector, Format, NoRoots, Object, Options, Request, Value, verify};
use faults::*;
use mutator::Mutator;
use promises::{Abilities, death, ensure, memory, reachability, switches};

type Inline = Cycles<InlinePlacement>;
type Frozen = Cycles<FrozenPlacement>;

/// The scenario must hold for the collector as it is, and fail with a text that contains each of the words once it has the fault.
macro_rules! broken {
    ($($test:ident: $collector:ty, $fault:ty, $($scenario:ident)::+, [$($words:literal),+];)+) => {
        $(#[test]
        fn $test() {
            let abilities = Abilities { cycles: true, freezes: true };
            if let Err(text) = $($scenario)::+::<$collector>(abilities) {
                panic!("without the fault: {text}");
            }
            let text = match $($scenario)::+::<Broken<$collector, $fault>>(abilities) {
                Err(text) => text,
                Ok(()) => panic!("nobody noticed"),
            };
            $(assert!(text.contains($words), "said: {text}");)+
        })+
    };
}

broken! {
    a_forgotten_root: MarkInline, ForgetsARoot, reachability::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: root 0 refers to objects+0x", "where no live object is"];
    a_forgotten_root_of_a_bitmap: MarkBitmap, ForgetsARoot, reachability::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: root 0 refers to objects+0x", "where no live object is"];
    a_slot_that_is_not_traced: MarkInline, ForgetsASlot, reachability::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1 at objects+0x", "path: root 0 -> slots shape 1"];
    a_slot_that_is_not_followed: Adversary, ForgetsASlot, reachability::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1 at objects+0x", "path: root 0 -> slots shape 1"];
    a_forgotten_part: MarkBitmap, ForgetsParts, reachability::keeps_what_only_a_part_holds,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1", "refers to objects+0x", "path: root 0"];
    a_cell_freed_twice: Counting, FreesTwice, frees_one,
        ["promise 2 (keeps) is broken: the count of slots shape 1", "is 1, but 2 references", "path: root 0"];
    a_forgotten_old_to_young: MarkBitmap, ForgetsToRemember, reachability::keeps_what_only_an_old_object_holds,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1", "path: root 0 -> slots shape 1"];
    a_silent_move: Adversary, MovesSilently, reachability::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: root 0 refers to objects+0x", "where no live object is"];
    overlapping_cells: MarkInline, Overlaps, allocates_two,
        ["promise 1 (disjoint) is broken: slots shape 1 at objects+0x", "overlap"];
    a_cell_that_is_too_small: MarkInline, OutgrowsItsCell, allocates_two,
        ["promise 1 (disjoint) is broken: slots shape 1 at objects+0x", "but its cell is"];
    memory_that_is_used_twice: MarkInline, HandsOutTwice, memory::hands_out_disjoint_memory,
        ["promise 1 or 3 is broken: object", "changed its shape"];
    a_leak: MarkBitmap, NeverCollects, memory::gives_back_what_is_unreachable, ["promise 4 (gives back) is broken"];
    leaked_cycles: Inline, NeverCollects, memory::gives_back_cycles, ["promise 4 (gives back) is broken"];
    a_count_too_high: Inline, ForgetsReleases, reachability::keeps_what_only_an_old_object_holds,
        ["promise 4 (gives back) is broken: the count of slots shape 1", "so it can never die"];
    a_count_too_low: Inline, ForgetsRetains, links_two,
        ["promise 2 (keeps) is broken: the count of slots shape 1", "references to it were found"];
    a_live_weak_reference_cleared: MarkInline, ClearsLiveWeak, death::clears_weak_references,
        ["a weak reference to a live object was cleared"];
    a_dead_weak_reference_kept: MarkBitmap, KeepsDeadWeak, death::clears_weak_references,
        ["a weak reference dangles: slot 0 of weak shape 2", "was not set to nil"];
    a_frozen_to_young_reference_lost: Frozen, LosesFrozenToYoung, switches::keeps_what_only_a_frozen_object_holds,
        ["promise 2 (keeps) is broken: slot 1 of slots shape 1", "path: root 0 -> slots shape 1"];
    a_finalizer_run_twice: MarkInline, FinalizesTwice, death::queues_each_finalizer_once, ["2 times, not once"];
    a_finalizer_never_run: MarkBitmap, FinalizesNever, death::queues_each_finalizer_once, ["0 times, not once"];
    a_changed_slot: MarkBitmap, ChangesASlot, reachability::changes_no_slot,
        ["promise 3 (faithful) is broken: Full changed word"];
    a_slot_with_poison: Adversary, PoisonsASlot, reachability::changes_no_slot,
        ["promise 3 (faithful) is broken: slot 0 of slots shape 1", "which is no value"];
    allocation_while_collecting: MarkInline, AllocatesWhileCollecting, memory::allocates_nothing_while_collecting,
        ["promise 5 (allocates nothing) is broken"];
    an_object_that_is_not_listed: Counting, HidesAnObject, reachability::keeps_what_is_reachable,
        ["promise 2 (keeps) is broken: slot 1 of", "where no live object is"];
    an_object_that_is_listed_twice: Counting, ListsTwice, reachability::keeps_what_is_reachable,
        ["promise 1 (disjoint) is broken", "is listed twice"];
    an_object_outside_the_heap: Counting, ListsOutside, reachability::keeps_what_is_reachable,
        ["promise 1 (disjoint) is broken", "(outside the heap) is listed as a live object"];
    a_limit_that_is_ignored: MarkInline, NeverCollects, memory::respects_the_limit, ["promise 4 (gives back) is broken"];
}

// -- Scenarios of a few steps ------------------------------------------------------------------------

/// Frees one object and makes two, which must not be one.
fn frees_one<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let dead = m.container(3);
    m.drop_root(dead);
    m.container(3);
    m.container(3);
    m.verify()
}

/// A large and a small object.
fn allocates_two<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    m.container(8);
    m.container(2);
    m.verify()
}

/// One object refers to another.
fn links_two<C: Collector>(_: Abilities) -> Result<(), String> {
    let mut m = Mutator::<C>::new();
    let (source, target) = (m.container(2), m.container(2));
    m.link(source, 1, target);
    m.verify()
}

// -- What only the verifier can see -----------------------------------------------------------------

/// The verifier on a heap that a mutator broke.
fn complaint(break_it: impl Fn(&mut Mutator<Counting>)) -> String {
    let mut m = Mutator::<Counting>::new();
    break_it(&mut m);
    m.verify().expect_err("the heap is broken")
}

#[test]
fn a_part_with_two_owners() {
    let text = complaint(|m| {
        let (one, other) = (m.container(2), m.container(2));
        m.attach_part(one, 0, 3);
        let part = m.load(one, 0);
        m.link(other, 1, part);
        m.truncate(2);
    });
    assert!(
        text.contains("a part has more than one owner: 2 references to part shape 3"),
        "{text}"
    );
}

#[test]
fn a_part_of_a_part() {
    let text = complaint(|m| {
        let owner = m.container(2);
        m.attach_part(owner, 0, 3);
        let part = m.allocate(Format::Part, 4, 1);
        m.link_item(owner, 0, 2, part);
        m.drop_root(part);
    });
    assert!(text.contains("a part is owned by a part: slot 2 of part shape 3"), "{text}");
}

#[test]
fn a_root_that_is_no_value() {
    let text = complaint(|m| m.roots.0.push(Value::from_bits(0xFFFB_0000_0000_0000)));
    assert!(
        text.contains("promise 3 (faithful) is broken: root 0 holds the word 0xfffb000000000000"),
        "{text}"
    );
}

#[test]
fn a_long_path_is_cut_in_the_middle() {
    let text = complaint(|m| {
        let mut last = m.container(1);
        for _ in 0..40 {
            let next = m.container(1);
            m.link(last, 0, next);
            last = next;
        }
        // SAFETY: the slot exists; no object lives at that address.
        unsafe {
            m.object(last)
                .set_slot(0, Value::object(Object::from_address(m.object(last).address() + 8)))
        };
        m.truncate(1);
    });
    assert!(text.contains("more) ->") && text.len() < 1500, "{text}");
}

#[test]
fn an_inexact_mutator_may_hold_more_than_it_shows() {
    let mut m = Mutator::<Counting>::new();
    let held = m.container(1);
    m.heap.retain(m.roots.0[held]);
    assert!(verify::check(&mut m.heap, &mut m.roots).is_ok());
    assert!(m.verify().is_err_and(|text| text.contains("so it can never die")));
    assert!(verify::check(&mut m.heap, &mut NoRoots).is_ok());
}

#[test]
fn the_verifier_ends_a_heap_that_is_broken() {
    // Under `verify`, a collection of a sound heap passes; `ensure!` is what the promises use.
    let check = || -> Result<(), String> {
        let mut m = Mutator::<Inline>::with(&Options { verify: true, ..Options::default() });
        let one = m.container(2);
        m.link(one, 0, one);
        ensure!(m.collect(Request::Full).generation == Some(2), "no collection");
        Ok(())
    };
    assert_eq!(check(), Ok(()));
}
