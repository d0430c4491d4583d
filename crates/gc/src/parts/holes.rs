//! Allocation from the holes that a bitmap shows, instead of from lists threaded through the dead.
//!
//! ```text
//!   live   1 1 0 0 0 1 0 1 …             a bit for each cell that is taken
//!   cells  | a | b | dead dead dead | c | dead | d | …
//!                  ^ cursor         ^ limit
//! ```
//!
//! Each class of cells bumps through one hole at a time, and no dead cell is written before it is
//! handed out again. The bits of a hole are set when it is taken, not for each object.

use super::cells::{BLOCK, Block, CLASSES, LARGE_BYTES, MAX_CELL, SIZES, class_of};
use super::model::{Cause, Model};
use super::plane::{GRANULE_SHIFT, Plane};
use super::quarantine::fill;
use super::region::{Region, page_size};
use super::space::{Space, write_header, write_large_header};
use crate::heap::HeapError;
use crate::object::{LARGE, Object, ShapeWord};

/// Groups of sixty-four granules in a block.
const GROUPS: usize = BLOCK >> GRANULE_SHIFT >> 6;

/// The granules in which a cell begins, for a block of each class.
static STARTS: [[u64; GROUPS]; CLASSES] = {
    let mut starts = [[0; GROUPS]; CLASSES];
    let mut class = 0;
    while class < CLASSES {
        let mut cell = 0;
        while cell + SIZES[class] <= BLOCK {
            let granule = cell >> GRANULE_SHIFT;
            starts[class][granule / 64] |= 1 << (granule % 64);
            cell += SIZES[class];
        }
        class += 1;
    }
    starts
};

/// What a class allocates from.
#[derive(Clone, Copy, Default, Debug)]
struct Lane {
    cursor: usize,
    limit: usize,
    /// The block that is searched, by number.
    block: usize,
    /// No hole is left: only fresh blocks.
    exhausted: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Holes {
    lanes: [Lane; CLASSES],
    /// The cells that are taken, and the large objects that live.
    live: Plane<1>,
    /// Blocks below this one have no holes to be used.
    first_block: usize,
    /// Bytes of holes taken since [`Holes::reset`], large objects included.
    taken: usize,
}

impl Holes {
    /// No cells yet; the bitmap's regions are called `name`.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(space: &mut Space, name: &'static str) -> Result<Holes, HeapError> {
        let lanes = [Lane::default(); CLASSES];
        Ok(Holes { lanes, live: Plane::new(space, name)?, first_block: 0, taken: 0 })
    }
    /// The bitmap's regions.
    pub fn regions(&self) -> impl Iterator<Item = &Region> {
        self.live.regions()
    }
    /// The bitmap.
    #[inline(always)]
    pub fn live(&self) -> &Plane<1> {
        &self.live
    }
    /// The same, to sweep.
    #[inline(always)]
    pub fn live_mut(&mut self) -> &mut Plane<1> {
        &mut self.live
    }
    /// Bytes handed out, or about to be, since the last [`Holes::reset`].
    pub fn taken(&self) -> usize {
        self.taken
    }

    // -- Allocation ---------------------------------------------------------------------------------

    /// An object from the hole in use, without a head, a flag or a count. `None`: see [`Holes::allocate_slow`].
    #[inline(always)]
    pub fn allocate(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        if units >= LARGE as usize {
            return None;
        }
        let cell = self.next_cell(class_of(8 + 8 * units))?;
        Some(write_header(cell, shape.with_units(units as u32), 0))
    }

    /// The same, of any size, from the next hole, or from new memory. `None`: the limit is reached.
    #[cold]
    pub fn allocate_slow(
        &mut self,
        shape: ShapeWord,
        units: usize,
        space: &mut Space,
    ) -> Option<Object> {
        let is_large = units >= LARGE as usize;
        let bytes = if is_large {
            units.checked_mul(8)?.checked_add(16)?.max(LARGE_BYTES)
        } else {
            8 + 8 * units
        };
        if bytes > MAX_CELL {
            return self.allocate_run(shape, units, space);
        }
        let class = class_of(bytes);
        let cell = loop {
            match self.next_cell(class) {
                Some(cell) => break cell,
                None if self.refill(class, space) => {}
                None => return None,
            }
        };
        Some(if is_large {
            write_large_header(cell, shape, units, 0)
        } else {
            write_header(cell, shape.with_units(units as u32), 0)
        })
    }

    fn allocate_run(
        &mut self,
        shape: ShapeWord,
        units: usize,
        space: &mut Space,
    ) -> Option<Object> {
        let object = space.allocate_run(shape, units, 0)?;
        if !self.live.cover(object.address() + 16) {
            space.free(0, object);
            return None;
        }
        self.taken += space.footprint(0, object);
        self.live.set(object.address(), 0, Cause::Allocate, &mut space.model);
        Some(object)
    }

    #[inline(always)]
    fn next_cell(&mut self, class: usize) -> Option<usize> {
        let lane = &mut self.lanes[class];
        let cell = lane.cursor;
        if cell == lane.limit {
            return None;
        }
        lane.cursor = cell + SIZES[class];
        Some(cell)
    }

    /// Finds the next hole for `class`, or takes a fresh block. `false`: there is neither.
    fn refill(&mut self, class: usize, space: &mut Space) -> bool {
        if space.cells.is_one_per_block() {
            return self.take_whole_block(class, space);
        }
        loop {
            let Lane { limit, block: number, exhausted, .. } = self.lanes[class];
            let block =
                if number < space.cells.block_count() { space.cells.block(number) } else { None };
            if let Some(block) = block.filter(|block| block.class == class)
                && let Some(hole) = self.find_hole(block, limit)
            {
                self.take(class, hole, &mut space.model);
                return true;
            }
            if number < space.cells.block_count() && !exhausted {
                self.lanes[class].block += 1;
                continue;
            }
            self.lanes[class].exhausted = true;
            let Some(fresh) = self.fresh_block(class, space) else { return false };
            self.lanes[class].block = (fresh.start - space.cells.region().start()) / BLOCK;
        }
    }

    /// A block that nobody has used, whose bits are there. `None`: the limit is reached.
    fn fresh_block(&mut self, class: usize, space: &mut Space) -> Option<Block> {
        if !space.may_take(BLOCK) {
            return None;
        }
        let fresh = space.cells.take_block(class, &mut space.model)?;
        if !self.live.cover(fresh.start + BLOCK) {
            space.cells.free_block(fresh, &mut space.model);
            return None;
        }
        Some(fresh)
    }

    /// Under the zeal mode `page`: a fresh block for one object.
    fn take_whole_block(&mut self, class: usize, space: &mut Space) -> bool {
        let Some(fresh) = self.fresh_block(class, space) else { return false };
        self.take(class, (fresh.start, fresh.start + SIZES[class]), &mut space.model);
        true
    }

    /// The first run of free cells of `block`, from the cell at `from` on if that is one of its own: start and end.
    fn find_hole(&self, block: Block, from: usize) -> Option<(usize, usize)> {
        let from = if (block.start..block.end()).contains(&from) { from } else { block.start };
        let (first, skipped) = (self.live.index(block.start) / 64, self.live.index(from) % 64);
        for group in self.live.index(from) / 64..first + GROUPS {
            let mut free = STARTS[block.class][group - first] & !self.live.word(group, 0);
            if group == self.live.index(from) / 64 {
                free &= u64::MAX << skipped;
            }
            if free != 0 {
                let granule = self.live.address(group * 64 + free.trailing_zeros() as usize);
                let start = block.cell_of(granule + 15);
                let end = match self.live.next_set(start, block.end(), 0) {
                    Some(granule) => block.cell_of(granule + 15),
                    None => block.end(),
                };
                return Some((start, end));
            }
        }
        None
    }

    /// Sets the bits of the cells of `class` from `start` to `end`, which lie in one block, or clears them.
    fn mark(&mut self, class: usize, start: usize, end: usize, taken: bool, model: &mut Model) {
        // A cell that begins at `end` may lie in its granule, the last one of ours does not.
        let (first, last) = (self.live.index(start), self.live.index(end));
        let block = self.live.index(start - (start - self.live.address(0)) % BLOCK) / 64;
        for group in first / 64..last.div_ceil(64) {
            let mut cells = STARTS[class][group - block];
            if group == first / 64 {
                cells &= u64::MAX << (first % 64);
            }
            if group == last / 64 {
                cells &= !(u64::MAX << (last % 64));
            }
            let word = self.live.word(group, 0);
            let word = if taken { word | cells } else { word & !cells };
            self.live.set_word(group, 0, word, Cause::Allocate, model);
        }
    }

    /// Makes a hole the one in use. While the model records, no more than the cells of its first page, or
    /// the first cell, so that what is noted is what will be written.
    fn take(&mut self, class: usize, (start, mut end): (usize, usize), model: &mut Model) {
        let size = SIZES[class];
        if model.is_active() {
            let page_end = (start | (page_size() - 1)) + 1;
            end = end.min(start + size * ((page_end - start) / size).max(1));
            model.note_range(start, size, Cause::Allocate);
        }
        self.mark(class, start, end, true, model);
        self.taken += end - start;
        let lane = &mut self.lanes[class];
        (lane.cursor, lane.limit) = (start, end);
    }

    /// Gives back what is left of the holes in use: before a collection, and before a fork.
    pub fn retire(&mut self, model: &mut Model) {
        for class in 0..CLASSES {
            let Lane { cursor, limit, .. } = self.lanes[class];
            if cursor < limit {
                self.mark(class, cursor, limit, false, model);
                self.taken -= limit - cursor;
                // The limit is where the search goes on.
                self.lanes[class].limit = cursor;
            }
        }
    }

    /// After a sweep: the search for holes starts over.
    pub fn reset(&mut self) {
        self.lanes = [Lane { block: self.first_block, ..Lane::default() }; CLASSES];
        self.taken = 0;
    }

    /// From now on no hole is used in a block that exists now: in a child, these are shared.
    pub fn keep_out_of_shared_blocks(&mut self, space: &Space) {
        self.first_block = space.cells.block_count();
        for lane in &mut self.lanes {
            *lane = Lane { block: self.first_block, ..Lane::default() };
        }
    }

    /// The object in `block` whose bit is that of `granule`.
    #[inline(always)]
    pub fn object_of(block: Block, granule: usize) -> Object {
        Space::object_in_cell(0, block.cell_of(granule + 15), block.class)
    }

    /// The objects in `block` whose bits are set in `word`, that of the sixty-four granules from `address` on.
    #[inline(always)]
    pub fn objects_of(block: Block, address: usize, mut word: u64) -> impl Iterator<Item = Object> {
        std::iter::from_fn(move || {
            let granule =
                (word != 0).then(|| address + ((word.trailing_zeros() as usize) << GRANULE_SHIFT));
            word &= word.wrapping_sub(1);
            granule.map(|granule| Holes::object_of(block, granule))
        })
    }

    /// Under a zeal mode: the cells of these objects, which are dead, are filled with a word that is no value.
    #[cold]
    pub fn poison(block: Block, address: usize, dead: u64) {
        for object in Holes::objects_of(block, address, dead) {
            let cell = block.cell_of(object.address());
            fill(cell, cell + block.cell_size());
        }
    }

    /// The first object behind `address` whose bit in `plane` is set, small ones first.
    pub fn next_in<const BITS: usize>(
        plane: &Plane<BITS>,
        address: usize,
        space: &Space,
    ) -> Option<Object> {
        let Space { cells, runs, .. } = space;
        let (from, frontier) = (cells.region().start().max(address + 16), cells.frontier());
        if from < frontier
            && let Some(granule) = plane.next_set(from, frontier, 0)
        {
            return cells.block_of(granule + 15).map(|block| Holes::object_of(block, granule));
        }
        let start = runs.run_at(address).map_or(runs.region().start(), |run| run.end);
        let mut next = runs.next_run(start);
        while let Some(run) = next {
            let object = Space::object_in_run(run.start);
            if plane.get(object.address(), 0) {
                return Some(object);
            }
            next = runs.next_run(run.end);
        }
        None
    }

    /// Every object in a cell, and then every large one, in address order.
    pub fn each_object(&self, space: &Space, visit: &mut dyn FnMut(Object)) {
        for block in space.cells.blocks() {
            let lane = self.lanes[block.class];
            let mut from = block.start;
            while let Some(granule) = self.live.next_set(from, block.end(), 0) {
                let cell = block.cell_of(granule + 15);
                from = cell + block.cell_size();
                // Taken, but not yet handed out.
                if (lane.cursor..lane.limit).contains(&cell) {
                    from = lane.limit;
                } else {
                    visit(Holes::object_of(block, granule));
                }
            }
        }
        space.each_run_object(visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn finds_every_hole_whatever_the_size_of_a_cell() {
        let sizes: &[usize] = &[448, 2336, 8192, 16, 24, 40, 56, 72, 128];
        for &size in if cfg!(miri) { &sizes[..3] } else { sizes } {
            let mut space = Space::new(&Options::default()).unwrap();
            let mut holes = Holes::new(&mut space, "test").unwrap();
            let class = class_of(size);
            let allocate = |holes: &mut Holes, space: &mut Space| {
                while holes.lanes[class].cursor == holes.lanes[class].limit {
                    assert!(holes.refill(class, space));
                }
                holes.next_cell(class).unwrap()
            };
            let count = 2 * BLOCK / size;
            let mut cells = Vec::new();
            for _ in 0..count {
                cells.push(allocate(&mut holes, &mut space));
                if cells.len() % 7 == 0 {
                    // What was handed out stays taken, and the search goes on where it was.
                    holes.retire(&mut space.model);
                    assert!(cells.iter().all(|&cell| holes.live.get(cell, 0)), "{size}");
                }
            }
            let blocks = space.cells.block_count();
            assert!(blocks <= 3, "{size}: {blocks} blocks");
            holes.retire(&mut space.model);
            // Every third dies, and every neighbour of a fifth.
            let dead = |number: usize| number.is_multiple_of(3) || number % 5 == 1;
            for (number, &cell) in cells.iter().enumerate() {
                if dead(number) {
                    holes.live.clear(cell, 0, Cause::Free, &mut space.model);
                }
            }
            holes.reset();
            let mut again = Vec::new();
            for _ in (0..count).filter(|&number| dead(number)) {
                again.push(allocate(&mut holes, &mut space));
                holes.retire(&mut space.model);
                let lives = |(number, cell)| !dead(number) || again.contains(cell);
                assert!(
                    cells.iter().enumerate().all(|(number, cell)| {
                        holes.live.get(*cell, 0) == lives((number, cell))
                    })
                );
            }
            assert_eq!(space.cells.block_count(), blocks, "{size}: a hole was missed");
            again.sort_unstable();
            let expected: Vec<usize> =
                (0..count).filter(|&number| dead(number)).map(|number| cells[number]).collect();
            assert_eq!(again, expected, "{size}");
        }
    }
}
