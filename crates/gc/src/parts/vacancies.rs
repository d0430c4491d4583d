//! Allocation from cells whose byte in a table beside the heap is zero: nothing is written to a cell that is freed.
//!
//! ```text
//!   bytes  2 0 0 1 0 …              zero: no object
//!   cells  | a | - | - | b | - |
//!   lane   [ cell, cell, cell ]     for each class: some that are vacant, freed last or found by a search
//! ```
//! A freed cell goes to the lane of its class while that has room; otherwise only its byte says that it is vacant, until a search
//! comes by. The search goes round the blocks when enough of them is vacant; until then fresh blocks are taken.

use super::cells::{BLOCK, Block, CLASSES, LARGE_BYTES, MAX_CELL, SIZES, class_of};
use super::model::{Cause, Model};
use super::plane::Plane;
use super::region::Region;
use super::space::{Space, write_header, write_large_header};
use crate::heap::HeapError;
use crate::object::{LARGE, Object, ShapeWord};

/// Cells that a lane can hold.
const ROOM: usize = 64;

/// What a class allocates from.
#[derive(Clone, Copy, Debug)]
struct Lane {
    cells: [usize; ROOM],
    length: usize,
    /// The block that is searched, by number, and the first cell of it that was not looked at; zero: none was.
    block: usize,
    from: usize,
    /// Vacant cells that no lane holds, those of fresh blocks left out, and cells in blocks of this class.
    unlisted: usize,
    total: usize,
}

const EMPTY: Lane = Lane { cells: [0; ROOM], length: 0, block: 0, from: 0, unlisted: 0, total: 0 };

/// See the module. A byte is the caller's to use, as long as zero means vacant.
#[derive(Debug)]
pub struct Vacancies {
    lanes: Box<[Lane; CLASSES]>,
    bytes: Plane<8>,
    /// Cells below this address are not handed out.
    floor: usize,
}

impl Vacancies {
    /// No cells yet; the regions of the table are called `name`.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(space: &mut Space, name: &'static str) -> Result<Vacancies, HeapError> {
        Ok(Vacancies {
            lanes: Box::new([EMPTY; CLASSES]),
            bytes: Plane::new(space, name)?,
            floor: 0,
        })
    }
    /// The table's regions.
    pub fn regions(&self) -> impl Iterator<Item = &Region> {
        self.bytes.regions()
    }
    /// The table.
    #[inline(always)]
    pub fn bytes(&self) -> &Plane<8> {
        &self.bytes
    }
    /// The same, to change.
    #[inline(always)]
    pub fn bytes_mut(&mut self) -> &mut Plane<8> {
        &mut self.bytes
    }

    // -- Allocation ---------------------------------------------------------------------------------

    /// An object from the lane of its class, whose byte is now `byte`. `None`: see [`Vacancies::allocate_slow`].
    #[inline(always)]
    pub fn allocate(
        &mut self,
        shape: ShapeWord,
        units: usize,
        byte: u8,
        model: &mut Model,
    ) -> Option<Object> {
        if units >= LARGE as usize {
            return None;
        }
        let bytes = 8 + 8 * units;
        let lane = &mut self.lanes[class_of(bytes)];
        lane.length = lane.length.checked_sub(1)?;
        let cell = lane.cells[lane.length];
        model.note_range(cell, bytes, Cause::Allocate);
        self.bytes.set_byte(cell, byte, Cause::Allocate, model);
        Some(write_header(cell, shape.with_units(units as u32), 0))
    }

    /// The same, of any size, after a search, or from new memory. `None`: the limit is reached.
    #[cold]
    pub fn allocate_slow(
        &mut self,
        shape: ShapeWord,
        units: usize,
        byte: u8,
        space: &mut Space,
    ) -> Option<Object> {
        let is_large = units >= LARGE as usize;
        let bytes = if is_large { units.checked_mul(8)?.checked_add(16)? } else { 8 + 8 * units };
        if bytes > MAX_CELL {
            return self.allocate_run(shape, units, byte, space);
        }
        let class = class_of(if is_large { bytes.max(LARGE_BYTES) } else { bytes });
        if self.lanes[class].length == 0 && !self.refill(class, space) {
            return None;
        }
        if !is_large {
            return self.allocate(shape, units, byte, &mut space.model);
        }
        let lane = &mut self.lanes[class];
        lane.length -= 1;
        let cell = lane.cells[lane.length];
        space.model.note_range(cell, bytes, Cause::Allocate);
        self.bytes.set_byte(cell, byte, Cause::Allocate, &mut space.model);
        Some(write_large_header(cell, shape, units, 0))
    }

    fn allocate_run(
        &mut self,
        shape: ShapeWord,
        units: usize,
        byte: u8,
        space: &mut Space,
    ) -> Option<Object> {
        let object = space.allocate_run(shape, units, 0)?;
        if !self.bytes.cover(object.address() + 16) {
            space.free_run_of(object);
            return None;
        }
        self.bytes.set_byte(object.address(), byte, Cause::Allocate, &mut space.model);
        Some(object)
    }

    /// Fills the lane of `class`, which is empty: by a search, or from a fresh block. `false`: there is neither.
    fn refill(&mut self, class: usize, space: &mut Space) -> bool {
        if self.search(class, space) {
            return true;
        }
        // The search is at the end. Is another round worth it, or is there no choice?
        let lane = &mut self.lanes[class];
        let may_take = space.may_take(BLOCK);
        if lane.unlisted > if may_take { lane.total / 8 } else { 0 } {
            (lane.block, lane.from) = (0, 0);
            if self.search(class, space) {
                return true;
            }
        }
        if !may_take {
            return false;
        }
        let Some(block) = space.cells.take_block(class, &mut space.model) else { return false };
        if !self.bytes.cover(block.start + BLOCK) {
            space.cells.free_block(block, &mut space.model);
            return false;
        }
        let cells = BLOCK / block.cell_size();
        let lane = &mut self.lanes[class];
        lane.total += cells;
        lane.unlisted += cells;
        (lane.block, lane.from) = ((block.start - space.cells.region().start()) / BLOCK, 0);
        self.search(class, space)
    }

    /// Fills the lane of `class`, which is empty, from the place of the search on. `false`: the end is reached.
    fn search(&mut self, class: usize, space: &Space) -> bool {
        let lane = &mut self.lanes[class];
        debug_assert_eq!(lane.length, 0);
        while lane.block < space.cells.block_count() {
            let block = space.cells.block(lane.block);
            if let Some(block) =
                block.filter(|block| block.class == class && block.start >= self.floor)
            {
                let (mut cell, size, end) = (lane.from.max(block.start), SIZES[class], block.end());
                while cell < end && lane.length < ROOM {
                    if self.bytes.byte(cell) == 0 {
                        lane.cells[lane.length] = cell;
                        lane.length += 1;
                    }
                    cell += size;
                }
                lane.from = cell;
                if lane.length > 0 {
                    lane.unlisted -= lane.length;
                    // So that they are handed out in the order of memory.
                    lane.cells[..lane.length].reverse();
                    return true;
                }
            }
            lane.block += 1;
            lane.from = 0;
        }
        false
    }

    /// The memory of `object` is vacant: its byte is zero now, and nothing else is written.
    #[inline(always)]
    pub fn free(&mut self, object: Object, space: &mut Space) {
        self.bytes.set_byte(object.address(), 0, Cause::Free, &mut space.model);
        let units = object.shape_word().units();
        if units == LARGE {
            return self.free_large(object, space);
        }
        self.list(object.address(), class_of(8 + 8 * units as usize));
    }
    #[cold]
    fn free_large(&mut self, object: Object, space: &mut Space) {
        if !space.free_run_of(object) {
            let bytes = object.units() * 8 + 16;
            self.list(object.address() - 8, class_of(bytes.max(LARGE_BYTES)));
        }
    }
    #[inline(always)]
    fn list(&mut self, cell: usize, class: usize) {
        let lane = &mut self.lanes[class];
        if cell < self.floor {
            return;
        }
        if lane.length < ROOM {
            lane.cells[lane.length] = cell;
            lane.length += 1;
        } else {
            lane.unlisted += 1;
        }
    }

    /// From now on only cells in blocks yet to be taken are handed out: in a child, the others are shared.
    pub fn keep_out_of_shared_blocks(&mut self, space: &Space) {
        self.floor = space.cells.frontier();
        *self.lanes = [EMPTY; CLASSES];
    }

    /// Gives wholly vacant blocks back, to be used for any class.
    pub fn release_empty_blocks(&mut self, space: &mut Space) {
        for number in 0..space.cells.block_count() {
            let Some(block) = space.cells.block(number).filter(|block| block.start >= self.floor)
            else {
                continue;
            };
            if block.cells().any(|cell| self.bytes.byte(cell) != 0) {
                continue;
            }
            let lane = &mut self.lanes[block.class];
            let mut kept = 0;
            for index in 0..lane.length {
                if !(block.start..block.start + BLOCK).contains(&lane.cells[index]) {
                    lane.cells[kept] = lane.cells[index];
                    kept += 1;
                }
            }
            let cells = BLOCK / block.cell_size();
            lane.unlisted -= cells - (lane.length - kept);
            lane.total -= cells;
            lane.length = kept;
            space.cells.free_block(block, &mut space.model);
        }
    }

    /// Every object in a cell, and then every large one, in address order.
    pub fn each_object(&self, space: &Space, visit: &mut dyn FnMut(Object)) {
        for block in space.cells.blocks() {
            self.each_in(block, visit);
        }
        space.each_run_object(visit);
    }
    fn each_in(&self, block: Block, visit: &mut dyn FnMut(Object)) {
        for cell in block.cells().filter(|&cell| self.bytes.byte(cell) != 0) {
            visit(Space::object_in_cell(0, cell, block.class));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use crate::object::Format;

    #[test]
    fn finds_every_vacant_cell_and_no_other() {
        for units in [1, 2, 3, 7, 40, 254, 300, 1000] {
            let mut space = Space::new(&Options::default()).unwrap();
            let mut vacancies = Vacancies::new(&mut space, "test").unwrap();
            let shape = ShapeWord::new(Format::Part, 0);
            let count = if cfg!(miri) { 40 } else { 5000 };
            let allocate = |vacancies: &mut Vacancies, space: &mut Space| {
                let Space { model, .. } = space;
                vacancies
                    .allocate(shape, units, 9, model)
                    .or_else(|| vacancies.allocate_slow(shape, units, 9, space))
                    .unwrap()
            };
            let mut objects: Vec<Object> =
                (0..count).map(|_| allocate(&mut vacancies, &mut space)).collect();
            let blocks = space.cells.block_count();
            for round in 0..3 {
                // Every third dies, and as many are born: no block more is taken than a search is too lazy for.
                for number in (round..count).step_by(3) {
                    vacancies.free(objects[number], &mut space);
                }
                for number in (round..count).step_by(3) {
                    objects[number] = allocate(&mut vacancies, &mut space);
                }
                let mut sorted = objects.clone();
                sorted.sort_unstable();
                sorted.dedup();
                assert_eq!(sorted.len(), count, "{units}: a cell was handed out twice");
                let mut found = Vec::new();
                vacancies.each_object(&space, &mut |object| found.push(object));
                assert_eq!(found, sorted, "{units}");
            }
            assert!(space.cells.block_count() <= blocks + blocks / 7 + 1, "{units}: {blocks}");
            objects.drain(..).for_each(|object| vacancies.free(object, &mut space));
            vacancies.release_empty_blocks(&mut space);
            assert_eq!(space.bytes(), 0, "{units}");
        }
    }
}
