//! The meter against real forks. One thread, checks one after another; each check's work is done in a child.

use calf_meter::{
    Capabilities, Means, Meter, MeterError, PageCounts, PageFlags, Region, Watch, faults,
    page_size, smaps,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{process, ptr};

type Check = (&'static str, fn());

const CHECKS: &[Check] = &[
    ("the machine can measure", machine_can_measure),
    ("n pages written are n pages copied", written_pages_are_copied),
    ("each page is told by its index", page_indices_are_exact),
    ("reading copies nothing", reading_copies_nothing),
    ("new pages are not copies", new_pages_are_not_copies),
    ("pages only read before the fork have no content to copy", zero_pages_are_not_shared),
    ("regions are told apart", regions_are_told_apart),
    ("a region may grow after the fork", region_may_grow),
    ("repeated forks repeat exactly", repeats_exactly),
    ("measuring does not copy what it measures", measuring_is_quiet),
    ("no descriptor stays open", no_descriptor_stays_open),
    ("a grandchild is measured against its own fork", grandchild),
    ("first writes are seen, once each", first_writes_are_seen),
    ("pages given back are watched again", given_back_pages_are_watched_again),
    ("pages that the others gave up are no copies", pages_given_up_by_others_are_kept),
    ("mistakes of the caller are errors", mistakes_are_errors),
    ("smaps agrees with the pagemap", smaps_agrees),
    ("another process can be read", another_process_can_be_read),
    ("faults are counted", faults_are_counted),
];

fn main() {
    let unprivileged = std::env::args().any(|argument| argument == "--unprivileged");
    if unprivileged {
        give_up_privileges();
    }
    let mut failed = 0;
    for (name, check) in CHECKS {
        let passed = catch_unwind(check).is_ok();
        failed += usize::from(!passed);
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
    }
    // SAFETY: geteuid has no preconditions.
    if !unprivileged && unsafe { libc::geteuid() } == 0 {
        let status =
            process::Command::new(std::env::current_exe().expect("this program has a path"))
                .arg("--unprivileged")
                .stdout(process::Stdio::null())
                .status();
        // The directory of the program may be closed to others; that is no defect of the meter.
        match status {
            Ok(status) => {
                failed += usize::from(!status.success());
                println!(
                    "test all of it as nobody ... {}",
                    if status.success() { "ok" } else { "FAILED" }
                );
            }
            Err(error) => println!("test all of it as nobody ... not run: {error}"),
        }
    }
    println!("{failed} failed");
    process::exit(i32::from(failed != 0));
}

/// Becomes the user nobody, for good.
fn give_up_privileges() {
    // SAFETY: plain system calls with constants; a process that changed its user is not dumpable, hence may not
    // open its own pagemap, until it says otherwise.
    unsafe {
        assert_eq!(libc::setgroups(0, ptr::null()), 0);
        assert_eq!(libc::setresgid(65534, 65534, 65534), 0);
        assert_eq!(libc::setresuid(65534, 65534, 65534), 0);
        assert_eq!(libc::prctl(libc::PR_SET_DUMPABLE, 1), 0);
        assert_ne!(libc::setuid(0), 0, "there must be no way back");
    }
}

/// Some pages of anonymous memory with inaccessible neighbours.
struct Pages {
    start: usize,
    count: usize,
}

impl Pages {
    /// Maps `count` pages; none is touched yet.
    fn map(count: usize) -> Pages {
        let page = page_size();
        // SAFETY: a new mapping overlaps nothing; the inner part is within it.
        unsafe {
            let address = libc::mmap(
                ptr::null_mut(),
                (count + 2) * page,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            );
            assert_ne!(address, libc::MAP_FAILED);
            let start = address as usize + page;
            let inner = start as *mut libc::c_void;
            assert_eq!(libc::mprotect(inner, count * page, libc::PROT_READ | libc::PROT_WRITE), 0);
            libc::madvise(inner, count * page, libc::MADV_NOHUGEPAGE);
            Pages { start, count }
        }
    }

    /// Maps `count` pages and writes each.
    fn filled(count: usize) -> Pages {
        let pages = Pages::map(count);
        (0..count).for_each(|index| pages.write(index));
        pages
    }

    fn byte(&self, index: usize) -> *mut u8 {
        assert!(index < self.count);
        (self.start + index * page_size()) as *mut u8
    }

    fn write(&self, index: usize) {
        // SAFETY: the byte lies in a page of ours, mapped for writing.
        unsafe { ptr::write_volatile(self.byte(index), content(index)) }
    }

    fn read(&self, index: usize) -> u8 {
        // SAFETY: as above.
        unsafe { ptr::read_volatile(self.byte(index)) }
    }

    fn region(&self, name: &'static str) -> Region {
        Region { name, start: self.start, end: self.start + self.count * page_size() }
    }
}

/// What [`Pages::write`] puts into page `index`: never zero, as an untouched page is.
fn content(index: usize) -> u8 {
    1 + (index % 255) as u8
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the whole mapping made by `map`, guards included.
        unsafe {
            libc::munmap(
                (self.start - page_size()) as *mut libc::c_void,
                (self.count + 2) * page_size(),
            );
        }
    }
}

/// Runs `work` in a forked child while the parent waits; fails if it panics or dies.
fn in_child(work: impl FnOnce()) {
    // SAFETY: this program has one thread.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "fork");
    if pid == 0 {
        let passed = catch_unwind(AssertUnwindSafe(work)).is_ok();
        // SAFETY: ends the child at once, without the parent's exit handlers.
        unsafe { libc::_exit(i32::from(!passed)) };
    }
    let mut status = 0;
    // SAFETY: waits for our own child.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert_eq!(status, 0, "the child's half of the check");
}

/// A pseudo-random order that is the same in each run.
fn scattered(count: usize, of: usize) -> Vec<usize> {
    assert!(count <= of);
    let mut all: Vec<usize> = (0..of).collect();
    let mut state = 1u64;
    for index in (1..of).rev() {
        state = state * 16807 % 2_147_483_647;
        all.swap(index, state as usize % (index + 1));
    }
    all.truncate(count);
    all
}

fn machine_can_measure() {
    let capabilities = Capabilities::probe();
    assert_eq!(capabilities.copied_pages, Ok(()));
    assert_eq!(capabilities.own_usage, Ok(()));
    assert!(capabilities.page_size.is_power_of_two());
}

fn written_pages_are_copied() {
    // More pages than one read of the pagemap brings.
    let pages = Pages::filled(10_000);
    let region = [pages.region("objects")];
    let mut meter = Meter::new(10_000).unwrap();
    for count in [0, 1, 2, 7, 100, 4096, 10_000] {
        let chosen = scattered(count, 10_000);
        meter.snapshot_before_fork(&region).unwrap();
        in_child(|| {
            chosen.iter().for_each(|index| pages.write(*index));
            let total = meter.measure_after_fork(&region).unwrap().total();
            let expected = PageCounts { shared_at_fork: 10_000, copied: count, new: 0, swapped: 0 };
            assert_eq!(total, expected);
        });
    }
}

fn page_indices_are_exact() {
    let pages = Pages::filled(5000);
    let region = [pages.region("objects")];
    let mut meter = Meter::new(5000).unwrap();
    let mut chosen = scattered(500, 5000);
    meter.snapshot_before_fork(&region).unwrap();
    in_child(|| {
        chosen.iter().for_each(|index| pages.write(*index));
        chosen.sort_unstable();
        let reading = meter.measure_after_fork(&region).unwrap();
        assert_eq!(reading.copied_pages(0).collect::<Vec<_>>(), chosen);
        assert_eq!(reading.shared_pages(0).count(), 5000);
        assert_eq!(reading.new_pages(0).count(), 0);
    });
}

fn reading_copies_nothing() {
    let pages = Pages::filled(1000);
    let region = [pages.region("objects")];
    let mut meter = Meter::new(1000).unwrap();
    meter.snapshot_before_fork(&region).unwrap();
    in_child(|| {
        for index in 0..1000 {
            assert_eq!(pages.read(index), content(index));
        }
        assert_eq!(meter.measure_after_fork(&region).unwrap().total().copied, 0);
    });
}

fn new_pages_are_not_copies() {
    let pages = Pages::map(1000);
    (0..400).for_each(|index| pages.write(index));
    let region = [pages.region("objects")];
    let mut meter = Meter::new(1000).unwrap();
    assert_eq!(meter.existed_at_fork(pages.start), None);
    meter.snapshot_before_fork(&region).unwrap();
    in_child(|| {
        let existed = |index: usize| meter.existed_at_fork(pages.start + index * page_size());
        assert!((0..1000).all(|index| existed(index) == Some(index < 400)));
        assert_eq!(meter.existed_at_fork(pages.start - 1), Some(false));
        (390..450).for_each(|index| pages.write(index));
        let reading = meter.measure_after_fork(&region).unwrap();
        let expected = PageCounts { shared_at_fork: 400, copied: 10, new: 50, swapped: 0 };
        assert_eq!(reading.total(), expected);
        assert!(reading.new_pages(0).eq(400..450));
        assert!(reading.copied_pages(0).eq(390..400));
    });
}

fn zero_pages_are_not_shared() {
    if !kernel_is_at_least(6, 7) {
        return;
    }
    let pages = Pages::map(300);
    (0..100).for_each(|index| pages.write(index));
    (100..200).for_each(|index| assert_eq!(pages.read(index), 0));
    let region = [pages.region("marks")];
    let mut meter = Meter::new(300).unwrap();
    meter.snapshot_before_fork(&region).unwrap();
    in_child(|| {
        // Of these, 50 were written before, 100 only read, 50 never touched; and reading makes no page.
        (50..250).for_each(|index| pages.write(index));
        (250..300).for_each(|index| assert_eq!(pages.read(index), 0));
        let total = meter.measure_after_fork(&region).unwrap().total();
        assert_eq!(total, PageCounts { shared_at_fork: 100, copied: 50, new: 150, swapped: 0 });
    });
}

fn regions_are_told_apart() {
    let (objects, marks) = (Pages::filled(100), Pages::filled(50));
    let regions = [objects.region("objects"), marks.region("marks"), objects.region("objects")];
    let mut meter = Meter::new(250).unwrap();
    meter.snapshot_before_fork(&regions).unwrap();
    in_child(|| {
        objects.write(99);
        (0..3).for_each(|index| marks.write(index));
        let reading = meter.measure_after_fork(&regions).unwrap();
        assert_eq!(reading.regions().len(), 3);
        assert_eq!(reading.regions()[0].counts.copied, 1);
        assert_eq!(reading.regions()[1].counts.copied, 3);
        assert_eq!(reading.named("marks").shared_at_fork, 50);
        assert_eq!(reading.named("objects").copied, 2, "two regions of one name are added");
        assert_eq!(reading.named("cards"), PageCounts::default());
        assert!(reading.copied_pages(2).eq([99]));
    });
}

fn region_may_grow() {
    let pages = Pages::map(100);
    (0..10).for_each(|index| pages.write(index));
    let mut before = pages.region("objects");
    before.end = before.start + 10 * page_size();
    let after = [pages.region("objects")];
    let mut meter = Meter::new(100).unwrap();
    meter.snapshot_before_fork(&[before]).unwrap();
    in_child(|| {
        (8..20).for_each(|index| pages.write(index));
        let total = meter.measure_after_fork(&after).unwrap().total();
        assert_eq!(total, PageCounts { shared_at_fork: 10, copied: 2, new: 10, swapped: 0 });
    });
}

fn repeats_exactly() {
    let pages = Pages::filled(2000);
    let region = [pages.region("objects")];
    let mut meter = Meter::new(2000).unwrap();
    for _ in 0..20 {
        meter.snapshot_before_fork(&region).unwrap();
        in_child(|| {
            (0..2000).step_by(3).for_each(|index| pages.write(index));
            assert_eq!(meter.measure_after_fork(&region).unwrap().total().copied, 667);
        });
    }
}

fn measuring_is_quiet() {
    let pages = Pages::filled(1000);
    let region = [pages.region("objects")];
    let mut meter = Meter::new(1000).unwrap();
    meter.snapshot_before_fork(&region).unwrap();
    in_child(|| {
        for _ in 0..10 {
            assert_eq!(meter.measure_after_fork(&region).unwrap().total().copied, 0);
            smaps::own_usage().unwrap();
        }
    });
}

fn no_descriptor_stays_open() {
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let pages = Pages::filled(10);
    let region = [pages.region("objects")];
    let before = open();
    let mut meter = Meter::new(10).unwrap();
    meter.snapshot_before_fork(&region).unwrap();
    meter.measure_after_fork(&region).unwrap();
    smaps::own_usage().unwrap();
    smaps::own_mappings(&mut |_| ()).unwrap();
    assert_eq!(open(), before);
}

fn grandchild() {
    let pages = Pages::filled(100);
    let region = [pages.region("objects")];
    let mut meter = Meter::new(100).unwrap();
    meter.snapshot_before_fork(&region).unwrap();
    in_child(|| {
        (0..30).for_each(|index| pages.write(index));
        meter.snapshot_before_fork(&region).unwrap();
        in_child(|| {
            (20..40).for_each(|index| pages.write(index));
            let total = meter.measure_after_fork(&region).unwrap().total();
            assert_eq!((total.shared_at_fork, total.copied), (100, 20));
        });
    });
}

/// Tells the handler one word, the number of the action, and how many bits of it are set.
unsafe fn capture(context: *const (), into: &mut [u64]) -> (usize, u8) {
    // SAFETY: the checks below pass the address of a number that outlives the watch.
    into[0] = unsafe { context.cast::<u64>().read_volatile() };
    (1, into[0].count_ones() as u8)
}

/// Runs `check` in a child, with 2000 pages from before the fork and their watch, under each means that the kernel allows.
fn under_watch(check: fn(&Pages, &mut Meter, &mut Watch, *mut u64)) {
    for means in [Means::Userfaultfd, Means::Protection] {
        let pages = Pages::filled(2000);
        let region = [pages.region("objects")];
        let mut meter = Meter::new(2000).unwrap();
        let mut watch = Watch::reserve(4000).unwrap();
        meter.snapshot_before_fork(&region).unwrap();
        in_child(|| {
            let mut action = 0u64;
            let context = (&raw mut action).cast_const().cast();
            // SAFETY: the watch is in its box, the number outlives it, and this program has one thread.
            match unsafe { watch.start(&meter, &region, Some(means), capture, context) } {
                Ok(started) => assert_eq!(started, means),
                Err(error @ MeterError::NoUserfaultfd { .. }) => {
                    eprintln!("not checked: {error}");
                    return;
                }
                Err(error) => panic!("{error}"),
            }
            check(&pages, &mut meter, &mut watch, &raw mut action);
            watch.stop();
        });
    }
}

fn first_writes_are_seen() {
    under_watch(|pages, meter, watch, action| {
        let region = [pages.region("objects")];
        let chosen = scattered(700, 2000);
        for round in [1, 2, 3] {
            // SAFETY: the number that the capture reads.
            unsafe { action.write_volatile(round) };
            chosen[..round as usize * 233].iter().for_each(|index| pages.write(*index));
        }
        let mut seen: Vec<usize> =
            watch.records().map(|record| (record.address - pages.start) / page_size()).collect();
        assert_eq!(seen, chosen[..699], "each page once, in the order of the writes");
        seen.sort_unstable();
        let reading = meter.measure_after_fork(&region).unwrap();
        assert!(reading.copied_pages(0).eq(seen.iter().copied()), "and the kernel says the same");
        let stack = |number: usize| watch.stack(watch.records().nth(number).unwrap().stack);
        assert_eq!(
            (stack(0), stack(232), stack(233), stack(698)),
            (&[1][..], &[1][..], &[2][..], &[3][..])
        );
        assert_eq!(watch.records().nth(500).unwrap().tag, 2, "3 has two bits");
        assert!(watch.records().is_sorted_by_key(|record| record.nanoseconds));
        assert_eq!(watch.unguarded(), 0);
        let cost = watch.measure_cost().unwrap();
        assert!(cost > 0 && watch.records().len() == 699, "measuring leaves no record: {cost} ns");
    });
}

fn given_back_pages_are_watched_again() {
    under_watch(|pages, meter, watch, _| {
        let region = [pages.region("objects")];
        (0..30).for_each(|index| pages.write(index));
        let (start, length) = (pages.start + 10 * page_size(), 30 * page_size());
        // SAFETY: pages of ours, whose content is not needed any more.
        unsafe { libc::madvise(start as *mut libc::c_void, length, libc::MADV_DONTNEED) };
        Watch::given_back(start, length);
        (15..20).for_each(|index| pages.write(index));
        let still = watch.records().filter(|record| !record.given_back).count();
        assert_eq!((watch.records().len(), still), (35, 15));
        let total = meter.measure_after_fork(&region).unwrap().total();
        assert_eq!(total.copied, still, "the kernel says the same");
    });
}

/// The parent writes to pages 0 to 49, which leaves the old ones to the child; this one then writes to some of these, and to some that
/// both have.
fn pages_given_up_by_others_are_kept() {
    const LEFT: usize = 50;
    under_watch_until_told(
        |pages| (0..LEFT).for_each(|index| pages.write(index)),
        |pages, meter, watch| {
            let (in_place, copied) = (10..20, 60..70);
            let region = [pages.region("objects")];
            in_place.clone().chain(copied.clone()).for_each(|index| pages.write(index));
            let number = |address: usize| (address - pages.start) / page_size();
            let records: Vec<_> = watch.records().collect();
            assert_eq!(records.len(), in_place.len() + copied.len());
            let forbidden: Vec<usize> =
                (0..LEFT).filter(|index| watch.forbids(pages.byte(*index).addr())).collect();
            let (mut kept, mut protected) = (Vec::new(), Vec::new());
            let visit = &mut |_, page, flags: PageFlags| {
                if flags.kept {
                    kept.push(page);
                }
                if flags.exclusive && flags.protected {
                    protected.push(page);
                }
            };
            meter.each_page(&region, visit).unwrap();
            let told: Vec<usize> = { records.iter().filter(|record| record.in_place) }
                .map(|record| number(record.address))
                .collect();
            let untouched: Vec<usize> = (0..LEFT).filter(|page| !in_place.contains(page)).collect();
            if meter.tells_frames() {
                assert!(kept.iter().copied().eq(0..LEFT), "{kept:?}");
            } else {
                // Then the handler has asked at the time of the write.
                assert!(kept.is_empty() && told.iter().copied().eq(in_place), "{told:?}");
            }
            let reading = meter.measure_after_fork(&region).unwrap();
            assert!(reading.copied_pages(0).eq((0..LEFT).chain(copied)), "exclusive");
            match watch.means() {
                Means::Userfaultfd if kernel_is_at_least(5, 13) => assert_eq!(protected, untouched),
                Means::Userfaultfd => {}
                Means::Protection => assert_eq!(forbidden, untouched),
            }
        },
    );
}

/// Under each means that the kernel allows, forks a child with a watch; when `parent` has done its part here, the child does its own.
fn under_watch_until_told(parent: impl Fn(&Pages), child: impl Fn(&Pages, &mut Meter, &mut Watch)) {
    for means in [Means::Userfaultfd, Means::Protection] {
        in_child(|| {
            let pages = Pages::filled(2000);
            let region = [pages.region("objects")];
            let mut meter = Meter::new(2000).unwrap();
            let mut watch = Watch::reserve(4000).unwrap();
            meter.remember_frames();
            let mut gate = [0; 2];
            // SAFETY: makes two descriptors.
            assert_eq!(unsafe { libc::pipe(gate.as_mut_ptr()) }, 0);
            meter.snapshot_before_fork(&region).unwrap();
            // SAFETY: this program has one thread.
            let pid = unsafe { libc::fork() };
            let mut status = 0;
            if pid == 0 {
                let passed = catch_unwind(AssertUnwindSafe(|| {
                    let number = 0u64;
                    let context = (&raw const number).cast();
                    // SAFETY: the watch is in its box, the number outlives it, and this program has one thread.
                    match unsafe { watch.start(&meter, &region, Some(means), capture, context) } {
                        Ok(started) => assert_eq!(started, means),
                        Err(MeterError::NoUserfaultfd { .. }) => return,
                        Err(error) => panic!("{error}"),
                    }
                    let mut byte = 0u8;
                    // SAFETY: the descriptors of the pipe, and a byte of ours.
                    unsafe {
                        libc::close(gate[1]);
                        assert_eq!(libc::read(gate[0], (&raw mut byte).cast(), 1), 0, "the end");
                    }
                    child(&pages, &mut meter, &mut watch);
                }));
                // SAFETY: ends the child at once.
                unsafe { libc::_exit(i32::from(passed.is_err())) };
            }
            parent(&pages);
            // SAFETY: the descriptors of the pipe, and our own child.
            unsafe {
                libc::close(gate[1]);
                assert_eq!(libc::waitpid(pid, &raw mut status, 0), pid);
                libc::close(gate[0]);
            }
            assert_eq!(status, 0, "the child's half of the check");
        });
    }
}

fn mistakes_are_errors() {
    let pages = Pages::filled(10);
    let region = pages.region("objects");
    let mut meter = Meter::new(5).unwrap();
    assert_eq!(meter.measure_after_fork(&[]).unwrap_err(), MeterError::NoSnapshot);
    let too_many = MeterError::TooManyPages { needed: 10, reserved: 5 };
    assert_eq!(meter.snapshot_before_fork(&[region]), Err(too_many));
    assert!(!too_many.is_refusal());
    assert_eq!(meter.measure_after_fork(&[]).unwrap_err(), MeterError::NoSnapshot);
    let odd = Region { name: "odd", start: region.start + 1, end: region.end };
    assert_eq!(meter.snapshot_before_fork(&[odd]), Err(MeterError::Misaligned("odd")));
    let many = [Region { name: "empty", start: 0, end: 0 }; 100];
    assert_eq!(meter.snapshot_before_fork(&many), Err(MeterError::TooManyRegions(100)));
    meter.snapshot_before_fork(&[]).unwrap();
    assert_eq!(meter.measure_after_fork(&[region]).unwrap_err(), too_many);
}

fn smaps_agrees() {
    const COUNT: usize = 4000;
    let pages = Pages::filled(COUNT);
    let kibibytes = (page_size() / 1024) as u64;
    let mapping_of = |start: usize| {
        let mut found = None;
        smaps::own_mappings(&mut |mapping| {
            if mapping.start == start as u64 {
                found = Some(mapping.totals);
            }
        })
        .unwrap();
        found.expect("guarded pages are a mapping of their own")
    };
    in_child(|| {
        let before = mapping_of(pages.start);
        assert_eq!(before.shared_dirty, COUNT as u64 * kibibytes * 1024);
        assert_eq!(before.private_dirty, 0);
        (0..1000).for_each(|index| pages.write(index));
        let after = mapping_of(pages.start);
        assert_eq!(after.private_dirty, 1000 * kibibytes * 1024);
        assert_eq!(after.rss, before.rss);
        let usage = smaps::own_usage().unwrap();
        assert!(usage.uss >= after.private_dirty && usage.shared >= after.shared_dirty);
        assert!(usage.uss < usage.pss && usage.pss < usage.rss);
    });
}

fn another_process_can_be_read() {
    let pages = Pages::filled(1000);
    // SAFETY: getppid has no preconditions.
    in_child(|| unsafe {
        let parent = smaps::usage(libc::getppid()).unwrap();
        assert!(parent.rss >= (pages.count * page_size()) as u64);
        assert!(parent.shared >= (pages.count * page_size()) as u64);
        let mut mappings = 0;
        smaps::mappings(libc::getppid(), &mut |_| mappings += 1).unwrap();
        assert!(mappings > 3);
    });
}

fn faults_are_counted() {
    let pages = Pages::filled(100);
    let ended = faults::of_ended_children();
    in_child(|| {
        let before = faults::own();
        (0..100).for_each(|index| pages.write(index));
        assert!(faults::own().minor >= before.minor + 100);
    });
    assert!(faults::of_ended_children().minor >= ended.minor + 100);
}

fn kernel_is_at_least(major: u32, minor: u32) -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers =
        release.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (major, minor)
}
