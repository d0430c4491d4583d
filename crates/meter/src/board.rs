//! A board on which forked processes leave messages for the one that made it: memory shared by all of them, without a descriptor.

use crate::MeterError;
use crate::mapping::Mapping;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of address space; memory is taken as messages are written.
const BYTES: usize = 512 << 20;
/// What stands before a message: its length, and then whether it is whole.
const HEAD: usize = 16;
const WHOLE: u64 = 0x00CA_1F00;

/// See the module. Made before the fork; whoever inherits it may write.
#[derive(Debug)]
pub struct Board(Mapping);

impl Board {
    /// An empty board.
    ///
    /// # Errors
    /// There is no memory.
    pub fn new() -> Result<Board, MeterError> {
        Ok(Board(Mapping::common(BYTES)?))
    }

    fn word(&self, offset: usize) -> &AtomicU64 {
        debug_assert!(offset.is_multiple_of(8) && offset + 8 <= BYTES);
        // SAFETY: within the mapping and aligned; every process uses these words as atomics.
        unsafe { &*self.0.pointer().as_ptr().add(offset).cast::<AtomicU64>() }
    }

    /// Leaves a message. `false`: there is no room for it.
    #[must_use]
    pub fn post(&self, message: &[u8]) -> bool {
        let bytes = (HEAD + message.len()).next_multiple_of(8);
        let at = 8 + self.word(0).fetch_add(bytes as u64, Ordering::AcqRel) as usize;
        if at + bytes > BYTES {
            return false;
        }
        self.word(at).store(message.len() as u64, Ordering::Relaxed);
        // SAFETY: this stretch of the mapping was just given to this process alone.
        unsafe {
            let to = self.0.pointer().as_ptr().add(at + HEAD);
            to.copy_from_nonoverlapping(message.as_ptr(), message.len());
        }
        self.word(at + 8).store(WHOLE, Ordering::Release);
        true
    }

    /// The messages that are whole, in the order in which they were begun.
    pub fn messages(&self) -> Vec<Vec<u8>> {
        let used = 8 + self.word(0).load(Ordering::Acquire) as usize;
        let (mut at, mut found) = (8, Vec::new());
        while at + HEAD <= used.min(BYTES) {
            let is_whole = self.word(at + 8).load(Ordering::Acquire) == WHOLE;
            let length = self.word(at).load(Ordering::Relaxed) as usize;
            let bytes = (HEAD + length).next_multiple_of(8);
            // A process that ended before it wrote the length leaves the rest of the board unreadable.
            if !is_whole && length == 0 || at + bytes > BYTES {
                break;
            }
            if is_whole {
                // SAFETY: a whole message is not written to any more.
                let text = unsafe {
                    std::slice::from_raw_parts(self.0.pointer().as_ptr().add(at + HEAD), length)
                };
                found.push(text.to_vec());
            }
            at += bytes;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back_in_order_and_whole() {
        let board = Board::new().unwrap();
        assert!(board.messages().is_empty());
        let texts: [&[u8]; 4] = [b"one", b"", b"three, which is longer", &[7; 100_000]];
        assert!(texts.iter().all(|text| board.post(text)));
        assert_eq!(board.messages(), texts.map(<[u8]>::to_vec));
        assert!(!board.post(&vec![0; BYTES]));
        assert_eq!(board.messages().len(), 4);
    }
}
