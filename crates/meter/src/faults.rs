//! Page faults, by `getrusage`.
//!
//! A minor fault is any fault served without input or output: a copy after a fork, but also the first touch of a new
//! page and the mapping of a shared one, and the kernel may map several neighbours in one. It is an upper hint,
//! never the number of copied pages.

/// Faults of a process since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Served from memory.
    pub minor: u64,
    /// Served by reading from a disk.
    pub major: u64,
}

/// Of the calling process.
pub fn own() -> Faults {
    of(libc::RUSAGE_SELF)
}

/// Of the children that have ended and been waited for, exits included.
pub fn of_ended_children() -> Faults {
    of(libc::RUSAGE_CHILDREN)
}

fn of(who: libc::c_int) -> Faults {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: getrusage fills the structure; on failure it stays zeroed, which is a valid value of it too.
    let usage = unsafe {
        libc::getrusage(who, usage.as_mut_ptr());
        usage.assume_init()
    };
    Faults { minor: usage.ru_minflt as u64, major: usage.ru_majflt as u64 }
}
