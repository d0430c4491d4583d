//! Errors that a program can catch: their classes, how one is thrown, and where it came from.

use crate::code::Frame;
use crate::trace::Trace;
use crate::vm::Vm;
use calf_gc::{Collector, Value};
use calf_source::{Diagnostic, SourceFile, Span};
use std::rc::Rc;

/// Something was thrown; the value is in the mutator's `exception`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thrown;

macro_rules! error_kinds {
    ($($name:ident $meaning:literal)+) => {
        /// The machine's own kinds of error; each is a class of the language with this name.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum ErrorKind { $(#[doc = $meaning] $name),+ }

        impl ErrorKind {
            /// Every kind, in the order of the known classes.
            pub const ALL: &[ErrorKind] = &[$(ErrorKind::$name),+];
            /// The class's name.
            pub const fn name(self) -> &'static str {
                match self { $(ErrorKind::$name => stringify!($name)),+ }
            }
        }
    };
}

error_kinds! {
    Error "The base class of all."
    TypeError "A value of the wrong type."
    NameError "A variable that is not defined."
    PropertyError "A field or method that is not there."
    IndexError "A position outside a list, string or buffer."
    KeyError "A key that a map has not."
    ValueError "A value of the right type that makes no sense."
    AssertionError "An assertion that failed."
    OutOfMemory "The heap's limit is reached."
    StackOverflow "Too many calls in progress."
    IoError "The system refused."
    UnsupportedError "The chosen collector cannot do it."
    Interrupt "The user pressed Ctrl-C."
}

/// Where the error that travels, or the last one, was thrown.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The file.
    pub file: Rc<SourceFile>,
    /// The text that failed.
    pub span: Span,
    /// The calls in progress.
    pub trace: Trace,
    /// What there is to say of the error, if nothing seemed to catch it.
    pub explanation: Option<Box<Diagnostic>>,
}

impl Origin {
    /// The error with everything that is known of it; `class` and `message` are what it says itself.
    pub fn diagnostic(self, class: String, message: String) -> Diagnostic {
        let (span, trace) = (self.span, self.lines());
        let said = self.explanation.map_or_else(|| Diagnostic::runtime("", "", span), |said| *said);
        Diagnostic { kind: calf_source::Kind::Runtime(class), message, span, trace, ..said }
    }
    /// The trace as it is printed, innermost call first.
    pub fn lines(&self) -> Vec<String> {
        self.trace.lines("  ", |line| match &line.function {
            Some(name) => format!("[line {}] in {name}()", line.line),
            None => format!("[line {}] in script", line.line),
        })
    }

    /// The trace as the program sees it.
    fn texts(&self) -> Vec<String> {
        self.trace.lines("", |line| match &line.function {
            Some(name) => format!("{}:{} in {name}()", line.file, line.line),
            None => format!("{}:{} in script", line.file, line.line),
        })
    }
}

impl<C: Collector> Vm<C> {
    /// Throws an error of the machine's.
    #[cold]
    #[inline(never)]
    pub(crate) fn throw(&mut self, kind: ErrorKind, message: impl AsRef<str>) -> Thrown {
        let origin = self.origin();
        match self.new_error(kind, message.as_ref(), &origin) {
            Ok(error) => {
                self.travel(error, Some(origin));
                self.remember_thrown();
                Thrown
            }
            // Out of memory while making the error: that one is thrown instead.
            Err(Thrown) => Thrown,
        }
    }

    /// Throws the error that was made for this when the machine started, since nothing can be allocated now.
    #[cold]
    #[inline(never)]
    pub(crate) fn throw_out_of_memory(&mut self) -> Thrown {
        let error = self.mutator.known.get(self.out_of_memory).copied().unwrap_or(Value::NIL);
        self.heap.retain(error);
        let origin = self.origin();
        self.travel(error, Some(origin))
    }

    fn travel(&mut self, error: Value, origin: Option<Origin>) -> Thrown {
        let old = std::mem::replace(&mut self.mutator.exception, error);
        self.heap.release(old);
        if origin.is_some() {
            self.origin = origin;
        }
        Thrown
    }

    /// Throws a value of the program's (owned). An error that was thrown before, and whatever goes on behind a `finally`, keeps its
    /// origin; an error without a trace gets one.
    pub(crate) fn throw_value(&mut self, value: Value, goes_on: bool) -> Thrown {
        let is_error = self.is_error(value);
        if (is_error || goes_on) && self.origin.is_some() && self.is_last_thrown(value) {
            return self.travel(value, None);
        }
        let origin = self.origin();
        let trace = self.symbols.intern("trace");
        let mut value = value;
        if is_error
            && !value.as_object().is_some_and(|object| self.heap.is_sealed(object))
            && self.field(value, trace).is_none_or(Value::is_nil)
        {
            let handle = self.hold(value);
            let filled = self
                .trace_list(&origin)
                .and_then(|list| self.set_field(self.handle(handle), trace, list));
            value = self.release_to(handle);
            if filled.is_err() {
                self.heap.release(value);
                return Thrown;
            }
        }
        self.travel(value, Some(origin));
        self.remember_thrown();
        Thrown
    }

    fn is_last_thrown(&self, value: Value) -> bool {
        match self.mutator.last_thrown.as_object() {
            Some(weak) => value.is_object() && weak.get(0) == value,
            None => !value.is_object() && self.mutator.last_thrown == value,
        }
    }

    /// Remembers what travels, weakly. Without memory for that it is forgotten.
    fn remember_thrown(&mut self) {
        let mut last = self.mutator.exception;
        if last.is_object() {
            let word = crate::kind::Kind::Weak.shape_word();
            let weak = match self.heap.allocate(word, 1) {
                Some(weak) => Some(weak),
                None => {
                    let weak = self.heap.allocate_at_safepoint(&mut self.mutator, word, 1);
                    self.after_collection();
                    weak
                }
            };
            last = Value::NIL;
            if let Some(weak) = weak {
                self.initialize(weak, 0, self.mutator.exception);
                self.heap.register_weak(weak);
                last = Value::object(weak);
            }
        }
        let old = std::mem::replace(&mut self.mutator.last_thrown, last);
        self.heap.release(old);
    }

    /// Where the machine is now.
    pub(crate) fn origin(&self) -> Origin {
        let frames = self.mutator.frames();
        // SAFETY: the code of a frame is null or a loaded function, which is never freed.
        let running: Vec<&Frame> = frames
            .iter()
            .filter(|frame| unsafe { frame.code.as_ref() }.is_some_and(|code| !code.is_exit))
            .collect();
        let (file, span) = match running.last() {
            Some(frame) => {
                // SAFETY: as above.
                let code = unsafe { &*frame.code };
                (code.file.clone(), code.function.spans[frame.position()])
            }
            None => (self.no_file.clone(), Span::default()),
        };
        let calls: Vec<_> =
            running.iter().rev().map(|frame| (frame.code, frame.position())).collect();
        let trace = Trace::new(&calls, |&(code, position)| {
            // SAFETY: as above; not null, because the filter left only frames with code.
            unsafe { &*code }.place_of(position)
        });
        Origin { file, span, trace, explanation: None }
    }

    fn trace_list(&mut self, origin: &Origin) -> Result<Value, Thrown> {
        let texts = origin.texts();
        let list = self.new_list(texts.len())?;
        let list = self.hold(list);
        for text in texts {
            let text = self.new_string(&text)?;
            self.push_item(self.handle(list), text)?;
        }
        Ok(self.release_to(list))
    }

    pub(crate) fn new_error(
        &mut self,
        kind: ErrorKind,
        message: &str,
        origin: &Origin,
    ) -> Result<Value, Thrown> {
        let mark = self.mark();
        let result = self.new_error_inner(kind, message, origin);
        self.drop_handles(mark);
        result
    }

    fn new_error_inner(
        &mut self,
        kind: ErrorKind,
        message: &str,
        origin: &Origin,
    ) -> Result<Value, Thrown> {
        let Some(&class) = self.mutator.known.get(kind as usize) else {
            // While the machine starts there are no classes yet: the text itself is thrown.
            return self.new_string(message);
        };
        let instance = self.new_instance(class)?;
        let instance = self.hold(instance);
        let text = self.new_string(message)?;
        let symbol = self.symbols.intern("message");
        self.set_field(self.handle(instance), symbol, text)?;
        let trace = self.trace_list(origin)?;
        let symbol = self.symbols.intern("trace");
        self.set_field(self.handle(instance), symbol, trace)?;
        let error = self.release_to(instance);
        Ok(error)
    }

    /// Is it an instance of `Error` or of a class that inherits from it?
    pub(crate) fn is_error(&self, value: Value) -> bool {
        let Some(&base) = self.mutator.known.first() else { return false };
        let mut class = self.class_of(value);
        while let Some(walk) = class {
            if Value::object(walk) == base {
                return true;
            }
            class = walk.get(crate::class::SUPERCLASS).as_object();
        }
        false
    }
}
