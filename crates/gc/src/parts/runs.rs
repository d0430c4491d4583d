//! Runs of pages: large objects, best fit, free neighbours joined.
//!
//! The bookkeeping lies in a table beside the runs, three words of 32 bits for each page: what run begins or ends here,
//! and its neighbours in the list of free runs of about its length. A long run that is freed rests for a while before the kernel gets
//! its pages back: whoever drops a large list often makes another one.

use super::model::{Cause, Model};
use super::quarantine::{Extent, Quarantine};
use super::region::Region;
use crate::heap::HeapError;
use std::ops::Range;

/// Runs are made of pages of this size, whatever the machine's is.
pub const PAGE: usize = 4096;
const PAGE_SHIFT: u32 = PAGE.trailing_zeros();
/// Freed runs longer than this many pages are given back to the kernel, sooner or later.
const GIVE_BACK: usize = 16;
/// So many pages may rest before that: these, or half of what is in use if that is more. 32 MiB, as much as the C library keeps.
const RESTING: usize = if cfg!(miri) { 64 } else { (32 << 20) / PAGE };
/// And in so many pieces.
const RESTING_PIECES: usize = 64;
/// Lists of free runs: one for each length up to 32 pages, then four to a doubling.
const LISTS: usize = 32 + 4 * 24;
const NONE: u32 = u32::MAX;

/// What the table says of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
enum State {
    Inner = 0,
    Free = 1,
    Used = 2,
}

#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Entry {
    /// On the first and the last page of a run: pages << 2 | state. Anything on the others.
    tag: u32,
    /// On the first page of a free run: the neighbours in its list.
    next: u32,
    previous: u32,
}

impl Entry {
    fn new(pages: usize, state: State) -> Entry {
        Entry { tag: (pages as u32) << 2 | state as u32, next: NONE, previous: NONE }
    }
    fn pages(self) -> usize {
        (self.tag >> 2) as usize
    }
    fn is(self, state: State) -> bool {
        self.tag & 3 == state as u32
    }
}

/// See the module.
#[derive(Debug)]
pub struct Runs {
    region: Region,
    table: Region,
    /// Pages from the start on that belong to some run.
    top: usize,
    /// No run begins below this page while sealed.
    floor: usize,
    lists: [u32; LISTS],
    used: usize,
    /// Pages of free runs that have not been given back yet, and how many they are.
    resting: Vec<Range<usize>>,
    resting_pages: usize,
    /// This process has forked: what it gives back, it gives back at once, so that nobody shares it.
    has_forked: bool,
    /// Under a zeal mode: what was freed.
    quarantine: Option<Box<Quarantine>>,
}

/// The list for free runs of `pages`.
fn list_of(pages: usize) -> usize {
    if pages <= 32 {
        return pages - 1;
    }
    let log = pages.ilog2();
    (28 + 4 * (log - 4) as usize + (pages >> (log - 2) & 3)).min(LISTS - 1)
}

impl Runs {
    /// No runs yet, in `region`.
    ///
    /// # Errors
    /// The address space for the table is refused.
    pub fn new(region: Region) -> Result<Runs, HeapError> {
        let table =
            Region::reserve("runs", (region.reserved() >> PAGE_SHIFT) * size_of::<Entry>())?;
        Ok(Runs {
            region,
            table,
            top: 0,
            floor: 0,
            lists: [NONE; LISTS],
            used: 0,
            resting: Vec::new(),
            resting_pages: 0,
            has_forked: false,
            quarantine: None,
        })
    }
    /// The region of the runs.
    #[inline(always)]
    pub fn region(&self) -> &Region {
        &self.region
    }
    /// The region of the table.
    pub fn table(&self) -> &Region {
        &self.table
    }
    /// Bytes in runs that are in use.
    pub fn bytes(&self) -> usize {
        self.used << PAGE_SHIFT
    }
    /// All runs lie below this address.
    pub fn frontier(&self) -> usize {
        self.region.start() + (self.top << PAGE_SHIFT)
    }

    fn entry(&self, page: usize) -> Entry {
        // SAFETY: the table is committed up to `top`.
        unsafe { *self.table.pointer::<Entry>(page * size_of::<Entry>()) }
    }
    fn set(&mut self, page: usize, entry: Entry, model: &mut Model) {
        let at = self.table.pointer::<Entry>(page * size_of::<Entry>());
        // SAFETY: as above.
        unsafe { *at = entry };
        model.note_range(at.addr(), size_of::<Entry>(), Cause::Allocate);
    }
    /// Tags both ends of a run.
    fn tag(&mut self, page: usize, pages: usize, state: State, model: &mut Model) {
        self.set(page, Entry::new(pages, state), model);
        if pages > 1 {
            self.set(page + pages - 1, Entry::new(pages, state), model);
        }
    }

    fn insert(&mut self, page: usize, pages: usize, model: &mut Model) {
        self.tag(page, pages, State::Free, model);
        let list = list_of(pages);
        let next = self.lists[list];
        self.set(page, Entry { next, ..self.entry(page) }, model);
        if next != NONE {
            self.set(
                next as usize,
                Entry { previous: page as u32, ..self.entry(next as usize) },
                model,
            );
        }
        self.lists[list] = page as u32;
    }

    fn remove(&mut self, page: usize, model: &mut Model) {
        let Entry { next, previous, .. } = self.entry(page);
        if next != NONE {
            self.set(next as usize, Entry { previous, ..self.entry(next as usize) }, model);
        }
        if previous != NONE {
            self.set(previous as usize, Entry { next, ..self.entry(previous as usize) }, model);
        } else {
            self.lists[list_of(self.entry(page).pages())] = next;
        }
    }

    /// The shortest free run of at least `pages`: of its own length's list, else of the next that has any.
    fn best(&self, pages: usize) -> Option<usize> {
        for list in list_of(pages)..LISTS {
            let (mut best, mut best_pages) = (None, usize::MAX);
            let mut page = self.lists[list];
            while page != NONE {
                let entry = self.entry(page as usize);
                if (pages..best_pages).contains(&entry.pages()) {
                    (best, best_pages) = (Some(page as usize), entry.pages());
                }
                page = entry.next;
            }
            if best.is_some() {
                return best;
            }
        }
        None
    }

    /// How many pages `bytes` take.
    #[inline]
    pub fn pages_of(bytes: usize) -> usize {
        bytes.div_ceil(PAGE)
    }

    /// A run of `pages`: its first address. `None`: no more memory.
    pub fn allocate(&mut self, pages: usize, model: &mut Model) -> Option<usize> {
        let page = match self.best(pages) {
            Some(page) => {
                let found = self.entry(page).pages();
                self.remove(page, model);
                if found > pages {
                    self.insert(page + pages, found - pages, model);
                }
                page
            }
            None => {
                // A free run at the very end is extended.
                let last = self.top > self.floor && self.entry(self.top - 1).is(State::Free);
                let page = self.top - if last { self.entry(self.top - 1).pages() } else { 0 };
                let top = page
                    .checked_add(pages)
                    .filter(|&top| top <= self.region.reserved() >> PAGE_SHIFT)?;
                if !self.region.commit(top << PAGE_SHIFT)
                    || !self.table.commit(top * size_of::<Entry>())
                {
                    return None;
                }
                if last {
                    self.remove(page, model);
                }
                self.top = top;
                page
            }
        };
        self.tag(page, pages, State::Used, model);
        self.used += pages;
        let rested = self.wake(page..page + pages);
        if pages > GIVE_BACK && rested < pages {
            // Most of its pages were given back, or never used; and whoever asked for them is about to write them all.
            self.region.populate(page << PAGE_SHIFT, (page + pages) << PAGE_SHIFT);
        }
        Some(self.region.start() + (page << PAGE_SHIFT))
    }

    /// Takes the run at `address` back, joins it with free neighbours, and lets its pages rest until the kernel gets them, if there are many.
    pub fn free(&mut self, address: usize, model: &mut Model) {
        let page = (address - self.region.start()) >> PAGE_SHIFT;
        let pages = self.entry(page).pages();
        debug_assert!(self.entry(page).is(State::Used));
        self.used -= pages;
        let Some(quarantine) = &mut self.quarantine else {
            return self.release(page, pages, model);
        };
        quarantine.enter(Extent { start: address, bytes: pages << PAGE_SHIFT });
        self.tag(page, pages, State::Inner, model);
        self.discharge(false, model);
    }

    /// What has been in quarantine long enough, or all of it, may be used again.
    pub fn discharge(&mut self, all: bool, model: &mut Model) {
        while let Some(extent) = self.quarantine.as_mut().and_then(|waiting| waiting.leave(all)) {
            let page = (extent.start - self.region.start()) >> PAGE_SHIFT;
            self.release(page, extent.bytes >> PAGE_SHIFT, model);
        }
    }

    /// From now on what is freed goes through this.
    pub fn set_quarantine(&mut self, quarantine: Option<Box<Quarantine>>) {
        self.quarantine = quarantine;
    }
    /// See [`Quarantine`].
    pub fn quarantine(&self) -> Option<&Quarantine> {
        self.quarantine.as_deref()
    }

    /// Puts a run that nobody uses on the list of its length, or out of use if it is sealed.
    fn release(&mut self, mut page: usize, mut pages: usize, model: &mut Model) {
        if pages > GIVE_BACK {
            self.resting.push(page..page + pages);
            self.resting_pages += pages;
            if self.has_forked
                || self.resting.len() > RESTING_PIECES
                || self.resting_pages > RESTING.max(self.used / 2)
            {
                self.give_back_resting(model);
            }
        }
        if page < self.floor {
            // Sealed: nobody is to use it again, so it is in no list and joins nobody.
            self.tag(page, pages, State::Inner, model);
            return;
        }
        let after = page + pages;
        if after < self.top && self.entry(after).is(State::Free) {
            pages += self.entry(after).pages();
            self.remove(after, model);
        }
        if page > self.floor && self.entry(page - 1).is(State::Free) {
            let before = self.entry(page - 1).pages();
            page -= before;
            pages += before;
            self.remove(page, model);
        }
        self.insert(page, pages, model);
    }

    /// Some pages are about to be used again. Gives how many of them still have their memory.
    fn wake(&mut self, pages: Range<usize>) -> usize {
        let (mut woken, mut at) = (0, 0);
        while let Some(piece) = self.resting.get(at).cloned() {
            let both = piece.start.max(pages.start)..piece.end.min(pages.end);
            if both.is_empty() {
                at += 1;
                continue;
            }
            woken += both.len();
            self.resting.swap_remove(at);
            let rest = [piece.start..both.start, both.end..piece.end];
            self.resting.extend(rest.into_iter().filter(|piece| !piece.is_empty()));
        }
        self.resting_pages -= woken;
        woken
    }

    /// Gives the pages that rest back to the kernel.
    pub fn give_back_resting(&mut self, model: &mut Model) {
        self.resting_pages = 0;
        for piece in self.resting.drain(..) {
            let (from, to) = (piece.start << PAGE_SHIFT, piece.end << PAGE_SHIFT);
            self.region.discard(from, to);
            model.give_back(self.region.start() + from, self.region.start() + to);
        }
    }

    /// Before the first fork: nothing rests any more, now or later.
    pub fn before_fork(&mut self, model: &mut Model) {
        self.give_back_resting(model);
        self.has_forked = true;
    }

    /// Overwrites every word of the run at `address`, whose object is dead or has moved.
    pub fn poison(&mut self, address: usize, poison: u64) {
        let pages = self.entry((address - self.region.start()) >> PAGE_SHIFT).pages();
        for word in (address..address + (pages << PAGE_SHIFT)).step_by(8) {
            // SAFETY: the run is committed, and nobody reads it before it is handed out again.
            unsafe { *std::ptr::with_exposed_provenance_mut::<u64>(word) = poison };
        }
    }

    /// No run below the [`Runs::frontier`] is handed out from now on, until [`Runs::unseal`].
    pub fn seal(&mut self) {
        self.floor = self.top;
        self.lists = [NONE; LISTS];
    }

    /// What was sealed may be handed out again.
    pub fn unseal(&mut self, model: &mut Model) {
        // Whatever is not in use is free from here on, what was in quarantine with it.
        self.discharge(true, model);
        self.floor = 0;
        self.lists = [NONE; LISTS];
        let mut page = 0;
        while page < self.top {
            let (first, mut pages) = (page, 0);
            while page < self.top && !self.entry(page).is(State::Used) {
                pages += self.entry(page).pages();
                page = first + pages;
            }
            if pages > 0 {
                self.insert(first, pages, model);
            } else {
                page += self.entry(page).pages();
            }
        }
    }

    /// No run is in use any more: all pages are given back, and it is as if there had been none.
    pub fn clear(&mut self) {
        if let Some(quarantine) = &mut self.quarantine {
            while quarantine.leave(true).is_some() {}
        }
        (self.top, self.floor, self.used, self.lists) = (0, 0, 0, [NONE; LISTS]);
        self.resting.clear();
        self.resting_pages = 0;
        for region in [&mut self.region, &mut self.table] {
            region.discard(0, region.end() - region.start());
        }
    }

    /// The first address of every run in use, in order.
    pub fn each_run(&self, visit: &mut dyn FnMut(usize)) {
        let mut page = 0;
        while page < self.top {
            let entry = self.entry(page);
            if entry.is(State::Used) {
                visit(self.region.start() + (page << PAGE_SHIFT));
            }
            page += entry.pages();
        }
    }

    /// The first run in use from `address` on, which is where some run begins. Whoever gives runs back on the way asks for the
    /// next one first: a run that is given back is joined with its neighbours.
    pub fn next_run(&self, address: usize) -> Option<Range<usize>> {
        let mut page = (address - self.region.start()) >> PAGE_SHIFT;
        while page < self.top {
            let start = self.region.start() + (page << PAGE_SHIFT);
            let entry = self.entry(page);
            page += entry.pages();
            if entry.is(State::Used) {
                return Some(start..self.region.start() + (page << PAGE_SHIFT));
            }
        }
        None
    }

    /// The run in use that has `address` on its first page.
    pub fn run_at(&self, address: usize) -> Option<Range<usize>> {
        let page = address.wrapping_sub(self.region.start()) >> PAGE_SHIFT;
        if page >= self.top || !self.entry(page).is(State::Used) {
            return None;
        }
        let start = self.region.start() + (page << PAGE_SHIFT);
        Some(start..start + (self.entry(page).pages() << PAGE_SHIFT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs() -> (Runs, Model) {
        (Runs::new(Region::reserve("buffers", 1 << 30).unwrap()).unwrap(), Model::new().unwrap())
    }
    fn resting(runs: &Runs) -> Vec<(usize, usize)> {
        runs.resting.iter().map(|piece| (piece.start, piece.end)).collect()
    }
    fn listed(runs: &Runs) -> Vec<usize> {
        let mut list = Vec::new();
        runs.each_run(&mut |start| list.push((start - runs.region.start()) / PAGE));
        list
    }

    #[test]
    fn lists_are_ordered_by_length() {
        let mut last = 0;
        for pages in 1..if cfg!(miri) { 1 << 10 } else { 1 << 20 } {
            let list = list_of(pages);
            assert!(list == last || list == last + 1, "{pages} pages");
            last = list;
        }
        assert!(last < LISTS);
    }

    #[test]
    fn fits_best_and_joins_neighbours() {
        let (mut runs, mut model) = runs();
        let model = &mut model;
        let [a, b, c, d, e] = [3, 5, 40, 4, 2].map(|pages| runs.allocate(pages, model).unwrap());
        assert_eq!((listed(&runs), runs.bytes()), (vec![0, 3, 8, 48, 52], 54 * PAGE));
        runs.free(b, model);
        runs.free(d, model);
        assert_eq!(runs.allocate(4, model), Some(d));
        assert_eq!(runs.allocate(2, model), Some(b));
        runs.free(a, model);
        runs.free(b, model);
        assert_eq!(runs.allocate(8, model), Some(a));
        runs.free(c, model);
        assert_eq!(resting(&runs), [(8, 48)]);
        for run in [d, e, a] {
            runs.free(run, model);
        }
        assert_eq!((listed(&runs), runs.bytes()), (vec![], 0));
        assert_eq!(runs.allocate(54, model), Some(a));
    }

    #[test]
    fn long_runs_rest_before_the_kernel_gets_them() {
        let (mut runs, mut model) = runs();
        let model = &mut model;
        let word = |address: usize| std::ptr::with_exposed_provenance_mut::<u64>(address);
        let [a, b, c] = [40, RESTING, 20].map(|pages| runs.allocate(pages, model).unwrap());
        // SAFETY: all three are handed out, and their region stays.
        unsafe {
            *word(a) = 1;
            *word(c) = 3;
            runs.free(a, model);
            assert_eq!((resting(&runs), *word(a)), (vec![(0, 40)], 1));
            // Part of what rests is woken.
            assert_eq!(runs.allocate(30, model), Some(a));
            assert_eq!((resting(&runs), runs.resting_pages), (vec![(30, 40)], 10));
            // More than may rest.
            runs.free(b, model);
            assert_eq!((runs.resting.len(), runs.resting_pages, *word(a)), (0, 0, 1));
            runs.free(a, model);
            runs.before_fork(model);
            assert_eq!((runs.resting.len(), *word(a)), (0, 0));
            runs.free(c, model);
            assert_eq!((runs.resting.len(), *word(c)), (0, 0));
        }
    }

    #[test]
    fn sealed_runs_rest_until_unsealed() {
        let (mut runs, mut model) = runs();
        let model = &mut model;
        let [a, b, c] = [2, 3, 4].map(|pages| runs.allocate(pages, model).unwrap());
        runs.free(a, model);
        runs.seal();
        let d = runs.allocate(2, model).unwrap();
        assert!(d > c);
        runs.free(c, model);
        runs.free(d, model);
        assert_eq!(runs.allocate(4, model), Some(d));
        assert_eq!(listed(&runs), [2, 9]);
        runs.unseal(model);
        assert_eq!(runs.allocate(2, model), Some(a));
        assert_eq!(runs.allocate(4, model), Some(c));
        assert_eq!(runs.run_at(b + 8), Some(b..b + 3 * PAGE));
    }

    #[test]
    fn random_runs_never_overlap() {
        let (mut runs, mut model) = runs();
        let mut held: Vec<(usize, usize)> = Vec::new();
        let mut state = 7_u64;
        for _ in 0..if cfg!(miri) { 200 } else { 20_000 } {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let random = (state >> 33) as usize;
            if held.len() > 60 || (random.is_multiple_of(3) && !held.is_empty()) {
                let (start, _) = held.swap_remove(random % held.len());
                runs.free(start, &mut model);
            } else {
                // A region is small there.
                let pages = 1 + random % if cfg!(miri) { 9 } else { 90 };
                let start = runs.allocate(pages, &mut model).unwrap();
                let end = start + pages * PAGE;
                assert!(held.iter().all(|&(s, p)| end <= s || s + p * PAGE <= start));
                held.push((start, pages));
            }
        }
        let total: usize = held.iter().map(|&(_, pages)| pages).sum();
        assert_eq!(runs.bytes(), total * PAGE);
        assert!(runs.frontier() - runs.region.start() < 4 * 60 * 90 * PAGE);
    }
}
