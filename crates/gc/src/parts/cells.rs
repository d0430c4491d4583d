//! Cells: small objects, in blocks of one size each.
//!
//! ```text
//!   objects  | block 0: 48 48 48 48 … | block 1: 16 16 16 … | block 2 …      16 KiB each
//!   blocks   | 4 | 0 | …                                                     one byte each: the class of the block
//! ```
//!
//! Nothing about a block lies in the block, so nothing but an object's own use writes to its page. Two flavours:
//!
//! * *lists*: each class has a last-in-first-out list threaded through freed cells; the first word of a
//!   freed cell is [`FREE`], the second the next one. Allocation pops, else bumps through the current block.
//! * *bitmaps*: a strategy that knows live cells from a bitmap asks for [`Cells::take_block`] and for the
//!   [`Cells::free_run`]s between live cells, and never writes to a dead one.
//!
//! While the model records (in a forked child) the lanes of the fast path are empty, so that each allocation takes the
//! slow path and is noted: the fast path itself knows nothing of the model.

use super::LEAST_ALLOWANCE;
use super::bitmap::Bitmap;
use super::model::{Cause, Model};
use super::quarantine::{Extent, Quarantine, fill};
use super::region::Region;
use crate::heap::HeapError;

/// The size of a block.
pub const BLOCK: usize = 16 << 10;
const BLOCK_SHIFT: u32 = BLOCK.trailing_zeros();

/// Cell sizes: by eight up to 128, then four to a doubling; the last five divide a block without much waste.
pub const SIZES: [usize; 38] = [
    16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, //
    160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 1792, 2064, //
    2336, 2720, 3264, 4096, 5456, 6144, 8192,
];
/// How many cell sizes there are.
pub const CLASSES: usize = SIZES.len();
/// The first class of cells for objects of 255 and more units, and only for these: they begin with the word that counts
/// the units. Thus whoever walks a block knows from its class where the header of an object is.
pub const FIRST_LARGE_CLASS: usize = 31;
/// More bytes than any cell below that class has.
pub const LARGE_BYTES: usize = 2065;
/// The largest cell.
pub const MAX_CELL: usize = 8192;
/// The first word of a freed cell: the header of an object of 255 units, which never lies at the start of a cell.
pub const FREE: u64 = 0xFF << 56;

static CLASS_OF: [u8; MAX_CELL / 8 + 1] = {
    let mut table = [0; MAX_CELL / 8 + 1];
    let (mut words, mut class) = (0, 0);
    while words < table.len() {
        if words * 8 > SIZES[class] {
            class += 1;
        }
        table[words] = class as u8;
        words += 1;
    }
    table
};

/// The class of cells for `bytes`, which is at most [`MAX_CELL`].
#[inline(always)]
pub fn class_of(bytes: usize) -> usize {
    debug_assert!(bytes <= MAX_CELL);
    CLASS_OF[(bytes + 7) >> 3] as usize
}

/// For a block of each class, the pairs of words in whose second half a cell begins.
static HALVES: [[u64; BLOCK / 1024]; CLASSES] = {
    let mut halves = [[0; BLOCK / 1024]; CLASSES];
    let mut class = 0;
    while class < CLASSES {
        let mut cell = 0;
        while cell + SIZES[class] <= BLOCK {
            halves[class][cell / 1024] |= (cell as u64 >> 3 & 1) << (cell / 16 % 64);
            cell += SIZES[class];
        }
        class += 1;
    }
    halves
};

/// What a class allocates from: a list of freed cells, and the rest of the block in use.
#[derive(Clone, Copy, Default, Debug)]
struct Lane {
    /// The first freed cell, or zero.
    free: usize,
    cursor: usize,
    limit: usize,
}

/// A block and the size of its cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// Its first address, which is that of its first cell.
    pub start: usize,
    /// The class of its cells.
    pub class: usize,
}

impl Block {
    /// The size of a cell.
    #[inline(always)]
    pub fn cell_size(self) -> usize {
        SIZES[self.class]
    }
    /// The end of the last whole cell.
    #[inline(always)]
    pub fn end(self) -> usize {
        self.start + BLOCK / self.cell_size() * self.cell_size()
    }
    /// The cells' addresses.
    pub fn cells(self) -> impl Iterator<Item = usize> {
        (self.start..self.end()).step_by(self.cell_size())
    }
    /// Of the sixty-four pairs of words from `address` on, those in whose second half a cell begins.
    #[inline(always)]
    pub fn halves(self, address: usize) -> u64 {
        HALVES[self.class][(address - self.start) / 1024]
    }
    /// The cell that `address` lies in.
    #[inline(always)]
    pub fn cell_of(self, address: usize) -> usize {
        self.start + (address - self.start) / self.cell_size() * self.cell_size()
    }
}

/// The class byte of a block that holds nothing.
const EMPTY: u8 = 0xFF;
/// The class byte of a block in quarantine: more than any class.
const HIDDEN: u8 = 0xFE;
/// A block that is empty, but has its memory still.
const SPARE: u8 = 0xFD;

/// See the module.
#[derive(Debug)]
pub struct Cells {
    fast: [Lane; CLASSES],
    /// In use instead of `fast` while the model records.
    noted: [Lane; CLASSES],
    /// What was there when the cells were sealed: see [`Cells::seal`].
    sealed: [Lane; CLASSES],
    recording: bool,
    /// Under a zeal mode: what was freed.
    quarantine: Option<Box<Quarantine>>,
    /// `recording`, or there is a quarantine: freeing is not the usual.
    is_watched: bool,
    /// Blocks in quarantine as a whole.
    hidden: usize,
    objects: Region,
    /// One byte for each block: its class.
    table: Region,
    blocks: usize,
    /// How many of them are empty and may be taken.
    empty: usize,
    /// How many of these still have their memory.
    spare: usize,
    /// This process has forked: from then on few are spared.
    has_forked: bool,
    /// Blocks below this number are sealed; how many of these are empty.
    floor: usize,
    sealed_empty: usize,
}

fn read(address: usize) -> u64 {
    // SAFETY: callers pass the address of a word in a committed block.
    unsafe { *std::ptr::with_exposed_provenance::<u64>(address) }
}
#[inline(always)]
fn write(address: usize, word: u64) {
    // SAFETY: callers pass the address of a word in a cell that no object occupies.
    unsafe { *std::ptr::with_exposed_provenance_mut::<u64>(address) = word }
}

impl Cells {
    /// No blocks yet, in `objects`.
    ///
    /// # Errors
    /// The address space for the block table is refused.
    pub fn new(objects: Region) -> Result<Cells, HeapError> {
        let table = Region::reserve("blocks", objects.reserved() >> BLOCK_SHIFT)?;
        let lanes = [Lane::default(); CLASSES];
        let (recording, blocks, empty, floor, sealed_empty) = (false, 0, 0, 0, 0);
        Ok(Cells {
            fast: lanes,
            noted: lanes,
            sealed: lanes,
            recording,
            quarantine: None,
            is_watched: false,
            hidden: 0,
            objects,
            table,
            blocks,
            empty,
            spare: 0,
            has_forked: false,
            floor,
            sealed_empty,
        })
    }
    /// The region of the cells.
    #[inline(always)]
    pub fn region(&self) -> &Region {
        &self.objects
    }
    /// The region of the block table.
    pub fn table(&self) -> &Region {
        &self.table
    }
    /// Bytes in blocks that hold or held something.
    pub fn bytes(&self) -> usize {
        (self.blocks - self.empty - self.sealed_empty - self.hidden) << BLOCK_SHIFT
    }
    /// From now on what is freed goes through this.
    pub fn set_quarantine(&mut self, quarantine: Option<Box<Quarantine>>) {
        self.quarantine = quarantine;
        self.is_watched = self.recording || self.quarantine.is_some();
    }
    /// See [`Quarantine`].
    pub fn quarantine(&self) -> Option<&Quarantine> {
        self.quarantine.as_deref()
    }
    /// Is each object in a block of its own, in its first cell?
    #[inline(always)]
    pub fn is_one_per_block(&self) -> bool {
        self.quarantine.as_ref().is_some_and(|quarantine| quarantine.is_one_per_page())
    }
    /// The end of the blocks: all cells have lower addresses.
    pub fn frontier(&self) -> usize {
        self.objects.start() + (self.blocks << BLOCK_SHIFT)
    }

    // -- Lists --------------------------------------------------------------------------------------

    /// A cell: the one freed last, else the next of the block in use. `None`: see [`Cells::allocate_slow`].
    #[inline(always)]
    pub fn allocate(&mut self, class: usize) -> Option<usize> {
        let lane = &mut self.fast[class];
        let cell = lane.free;
        if cell != 0 {
            lane.free = read(cell + 8) as usize;
            return Some(cell);
        }
        let cell = lane.cursor;
        if cell == lane.limit {
            return None;
        }
        lane.cursor = cell + SIZES[class];
        Some(cell)
    }

    /// The same, also from a new block if `may_grow`; the first `bytes` of the cell are noted.
    #[cold]
    #[inline(never)]
    pub fn allocate_slow(
        &mut self,
        class: usize,
        bytes: usize,
        may_grow: bool,
        model: &mut Model,
    ) -> Option<usize> {
        if let Some(cell) = self.allocate(class) {
            return Some(cell);
        }
        if self.recording {
            std::mem::swap(&mut self.fast[class], &mut self.noted[class]);
            let mut cell = self.allocate(class);
            if cell.is_none() && may_grow {
                cell = self.refill(class, model);
            }
            std::mem::swap(&mut self.fast[class], &mut self.noted[class]);
            model.note_range(cell?, bytes, Cause::Allocate);
            return cell;
        }
        if may_grow { self.refill(class, model) } else { None }
    }

    fn refill(&mut self, class: usize, model: &mut Model) -> Option<usize> {
        let block = self.take_block(class, model)?;
        if self.is_one_per_block() {
            return Some(block.start);
        }
        let lane = &mut self.fast[class];
        (lane.cursor, lane.limit) = (block.start, block.end());
        self.allocate(class)
    }

    /// Takes a cell back. Its first two words are written.
    #[inline(always)]
    pub fn free(&mut self, cell: usize, class: usize, model: &mut Model) {
        poison(cell, SIZES[class]);
        if self.is_watched {
            return self.free_watched(cell, class, model);
        }
        write(cell, FREE);
        write(cell + 8, self.fast[class].free as u64);
        self.fast[class].free = cell;
    }

    /// The same while the model records, or under a zeal mode.
    #[cold]
    #[inline(never)]
    fn free_watched(&mut self, cell: usize, class: usize, model: &mut Model) {
        if self.is_one_per_block() {
            self.give_block((cell - self.objects.start()) >> BLOCK_SHIFT, model);
            return;
        }
        if let Some(quarantine) = &mut self.quarantine {
            quarantine.enter(Extent { start: cell, bytes: SIZES[class] });
            write(cell, FREE);
            write(cell + 8, 0);
            self.discharge(false, model);
            return;
        }
        self.link(cell, class, model);
    }

    /// Puts a cell on the list of its class.
    fn link(&mut self, cell: usize, class: usize, model: &mut Model) {
        let lane = if self.recording { &mut self.noted[class] } else { &mut self.fast[class] };
        write(cell, FREE);
        write(cell + 8, lane.free as u64);
        lane.free = cell;
        model.note_range(cell, 16, Cause::Free);
    }

    /// What has been in quarantine long enough, or all of it, may be used again.
    pub fn discharge(&mut self, all: bool, model: &mut Model) {
        while let Some(extent) = self.quarantine.as_mut().and_then(|waiting| waiting.leave(all)) {
            let number = (extent.start - self.objects.start()) >> BLOCK_SHIFT;
            match self.class_byte(number) {
                HIDDEN => {
                    self.hidden -= 1;
                    self.empty_block(number, model);
                }
                class => self.link(extent.start, class as usize, model),
            }
        }
    }

    /// From now on every allocation is slow and noted, or no longer.
    pub fn set_recording(&mut self, recording: bool) {
        if recording != self.recording {
            std::mem::swap(&mut self.fast, &mut self.noted);
            self.recording = recording;
            self.is_watched = recording || self.quarantine.is_some();
        }
    }

    /// No cell below the [`Cells::frontier`] is handed out from now on, until [`Cells::unseal`].
    pub fn seal(&mut self, model: &mut Model) {
        self.give_back_spare_blocks(model);
        self.floor = self.blocks;
        self.sealed_empty += std::mem::take(&mut self.empty);
        let lanes = std::mem::replace(
            if self.recording { &mut self.noted } else { &mut self.fast },
            [Lane::default(); CLASSES],
        );
        for (class, lane) in lanes.into_iter().enumerate() {
            self.join(class, lane, true, model);
        }
    }

    /// What was sealed may be handed out again.
    pub fn unseal(&mut self, model: &mut Model) {
        self.floor = 0;
        self.empty += std::mem::take(&mut self.sealed_empty);
        for (class, lane) in
            std::mem::replace(&mut self.sealed, [Lane::default(); CLASSES]).into_iter().enumerate()
        {
            self.join(class, lane, false, model);
        }
    }

    /// Adds what `lane` has to the sealed lane of `class`, or to the one in use.
    fn join(&mut self, class: usize, lane: Lane, to_sealed: bool, model: &mut Model) {
        let into = match (to_sealed, self.recording) {
            (true, _) => &mut self.sealed[class],
            (false, true) => &mut self.noted[class],
            (false, false) => &mut self.fast[class],
        };
        let mut head = into.free;
        if head == 0 {
            head = lane.free;
        } else if lane.free != 0 {
            let mut last = lane.free;
            while read(last + 8) != 0 {
                last = read(last + 8) as usize;
            }
            write(last + 8, head as u64);
            model.note(last + 8, Cause::Free);
            head = lane.free;
        }
        if into.cursor == into.limit {
            (into.cursor, into.limit) = (lane.cursor, lane.limit);
        } else {
            // There is one cursor only: thread the cells that were never used.
            for cell in (lane.cursor..lane.limit).step_by(SIZES[class]).rev() {
                write(cell, FREE);
                write(cell + 8, head as u64);
                model.note_range(cell, 16, Cause::Free);
                head = cell;
            }
        }
        into.free = head;
    }

    /// Gives wholly free blocks back, to be used for any class: for an emergency, it reads every free cell.
    pub fn release_empty_blocks(&mut self, model: &mut Model) {
        self.discharge(true, model);
        let Ok(mut counts) = Region::reserve("counts", self.blocks.max(1) * 2) else { return };
        if !counts.commit(self.blocks * 2) {
            return;
        }
        let start = self.objects.start();
        let count = |cell: usize| counts.pointer::<u16>((cell - start) >> BLOCK_SHIFT << 1);
        for (class, size) in SIZES.into_iter().enumerate() {
            let capacity = (BLOCK / size) as u16;
            let lane = if self.recording { self.noted[class] } else { self.fast[class] };
            let mut cell = lane.free;
            while cell != 0 {
                // SAFETY: one count for each block, committed above.
                unsafe { *count(cell) += 1 };
                cell = read(cell + 8) as usize;
            }
            // Relink what stays, in the same order.
            let (mut head, mut last, mut cell) = (0, 0, lane.free);
            while cell != 0 {
                let next = read(cell + 8) as usize;
                // SAFETY: as above.
                let free = unsafe { *count(cell) };
                if free < capacity {
                    if last == 0 {
                        head = cell;
                    } else if read(last + 8) as usize != cell {
                        write(last + 8, cell as u64);
                        model.note(last + 8, Cause::Free);
                    }
                    last = cell;
                }
                cell = next;
            }
            if last != 0 && read(last + 8) != 0 {
                write(last + 8, 0);
                model.note(last + 8, Cause::Free);
            }
            let lane = if self.recording { &mut self.noted[class] } else { &mut self.fast[class] };
            lane.free = head;
        }
        for number in 0..self.blocks {
            let class = self.class_byte(number);
            // SAFETY: as above.
            let free = unsafe { *counts.pointer::<u16>(number * 2) } as usize;
            if class < SPARE && free == BLOCK / SIZES[class as usize] {
                self.give_block(number, model);
            }
        }
    }

    // -- Blocks -------------------------------------------------------------------------------------

    fn class_byte(&self, number: usize) -> u8 {
        // SAFETY: the table has a byte for each block.
        unsafe { *self.table.pointer::<u8>(number) }
    }

    fn set_class_byte(&mut self, number: usize, class: u8, model: &mut Model) {
        let byte = self.table.pointer::<u8>(number);
        // SAFETY: as above.
        unsafe { *byte = class };
        model.note(byte.addr(), Cause::Allocate);
    }

    /// An empty block for cells of `class`. `None`: no more memory.
    pub fn take_block(&mut self, class: usize, model: &mut Model) -> Option<Block> {
        let mut number = self.blocks;
        if self.empty > 0 {
            let wanted = if self.spare > 0 { SPARE } else { EMPTY };
            number = (self.floor..self.blocks).find(|&number| self.class_byte(number) == wanted)?;
            self.empty -= 1;
            self.spare = self.spare.saturating_sub(1);
        } else {
            if !self.objects.commit((number + 1) << BLOCK_SHIFT) || !self.table.commit(number + 1) {
                return None;
            }
            self.blocks += 1;
        }
        self.set_class_byte(number, class as u8, model);
        Some(Block { start: self.objects.start() + (number << BLOCK_SHIFT), class })
    }

    /// Gives back a block in which nothing lives.
    fn give_block(&mut self, number: usize, model: &mut Model) {
        let Some(quarantine) = &mut self.quarantine else { return self.empty_block(number, model) };
        let start = self.objects.start() + (number << BLOCK_SHIFT);
        quarantine.enter(Extent { start, bytes: BLOCK });
        self.set_class_byte(number, HIDDEN, model);
        self.hidden += 1;
        self.discharge(false, model);
    }

    fn empty_block(&mut self, number: usize, model: &mut Model) {
        self.set_class_byte(number, EMPTY, model);
        if number < self.floor {
            self.sealed_empty += 1;
        } else {
            self.empty += 1;
        }
        self.discard_block(number, model);
    }

    /// Gives the memory of a block back to the kernel.
    fn discard_block(&mut self, number: usize, model: &mut Model) {
        let (from, to) = (number << BLOCK_SHIFT, (number + 1) << BLOCK_SHIFT);
        self.objects.discard(from, to);
        model.give_back(self.objects.start() + from, self.objects.start() + to);
    }

    /// Gives back `block`, in which nothing lives and from which no lane allocates (strategies with bitmaps).
    pub fn free_block(&mut self, block: Block, model: &mut Model) {
        self.give_block((block.start - self.objects.start()) >> BLOCK_SHIFT, model);
    }

    /// The same, but its memory may stay, to be filled before the next collection is due: the kernel would have to find as much, and
    /// a cache to learn it. Not in a child, where it would be copied.
    pub fn spare_block(&mut self, block: Block, model: &mut Model) {
        let number = (block.start - self.objects.start()) >> BLOCK_SHIFT;
        // What a process that has not forked will ask for before its next collection grows with what it has.
        let used = if self.has_forked { 0 } else { self.blocks - self.empty };
        let enough = self.spare >= (used / 2).max((2 * LEAST_ALLOWANCE) >> BLOCK_SHIFT);
        if enough || self.is_watched || number < self.floor {
            return self.give_block(number, model);
        }
        self.set_class_byte(number, SPARE, model);
        self.empty += 1;
        self.spare += 1;
    }

    /// Before a sweep that looks at every cell: the lists of free cells are forgotten, to be made anew of what [`Cells::free`] is told.
    /// `false`, and they stay, in a child, which would copy pages for that, and under a zeal mode.
    #[must_use]
    pub fn forget_free_cells(&mut self) -> bool {
        if !self.is_watched {
            self.fast.iter_mut().for_each(|lane| lane.free = 0);
        }
        !self.is_watched
    }

    /// During such a sweep: takes `block` back, in which nothing lives and none of whose cells are in a list.
    pub fn spare_swept_block(&mut self, block: Block, model: &mut Model) {
        let lane = &mut self.fast[block.class];
        if lane.limit == block.end() {
            (lane.cursor, lane.limit) = (0, 0);
        }
        self.spare_block(block, model);
    }

    /// Gives the memory of spare blocks back.
    pub fn give_back_spare_blocks(&mut self, model: &mut Model) {
        if self.spare == 0 {
            return;
        }
        self.spare = 0;
        for number in 0..self.blocks {
            if self.class_byte(number) == SPARE {
                self.set_class_byte(number, EMPTY, model);
                self.discard_block(number, model);
            }
        }
    }

    /// Before the first fork: no block is spare, and few will be.
    pub fn before_fork(&mut self, model: &mut Model) {
        self.give_back_spare_blocks(model);
        self.has_forked = true;
    }

    /// Nothing lives in any cell: all blocks are given back, and it is as if there had been none.
    pub fn clear(&mut self) {
        if let Some(quarantine) = &mut self.quarantine {
            while quarantine.leave(true).is_some() {}
        }
        self.hidden = 0;
        let lanes = [Lane::default(); CLASSES];
        (self.fast, self.noted, self.sealed) = (lanes, lanes, lanes);
        (self.blocks, self.empty, self.spare, self.floor, self.sealed_empty) = (0, 0, 0, 0, 0);
        for region in [&mut self.objects, &mut self.table] {
            region.discard(0, region.end() - region.start());
        }
    }

    /// How many blocks there are, empty ones included.
    pub fn block_count(&self) -> usize {
        self.blocks
    }

    /// Block `number`, unless it is empty.
    #[inline]
    pub fn block(&self, number: usize) -> Option<Block> {
        let class = self.class_byte(number);
        (class < SPARE).then(|| Block {
            start: self.objects.start() + (number << BLOCK_SHIFT),
            class: class as usize,
        })
    }

    /// All blocks in use, in address order.
    pub fn blocks(&self) -> impl Iterator<Item = Block> + '_ {
        (0..self.blocks).filter_map(|number| self.block(number))
    }

    /// The block that `address` lies in.
    #[inline(always)]
    pub fn block_of(&self, address: usize) -> Option<Block> {
        let number = address.wrapping_sub(self.objects.start()) >> BLOCK_SHIFT;
        if number < self.blocks { self.block(number) } else { None }
    }

    /// The next run of dead cells of `block` from the cell `from` on: first address and end. A cell
    /// lives if the bit of an address in it (its object's) is set in `live`.
    pub fn free_run(&self, block: Block, from: usize, live: &Bitmap) -> Option<(usize, usize)> {
        let (size, end) = (block.cell_size(), block.end());
        let mut start = from;
        while start < end {
            match live.next_set(start, end) {
                None => return Some((start, end)),
                Some(next) => {
                    let occupied = block.cell_of(next.max(start));
                    if occupied > start {
                        return Some((start, occupied));
                    }
                    start = occupied + size;
                }
            }
        }
        None
    }

    /// Every cell that was handed out and not freed since, in address order (lists).
    pub fn each_cell(&self, visit: &mut dyn FnMut(usize, usize)) {
        for block in self.blocks() {
            for cell in (block.start..self.used_end(block)).step_by(block.cell_size()) {
                if !Cells::is_free(cell) {
                    visit(cell, block.class);
                }
            }
        }
    }

    /// The end of the cells of `block` that were ever handed out (lists).
    pub fn used_end(&self, block: Block) -> usize {
        if self.is_one_per_block() {
            return block.start + block.cell_size();
        }
        for lanes in [&self.fast, &self.noted, &self.sealed] {
            if lanes[block.class].limit == block.end() {
                return lanes[block.class].cursor;
            }
        }
        block.end()
    }

    /// Was the cell at `cell`, once handed out, freed or retired?
    #[inline(always)]
    pub fn is_free(cell: usize) -> bool {
        read(cell) == FREE
    }

    /// Overwrites every word of a cell whose object is dead with `poison` and takes it out of use: a walk passes over it, but it
    /// is not handed out before [`Cells::free`].
    pub fn retire(&mut self, cell: usize, class: usize, poison: u64, model: &mut Model) {
        for word in (0..SIZES[class]).step_by(8) {
            write(cell + word, if word == 0 { FREE } else { poison });
        }
        model.note_range(cell, SIZES[class], Cause::Free);
    }
}

/// In debug builds a freed cell is filled, so that a stale reference is noticed.
#[inline(always)]
pub fn poison(cell: usize, bytes: usize) {
    if cfg!(debug_assertions) {
        fill(cell + 16, cell + bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells() -> (Cells, Model) {
        let cells = Cells::new(Region::reserve("objects", 1 << 30).unwrap()).unwrap();
        let mut model = Model::new().unwrap();
        model.watch(cells.region());
        (cells, model)
    }
    fn take(cells: &mut Cells, class: usize, model: &mut Model) -> usize {
        cells
            .allocate(class)
            .or_else(|| cells.allocate_slow(class, SIZES[class], true, model))
            .expect("there is memory")
    }
    fn listed(cells: &Cells) -> Vec<usize> {
        let mut list = Vec::new();
        cells.each_cell(&mut |cell, _| list.push(cell));
        list
    }

    #[test]
    fn sizes_fit_what_they_are_for() {
        for bytes in 1..=MAX_CELL {
            let class = class_of(bytes);
            assert!(SIZES[class] >= bytes && (class == 0 || SIZES[class - 1] < bytes));
        }
        // Small objects, with 24 bytes in front, end below the large classes.
        assert!(class_of(24 + 8 + 254 * 8) < FIRST_LARGE_CLASS);
        assert_eq!(class_of(LARGE_BYTES), FIRST_LARGE_CLASS);
        assert!(SIZES.iter().all(|size| size.is_multiple_of(8)));
    }

    #[test]
    fn hands_out_disjoint_cells_and_the_last_freed_first() {
        let (mut cells, mut model) = cells();
        let mut taken = Vec::new();
        let classes: &[usize] = &[0, 1, 4, FIRST_LARGE_CLASS, CLASSES - 1];
        for &class in if cfg!(miri) { &classes[3..] } else { classes } {
            for _ in 0..BLOCK / SIZES[class] + 3 {
                let cell = take(&mut cells, class, &mut model);
                write(cell, 1);
                taken.push((cell, class));
            }
        }
        taken.sort_unstable();
        assert!(taken.windows(2).all(|pair| pair[0].0 + SIZES[pair[0].1] <= pair[1].0));
        let addresses: Vec<usize> = taken.iter().map(|&(cell, _)| cell).collect();
        assert_eq!(listed(&cells), addresses);
        for &(cell, class) in &taken {
            cells.free(cell, class, &mut model);
        }
        assert_eq!(listed(&cells), []);
        let &(last, class) = taken.last().unwrap();
        assert_eq!(take(&mut cells, class, &mut model), last);
        assert_eq!(cells.block_of(last).map(|block| block.cell_of(last + 7)), Some(last));
    }

    #[test]
    fn sealed_cells_rest_until_unsealed() {
        let (mut cells, mut model) = cells();
        let (a, b) = (take(&mut cells, 4, &mut model), take(&mut cells, 4, &mut model));
        [a, b].into_iter().for_each(|cell| write(cell, 1));
        cells.free(a, 4, &mut model);
        cells.seal(&mut model);
        let c = take(&mut cells, 4, &mut model);
        write(c, 1);
        assert!(c >= b + BLOCK - 2 * SIZES[4]);
        assert_eq!(listed(&cells), [b, c]);
        cells.seal(&mut model);
        let d = take(&mut cells, 4, &mut model);
        write(d, 1);
        assert_eq!(listed(&cells), [b, c, d]);
        cells.unseal(&mut model);
        assert_eq!(listed(&cells), [b, c, d]);
        let mut cell = 0;
        for _ in 0..3 * (BLOCK / SIZES[4]) - 3 {
            cell = take(&mut cells, 4, &mut model);
            write(cell, 1);
        }
        assert_eq!((cells.block_count(), listed(&cells).len()), (3, 3 * (BLOCK / SIZES[4])));
        assert!(cell < d + BLOCK);
    }

    #[test]
    fn recording_notes_each_allocation_and_each_death() {
        let (mut cells, mut model) = cells();
        let cell = take(&mut cells, 4, &mut model);
        cells.free(cell, 4, &mut model);
        let end = cells.region().end();
        assert!(model.start([(cells.region().start(), end)].into_iter(), &mut |_, _| true));
        cells.set_recording(true);
        assert_eq!(cells.allocate(4), None);
        assert_eq!(take(&mut cells, 4, &mut model), cell);
        assert_eq!(model.first_cause(cell), Some(Some(Cause::Allocate)));
        let other = take(&mut cells, 30, &mut model);
        cells.free(other, 30, &mut model);
        assert_eq!(model.first_cause(other), Some(Some(Cause::Allocate)));
        assert_eq!(take(&mut cells, 30, &mut model), other);
        cells.set_recording(false);
        assert!(cells.allocate(4).is_some());
    }

    #[test]
    fn empty_blocks_serve_other_sizes() {
        let (mut cells, mut model) = cells();
        let taken: Vec<usize> =
            (0..3 * BLOCK / 16).map(|_| take(&mut cells, 0, &mut model)).collect();
        for &cell in taken.iter().filter(|&&cell| cell != taken[0]) {
            cells.free(cell, 0, &mut model);
        }
        write(taken[0], 1);
        cells.release_empty_blocks(&mut model);
        assert_eq!((cells.bytes(), listed(&cells)), (BLOCK, vec![taken[0]]));
        let large = take(&mut cells, CLASSES - 1, &mut model);
        assert!(large < cells.frontier() && cells.block_count() == 3);
        assert!((1..BLOCK / 16).all(|_| take(&mut cells, 0, &mut model) < taken[0] + BLOCK));
    }
}
