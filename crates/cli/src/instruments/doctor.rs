//! `calf doctor`: what of this the machine can measure, and what is done where it cannot.

use calf_meter::{Capabilities, Entry, page_size};
use serde_json::json;
use std::fmt::Write;
use std::fs;
use std::time::Instant;

/// How good an answer is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// As it should be.
    Good,
    /// It works, with a limit.
    Limited,
    /// It is not there.
    Missing,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Verdict::Good => "ok",
            Verdict::Limited => "limited",
            Verdict::Missing => "missing",
        }
    }
    fn of(is_good: bool) -> Verdict {
        if is_good { Verdict::Good } else { Verdict::Missing }
    }
}

/// One thing looked at.
struct Finding {
    name: &'static str,
    verdict: Verdict,
    /// What was found.
    found: String,
    /// What works without it, or what to do.
    without: &'static str,
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_string())
}

fn number(path: &str) -> Option<i64> {
    read(path)?.parse().ok()
}

pub(super) fn run(as_json: bool) -> i32 {
    let findings = examine();
    let mut text = String::new();
    if as_json {
        let entries: serde_json::Value = findings
            .iter()
            .map(|finding| {
                json!({
                    "name": finding.name, "verdict": finding.verdict.word(), "found": finding.found,
                    "without": finding.without,
                })
            })
            .collect();
        _ = writeln!(text, "{entries}");
    } else {
        let names = findings.iter().map(|finding| finding.name.len()).max().unwrap_or(0);
        for Finding { name, verdict, found, without } in &findings {
            _ = writeln!(text, "{name:names$}  {:7}  {found}", verdict.word());
            _ = writeln!(text, "{:names$}           without: {without}", "");
        }
        let missing = findings.iter().filter(|finding| finding.verdict == Verdict::Missing).count();
        _ = writeln!(text, "{} looked at, {missing} missing.", findings.len());
    }
    crate::print(&text)
}

fn examine() -> Vec<Finding> {
    let capabilities = Capabilities::probe();
    vec![
        kernel(),
        Finding {
            name: "page size",
            verdict: if page_size() == 4096 { Verdict::Good } else { Verdict::Limited },
            found: format!("{} bytes", page_size()),
            without: "on larger pages a write copies more; counts differ from those published for pages of 4096 bytes",
        },
        huge_pages(),
        overcommit(),
        Finding {
            name: "page map",
            verdict: Verdict::of(capabilities.copied_pages.is_ok()),
            found: answer(
                capabilities.copied_pages,
                "/proc/self/pagemap says which pages are this process's alone",
            ),
            without: "mem.copied() and the lab give the model's account instead, and say so",
        },
        frames(),
        Finding {
            name: "smaps",
            verdict: Verdict::of(capabilities.own_usage.is_ok()),
            found: answer(
                capabilities.own_usage,
                "/proc/self/smaps_rollup gives RSS, PSS, private and shared memory",
            ),
            without: "mem.usage() and `calf pages` fail with a word; pages are counted as before",
        },
        userfaultfd(),
        mappings(),
        perf(),
        soft_dirty(),
        swap(),
        cores(),
        noise(),
    ]
}

fn answer(result: Result<(), calf_meter::MeterError>, good: &str) -> String {
    result.map_or_else(|error| error.to_string(), |()| good.to_string())
}

fn kernel() -> Finding {
    let release = read("/proc/sys/kernel/osrelease");
    let version: Vec<u32> = release
        .iter()
        .flat_map(|release| release.split(['.', '-']).map_while(|part| part.parse().ok()))
        .take(2)
        .collect();
    let is_recent = version.as_slice() >= [5, 8].as_slice();
    Finding {
        name: "kernel",
        verdict: if is_recent { Verdict::Good } else { Verdict::Limited },
        found: release.map_or("unknown".to_string(), |release| format!("Linux {release}")),
        without: "before Linux 5.8 a write to a huge page copies all of it; before 4.2 the page map does not tell copies",
    }
}

fn huge_pages() -> Finding {
    let setting = read("/sys/kernel/mm/transparent_hugepage/enabled");
    let chosen = setting
        .as_deref()
        .and_then(|text| text.split_once('[')?.1.split_once(']'))
        .map(|(word, _)| word.to_string());
    Finding {
        name: "huge pages",
        verdict: if chosen.as_deref() == Some("always") { Verdict::Limited } else { Verdict::Good },
        found: chosen.map_or("the kernel has none".to_string(), |word| {
            format!("transparent huge pages: {word}")
        }),
        without: "nothing is lost: Calf declines huge pages for its heap, so that counts repeat; other runtimes may use them",
    }
}

fn overcommit() -> Finding {
    let mode = number("/proc/sys/vm/overcommit_memory");
    let found = match mode {
        Some(0) => "0: the kernel guesses",
        Some(1) => "1: always",
        Some(2) => "2: never more than there is",
        _ => "unknown",
    };
    Finding {
        name: "overcommit",
        verdict: if mode == Some(2) { Verdict::Limited } else { Verdict::Good },
        found: found.to_string(),
        without: "where a fork or the heap's addresses are refused: --heap-limit 256M, or sysctl vm.overcommit_memory=0",
    }
}

/// Does the page map tell the numbers of frames?
fn frames() -> Finding {
    let told = Entry::tells_frames();
    Finding {
        name: "frame numbers",
        verdict: Verdict::of(told),
        found: if told { "the page map tells them" } else { "hidden: that takes CAP_SYS_ADMIN" }
            .to_string(),
        without: "`calf pages` counts as shared with the parent what both have at the same address and neither has alone; blame asks at each first write whether anybody else has the page",
    }
}

/// `UFFD_USER_MODE_ONLY` of `linux/userfaultfd.h`: faults of the program only, which needs no privilege.
const USER_MODE_ONLY: libc::c_int = 1;

fn userfaultfd() -> Finding {
    // SAFETY: makes a descriptor and touches no memory.
    let descriptor =
        unsafe { libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | USER_MODE_ONLY) };
    let found = if descriptor >= 0 {
        // SAFETY: the descriptor was just made and is used nowhere else.
        unsafe { libc::close(descriptor as libc::c_int) };
        "can be had for faults of the program".to_string()
    } else {
        format!("refused: {}", std::io::Error::last_os_error())
    };
    Finding {
        name: "userfaultfd",
        verdict: Verdict::of(descriptor >= 0),
        found,
        without: "blame protects pages with mprotect, in larger units where there are many",
    }
}

fn mappings() -> Finding {
    let limit = number("/proc/sys/vm/max_map_count");
    Finding {
        name: "mappings",
        verdict: match limit {
            Some(limit) if limit < 65_530 => Verdict::Limited,
            _ => Verdict::Good,
        },
        found: limit.map_or("no limit is told".to_string(), |limit| {
            format!("mprotect may cut memory into {limit} mappings (vm.max_map_count)")
        }),
        without: "units that are protected grow until they fit; `sealed` and --gc-zeal page hide fewer pages apart",
    }
}

fn perf() -> Finding {
    let level = number("/proc/sys/kernel/perf_event_paranoid");
    let (verdict, found) = match level {
        None => (Verdict::Missing, "the kernel has no performance events".to_string()),
        Some(level) if level > 2 => (
            Verdict::Missing,
            format!("perf_event_paranoid is {level}: only for the administrator"),
        ),
        Some(level) => (
            Verdict::Good,
            format!("perf_event_paranoid is {level}: page faults of one's own can be recorded"),
        ),
    };
    Finding {
        name: "perf",
        verdict,
        found,
        without: "only the cross-check with `perf record -e page-faults` is lost; Calf does not need it",
    }
}

fn soft_dirty() -> Finding {
    let bit_of = |address: usize| Entry::of_own(address).ok().map(Entry::is_soft_dirty);
    let mut memory = vec![1u8; 3 * page_size()];
    let place = page_size();
    let address = std::ptr::from_ref(&memory[place]).addr();
    let works = fs::write("/proc/self/clear_refs", "4").is_ok() && {
        let before = bit_of(address);
        memory[place] = std::hint::black_box(2);
        before == Some(false) && bit_of(address) == Some(true)
    };
    Finding {
        name: "soft-dirty",
        verdict: Verdict::of(works),
        found: if works { "the kernel tracks it" } else { "compiled out, or not allowed" }
            .to_string(),
        without: "nothing is lost: Calf counts by the bit for exclusive pages, which tells copies, not writes",
    }
}

fn swap() -> Finding {
    let devices = read("/proc/swaps").map_or(0, |text| text.lines().count().saturating_sub(1));
    let merges = number("/sys/kernel/mm/ksm/run") == Some(1);
    let found = match (devices, merges) {
        (0, false) => "no swap, no merging of equal pages".to_string(),
        (0, true) => "equal pages are merged (KSM)".to_string(),
        (devices, _) => format!("{devices} swap devices{}", if merges { ", and KSM" } else { "" }),
    };
    Finding {
        name: "swap",
        verdict: if devices > 0 || merges { Verdict::Limited } else { Verdict::Good },
        found,
        without: "under pressure a page that comes back from swap looks copied; leave room, or swapoff while measuring",
    }
}

fn cores() -> Finding {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Finding {
        name: "cores",
        verdict: if cores > 1 { Verdict::Good } else { Verdict::Limited },
        found: format!("{cores} for this process"),
        without: "page counts do not depend on them; on one core parent and child take turns, and times say little",
    }
}

/// How much the time of the same work varies: a loop of about a millisecond, forty times.
fn noise() -> Finding {
    const SAMPLES: usize = 40;
    let mut times: Vec<u128> = (0..SAMPLES)
        .map(|sample| {
            let start = Instant::now();
            let mut sum = sample as u64;
            for step in 0..500_000u64 {
                sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(step));
            }
            start.elapsed().as_nanos()
        })
        .collect();
    times.sort_unstable();
    let (least, median, high) = (times[0], times[SAMPLES / 2].max(1), times[SAMPLES * 9 / 10]);
    let spread = (high - least) * 100 / median;
    Finding {
        name: "noise",
        verdict: if spread <= 10 { Verdict::Good } else { Verdict::Limited },
        found: format!("nine of ten runs of the same work lie within {spread} % of each other"),
        without: "compare counts of pages, which repeat, rather than times; or stop what else is running",
    }
}
