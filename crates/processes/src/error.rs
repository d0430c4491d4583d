//! Why a process cannot be looked at, and what to do about it.

use calf_meter::MeterError;
use std::fmt;
use std::io;
use std::path::Path;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no process of this number, or no longer.
    Gone(i32),
    /// It is another user's, or guards its memory.
    Foreign(i32),
    /// It has no memory of its own: a thread of the kernel, or ended and not waited for.
    Empty(i32),
    /// This system does not have the file.
    Missing {
        /// The process.
        pid: i32,
        /// Which file of `/proc/PID`.
        file: &'static str,
    },
    /// Something else.
    Other {
        /// The process.
        pid: i32,
        /// What the kernel says.
        reason: String,
    },
}

/// The number of an error that the kernel gave; those that matter here are the same on every Linux.
const ENOENT: i32 = 2;
const EPERM: i32 = 1;
const ESRCH: i32 = 3;
const EACCES: i32 = 13;

impl Refusal {
    /// What the meter's error means for the process `pid`.
    pub fn of(pid: i32, error: MeterError) -> Refusal {
        match error {
            MeterError::NoSuchProcess(_) => Refusal::gone_or_empty(pid),
            MeterError::Refused { file, errno } => Refusal::of_number(pid, file, errno),
            // A process without memory has empty files.
            MeterError::Malformed { .. } => Refusal::gone_or_empty(pid),
            error => Refusal::Other { pid, reason: error.to_string() },
        }
    }

    /// What an error on a file of `/proc/PID` means.
    pub(crate) fn of_io(pid: i32, file: &'static str, error: &io::Error) -> Refusal {
        match error.raw_os_error() {
            Some(number) => Refusal::of_number(pid, file, number),
            None => Refusal::Other { pid, reason: error.to_string() },
        }
    }

    fn of_number(pid: i32, file: &'static str, number: i32) -> Refusal {
        match number {
            ESRCH => Refusal::gone_or_empty(pid),
            ENOENT if !Path::new(&format!("/proc/{pid}")).exists() => Refusal::Gone(pid),
            ENOENT => Refusal::Missing { pid, file },
            EPERM | EACCES => Refusal::Foreign(pid),
            number => {
                let reason =
                    format!("/proc/{pid}/{file}: {}", io::Error::from_raw_os_error(number));
                Refusal::Other { pid, reason }
            }
        }
    }

    fn gone_or_empty(pid: i32) -> Refusal {
        if Path::new(&format!("/proc/{pid}")).exists() {
            Refusal::Empty(pid)
        } else {
            Refusal::Gone(pid)
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Gone(pid) => {
                write!(f, "process {pid} is gone; `ps` lists those that there are")
            }
            Refusal::Foreign(pid) => write!(
                f,
                "the kernel does not let you look at process {pid}: run calf as its user, or with sudo"
            ),
            Refusal::Empty(pid) => write!(
                f,
                "process {pid} has no memory: it has ended and waits for its parent, or is the kernel's own"
            ),
            Refusal::Missing { pid, file } => {
                write!(
                    f,
                    "/proc/{pid}/{file} is not there: this kernel or sandbox does not have it"
                )
            }
            Refusal::Other { pid, reason } => {
                write!(f, "process {pid} cannot be looked at: {reason}")
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// What stands in for frame numbers where the kernel does not tell them.
pub fn explain(by_frame: bool) -> &'static str {
    if by_frame {
        "WITH PARENT counts pages of the same frame in both processes."
    } else {
        "WITH PARENT counts pages that both processes have at the same address and neither has alone; comparing frames takes \
         CAP_SYS_ADMIN."
    }
}
