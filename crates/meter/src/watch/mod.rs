//! Who writes to a page shared since a fork, caught in the act.
//!
//! In the child the pages that existed at the fork are protected from writing. The first write to each raises a signal;
//! its handler takes down the address, the time and what the caller's [`Capture`] knows (where the program is), takes the
//! protection off the page, and the write is tried again. So each page costs once, and nothing after that.
//!
//! Two means. *userfaultfd* protects page by page in the page table, raises SIGBUS, and does not split mappings.
//! Where the kernel refuses it, *mprotect* does: that raises SIGSEGV, and each page that is written between two that are not makes two
//! mappings more. As these become scarce, whole units are given free at a time, and the other pages of a unit go unseen.
//!
//! The kernel itself is not let through: a system call that writes to a protected page fails with EFAULT. So buffers of
//! system calls do not lie on watched pages, or are touched first.
//!
//! The handler runs on a stack of its own, allocates nothing, takes no lock; all its memory is reserved before the fork.

mod cost;
mod protection;
mod records;
mod signals;
mod stacks;

pub use protection::Means;
pub use records::Record;
pub use stacks::{Capture, STACK_WORDS};

use crate::entry::Entry;
use crate::error::last_errno;
use crate::proc_file::{Owner, ProcFile};
use crate::reserved::Words;
use crate::userfaultfd::Userfaultfd;
use crate::{MAX_REGIONS, Meter, MeterError, Region, page_size};
use protection::{SPARE_MAPPINGS, UNIT, make_read_only, make_writable, mappings_left};
use records::Records;
use signals::WATCH;
use stacks::Stacks;
use std::sync::atomic::Ordering;

/// The word of a page that is not watched; one protected; one written first by record `n` is `FIRST + n`.
const UNWATCHED: u64 = 0;
const PROTECTED: u64 = 1;
const FIRST: u64 = 2;

#[derive(Clone, Copy, Debug)]
struct Range {
    start: usize,
    end: usize,
    first_page: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Watch {
    capacity: usize,
    /// A word for each page: what is known of it.
    pages: Words,
    records: Records,
    stacks: Stacks,
    /// The handler's stack.
    alternate: Words,
    ranges: [Range; MAX_REGIONS],
    range_count: usize,
    fault: Option<Userfaultfd>,
    /// This process's page map, where it does not tell frames: what is written in place is known only at the time of the write.
    entries: Option<ProcFile>,
    /// The process that opened these two: another one that inherits them has no use for them.
    owner: u32,
    means: Means,
    /// Mappings that may still be made.
    mappings: usize,
    /// Pages given free without having been written, because mappings were scarce.
    unguarded: usize,
    capture: Capture,
    context: *const (),
    started: u64,
    page_shift: u32,
}

unsafe fn capture_nothing(_: *const (), _: &mut [u64]) -> (usize, u8) {
    (0, 0)
}

/// The time, in nanoseconds; may be called in a signal handler.
fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes the structure that is passed.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

impl Watch {
    /// Room for watching up to `max_pages` pages. It takes address space, and memory only as pages are written.
    ///
    /// # Errors
    /// There is no address space.
    pub fn reserve(max_pages: usize) -> Result<Box<Watch>, MeterError> {
        Ok(Box::new(Watch {
            capacity: max_pages,
            pages: Words::reserve(max_pages)?,
            records: Records::reserve(max_pages)?,
            stacks: Stacks::reserve()?,
            alternate: signals::reserve_stack()?,
            ranges: [Range { start: 0, end: 0, first_page: 0 }; MAX_REGIONS],
            range_count: 0,
            fault: None,
            entries: None,
            owner: 0,
            means: Means::Userfaultfd,
            mappings: 0,
            unguarded: 0,
            capture: capture_nothing,
            context: std::ptr::null(),
            started: now(),
            page_shift: page_size().trailing_zeros(),
        }))
    }

    /// Protects the pages of `regions` that existed at the fork, by the snapshot of `meter`, and takes down who writes to them
    /// first. To be called in the child as the first thing, and again in a process that has forked itself, whose pages are shared
    /// anew. `means`: only by this; `None`: by the best there is. Gives what it is done by.
    ///
    /// # Errors
    /// Neither can be had, or there are too many pages.
    ///
    /// # Safety
    /// This watch stays where it is, and `context` stays good for `capture`, until the process ends or [`Watch::stop`] is called;
    /// the process has one thread.
    pub unsafe fn start(
        &mut self,
        meter: &Meter,
        regions: &[Region],
        means: Option<Means>,
        capture: Capture,
        context: *const (),
    ) -> Result<Means, MeterError> {
        // In a child of a child the parent's descriptor is of no use; what mprotect did is inherited, and begins anew. In the parent the
        // descriptor goes on: the child may hold it still, and nobody else could register the same pages.
        if self.owner != std::process::id() {
            (self.fault, self.entries) = (None, None);
            self.owner = std::process::id();
        }
        if self.entries.is_none() && !meter.tells_frames() {
            self.entries = ProcFile::open(Owner::Own, "pagemap").ok().map(ProcFile::out_of_the_way);
        }
        if self.means == Means::Protection {
            for range in &self.ranges[..self.range_count] {
                make_writable(range.start, range.end);
            }
        }
        self.lay_out(meter, regions)?;
        (self.capture, self.context) = (capture, context);
        self.records.begin();
        WATCH.store(self, Ordering::Release);
        signals::catch(&mut self.alternate)?;
        self.means = Means::Userfaultfd;
        let opened = match means {
            Some(Means::Protection) => Err(MeterError::NoUserfaultfd { errno: libc::ENOSYS }),
            _ => self.fault.take().map_or_else(Userfaultfd::open, Ok).and_then(|fault| {
                self.fault = Some(fault);
                self.protect_all()
            }),
        };
        match opened {
            Ok(()) => {}
            Err(error) if means == Some(Means::Userfaultfd) => return Err(error),
            Err(_) => {
                self.fault = None;
                self.means = Means::Protection;
                self.mappings = mappings_left();
                self.protect_all()?;
            }
        }
        self.started = now();
        Ok(self.means)
    }

    /// Takes all protection off and forgets the watch for the handler; the records stay.
    pub fn stop(&mut self) {
        let serves =
            WATCH.compare_exchange(self, std::ptr::null_mut(), Ordering::AcqRel, Ordering::Relaxed);
        if serves.is_err() {
            return;
        }
        if self.means == Means::Protection {
            for range in &self.ranges[..self.range_count] {
                make_writable(range.start, range.end);
            }
        }
        (self.fault, self.entries) = (None, None);
        self.range_count = 0;
    }

    /// Notes which pages are to be watched.
    fn lay_out(&mut self, meter: &Meter, regions: &[Region]) -> Result<(), MeterError> {
        if regions.len() > MAX_REGIONS {
            return Err(MeterError::TooManyRegions(regions.len()));
        }
        let mut first_page = 0;
        self.range_count = 0;
        for region in regions {
            let pages = region.pages();
            if first_page + pages > self.capacity {
                let needed = first_page + pages;
                return Err(MeterError::TooManyPages { needed, reserved: self.capacity });
            }
            for page in 0..pages {
                let address = region.start + (page << self.page_shift);
                // Without a snapshot every page may have been there.
                let existed = meter.existed_at_fork(address).unwrap_or(true);
                let word = &mut self.pages[first_page + page];
                let wanted = if existed { PROTECTED } else { UNWATCHED };
                // Memory that reads zero is not taken for saying so.
                if *word != wanted {
                    *word = wanted;
                }
            }
            let range = Range { start: region.start, end: region.end, first_page };
            self.ranges[self.range_count] = range;
            self.range_count += 1;
            first_page += pages;
        }
        Ok(())
    }

    /// Protects every run of pages that are to be watched.
    fn protect_all(&mut self) -> Result<(), MeterError> {
        for index in 0..self.range_count {
            let Range { start, end, first_page } = self.ranges[index];
            if let Some(fault) = &self.fault {
                fault.register(start, end)?;
            }
            let pages = (end - start) >> self.page_shift;
            let is_watched = |page: usize| self.pages[first_page + page] == PROTECTED;
            let mut page = 0;
            while page < pages {
                if !is_watched(page) {
                    page += 1;
                    continue;
                }
                let first = page;
                page += 1;
                // To mprotect a few pages more are cheaper than a mapping more.
                let mut last = page;
                let gap = if self.fault.is_some() { 0 } else { 64 };
                while page < pages && (is_watched(page) || page < last + gap) {
                    page += 1;
                    if is_watched(page - 1) {
                        last = page;
                    }
                }
                let (from, to) =
                    (start + (first << self.page_shift), start + (last << self.page_shift));
                match &self.fault {
                    Some(fault) => fault.protect(from, to, true)?,
                    None => {
                        self.mappings = self.mappings.saturating_sub(2);
                        // SAFETY: pages of a region of the caller's; the handler makes them writable when they are written.
                        if !unsafe { make_read_only(from, to) } {
                            return Err(MeterError::NoProtection { errno: last_errno() });
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The number of the page at `address`, if it lies in a region that is watched.
    fn page_at(&self, address: usize) -> Option<usize> {
        let ranges = &self.ranges[..self.range_count];
        let range = ranges.iter().find(|range| range.start <= address && address < range.end)?;
        Some(range.first_page + ((address - range.start) >> self.page_shift))
    }

    /// A write to `address` was refused. `false`: not by us.
    fn meet(&mut self, address: usize) -> bool {
        let Some(page) = self.page_at(address) else { return false };
        let start = address >> self.page_shift << self.page_shift;
        if self.pages[page] == PROTECTED {
            let nanoseconds = now() - self.started;
            // SAFETY: `start`'s caller promised that it may be called.
            let (stack, tag) = unsafe { self.stacks.take_down(self.capture, self.context) };
            let in_place = self.is_alone_with(address);
            let record = Record { address, nanoseconds, stack, tag, given_back: false, in_place };
            if let Some(number) = self.records.push(record) {
                self.pages[page] = FIRST + number as u64;
            }
        }
        self.release(start)
    }

    /// Has nobody else the page at `address`, as far as it is asked?
    fn is_alone_with(&self, address: usize) -> bool {
        let mut word = [0];
        self.entries.as_ref().is_some_and(|entries| {
            let read = entries.read_words_at(&mut word, address >> self.page_shift);
            read.is_ok() && Entry(word[0]).is_exclusive()
        })
    }

    /// Takes the protection off the page at `start`, or off more where mappings are scarce.
    fn release(&mut self, start: usize) -> bool {
        let page_bytes = 1 << self.page_shift;
        if let Some(fault) = &self.fault {
            return fault.protect(start, start + page_bytes, false).is_ok();
        }
        let Some(range) = self.ranges[..self.range_count]
            .iter()
            .find(|range| range.start <= start && start < range.end)
            .copied()
        else {
            return false;
        };
        let mut extent = (start, start + page_bytes);
        if self.mappings < SPARE_MAPPINGS {
            let unit = start / UNIT * UNIT;
            extent = (unit.max(range.start), (unit + UNIT).min(range.end));
        }
        self.mappings = self.mappings.saturating_sub(2);
        // No mapping left: the region is one again.
        if !make_writable(extent.0, extent.1) {
            extent = (range.start, range.end);
            if !make_writable(extent.0, extent.1) {
                return false;
            }
        }
        let first = range.first_page + ((extent.0 - range.start) >> self.page_shift);
        for page in first..first + ((extent.1 - extent.0) >> self.page_shift) {
            if self.pages[page] == PROTECTED {
                self.pages[page] = UNWATCHED;
                self.unguarded += 1;
            }
        }
        true
    }

    /// The words of a stack, as the capture wrote them; none of stack 0.
    pub fn stack(&self, number: u32) -> &[u64] {
        self.stacks.get(number)
    }

    /// The first writes since the last fork, in their order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record> + '_ {
        self.records.each()
    }

    /// Was a first write to the page at `address` taken down?
    pub fn has_record(&self, address: usize) -> bool {
        self.page_at(address).is_some_and(|page| self.pages[page] >= FIRST)
    }

    /// Is the page at `address` still protected by mprotect, so that nobody has written to it? Of userfaultfd the kernel itself says so
    /// ([`Entry::is_protected`]).
    pub fn forbids(&self, address: usize) -> bool {
        let protected = |page| self.pages[page] == PROTECTED;
        self.means == Means::Protection && self.page_at(address).is_some_and(protected)
    }

    /// By what pages are protected.
    pub fn means(&self) -> Means {
        self.means
    }

    /// Pages that could be written unseen, because there were no mappings left to protect them singly.
    pub fn unguarded(&self) -> usize {
        self.unguarded
    }

    /// The pages between two addresses were given back to the kernel: what was copied there is no copy any more, and what is written
    /// there next is a first write again.
    fn forget(&mut self, start: usize, end: usize) {
        let mut address = start;
        while address < end {
            if let Some(page) = self.page_at(address) {
                if self.pages[page] >= FIRST {
                    let record = (self.pages[page] - FIRST) as usize;
                    self.records.mark_given_back(record);
                    self.pages[page] = PROTECTED;
                }
                let until = address + (1 << self.page_shift);
                if self.pages[page] == PROTECTED {
                    let again = match &self.fault {
                        Some(fault) if fault.protects_absent => {
                            fault.protect(address, until, true).is_ok()
                        }
                        Some(_) => false,
                        // SAFETY: as in `protect_all`.
                        None => unsafe { make_read_only(address, until) },
                    };
                    if !again {
                        self.pages[page] = UNWATCHED;
                    }
                }
            }
            address += 1 << self.page_shift;
        }
    }

    /// Tells the watch, if there is one, that whole pages were given back to the kernel.
    pub fn given_back(start: usize, length: usize) {
        let watch = WATCH.load(Ordering::Acquire);
        if !watch.is_null() {
            // SAFETY: a watch that was started stays where it is until it is stopped, and this thread is the only one; nobody else
            // borrows it, since whoever gives memory back is the program at work and not who reads the records.
            unsafe { (*watch).forget(start, start + length) };
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop();
    }
}
