//! Whose pages they are, by `/proc/PID/pagemap`.
//!
//! Which pages a process has from its parent is told by the numbers of their frames, which the kernel shows to those with CAP_SYS_ADMIN only
//! ([`Entry::frame`]). Without them a page counts that both have at the same address and neither has alone: after a fork these are the pages
//! that nobody has written to, but also those that somebody else shares with each of them.

use crate::Refusal;
use calf_meter::Entry;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Entries read at once.
const CHUNK: usize = 8192;

/// Numbers of pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// Mapped by this process alone.
    pub exclusive: u64,
    /// The parent has them, too; `None` if one may not look at the parent.
    pub with_parent: Option<u64>,
    /// Were frames compared?
    pub by_frame: bool,
}

/// The page maps of a process and its parent.
#[derive(Debug)]
pub struct Counter {
    pid: i32,
    own: File,
    parent: Option<File>,
}

impl Counter {
    /// Opens both.
    ///
    /// # Errors
    /// The process's own cannot be opened.
    pub fn open(pid: i32, parent: i32) -> Result<Counter, Refusal> {
        let open = |pid: i32| File::open(format!("/proc/{pid}/pagemap"));
        let own = open(pid).map_err(|error| Refusal::of_io(pid, "pagemap", &error))?;
        Ok(Counter { pid, own, parent: open(parent).ok() })
    }

    /// The pages between two addresses.
    ///
    /// # Errors
    /// The process has ended meanwhile.
    pub fn count(&self, start: u64, end: u64) -> Result<Pages, Refusal> {
        let page = calf_meter::page_size() as u64;
        let (mut own, mut parent) = (vec![Entry::default(); CHUNK], vec![Entry::default(); CHUNK]);
        let mut with_parent = self.parent.is_some().then_some(0);
        let mut exclusive = 0;
        let mut frames = (0, 0);
        let mut at = start / page;
        while at < end / page {
            let count = CHUNK.min((end / page - at) as usize);
            let found = read(&self.own, at, &mut own[..count])
                .map_err(|error| Refusal::of_io(self.pid, "pagemap", &error))?;
            if found == 0 {
                break;
            }
            let theirs = match &self.parent {
                Some(file) => read(file, at, &mut parent[..found]).unwrap_or(0),
                None => 0,
            };
            parent[theirs..].fill(Entry::default());
            for (entry, theirs) in own[..found].iter().zip(&parent) {
                if !entry.is_present() {
                    continue;
                }
                frames.0 += 1;
                frames.1 += u64::from(entry.frame().is_some());
                exclusive += u64::from(entry.is_exclusive());
                if is_same(*entry, *theirs) {
                    with_parent = with_parent.map(|count| count + 1);
                }
            }
            at += found as u64;
        }
        Ok(Pages { exclusive, with_parent, by_frame: frames.0 == frames.1 })
    }
}

/// Do both processes have the same page? Where frames are hidden, both are `None`.
fn is_same(own: Entry, parent: Entry) -> bool {
    let both = own.is_present() && parent.is_present();
    let alone = own.is_exclusive() || parent.is_exclusive();
    both && !alone && own.frame() == parent.frame()
}

/// Fills `entries` with those of the pages from number `at` on; how many there were.
fn read(file: &File, at: u64, entries: &mut [Entry]) -> io::Result<usize> {
    let mut bytes = vec![0; entries.len() * 8];
    let mut done = 0;
    while done < bytes.len() {
        match file.read_at(&mut bytes[done..], at * 8 + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let words = bytes[..done / 8 * 8].chunks_exact(8);
    for (entry, word) in entries.iter_mut().zip(words) {
        *entry = Entry(u64::from_ne_bytes(word.try_into().expect("eight bytes")));
    }
    Ok(done / 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_shared_if_both_have_it_and_neither_alone() {
        const PRESENT: u64 = 1 << 63;
        const EXCLUSIVE: u64 = 1 << 56;
        let is_same = |own: u64, parent: u64| is_same(Entry(own), Entry(parent));
        let page = PRESENT | 77;
        assert!(is_same(page, page) && is_same(PRESENT, PRESENT));
        assert!(!is_same(page, PRESENT | 78));
        assert!(!is_same(page | EXCLUSIVE, page) && !is_same(page, page | EXCLUSIVE));
        assert!(!is_same(page, 0) && !is_same(0, page));
    }

    #[test]
    fn memory_that_was_just_written_is_this_process_s_alone() {
        let pages = 64;
        let page = calf_meter::page_size();
        let memory = vec![1u8; (pages + 2) * page];
        let start = (memory.as_ptr().addr() / page + 1) * page;
        let own = std::process::id() as i32;
        let Ok(counter) = Counter::open(own, own) else { return };
        let found = counter.count(start as u64, (start + pages * page) as u64).unwrap();
        if calf_meter::Capabilities::probe().copied_pages.is_ok() {
            assert_eq!((found.exclusive, found.with_parent), (pages as u64, Some(0)));
        }
        drop(memory);
    }
}
