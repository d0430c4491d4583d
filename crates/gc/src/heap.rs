//! The heap as the machine sees it: the only door to objects, the same for every strategy.
//!
//! A slot cannot be read or written but through here, so no barrier can be forgotten; a collection cannot start but
//! here, so the switch, the lock, the verifier and the log are in one place.

pub use crate::options::{DEFAULT_LIMIT, HeapError, Options};

use crate::collector::{
    Collection, Collector, Judgement, NoRoots, Request, Roots, SealError, Unsupported,
};
use crate::journal::Journal;
use crate::object::{Object, ShapeWord};
use crate::parts::model::{Cause, Model};
use crate::parts::phase::{self, Phase};
use crate::parts::region::Region;
use crate::sites::Sites;
use crate::value::Value;
use crate::zeal::Zeal;
use std::sync::atomic::{AtomicU32, Ordering};

/// What the collections of one generation did so far.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct GenerationStatistics {
    /// How many there were.
    pub collections: usize,
    /// Objects given back.
    pub collected: usize,
    /// Objects found dead that could not be given back.
    pub uncollectable: usize,
}

/// The right to take a lock off again. Not `Copy`: one lock, one unlock.
#[derive(Debug, PartialEq, Eq)]
pub struct LockToken(u64);

impl LockToken {
    /// The token as a number, for a program to keep.
    pub fn number(&self) -> u64 {
        self.0
    }
    /// The token that a program kept.
    pub fn from_number(number: u64) -> LockToken {
        LockToken(number)
    }
}

/// What the machine must look at between two instructions: bits that a signal handler and the finalizer queue set.
pub static ATTENTION: AtomicU32 = AtomicU32::new(0);
/// There are finalizers to run.
pub const ATTENTION_FINALIZERS: u32 = 1;
/// The user asked to interrupt the program.
pub const ATTENTION_INTERRUPT: u32 = 2;

/// Generations that statistics are kept of; a strategy without generations counts as the last.
pub const GENERATIONS: usize = 3;

/// Process exit code when the verifier finds the heap broken: an error of our own making.
const EXIT_BROKEN: i32 = 70;

/// What a heap does for those who look for bugs.
struct Watch {
    verify: bool,
    log: bool,
    zeal: Zeal,
    allocations: u64,
    /// Allocations up to the one before which the process is to fork; zero: it is not.
    until_fork: u32,
    journal: Option<Box<Journal>>,
    sites: Option<Box<Sites>>,
}

impl Watch {
    fn new(options: &Options) -> Watch {
        let mut zeal = options.zeal;
        if options.stress && zeal.request(0).is_none() {
            zeal.every = 1;
        }
        let verify = options.verify || zeal.verify || zeal.poison;
        let journal = (verify || options.journal).then(Box::default);
        let sites = options.sites.then(Box::default);
        Watch { verify, log: options.log, zeal, allocations: 0, until_fork: 0, journal, sites }
    }

    /// Must every allocation take the slow half?
    fn wants_allocations(&self) -> bool {
        self.journal.is_some()
            || self.sites.is_some()
            || self.zeal.request(0).is_some()
            || self.zeal.fork != 0
    }

    /// What the zeal modes want collected before the next allocation.
    fn next_request(&mut self) -> Option<Request> {
        self.allocations += 1;
        self.zeal.request(self.allocations)
    }
}

/// A heap under the strategy `C`.
pub struct Heap<C: Collector> {
    collector: C,
    /// Every allocation takes the slow half: something in `watch` wants to know of it.
    watched: bool,
    watch: Watch,
    collects_before_fork: bool,
    enabled: bool,
    collecting: bool,
    locks: Vec<(u64, String)>,
    next_lock: u64,
    collections: usize,
    statistics: [GenerationStatistics; GENERATIONS],
}

impl<C: Collector> Heap<C> {
    /// An empty heap.
    ///
    /// # Errors
    /// There is no address space, or the strategy does not know an option.
    pub fn new(options: &Options) -> Result<Heap<C>, HeapError> {
        if options.zeal.moves && !C::MOVES {
            return Err(HeapError::CannotMove);
        }
        let watch = Watch::new(options);
        Ok(Heap {
            collector: C::new(options)?,
            watched: watch.wants_allocations(),
            watch,
            collects_before_fork: options.switch("collect-before-fork")?,
            enabled: true,
            collecting: false,
            locks: Vec::new(),
            next_lock: 1,
            collections: 0,
            statistics: Default::default(),
        })
    }

    /// The strategy, to look at.
    #[inline(always)]
    pub fn collector(&self) -> &C {
        &self.collector
    }
    /// The strategy, to change: for tests and tools.
    #[inline(always)]
    pub fn collector_mut(&mut self) -> &mut C {
        &mut self.collector
    }

    // -- Allocation ---------------------------------------------------------------------------------

    /// An object with `units` words behind its header, all of which the caller initialises before the next safepoint.
    /// `None`: save the roots and call [`Heap::allocate_at_safepoint`].
    #[inline(always)]
    pub fn allocate(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        if self.watched { None } else { self.collector.allocate(shape, units) }
    }

    /// The program begins: what the machine allocated for itself does not count for `fork=N` of the zeal modes.
    pub fn begin_program(&mut self) {
        self.watch.until_fork = self.watch.zeal.fork;
    }

    /// Does `fork=N` want the process to fork before the allocation that is about to be made? It says so once.
    pub fn takes_fork(&mut self) -> bool {
        let until = &mut self.watch.until_fork;
        match *until {
            0 => false,
            _ => {
                *until -= 1;
                *until == 0
            }
        }
    }

    /// The same at a safepoint: collects if that is due, or if there is no memory otherwise. `None`: out of memory.
    #[cold]
    #[inline(never)]
    pub fn allocate_at_safepoint(
        &mut self,
        roots: &mut dyn Roots,
        shape: ShapeWord,
        units: usize,
    ) -> Option<Object> {
        if self.is_automatic() {
            if let Some(request) = self.watch.next_request() {
                self.run(roots, request);
            } else if self.collector.is_due() {
                self.run(roots, Request::Automatic);
            }
        }
        let object = self.allocate_slow(roots, shape, units)?;
        if let Some(journal) = &mut self.watch.journal {
            journal.record(object, shape, units, roots);
        }
        if let Some(sites) = &mut self.watch.sites {
            sites.record(object, roots);
        }
        Some(object)
    }

    fn allocate_slow(
        &mut self,
        roots: &mut dyn Roots,
        shape: ShapeWord,
        units: usize,
    ) -> Option<Object> {
        if let Some(object) = self.collector.allocate_slow(shape, units) {
            return Some(object);
        }
        // An emergency: neither the switch nor a lock is asked for.
        self.run(roots, Request::Full);
        if let Some(object) = self.collector.allocate_slow(shape, units) {
            return Some(object);
        }
        self.collector.release_empty_blocks();
        self.collector.allocate_slow(shape, units)
    }

    // -- References ---------------------------------------------------------------------------------

    /// A reference was copied.
    #[inline(always)]
    pub fn retain(&mut self, value: Value) {
        if C::COUNTS
            && let Some(object) = value.as_object()
        {
            self.collector.retain(object);
        }
    }
    /// A reference was dropped; what only it held dies, in counting strategies.
    #[inline(always)]
    pub fn release(&mut self, value: Value) {
        if C::COUNTS
            && let Some(object) = value.as_object()
        {
            self.collector.release(object);
        }
    }
    /// As [`Heap::retain`], of a known object.
    #[inline(always)]
    pub fn retain_object(&mut self, object: Object) {
        if C::COUNTS {
            self.collector.retain(object);
        }
    }
    /// As [`Heap::release`], of a known object.
    #[inline(always)]
    pub fn release_object(&mut self, object: Object) {
        if C::COUNTS {
            self.collector.release(object);
        }
    }

    /// What a slot refers to from now on is counted, where references from slots alone are.
    #[inline(always)]
    fn retain_deferred(&mut self, value: Value) {
        if C::DEFERS
            && let Some(object) = value.as_object()
        {
            self.collector.retain(object);
        }
    }
    /// A slot that referred to `value` does not any more, and its count, where slots and registers are counted alike, is now the
    /// caller's: it was overwritten by other means than a store.
    #[inline(always)]
    pub fn take_from_slot(&mut self, value: Value) {
        if C::DEFERS
            && let Some(object) = value.as_object()
        {
            self.collector.release(object);
        }
    }

    // -- Slots --------------------------------------------------------------------------------------

    /// Slot `index`, as a reference of the caller's own. To borrow it without counting, use [`Object::slot`].
    ///
    /// # Safety
    /// `object` lives, and `index` is below its units.
    #[inline(always)]
    pub unsafe fn load(&mut self, object: Object, index: usize) -> Value {
        // SAFETY: the caller keeps `index` within the object.
        let value = unsafe { object.slot(index) };
        self.retain(value);
        value
    }

    /// Writes slot `index` of `source`. The count of `owned` passes to the slot; the value that was there is released, last of all.
    ///
    /// # Safety
    /// `source` lives and is no part, `index` is below its units, and its slots are initialised.
    #[inline(always)]
    pub unsafe fn store(&mut self, source: Object, index: usize, owned: Value) {
        // SAFETY: `source` owns its own slots; the rest is the caller's promise.
        unsafe { self.store_part(source, source, index, owned) }
    }

    /// As [`Heap::store`], to a slot of `part`, which `owner` owns (or is).
    ///
    /// # Safety
    /// Both live, `owner` refers to `part`, `index` is below the part's units, and its slots are initialised.
    #[inline(always)]
    pub unsafe fn store_part(&mut self, owner: Object, part: Object, index: usize, owned: Value) {
        self.collector.write_barrier(owner, owned);
        self.retain_deferred(owned);
        self.note(part.address() + 8 + index * 8, Cause::Store);
        // SAFETY: the caller keeps `index` within the object.
        let replaced = unsafe {
            let replaced = part.slot(index);
            part.set_slot(index, owned);
            replaced
        };
        self.take_from_slot(replaced);
        self.release(replaced);
    }

    /// Writes slot `index` of an object allocated since the last safepoint. The count of `owned` passes to the slot.
    ///
    /// # Safety
    /// `object` is that young, and `index` is below its units.
    #[inline(always)]
    pub unsafe fn initialize(&mut self, object: Object, index: usize, owned: Value) {
        if C::DEFERS && object.format() != crate::Format::Weak {
            self.retain_deferred(owned);
        }
        // SAFETY: the caller keeps `index` within the object; a fresh object needs no barrier, and its pages were noted when
        // it was allocated.
        unsafe { object.set_slot(index, owned) };
    }

    /// Writes slot `index` with something that is no reference, over something that is none: a length, a hash, a hole.
    ///
    /// # Safety
    /// `object` lives, and `index` is below its units.
    #[inline(always)]
    pub unsafe fn write_raw(&mut self, object: Object, index: usize, raw: Value) {
        debug_assert!(!raw.is_object());
        self.note(object.address() + 8 + index * 8, Cause::Store);
        // SAFETY: the caller keeps `index` within the object.
        unsafe { object.set_slot(index, raw) };
    }

    /// Moves slots within `part` (of `owner`), as `memmove`: nothing is counted, so the caller accounts for what it overwrites
    /// and for what it duplicates.
    ///
    /// # Safety
    /// `owner` owns `part`, and both ranges lie within it.
    #[inline]
    pub unsafe fn move_slots(
        &mut self,
        owner: Object,
        part: Object,
        from: usize,
        to: usize,
        count: usize,
    ) {
        self.collector.write_barrier_all(owner);
        self.note_range(part.address() + 8 + to * 8, count * 8, Cause::Store);
        // SAFETY: the caller keeps both ranges within the part.
        unsafe {
            let slots = part.pointer().add(1);
            std::ptr::copy(slots.add(from), slots.add(to), count);
        }
    }

    /// All of `owner`'s references may be new: a part was filled without barriers and then attached.
    #[inline(always)]
    pub fn write_barrier_all(&mut self, owner: Object) {
        self.collector.write_barrier_all(owner);
    }

    /// The bytes from `from` on, `count` of them, to be written by the caller.
    ///
    /// # Safety
    /// `object` lives and has bytes, and the range lies within it.
    #[inline(always)]
    pub unsafe fn bytes_mut(&mut self, object: Object, from: usize, count: usize) -> *mut u8 {
        self.note_range(object.address() + 8 + from, count, Cause::Store);
        // SAFETY: the caller keeps the range within the object.
        unsafe { object.bytes().add(from) }
    }

    /// Changes the shape of `object`; its units and its format stay.
    #[inline(always)]
    pub fn set_shape(&mut self, object: Object, shape: ShapeWord) {
        self.note(object.address(), Cause::Store);
        object.set_shape_word(shape.with_units(object.shape_word().units()));
    }

    /// Puts `part`, which is new and was filled without barriers, in slot `index` of `owner`, in the place of a part whose items
    /// moved to it with their counts, or of `nil`.
    ///
    /// # Safety
    /// `owner` lives, `index` is below its units, and the slot holds a part or `nil`.
    pub unsafe fn replace_part(&mut self, owner: Object, index: usize, part: Object) {
        self.collector.write_barrier_all(owner);
        self.retain_deferred(Value::object(part));
        self.note(owner.address() + 8 + index * 8, Cause::Store);
        // SAFETY: the caller keeps `index` within the object.
        let replaced = unsafe {
            let replaced = owner.slot(index);
            owner.set_slot(index, Value::object(part));
            replaced
        };
        // The barrier again, for a strategy that looks at what the owner refers to when it is told.
        self.collector.write_barrier(owner, Value::object(part));
        if let Some(old) = replaced.as_object() {
            self.release_part_shallow(old);
        }
    }

    /// Writes bytes of an object of bytes.
    ///
    /// # Panics
    /// If they do not lie within the object: a bug of the machine.
    #[inline]
    pub fn write_bytes(&mut self, object: Object, from: usize, bytes: &[u8]) {
        assert!(
            object.format() == crate::Format::Bytes && from + bytes.len() <= object.units() * 8
        );
        // SAFETY: within the object, as just checked; the source is memory of Rust's, which does not overlap the heap's.
        unsafe {
            self.bytes_mut(object, from, bytes.len())
                .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
        };
    }

    /// Gives the memory of `part` back, at once in counting strategies. Its items were moved elsewhere with their
    /// counts, and nothing refers to it any more.
    #[inline]
    pub fn release_part_shallow(&mut self, part: Object) {
        debug_assert_eq!(part.format(), crate::Format::Part);
        self.collector.release_part(part);
    }

    // -- Finalizers and weak references -------------------------------------------------------------

    /// `object` was just allocated and initialised, and has a finalizer.
    pub fn expect_finalizer(&mut self, object: Object) {
        self.collector.expect_finalizer(object);
    }
    /// `weak` was just allocated, and slot 0 initialised with its target, which is not counted.
    pub fn register_weak(&mut self, weak: Object) {
        self.collector.register_weak(weak);
    }
    /// Does a finalizer wait to be run?
    pub fn has_finalizers(&self) -> bool {
        !self.collector.space().queued_finalizers().is_empty()
    }
    /// The next object whose finalizer the machine must run, with a count of the caller's own. What the finalizer writes is
    /// put down to it: see [`Heap::set_phase`].
    pub fn next_finalizer(&mut self) -> Option<Object> {
        self.collector.next_finalizer()
    }

    /// Is there anything in [`ATTENTION`]? One load and one test.
    #[inline(always)]
    pub fn wants_attention(&self) -> bool {
        ATTENTION.load(Ordering::Relaxed) != 0
    }
    /// Takes what is in [`ATTENTION`].
    pub fn take_attention(&mut self) -> u32 {
        ATTENTION.swap(0, Ordering::Relaxed)
    }

    // -- Collection ---------------------------------------------------------------------------------

    /// Collects on demand; also while disabled, but not while locked, nor within a collection. If the answer counts
    /// finalizers, garbage waits for them: run them, then collect once more.
    pub fn collect(&mut self, roots: &mut dyn Roots, request: Request) -> Collection {
        if self.locks.is_empty() { self.run(roots, request) } else { Collection::default() }
    }

    fn run(&mut self, roots: &mut dyn Roots, request: Request) -> Collection {
        if self.collecting {
            return Collection::default();
        }
        self.collecting = true;
        let number = self.collections + 1;
        self.check(roots, &|| format!("before collection {number} ({request:?})"));
        let before = match self.watch.journal {
            Some(_) => Journal::order(&self.collector, roots),
            None => Vec::new(),
        };
        let former = phase::current();
        phase::enter(Phase::Collect);
        let collection = if self.watch.zeal.moves {
            self.collector.move_everything(roots)
        } else {
            self.collector.collect(roots, request)
        };
        if request != Request::Automatic {
            self.give_back_spare();
        }
        phase::enter(former);
        if let Some(journal) = &mut self.watch.journal {
            journal.survive(&self.collector, roots, &before, number);
        }
        self.check(roots, &|| format!("after collection {number} ({request:?})"));
        self.collecting = false;
        if let Some(generation) = collection.generation {
            self.collections += 1;
            let statistics = &mut self.statistics[(generation as usize).min(GENERATIONS - 1)];
            statistics.collections += 1;
            statistics.collected += collection.reclaimed;
            statistics.uncollectable += collection.uncollectable;
            if self.watch.log {
                self.write_log(request, generation, collection);
            }
        }
        collection
    }

    /// Gives the memory of empty blocks and runs back to the kernel that was kept for what is allocated next, and what was kept for the
    /// next collection: children would share it, and copy it when they fill it.
    pub fn give_back_spare(&mut self) {
        self.collector.give_back_spare();
        let space = self.collector.space_mut();
        space.cells.give_back_spare_blocks(&mut space.model);
        space.runs.give_back_resting(&mut space.model);
    }

    /// Ends the process if the heap is broken, where that is looked for.
    fn check(&mut self, roots: &mut dyn Roots, when: &dyn Fn() -> String) {
        if self.watch.verify
            && let Err(text) = crate::verify::check(self, roots)
        {
            eprintln!("gc: the heap is broken {}: {text}", when());
            std::process::exit(EXIT_BROKEN);
        }
    }

    /// The same around a phase that is no collection.
    fn check_phase(&mut self, roots: &mut dyn Roots, when: &str) {
        let collections = self.collections;
        self.check(roots, &|| format!("{when} (there were {collections} collections)"));
    }

    fn write_log(&self, request: Request, generation: u8, collection: Collection) {
        let request = match request {
            Request::Automatic => "automatic",
            Request::Generation(_) | Request::Full => "explicit",
        };
        let Collection { reclaimed, uncollectable, finalizers, .. } = collection;
        let (number, live) = (self.collections, self.object_count());
        let pages = self.bytes() >> 12;
        eprintln!(
            "gc {number}: {request}, generation {generation}: {reclaimed} reclaimed, {uncollectable} uncollectable, \
             {finalizers} finalizers, {live} live, {pages} pages"
        );
    }

    /// Allows automatic collections.
    pub fn enable(&mut self) {
        self.enabled = true;
        self.collector.set_automatic(self.is_automatic());
    }
    /// Forbids automatic collections; one on demand, and one before memory runs out, still happen.
    pub fn disable(&mut self) {
        self.enabled = false;
        self.collector.set_automatic(false);
    }
    /// Is the switch on? A lock does not turn it.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }
    /// May a collection start by itself?
    pub fn is_automatic(&self) -> bool {
        self.enabled && self.locks.is_empty()
    }
    /// What the verifier's messages say of objects, where it is kept.
    pub fn journal(&self) -> Option<&Journal> {
        self.watch.journal.as_deref()
    }
    /// Where each object was allocated, where that is kept.
    pub fn sites(&self) -> Option<&Sites> {
        self.watch.sites.as_deref()
    }
    /// From now on it is kept where objects are allocated; or no longer.
    pub fn keep_sites(&mut self, keep: bool) {
        if keep {
            self.watch.sites.get_or_insert_default();
        } else {
            self.watch.sites = None;
        }
        self.watched = self.watch.wants_allocations();
    }
    /// Is a collection under way?
    pub fn is_collecting(&self) -> bool {
        self.collecting
    }

    /// No collection, automatic or on demand, until the token comes back, whatever others enable. Locks nest.
    pub fn lock(&mut self, reason: &str) -> LockToken {
        let token = self.next_lock;
        self.next_lock += 1;
        self.locks.push((token, reason.to_owned()));
        self.collector.set_automatic(false);
        LockToken(token)
    }
    /// Takes a lock off. `false`: it was off already.
    pub fn unlock(&mut self, token: LockToken) -> bool {
        let before = self.locks.len();
        self.locks.retain(|(number, _)| *number != token.0);
        self.collector.set_automatic(self.is_automatic());
        self.locks.len() < before
    }
    /// Why collections are locked, in the words of who locked them last.
    pub fn lock_reason(&self) -> Option<&str> {
        self.locks.last().map(|(_, reason)| reason.as_str())
    }

    /// What was collected so far, by generation.
    pub fn statistics(&self) -> &[GenerationStatistics; GENERATIONS] {
        &self.statistics
    }
    /// How many collections there were.
    pub fn collection_count(&self) -> usize {
        self.collections
    }
    /// See [`Collector::thresholds`].
    pub fn thresholds(&self) -> Option<[u32; 3]> {
        self.collector.thresholds()
    }
    /// See [`Collector::set_thresholds`].
    ///
    /// # Errors
    /// The strategy has no thresholds.
    pub fn set_thresholds(&mut self, thresholds: [u32; 3]) -> Result<(), Unsupported> {
        self.collector.set_thresholds(thresholds)
    }
    /// See [`Collector::counters`].
    pub fn counters(&self) -> Option<[u32; 3]> {
        self.collector.counters()
    }

    // -- Freezing -----------------------------------------------------------------------------------

    /// See [`Collector::collects_first`].
    pub fn collects_first(&self) -> bool {
        self.collector.collects_first()
    }
    /// See [`Collector::immortalize`].
    ///
    /// # Errors
    /// The strategy cannot.
    pub fn immortalize(&mut self, object: Object) -> Result<Option<usize>, Unsupported> {
        self.collector.immortalize(object)
    }
    /// Moves everything tracked into the permanent generation.
    ///
    /// # Errors
    /// The strategy has none.
    pub fn freeze(&mut self, roots: &mut dyn Roots) -> Result<(), Unsupported> {
        self.check_phase(roots, "before freezing");
        self.collector.freeze(roots)?;
        self.check_phase(roots, "after freezing");
        Ok(())
    }
    /// And back.
    ///
    /// # Errors
    /// The strategy has none.
    pub fn unfreeze(&mut self) -> Result<(), Unsupported> {
        self.check_phase(&mut NoRoots, "before unfreezing");
        self.collector.unfreeze()?;
        self.check_phase(&mut NoRoots, "after unfreezing");
        Ok(())
    }
    /// How many containers are in it.
    ///
    /// # Errors
    /// The strategy has none.
    pub fn frozen_count(&self) -> Result<usize, Unsupported> {
        self.collector.frozen_count()
    }

    // -- Sealing ------------------------------------------------------------------------------------

    /// Is `object` sealed? Under a strategy that does not seal this is no test at all.
    #[inline(always)]
    pub fn is_sealed(&self, object: Object) -> bool {
        C::SEALS && self.collector.is_sealed(object)
    }
    /// See [`Collector::seal`].
    ///
    /// # Errors
    /// The strategy does not seal, something cannot be sealed, or there is no memory.
    pub fn seal(
        &mut self,
        object: Object,
        judge: &dyn Fn(Object) -> Judgement,
    ) -> Result<Object, SealError> {
        self.collector.seal(object, judge)
    }
    /// See [`Collector::thaw`].
    ///
    /// # Errors
    /// The strategy does not seal, or there is no memory.
    pub fn thaw(&mut self, object: Object) -> Result<Object, SealError> {
        self.collector.thaw(object)
    }

    // -- Fork and the model -------------------------------------------------------------------------

    /// In the parent, just before a fork.
    pub fn before_fork(&mut self, roots: &mut dyn Roots) {
        if self.collects_before_fork {
            self.collect(roots, Request::Full);
        }
        self.check_phase(roots, "before a fork is prepared");
        let before = match self.watch.sites {
            Some(_) => Journal::order(&self.collector, roots),
            None => Vec::new(),
        };
        self.collector.before_fork(roots);
        self.collector.give_back_spare();
        let space = self.collector.space_mut();
        space.cells.before_fork(&mut space.model);
        space.runs.before_fork(&mut space.model);
        if let Some(sites) = &mut self.watch.sites
            && C::MOVES
        {
            sites.follow(&before, &Journal::order(&self.collector, roots));
        }
        self.check_phase(roots, "after a fork was prepared");
    }
    /// In the parent, just after.
    pub fn after_fork_in_parent(&mut self) {
        self.collector.after_fork_in_parent();
        self.check_phase(&mut NoRoots, "in the parent, after a fork");
    }
    /// In the child, just after. The model starts here: `is_shared` says of a page (region, address) whether it was present at
    /// the fork; `others` are the machine's own regions, which [`Heap::watch`] made known.
    pub fn after_fork_in_child(
        &mut self,
        others: &[&Region],
        is_shared: &mut dyn FnMut(&'static str, usize) -> bool,
    ) {
        self.start_model(others, is_shared);
        phase::enter(Phase::Fork);
        self.collector.after_fork_in_child();
        phase::enter(Phase::Program);
        self.check_phase(&mut NoRoots, "in the child, after a fork");
    }

    /// Starts the model anew. `false`: there is no memory for its table, and it stays at rest.
    pub fn start_model(
        &mut self,
        others: &[&Region],
        is_shared: &mut dyn FnMut(&'static str, usize) -> bool,
    ) -> bool {
        // Regions are few; the arrays below take all there are, without malloc in a child.
        let mut own = [(0, 0); 16];
        let mut count = 0;
        self.collector.each_region(&mut |region| {
            own[count] = (region.start(), region.end());
            count += 1;
        });
        self.collector.space_mut().start_model(others, &own[..count], is_shared)
    }
    /// The model, to look at.
    pub fn model(&self) -> &Model {
        &self.collector.space().model
    }
    /// Makes a region of the machine's known to the model.
    pub fn watch(&mut self, region: &Region) {
        self.collector.space_mut().model.watch(region);
    }
    /// While set, every write is put down to this cause.
    pub fn set_phase(&mut self, phase: Option<Cause>) {
        phase::enter(match phase {
            Some(Cause::Exit) => Phase::Exit,
            Some(Cause::Finalize) => Phase::Finalize,
            _ => Phase::Program,
        });
        self.collector.space_mut().model.set_phase(phase);
    }
    /// Something else than a slot is written: the machine's caches, stack, globals.
    #[inline(always)]
    pub fn note(&mut self, address: usize, cause: Cause) {
        self.collector.space_mut().model.note(address, cause);
    }
    /// The same, of a range.
    #[inline(always)]
    pub fn note_range(&mut self, address: usize, bytes: usize, cause: Cause) {
        self.collector.space_mut().model.note_range(address, bytes, cause);
    }

    /// The process is about to leave: see [`Collector::before_exit`].
    pub fn before_exit(&mut self, full: bool) {
        self.collector.before_exit(full);
    }

    // -- Observation --------------------------------------------------------------------------------

    /// Every region of the heap: the space's, then the strategy's. Two may share a name.
    pub fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        self.collector.space().regions().into_iter().for_each(&mut *visit);
        self.collector.each_region(visit);
    }
    /// Every object: see [`Collector::each_object`].
    pub fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.collector.each_object(visit);
    }
    /// How many times objects have moved so far.
    pub fn moves(&self) -> u64 {
        self.collector.moves()
    }
    /// How many objects there are, parts included. Walks the heap.
    pub fn object_count(&self) -> usize {
        let mut count = 0;
        self.collector.each_object(&mut |_| count += 1);
        count
    }
    /// Bytes of memory taken for objects.
    pub fn bytes(&self) -> usize {
        self.collector.space().bytes()
    }
    /// The memory that `object` uses, the bookkeeping in front of it included: the first address, and the number of bytes.
    pub fn extent(&self, object: Object) -> (usize, usize) {
        self.collector.space().extent(C::HEAD, object)
    }
    /// Bytes of memory that `object` takes, bookkeeping in front of it included.
    pub fn footprint(&self, object: Object) -> usize {
        self.collector.space().footprint(C::HEAD, object)
    }
    /// The most that [`Heap::bytes`] may be.
    pub fn limit(&self) -> usize {
        self.collector.space().limit()
    }
}

#[cfg(test)]
mod tests;
