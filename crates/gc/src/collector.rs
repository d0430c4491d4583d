//! The contract between the machine and a collector.
//!
//! Sections in the order of an object's life: allocation, barriers, death, collection, fork, freezing,
//! shutdown, observation. What a strategy does not need it inherits, and it costs nothing.

use crate::Value;
use crate::heap::Options;
use crate::object::{Object, ShapeWord};
use crate::parts::region::Region;
use crate::parts::space::Space;

/// The mutator's half of the contract.
///
/// # Safety
/// `visit` reaches every value outside the heap that the mutator will use after the collection, exactly once per
/// place that holds it, and lets it be replaced (an object may have moved).
pub unsafe trait Roots {
    /// Calls `visit` for each root.
    fn visit(&mut self, visit: &mut dyn FnMut(&mut Value));
    /// Where the program is, for messages.
    fn place(&self) -> Option<Place> {
        None
    }
    /// Where the program is, as two words whose meaning is the mutator's; kept for each object where [`crate::Options::sites`] says so.
    fn site(&self) -> Option<(usize, usize)> {
        None
    }
    /// What the mutator calls an object of this shape, for messages.
    fn name_shape(&self, _shape: ShapeWord) -> Option<String> {
        None
    }
}

/// A line of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name.
    pub file: String,
    /// The line, from one.
    pub line: usize,
}

/// No roots at all: for tests, and for the last collection of a heap.
pub struct NoRoots;
// SAFETY: a mutator that uses nothing afterwards has no roots.
unsafe impl Roots for NoRoots {
    fn visit(&mut self, _visit: &mut dyn FnMut(&mut Value)) {}
}

/// What a collection is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// The strategy's own thresholds decide what is collected, if anything.
    Automatic,
    /// This generation and all younger ones, 0 being the youngest; a strategy without generations collects all.
    Generation(u8),
    /// Everything that may be collected.
    Full,
}

/// What a collection did.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Collection {
    /// The oldest generation that was collected; `None` if nothing was.
    pub generation: Option<u8>,
    /// Containers (tracing strategies: objects of any format except parts) found unreachable and given back.
    pub reclaimed: usize,
    /// Unreachable objects that could not be given back.
    pub uncollectable: usize,
    /// Finalizers queued by this collection.
    pub finalizers: usize,
}

/// A name that a strategy cannot honour, e.g. `freeze` where there is no permanent generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsupported;

/// What becomes of an object that is met while its referrer is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is sealed, too.
    Copy,
    /// It stays where it is, and the sealed region keeps it.
    Keep,
    /// It cannot be sealed, and so nothing is.
    Refuse,
}

/// Why nothing was sealed, or thawed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealError {
    /// The strategy has no sealed regions.
    Unsupported,
    /// This object cannot be sealed.
    Refused(Object),
    /// There is no memory.
    Memory,
}

/// A strategy: how objects are laid out, found dead and given back.
///
/// # Safety
/// The machine reads objects without checking them, so a collector promises:
///
/// 1. *Disjoint.* Memory it hands out overlaps no reachable object.
/// 2. *Keeps.* What is reachable from the roots is never reclaimed.
/// 3. *Faithful.* Only the mutator changes a slot, or a moved copy is whole and every root and slot follows it.
/// 4. *Gives back.* What is unreachable is given back, within the limits that its row in the table states.
/// 5. *Allocates nothing* in the managed heap while it collects.
pub unsafe trait Collector: Sized + 'static {
    /// Must the machine tell of each reference made and dropped? If not, registers are not cleared.
    const COUNTS: bool;
    /// Are references in slots counted although those in registers are not ([`Collector::COUNTS`] is false then)? The heap's own
    /// doors count: what is written to a slot, and what was there.
    const DEFERS: bool = false;
    /// Does it count allocations against thresholds, by generation?
    const THRESHOLDS: bool = false;
    /// May a collection move objects? If so the machine drops every cached address after one.
    const MOVES: bool = false;
    /// Are unreachable cycles given back by a full collection? If not, its row says so as its limit.
    const CYCLES: bool = true;
    /// Can it make objects immortal? Then `freeze` does so, and `unfreeze` is refused.
    const IMMORTALIZES: bool = false;
    /// Can it seal? Only then does the machine ask before each store: see [`Collector::is_sealed`].
    const SEALS: bool = false;
    /// Bytes of bookkeeping in front of the header of each container ([`crate::Format::Slots`]).
    const HEAD: usize;

    /// An empty heap.
    fn new(options: &Options) -> Result<Self, crate::heap::HeapError>;

    // -- Allocation ---------------------------------------------------------------------------------

    /// Memory for an object of `units` words behind its header, which is written (with a count of one,
    /// owned by the caller, where counts are kept). The words themselves are the caller's to initialise
    /// before the next safepoint. `None` asks for a safepoint: the machine saves its roots and calls
    /// `Heap::allocate_at_safepoint`.
    fn allocate(&mut self, shape: ShapeWord, units: usize) -> Option<Object>;
    /// The slower half: from here memory is taken even if a collection is due. `None`: the limit is reached.
    fn allocate_slow(&mut self, shape: ShapeWord, units: usize) -> Option<Object>;

    /// The limit is reached: gives wholly empty blocks back, to be used for cells of another size.
    fn release_empty_blocks(&mut self) {
        let space = self.space_mut();
        space.cells.release_empty_blocks(&mut space.model);
    }

    // -- Barriers -----------------------------------------------------------------------------------

    /// A reference to `object` was made.
    #[inline(always)]
    fn retain(&mut self, _object: Object) {}
    /// A reference to `object` was dropped. May reclaim it and, never recursing on the native stack, what it held.
    #[inline(always)]
    fn release(&mut self, _object: Object) {}
    /// A slot of `source` (or of a part that `source` owns) is about to hold `target`.
    #[inline(always)]
    fn write_barrier(&mut self, _source: Object, _target: Value) {}
    /// A part with everything in it was handed from one place of `owner` to another, or filled before it was
    /// attached: all of `owner`'s references may be new.
    #[inline(always)]
    fn write_barrier_all(&mut self, _owner: Object) {}

    // -- Death --------------------------------------------------------------------------------------

    /// `object` was just allocated and has a finalizer, to be run once, by the machine.
    fn expect_finalizer(&mut self, object: Object);
    /// `weak` ([`crate::Format::Weak`]) was just allocated and initialised with a target in slot 0. The slot is set to
    /// `nil` when the target dies.
    fn register_weak(&mut self, weak: Object);
    /// `part` was detached from its owner and its items were moved elsewhere: its memory may go, its items must stay.
    /// A strategy that traces may as well leave it to the next collection.
    fn release_part(&mut self, _part: Object) {}
    /// The next object whose finalizer the machine must run now. In counting strategies the caller takes over the count that
    /// the queue held.
    fn next_finalizer(&mut self) -> Option<Object>;

    // -- Collection, at a safepoint -----------------------------------------------------------------

    /// At a safepoint within an allocation, whether automatic collections are wanted or not: who is dead for its deferred count is given
    /// back, if that is due.
    fn settle(&mut self, _roots: &mut dyn Roots) {}
    /// Would [`Request::Automatic`] collect now?
    fn is_due(&self) -> bool {
        false
    }
    /// Automatic collections are wanted or not: if not, `allocate` need not ask for a safepoint to collect.
    fn set_automatic(&mut self, _automatic: bool) {}
    /// Collects as asked. Never runs a finalizer: it queues them.
    fn collect(&mut self, roots: &mut dyn Roots, request: Request) -> Collection;
    /// Moves every object that it can ([`Collector::MOVES`]): for the zeal mode `move`. One whose full collections move
    /// everything inherits it.
    fn move_everything(&mut self, roots: &mut dyn Roots) -> Collection {
        self.collect(roots, Request::Full)
    }

    // -- Fork ---------------------------------------------------------------------------------------

    /// In the parent, just before. It may collect, and move objects where [`Collector::MOVES`].
    fn before_fork(&mut self, _roots: &mut dyn Roots) {}
    /// Gives back the memory of its own that it keeps from one collection to the next: after a collection that the program asked for,
    /// and before a fork, when it is nothing to share.
    fn give_back_spare(&mut self) {}
    /// In the child, just after. One that does not allocate from the lists of its space keeps off the shared pages here by itself,
    /// if that is asked for ([`Options::COMMON`], `fresh=on`).
    fn after_fork_in_child(&mut self) {
        self.space_mut().after_fork_in_child();
    }
    /// In the parent, just after.
    fn after_fork_in_parent(&mut self) {}

    // -- Freezing -----------------------------------------------------------------------------------

    /// Does it want a full collection, and the finalizers that it queues to be run, before [`Collector::freeze`]?
    fn collects_first(&self) -> bool {
        false
    }
    /// Makes `object` immortal, and everything that it reaches: no count of theirs changes any more, no collection looks at them, and
    /// what they refer to lives as long as they refer to it. How many became so, `None` if there was no memory to find them.
    fn immortalize(&mut self, _object: Object) -> Result<Option<usize>, Unsupported> {
        Err(Unsupported)
    }
    /// Moves everything tracked into the permanent generation. A strategy that looks for what the roots reach may collect first.
    fn freeze(&mut self, _roots: &mut dyn Roots) -> Result<(), Unsupported> {
        Err(Unsupported)
    }
    /// And back.
    fn unfreeze(&mut self) -> Result<(), Unsupported> {
        Err(Unsupported)
    }
    /// How many containers are frozen.
    fn frozen_count(&self) -> Result<usize, Unsupported> {
        Err(Unsupported)
    }

    // -- Sealing ------------------------------------------------------------------------------------

    /// Does `object` lie in a sealed region? By its address; nothing is read.
    #[inline(always)]
    fn is_sealed(&self, _object: Object) -> bool {
        false
    }
    /// A copy of `object`, and of all that it refers to as far as `judge` says so, in a region that nobody can write to.
    /// Sharing and cycles are kept, and `object` itself stays as it is. Not a safepoint.
    fn seal(
        &mut self,
        _object: Object,
        _judge: &dyn Fn(Object) -> Judgement,
    ) -> Result<Object, SealError> {
        Err(SealError::Unsupported)
    }
    /// A copy of `object`, which is sealed, and of all that is sealed and that it refers to, in ordinary memory. Not a safepoint.
    fn thaw(&mut self, _object: Object) -> Result<Object, SealError> {
        Err(SealError::Unsupported)
    }

    // -- Shutdown -----------------------------------------------------------------------------------

    /// The process is about to leave. `full`: everything is to be found dead that the roots let go, finalizers of what is
    /// permanent included.
    fn before_exit(&mut self, _full: bool) {}

    // -- Observation: for tests, tools and measurements, never for the mutator -----------------------

    /// The pages and what all strategies have in common.
    fn space(&self) -> &Space;
    /// The same, to change.
    fn space_mut(&mut self) -> &mut Space;
    /// The strategy's own regions, beside those of its space. They are watched by the model from the start.
    fn each_region(&self, _visit: &mut dyn FnMut(&Region)) {}
    /// Every object there is, frozen ones and parts included, in address order within a region. Dead objects that
    /// a tracing strategy has not swept yet are left out.
    fn each_object(&self, visit: &mut dyn FnMut(Object));
    /// How many times objects have moved so far: whoever keeps an address compares.
    fn moves(&self) -> u64 {
        0
    }
    /// The number of references to `object`, where counted.
    fn reference_count(&self, _object: Object) -> Option<u32> {
        None
    }
    /// Is it in some generation's list or set, so that a collection may find it dead?
    fn is_tracked(&self, object: Object) -> bool {
        object.format() == crate::Format::Slots
    }
    /// Has it a finalizer that was not queued yet?
    fn awaits_finalizer(&self, object: Object) -> bool {
        object.tally() & crate::object::FLAG_FINALIZER != 0
    }
    /// Is it in the permanent generation?
    fn is_frozen(&self, _object: Object) -> bool {
        false
    }
    /// [`Collector::is_frozen`] for many objects in a row: where one answer takes a walk, the walk is made once.
    fn frozen_test(&self) -> Box<dyn Fn(Object) -> bool + '_> {
        Box::new(|object| self.is_frozen(object))
    }
    /// The generation it is in, 0 the youngest, where there are generations.
    fn generation(&self, _object: Object) -> Option<u8> {
        None
    }
    /// The three thresholds, where there are any (CPython's meaning).
    fn thresholds(&self) -> Option<[u32; 3]> {
        None
    }
    /// Sets them.
    fn set_thresholds(&mut self, _thresholds: [u32; 3]) -> Result<(), Unsupported> {
        Err(Unsupported)
    }
    /// The three counters beside the thresholds.
    fn counters(&self) -> Option<[u32; 3]> {
        None
    }
    /// Checks the strategy's own invariants (list links, bitmaps against cells); the text says what is broken.
    fn verify(&self) -> Result<(), String> {
        Ok(())
    }
}
