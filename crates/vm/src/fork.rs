//! The fork itself: what the machine does before and after it, in both processes, for whoever forks.

use crate::vm::Vm;
use calf_gc::Collector;
use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid};

/// How many threads this process has; `None` where `/proc` does not say.
pub(crate) fn threads() -> Option<usize> {
    std::fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}

/// The exit code of an ended child: 128 and the signal's number if a signal ended it.
pub(crate) fn code_of(status: WaitStatus) -> Option<(Pid, i32)> {
    match status {
        WaitStatus::Exited(pid, code) => Some((pid, code)),
        WaitStatus::Signaled(pid, signal, _) => Some((pid, 128 + signal as i32)),
        _ => None,
    }
}

impl<C: Collector> Vm<C> {
    /// What the strategy does while there is one process yet. A safepoint: it may collect and move.
    pub(crate) fn prepare_fork(&mut self) {
        self.heap.before_fork(&mut self.mutator);
        self.after_collection();
        self.refresh_identities();
    }

    /// Forks. The parent's heap is as it was; the child's accounts of copied pages begin. Whoever calls has seen to it that the process
    /// has one thread.
    ///
    /// # Errors
    /// The system's: no memory, or too many processes.
    pub(crate) fn fork_process(&mut self) -> Result<ForkResult, Errno> {
        // What is buffered would be printed by both.
        self.output.flush();
        // Finalizers may have run since the fork was prepared, and collections with them.
        self.heap.give_back_spare();
        self.measure_before_fork();
        // SAFETY: the process has one thread, as the caller has counted (where the system says), so the child may do whatever it likes.
        let result = unsafe { nix::unistd::fork() };
        match result {
            Ok(ForkResult::Child) => self.measure_after_fork(),
            Ok(ForkResult::Parent { .. }) | Err(_) => {
                self.measure_in_parent();
                self.heap.after_fork_in_parent();
            }
        }
        result
    }

    /// `--gc-zeal fork=N`: the program goes on in a child, as if nothing had happened, on pages that it shares. This process waits and
    /// leaves with the child's code; it says so and goes on itself where it cannot fork. No hook hears of it.
    pub(crate) fn go_on_in_child(&mut self) {
        if let Some(count) = threads().filter(|count| *count != 1) {
            return self.complain(&format!("--gc-zeal fork: cannot fork: {count} threads"));
        }
        self.prepare_fork();
        let child = match self.fork_process() {
            Ok(ForkResult::Child) => return,
            Ok(ForkResult::Parent { child }) => child,
            Err(error) => {
                return self.complain(&format!("--gc-zeal fork: cannot fork: {}", error.desc()));
            }
        };
        let code = loop {
            match waitpid(child, None).map(code_of) {
                Ok(Some((_, code))) => break code,
                Ok(None) | Err(Errno::EINTR) => {}
                Err(_) => break crate::exit_code::RUNTIME,
            }
        };
        // SAFETY: ends the process at once; all output before the fork was flushed, and what came later is the child's.
        unsafe { libc::_exit(code) }
    }
}
