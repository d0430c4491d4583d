//! The pages of a heap and what all strategies have in common: small and large objects, the limit, weak references,
//! queued finalizers, the model.
//!
//! ```text
//!   objects: cells in blocks, low addresses                buffers: runs of pages, high addresses
//!   small   | head, containers only | header | units |     large   | count of units | header | units |
//!           ^ cell                  ^ Object                       ^ cell or run    ^ Object
//! ```
//!
//! *Head* is the strategy's bookkeeping in front of a container. Its first word is below 2^48 and not zero, which no
//! header of another format is: thus a walk over the cells finds the headers.

use super::cells::{
    BLOCK, Cells, FIRST_LARGE_CLASS, LARGE_BYTES, MAX_CELL, SIZES, class_of, poison,
};
use super::dense::Dense;
use super::model::{Cause, Model};
use super::quarantine::Quarantine;
use super::region::{ALIGNMENT, Region};
use super::runs::{PAGE, Runs};
use super::vector::Vector;
use super::weak::WeakTable;
use crate::heap::{HeapError, Options};
use crate::object::{FLAG_WEAKLY_HELD, Format, LARGE, Object, ShapeWord};

/// Addresses asked for at first, for both regions together; halved until the kernel agrees.
const ADDRESSES: usize = 64 << 30;
/// Fewer make no useful heap.
const FEWEST_ADDRESSES: usize = 64 << 20;
/// Finalizers that can wait at a time.
const MAX_FINALIZERS: usize = 1 << 26;

/// See the module.
#[derive(Debug)]
pub struct Space {
    /// Small objects.
    pub cells: Cells,
    /// Large objects.
    pub runs: Runs,
    /// Weak references by target.
    pub weak: WeakTable,
    /// Objects without cells, in strategies that have such a space.
    pub dense: Option<Dense>,
    /// Who writes to which page.
    pub model: Model,
    finalizers: Vector<Object>,
    next_finalizer: usize,
    limit: usize,
    fresh: bool,
}

impl Space {
    /// An empty heap that will take at most `options.limit` bytes for objects.
    ///
    /// # Errors
    /// The kernel refuses even a small range of addresses.
    pub fn new(options: &Options) -> Result<Space, HeapError> {
        let mut addresses = ADDRESSES;
        let mut objects = loop {
            match Region::reserve("objects", addresses) {
                Ok(region) => break region,
                Err(error) if addresses <= FEWEST_ADDRESSES => return Err(error),
                Err(_) => addresses /= 2,
            }
        };
        let half = objects.reserved() / 2 / ALIGNMENT * ALIGNMENT;
        let runs = Runs::new(objects.split_off("buffers", half))?;
        let cells = Cells::new(objects)?;
        let finalizers = Vector::new("finalizers", MAX_FINALIZERS)?;
        let (weak, model) = (WeakTable::new()?, Model::new()?);
        let (mut cells, mut runs) = (cells, runs);
        cells.set_quarantine(Quarantine::wanted(options));
        runs.set_quarantine(Quarantine::wanted(options));
        let mut space = Space {
            cells,
            runs,
            weak,
            dense: None,
            model,
            finalizers,
            next_finalizer: 0,
            limit: options.limit,
            fresh: false,
        };
        space.fresh = options.switch("fresh")?;
        let Space { cells, runs, weak, model, finalizers, .. } = &mut space;
        for region in [
            cells.region(),
            runs.region(),
            cells.table(),
            runs.table(),
            weak.region(),
            finalizers.region(),
        ] {
            model.watch(region);
        }
        Ok(space)
    }

    /// The regions that every strategy has.
    pub fn regions(&self) -> [&Region; 6] {
        [
            self.cells.region(),
            self.runs.region(),
            self.cells.table(),
            self.runs.table(),
            self.weak.region(),
            self.finalizers.region(),
        ]
    }

    /// Where objects may lie: a first address and a number of bytes that cover both regions.
    pub fn addresses(&self) -> (usize, usize) {
        (self.cells.region().start(), self.runs.region().limit() - self.cells.region().start())
    }

    /// Bytes of memory taken for objects, in blocks, in runs and without either.
    pub fn bytes(&self) -> usize {
        self.cells.bytes() + self.runs.bytes() + self.dense.as_ref().map_or(0, Dense::bytes)
    }
    /// The most that [`Space::bytes`] may be.
    pub fn limit(&self) -> usize {
        self.limit
    }
    /// May that many bytes more be taken?
    pub fn may_take(&self, bytes: usize) -> bool {
        self.bytes().saturating_add(bytes) <= self.limit
    }

    /// Under the zeal mode `poison`: the address of a word that was written to after it was freed.
    pub fn find_damage(&self) -> Option<usize> {
        let waiting = [self.cells.quarantine(), self.runs.quarantine()];
        waiting.into_iter().flatten().find_map(Quarantine::find_damage)
    }

    // -- Allocation from lists ----------------------------------------------------------------------

    /// An object with this tally, from a free list or the block in use; containers have `head` bytes in front, which the
    /// caller writes. `None`: see [`Space::allocate_slow`].
    #[inline(always)]
    pub fn allocate(
        &mut self,
        head: usize,
        shape: ShapeWord,
        units: usize,
        tally: u32,
    ) -> Option<Object> {
        if units >= LARGE as usize {
            return None;
        }
        let head = if matches!(shape.format(), Format::Slots) { head } else { 0 };
        let cell = self.cells.allocate(class_of(head + 8 + units * 8))?;
        Some(write_header(cell + head, shape.with_units(units as u32), tally))
    }

    /// The same, of any size, from new memory if there is no other. `None`: the limit is reached.
    #[cold]
    pub fn allocate_slow(
        &mut self,
        head: usize,
        shape: ShapeWord,
        units: usize,
        tally: u32,
    ) -> Option<Object> {
        if units >= LARGE as usize {
            return self.allocate_large(shape, units, tally);
        }
        let head = if shape.format() == Format::Slots { head } else { 0 };
        let bytes = head + 8 + units * 8;
        let may_grow = self.may_take(BLOCK);
        let cell = self.cells.allocate_slow(class_of(bytes), bytes, may_grow, &mut self.model)?;
        Some(write_header(cell + head, shape.with_units(units as u32), tally))
    }

    /// An object of 255 units or more: a cell or a run of its own.
    #[cold]
    fn allocate_large(&mut self, shape: ShapeWord, units: usize, tally: u32) -> Option<Object> {
        debug_assert!(matches!(shape.format(), Format::Part | Format::Bytes));
        let bytes = units.checked_mul(8)?.checked_add(16)?;
        if bytes > MAX_CELL {
            return self.allocate_run(shape, units, tally);
        }
        let may_grow = self.may_take(BLOCK);
        let class = class_of(bytes.max(LARGE_BYTES));
        let cell = self.cells.allocate_slow(class, bytes, may_grow, &mut self.model)?;
        Some(write_large_header(cell, shape, units, tally))
    }

    /// The addresses below which the next object of `units` words ends: as a cell, and as a run if it may be one. A large object
    /// is either.
    pub fn ends_of_next(&self, units: usize) -> [Option<usize>; 2] {
        let bytes = units.saturating_mul(8).saturating_add(2 * PAGE);
        let run = self.runs.frontier().saturating_add(bytes);
        [Some(self.cells.frontier() + BLOCK), (units >= LARGE as usize).then_some(run)]
    }

    /// An object too large for a cell: whole pages.
    pub fn allocate_run(&mut self, shape: ShapeWord, units: usize, tally: u32) -> Option<Object> {
        let bytes = units.checked_mul(8)?.checked_add(16)?;
        let pages = Runs::pages_of(bytes);
        if !self.may_take(pages.checked_mul(PAGE)?) {
            return None;
        }
        let start = self.runs.allocate(pages, &mut self.model)?;
        self.model.note_range(start, bytes, Cause::Allocate);
        Some(write_large_header(start, shape, units, tally))
    }

    /// Gives the memory of `object` back, whose containers have `head` bytes in front.
    #[inline(always)]
    pub fn free(&mut self, head: usize, object: Object) {
        let word = object.shape_word();
        if word.units() == LARGE {
            return self.free_large(object);
        }
        let head = if word.format() == Format::Slots { head } else { 0 };
        let class = class_of(head + 8 + word.units() as usize * 8);
        self.cells.free(object.address() - head, class, &mut self.model);
    }

    #[cold]
    fn free_large(&mut self, object: Object) {
        let (start, bytes) = self.extent(0, object);
        if self.runs.region().contains(start) {
            self.runs.free(start, &mut self.model);
        } else {
            self.cells.free(start, class_of(bytes.max(LARGE_BYTES)), &mut self.model);
        }
    }

    /// Gives the runs of a dead large object back; anything else is a cell, and stays as it is. `true` if it was a run.
    pub fn free_run_of(&mut self, object: Object) -> bool {
        let is_run = self.runs.region().contains(object.address());
        if is_run {
            self.runs.free(object.address() - 8, &mut self.model);
        }
        is_run
    }

    /// The memory that `object` uses: the first address, head or count of units included, and the number of bytes.
    #[inline]
    pub fn extent(&self, head: usize, object: Object) -> (usize, usize) {
        let (word, units) = (object.shape_word(), object.units());
        let front = match word.format() {
            _ if word.units() == LARGE => 8,
            Format::Slots => head,
            Format::Bytes | Format::Weak | Format::Part => 0,
        };
        (object.address() - front, front + 8 + units * 8)
    }

    /// The bytes of memory that `object` takes: its cell or its pages.
    pub fn footprint(&self, head: usize, object: Object) -> usize {
        let (start, bytes) = self.extent(head, object);
        if self.dense.as_ref().is_some_and(|dense| dense.contains(start)) {
            bytes
        } else if self.runs.region().contains(start) {
            Runs::pages_of(bytes) * PAGE
        } else {
            SIZES[class_of(if object.shape_word().units() == LARGE {
                bytes.max(LARGE_BYTES)
            } else {
                bytes
            })]
        }
    }

    /// The cell or run that `address` lies in (of a run, its first page), in use or not. Reads no object.
    pub fn cell_around(&self, address: usize) -> Option<std::ops::Range<usize>> {
        if let Some(block) = self.cells.block_of(address) {
            let cell = block.cell_of(address);
            return (cell < block.end()).then(|| cell..cell + block.cell_size());
        }
        if let Some(dense) = self.dense.as_ref().filter(|dense| dense.contains(address)) {
            return dense.cell_around(address);
        }
        self.runs.run_at(address)
    }

    /// The region that `address` lies in and the offset there: addresses for people.
    pub fn place(&self, address: usize) -> Option<(&'static str, usize)> {
        let regions = self.regions().into_iter().chain(self.dense.as_ref().map(Dense::region));
        let region = { regions }.find(|region| region.contains(address))?;
        Some((region.name(), address - region.start()))
    }

    /// The object in the cell at `cell` of this class, which is not free.
    #[inline(always)]
    pub fn object_in_cell(head: usize, cell: usize, class: usize) -> Object {
        let front = if class >= FIRST_LARGE_CLASS {
            8
        } else {
            // SAFETY: the first word of a cell that was handed out.
            let word = unsafe { *std::ptr::with_exposed_provenance::<u64>(cell) };
            if head > 0 && word < 1 << 48 { head } else { 0 }
        };
        // SAFETY: the cell was handed out, so its header was written.
        unsafe { Object::from_address(cell + front) }
    }

    /// Every object, in address order (strategies that allocate from lists).
    pub fn each_object(&self, head: usize, visit: &mut dyn FnMut(Object)) {
        self.cells.each_cell(&mut |cell, class| visit(Space::object_in_cell(head, cell, class)));
        self.each_run_object(visit);
    }

    /// Every object in a run of its own, in address order.
    pub fn each_run_object(&self, visit: &mut dyn FnMut(Object)) {
        self.runs.each_run(&mut |start| visit(Space::object_in_run(start)));
    }

    /// The object in the run in use that begins at `start`.
    #[inline(always)]
    pub fn object_in_run(start: usize) -> Object {
        // SAFETY: a run in use begins with a count of units and a header.
        unsafe { Object::from_address(start + 8) }
    }

    // -- Flags, finalizers, weak references ---------------------------------------------------------

    /// Sets or clears a flag in the tally of `object`, if it is not so already.
    pub fn set_flag(&mut self, object: Object, flag: u32, on: bool) {
        let tally = object.tally();
        let wanted = if on { tally | flag } else { tally & !flag };
        if wanted != tally {
            object.set_tally(wanted);
            self.model.note(object.address(), Cause::Finalize);
        }
    }

    /// Puts `object` at the end of the queue. `false`: no memory, and its finalizer will not run.
    #[must_use]
    pub fn queue_finalizer(&mut self, object: Object) -> bool {
        self.model.note(self.finalizers.address(self.finalizers.len()), Cause::Finalize);
        crate::heap::ATTENTION
            .fetch_or(crate::heap::ATTENTION_FINALIZERS, std::sync::atomic::Ordering::Relaxed);
        self.finalizers.push(object)
    }

    /// Takes the first of the queue.
    pub fn next_finalizer(&mut self) -> Option<Object> {
        let object = *self.finalizers.as_slice().get(self.next_finalizer)?;
        self.next_finalizer += 1;
        if self.next_finalizer == self.finalizers.len() {
            self.finalizers.truncate(0);
            self.next_finalizer = 0;
        }
        Some(object)
    }

    /// Those in the queue: roots, for a strategy that traces.
    pub fn queued_finalizers(&self) -> &[Object] {
        &self.finalizers.as_slice()[self.next_finalizer..]
    }

    /// The same, to change: a collector that moves objects.
    pub fn queued_finalizers_mut(&mut self) -> &mut [Object] {
        &mut self.finalizers.as_mut_slice()[self.next_finalizer..]
    }

    /// Enters `weak` under its target, the object in slot 0, and flags the target.
    pub fn register_weak(&mut self, weak: Object) {
        if let Some(target) = self.enter_weak(weak) {
            self.set_flag(target, FLAG_WEAKLY_HELD, true);
        }
    }

    /// The same without the flag: the target, if `weak` was entered. Without memory for it `weak` is as good as dead: it
    /// becomes `nil`.
    pub fn enter_weak(&mut self, weak: Object) -> Option<Object> {
        debug_assert_eq!(weak.format(), Format::Weak);
        // SAFETY: a weak reference has slot 0.
        let target = unsafe { weak.slot(0) }.as_object()?;
        if self.weak.insert(target, weak, &mut self.model) {
            return Some(target);
        }
        // SAFETY: as above.
        unsafe { weak.set_slot(0, crate::Value::NIL) };
        None
    }

    /// `weak` dies: forgets it.
    pub fn forget_weak(&mut self, weak: Object) {
        // SAFETY: a weak reference has slot 0.
        if let Some(target) = unsafe { weak.slot(0) }.as_object() {
            self.weak.remove(target, weak, &mut self.model);
        }
    }

    /// In a child, just after the fork, for strategies that allocate from lists: with the option `fresh=on` no hole of a
    /// page that the parent filled is handed out any more.
    pub fn after_fork_in_child(&mut self) {
        if self.fresh {
            self.cells.seal(&mut self.model);
            self.runs.seal();
        }
    }

    // -- The model ----------------------------------------------------------------------------------

    /// Starts the model in a child: see [`Model::start`]. `machine` are the machine's regions, `strategy` the extents
    /// of the strategy's.
    #[must_use]
    pub fn start_model(
        &mut self,
        machine: &[&Region],
        strategy: &[(usize, usize)],
        is_shared: &mut dyn FnMut(&'static str, usize) -> bool,
    ) -> bool {
        let Space { cells, runs, weak, model, finalizers, .. } = self;
        let own = [
            cells.region(),
            runs.region(),
            cells.table(),
            runs.table(),
            weak.region(),
            finalizers.region(),
        ];
        let extents = own
            .into_iter()
            .chain(machine.iter().copied())
            .map(|region| (region.start(), region.end()));
        let started = model.start(extents.chain(strategy.iter().copied()), is_shared);
        cells.set_recording(started);
        started
    }

    /// Stops it.
    pub fn stop_model(&mut self) {
        self.model.stop();
        self.cells.set_recording(false);
    }
}

/// Writes a header; the address becomes an object.
#[inline(always)]
pub fn write_header(address: usize, shape: ShapeWord, tally: u32) -> Object {
    // SAFETY: callers pass the address of a word in a cell that no object occupies.
    unsafe {
        *std::ptr::with_exposed_provenance_mut::<u64>(address) =
            (shape.0 as u64) << 32 | tally as u64;
        Object::from_address(address)
    }
}

/// Writes the count of units and the header of a large object.
pub fn write_large_header(start: usize, shape: ShapeWord, units: usize, tally: u32) -> Object {
    if cfg!(debug_assertions) {
        poison(start, 16);
    }
    // SAFETY: as above.
    unsafe { *std::ptr::with_exposed_provenance_mut::<u64>(start) = units as u64 };
    write_header(start + 8, shape.with_units(LARGE), tally)
}
