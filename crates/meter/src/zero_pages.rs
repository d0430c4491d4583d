//! Which pages are the kernel's zero page: those that had only been read, and have no content.

use crate::Region;
use crate::page_size;
use crate::pagemap::CHUNK;
use crate::proc_file::ProcFile;
use crate::reserved::Words;

/// `struct pm_scan_arg` of `linux/fs.h`.
#[repr(C)]
struct ScanArguments {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vector: u64,
    vector_length: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

/// `_IOWR('f', 16, struct pm_scan_arg)`.
const PAGEMAP_SCAN: libc::c_ulong = 0xC060_6610;
/// The category of pages that are the kernel's zero page.
const PAGE_IS_PFNZERO: u64 = 1 << 5;
/// Words of a `struct page_region`: start, end, categories.
const REGION_WORDS: usize = 3;

/// Calls `visit` with the index of each page of `region` that is the kernel's zero page. Does nothing on a kernel
/// without the call.
pub(crate) fn each_zero_page(
    file: &ProcFile,
    chunk: &mut Words,
    region: &Region,
    mut visit: impl FnMut(usize),
) {
    let page = page_size();
    let mut start = region.start as u64;
    while start < region.end as u64 {
        let mut arguments = ScanArguments {
            size: size_of::<ScanArguments>() as u64,
            flags: 0,
            start,
            end: region.end as u64,
            walk_end: 0,
            vector: chunk.as_mut_ptr() as u64,
            vector_length: (CHUNK / REGION_WORDS) as u64,
            max_pages: 0,
            category_inverted: 0,
            category_mask: PAGE_IS_PFNZERO,
            category_anyof_mask: 0,
            return_mask: PAGE_IS_PFNZERO,
        };
        // SAFETY: the kernel writes at most `vector_length` regions, which fit in `chunk`, and `walk_end`.
        let found = unsafe { libc::ioctl(file.descriptor(), PAGEMAP_SCAN, &raw mut arguments) };
        let Ok(found) = usize::try_from(found) else { return };
        for range in chunk[..found * REGION_WORDS].chunks_exact(REGION_WORDS) {
            for address in (range[0] as usize..range[1] as usize).step_by(page) {
                visit((address - region.start) / page);
            }
        }
        if arguments.walk_end <= start {
            return;
        }
        start = arguments.walk_end;
    }
}
