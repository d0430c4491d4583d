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

use crate::error::last_errno;
use crate::reserved::Words;
use crate::userfaultfd::Userfaultfd;
use crate::{MAX_REGIONS, Meter, MeterError, Region, page_size};
use libc::{c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

/// How pages are protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Means {
    /// userfaultfd, page by page.
    Userfaultfd,
    /// mprotect, page by page as long as there are mappings left.
    Protection,
}

impl Means {
    /// The names, in order.
    pub const NAMES: [&'static str; 2] = ["userfaultfd", "mprotect"];
    /// Its name.
    pub fn name(self) -> &'static str {
        Means::NAMES[self as usize]
    }
    /// The one of this name.
    pub fn named(name: &str) -> Option<Means> {
        [Means::Userfaultfd, Means::Protection].into_iter().find(|means| means.name() == name)
    }
}

/// Words that a [`Capture`] may fill.
pub const STACK_WORDS: usize = 512;

/// Tells the handler where the program is: writes up to [`STACK_WORDS`] words, whose meaning is the caller's, and gives their number
/// and a byte of the caller's. It runs in a signal handler: it may read memory, and nothing else.
pub type Capture = unsafe fn(context: *const (), into: &mut [u64]) -> (usize, u8);

/// A first write to a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The address that was written.
    pub address: usize,
    /// When, in nanoseconds since the watch was started.
    pub nanoseconds: u64,
    /// The number of the stack, for [`Watch::stack`].
    pub stack: u32,
    /// The byte that the [`Capture`] gave.
    pub tag: u8,
    /// The page was given back to the kernel since: it is no copy any more.
    pub given_back: bool,
}

/// Words of a record: address, time, then stack, tag and flag in one.
const RECORD_WORDS: usize = 3;
const GIVEN_BACK: u64 = 1 << 40;

/// The word of a page that is not watched; one protected; one written first by record `n` is `FIRST + n`.
const UNWATCHED: u64 = 0;
const PROTECTED: u64 = 1;
const FIRST: u64 = 2;

/// Places in the table of stacks by hash, a power of two, and words for the stacks.
const STACK_PLACES: usize = 1 << 17;
const STACK_TEXT: usize = 1 << 24;
/// Bytes of the handler's stack: the signal frame with all vector registers, and the capture.
const ALTERNATE_STACK: usize = 128 << 10;
/// Mappings that are left to others.
const SPARE_MAPPINGS: usize = 4096;
/// Bytes that are given free at once when mappings are scarce.
const UNIT: usize = 64 << 10;

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
    records: Words,
    count: usize,
    /// Records before this one are of an earlier fork.
    since: usize,
    stacks: Words,
    stack_words: usize,
    places: Words,
    buffer: Words,
    alternate: Words,
    ranges: [Range; MAX_REGIONS],
    range_count: usize,
    fault: Option<Userfaultfd>,
    /// The process that `fault` was opened by: another one that inherits it has no use for it.
    owner: u32,
    means: Means,
    /// Mappings that may still be made.
    mappings: usize,
    /// Pages given free without having been written, because mappings were scarce.
    unguarded: usize,
    capture: Capture,
    context: *const (),
    started: u64,
    spent: u64,
    page_shift: u32,
}

/// The watch that the signal handler serves.
static WATCH: AtomicPtr<Watch> = AtomicPtr::new(std::ptr::null_mut());
/// What was to be done on these signals before.
static mut FORMER: [Option<libc::sigaction>; 2] = [None, None];
const SIGNALS: [c_int; 2] = [libc::SIGBUS, libc::SIGSEGV];

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
            records: Words::reserve(max_pages * RECORD_WORDS)?,
            count: 0,
            since: 0,
            stacks: Words::reserve(STACK_TEXT)?,
            stack_words: 0,
            places: Words::reserve(STACK_PLACES)?,
            buffer: Words::reserve(STACK_WORDS)?,
            alternate: Words::reserve(ALTERNATE_STACK / size_of::<u64>())?,
            ranges: [Range { start: 0, end: 0, first_page: 0 }; MAX_REGIONS],
            range_count: 0,
            fault: None,
            owner: 0,
            means: Means::Userfaultfd,
            mappings: 0,
            unguarded: 0,
            capture: capture_nothing,
            context: std::ptr::null(),
            started: now(),
            spent: 0,
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
            self.fault = None;
        }
        if self.means == Means::Protection {
            for range in &self.ranges[..self.range_count] {
                make_writable(range.start, range.end);
            }
        }
        self.lay_out(meter, regions)?;
        (self.capture, self.context) = (capture, context);
        self.since = self.count;
        WATCH.store(self, Ordering::Release);
        self.catch_signals()?;
        self.means = Means::Userfaultfd;
        let opened = match means {
            Some(Means::Protection) => Err(MeterError::NoUserfaultfd { errno: libc::ENOSYS }),
            _ => self.fault.take().map_or_else(Userfaultfd::open, Ok).and_then(|fault| {
                self.owner = std::process::id();
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
        self.fault = None;
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
                        if unsafe { protection(from, to, libc::PROT_READ) } != 0 {
                            return Err(MeterError::NoProtection { errno: last_errno() });
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn catch_signals(&mut self) -> Result<(), MeterError> {
        let stack = libc::stack_t {
            ss_sp: self.alternate.as_mut_ptr().cast(),
            ss_flags: 0,
            ss_size: ALTERNATE_STACK,
        };
        // SAFETY: the memory is reserved for this and nothing else. The handler is a function of this type; the former actions are
        // written here only, in a process with one thread.
        unsafe {
            libc::sigaltstack(&raw const stack, std::ptr::null_mut());
            for (index, &signal) in SIGNALS.iter().enumerate() {
                let mut action: libc::sigaction = std::mem::zeroed();
                let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = on_fault;
                action.sa_sigaction = handler as usize;
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
                libc::sigfillset(&raw mut action.sa_mask);
                let mut former: libc::sigaction = std::mem::zeroed();
                if libc::sigaction(signal, &raw const action, &raw mut former) != 0 {
                    return Err(MeterError::NoProtection { errno: last_errno() });
                }
                if former.sa_sigaction != handler as usize {
                    FORMER[index] = Some(former);
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
        let begun = now();
        let Some(page) = self.page_at(address) else { return false };
        let start = address >> self.page_shift << self.page_shift;
        if self.pages[page] == PROTECTED {
            let (stack, tag) = self.take_down_stack();
            let at = self.count * RECORD_WORDS;
            if at + RECORD_WORDS <= self.records.len() {
                self.records[at] = address as u64;
                self.records[at + 1] = begun - self.started;
                self.records[at + 2] = u64::from(stack) | u64::from(tag) << 32;
                self.pages[page] = FIRST + self.count as u64;
                self.count += 1;
            }
        }
        let freed = self.release(start);
        self.spent += now() - begun;
        freed
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

    /// The number of the stack that the program is in, and its tag. Equal stacks have one number.
    fn take_down_stack(&mut self) -> (u32, u8) {
        // SAFETY: `start`'s caller promised that it may be called.
        let (length, tag) = unsafe { (self.capture)(self.context, &mut self.buffer) };
        let length = length.min(self.buffer.len());
        let mut hash = length as u64;
        for word in &self.buffer[..length] {
            hash = (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
        }
        let mut place = hash as usize % STACK_PLACES;
        for _ in 0..STACK_PLACES {
            let number = self.places[place] as usize;
            if number == 0 {
                break;
            }
            if self.stack(number as u32) == &self.buffer[..length] {
                return (number as u32, tag);
            }
            place = (place + 1) % STACK_PLACES;
        }
        // Number 0 is "not known": so are stacks for which there is no room any more.
        let number = self.stack_words + 1;
        if self.places[place] != 0 || number + length >= self.stacks.len() {
            return (0, tag);
        }
        self.stacks[number - 1] = length as u64;
        for index in 0..length {
            self.stacks[number + index] = self.buffer[index];
        }
        self.stack_words += length + 1;
        self.places[place] = number as u64;
        (number as u32, tag)
    }

    /// The words of a stack, as the capture wrote them; none of stack 0.
    pub fn stack(&self, number: u32) -> &[u64] {
        if number == 0 {
            return &[];
        }
        let number = number as usize;
        let length = self.stacks[number - 1] as usize;
        &self.stacks[number..number + length]
    }

    /// The first writes since the last fork, in their order.
    pub fn records(&self) -> impl ExactSizeIterator<Item = Record> + '_ {
        (self.since..self.count).map(|number| {
            let at = number * RECORD_WORDS;
            let last = self.records[at + 2];
            Record {
                address: self.records[at] as usize,
                nanoseconds: self.records[at + 1],
                stack: last as u32,
                tag: (last >> 32) as u8,
                given_back: last & GIVEN_BACK != 0,
            }
        })
    }

    /// Was a first write to the page at `address` taken down?
    pub fn has_record(&self, address: usize) -> bool {
        self.page_at(address).is_some_and(|page| self.pages[page] >= FIRST)
    }

    /// By what pages are protected.
    pub fn means(&self) -> Means {
        self.means
    }

    /// Pages that could be written unseen, because there were no mappings left to protect them singly.
    pub fn unguarded(&self) -> usize {
        self.unguarded
    }

    /// Nanoseconds spent in the handler so far; the way there and back comes on top.
    pub fn spent(&self) -> u64 {
        self.spent
    }

    /// Nanoseconds since the start.
    pub fn elapsed(&self) -> u64 {
        now() - self.started
    }

    /// What a first write costs more under this watch than without it, in nanoseconds: the middle one of writes to pages made for this.
    /// To be called while the watch is on.
    ///
    /// # Errors
    /// There is no memory, or the kernel refuses the protection.
    pub fn measure_cost(&mut self) -> Result<u64, MeterError> {
        const PAGES: usize = 96;
        let (count, range_count, spent) = (self.count, self.range_count, self.spent);
        let first_page = match self.ranges[..range_count].last() {
            Some(range) => range.first_page + ((range.end - range.start) >> self.page_shift),
            None => return Err(MeterError::NoSnapshot),
        };
        if first_page + PAGES > self.capacity || range_count == MAX_REGIONS {
            return Err(MeterError::TooManyPages { needed: PAGES, reserved: 0 });
        }
        let mut memory = Words::reserve(PAGES << self.page_shift >> 3)?;
        memory.fill(1);
        let start = memory.as_ptr() as usize;
        let end = start + (PAGES << self.page_shift);
        self.ranges[range_count] = Range { start, end, first_page };
        self.range_count += 1;
        self.pages[first_page..first_page + PAGES].fill(PROTECTED);
        let guarded = match &self.fault {
            Some(fault) => {
                fault.register(start, end).and_then(|()| fault.protect(start, end, true))
            }
            // SAFETY: as in `protect_all`.
            None => match unsafe { protection(start, end, libc::PROT_READ) } {
                0 => Ok(()),
                _ => Err(MeterError::NoProtection { errno: last_errno() }),
            },
        };
        let mut times = [0; PAGES];
        if guarded.is_ok() {
            for (page, time) in times.iter_mut().enumerate() {
                let word = &mut memory[page << self.page_shift >> 3];
                let begun = now();
                // SAFETY: a word of the memory made above.
                unsafe { std::ptr::write_volatile(word, 2) };
                *time = now() - begun;
            }
            make_writable(start, end);
        }
        self.pages[first_page..first_page + PAGES].fill(UNWATCHED);
        (self.count, self.range_count, self.spent) = (count, range_count, spent);
        guarded?;
        times.sort_unstable();
        Ok(times[PAGES / 2])
    }

    /// The pages between two addresses were given back to the kernel: what was copied there is no copy any more, and what is written
    /// there next is a first write again.
    fn forget(&mut self, start: usize, end: usize) {
        let mut address = start;
        while address < end {
            if let Some(page) = self.page_at(address) {
                if self.pages[page] >= FIRST {
                    let record = (self.pages[page] - FIRST) as usize;
                    self.records[record * RECORD_WORDS + 2] |= GIVEN_BACK;
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
                        None => unsafe { protection(address, until, libc::PROT_READ) == 0 },
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

/// The handler of both signals.
extern "C" fn on_fault(signal: c_int, information: *mut libc::siginfo_t, context: *mut c_void) {
    let errno = last_errno();
    let watch = WATCH.load(Ordering::Acquire);
    // SAFETY: the kernel passes the information of this signal. The watch stays where it is; the thread it interrupts is not within
    // the watch, which writes to no page that is watched.
    let is_ours = unsafe {
        let address = (*information).si_addr() as usize;
        !watch.is_null() && (*watch).meet(address)
    };
    if !is_ours {
        pass_on(signal, information, context);
    }
    // SAFETY: the location of errno is valid for the life of the thread.
    unsafe { *libc::__errno_location() = errno };
}

/// What would have happened without us.
fn pass_on(signal: c_int, information: *mut libc::siginfo_t, context: *mut c_void) {
    let index = usize::from(signal == libc::SIGSEGV);
    // SAFETY: written once, before the handler was installed. An action with SA_SIGINFO is a function of that type.
    unsafe {
        let former = FORMER[index];
        match former {
            Some(action)
                if action.sa_flags & libc::SA_SIGINFO != 0
                    && action.sa_sigaction != libc::SIG_DFL
                    && action.sa_sigaction != libc::SIG_IGN =>
            {
                let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) =
                    std::mem::transmute(action.sa_sigaction);
                handler(signal, information, context);
            }
            // The access is tried again, and ends the process.
            _ => {
                libc::signal(signal, libc::SIG_DFL);
            }
        }
    }
}

/// # Safety
/// The pages are the caller's, who can do without writing to them if he forbids it.
unsafe fn protection(start: usize, end: usize, protection: c_int) -> c_int {
    let address = std::ptr::with_exposed_provenance_mut(start);
    // SAFETY: the caller's promise.
    unsafe { libc::mprotect(address, end - start, protection) }
}

fn make_writable(start: usize, end: usize) -> bool {
    // SAFETY: gives back a right that these pages had.
    unsafe { protection(start, end, libc::PROT_READ | libc::PROT_WRITE) == 0 }
}

/// How many mappings this process may still make; few where the kernel does not say.
fn mappings_left() -> usize {
    let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count")
        .ok()
        .and_then(|text| text.trim().parse::<usize>().ok());
    let used = std::fs::read_to_string("/proc/self/maps").map(|text| text.lines().count());
    match (limit, used) {
        (Some(limit), Ok(used)) => limit.saturating_sub(used),
        _ => 2 * SPARE_MAPPINGS,
    }
}
