//! Runs that may end the process, and the search for the fewest operations that still fail.
//!
//! The search is delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 2002):
//! pieces are left out, large ones first, as long as what remains fails. Every attempt is made in a forked process, so that
//! one that crashes is an attempt like any other.

use super::operation::Operation;
use super::run::Run;
use super::{Failure, Mode};
use calf_gc::{Collector, Row};
use std::time::{Duration, Instant};

/// How long the search may take.
const BUDGET: Duration = Duration::from_secs(20);
/// How long a run may take.
#[cfg(not(miri))]
const LIMIT: Duration = Duration::from_secs(120);

/// The fewest operations found that still fail as `failure` did. `None`: they do not fail a second time.
pub fn shrink<C: Collector>(row: &'static Row, mode: Mode, failure: &Failure) -> Option<Failure> {
    let start = Instant::now();
    let attempt = |operations: &[Operation]| replay::<C>(row, mode, operations).err();
    let mut best = attempt(&failure.operations)?;
    let mut size = best.operations.len().div_ceil(2);
    while start.elapsed() < BUDGET {
        let mut at = 0;
        let mut shorter = false;
        while at < best.operations.len() && start.elapsed() < BUDGET {
            let mut rest = best.operations.clone();
            rest.drain(at..(at + size).min(rest.len()));
            match attempt(&rest) {
                Some(found) => {
                    best = found;
                    shorter = true;
                }
                None => at += size,
            }
        }
        match (size, shorter) {
            (1, false) => break,
            (1, true) => {}
            _ => size = size.div_ceil(2),
        }
    }
    for at in 0..best.operations.len() {
        for units in [1, 2, 3, 5] {
            let mut smaller = best.operations.clone();
            let Some(operation) = smaller.get_mut(at) else { continue };
            let (Operation::Make { units: size, .. }
            | Operation::MakeBytes { units: size, .. }
            | Operation::AttachPart { units: size, .. }) = operation
            else {
                break;
            };
            if units >= *size || start.elapsed() >= BUDGET {
                break;
            }
            *size = units;
            if let Some(found) = attempt(&smaller)
                && found.operations.len() == best.operations.len()
            {
                best = found;
                break;
            }
        }
    }
    Some(best)
}

/// These operations, and a comparison after each.
fn replay<C: Collector>(
    row: &'static Row,
    mode: Mode,
    operations: &[Operation],
) -> Result<(), Failure> {
    apart(operations.len(), |begin| {
        let mut run = Run::<C>::new(row, mode)?;
        for operation in operations {
            begin(*operation);
            run.apply(operation)?;
            run.check()?;
        }
        run.settle()
    })
}

/// Runs `body` in a process of its own, which may crash. `body` tells of each of its operations, at most `most`, before it does
/// it.
///
/// # Errors
/// What went wrong, and the operations up to there.
#[cfg(not(miri))]
pub fn apart(
    most: usize,
    body: impl FnMut(&mut dyn FnMut(Operation)) -> Result<(), String>,
) -> Result<(), Failure> {
    let shared = Shared::new(most)?;
    let mut pipe = [0; 2];
    // SAFETY: room for two descriptors.
    if unsafe { libc::pipe(pipe.as_mut_ptr()) } != 0 {
        return Err(last_error("a pipe"));
    }
    // SAFETY: the child uses nothing but its own copy of this thread, and leaves by `_exit`.
    match unsafe { libc::fork() } {
        -1 => Err(last_error("a fork")),
        0 => {
            // SAFETY: descriptors of our own; what the verifier says goes to the pipe, too.
            unsafe { libc::dup2(pipe[1], libc::STDERR_FILENO) };
            let code = say_what_happens(&shared, body);
            // SAFETY: ends the process.
            unsafe { libc::_exit(code) }
        }
        child => {
            // SAFETY: our own end, which the child has a copy of.
            unsafe { libc::close(pipe[1]) };
            let text = read_all(pipe[0], child);
            let mut status = 0;
            // SAFETY: our own child, and our own end of the pipe.
            unsafe {
                libc::waitpid(child, &mut status, 0);
                libc::close(pipe[0]);
            }
            if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 {
                return Ok(());
            }
            let text = text.trim().trim_start_matches("gc: ");
            let text = if libc::WIFSIGNALED(status) {
                let signal = libc::WTERMSIG(status);
                format!("it died of signal {signal} {text}").trim_end().to_owned()
            } else {
                text.to_owned()
            };
            Err(Failure { operations: shared.operations(), text })
        }
    }
}

/// Interpreted, it cannot fork: a crash ends all.
#[cfg(miri)]
pub fn apart(
    _most: usize,
    mut body: impl FnMut(&mut dyn FnMut(Operation)) -> Result<(), String>,
) -> Result<(), Failure> {
    let mut operations = Vec::new();
    body(&mut |operation| operations.push(operation)).map_err(|text| Failure { operations, text })
}

/// In the child: the exit code.
#[cfg(not(miri))]
fn say_what_happens(
    shared: &Shared,
    mut body: impl FnMut(&mut dyn FnMut(Operation)) -> Result<(), String>,
) -> i32 {
    // Not through `eprintln`, which a test harness may have taken for itself.
    let say = |text: &str| {
        // SAFETY: bytes that are there; what cannot be written is lost.
        unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
    };
    std::panic::set_hook(Box::new(move |panic| say(&format!("a panic: {panic}"))));
    let run = std::panic::AssertUnwindSafe(|| body(&mut |operation| shared.push(operation)));
    match std::panic::catch_unwind(run) {
        Ok(Ok(())) => 0,
        Ok(Err(text)) => {
            say(&text);
            1
        }
        Err(_) => 1,
    }
}

/// Everything that comes out of a pipe; the child is killed at the limit.
#[cfg(not(miri))]
fn read_all(pipe: i32, child: i32) -> String {
    let start = Instant::now();
    let mut text = Vec::new();
    let mut buffer = [0u8; 4096];
    loop {
        let left = LIMIT.saturating_sub(start.elapsed()).as_millis() as i32;
        let mut poll = libc::pollfd { fd: pipe, events: libc::POLLIN, revents: 0 };
        // SAFETY: one descriptor, and a buffer of its size.
        let count = unsafe {
            if libc::poll(&mut poll, 1, left) == 0 {
                libc::kill(child, libc::SIGKILL);
                text.extend_from_slice(b"it did not end");
            }
            libc::read(pipe, buffer.as_mut_ptr().cast(), buffer.len())
        };
        if count <= 0 {
            return String::from_utf8_lossy(&text).into_owned();
        }
        text.extend_from_slice(&buffer[..count as usize]);
    }
}

#[cfg(not(miri))]
fn last_error(what: &str) -> Failure {
    let error = std::io::Error::last_os_error();
    Failure { operations: Vec::new(), text: format!("{what}: {error}") }
}

/// Operations in memory that parent and child share: a count, then the operations.
#[cfg(not(miri))]
struct Shared {
    start: *mut usize,
    most: usize,
}

#[cfg(not(miri))]
impl Shared {
    fn new(most: usize) -> Result<Shared, Failure> {
        let (prot, flags) =
            (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a fresh mapping; the pointer is checked.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), Shared::bytes(most), prot, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(last_error("shared memory"));
        }
        Ok(Shared { start: start.cast(), most })
    }
    fn bytes(most: usize) -> usize {
        align_of::<Operation>().max(8) + most * size_of::<Operation>()
    }
    fn first(&self) -> *mut Operation {
        // SAFETY: within the mapping, which is aligned to a page.
        unsafe { self.start.byte_add(align_of::<Operation>().max(8)).cast() }
    }
    fn push(&self, operation: Operation) {
        // SAFETY: only the child writes, and as many as there is room for.
        unsafe {
            let count = *self.start;
            assert!(count < self.most, "no more operations than were announced");
            self.first().add(count).write(operation);
            *self.start = count + 1;
        }
    }
    fn operations(&self) -> Vec<Operation> {
        // SAFETY: so many were written; the child, the same program, is gone.
        unsafe { std::slice::from_raw_parts(self.first(), *self.start) }.to_vec()
    }
}

#[cfg(not(miri))]
impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: our own mapping.
        unsafe { libc::munmap(self.start.cast(), Shared::bytes(self.most)) };
    }
}
