//! What every strategy promises, as one function each: `Ok`, or a sentence that says what was broken.
//!
//! They are functions of a collector, so that every row of the table can be held to them, and a collector that is in no table,
//! and so that a test can see that each of them fails when it should.

pub(crate) mod death;
pub(crate) mod memory;
pub(crate) mod reachability;
pub(crate) mod switches;
pub(crate) mod thresholds;

use calf_gc::{Collector, Facts, Format, Row, Value};

use crate::mutator::{Mutator, Random};

/// Fails with a sentence unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}

/// What its row says a strategy does, as far as the promises depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Abilities {
    /// Are unreachable cycles given back?
    pub cycles: bool,
    /// Does it freeze?
    pub freezes: bool,
    /// And unfreeze? What is immortal stays so.
    pub unfreezes: bool,
    /// What chooses where something is chosen at random.
    pub seed: u64,
}

impl Abilities {
    /// Those of `C`, under this row.
    pub fn of<C: Collector>(row: &Row, seed: u64) -> Abilities {
        let facts = Facts::of::<C>();
        let unfreezes = row.freezes && !facts.immortalizes;
        Abilities { cycles: facts.cycles, freezes: row.freezes, unfreezes, seed }
    }
}

pub(crate) use ensure;

macro_rules! promises {
    ($($module:ident: $($name:ident),+;)+) => {
        /// A promise, to be checked under a strategy chosen at run time.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(non_camel_case_types, missing_docs, reason = "each is named after what it says")]
        pub enum Promise { $($($name),+),+ }

        /// All of them.
        pub const PROMISES: &[Promise] = &[$($(Promise::$name),+),+];

        impl Promise {
            /// Its name.
            pub fn name(self) -> &'static str {
                match self { $($(Promise::$name => stringify!($name)),+),+ }
            }
            /// Is it kept? If not, how it was broken.
            ///
            /// # Errors
            /// The sentence that says so.
            pub fn check<C: Collector>(self, abilities: Abilities) -> Result<(), String> {
                match self { $($(Promise::$name => $module::$name::<C>(abilities)),+),+ }
            }
        }
    };
}

promises! {
    memory:
        hands_out_disjoint_memory,
        gives_back_what_is_unreachable,
        gives_back_cycles,
        gives_back_deep_lists,
        gives_back_large_objects,
        gives_back_parts_early,
        uses_no_more_memory_in_a_steady_state,
        allocates_nothing_while_collecting,
        respects_the_limit;
    reachability:
        keeps_what_is_reachable,
        keeps_what_only_a_part_holds,
        keeps_what_only_an_old_object_holds,
        keeps_what_only_an_old_part_holds,
        keeps_what_only_a_held_part_holds,
        keeps_what_was_moved_between_parts,
        keeps_all_although_the_mark_stack_overflows,
        changes_no_slot;
    death:
        clears_weak_references,
        forgets_dead_weak_references,
        queues_each_finalizer_once,
        keeps_what_a_finalizer_will_see,
        clears_weak_references_before_finalizers,
        resurrects;
    switches:
        honours_disable_and_lock,
        survives_stress,
        survives_a_fork,
        collects_before_a_fork_if_asked,
        keeps_off_shared_pages_if_asked,
        freezes_or_says_it_cannot,
        reads_the_immortal_without_a_write,
        keeps_what_only_a_frozen_object_holds,
        clears_frozen_weak_references,
        frees_frozen_objects_safely;
    thresholds:
        counts_allocations_and_deaths,
        collects_beyond_the_threshold,
        skips_full_collections_by_the_quarter_rule;
}

/// Loops are shorter under an interpreter.
pub const fn scaled(times: usize) -> usize {
    if cfg!(miri) { if times > 400 { times / 100 + 4 } else { times / 10 + 4 } } else { times }
}

const SMALL_UNITS: [usize; 14] = [1, 2, 3, 4, 5, 6, 7, 8, 11, 16, 33, 64, 129, 254];

const LARGE_UNITS: [usize; 5] = [255, 600, 1023, 1025, if cfg!(miri) { 1100 } else { 5000 }];

/// An object of a random size; each of its words says which object it is.
#[track_caller]
pub(crate) fn stamped<C: Collector>(
    m: &mut Mutator<C>,
    random: &mut Random,
    stamp: usize,
) -> usize {
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
pub(crate) fn is_stamped<C: Collector>(
    m: &Mutator<C>,
    root: usize,
    stamp: usize,
) -> Result<(), String> {
    let object = m.object(root);
    ensure!(
        object.shape() == stamp as u32 % 1000,
        "promise 1 or 3 is broken: object {stamp} changed its shape to {}",
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

/// A chain of `length` containers at a new root; number `length - 1` comes first.
#[track_caller]
pub(crate) fn chain<C: Collector>(m: &mut Mutator<C>, length: usize) -> usize {
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
pub(crate) fn walk_chain<C: Collector>(
    m: &Mutator<C>,
    root: usize,
    length: usize,
) -> Result<(), String> {
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
