//! Anonymous memory from the kernel itself, so that measuring never enters the allocator.

use crate::MeterError;
use crate::error::last_errno;
use std::ptr::NonNull;

/// Zeroed memory of its own. Address space is taken at once; memory page by page, when it is first written.
#[derive(Debug)]
pub(crate) struct Mapping {
    pointer: NonNull<u8>,
    bytes: usize,
}

impl Mapping {
    /// Memory that a forked child shares until one of the two writes to it.
    pub(crate) fn private(bytes: usize) -> Result<Mapping, MeterError> {
        Mapping::new(bytes, libc::MAP_PRIVATE)
    }

    /// Memory that is the same for all processes forked from now on, whoever writes.
    pub(crate) fn common(bytes: usize) -> Result<Mapping, MeterError> {
        Mapping::new(bytes, libc::MAP_SHARED)
    }

    fn new(bytes: usize, sharing: libc::c_int) -> Result<Mapping, MeterError> {
        let flags = sharing | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let rights = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new anonymous mapping at an address of the kernel's choice overlaps nothing.
        let address = unsafe { libc::mmap(std::ptr::null_mut(), bytes, rights, flags, -1, 0) };
        if address == libc::MAP_FAILED {
            return Err(MeterError::NoMemory { errno: last_errno() });
        }
        let pointer = NonNull::new(address.cast::<u8>()).expect("a mapping is never at address 0");
        Ok(Mapping { pointer, bytes })
    }

    /// Its first byte; the address is a multiple of the page size.
    pub(crate) fn pointer(&self) -> NonNull<u8> {
        self.pointer
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: this is the mapping made by `new`, and nothing borrows it any more.
        unsafe { libc::munmap(self.pointer.as_ptr().cast(), self.bytes) };
    }
}

// SAFETY: a mapping owns its memory as a `Box<[u8]>` does.
unsafe impl Send for Mapping {}
