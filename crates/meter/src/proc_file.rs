//! A file of `/proc`, opened, read and closed by raw system calls, its path built on the stack.

use crate::MeterError;
use crate::error::last_errno;
use std::io::Write;

/// Whose file is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Owner {
    /// The calling process.
    Own,
    /// The process of this number.
    Process(libc::pid_t),
}

/// An open file under `/proc/PID`. Closed when dropped.
#[derive(Debug)]
pub(crate) struct ProcFile {
    descriptor: libc::c_int,
    name: &'static str,
    owner: Owner,
}

impl ProcFile {
    /// Opens `/proc/self/NAME` or `/proc/PID/NAME`.
    pub(crate) fn open(owner: Owner, name: &'static str) -> Result<ProcFile, MeterError> {
        let mut path = [0u8; 64];
        // The last byte is left alone, so the path always ends with a NUL.
        let mut rest = &mut path[..63];
        let written = match owner {
            Owner::Own => write!(rest, "/proc/self/{name}"),
            Owner::Process(pid) => write!(rest, "/proc/{pid}/{name}"),
        };
        written.expect("the path of a /proc file is short");
        // SAFETY: `path` is a NUL-terminated string that outlives the call.
        let descriptor =
            unsafe { libc::open(path.as_ptr().cast(), libc::O_RDONLY | libc::O_CLOEXEC) };
        if descriptor < 0 {
            Err(refusal(owner, name))
        } else {
            Ok(ProcFile { descriptor, name, owner })
        }
    }

    /// Reads what comes next into `buffer`; 0 at the end.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> Result<usize, MeterError> {
        loop {
            // SAFETY: the kernel writes at most `buffer.len()` bytes into `buffer`.
            let count =
                unsafe { libc::read(self.descriptor, buffer.as_mut_ptr().cast(), buffer.len()) };
            if let Ok(count) = usize::try_from(count) {
                return Ok(count);
            }
            if last_errno() != libc::EINTR {
                return Err(refusal(self.owner, self.name));
            }
        }
    }

    /// Fills `buffer` with the words from word `index` on.
    pub(crate) fn read_words_at(&self, buffer: &mut [u64], index: usize) -> Result<(), MeterError> {
        let mut done = 0;
        let length = size_of_val(buffer);
        while done < length {
            // SAFETY: `done` is below `length`, and the kernel writes at most the rest of `buffer`; any bit
            // pattern is a valid word.
            let count = unsafe {
                libc::pread(
                    self.descriptor,
                    buffer.as_mut_ptr().cast::<u8>().add(done).cast(),
                    length - done,
                    (index * size_of::<u64>() + done) as libc::off_t,
                )
            };
            match usize::try_from(count) {
                Ok(0) => return Err(MeterError::Malformed { file: self.name }),
                Ok(count) => done += count,
                Err(_) if last_errno() == libc::EINTR => {}
                Err(_) => return Err(refusal(self.owner, self.name)),
            }
        }
        Ok(())
    }

    /// The same with a descriptor that the program does not meet, for a file that stays open.
    pub(crate) fn out_of_the_way(mut self) -> ProcFile {
        self.descriptor = move_out_of_the_way(self.descriptor);
        self
    }

    /// The descriptor, for an `ioctl`.
    pub(crate) fn descriptor(&self) -> libc::c_int {
        self.descriptor
    }
}

impl Drop for ProcFile {
    fn drop(&mut self) {
        // SAFETY: the descriptor is ours and is not used again.
        unsafe {
            libc::close(self.descriptor);
        }
    }
}

/// Descriptors from here on: those below are the program's, which sees their numbers.
const LEAST_DESCRIPTOR: libc::c_int = 512;

/// Closes `descriptor` and gives another one for the same file with a large number; `descriptor` itself if there is none.
pub(crate) fn move_out_of_the_way(descriptor: libc::c_int) -> libc::c_int {
    // SAFETY: takes numbers only.
    let high = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, LEAST_DESCRIPTOR) };
    if high < 0 {
        return descriptor;
    }
    // SAFETY: the descriptor is the caller's, and the other one stays.
    unsafe { libc::close(descriptor) };
    high
}

/// What the failed call on `owner`'s file `name` means.
fn refusal(owner: Owner, name: &'static str) -> MeterError {
    let errno = last_errno();
    if let Owner::Process(pid) = owner
        && (errno == libc::ESRCH || errno == libc::ENOENT && !exists(pid))
    {
        return MeterError::NoSuchProcess(pid);
    }
    MeterError::Refused { file: name, errno }
}

/// Is there a process of this number, whether or not we may look at it?
fn exists(pid: libc::pid_t) -> bool {
    // SAFETY: signal 0 sends nothing. Zero and negative numbers are groups, never a process.
    pid > 0 && (unsafe { libc::kill(pid, 0) } == 0 || last_errno() == libc::EPERM)
}
