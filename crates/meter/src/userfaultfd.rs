//! The few calls of userfaultfd that write protection needs; see `userfaultfd(2)` and `ioctl_userfaultfd(2)`.
//!
//! With `UFFD_FEATURE_SIGBUS` nobody reads the descriptor: a write to a protected page raises SIGBUS in the thread that
//! wrote, so one's own process needs no second thread, and with `UFFD_USER_MODE_ONLY` no privilege.

use crate::MeterError;
use crate::error::last_errno;
use crate::proc_file::move_out_of_the_way;
use libc::c_int;

const API: u64 = 0xAA;
const USER_MODE_ONLY: c_int = 1;
const FEATURE_WRITE_PROTECT: u64 = 1 << 0;
const FEATURE_SIGBUS: u64 = 1 << 7;
/// Pages that are not there yet can be protected, too (Linux 6.4).
const FEATURE_WRITE_PROTECT_UNPOPULATED: u64 = 1 << 13;
const MODE_WRITE_PROTECT: u64 = 1 << 1;

/// `_IOWR(0xAA, number, T)` as the generic layout of request numbers has it.
const fn request<T>(number: u64) -> u64 {
    3 << 30 | (size_of::<T>() as u64) << 16 | API << 8 | number
}

#[repr(C)]
struct Handshake {
    api: u64,
    features: u64,
    ioctls: u64,
}

#[repr(C)]
struct Register {
    start: u64,
    length: u64,
    mode: u64,
    ioctls: u64,
}

#[repr(C)]
struct WriteProtect {
    start: u64,
    length: u64,
    mode: u64,
}

/// An open userfaultfd, closed when dropped: with it the protection ends.
#[derive(Debug)]
pub(crate) struct Userfaultfd {
    descriptor: c_int,
    /// Can a page that is not there be protected?
    pub(crate) protects_absent: bool,
}

impl Userfaultfd {
    /// Opens one for this process.
    pub(crate) fn open() -> Result<Userfaultfd, MeterError> {
        let wanted = FEATURE_WRITE_PROTECT | FEATURE_SIGBUS;
        Userfaultfd::open_with(wanted | FEATURE_WRITE_PROTECT_UNPOPULATED)
            .or_else(|_| Userfaultfd::open_with(wanted))
    }

    fn open_with(features: u64) -> Result<Userfaultfd, MeterError> {
        // The request numbers of other machines are laid out differently.
        if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")) {
            return Err(MeterError::NoUserfaultfd { errno: libc::ENOSYS });
        }
        let flags = libc::O_CLOEXEC | USER_MODE_ONLY;
        // SAFETY: makes a descriptor, touches no memory.
        let low = unsafe { libc::syscall(libc::SYS_userfaultfd, flags) } as c_int;
        if low < 0 {
            return Err(MeterError::NoUserfaultfd { errno: last_errno() });
        }
        let opened = Userfaultfd {
            descriptor: move_out_of_the_way(low),
            protects_absent: features & FEATURE_WRITE_PROTECT_UNPOPULATED != 0,
        };
        let mut handshake = Handshake { api: API, features, ioctls: 0 };
        opened.call(request::<Handshake>(0x3F), &mut handshake)?;
        Ok(opened)
    }

    fn call<T>(&self, request: u64, argument: &mut T) -> Result<(), MeterError> {
        // SAFETY: the request number names the size and meaning of the argument, which is exclusively borrowed.
        let result = unsafe { libc::ioctl(self.descriptor, request as _, &raw mut *argument) };
        if result == 0 { Ok(()) } else { Err(MeterError::NoUserfaultfd { errno: last_errno() }) }
    }

    /// Makes the whole pages between two addresses, mappings of this process, subject to [`Userfaultfd::protect`].
    pub(crate) fn register(&self, start: usize, end: usize) -> Result<(), MeterError> {
        let mut range = Register {
            start: start as u64,
            length: (end - start) as u64,
            mode: MODE_WRITE_PROTECT,
            ioctls: 0,
        };
        self.call(request::<Register>(0x00), &mut range)
    }

    /// From now on the first write to each of these pages raises SIGBUS; or no longer does. May be called in a signal handler.
    pub(crate) fn protect(&self, start: usize, end: usize, on: bool) -> Result<(), MeterError> {
        let mut range =
            WriteProtect { start: start as u64, length: (end - start) as u64, mode: u64::from(on) };
        self.call(request::<WriteProtect>(0x06), &mut range)
    }
}

impl Drop for Userfaultfd {
    fn drop(&mut self) {
        // SAFETY: the descriptor is ours.
        unsafe { libc::close(self.descriptor) };
    }
}
