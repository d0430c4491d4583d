//! Words of memory reserved beforehand.

use crate::MeterError;
use crate::mapping::Mapping;
use std::ops::{Deref, DerefMut};

/// A fixed array of zeroed words in a mapping of its own.
#[derive(Debug)]
pub(crate) struct Words {
    mapping: Mapping,
    length: usize,
}

impl Words {
    /// Reserves `length` words.
    pub(crate) fn reserve(length: usize) -> Result<Words, MeterError> {
        let length = length.max(1);
        let Some(bytes) = length.checked_mul(size_of::<u64>()) else {
            return Err(MeterError::NoMemory { errno: libc::ENOMEM });
        };
        Ok(Words { mapping: Mapping::private(bytes)?, length })
    }
}

impl Deref for Words {
    type Target = [u64];
    fn deref(&self) -> &[u64] {
        // SAFETY: the mapping holds `length` initialised (zeroed) words, is aligned to a page and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.mapping.pointer().cast().as_ptr(), self.length) }
    }
}

impl DerefMut for Words {
    fn deref_mut(&mut self) -> &mut [u64] {
        // SAFETY: as above; `&mut self` makes the access exclusive.
        unsafe {
            std::slice::from_raw_parts_mut(self.mapping.pointer().cast().as_ptr(), self.length)
        }
    }
}
