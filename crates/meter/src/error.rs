//! Why a measurement could not be made.

use std::fmt;

/// What is missing. Holds no allocation, so that it can be made while measuring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeterError {
    /// A file of `/proc` cannot be opened or read: a sandbox without it, `hidepid`, another user's process.
    Refused {
        /// Which file: `pagemap`, `smaps_rollup`, `smaps`.
        file: &'static str,
        /// The error number of the failed call.
        errno: i32,
    },
    /// The kernel does not tell which pages are exclusively mapped (bit 56 of a pagemap entry).
    NoExclusiveBit,
    /// There is no process of this number.
    NoSuchProcess(libc::pid_t),
    /// A file of `/proc` does not have the form that `proc(5)` describes.
    Malformed {
        /// Which file.
        file: &'static str,
    },
    /// The regions hold more pages than the meter has reserved room for.
    TooManyPages {
        /// How many they hold.
        needed: usize,
        /// How many there is room for.
        reserved: usize,
    },
    /// More regions than [`crate::MAX_REGIONS`].
    TooManyRegions(usize),
    /// A region that does not start and end on a page boundary, or ends before it starts.
    Misaligned(&'static str),
    /// A measurement after a fork without a snapshot before it.
    NoSnapshot,
    /// The kernel refuses userfaultfd with write protection, or a call of it.
    NoUserfaultfd {
        /// The error number of the call.
        errno: i32,
    },
    /// `mprotect` fails: as a rule because the process has as many mappings as `vm.max_map_count` allows.
    NoProtection {
        /// The error number of the call.
        errno: i32,
    },
    /// The system has no memory to reserve.
    NoMemory {
        /// The error number of `mmap`.
        errno: i32,
    },
}

impl MeterError {
    /// Is it the machine that refuses (as against a mistake of the caller)? Then a model can stand in.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            MeterError::Refused { .. } | MeterError::NoExclusiveBit | MeterError::Malformed { .. }
        )
    }
}

/// The error number of the system call that has just failed.
pub(crate) fn last_errno() -> i32 {
    // SAFETY: the location of errno is valid for the life of the thread.
    unsafe { *libc::__errno_location() }
}

impl fmt::Display for MeterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            MeterError::Refused { file, errno } => {
                let reason = match errno {
                    libc::ENOENT => "this kernel or sandbox does not have it",
                    libc::EACCES | libc::EPERM => "permission denied",
                    libc::ENOSYS | libc::ENOTTY | libc::EINVAL => "not supported by this kernel",
                    _ => return write!(f, "cannot read /proc/PID/{file} (error {errno})"),
                };
                write!(f, "cannot read /proc/PID/{file}: {reason}")
            }
            MeterError::NoExclusiveBit => f.write_str(
                "/proc/self/pagemap does not say which pages are exclusively mapped (bit 56)",
            ),
            MeterError::NoSuchProcess(pid) => write!(f, "there is no process {pid}"),
            MeterError::Malformed { file } => {
                write!(f, "/proc/PID/{file} does not have the form that proc(5) describes")
            }
            MeterError::TooManyPages { needed, reserved } => {
                write!(f, "the regions hold {needed} pages, the meter has room for {reserved}")
            }
            MeterError::TooManyRegions(count) => {
                write!(f, "{count} regions, the meter has room for {}", crate::MAX_REGIONS)
            }
            MeterError::Misaligned(name) => {
                write!(f, "region {name} does not start and end on a page boundary")
            }
            MeterError::NoSnapshot => f.write_str("no snapshot was taken before the fork"),
            MeterError::NoUserfaultfd { errno } => {
                let reason = match errno {
                    libc::EPERM | libc::EACCES => {
                        "not permitted here (a sandbox, or vm.unprivileged_userfaultfd)"
                    }
                    libc::ENOSYS | libc::EINVAL | libc::ENOTTY => {
                        "this kernel has none that protects from writes (Linux 5.11 has)"
                    }
                    _ => return write!(f, "userfaultfd fails (error {errno})"),
                };
                write!(f, "userfaultfd: {reason}")
            }
            MeterError::NoProtection { errno } => {
                write!(f, "mprotect fails (error {errno}); vm.max_map_count limits it")
            }
            MeterError::NoMemory { errno } => {
                write!(f, "no memory for the meter's buffers (error {errno})")
            }
        }
    }
}

impl std::error::Error for MeterError {}
