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

extern "C" fn stale_access(
    signal: libc::c_int,
    information: *mut libc::siginfo_t,
    _context: *mut libc::c_void,
) {
    let mut line =
        *b"gc: an access to memory that was freed, at 0x0000000000000000 (zeal mode page)\n";
    // SAFETY: the kernel passes the information of this signal.
    let mut address = unsafe { (*information).si_addr() } as usize;
    for digit in line[45..61].iter_mut().rev() {
        *digit = b"0123456789abcdef"[address & 15];
        address >>= 4;
    }
    // SAFETY: all three calls may be made in a signal handler; the default action ends the process.
    unsafe {
        libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len());
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

/// Says what it means that the process is about to die, under the zeal mode `page`.
pub(crate) fn tell_of_stale_access() {
    // SAFETY: the handler makes only calls that a handler may make.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
            stale_access;
        action.sa_sigaction = handler as usize;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(libc::SIGSEGV, &action, std::ptr::null_mut());
        libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut());
    }
}
