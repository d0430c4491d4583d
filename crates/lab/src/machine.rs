//! Where a cell was run, and by what: what is needed to repeat it, and to know whether times may be compared.

use serde_json::{Value, json};
use std::fs;

/// The machine, as the lines of a results file say it.
pub(crate) fn machine() -> Value {
    let uname = nix::sys::utsname::uname().ok();
    let text = |of: fn(&nix::sys::utsname::UtsName) -> &std::ffi::OsStr| {
        uname.as_ref().map_or(String::new(), |uname| of(uname).to_string_lossy().into_owned())
    };
    let system = format!("{} {}", text(|uname| uname.sysname()), text(|uname| uname.release()));
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten();
    json!({
        "system": system,
        "architecture": text(|uname| uname.machine()),
        "page": page.unwrap_or(0),
        "huge_pages": huge_pages(),
        "processors": std::thread::available_parallelism().map_or(0, usize::from),
        "memory": memory().unwrap_or(0),
        "host": host(&text(|uname| uname.nodename())),
    })
}

/// The program: its version, and the commit that it was built from.
pub(crate) fn program() -> Value {
    json!({"version": env!("CARGO_PKG_VERSION"), "commit": env!("CALF_COMMIT")})
}

/// The kernel's setting for huge pages: the word in brackets.
fn huge_pages() -> String {
    let text =
        fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").unwrap_or_default();
    let chosen = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    chosen.map_or("unknown", |(chosen, _)| chosen).to_string()
}

/// Bytes of memory.
fn memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// A name for this machine that tells it from others and says nothing else of it: a hash of its identity.
fn host(name: &str) -> String {
    let identity = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    // FNV-1a, 64 bits.
    let hash =
        identity.bytes().chain(name.bytes()).fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
    format!("{hash:016x}")
}
