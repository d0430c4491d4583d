//! Ctrl-C: the first one interrupts the program, which may catch it; the second one ends the process.

use calf_gc::heap::{ATTENTION, ATTENTION_INTERRUPT};
use std::sync::atomic::Ordering;

extern "C" fn interrupt(signal: libc::c_int) {
    let before = ATTENTION.fetch_or(ATTENTION_INTERRUPT, Ordering::Relaxed);
    if before & ATTENTION_INTERRUPT != 0 {
        // The program did not come to a safepoint since the last one: it will not listen.
        // SAFETY: both calls may be made in a signal handler; the default action ends the process.
        unsafe {
            libc::signal(signal, libc::SIG_DFL);
            libc::raise(signal);
        }
    }
}

/// Lets Ctrl-C set a flag that the machine looks at.
pub(crate) fn catch_interrupt() {
    // SAFETY: the handler only touches an atomic; no SA_RESTART, so that a blocking read comes back.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        let handler: extern "C" fn(libc::c_int) = interrupt;
        action.sa_sigaction = handler as usize;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(libc::SIGINT, &action, std::ptr::null_mut());
        // A program that is sent one of these ends by it, also where the runtime below had a handler of its own.
        libc::signal(libc::SIGSEGV, libc::SIG_DFL);
        libc::signal(libc::SIGBUS, libc::SIG_DFL);
    }
}
