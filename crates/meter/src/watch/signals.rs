//! The signals of writes that are refused, and who else wants to hear of them.

use super::Watch;
use crate::MeterError;
use crate::error::last_errno;
use crate::reserved::Words;
use libc::{c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

/// The watch that the signal handler serves.
pub(super) static WATCH: AtomicPtr<Watch> = AtomicPtr::new(std::ptr::null_mut());
/// What was to be done on these signals before.
static mut FORMER: [Option<libc::sigaction>; 2] = [None, None];
const SIGNALS: [c_int; 2] = [libc::SIGBUS, libc::SIGSEGV];
/// Bytes of the handler's stack: the signal frame with all vector registers, and the capture.
const ALTERNATE_STACK: usize = 128 << 10;

/// A stack for the handler.
pub(super) fn reserve_stack() -> Result<Words, MeterError> {
    Words::reserve(ALTERNATE_STACK / size_of::<u64>())
}

/// Installs the handler, which runs on `stack` from now on.
pub(super) fn catch(stack: &mut Words) -> Result<(), MeterError> {
    let stack = libc::stack_t {
        ss_sp: stack.as_mut_ptr().cast(),
        ss_flags: 0,
        ss_size: size_of_val::<[u64]>(stack),
    };
    // SAFETY: the memory is reserved for this and nothing else. The handler is a function of this type; the former actions are
    // written here only, in a process with one thread.
    unsafe {
        libc::sigaltstack(&raw const stack, std::ptr::null_mut());
        for (index, &signal) in SIGNALS.iter().enumerate() {
            let mut action: libc::sigaction = std::mem::zeroed();
            let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) = on_fault;
            action.sa_sigaction = handler as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigfillset(&raw mut action.sa_mask);
            let mut former: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(signal, &raw const action, &raw mut former) != 0 {
                return Err(MeterError::NoProtection { errno: last_errno() });
            }
            if former.sa_sigaction != handler as usize {
                FORMER[index] = Some(former);
            }
        }
    }
    Ok(())
}

/// The handler of both signals.
extern "C" fn on_fault(signal: c_int, information: *mut libc::siginfo_t, context: *mut c_void) {
    let errno = last_errno();
    let watch = WATCH.load(Ordering::Acquire);
    // SAFETY: the kernel passes the information of this signal. The watch stays where it is; the thread it interrupts is not within
    // the watch, which writes to no page that is watched.
    let is_ours = unsafe {
        let address = (*information).si_addr() as usize;
        !watch.is_null() && (*watch).meet(address)
    };
    if !is_ours {
        pass_on(signal, information, context);
    }
    // SAFETY: the location of errno is valid for the life of the thread.
    unsafe { *libc::__errno_location() = errno };
}

/// What would have happened without us.
fn pass_on(signal: c_int, information: *mut libc::siginfo_t, context: *mut c_void) {
    let index = usize::from(signal == libc::SIGSEGV);
    // SAFETY: written once, before the handler was installed. An action with SA_SIGINFO is a function of that type.
    unsafe {
        let former = FORMER[index];
        match former {
            Some(action)
                if action.sa_flags & libc::SA_SIGINFO != 0
                    && action.sa_sigaction != libc::SIG_DFL
                    && action.sa_sigaction != libc::SIG_IGN =>
            {
                let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) =
                    std::mem::transmute(action.sa_sigaction);
                handler(signal, information, context);
            }
            // The access is tried again, and ends the process.
            _ => {
                libc::signal(signal, libc::SIG_DFL);
            }
        }
    }
}
