//! By what pages are protected from writing, and how mprotect does it.

use libc::c_int;

/// How pages are protected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Means {
    /// userfaultfd, page by page.
    Userfaultfd,
    /// mprotect, page by page as long as there are mappings left.
    Protection,
}

impl Means {
    /// The names, in order.
    pub const NAMES: [&'static str; 2] = ["userfaultfd", "mprotect"];
    /// Its name.
    pub fn name(self) -> &'static str {
        Means::NAMES[self as usize]
    }
    /// The one of this name.
    pub fn named(name: &str) -> Option<Means> {
        [Means::Userfaultfd, Means::Protection].into_iter().find(|means| means.name() == name)
    }
}

/// Mappings that are left to others.
pub(super) const SPARE_MAPPINGS: usize = 4096;
/// Bytes that are given free at once when mappings are scarce.
pub(super) const UNIT: usize = 64 << 10;

/// Forbids to write to these pages. `false`: the kernel refuses.
///
/// # Safety
/// The pages are the caller's, who can do without writing to them.
pub(super) unsafe fn make_read_only(start: usize, end: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe { protect(start, end, libc::PROT_READ) }
}

/// Allows it again. `false`: the kernel refuses.
pub(super) fn make_writable(start: usize, end: usize) -> bool {
    // SAFETY: gives back a right that these pages had.
    unsafe { protect(start, end, libc::PROT_READ | libc::PROT_WRITE) }
}

/// # Safety
/// The pages are the caller's, who can do without the rights that he takes from them.
unsafe fn protect(start: usize, end: usize, rights: c_int) -> bool {
    let address = std::ptr::with_exposed_provenance_mut(start);
    // SAFETY: the caller's promise.
    unsafe { libc::mprotect(address, end - start, rights) == 0 }
}

/// How many mappings this process may still make; few where the kernel does not say.
pub(super) fn mappings_left() -> usize {
    let limit = std::fs::read_to_string("/proc/sys/vm/max_map_count")
        .ok()
        .and_then(|text| text.trim().parse::<usize>().ok());
    let used = std::fs::read_to_string("/proc/self/maps").map(|text| text.lines().count());
    match (limit, used) {
        (Some(limit), Ok(used)) => limit.saturating_sub(used),
        _ => 2 * SPARE_MAPPINGS,
    }
}
