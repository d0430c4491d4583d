//! What of this the machine can measure.

use crate::{Meter, MeterError, Region, page_size, smaps};
use std::ptr;

/// The answer of a probe: for each instrument whether it works, or what is missing.
#[derive(Clone, Copy, Debug)]
pub struct Capabilities {
    /// Pages copied since a fork ([`Meter`]).
    pub copied_pages: Result<(), MeterError>,
    /// Memory of this process ([`smaps::own_usage`]).
    pub own_usage: Result<(), MeterError>,
    /// The size of a page in bytes.
    pub page_size: usize,
}

impl Capabilities {
    /// Tries each instrument on this process. Does not fork.
    pub fn probe() -> Capabilities {
        Capabilities {
            copied_pages: probe_exclusive_bit(),
            own_usage: smaps::own_usage().map(|_| ()),
            page_size: page_size(),
        }
    }
}

/// Maps a page, writes it, and asks whether the kernel says that it is ours alone.
fn probe_exclusive_bit() -> Result<(), MeterError> {
    let length = page_size();
    let mut meter = Meter::new(1)?;
    // SAFETY: a new private anonymous mapping at an address of the kernel's choice overlaps nothing.
    let address = unsafe {
        libc::mmap(
            ptr::null_mut(),
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if address == libc::MAP_FAILED {
        return Err(MeterError::NoMemory { errno: crate::error::last_errno() });
    }
    let start = address as usize;
    let region = [Region { name: "probe", start, end: start + length }];
    let answer = (|| {
        meter.snapshot_before_fork(&region)?;
        // SAFETY: the page was just mapped for reading and writing.
        unsafe { ptr::write_volatile(address.cast::<u8>(), 1) };
        Ok(meter.measure_after_fork(&region)?.total().new)
    })();
    // SAFETY: the mapping is ours and is not used again.
    unsafe { libc::munmap(address, length) };
    match answer? {
        1 => Ok(()),
        _ => Err(MeterError::NoExclusiveBit),
    }
}
