//! The software model of copied pages: which page shared at the fork was first written, and by what cause.
//!
//! The kernel knows *that* a page was copied; only the heap knows *why*. Whatever writes to a page of the heap notes
//! it here. While the model rests (in a process that was not forked) a note is one test of one byte.

use super::region::{Region, page_size};
use crate::heap::HeapError;

macro_rules! causes {
    ($($name:ident $text:literal $meaning:literal),+ $(,)?) => {
        /// Why a page was written.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u8)]
        pub enum Cause { $(#[doc = $meaning] $name),+ }

        /// Every cause, in the order of reports.
        pub const CAUSES: &[Cause] = &[$(Cause::$name),+];

        impl Cause {
            /// Its name in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Cause::$name => $text),+ }
            }
        }
    };
}

causes! {
    Count    "count"    "A reference was made or dropped.",
    Header   "header"   "List links and scratch counts of a collection.",
    Mark     "mark"     "A mark bit.",
    Age      "age"      "An age, a generation, a remembered set.",
    Store    "store"    "The program's own write.",
    Allocate "allocate" "A new object in a hole of a shared page.",
    Free     "free"     "A dead object: free-list links, sweeping.",
    Finalize "finalize" "Finalizers and weak references.",
    Exit     "exit"     "The end of the process.",
    Cache    "cache"    "An inline cache of the machine.",
    Stack    "stack"    "The machine's stack and globals.",
}

/// One region as the model sees it.
#[derive(Clone, Copy, Debug)]
struct Area {
    name: &'static str,
    start: usize,
    pages: usize,
    /// Where its bytes begin in the table.
    table: usize,
    shared: usize,
    copied: [usize; CAUSES.len()],
}

/// The byte of a page that is not shared: nothing to copy.
const PRIVATE: u8 = 0;
/// The byte of a page shared since the fork and not written yet.
const SHARED: u8 = 1;
/// The byte of a page first written by cause `c` is `FIRST + c`.
const FIRST: u8 = 2;

/// Bytes for the table: one for each page of all regions. Untouched parts cost nothing.
const TABLE_BYTES: usize = 256 << 20;

/// See the module.
#[derive(Debug)]
pub struct Model {
    active: bool,
    phase: Option<Cause>,
    shift: u32,
    table: Region,
    taken: usize,
    areas: Vec<Area>,
}

impl Model {
    /// A model at rest that knows no region yet.
    ///
    /// # Errors
    /// The address space for its table is refused.
    pub fn new() -> Result<Model, HeapError> {
        let table = Region::reserve("model", TABLE_BYTES)?;
        let areas = Vec::with_capacity(24);
        Ok(Model {
            active: false,
            phase: None,
            shift: page_size().trailing_zeros(),
            table,
            taken: 0,
            areas,
        })
    }

    /// From now on the pages of `region` (all that it may ever grow to) are accounted for under its name.
    pub fn watch(&mut self, region: &Region) {
        let pages = region.reserved() >> self.shift;
        let (name, start, table) = (region.name(), region.start(), self.taken);
        self.taken += pages;
        assert!(self.taken <= self.table.reserved(), "the model's table has room for every region");
        self.areas.push(Area { name, start, pages, table, shared: 0, copied: [0; CAUSES.len()] });
    }

    /// Is it recording?
    #[inline(always)]
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// While set, every write is put down to this cause (the end of the process, a finalizer).
    pub fn set_phase(&mut self, phase: Option<Cause>) {
        self.phase = phase;
    }

    /// Starts recording, in the child just after the fork: `extents` are the first addresses of watched regions and the
    /// ends of what is committed of them; `is_shared` says of each page of a region (name,
    /// address) whether it was present at the fork. `false`: there is no memory for the table.
    #[must_use]
    pub fn start(
        &mut self,
        extents: impl Iterator<Item = (usize, usize)>,
        is_shared: &mut dyn FnMut(&'static str, usize) -> bool,
    ) -> bool {
        self.stop();
        if !self.table.commit(self.taken) {
            return false;
        }
        for (start, end) in extents {
            let Some(area) = self.areas.iter().position(|area| area.start == start) else {
                continue;
            };
            let committed = (end - start) >> self.shift;
            let area = &mut self.areas[area];
            for page in 0..committed.min(area.pages) {
                if is_shared(area.name, area.start + (page << self.shift)) {
                    area.shared += 1;
                    // SAFETY: the table has a byte for each page of each area; committed above.
                    unsafe { *self.table.pointer::<u8>(area.table + page) = SHARED };
                }
            }
        }
        self.active = true;
        true
    }

    /// Stops recording and forgets what was recorded.
    pub fn stop(&mut self) {
        self.active = false;
        let committed = self.table.end() - self.table.start();
        self.table.discard(0, committed);
        for area in &mut self.areas {
            area.shared = 0;
            area.copied = [0; CAUSES.len()];
        }
    }

    /// The word at `address` is written because of `cause`.
    #[inline(always)]
    pub fn note(&mut self, address: usize, cause: Cause) {
        if self.active {
            self.record(address, cause);
        }
    }

    /// `bytes` bytes from `address` on are written because of `cause`.
    #[inline(always)]
    pub fn note_range(&mut self, address: usize, bytes: usize, cause: Cause) {
        if self.active {
            self.record_range(address, bytes, cause);
        }
    }

    #[cold]
    #[inline(never)]
    fn record_range(&mut self, address: usize, bytes: usize, cause: Cause) {
        let mut page = address >> self.shift;
        let last = (address + bytes.max(1) - 1) >> self.shift;
        while page <= last {
            self.record((page << self.shift).max(address), cause);
            page += 1;
        }
    }

    #[cold]
    #[inline(never)]
    fn record(&mut self, address: usize, cause: Cause) {
        let cause = self.phase.unwrap_or(cause);
        for area in &mut self.areas {
            let page = address.wrapping_sub(area.start) >> self.shift;
            if page < area.pages {
                let byte = self.table.pointer::<u8>(area.table + page);
                // SAFETY: the table has a byte for each page of each area; committed by `start`.
                unsafe {
                    if *byte == SHARED {
                        *byte = FIRST + cause as u8;
                        area.copied[cause as usize] += 1;
                    }
                }
                return;
            }
        }
    }

    /// The whole pages from `start` to `end` were given back to the kernel: what was copied there is no copy any more, and what is written
    /// there next is a first write again.
    pub fn give_back(&mut self, start: usize, end: usize) {
        if !self.active {
            return;
        }
        let found = |area: &&mut Area| start.wrapping_sub(area.start) >> self.shift < area.pages;
        let Some(area) = self.areas.iter_mut().find(found) else { return };
        let first = (start - area.start) >> self.shift;
        for page in first..((end - area.start) >> self.shift).min(area.pages) {
            let byte = self.table.pointer::<u8>(area.table + page);
            // SAFETY: as in `record`.
            unsafe {
                if *byte >= FIRST {
                    area.copied[(*byte - FIRST) as usize] -= 1;
                    *byte = SHARED;
                }
            }
        }
    }

    /// For each region: its name, the pages shared at the fork, and the pages first written, by cause.
    pub fn counts(
        &self,
    ) -> impl Iterator<Item = (&'static str, usize, [usize; CAUSES.len()])> + '_ {
        self.areas.iter().map(|area| (area.name, area.shared, area.copied))
    }

    /// The page at `address`: `None` if it was not shared at the fork, else who wrote it first, if anyone.
    pub fn first_cause(&self, address: usize) -> Option<Option<Cause>> {
        if !self.active {
            return None;
        }
        let area = self
            .areas
            .iter()
            .find(|area| address.wrapping_sub(area.start) >> self.shift < area.pages)?;
        let page = (address - area.start) >> self.shift;
        // SAFETY: as in `record`.
        match unsafe { *self.table.pointer::<u8>(area.table + page) } {
            PRIVATE => None,
            SHARED => Some(None),
            cause => Some(Some(CAUSES[(cause - FIRST) as usize])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_the_first_cause_of_each_shared_page_once() {
        let mut region = Region::reserve("test", 1 << 20).unwrap();
        assert!(region.commit(1 << 19));
        let mut model = Model::new().unwrap();
        model.watch(&region);
        model.note(region.start(), Cause::Store);
        assert_eq!(model.first_cause(region.start()), None);
        let page = page_size();
        let absent = region.start() + 3 * page;
        assert!(
            model.start([(region.start(), region.end())].into_iter(), &mut |_, address| address
                != absent)
        );
        model.note(region.start() + 5, Cause::Count);
        model.note(region.start() + 8, Cause::Mark);
        model.note_range(region.start() + 2 * page - 1, 3 * page, Cause::Allocate);
        model.note(region.limit() + page, Cause::Store);
        model.set_phase(Some(Cause::Exit));
        model.note(region.start() + 6 * page, Cause::Count);
        assert_eq!(model.first_cause(region.start()), Some(Some(Cause::Count)));
        assert_eq!(model.first_cause(absent), None);
        assert_eq!(model.first_cause(region.start() + 5 * page), Some(None));
        let (name, shared, copied) = model.counts().next().unwrap();
        assert_eq!((name, shared), ("test", (1 << 19) / page - 1));
        let of = |cause: Cause| copied[cause as usize];
        assert_eq!(
            [of(Cause::Count), of(Cause::Mark), of(Cause::Allocate), of(Cause::Exit)],
            [1, 0, 3, 1]
        );
        model.give_back(region.start(), region.start() + 3 * page);
        assert_eq!(model.first_cause(region.start()), Some(None), "given back");
        assert_eq!(model.first_cause(absent), None);
        assert_eq!(model.counts().next().unwrap().2.iter().sum::<usize>(), 2);
        model.set_phase(None);
        model.note(region.start(), Cause::Store);
        assert_eq!(
            model.counts().next().unwrap().2[Cause::Store as usize],
            1,
            "a first write again"
        );
        model.stop();
        assert!(!model.is_active());
        assert_eq!(model.counts().next().unwrap().1, 0);
    }
}
