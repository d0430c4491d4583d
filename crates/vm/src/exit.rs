//! The way out: collections asked for, hooks, the exit policy.

use crate::error::Thrown;
use crate::kind::Kind;
use crate::mutator::Hook;
use crate::output::OutputState;
use crate::program::exit_code;
use crate::vm::{ExitPolicy, Vm};
use calf_gc::{Collector, Request, Value};

/// Collections in a row that run finalizers which let more objects go: one that makes the next is an endless loop otherwise.
const ROUNDS: usize = 4096;

impl<C: Collector> Vm<C> {
    /// A collection asked for by the program, with the finalizers it finds run, and what they let go collected, too.
    pub(crate) fn collect(&mut self, request: Request) -> usize {
        let mut reclaimed = 0;
        // Where references in registers are not counted, who dies with a finalizer is found by the next round only.
        for _ in 0..ROUNDS {
            let collection = self.heap.collect(&mut self.mutator, request);
            self.after_collection();
            reclaimed += collection.reclaimed;
            // Also those that an earlier collection found, and that no instruction came to since.
            if self.finalizing || collection.finalizers == 0 && !self.heap.has_finalizers() {
                break;
            }
            self.run_finalizers();
        }
        reclaimed
    }

    /// Carries out the exit policy; the process ends with the code that this gives.
    pub fn finish(&mut self, code: i32) -> i32 {
        let mut code = code;
        // Before the end of the process copies anything.
        self.report_pages();
        self.leaving = None;
        self.finishing = true;
        let policy = if self.leaving_at_once { ExitPolicy::Immediate } else { self.options.exit };
        if policy != ExitPolicy::Immediate {
            self.heap.set_phase(Some(calf_gc::parts::model::Cause::Exit));
            code = self.run_exit_functions(code);
        }
        self.heap.before_exit(policy == ExitPolicy::Full);
        if policy == ExitPolicy::Full {
            self.tear_down();
        }
        let state = self.output.flush();
        self.finish_blame();
        match state {
            OutputState::Open => code,
            OutputState::Closed => exit_code::CLOSED_PIPE,
            OutputState::Failed(error) => {
                let error = std::io::Error::from_raw_os_error(error);
                eprintln!("calf: cannot write to standard output: {error}");
                exit_code::IO
            }
        }
    }

    /// The way CPython ends: a last collection, globals released, another collection, every finalizer run.
    pub(crate) fn tear_down(&mut self) {
        if self.heap.is_enabled() {
            self.collect(Request::Full);
        }
        self.run_finalizers();
        self.drop_handles(0);
        // Data first, the newest first, so that finalizers still find functions, classes and numbers; then the rest.
        for number in (0..self.mutator.globals_count).rev() {
            // SAFETY: globals up to the count are initialised.
            let value = unsafe { *self.mutator.globals.add(number) };
            let kind = self.kind(value);
            if matches!(kind, Some(Kind::Instance | Kind::List | Kind::Map | Kind::BoundMethod)) {
                self.replace_global(number, Value::NIL);
                self.run_finalizers();
            }
        }
        if self.heap.is_enabled() {
            self.collect(Request::Full);
        }
        for number in 0..self.mutator.globals_count {
            self.replace_global(number, Value::NIL);
        }
        for hook in 0..Hook::COUNT {
            let value = std::mem::replace(&mut self.mutator.hooks[hook], Value::NIL);
            self.heap.release(value);
        }
        self.run_finalizers();
        if self.heap.is_enabled() {
            self.collect(Request::Full);
        }
    }

    /// Calls the functions given to `os.atExit`, the last one first. One that fails is reported, and the others still run.
    fn run_exit_functions(&mut self, mut code: i32) -> i32 {
        while let Some(list) = self.mutator.hooks[Hook::AtExit as usize].as_object()
            && crate::list::length(list) > 0
        {
            let last = crate::list::length(list) - 1;
            let function = self.hold_borrowed(crate::list::item(list, last));
            let items = crate::list::items(list).expect("a list with items");
            self.set_part_slot(list, items, last, Value::NIL);
            self.set_raw(list, crate::list::LENGTH, last as u64);
            let result = self.call(self.handle(function), &[]);
            let function = self.release_to(function);
            self.heap.release(function);
            match result {
                Ok(value) => self.heap.release(value),
                Err(Thrown) => match self.leaving.take() {
                    Some(other) => code = other,
                    None => {
                        self.report();
                        code = exit_code::RUNTIME;
                    }
                },
            }
        }
        code
    }

    /// Calls the functions of a hook, in the order of registration or the other way round.
    pub(crate) fn run_hooks(&mut self, hook: Hook, backwards: bool) -> Result<(), Thrown> {
        let list = self.mutator.hooks[hook as usize];
        let Some(object) = list.as_object() else { return Ok(()) };
        let count = crate::list::length(object);
        for index in 0..count {
            let list = self.mutator.hooks[hook as usize];
            let Some(object) = list.as_object() else { return Ok(()) };
            let at = if backwards { count - 1 - index } else { index };
            if at >= crate::list::length(object) {
                continue;
            }
            let function = self.hold_borrowed(crate::list::item(object, at));
            let result = self.call(self.handle(function), &[]);
            let function = self.release_to(function);
            self.heap.release(function);
            let value = result?;
            self.heap.release(value);
        }
        Ok(())
    }
}
