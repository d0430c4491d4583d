//! Which pages were copied since the fork, by `/proc/self/pagemap`.
//!
//! Right after a fork no page of the child is its own alone ([`Entry::is_exclusive`]); a write copies the page, and the copy is. So a page is
//! *copied* if it existed at the fork and is exclusive now. What a caller must know:
//!
//! - Read in the child **while the parent lives and is quiet**. A page that the parent has replaced, given back, or
//!   lost by ending is the child's alone too, without having been copied for it.
//! - Which of the two copies a page that both write to, depends on who comes first; both have it alone then. Who must know asks for the
//!   frames ([`Meter::remember_frames`]): a page whose frame is the one that it had at the fork has not been copied.
//! - Never add the counts of parent and child: the parent's page turns exclusive once the child has copied it.
//! - A fork in between shares everything again. Take a new snapshot at each fork.
//! - A page that was given back with `madvise` and touched again counts as copied: the kernel keeps no history.
//! - For pages of large folios, a kernel built with `CONFIG_NO_PAGE_MAPCOUNT` answers for the folio, not for the page.
//!
//! A page that had only been *read* before the fork is the kernel's zero page and has no content to share. On
//! kernels with `PAGEMAP_SCAN` (6.7 and later) such pages are recognised and do not count as existing at the fork;
//! on older ones they do.

use crate::bits::{Bits, PageIndices};
use crate::entry::Entry;
use crate::proc_file::{Owner, ProcFile};
use crate::reserved::Words;
use crate::zero_pages::each_zero_page;
use crate::{MeterError, page_size};

/// How many regions one measurement may have.
pub const MAX_REGIONS: usize = 64;

/// Pages read from pagemap in one system call.
pub(crate) const CHUNK: usize = 4096;

/// A named range of addresses of the calling process, page-aligned at both ends.
///
/// A region may grow between the fork and the measurement; pages beyond the end that it had at the fork are new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// What lies there: `objects`, `marks`, `stack`, …
    pub name: &'static str,
    /// The first address.
    pub start: usize,
    /// One past the last address.
    pub end: usize,
}

impl Region {
    /// How many pages it spans.
    pub fn pages(&self) -> usize {
        (self.end - self.start) / page_size()
    }
}

/// Numbers of pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageCounts {
    /// Existed at the fork, hence shared then.
    pub shared_at_fork: usize,
    /// Existed at the fork, and mapped by this process alone now: copied.
    pub copied: usize,
    /// Did not exist at the fork, in memory now.
    pub new: usize,
    /// Swapped out now; while that is not zero, a page may have become exclusive by coming back.
    pub swapped: usize,
}

impl std::ops::AddAssign for PageCounts {
    fn add_assign(&mut self, other: PageCounts) {
        self.shared_at_fork += other.shared_at_fork;
        self.copied += other.copied;
        self.new += other.new;
        self.swapped += other.swapped;
    }
}

/// What the kernel says of one page now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFlags {
    /// It is in memory.
    pub present: bool,
    /// It is swapped out.
    pub swapped: bool,
    /// It is mapped by this process alone.
    pub exclusive: bool,
    /// Of such a page: it is no copy, but the very one that was there at the fork, which the others have given up. Known only with frames.
    pub kept: bool,
    /// userfaultfd protects it from writing: nobody has written to it since a [`crate::Watch`] began.
    pub protected: bool,
    /// Did it exist at the fork? `None` without a snapshot.
    pub existed_at_fork: Option<bool>,
}

/// What was found in one region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionReading {
    /// The region as it is now.
    pub region: Region,
    /// Its pages.
    pub counts: PageCounts,
}

/// A region and where its bits begin in a bitmap.
#[derive(Clone, Copy, Debug)]
struct Extent {
    region: Region,
    first_bit: usize,
}

/// Regions laid end to end in one bitmap.
#[derive(Clone, Copy, Debug)]
struct Layout {
    extents: [Extent; MAX_REGIONS],
    count: usize,
    pages: usize,
}

impl Layout {
    const EMPTY: Layout = Layout {
        extents: [Extent { region: Region { name: "", start: 0, end: 0 }, first_bit: 0 };
            MAX_REGIONS],
        count: 0,
        pages: 0,
    };

    /// Lays `regions` out for bitmaps of `capacity` bits.
    fn of(regions: &[Region], capacity: usize) -> Result<Layout, MeterError> {
        if regions.len() > MAX_REGIONS {
            return Err(MeterError::TooManyRegions(regions.len()));
        }
        let mut layout = Layout::EMPTY;
        let page = page_size();
        for region in regions {
            if region.start % page != 0 || region.end % page != 0 || region.end < region.start {
                return Err(MeterError::Misaligned(region.name));
            }
            layout.extents[layout.count] = Extent { region: *region, first_bit: layout.pages };
            layout.count += 1;
            layout.pages += region.pages();
        }
        if layout.pages > capacity {
            return Err(MeterError::TooManyPages { needed: layout.pages, reserved: capacity });
        }
        Ok(layout)
    }

    fn extents(&self) -> &[Extent] {
        &self.extents[..self.count]
    }

    /// The bit of the page at `address`, if it lies in one of the regions.
    fn bit(&self, address: usize) -> Option<usize> {
        let holds =
            |extent: &&Extent| extent.region.start <= address && address < extent.region.end;
        let extent = self.extents().iter().find(holds)?;
        Some(extent.first_bit + (address - extent.region.start) / page_size())
    }
}

/// The frames of the pages at the fork, by their bits; zero where that is not known.
#[derive(Debug, Default)]
struct Frames(Option<Words>);

impl Frames {
    /// Room for the frames of so many pages, if the kernel tells them.
    fn reserve(pages: usize) -> Frames {
        Frames(if Entry::tells_frames() { Words::reserve(pages).ok() } else { None })
    }

    fn set(&mut self, bit: usize, entry: Entry) {
        let frame = entry.frame().unwrap_or(0);
        // Memory that reads zero is not taken for saying so.
        if let Some(word) = self.0.as_mut().map(|words| &mut words[bit])
            && *word != frame
        {
            *word = frame;
        }
    }

    fn get(&self, bit: usize) -> Option<u64> {
        self.0.as_ref().map(|words| words[bit]).filter(|frame| *frame != 0)
    }

    /// Is the page that had this bit at the fork, and is exclusive now, still the same one?
    fn is_kept(&self, bit: usize, now: Entry) -> bool {
        self.get(bit).is_some_and(|frame| now.frame() == Some(frame))
    }
}

/// The meter: everything that a measurement needs, reserved beforehand.
#[derive(Debug)]
pub struct Meter {
    capacity: usize,
    chunk: Words,
    /// The regions at the fork, and which of their pages existed.
    fork: Layout,
    existed: Bits,
    frames: Frames,
    /// The regions now, and which of their pages are copies or new.
    now: Layout,
    shared: Bits,
    copied: Bits,
    new: Bits,
    readings: [RegionReading; MAX_REGIONS],
    armed: bool,
}

impl Meter {
    /// A meter for regions of up to `max_pages` pages together. Takes address space of four bits per page; memory
    /// only for the pages that are measured.
    pub fn new(max_pages: usize) -> Result<Meter, MeterError> {
        let nothing = RegionReading {
            region: Region { name: "", start: 0, end: 0 },
            counts: PageCounts::default(),
        };
        Ok(Meter {
            capacity: max_pages,
            chunk: Words::reserve(CHUNK)?,
            fork: Layout::EMPTY,
            existed: Bits::reserve(max_pages)?,
            frames: Frames::default(),
            now: Layout::EMPTY,
            shared: Bits::reserve(max_pages)?,
            copied: Bits::reserve(max_pages)?,
            new: Bits::reserve(max_pages)?,
            readings: [nothing; MAX_REGIONS],
            armed: false,
        })
    }

    /// Records which pages of `regions` exist. Call it in the parent as the last thing before the fork; the child
    /// inherits the record.
    ///
    /// # Errors
    /// What the kernel refuses, and regions that do not fit; the meter then has no snapshot.
    pub fn snapshot_before_fork(&mut self, regions: &[Region]) -> Result<(), MeterError> {
        self.armed = false;
        self.fork = Layout::of(regions, self.capacity)?;
        self.existed.clear();
        let file = ProcFile::open(Owner::Own, "pagemap")?;
        let Meter { chunk, fork, existed, frames, .. } = self;
        for extent in fork.extents() {
            each_page(&file, chunk, extent, |page, entry| {
                let bit = extent.first_bit + page;
                frames.set(bit, entry);
                if entry.is_present() || entry.is_swapped() {
                    existed.set(bit);
                }
            })?;
            each_zero_page(&file, chunk, &extent.region, |page| {
                existed.reset(extent.first_bit + page)
            });
        }
        self.armed = true;
        Ok(())
    }

    /// From the next snapshot on, takes down the frame of each page, where the kernel tells: address space of a word per page more, and
    /// memory for the pages that are measured. `false`: it hides them, and [`PageFlags::kept`] is never set.
    pub fn remember_frames(&mut self) -> bool {
        if self.frames.0.is_none() {
            self.frames = Frames::reserve(self.capacity);
        }
        self.tells_frames()
    }

    /// Are frames known?
    pub fn tells_frames(&self) -> bool {
        self.frames.0.is_some()
    }

    /// Did the page at `address` exist when the snapshot was taken? `None` without a snapshot. A model that starts at
    /// the fork asks this of each page, to begin from the kernel's own account.
    pub fn existed_at_fork(&self, address: usize) -> Option<bool> {
        self.armed.then(|| self.fork.bit(address).is_some_and(|bit| self.existed.get(bit)))
    }

    /// Calls `visit` with the index of the region, the index of the page in it and what the kernel says of it, for each page of
    /// `regions`, in order. Needs no snapshot.
    ///
    /// # Errors
    /// What the kernel refuses, and regions that do not fit; some pages may have been visited already.
    pub fn each_page(
        &mut self,
        regions: &[Region],
        visit: &mut dyn FnMut(usize, usize, PageFlags),
    ) -> Result<(), MeterError> {
        self.now = Layout::of(regions, self.capacity)?;
        let file = ProcFile::open(Owner::Own, "pagemap")?;
        let page_bytes = page_size();
        let Meter { chunk, fork, existed, frames, now, armed, .. } = self;
        for (index, extent) in now.extents().iter().enumerate() {
            each_page(&file, chunk, extent, |page, entry| {
                let before = fork.bit(extent.region.start + page * page_bytes);
                let existed_at_fork = armed.then(|| before.is_some_and(|bit| existed.get(bit)));
                let flags = PageFlags {
                    present: entry.is_present(),
                    swapped: entry.is_swapped(),
                    exclusive: entry.is_exclusive(),
                    kept: entry.is_exclusive()
                        && existed_at_fork == Some(true)
                        && before.is_some_and(|bit| frames.is_kept(bit, entry)),
                    protected: entry.is_protected(),
                    existed_at_fork,
                };
                visit(index, page, flags);
            })?;
        }
        Ok(())
    }

    /// Compares `regions` with the snapshot. Call it in the child while the parent lives.
    ///
    /// The regions are matched with those of the snapshot by address, so they may have grown, split or come to be.
    ///
    /// # Errors
    /// What the kernel refuses, regions that do not fit, and [`MeterError::NoSnapshot`].
    pub fn measure_after_fork(&mut self, regions: &[Region]) -> Result<Reading<'_>, MeterError> {
        if !self.armed {
            return Err(MeterError::NoSnapshot);
        }
        self.now = Layout::of(regions, self.capacity)?;
        for bits in [&mut self.shared, &mut self.copied, &mut self.new] {
            bits.clear();
        }
        let file = ProcFile::open(Owner::Own, "pagemap")?;
        let page_bytes = page_size();
        let Meter { chunk, fork, existed, now, shared, copied, new, readings, .. } = self;
        for (extent, reading) in now.extents().iter().zip(readings.iter_mut()) {
            let mut counts = PageCounts::default();
            each_page(&file, chunk, extent, |page, entry| {
                let bit = extent.first_bit + page;
                let before = fork.bit(extent.region.start + page * page_bytes);
                counts.swapped += usize::from(entry.is_swapped());
                if before.is_some_and(|before| existed.get(before)) {
                    counts.shared_at_fork += 1;
                    shared.set(bit);
                    if entry.is_exclusive() {
                        counts.copied += 1;
                        copied.set(bit);
                    }
                } else if entry.is_exclusive() {
                    // Not exclusive and not there before: the zero page, which costs nothing.
                    counts.new += 1;
                    new.set(bit);
                }
            })?;
            *reading = RegionReading { region: extent.region, counts };
        }
        Ok(Reading { meter: self })
    }
}

/// What a measurement found. Lives in the meter's own memory.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    meter: &'a Meter,
}

impl<'a> Reading<'a> {
    /// One entry per region, in the order in which the regions were given.
    pub fn regions(&self) -> &'a [RegionReading] {
        &self.meter.readings[..self.meter.now.count]
    }

    /// All regions together.
    pub fn total(&self) -> PageCounts {
        let mut total = PageCounts::default();
        for reading in self.regions() {
            total += reading.counts;
        }
        total
    }

    /// All regions of this name together.
    pub fn named(&self, name: &str) -> PageCounts {
        let mut total = PageCounts::default();
        for reading in self.regions().iter().filter(|reading| reading.region.name == name) {
            total += reading.counts;
        }
        total
    }

    /// The pages of the region at `index` that existed at the fork.
    ///
    /// # Panics
    /// If there is no region at `index`; so do the next two.
    pub fn shared_pages(&self, index: usize) -> PageIndices<'a> {
        self.ones(&self.meter.shared, index)
    }

    /// The pages of the region at `index` that were copied.
    pub fn copied_pages(&self, index: usize) -> PageIndices<'a> {
        self.ones(&self.meter.copied, index)
    }

    /// The pages of the region at `index` that have come to be since the fork.
    pub fn new_pages(&self, index: usize) -> PageIndices<'a> {
        self.ones(&self.meter.new, index)
    }

    fn ones(&self, bits: &'a Bits, index: usize) -> PageIndices<'a> {
        let extent = &self.meter.now.extents()[index];
        bits.ones(extent.first_bit, extent.first_bit + extent.region.pages())
    }
}

/// Calls `visit` with the index and the pagemap entry of each page of `extent`.
fn each_page(
    file: &ProcFile,
    chunk: &mut Words,
    extent: &Extent,
    mut visit: impl FnMut(usize, Entry),
) -> Result<(), MeterError> {
    let first = extent.region.start / page_size();
    let pages = extent.region.pages();
    let mut done = 0;
    while done < pages {
        let count = CHUNK.min(pages - done);
        file.read_words_at(&mut chunk[..count], first + done)?;
        for (offset, entry) in chunk[..count].iter().enumerate() {
            visit(done + offset, Entry(*entry));
        }
        done += count;
    }
    Ok(())
}
