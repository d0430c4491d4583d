//! The smallest mutator: a heap, and a stack of roots that counts each of its references.
//!
//! Objects are named by their place on that stack, never by their address, so it runs unchanged on a
//! strategy that moves them. No barrier can be forgotten here, so what goes wrong is the collector's.

use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering};

use calf_gc::{
    Collection, Collector, Format, Heap, HeapError, Object, Options, Place, Request, Roots,
    ShapeWord, Value, verify,
};

/// The stack of roots: each place holds one counted reference, or a value that is none. Beside it, the line of the test that
/// allocates.
#[derive(Default)]
pub struct Held(pub Vec<Value>, pub Option<&'static Location<'static>>);

// SAFETY: the tests hold nothing outside this vector, and each place is visited once.
unsafe impl Roots for Held {
    fn visit(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        for value in &mut self.0 {
            visit(value);
        }
    }
    fn place(&self) -> Option<Place> {
        let at = self.1?;
        Some(Place { file: at.file().to_owned(), line: at.line() as usize })
    }
}

/// A heap and its only user.
pub struct Mutator<C: Collector> {
    /// The heap.
    pub heap: Heap<C>,
    /// All there is outside of it.
    pub roots: Held,
}

/// In the environment: the verifier looks at the heap before and after every collection, and ends the process.
pub const VERIFY: &str = "CALF_KIT_VERIFY";

thread_local! {
    /// Do the heaps made from now on keep a journal?
    static JOURNAL: Cell<bool> = const { Cell::new(false) };
}

/// The heaps that this thread makes from now on keep a journal, so that messages say where objects come from, or no longer.
pub fn keep_journal(keep: bool) {
    JOURNAL.set(keep);
}

/// Do they?
pub fn is_journal_kept() -> bool {
    JOURNAL.get()
}

/// How many collections the heap under test had, for whoever reports what became of it.
pub static COLLECTIONS: AtomicUsize = AtomicUsize::new(0);

impl<C: Collector> Drop for Mutator<C> {
    fn drop(&mut self) {
        COLLECTIONS.store(self.heap.collection_count(), Ordering::Relaxed);
    }
}

impl<C: Collector> Mutator<C> {
    /// One with an empty heap.
    #[expect(clippy::new_without_default, reason = "a heap is not made by default")]
    pub fn new() -> Mutator<C> {
        Mutator::with(&Options::default())
    }

    /// The same, under options that the strategy knows.
    pub fn with(options: &Options) -> Mutator<C> {
        Mutator::try_with(options).unwrap_or_else(|error| panic!("no heap: {error}"))
    }

    /// The same, under options that it may not know.
    pub fn try_with(options: &Options) -> Result<Mutator<C>, HeapError> {
        let journal = options.journal || JOURNAL.get();
        let verify = options.verify || std::env::var_os(VERIFY).is_some();
        let heap = Heap::new(&Options { journal, verify, ..options.clone() })?;
        Ok(Mutator { heap, roots: Held::default() })
    }

    /// A new object, every word `nil` (bytes: zero), as a new root. `None`: out of memory.
    #[track_caller]
    pub fn try_allocate(&mut self, format: Format, shape: u32, units: usize) -> Option<usize> {
        let word = ShapeWord::new(format, shape);
        self.roots.1 = Some(Location::caller());
        let object = match self.heap.allocate(word, units) {
            Some(object) => object,
            None => self.heap.allocate_at_safepoint(&mut self.roots, word, units)?,
        };
        let first = if format == Format::Bytes { Value::raw(0) } else { Value::NIL };
        for index in 0..units {
            // SAFETY: the object is fresh and has `units` words.
            unsafe { self.heap.initialize(object, index, first) };
        }
        self.roots.0.push(Value::object(object));
        Some(self.roots.0.len() - 1)
    }

    /// The same, where there is memory left.
    #[track_caller]
    pub fn allocate(&mut self, format: Format, shape: u32, units: usize) -> usize {
        self.try_allocate(format, shape, units).expect("there is memory left")
    }

    /// A new container as a new root.
    #[track_caller]
    pub fn container(&mut self, units: usize) -> usize {
        self.allocate(Format::Slots, 1, units)
    }

    /// A new container whose slot 0 holds a number that names it.
    #[track_caller]
    pub fn named(&mut self, name: usize, units: usize) -> usize {
        let root = self.container(units);
        self.set(root, 0, Value::number(name as f64));
        root
    }

    /// A new weak reference to the object at `target`, as a new root.
    #[track_caller]
    pub fn weak(&mut self, target: usize) -> usize {
        let weak = self.allocate(Format::Weak, 2, 1);
        // SAFETY: fresh, one word; a weak reference counts nothing.
        unsafe { self.object(weak).set_slot(0, self.roots.0[target]) };
        self.heap.register_weak(self.object(weak));
        weak
    }

    /// Gives the container at `owner` a new part of `units` slots in its slot `index`.
    #[track_caller]
    pub fn attach_part(&mut self, owner: usize, index: usize, units: usize) {
        let part = self.allocate(Format::Part, 3, units);
        self.move_into(owner, index, part);
    }

    /// The object at a root.
    pub fn object(&self, root: usize) -> Object {
        self.roots.0[root].as_object().expect("the root holds an object")
    }

    /// Slot `index` of the object at `root`, borrowed.
    pub fn slot(&self, root: usize, index: usize) -> Value {
        let object = self.object(root);
        assert!(index < object.units());
        // SAFETY: just checked.
        unsafe { object.slot(index) }
    }

    /// Stores a value that is no reference.
    pub fn set(&mut self, root: usize, index: usize, value: Value) {
        assert!(!value.is_object() && index < self.object(root).units());
        // SAFETY: just checked.
        unsafe { self.heap.store(self.object(root), index, value) };
    }

    /// `source.index = target`.
    pub fn link(&mut self, source: usize, index: usize, target: usize) {
        let value = self.roots.0[target];
        assert!(index < self.object(source).units());
        self.heap.retain(value);
        // SAFETY: just checked; the count was just taken.
        unsafe { self.heap.store(self.object(source), index, value) };
    }

    /// The same for an item of the part in slot `slot` of `owner`.
    pub fn link_item(&mut self, owner: usize, slot: usize, item: usize, target: usize) {
        let part = self.slot(owner, slot).as_object().expect("the owner has a part");
        assert!(item < part.units());
        let value = self.roots.0[target];
        self.heap.retain(value);
        // SAFETY: just checked; the count was just taken.
        unsafe { self.heap.store_part(self.object(owner), part, item, value) };
    }

    /// The same, and the root's own reference is the one that moves.
    pub fn move_into(&mut self, source: usize, index: usize, target: usize) {
        let value = std::mem::replace(&mut self.roots.0[target], Value::NIL);
        assert!(index < self.object(source).units());
        // SAFETY: just checked; the count comes from the root.
        unsafe { self.heap.store(self.object(source), index, value) };
        self.trim();
    }

    /// Pushes what slot `index` of the object at `root` holds, with a count of its own.
    pub fn load(&mut self, root: usize, index: usize) -> usize {
        assert!(index < self.object(root).units());
        // SAFETY: just checked.
        let value = unsafe { self.heap.load(self.object(root), index) };
        self.roots.0.push(value);
        self.roots.0.len() - 1
    }

    /// Another root for the same object.
    pub fn duplicate(&mut self, root: usize) -> usize {
        let value = self.roots.0[root];
        self.heap.retain(value);
        self.roots.0.push(value);
        self.roots.0.len() - 1
    }

    /// Empties one root.
    pub fn drop_root(&mut self, root: usize) {
        let value = std::mem::replace(&mut self.roots.0[root], Value::NIL);
        self.heap.release(value);
        self.trim();
    }

    /// Empties all roots from `length` on.
    pub fn truncate(&mut self, length: usize) {
        while self.roots.0.len() > length {
            let value = self.roots.0.pop().unwrap_or(Value::NIL);
            self.heap.release(value);
        }
    }

    fn trim(&mut self) {
        while self.roots.0.last().is_some_and(|value| value.is_nil()) {
            self.roots.0.pop();
        }
    }

    /// Collects.
    pub fn collect(&mut self, request: Request) -> Collection {
        COLLECTIONS.store(self.heap.collection_count() + 1, Ordering::Relaxed);
        self.heap.collect(&mut self.roots, request)
    }

    /// Collects until nothing more is found, as a machine does after it ran the finalizers. Finalizers do nothing here.
    pub fn settle(&mut self) {
        for _ in 0..4 {
            self.collect(Request::Full);
            while let Some(object) = self.heap.next_finalizer() {
                self.heap.release(Value::object(object));
            }
        }
    }

    /// How many objects there are, of every format.
    pub fn live(&self) -> usize {
        let mut live = 0;
        self.heap.each_object(&mut |_| live += 1);
        live
    }

    /// Every check there is.
    pub fn verify(&mut self) -> Result<(), String> {
        verify::check_exactly(&mut self.heap, &mut self.roots)
    }

    /// The checks that hold while finalizers wait: the queue counts references that no root shows.
    pub fn verify_with_finalizers(&mut self) -> Result<(), String> {
        verify::check(&mut self.heap, &mut self.roots)
    }

    /// What the roots reach, written down without addresses: objects by the order in which they are found.
    pub fn picture(&self) -> Vec<u64> {
        let mut order = Vec::new();
        let mut number = FxHashMap::default();
        let mut picture = Vec::new();
        let note = |value: Value, order: &mut Vec<Object>, number: &mut FxHashMap<Object, u64>| {
            let Some(object) = value.as_object() else { return value.bits() };
            let next = order.len() as u64;
            let found = *number.entry(object).or_insert(next);
            if found == next {
                order.push(object);
            }
            u64::MAX - found
        };
        for root in &self.roots.0 {
            let word = note(*root, &mut order, &mut number);
            picture.push(word);
        }
        let mut next = 0;
        while next < order.len() {
            let object = order[next];
            next += 1;
            picture.extend([u64::from(object.shape_word().0), object.units() as u64]);
            for index in 0..object.units() {
                // SAFETY: `index` is below the units.
                let value = unsafe { object.slot(index) };
                picture.push(match object.format() {
                    Format::Slots | Format::Part => note(value, &mut order, &mut number),
                    Format::Bytes => value.bits(),
                    Format::Weak => u64::from(value.is_nil()),
                });
            }
        }
        picture
    }
}

/// The generator of the random tests (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
pub struct Random(pub u64);

impl Random {
    /// Sixty-four bits.
    #[expect(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }
    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}
