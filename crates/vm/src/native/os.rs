//! The module `os`: processes, pipes, the way out.

use super::{Arguments, Owner, Row, natives};
use crate::error::{ErrorKind, Thrown};
use crate::fork::{code_of, threads};
use crate::mutator::Hook;
use crate::vm::{ExitPolicy, Vm};
use calf_gc::{Collector, Value};
use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid};
use std::os::fd::{BorrowedFd, IntoRawFd, RawFd};

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Module("os");
        "fork" 0..=0 => fork,
        "wait" 1..=1 => wait,
        "waitAny" 0..=0 => wait_any,
        "exit" 0..=1 => exit,
        "quickExit" 0..=1 => quick_exit,
        "atExit" 1..=1 => at_exit,
        "beforeFork" 1..=1 => before_fork,
        "afterForkInChild" 1..=1 => after_fork_in_child,
        "afterForkInParent" 1..=1 => after_fork_in_parent,
        "pid" 0..=0 => pid,
        "kill" 1..=2 => kill,
        "pipe" 0..=0 => pipe,
        "read" 1..=2 => read,
        "readAll" 1..=1 => read_all,
        "write" 2..=2 => write,
        "close" 1..=1 => close,
        "sleep" 1..=1 => super::time::sleep,
        "args" 0..=0 => arguments_of_script,
        "env" 1..=2 => environment,
    )
}

impl<C: Collector> Vm<C> {
    fn system_error(&mut self, what: &str, error: Errno) -> Thrown {
        self.throw(ErrorKind::IoError, format!("{what}: {}.", error.desc()))
    }

    /// The list of a hook's functions, made the first time. Owned.
    pub(crate) fn hook_list(&mut self, hook: Hook) -> Result<Value, Thrown> {
        if self.mutator.hooks[hook as usize].is_nil() {
            self.mutator.hooks[hook as usize] = self.new_list(0)?;
        }
        let list = self.mutator.hooks[hook as usize];
        Ok(self.retained(list))
    }

    fn add_hook(&mut self, hook: Hook, arguments: Arguments) -> Result<Value, Thrown> {
        self.callable_argument(arguments, 1)?;
        let list = self.hook_list(hook)?;
        let list = self.hold(list);
        let function = self.retained(arguments.get(1));
        self.push_item(self.handle(list), function)?;
        Ok(Value::NIL)
    }

    fn descriptor(&mut self, arguments: Arguments, index: usize) -> Result<RawFd, Thrown> {
        let number = self.size_argument(arguments, index)?;
        match RawFd::try_from(number) {
            Ok(descriptor) => Ok(descriptor),
            Err(_) => Err(self.throw(ErrorKind::ValueError, "A descriptor is a small number.")),
        }
    }
}

/// `os.fork()`: 0 in the child, the child's number in the parent.
pub(crate) fn fork<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    if let Some(count) = threads()
        && count != 1
    {
        let message = format!(
            "Cannot fork: the process has {count} threads, and a child would have only one of them."
        );
        return Err(vm.throw(ErrorKind::IoError, message));
    }
    vm.run_hooks(Hook::BeforeFork, true)?;
    vm.prepare_fork();
    // What a collection before the fork found dead is finalized once, not in both processes.
    vm.run_finalizers();
    if vm.leaving.is_some() {
        return Err(Thrown);
    }
    match vm.fork_process() {
        Err(error) => Err(vm.system_error("Cannot fork", error)),
        Ok(ForkResult::Parent { child }) => {
            vm.run_hooks(Hook::AfterForkInParent, false)?;
            Ok(Value::number(f64::from(child.as_raw())))
        }
        Ok(ForkResult::Child) => {
            vm.random.fork(u64::from(std::process::id()));
            vm.run_hooks(Hook::AfterForkInChild, false)?;
            Ok(Value::number(0.0))
        }
    }
}

impl<C: Collector> Vm<C> {
    /// Waits for this child, or for any. `None` if there is none.
    pub(crate) fn wait_for(&mut self, pid: Option<Pid>) -> Result<Option<(Pid, i32)>, Thrown> {
        self.output.flush();
        loop {
            match waitpid(pid.or(Some(Pid::from_raw(-1))), None) {
                Ok(status) => {
                    if let Some(found) = code_of(status) {
                        return Ok(Some(found));
                    }
                }
                Err(Errno::EINTR) => {
                    if self.heap.wants_attention() {
                        self.poll()?;
                    }
                }
                Err(Errno::ECHILD) => return Ok(None),
                Err(error) => return Err(self.system_error("Cannot wait", error)),
            }
        }
    }
}

fn wait<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let pid = vm.whole_argument(arguments, 1)?;
    if pid <= 0 || pid > i64::from(i32::MAX) {
        return Err(vm.throw(ErrorKind::ValueError, "A child's pid is a positive number."));
    }
    match vm.wait_for(Some(Pid::from_raw(pid as i32)))? {
        Some((_, code)) => Ok(Value::number(f64::from(code))),
        None => Err(vm.throw(ErrorKind::IoError, format!("There is no child {pid} to wait for."))),
    }
}

fn wait_any<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    match vm.wait_for(None)? {
        Some((pid, code)) => {
            let list = vm.new_list(2)?;
            vm.push_item(list, Value::number(f64::from(pid.as_raw())))?;
            vm.push_item(list, Value::number(f64::from(code)))?;
            Ok(list)
        }
        None => Ok(Value::NIL),
    }
}

impl<C: Collector> Vm<C> {
    fn leave(&mut self, arguments: Arguments) -> Result<Value, Thrown> {
        let code = if arguments.has(1) { self.whole_argument(arguments, 1)? } else { 0 };
        self.leaving = Some((code & 0xFF) as i32);
        Err(Thrown)
    }
}

fn exit<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.leave(arguments)
}

fn quick_exit<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let code = if arguments.has(1) { vm.whole_argument(arguments, 1)? } else { 0 };
    vm.options.exit = ExitPolicy::Immediate;
    let code = vm.finish((code & 0xFF) as i32);
    // SAFETY: ends the process at once, which is what was asked for; everything printed was written by `finish`.
    unsafe { libc::_exit(code) }
}

fn at_exit<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.add_hook(Hook::AtExit, arguments)
}

fn before_fork<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.add_hook(Hook::BeforeFork, arguments)
}

fn after_fork_in_child<C: Collector>(
    vm: &mut Vm<C>,
    arguments: Arguments,
) -> Result<Value, Thrown> {
    vm.add_hook(Hook::AfterForkInChild, arguments)
}

fn after_fork_in_parent<C: Collector>(
    vm: &mut Vm<C>,
    arguments: Arguments,
) -> Result<Value, Thrown> {
    vm.add_hook(Hook::AfterForkInParent, arguments)
}

fn pid<C: Collector>(_vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    Ok(Value::number(f64::from(std::process::id())))
}

fn kill<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let pid = vm.whole_argument(arguments, 1)?;
    let number = if arguments.has(2) { vm.whole_argument(arguments, 2)? } else { 15 };
    let signal = i32::try_from(number)
        .ok()
        .and_then(|number| nix::sys::signal::Signal::try_from(number).ok());
    let (Ok(pid), Some(signal)) = (i32::try_from(pid), signal) else {
        return Err(vm.throw(ErrorKind::ValueError, "There is no such process or signal."));
    };
    match nix::sys::signal::kill(Pid::from_raw(pid), signal) {
        Ok(()) => Ok(Value::NIL),
        Err(error) => Err(vm.system_error(&format!("Cannot send signal {number} to {pid}"), error)),
    }
}

fn pipe<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    let (reader, writer) = match nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC) {
        Ok(ends) => ends,
        Err(error) => return Err(vm.system_error("Cannot make a pipe", error)),
    };
    let list = vm.new_list(2)?;
    for end in [reader.into_raw_fd(), writer.into_raw_fd()] {
        vm.push_item(list, Value::number(f64::from(end)))?;
    }
    Ok(list)
}

impl<C: Collector> Vm<C> {
    /// Reads up to `most` bytes into a buffer of Rust's, which a page under protection never is.
    fn read_some(
        &mut self,
        descriptor: RawFd,
        to: &mut Vec<u8>,
        most: usize,
    ) -> Result<usize, Thrown> {
        let start = to.len();
        to.resize(start + most, 0);
        loop {
            // SAFETY: the descriptor is only used for this call; a number that is none gives EBADF.
            let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
            match nix::unistd::read(borrowed, &mut to[start..]) {
                Ok(count) => {
                    to.truncate(start + count);
                    return Ok(count);
                }
                Err(Errno::EINTR) => {
                    if self.heap.wants_attention() {
                        self.poll()?;
                    }
                }
                Err(error) => {
                    return Err(self.system_error(&format!("Cannot read from {descriptor}"), error));
                }
            }
        }
    }

    fn string_of_bytes(&mut self, bytes: Vec<u8>) -> Result<Value, Thrown> {
        match String::from_utf8(bytes) {
            Ok(text) => self.new_string(&text),
            Err(_) => Err(self.throw(ErrorKind::IoError, "What was read is not UTF-8.")),
        }
    }
}

/// The most that one read asks for.
const CHUNK: usize = 1 << 16;

fn read<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let descriptor = vm.descriptor(arguments, 1)?;
    let most =
        if arguments.has(2) { vm.size_argument(arguments, 2)?.clamp(1, 1 << 26) } else { CHUNK };
    vm.output.flush();
    let mut bytes = Vec::new();
    if vm.read_some(descriptor, &mut bytes, most)? == 0 {
        return Ok(Value::NIL);
    }
    // A character cut in two by the end of the chunk is completed.
    while let Err(error) = std::str::from_utf8(&bytes) {
        if error.error_len().is_some() || vm.read_some(descriptor, &mut bytes, 1)? == 0 {
            break;
        }
    }
    vm.string_of_bytes(bytes)
}

fn read_all<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let descriptor = vm.descriptor(arguments, 1)?;
    vm.output.flush();
    let mut bytes = Vec::new();
    while vm.read_some(descriptor, &mut bytes, CHUNK)? > 0 {
        if bytes.len() > vm.heap.limit() {
            return Err(vm.throw_out_of_memory());
        }
    }
    vm.string_of_bytes(bytes)
}

fn write<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let descriptor = vm.descriptor(arguments, 1)?;
    let text = vm.text_of(arguments.get(2))?;
    vm.output.flush();
    let mut bytes = text.as_bytes();
    while !bytes.is_empty() {
        // SAFETY: the descriptor is only used for this call; a number that is none gives EBADF.
        let borrowed = unsafe { BorrowedFd::borrow_raw(descriptor) };
        match nix::unistd::write(borrowed, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::EINTR) => {
                if vm.heap.wants_attention() {
                    vm.poll()?;
                }
            }
            Err(error) => {
                return Err(vm.system_error(&format!("Cannot write to {descriptor}"), error));
            }
        }
    }
    Ok(Value::number(text.len() as f64))
}

fn close<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let descriptor = vm.descriptor(arguments, 1)?;
    vm.output.flush();
    match nix::unistd::close(descriptor) {
        Ok(()) => Ok(Value::NIL),
        Err(error) => Err(vm.system_error(&format!("Cannot close {descriptor}"), error)),
    }
}

fn arguments_of_script<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    let list = vm.new_list(vm.options.arguments.len())?;
    let list = vm.hold(list);
    for argument in vm.options.arguments.clone() {
        let text = vm.new_string(&argument)?;
        vm.push_item(vm.handle(list), text)?;
    }
    Ok(vm.release_to(list))
}

fn environment<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let name = vm.text_argument(arguments, 1)?;
    if name.is_empty() || name.contains(['=', '\0']) {
        return Ok(vm.retained(arguments.get(2)));
    }
    match std::env::var(&name) {
        Ok(text) => vm.new_string(&text),
        Err(_) => Ok(vm.retained(arguments.get(2))),
    }
}
