//! Running a program: a file, or one entry of the REPL; what is said when it fails.

use crate::code::Code;
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::vm::Vm;
use calf_gc::{Collector, Value};
use calf_source::{Diagnostic, SourceFile, Span, Style};
use std::path::Path;
use std::rc::Rc;

/// Exit codes, those of the book.
pub mod exit_code {
    /// The command line makes no sense.
    pub const USAGE: i32 = 64;
    /// The program does not compile.
    pub const COMPILE: i32 = 65;
    /// The program failed while it ran.
    pub const RUNTIME: i32 = 70;
    /// Reading or writing failed.
    pub const IO: i32 = 74;
    /// Ctrl-C: 128 + SIGINT.
    pub const INTERRUPTED: i32 = 130;
    /// The reader of the output has gone: 128 + SIGPIPE.
    pub const CLOSED_PIPE: i32 = 141;

    /// All of them for whoever asks.
    pub const MEANINGS: &[(i32, &str)] = &[
        (0, "all is well, or what os.exit() was given"),
        (1, "calf test: a promise is broken; calf fmt --check: a file needs it"),
        (USAGE, "the command line makes no sense"),
        (COMPILE, "the program does not compile"),
        (RUNTIME, "the program failed: nothing caught an error"),
        (IO, "a file, or standard input or output, failed"),
        (INTERRUPTED, "Ctrl-C; in general 128 + n after the signal n"),
        (CLOSED_PIPE, "whoever read the output has gone"),
    ];
}

impl<C: Collector> Vm<C> {
    /// Runs loaded code of a script to its end. The result is owned.
    pub(crate) fn run_code(&mut self, code: *const Code) -> Result<Value, Thrown> {
        let closure = self.allocate(Kind::Closure.shape_word(), 1)?;
        self.initialize(closure, 0, Value::raw(code.expose_provenance() as u64));
        let closure = self.hold(Value::object(closure));
        let result = self.call(self.handle(closure), &[]);
        let closure = self.release_to(closure);
        self.heap.release(closure);
        result
    }

    /// Runs a file as the program and gives the exit code. Everything it printed is written; the exit policy is not yet carried out.
    pub fn run_file(&mut self, name: &str, bytes: Vec<u8>) -> i32 {
        let style = self.style();
        let file = match SourceFile::from_bytes(name, bytes) {
            Ok(file) => Rc::new(file),
            Err(error) => {
                self.complain(&error.render(style));
                return exit_code::COMPILE;
            }
        };
        let module = self.add_module(name.to_string());
        if let Ok(path) = Path::new(name).canonicalize() {
            self.imported.insert(path, module as u32);
        }
        match self.compile(&file, module, false) {
            Err(diagnostics) => {
                self.complain(&calf_source::render_all(&diagnostics, &file, style));
                exit_code::COMPILE
            }
            Ok(code) => {
                self.heap.begin_program();
                let result = self.run_code(code);
                self.end_of_run(result)
            }
        }
    }

    pub(crate) fn end_of_run(&mut self, result: Result<Value, Thrown>) -> i32 {
        match result {
            Ok(value) => {
                self.heap.release(value);
                0
            }
            Err(Thrown) => self.leaving.unwrap_or_else(|| {
                let interrupted =
                    self.type_name(self.mutator.exception) == ErrorKind::Interrupt.name();
                self.report();
                if interrupted { exit_code::INTERRUPTED } else { exit_code::RUNTIME }
            }),
        }
    }

    pub(crate) fn style(&self) -> Style {
        Style::of(self.options.color, self.options.json)
    }

    /// Writes to standard error, after everything printed so far.
    pub(crate) fn complain(&mut self, text: &str) {
        self.output.flush_quietly();
        use std::io::Write;
        let _ = std::io::stderr().write_all(format!("{}\n", text.trim_end()).as_bytes());
    }

    /// Prints what was thrown: the message, the line with a caret, the trace.
    pub(crate) fn report(&mut self) {
        let exception = self.mutator.exception;
        let (class, message) = if self.is_error(exception) {
            let message = self.symbols.intern("message");
            let message = self.field(exception, message).unwrap_or(Value::NIL);
            (self.type_name(exception), self.plain_text(message))
        } else {
            ("uncaught".to_string(), self.quoted_text(exception))
        };
        let origin = self.origin.take();
        let (file, diagnostic) = match origin {
            Some(origin) => (origin.file.clone(), origin.diagnostic(class, message)),
            None => (self.no_file.clone(), Diagnostic::runtime(class, message, Span::default())),
        };
        let text = calf_source::render(&diagnostic, &file, self.style());
        self.complain(&text);
        let exception = std::mem::replace(&mut self.mutator.exception, Value::NIL);
        self.heap.release(exception);
    }
}
