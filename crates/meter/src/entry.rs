//! An entry of `/proc/PID/pagemap`: what the kernel says of one page of a process.
//!
//! One word for each page (`Documentation/admin-guide/mm/pagemap.rst`). The flags need no privilege; the number of the page's frame is
//! shown to those with CAP_SYS_ADMIN, and reads zero otherwise.

use crate::proc_file::{Owner, ProcFile};
use crate::{MeterError, page_size};

/// The word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry(pub u64);

impl Entry {
    const PRESENT: u64 = 1 << 63;
    const SWAPPED: u64 = 1 << 62;
    const PROTECTED: u64 = 1 << 57;
    const EXCLUSIVE: u64 = 1 << 56;
    const SOFT_DIRTY: u64 = 1 << 55;
    const FRAME: u64 = (1 << 55) - 1;

    /// What the kernel says of the page of this process at `address`.
    ///
    /// # Errors
    /// It refuses.
    pub fn of_own(address: usize) -> Result<Entry, MeterError> {
        let mut word = [0];
        ProcFile::open(Owner::Own, "pagemap")?.read_words_at(&mut word, address / page_size())?;
        Ok(Entry(word[0]))
    }

    /// Does the kernel tell this process the numbers of frames? Asked of a page that is surely in memory: one of the stack.
    pub fn tells_frames() -> bool {
        let here = 0u8;
        Entry::of_own(std::ptr::from_ref(&here).addr()).is_ok_and(|entry| entry.frame().is_some())
    }

    /// It is in memory.
    pub fn is_present(self) -> bool {
        self.0 & Entry::PRESENT != 0
    }
    /// It is swapped out.
    pub fn is_swapped(self) -> bool {
        self.0 & Entry::SWAPPED != 0
    }
    /// It is in memory, and no other process maps it (since Linux 4.2).
    pub fn is_exclusive(self) -> bool {
        self.is_present() && self.0 & Entry::EXCLUSIVE != 0
    }
    /// userfaultfd protects it from writing (since Linux 5.13): it has not been written since.
    pub fn is_protected(self) -> bool {
        self.0 & Entry::PROTECTED != 0
    }
    /// It was written since `clear_refs`, where the kernel tracks that.
    pub fn is_soft_dirty(self) -> bool {
        self.0 & Entry::SOFT_DIRTY != 0
    }
    /// The number of its frame; `None` if it is not in memory, or if the kernel hides it.
    pub fn frame(self) -> Option<u64> {
        let frame = self.0 & Entry::FRAME;
        (self.is_present() && frame != 0).then_some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_told_of_a_page_in_memory_only() {
        let swapped = Entry(Entry::SWAPPED | 7);
        assert_eq!((swapped.frame(), swapped.is_exclusive()), (None, false));
        let page = Entry(Entry::PRESENT | Entry::EXCLUSIVE | Entry::SOFT_DIRTY | 7);
        assert_eq!(
            (page.frame(), page.is_exclusive(), page.is_protected()),
            (Some(7), true, false)
        );
        assert!(page.is_soft_dirty() && !page.is_swapped());
        assert_eq!(Entry(Entry::PRESENT | Entry::PROTECTED).frame(), None, "hidden");
    }

    #[test]
    fn what_was_just_written_is_in_memory() {
        let here = std::hint::black_box(1u8);
        if let Ok(entry) = Entry::of_own(std::ptr::from_ref(&here).addr()) {
            assert!(entry.is_present() && !entry.is_swapped());
        }
    }
}
