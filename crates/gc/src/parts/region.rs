//! A named range of addresses, reserved once and made writable from its low end as it is needed.
//!
//! ```text
//!   | guard | committed: readable, writable | reserved: no access, costs nothing | guard |
//!           ^ start                         ^ end                                ^ limit
//! ```
//!
//! Regions never touch one another, so the kernel never merges two of them into one mapping and every page copied
//! after a fork belongs to exactly one name. Huge pages are declined: a measurement must not depend on a daemon's mood.
//! Addresses repeat from run to run: each reservation asks for the place after the one before.

use crate::heap::HeapError;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Region starts are multiples of this, and so are the gaps between them.
pub const ALIGNMENT: usize = 64 << 10;
/// Memory becomes writable in steps of this many bytes (or the rest of the region).
const STEP: usize = 256 << 10;
/// A huge page of the processors that have pages of 4 KiB.
const HUGE_PAGE: usize = 2 << 20;
/// Where the first reservation asks to be: 16 TiB, far from what the kernel hands out by itself.
const FIRST_HINT: usize = 0x1000_0000_0000;
/// Reservations start over from here on; user addresses end at 2^47.
const LAST_HINT: usize = 0x6000_0000_0000;

/// The next place to ask for. A hint only: if it is taken the kernel chooses.
static HINT: AtomicUsize = AtomicUsize::new(FIRST_HINT);

/// Who wants to know of pages that are given back to the kernel: their first address, and the number of bytes.
pub type DiscardObserver = fn(usize, usize);

static DISCARD_OBSERVER: OnceLock<DiscardObserver> = OnceLock::new();

/// From now on `observer` is told of all pages that are given back. There is one for the life of the process: the first.
pub fn observe_discards(observer: DiscardObserver) {
    DISCARD_OBSERVER.get_or_init(|| observer);
}

/// A named, page-aligned range of memory of its own.
#[derive(Debug)]
pub struct Region {
    name: &'static str,
    start: usize,
    committed: usize,
    reserved: usize,
    used: usize,
    /// What to give back when dropped: address and length.
    mapping: (usize, usize),
}

/// The size of a page of this machine, in bytes.
pub fn page_size() -> usize {
    if cfg!(miri) {
        return 4096;
    }
    // SAFETY: a query without side effects.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}

const fn round_up(bytes: usize, unit: usize) -> usize {
    (bytes + unit - 1) & !(unit - 1)
}

impl Region {
    /// Reserves `max_bytes` of addresses (rounded up to [`ALIGNMENT`]); no memory is used yet.
    ///
    /// # Errors
    /// The kernel refuses that much address space.
    pub fn reserve(name: &'static str, max_bytes: usize) -> Result<Region, HeapError> {
        // Miri has no lazy memory: a small heap will do for what it checks.
        let max_bytes = if cfg!(miri) { max_bytes.min(2 << 20) } else { max_bytes };
        let reserved = round_up(max_bytes.max(1), ALIGNMENT);
        let (mapping, start) = map(name, reserved)?;
        Ok(Region { name, start, committed: 0, reserved, used: 0, mapping })
    }

    /// Cuts the upper part off, from `offset` on, as a region of its own with a guard between.
    /// Both stay in one range of addresses, so one side table can serve both.
    pub fn split_off(&mut self, name: &'static str, offset: usize) -> Region {
        assert!(
            offset.is_multiple_of(ALIGNMENT)
                && self.committed + ALIGNMENT <= offset
                && offset < self.reserved
        );
        let start = self.start + offset;
        let reserved = self.reserved - offset;
        self.reserved = offset - ALIGNMENT;
        let end = self.mapping.0 + self.mapping.1;
        let mapping = if cfg!(miri) {
            // One allocation: the lower part gives back all of it.
            (0, 0)
        } else {
            self.mapping.1 = start - self.mapping.0;
            (start, end - start)
        };
        Region { name, start, committed: 0, reserved, used: 0, mapping }
    }

    /// The name under which reports show it.
    pub fn name(&self) -> &'static str {
        self.name
    }
    /// The first address.
    #[inline(always)]
    pub fn start(&self) -> usize {
        self.start
    }
    /// The end of what is readable and writable.
    pub fn end(&self) -> usize {
        self.start + self.committed
    }
    /// The end of the reservation.
    pub fn limit(&self) -> usize {
        self.start + self.reserved
    }
    /// The number of bytes reserved.
    pub fn reserved(&self) -> usize {
        self.reserved
    }
    /// The number of bytes from the start on that have ever been in use.
    pub fn used(&self) -> usize {
        self.used
    }
    /// Does `address` lie in the reservation?
    #[inline(always)]
    pub fn contains(&self, address: usize) -> bool {
        address.wrapping_sub(self.start) < self.reserved
    }

    /// A pointer to the byte at `offset`, which must lie in the reservation.
    #[inline(always)]
    pub fn pointer<T>(&self, offset: usize) -> *mut T {
        debug_assert!(offset <= self.reserved);
        std::ptr::with_exposed_provenance_mut(self.start + offset)
    }

    /// Makes the first `bytes` writable and counts them as used. Fresh bytes are zero. `false`: no such memory.
    #[must_use]
    pub fn commit(&mut self, bytes: usize) -> bool {
        if bytes > self.reserved {
            return false;
        }
        if bytes > self.committed {
            let wanted = round_up(bytes, STEP).min(self.reserved);
            if !protect(self.end(), wanted - self.committed) {
                return false;
            }
            self.committed = wanted;
        }
        self.used = self.used.max(bytes);
        true
    }

    /// Forbids or allows writing to the pages between two offsets, which are whole pages. `false`: the kernel refuses.
    #[must_use]
    pub fn protect(&mut self, from: usize, to: usize, writable: bool) -> bool {
        debug_assert!(from <= to && to <= self.committed);
        if writable {
            protect(self.start + from, to - from)
        } else {
            forbid(self.start + from, to - from)
        }
    }

    /// Asks the kernel to put what is committed on huge pages, now: the bytes for which it did. Where it has none, 0.
    ///
    /// Source: `MADV_COLLAPSE`, Linux 6.1.
    pub fn collapse(&self) -> usize {
        if cfg!(miri) {
            return 0;
        }
        let first = round_up(self.start, HUGE_PAGE);
        let mut collapsed = 0;
        for address in (first..self.end()).step_by(HUGE_PAGE) {
            if address + HUGE_PAGE <= self.end() && collapse(address) {
                collapsed += HUGE_PAGE;
            }
        }
        collapsed
    }

    /// Asks the kernel for the pages between two offsets at once, which are about to be written whole: a fault for each of them costs
    /// more. Where it refuses, they come by faults.
    ///
    /// Source: `MADV_POPULATE_WRITE`, Linux 5.14.
    pub fn populate(&self, from: usize, to: usize) {
        debug_assert!(from <= to && to <= self.committed);
        populate(self.start + from, to - from);
    }

    /// Gives the pages between two offsets back to the kernel; they read as zero afterwards.
    pub fn discard(&mut self, from: usize, to: usize) {
        debug_assert!(from <= to && to <= self.committed);
        if from < to {
            discard(self.start + from, to - from);
        }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if self.mapping.1 > 0 {
            unmap(self.mapping);
        }
    }
}

/// Reserves `reserved` bytes with a guard on both sides: the mapping, and the aligned start within it.
#[cfg(not(miri))]
fn map(name: &'static str, reserved: usize) -> Result<((usize, usize), usize), HeapError> {
    // A guard below, up to one unit lost to alignment, a guard above.
    let length = reserved + 3 * ALIGNMENT;
    let mut hint = HINT.fetch_add(length, Ordering::Relaxed);
    if hint + length > LAST_HINT {
        HINT.store(FIRST_HINT + length, Ordering::Relaxed);
        hint = FIRST_HINT;
    }
    // SAFETY: a fresh anonymous mapping, nowhere on top of another (no MAP_FIXED); the pointer is checked.
    let address = unsafe {
        libc::mmap(
            std::ptr::without_provenance_mut(hint),
            length,
            libc::PROT_NONE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    if address == libc::MAP_FAILED {
        let error = std::io::Error::last_os_error().to_string();
        return Err(HeapError::Reserve { name, bytes: length, error });
    }
    // SAFETY: the range was just mapped. Refused where huge pages are compiled out, which is as good.
    unsafe { libc::madvise(address, length, libc::MADV_NOHUGEPAGE) };
    let address = address.expose_provenance();
    Ok(((address, length), round_up(address + ALIGNMENT, ALIGNMENT)))
}

#[cfg(not(miri))]
fn protect(address: usize, length: usize) -> bool {
    let pointer = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: the range lies in a reservation of ours, and nothing relies on a fault there.
    unsafe { libc::mprotect(pointer, length, libc::PROT_READ | libc::PROT_WRITE) == 0 }
}

/// Makes memory of ours inaccessible, whatever was in it. `false`: the kernel refuses another mapping, and nothing is changed.
#[cfg(not(miri))]
pub(super) fn hide(address: usize, length: usize) -> bool {
    let pointer = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: the range lies in a region of ours, and the caller no longer needs what is in it.
    let hidden = unsafe { libc::mprotect(pointer, length, libc::PROT_NONE) == 0 };
    if hidden {
        discard(address, length);
    }
    hidden
}

/// Makes it accessible again; it reads as zero.
#[cfg(not(miri))]
pub(super) fn show(address: usize, length: usize) {
    assert!(protect(address, length), "the kernel gives back what it took");
}

#[cfg(not(miri))]
fn forbid(address: usize, length: usize) -> bool {
    let pointer = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: the range lies in a region of ours, and its owner means to write to it no more.
    unsafe { libc::mprotect(pointer, length, libc::PROT_READ) == 0 }
}

#[cfg(not(miri))]
fn collapse(address: usize) -> bool {
    let pointer = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: the range is committed memory of a region of ours; neither request changes what is in it.
    unsafe {
        libc::madvise(pointer, HUGE_PAGE, libc::MADV_HUGEPAGE) == 0
            && libc::madvise(pointer, HUGE_PAGE, libc::MADV_COLLAPSE) == 0
    }
}

#[cfg(miri)]
fn collapse(_: usize) -> bool {
    false
}

#[cfg(not(miri))]
fn populate(address: usize, length: usize) {
    let pointer = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: the range is committed memory of a region of ours; the request changes nothing that can be read.
    unsafe { libc::madvise(pointer, length, libc::MADV_POPULATE_WRITE) };
}

#[cfg(miri)]
fn populate(_: usize, _: usize) {}

#[cfg(not(miri))]
fn discard(address: usize, length: usize) {
    let pointer = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: the range lies in a region of ours, and the caller no longer needs what is in it.
    unsafe { libc::madvise(pointer, length, libc::MADV_DONTNEED) };
    if let Some(observer) = DISCARD_OBSERVER.get() {
        observer(address, length);
    }
}

#[cfg(not(miri))]
fn unmap((address, length): (usize, usize)) {
    // SAFETY: this mapping is ours and its region is being dropped.
    unsafe { libc::munmap(std::ptr::with_exposed_provenance_mut(address), length) };
}

#[cfg(miri)]
fn layout(length: usize) -> std::alloc::Layout {
    std::alloc::Layout::from_size_align(length, ALIGNMENT).expect("a region's size is sound")
}

#[cfg(miri)]
fn map(_name: &'static str, reserved: usize) -> Result<((usize, usize), usize), HeapError> {
    let _ = (&HINT, Ordering::Relaxed, FIRST_HINT, LAST_HINT);
    // SAFETY: the size is not zero.
    let address = unsafe { std::alloc::alloc_zeroed(layout(reserved)) }.expose_provenance();
    Ok(((address, reserved), address))
}

#[cfg(miri)]
fn protect(_address: usize, _length: usize) -> bool {
    true
}

#[cfg(miri)]
pub(super) fn hide(_address: usize, _length: usize) -> bool {
    false
}

#[cfg(miri)]
pub(super) fn show(_address: usize, _length: usize) {}

#[cfg(miri)]
fn forbid(_address: usize, _length: usize) -> bool {
    true
}

#[cfg(miri)]
fn discard(address: usize, length: usize) {
    let pointer: *mut u8 = std::ptr::with_exposed_provenance_mut(address);
    // SAFETY: the range lies in a region of ours.
    unsafe { pointer.write_bytes(0, length) };
}

#[cfg(miri)]
fn unmap((address, length): (usize, usize)) {
    // SAFETY: allocated by `map` with this very layout.
    unsafe { std::alloc::dealloc(std::ptr::with_exposed_provenance_mut(address), layout(length)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_from_its_low_end_and_reads_zero() {
        let mut region = Region::reserve("test", 1 << 20).unwrap();
        assert_eq!((region.end() - region.start(), region.used()), (0, 0));
        assert!(region.commit(10));
        assert_eq!((region.end() - region.start(), region.used()), (STEP, 10));
        let first = region.pointer::<u64>(0);
        // SAFETY: committed above.
        unsafe {
            assert_eq!(*first, 0);
            *first = 7;
            region.discard(0, STEP);
            assert_eq!(*first, 0);
        }
        assert!(region.commit(1 << 20));
        assert!(!region.commit((1 << 20) + 1));
        assert_eq!(region.end(), region.limit());
    }

    #[test]
    fn splits_with_a_gap_in_one_range() {
        let mut low = Region::reserve("low", 1 << 20).unwrap();
        let mut high = low.split_off("high", 1 << 19);
        assert!(low.limit() < high.start() && high.start() - low.start() == 1 << 19);
        assert!(low.commit(low.reserved()) && high.commit(high.reserved()));
        assert!(
            low.contains(low.start()) && !low.contains(high.start()) && high.contains(high.start())
        );
        // SAFETY: both ends are committed.
        unsafe {
            *low.pointer::<u8>(low.reserved() - 1) = 1;
            *high.pointer::<u8>(high.reserved() - 1) = 1;
        }
    }
}
