//! Which containers there are, and in which of three generations: beside the heap, without lists.
//!
//! ```text
//!   generations  two bits for a granule: 0 no container begins here; 1, 2, 3: the youngest, the middle, the oldest generation;
//!                one: its finalizer was queued; one: a part begins here
//!   young        a byte for each block: are there containers of the youngest, of the middle generation? So a young
//!                collection looks at their blocks only
//! ```
//! A container has a cell, never a run of pages. Parts are known too, so that who follows references reads no header to find out what
//! they lead to: half of the time of a collection is for headers otherwise. Whatever is not to change is not written.

use super::cells::{BLOCK, Block, Cells};
use super::model::{Cause, Model};
use super::plane::{GRANULE_SHIFT, Plane};
use super::region::Region;
use super::space::Space;
use super::thresholds::OLDEST;
use crate::heap::HeapError;
use crate::object::{Format, Object};

const LOW: usize = 0;
const HIGH: usize = 1;
const FINALIZED: usize = 2;
const PART: usize = 3;
/// Groups of sixty-four granules in a block.
const GROUPS: usize = BLOCK >> GRANULE_SHIFT >> 6;

/// See the module.
#[derive(Debug)]
pub struct Generations {
    plane: Plane<4>,
    young: Region,
    base: usize,
    /// Bytes from the base on in which cells may lie.
    extent: usize,
}

/// Where a walk over the members of a collection is.
#[derive(Clone, Copy, Default, Debug)]
pub struct Walk {
    /// The group to look at next.
    group: usize,
}

/// Up to sixty-four members, in one block.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Their block.
    pub block: Block,
    /// The number of their group of granules, for planes.
    pub number: usize,
    /// The granules in which they begin.
    pub word: u64,
    /// The first address of the group.
    address: usize,
}

impl Group {
    /// Those whose bits are set in `word`, in address order.
    #[inline(always)]
    pub fn objects(self, mut word: u64) -> impl Iterator<Item = Object> {
        let halves = self.block.halves(self.address);
        std::iter::from_fn(move || {
            if word == 0 {
                return None;
            }
            let bit = word.trailing_zeros();
            word &= word - 1;
            let cell = self.address
                + ((bit as usize) << GRANULE_SHIFT)
                + ((halves >> bit & 1) << 3) as usize;
            // SAFETY: containers have no head here, so a cell begins with the header.
            Some(unsafe { Object::from_address(cell) })
        })
    }
}

impl Generations {
    /// No containers yet; the model of `space` watches both tables.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(space: &mut Space) -> Result<Generations, HeapError> {
        let cells = space.cells.region();
        let (base, extent) = (cells.start(), cells.reserved());
        let young = Region::reserve("young", extent / BLOCK)?;
        space.model.watch(&young);
        Ok(Generations { plane: Plane::new(space, "generations")?, young, base, extent })
    }
    /// The regions of both tables.
    pub fn regions(&self) -> impl Iterator<Item = &Region> {
        self.plane.regions().chain([&self.young])
    }
    /// Makes room for all cells below `end`. `false`: there is no memory for it.
    #[must_use]
    pub fn cover(&mut self, end: usize) -> bool {
        self.plane.cover(end) && self.young.commit((end - self.base).div_ceil(BLOCK))
    }

    #[inline(always)]
    fn young_byte(&self, block: usize) -> *mut u8 {
        self.young.pointer(block)
    }
    /// Says which young generations there may be in a block: bit 0 and bit 1.
    #[inline(always)]
    fn set_young(&mut self, block: usize, bits: u8, model: &mut Model) {
        let byte = self.young_byte(block);
        // SAFETY: `cover` made room for a byte for each block.
        unsafe {
            if *byte != bits {
                *byte = bits;
                model.note(byte.addr(), Cause::Age);
            }
        }
    }

    /// A container is born: it is in the youngest generation.
    #[inline(always)]
    pub fn track(&mut self, object: Object, model: &mut Model) {
        let address = object.address();
        self.plane.set(address, LOW, Cause::Age, model);
        let block = (address - self.base) / BLOCK;
        // SAFETY: as in `set_young`.
        let young = unsafe { *self.young_byte(block) };
        if young & 1 == 0 {
            self.set_young(block, young | 1, model);
        }
    }
    /// A part is born.
    #[inline(always)]
    pub fn track_part(&mut self, part: Object, model: &mut Model) {
        if self.is_in_cell(part) {
            self.plane.set(part.address(), PART, Cause::Age, model);
        }
    }
    /// A container or a part dies.
    #[inline(always)]
    pub fn forget(&mut self, object: Object, model: &mut Model) {
        if self.is_in_cell(object) {
            for bit in [LOW, HIGH, FINALIZED, PART] {
                self.plane.clear(object.address(), bit, Cause::Age, model);
            }
        }
    }
    #[inline(always)]
    fn is_in_cell(&self, object: Object) -> bool {
        object.address() - self.base < self.extent
    }
    /// The generation that `object` is in, if it is a container.
    #[inline(always)]
    pub fn of(&self, object: Object) -> Option<usize> {
        let address = object.address();
        let bits = usize::from(self.plane.get(address, LOW))
            | usize::from(self.plane.get(address, HIGH)) << 1;
        bits.checked_sub(1)
    }
    /// Is it in `generation` or a younger one?
    #[inline(always)]
    pub fn is_member(&self, object: Object, generation: usize) -> bool {
        let index = self.plane.index(object.address());
        self.members(index >> 6, generation) >> (index & 63) & 1 != 0
    }
    /// Calls `visit` for each member of a collection of `generation` that `source`, a container, refers to, once for each reference, in
    /// its parts too. `ALL`: of the oldest generation.
    #[inline(always)]
    pub fn each_member<const ALL: bool>(
        &self,
        source: Object,
        generation: usize,
        mut visit: impl FnMut(Object),
    ) {
        let generation = if ALL { OLDEST } else { generation };
        for target in source.slots().filter_map(|slot| slot.as_object()) {
            let is_part = if self.is_in_cell(target) {
                if self.is_member(target, generation) {
                    visit(target);
                    continue;
                }
                self.plane.get(target.address(), PART)
            } else {
                target.format() == Format::Part
            };
            if is_part {
                let items = target.slots().filter_map(|item| item.as_object());
                items
                    .filter(|&item| self.is_in_cell(item) && self.is_member(item, generation))
                    .for_each(&mut visit);
            }
        }
    }
    /// Those of sixty-four granules that are in `generation` or a younger one.
    #[inline(always)]
    fn members(&self, group: usize, generation: usize) -> u64 {
        let (low, high) = (self.plane.word(group, LOW), self.plane.word(group, HIGH));
        match generation {
            0 => low & !high,
            1 => low ^ high,
            _ => low | high,
        }
    }

    /// Was the finalizer of this container queued?
    pub fn is_finalized(&self, object: Object) -> bool {
        self.plane.get(object.address(), FINALIZED)
    }
    /// It is now.
    pub fn set_finalized(&mut self, object: Object, model: &mut Model) {
        self.plane.set(object.address(), FINALIZED, Cause::Finalize, model);
    }

    /// The next group with members of a collection of `generation`, in address order.
    #[inline(always)]
    pub fn next(&self, walk: &mut Walk, generation: usize, cells: &Cells) -> Option<Group> {
        loop {
            let number = walk.group / GROUPS;
            if number >= cells.block_count() {
                return None;
            }
            // At the start of a block: is it worth a look?
            if walk.group.is_multiple_of(GROUPS) && generation < OLDEST {
                // SAFETY: as in `set_young`.
                let young = unsafe { *self.young_byte(number) };
                if young & (if generation == 0 { 1 } else { 3 }) == 0 {
                    walk.group += GROUPS;
                    continue;
                }
            }
            let Some(block) = cells.block(number) else {
                walk.group += GROUPS;
                continue;
            };
            let end = (number + 1) * GROUPS;
            while walk.group < end {
                let group = walk.group;
                walk.group += 1;
                let word = self.members(group, generation);
                if word != 0 {
                    let address = self.plane.address(group * 64);
                    return Some(Group { block, number: group, word, address });
                }
            }
        }
    }

    /// After a collection of `generation`: every member that is left is a generation older.
    pub fn promote(&mut self, generation: usize, cells: &Cells, model: &mut Model) {
        let mut walk = Walk::default();
        let mut last = usize::MAX;
        while let Some(Group { number, word, .. }) = self.next(&mut walk, generation, cells) {
            let (low, high) = (self.plane.word(number, LOW), self.plane.word(number, HIGH));
            let low = if generation == 0 { low & !word } else { low | word };
            self.plane.set_word(number, LOW, low, Cause::Age, model);
            self.plane.set_word(number, HIGH, high | word, Cause::Age, model);
            let block = number / GROUPS;
            if generation == 0 && block != last {
                // SAFETY: as in `set_young`.
                let young = unsafe { *self.young_byte(block) };
                self.set_young(block, young & !1 | 2, model);
                last = block;
            }
        }
        for block in 0..cells.block_count() {
            // SAFETY: as in `set_young`.
            let young = unsafe { *self.young_byte(block) };
            if young != 0 {
                self.set_young(block, if generation == 0 { young & !1 } else { 0 }, model);
            }
        }
    }

    /// How many containers there are, by generation.
    pub fn count(&self, cells: &Cells) -> [usize; OLDEST + 1] {
        let (mut counts, mut walk) = ([0; OLDEST + 1], Walk::default());
        while let Some(Group { number, .. }) = self.next(&mut walk, OLDEST, cells) {
            let (low, high) = (self.plane.word(number, LOW), self.plane.word(number, HIGH));
            for (count, word) in counts.iter_mut().zip([low & !high, high & !low, low & high]) {
                *count += word.count_ones() as usize;
            }
        }
        counts
    }

    /// What is wrong with the bits of `object`, which lives.
    pub fn complaint(&self, object: Object) -> Option<&'static str> {
        if !self.is_in_cell(object) {
            return None;
        }
        let is_container = object.format() == Format::Slots;
        match self.of(object) {
            _ if self.plane.get(object.address(), PART) != (object.format() == Format::Part) => {
                Some("is a part, and not known for one, or the other way round")
            }
            None if is_container => Some("is a container, but in no generation"),
            Some(_) if !is_container => Some("is no container, but in a generation"),
            Some(generation) if generation < OLDEST => {
                let block = (object.address() - self.base) / BLOCK;
                // SAFETY: as in `set_young`.
                let young = unsafe { *self.young_byte(block) };
                (young >> generation & 1 == 0)
                    .then_some("is young, but its block is not known for it")
            }
            _ => None,
        }
    }
}
