//! What of this the machine can measure.

use crate::mapping::Mapping;
use crate::{Meter, MeterError, Region, page_size, smaps};

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
    let memory = Mapping::private(length)?;
    let start = memory.pointer().as_ptr().addr();
    let region = [Region { name: "probe", start, end: start + length }];
    let answer = (|| {
        meter.snapshot_before_fork(&region)?;
        // SAFETY: the page was just mapped for reading and writing.
        unsafe { memory.pointer().write_volatile(1) };
        Ok(meter.measure_after_fork(&region)?.total().new)
    })();
    match answer? {
        1 => Ok(()),
        _ => Err(MeterError::NoExclusiveBit),
    }
}
