//! How much memory a process has, and how much of it it shares, by `/proc/PID/smaps` and `smaps_rollup`.
//!
//! `smaps_rollup` (Linux 4.14) is the sum over the mappings, made by the kernel. Both files are read through a
//! buffer on the stack, so any process of any size can be read at any time without allocating.

use crate::MeterError;
use crate::proc_file::{Owner, ProcFile};

/// The four numbers that matter of a forked process, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Resident set: all pages in memory, shared ones counted in full.
    pub rss: u64,
    /// Proportional set: each shared page divided by the number of its users. Sums over processes are meaningful.
    pub pss: u64,
    /// Unique set: pages that only this process has; what its death would give back.
    pub uss: u64,
    /// Pages that at least one other process maps too.
    pub shared: u64,
}

/// What the kernel counts per mapping, or over all of them, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// `Rss`.
    pub rss: u64,
    /// `Pss`.
    pub pss: u64,
    /// `Shared_Clean`.
    pub shared_clean: u64,
    /// `Shared_Dirty`.
    pub shared_dirty: u64,
    /// `Private_Clean`.
    pub private_clean: u64,
    /// `Private_Dirty`.
    pub private_dirty: u64,
    /// `Anonymous`.
    pub anonymous: u64,
    /// `Swap`.
    pub swap: u64,
}

impl Totals {
    /// The four numbers that matter.
    pub fn usage(&self) -> Usage {
        Usage {
            rss: self.rss,
            pss: self.pss,
            uss: self.private_clean + self.private_dirty,
            shared: self.shared_clean + self.shared_dirty,
        }
    }

    /// Takes over a line `Name:   123 kB` if the name is one of ours. Returns false if the line is not of that form.
    fn take(&mut self, line: &[u8]) -> bool {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
        let field = match &line[..colon] {
            b"Rss" => &mut self.rss,
            b"Pss" => &mut self.pss,
            b"Shared_Clean" => &mut self.shared_clean,
            b"Shared_Dirty" => &mut self.shared_dirty,
            b"Private_Clean" => &mut self.private_clean,
            b"Private_Dirty" => &mut self.private_dirty,
            b"Anonymous" => &mut self.anonymous,
            b"Swap" => &mut self.swap,
            _ => return true,
        };
        let value = line[colon + 1..].trim_ascii();
        let Some(digits) = value.strip_suffix(b" kB") else { return false };
        match decimal(digits) {
            Some(kibibytes) => *field += kibibytes * 1024,
            None => return false,
        }
        true
    }

    fn add(&mut self, other: &Totals) {
        self.rss += other.rss;
        self.pss += other.pss;
        self.shared_clean += other.shared_clean;
        self.shared_dirty += other.shared_dirty;
        self.private_clean += other.private_clean;
        self.private_dirty += other.private_dirty;
        self.anonymous += other.anonymous;
        self.swap += other.swap;
    }
}

/// One mapping of a process. The name is cut after [`MAX_NAME`] bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping<'a> {
    /// The first address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// Permissions as the kernel writes them, e.g. `rw-p`.
    pub permissions: [u8; 4],
    /// The file, or `[heap]`, `[stack]`, `[anon:…]`; empty for anonymous memory without a name.
    pub name: &'a [u8],
    /// Its pages.
    pub totals: Totals,
}

/// How much of a mapping's name is kept.
pub const MAX_NAME: usize = 256;

/// Longest line that is looked at; the rest of a longer one (a file's path) is skipped.
const MAX_LINE: usize = 512;

/// The usage of the calling process.
pub fn own_usage() -> Result<Usage, MeterError> {
    totals_of(Owner::Own).map(|totals| totals.usage())
}

/// The usage of the process `pid`.
///
/// # Errors
/// [`MeterError::NoSuchProcess`], or [`MeterError::Refused`] where one may not look at the process.
pub fn usage(pid: libc::pid_t) -> Result<Usage, MeterError> {
    totals(pid).map(|totals| totals.usage())
}

/// All that the kernel counts of the process `pid`; errors as of [`usage`].
pub fn totals(pid: libc::pid_t) -> Result<Totals, MeterError> {
    totals_of(Owner::Process(pid))
}

/// All that the kernel counts of the calling process.
pub fn own_totals() -> Result<Totals, MeterError> {
    totals_of(Owner::Own)
}

fn totals_of(owner: Owner) -> Result<Totals, MeterError> {
    match rollup_of(owner) {
        Err(MeterError::Refused { errno: libc::ENOENT, .. }) => {
            let mut sum = Totals::default();
            mappings_of(owner, &mut |mapping| sum.add(&mapping.totals))?;
            Ok(sum)
        }
        answer => answer,
    }
}

fn rollup_of(owner: Owner) -> Result<Totals, MeterError> {
    const FILE: &str = "smaps_rollup";
    let file = ProcFile::open(owner, FILE)?;
    let mut totals = Totals::default();
    let mut has_header = false;
    each_line(&file, &mut |line| {
        if has_header {
            totals.take(line)
        } else {
            has_header = parse_header(line).is_some();
            has_header
        }
    })?
    .then_some(())
    .filter(|()| has_header)
    .ok_or(MeterError::Malformed { file: FILE })?;
    Ok(totals)
}

/// Calls `visit` for each mapping of the process `pid`, in the order of addresses; errors as of [`usage`].
pub fn mappings(pid: libc::pid_t, visit: &mut dyn FnMut(&Mapping<'_>)) -> Result<(), MeterError> {
    mappings_of(Owner::Process(pid), visit)
}

/// The same of the calling process.
pub fn own_mappings(visit: &mut dyn FnMut(&Mapping<'_>)) -> Result<(), MeterError> {
    mappings_of(Owner::Own, visit)
}

fn mappings_of(owner: Owner, visit: &mut dyn FnMut(&Mapping<'_>)) -> Result<(), MeterError> {
    const FILE: &str = "smaps";
    let file = ProcFile::open(owner, FILE)?;
    let mut name = [0u8; MAX_NAME];
    let mut current: Option<(Header, usize, Totals)> = None;
    let well_formed = each_line(&file, &mut |line| {
        if let Some(header) = parse_header(line) {
            report(current.take(), &name, visit);
            let length = header.name_length(line).min(MAX_NAME);
            name[..length].copy_from_slice(&line[header.name..header.name + length]);
            current = Some((header, length, Totals::default()));
            return true;
        }
        current.as_mut().is_some_and(|(_, _, totals)| totals.take(line))
    })?;
    report(current, &name, visit);
    if well_formed { Ok(()) } else { Err(MeterError::Malformed { file: FILE }) }
}

fn report(
    mapping: Option<(Header, usize, Totals)>,
    name: &[u8],
    visit: &mut dyn FnMut(&Mapping<'_>),
) {
    if let Some((Header { start, end, permissions, .. }, length, totals)) = mapping {
        visit(&Mapping { start, end, permissions, name: &name[..length], totals });
    }
}

/// The first line of a mapping: `start-end perms offset device inode   name`.
struct Header {
    start: u64,
    end: u64,
    permissions: [u8; 4],
    /// Where the name begins in the line.
    name: usize,
}

impl Header {
    fn name_length(&self, line: &[u8]) -> usize {
        line.len() - self.name
    }
}

fn parse_header(line: &[u8]) -> Option<Header> {
    let dash = line.iter().position(|byte| *byte == b'-')?;
    let space = dash + line[dash..].iter().position(|byte| *byte == b' ')?;
    let start = hexadecimal(&line[..dash])?;
    let end = hexadecimal(&line[dash + 1..space])?;
    let permissions = line.get(space + 1..space + 5)?.try_into().ok()?;
    // Offset, device and inode lie between the permissions and the name.
    let mut at = space + 5;
    for _ in 0..3 {
        at += line[at..].iter().position(|byte| *byte != b' ')?;
        at += line[at..].iter().position(|byte| *byte == b' ').unwrap_or(line.len() - at);
    }
    at += line[at..].iter().position(|byte| *byte != b' ').unwrap_or(line.len() - at);
    Some(Header { start, end, permissions, name: at })
}

/// Feeds each line of the file, without its end and cut after [`MAX_LINE`] bytes, to `visit`, until it returns false.
/// Returns whether it never did.
fn each_line(file: &ProcFile, visit: &mut dyn FnMut(&[u8]) -> bool) -> Result<bool, MeterError> {
    let mut buffer = [0u8; 4096];
    let mut line = [0u8; MAX_LINE];
    let mut length = 0;
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(length == 0 || visit(&line[..length]));
        }
        for byte in &buffer[..count] {
            if *byte == b'\n' {
                if !visit(&line[..length]) {
                    return Ok(false);
                }
                length = 0;
            } else if length < MAX_LINE {
                line[length] = *byte;
                length += 1;
            }
        }
    }
}

fn decimal(digits: &[u8]) -> Option<u64> {
    number(digits, 10)
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    number(digits, 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    u64::from_str_radix(text, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_told_from_fields() {
        let line = b"7f0a-7f0b r-xp 00001000 fe:01 1234      /usr/lib/with space.so";
        let header = parse_header(line).unwrap();
        assert_eq!((header.start, header.end), (0x7f0a, 0x7f0b));
        assert_eq!(&header.permissions, b"r-xp");
        assert_eq!(&line[header.name..], b"/usr/lib/with space.so");
        let anonymous = b"7f0a-7f0b rw-p 00000000 00:00 0 ";
        let header = parse_header(anonymous).unwrap();
        assert_eq!(header.name_length(anonymous), 0);
        assert!(parse_header(b"Private_Dirty:        12 kB").is_none());
        assert!(parse_header(b"VmFlags: rd wr mr-me ac").is_none());
        assert!(parse_header(b"").is_none());
    }

    #[test]
    fn fields_are_kibibytes() {
        let mut totals = Totals::default();
        assert!(totals.take(b"Rss:                 12 kB"));
        assert!(totals.take(b"Private_Dirty:        8 kB"));
        assert!(totals.take(b"Private_Clean:        1 kB"));
        assert!(totals.take(b"Unheard_Of:           9 apples"));
        assert!(!totals.take(b"Pss:  much"));
        assert!(!totals.take(b"no colon"));
        assert_eq!(totals.usage(), Usage { rss: 12 << 10, pss: 0, uss: 9 << 10, shared: 0 });
    }

    #[test]
    fn the_sum_over_mappings_is_near_the_rollup() {
        let mut sum = Totals::default();
        let mut names_the_test = false;
        own_mappings(&mut |mapping| {
            assert!(mapping.start < mapping.end);
            names_the_test |= mapping.name.windows(10).any(|window| window == b"calf_meter");
            sum.add(&mapping.totals);
        })
        .unwrap();
        let rollup = own_totals().unwrap();
        assert!(names_the_test, "the program's own file is among its mappings");
        assert!(rollup.rss > 0 && rollup.pss > 0);
        // Tests run in parallel threads, which may touch memory between the two readings.
        assert!(sum.rss.abs_diff(rollup.rss) < 4 << 20, "{} against {}", sum.rss, rollup.rss);
    }

    #[test]
    fn a_process_that_is_not_there_is_named() {
        // Above the largest process number that Linux allows.
        assert_eq!(usage(1 << 30), Err(MeterError::NoSuchProcess(1 << 30)));
        assert_eq!(usage(-1), Err(MeterError::NoSuchProcess(-1)));
    }
}
