//! Signals: Ctrl-C interrupts the program, which may catch it, and the second one ends the process; and whatever ends the process while
//! the REPL edits a line, the terminal is left as it was found.

use calf_gc::heap::{ATTENTION, ATTENTION_INTERRUPT};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU8, Ordering};

/// What Ctrl-C means at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Phase {
    /// A script runs: the first one interrupts it; another one ends the process, if the script did not come to a safepoint since.
    Script,
    /// The REPL reads: nothing runs that could be interrupted.
    Reading,
    /// An entry runs: the first one interrupts it, the second one ends the process.
    Entry,
    /// As for an entry, which runs in a child that this process waits for.
    Waiting,
    /// An entry runs and was interrupted.
    Interrupted,
}

static PHASE: AtomicU8 = AtomicU8::new(Phase::Script as u8);

/// Says what Ctrl-C means from now on. What came before and was not seen is forgotten.
pub(crate) fn set_phase(phase: Phase) {
    PHASE.store(phase as u8, Ordering::Relaxed);
    ATTENTION.fetch_and(!ATTENTION_INTERRUPT, Ordering::Relaxed);
}

extern "C" fn interrupt(signal: libc::c_int) {
    let phase = PHASE.load(Ordering::Relaxed);
    if phase == Phase::Reading as u8 {
        return;
    }
    let before = ATTENTION.fetch_or(ATTENTION_INTERRUPT, Ordering::Relaxed);
    if phase == Phase::Entry as u8 && SHOWS_ERRORS.load(Ordering::Relaxed) {
        // The terminal has written `^C`: what the program says of it begins a line.
        // SAFETY: the call may be made in a signal handler.
        unsafe { libc::write(libc::STDERR_FILENO, b"\n".as_ptr().cast(), 1) };
    }
    if phase == Phase::Entry as u8 || phase == Phase::Waiting as u8 {
        PHASE.store(Phase::Interrupted as u8, Ordering::Relaxed);
    } else if phase == Phase::Interrupted as u8 || before & ATTENTION_INTERRUPT != 0 {
        // The program did not stop at the last one: it will not listen.
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

/// How the terminal was when the REPL began, for a handler to read. Set once and never freed.
static TERMINAL: AtomicPtr<libc::termios> = AtomicPtr::new(std::ptr::null_mut());
/// The process that edits lines, if one does. A child of it leaves the terminal alone.
static OWNER: AtomicI32 = AtomicI32::new(0);
/// Does the terminal show what is written to standard error, too?
static SHOWS_ERRORS: AtomicBool = AtomicBool::new(false);

/// Signals that end a process, from without or because it is broken.
const FATAL: [libc::c_int; 8] = [
    libc::SIGTERM,
    libc::SIGHUP,
    libc::SIGQUIT,
    libc::SIGABRT,
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGILL,
    libc::SIGFPE,
];
/// Ends the mode in which the terminal marks what is pasted.
const BRACKETED_PASTE_OFF: &[u8] = b"\x1b[?2004l";

extern "C" fn fatal(signal: libc::c_int) {
    // SAFETY: all these calls may be made in a signal handler; the pointer is null or was leaked. The default action ends the process.
    unsafe {
        if libc::getpid() == OWNER.load(Ordering::Relaxed) {
            restore();
            if PHASE.load(Ordering::Relaxed) == Phase::Reading as u8 {
                // What is typed stands on the last line.
                libc::write(libc::STDOUT_FILENO, b"\n".as_ptr().cast(), 1);
            }
        }
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

/// Puts the terminal back as it was when the REPL began. May be called in a signal handler.
fn restore() {
    let terminal = TERMINAL.load(Ordering::Relaxed);
    if terminal.is_null() {
        return;
    }
    // SAFETY: the pointer was leaked by `keep_terminal`; both calls may be made in a signal handler.
    unsafe {
        libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, terminal);
        libc::write(
            libc::STDOUT_FILENO,
            BRACKETED_PASTE_OFF.as_ptr().cast(),
            BRACKETED_PASTE_OFF.len(),
        );
    }
}

/// Remembers the terminal as it is, and puts it back before a signal ends the process.
pub(crate) fn keep_terminal() {
    // SAFETY: the structures are plain data; the handler makes only calls that a handler may make. SA_ONSTACK: the signal may
    // come because the stack is full, and the main thread has a second one.
    unsafe {
        let mut terminal: libc::termios = std::mem::zeroed();
        if libc::tcgetattr(libc::STDIN_FILENO, &mut terminal) != 0 {
            return;
        }
        OWNER.store(libc::getpid(), Ordering::Relaxed);
        SHOWS_ERRORS.store(std::io::stderr().is_terminal(), Ordering::Relaxed);
        let kept = Box::into_raw(Box::new(terminal));
        TERMINAL.store(kept, Ordering::Relaxed);
        for signal in FATAL {
            let mut action: libc::sigaction = std::mem::zeroed();
            let handler: extern "C" fn(libc::c_int) = fatal;
            action.sa_sigaction = handler as usize;
            action.sa_flags = libc::SA_ONSTACK;
            libc::sigemptyset(&mut action.sa_mask);
            libc::sigaction(signal, &action, std::ptr::null_mut());
        }
    }
}

/// Puts the terminal back as it was, after another program used it.
pub(crate) fn restore_terminal() {
    restore();
}
