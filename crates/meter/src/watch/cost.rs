//! What a first write costs more under a watch.

use super::protection::{make_read_only, make_writable};
use super::{PROTECTED, Range, UNWATCHED, Watch, now};
use crate::error::last_errno;
use crate::reserved::Words;
use crate::{MAX_REGIONS, MeterError};

/// Pages that are written to find out.
const PAGES: usize = 96;

impl Watch {
    /// What a first write costs more under this watch than without it, in nanoseconds: the middle one of writes to pages made for this.
    /// To be called while the watch is on.
    ///
    /// # Errors
    /// There is no memory, or the kernel refuses the protection.
    pub fn measure_cost(&mut self) -> Result<u64, MeterError> {
        let (count, range_count) = (self.records.count(), self.range_count);
        let first_page = match self.ranges[..range_count].last() {
            Some(range) => range.first_page + ((range.end - range.start) >> self.page_shift),
            None => return Err(MeterError::NoSnapshot),
        };
        if first_page + PAGES > self.capacity || range_count == MAX_REGIONS {
            return Err(MeterError::TooManyPages { needed: PAGES, reserved: 0 });
        }
        let mut memory = Words::reserve(PAGES << self.page_shift >> 3)?;
        memory.fill(1);
        let start = memory.as_ptr().expose_provenance();
        let end = start + (PAGES << self.page_shift);
        self.ranges[range_count] = Range { start, end, first_page };
        self.range_count += 1;
        self.pages[first_page..first_page + PAGES].fill(PROTECTED);
        let guarded = match &self.fault {
            Some(fault) => {
                fault.register(start, end).and_then(|()| fault.protect(start, end, true))
            }
            // SAFETY: pages made above; the handler makes them writable when they are written.
            None => match unsafe { make_read_only(start, end) } {
                true => Ok(()),
                false => Err(MeterError::NoProtection { errno: last_errno() }),
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
        self.records.truncate(count);
        self.range_count = range_count;
        guarded?;
        times.sort_unstable();
        Ok(times[PAGES / 2])
    }
}
