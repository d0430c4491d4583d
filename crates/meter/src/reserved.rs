//! Words of memory obtained from the kernel itself, so that measuring never enters the allocator.

use crate::MeterError;
use crate::error::last_errno;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

/// A fixed array of zeroed words in a mapping of its own. Address space is reserved at once; memory is taken page
/// by page when a word is first written.
#[derive(Debug)]
pub(crate) struct Words {
    pointer: NonNull<u64>,
    length: usize,
}

impl Words {
    /// Reserves `length` words.
    pub(crate) fn reserve(length: usize) -> Result<Words, MeterError> {
        let length = length.max(1);
        let Some(bytes) = length.checked_mul(size_of::<u64>()) else {
            return Err(MeterError::NoMemory { errno: libc::ENOMEM });
        };
        // SAFETY: a new private anonymous mapping at an address of the kernel's choice overlaps nothing.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if address == libc::MAP_FAILED {
            return Err(MeterError::NoMemory { errno: last_errno() });
        }
        let pointer = NonNull::new(address.cast::<u64>()).expect("a mapping is never at address 0");
        Ok(Words { pointer, length })
    }
}

impl Deref for Words {
    type Target = [u64];
    fn deref(&self) -> &[u64] {
        // SAFETY: the mapping holds `length` initialised (zeroed) words and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.pointer.as_ptr(), self.length) }
    }
}

impl DerefMut for Words {
    fn deref_mut(&mut self) -> &mut [u64] {
        // SAFETY: as above; `&mut self` makes the access exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.as_ptr(), self.length) }
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        // SAFETY: this is the mapping made by `reserve`, and nothing borrows it any more.
        unsafe {
            libc::munmap(self.pointer.as_ptr().cast(), self.length * size_of::<u64>());
        }
    }
}

// SAFETY: `Words` owns its mapping as a `Box<[u64]>` owns its memory.
unsafe impl Send for Words {}
