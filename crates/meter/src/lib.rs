//! What the kernel says about memory: which pages a forked child has copied, how much of a process is shared, how
//! many faults it took.
//!
//! Four instruments, none of which disturbs what it measures. They read `/proc` through raw system calls into
//! memory reserved beforehand; they allocate nothing, take no lock, start no thread, and keep no descriptor open
//! between two readings, so that a process may fork at any moment.
//!
//! - [`Meter`] reads `/proc/self/pagemap`: per named region, the pages that existed at the fork and the pages that
//!   this process has copied since. Exact to the page.
//! - [`smaps`] reads `/proc/PID/smaps` and `smaps_rollup` of any process one may inspect: resident, proportional,
//!   private and shared memory.
//! - [`Watch`] protects the shared pages of a forked child, and records who writes to each of them first.
//! - [`faults`] asks `getrusage`. Minor faults are *not* a count of copied pages; they are reported as what they are.
//!
//! Where the kernel refuses (no pagemap in a sandbox, `hidepid`, a kernel without the exclusive bit) the answer is a
//! [`MeterError`] that says what is missing. A caller can then fall back to a model, and must say so.

mod bits;
mod board;
mod capability;
mod entry;
mod error;
pub mod faults;
mod mapping;
mod pagemap;
mod proc_file;
mod reserved;
pub mod smaps;
mod userfaultfd;
mod watch;
mod zero_pages;

pub use bits::PageIndices;
pub use board::Board;
pub use capability::Capabilities;
pub use entry::Entry;
pub use error::MeterError;
pub use pagemap::{MAX_REGIONS, Meter, PageCounts, PageFlags, Reading, Region, RegionReading};
pub use watch::{Capture, Means, Record, STACK_WORDS, Watch};

/// The size of a page in bytes, by `sysconf`: 4096 on x86-64, up to 65536 elsewhere.
pub fn page_size() -> usize {
    // SAFETY: sysconf reads a constant of the system and touches no memory of ours.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).expect("the system has a page size")
}
