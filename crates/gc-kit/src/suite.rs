//! Running checks, each in a process of its own, and saying what went wrong.

use crate::mutator::{COLLECTIONS, VERIFY, keep_journal};
use crate::promises::{Abilities, PROMISES};
use crate::random;
use calf_gc::{Collector, Row};
use libtest_mimic::{Arguments, Failed, Trial};
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// In the environment of the process that carries a check out: its name.
const WITHIN: &str = "CALF_KIT_CHECK";
/// The variable that chooses the seed.
const SEED: &str = "CALF_SEED";
/// How long a check may take. The slowest take seconds; one that never ends is a bug.
const LIMIT: Duration = Duration::from_secs(300);
/// How often a process is asked whether it has ended.
const PERIOD: Duration = Duration::from_millis(5);
/// Exit code of a process whose check failed; what it says is on its standard output.
const BROKEN: i32 = 3;

/// A check of one collector.
pub struct Check {
    /// Its name, which is that of the test.
    pub name: String,
    /// The strategy it is of.
    pub strategy: String,
    /// The seed of what is chosen at random in it.
    pub seed: u64,
    /// The check itself, with its seed: `Err` says what is broken.
    pub run: Box<dyn Fn(u64) -> Result<(), String> + Send + Sync>,
}

impl Check {
    /// One for each promise, of the collector `C`, which `--gc` knows as `strategy`. Named `prefix` and the promise.
    pub fn each_promise_of<C: Collector>(
        row: &'static Row,
        strategy: &str,
        prefix: &str,
    ) -> Vec<Check> {
        let seed = seed_asked_for().unwrap_or(1);
        let check = |&promise: &crate::Promise| Check {
            name: format!("{prefix}{}", promise.name()),
            strategy: strategy.to_owned(),
            seed,
            run: Box::new(move |seed| promise.check::<C>(Abilities::of::<C>(row, seed))),
        };
        PROMISES.iter().map(check).collect()
    }

    /// Runs it here, and again with a journal if it fails, so that the message says where each object comes from.
    fn carry_out(&self) -> Result<(), String> {
        let found = caught(|| (self.run)(self.seed));
        let Err(first) = found else { return Ok(()) };
        keep_journal(true);
        let again = caught(|| (self.run)(self.seed));
        keep_journal(false);
        let text = again.err().unwrap_or(first);
        Err(format!("{text}\n  found:   after {} collections", COLLECTIONS.load(Ordering::Relaxed)))
    }
}

/// A panic as a sentence.
fn caught(run: impl Fn() -> Result<(), String>) -> Result<(), String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let text = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied());
        Err(format!("a panic: {}", text.unwrap_or("(no text)")))
    })
}

/// The seed in the environment.
pub fn seed_asked_for() -> Option<u64> {
    std::env::var(SEED).ok()?.parse().ok()
}

/// The whole suite for one collector, which is in no table: the `main` of its test. Never returns.
pub fn hold_to_its_promises<C: Collector>(row: &'static Row) -> ! {
    let mut checks = Check::each_promise_of::<C>(row, row.name, "");
    checks.extend(random::checks::<C>(row, row.name, ""));
    run(checks)
}

/// Runs these checks as tests, with the test harness's arguments. Never returns.
pub fn run(checks: Vec<Check>) -> ! {
    if let Ok(name) = std::env::var(WITHIN) {
        carry_out_here(&checks, &name);
    }
    let trials = checks.into_iter().map(Arc::new).map(|check| {
        Trial::test(check.name.clone(), move || {
            let done = if cfg!(miri) { check.carry_out() } else { carry_out_apart(&check) };
            done.map_err(|text| Failed::from(report(&check, &text)))
        })
    });
    let trials = trials.collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// In the process of one check.
fn carry_out_here(checks: &[Check], name: &str) -> ! {
    let Some(check) = checks.iter().find(|check| check.name == name) else {
        eprintln!("there is no check called {name}");
        std::process::exit(2);
    };
    tell_of_crashes();
    match check.carry_out() {
        Ok(()) => std::process::exit(0),
        Err(text) => {
            println!("{text}");
            std::process::exit(BROKEN);
        }
    }
}

/// Carries the check out in a process of its own; once more, under the verifier, if what it said is not about an object.
fn carry_out_apart(check: &Check) -> Result<(), String> {
    let Err(text) = spawn(check, false) else { return Ok(()) };
    if !text.contains("path: ")
        && let Err(verified) = spawn(check, true)
        && let Some(line) = verified.find("gc: the heap is broken ").map(|at| &verified[at + 23..])
    {
        return Err(format!("{text}\n  verified: {line}"));
    }
    Err(text)
}

fn spawn(check: &Check, verify: bool) -> Result<(), String> {
    let program = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let mut command = Command::new(program);
    if verify {
        command.env(VERIFY, "1");
    }
    let mut child = command
        .env(WITHIN, &check.name)
        .env(SEED, check.seed.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("a process for the check: {error}"))?;
    let said = Arc::new(Mutex::new([String::new(), String::new()]));
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let listen = |number: usize, pipe: Option<Box<dyn Read + Send>>| {
        let said = Arc::clone(&said);
        std::thread::spawn(move || {
            let mut text = Vec::new();
            if let Some(mut pipe) = pipe {
                // What cannot be read was not said.
                let _ = pipe.read_to_end(&mut text);
            }
            let text = String::from_utf8_lossy(&text).into_owned();
            said.lock().expect("a listener does not panic")[number] = text;
        })
    };
    let listeners = [
        listen(0, out.map(|pipe| Box::new(pipe) as Box<dyn Read + Send>)),
        listen(1, err.map(|pipe| Box::new(pipe) as Box<dyn Read + Send>)),
    ];
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if start.elapsed() < LIMIT => std::thread::sleep(PERIOD),
            _ => {
                // It may have ended just now.
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
        }
    };
    listeners.into_iter().for_each(|listener| listener.join().expect("a listener does not panic"));
    let [out, err] = std::mem::take(&mut *said.lock().expect("a listener does not panic"));
    let (out, err) = (out.trim(), err.trim());
    match status {
        None => Err(format!(
            "it did not end within {} s: is there a loop without an end?",
            LIMIT.as_secs()
        )),
        Some(status) if status.success() => Ok(()),
        Some(status) if status.code() == Some(BROKEN) => Err(out.to_owned()),
        Some(status) => Err(format!("it ended with {status}: {err}")),
    }
}

/// Everything about a failure.
fn report(check: &Check, text: &str) -> String {
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| "calf-gc".to_owned());
    let program = std::env::current_exe().ok();
    let stem = program.as_ref().and_then(|path| path.file_stem()).and_then(|stem| stem.to_str());
    let test = stem.and_then(|stem| stem.rsplit_once('-')).map_or("conformance", |(test, _)| test);
    format!(
        "{text}\n  of:      {}, with seed {}\n  repeat:  {SEED}={} cargo test -p {package} --test {test} -- --exact {}",
        check.strategy, check.seed, check.seed, check.name
    )
}

/// A collector that is wrong may touch memory that is not there: then the process says so before it dies.
fn tell_of_crashes() {
    if cfg!(miri) {
        return;
    }
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: the handler makes only calls that a handler may make; on a stack that overflowed it dies without a word.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = tell as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESETHAND;
            libc::sigaction(signal, &action, std::ptr::null_mut());
        }
    }
}

extern "C" fn tell(_signal: i32, information: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    // SAFETY: the kernel passes the information of this signal.
    let address = unsafe { (*information).si_addr() } as usize;
    let mut line = [0; 128];
    let mut length = 0;
    let mut say = |text: &[u8]| {
        let end = (length + text.len()).min(line.len());
        line[length..end].copy_from_slice(&text[..end - length]);
        length = end;
    };
    let mut digits = [0; 20];
    say(b"promise 2 (keeps) is broken: an access to memory that is not there, at 0x");
    say(write_number(address, 16, &mut digits));
    say(b", in or after collection ");
    say(write_number(COLLECTIONS.load(Ordering::Relaxed), 10, &mut digits));
    say(b"\n");
    // SAFETY: a write of bytes that are there. The signal comes again, with its usual consequence, when this returns.
    unsafe { libc::write(2, line.as_ptr().cast(), length) };
}

/// The digits of a number, without memory of its own.
fn write_number(mut number: usize, base: usize, digits: &mut [u8; 20]) -> &[u8] {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b"0123456789abcdef"[number % base];
        number /= base;
        if number == 0 {
            return &digits[start..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_without_memory() {
        let mut digits = [0; 20];
        assert_eq!(write_number(0, 10, &mut digits), b"0");
        assert_eq!(write_number(usize::MAX, 10, &mut digits), b"18446744073709551615");
        assert_eq!(write_number(0xbeef, 16, &mut digits), b"beef");
    }

    #[test]
    fn a_panic_is_a_sentence() {
        assert_eq!(caught(|| panic!("no {}", 1)), Err("a panic: no 1".to_owned()));
        assert_eq!(caught(|| Ok(())), Ok(()));
    }
}
