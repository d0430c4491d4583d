//! From text to a running program: starting the machine, loading functions, modules and imports, the way out.

use crate::code::{Cache, Code, Frame};
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::mutator::{Hook, Module, Mutator};
use crate::native::{NativeFunction, Owner};
use crate::output::{Output, OutputState};
use crate::shape::{Shapes, Symbol, Symbols};
use crate::vm::{ExitPolicy, Options, Vm};
use calf_bytecode::Op;
use calf_bytecode::{Constant, Extension, Function};
use calf_gc::{Collector, Heap, HeapError, Request, Row, Value};
use calf_source::{Diagnostic, SourceFile, Span, Style};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The classes of errors, in the language itself.
const PRELUDE: &str = include_str!("prelude.calf");

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
}

/// What became of one entry in the REPL.
#[derive(Debug, PartialEq, Eq)]
pub enum Evaluation {
    /// It ran; the text of its value, if it has one that is not `nil`.
    Done(Option<String>),
    /// It needs more lines.
    Incomplete,
    /// It failed; the message was printed.
    Failed,
    /// It asked to leave.
    Exit(i32),
}

/// Gives the compiler the numbers of a module's globals.
struct ModuleGlobals<'m> {
    mutator: &'m mut Mutator,
    builtins: &'m HashMap<Box<str>, usize>,
    module: usize,
    /// Globals that begin as a built-in: their number and what they are.
    fresh: Vec<(u16, Value)>,
}

impl calf_compiler::Globals for ModuleGlobals<'_> {
    fn global(&mut self, name: &str) -> Option<u16> {
        if let Some(&number) = self.mutator.modules[self.module].globals.get(name) {
            return Some(number);
        }
        let number = u16::try_from(self.mutator.globals_count).ok()?;
        self.mutator.globals_count += 1;
        // SAFETY: the region has room for 65 536 globals.
        unsafe { self.mutator.globals.add(number as usize).write(Value::ABSENT) };
        self.mutator.modules[self.module].globals.insert(name.into(), number);
        if let Some(&at) = self.builtins.get(name) {
            self.fresh.push((number, self.mutator.builtins[at]));
        }
        Some(number)
    }
}

impl<C: Collector> Vm<C> {
    /// A machine with nothing but the built-ins.
    pub fn new(options: Options, row: &'static Row) -> Result<Vm<C>, HeapError> {
        let heap = Heap::new(&options.heap)?;
        let mutator = Mutator::new(C::MOVES)?;
        let no_file = Rc::new(SourceFile::new("calf", ""));
        let random = crate::native::math::Random::new(options.seed);
        let mut vm = Vm {
            heap,
            mutator,
            symbols: Symbols::default(),
            shapes: Shapes::default(),
            natives: Vec::new(),
            methods: vec![Vec::new(); Kind::ALL.len()],
            builtins: HashMap::new(),
            options,
            row,
            output: Output::default(),
            no_file,
            origin: None,
            last_thrown: 0,
            out_of_memory: usize::MAX,
            depth: 0,
            characters: 0,
            exit_code: std::ptr::null(),
            imported: HashMap::new(),
            random,
            epoch: 0,
            leaving: None,
            leaving_at_once: false,
            finishing: false,
            constants: HashMap::new(),
            measure: crate::measure::Measure::default(),
        };
        vm.watch_regions();
        // SAFETY: the first frame is in the committed region. It is a native frame with an empty window, so the first call begins
        // behind the first register.
        unsafe {
            vm.mutator.first_frame.write(Frame {
                code: std::ptr::null(),
                base: vm.mutator.stack_start,
                pc: std::ptr::null(),
                closure: Value::NIL,
            });
            vm.mutator.stack_start.write(Value::NIL);
        }
        if vm.populate().is_err() {
            let value = vm.heap.limit().to_string();
            return Err(HeapError::Value { key: "limit", value, known: "at least 1 MiB" });
        }
        Ok(vm)
    }

    fn populate(&mut self) -> Result<(), Thrown> {
        self.make_exit_code()?;
        let rows = crate::native::rows::<C>();
        for (number, row) in rows.iter().enumerate() {
            let object = self.allocate(Kind::Native.shape_word(), 1)?;
            self.initialize(object, 0, Value::raw(number as u64));
            self.mutator.builtins.push(Value::object(object));
            self.natives.push(NativeFunction {
                name: row.name,
                least: row.least,
                most: row.most,
                function: row.body,
            });
        }
        for (number, row) in rows.iter().enumerate() {
            match row.owner {
                Owner::Global => {
                    self.builtins.insert(row.name.into(), number);
                }
                Owner::Method(kind) => {
                    let symbol = self.symbols.intern(row.name).0 as usize;
                    let methods = &mut self.methods[kind as usize];
                    if methods.len() <= symbol {
                        methods.resize(symbol + 1, 0);
                    }
                    methods[symbol] = number as u32 + 1;
                }
                Owner::Module(module) => {
                    let module = self.native_module(module)?;
                    let native = self.mutator.builtins[number];
                    self.define_member(module, row.name, native);
                }
            }
        }
        for (module, name, value) in crate::native::math::constants() {
            let module = self.native_module(module)?;
            self.define_member(module, name, Value::number(value));
        }
        self.run_prelude()?;
        self.characters = self.mutator.known.len();
        for code in 0..128u8 {
            let string = self.new_string((code as char).encode_utf8(&mut [0; 4]))?;
            self.mutator.known.push(string);
        }
        let message = format!("The heap's limit of {} MiB is reached.", self.heap.limit() >> 20);
        let origin = self.origin();
        self.throw_quietly(ErrorKind::OutOfMemory, &message, origin)?;
        self.origin = None;
        Ok(())
    }

    fn throw_quietly(
        &mut self,
        kind: ErrorKind,
        message: &str,
        origin: crate::error::Origin,
    ) -> Result<(), Thrown> {
        let error = self.new_error(kind, message, &origin)?;
        self.out_of_memory = self.mutator.known.len();
        self.mutator.known.push(error);
        Ok(())
    }

    /// The number of a native module, which is made if it is new.
    fn native_module(&mut self, name: &'static str) -> Result<usize, Thrown> {
        if let Some(number) = self.mutator.modules.iter().position(|module| module.name == name) {
            return Ok(number);
        }
        let number = self.add_module(name.to_string());
        let object = self.module_object(number)?;
        self.add_builtin(name, object);
        Ok(number)
    }

    /// A built-in under a name (borrowed).
    fn add_builtin(&mut self, name: &str, value: Value) {
        let value = self.retained(value);
        self.builtins.insert(name.into(), self.mutator.builtins.len());
        self.mutator.builtins.push(value);
    }

    fn add_module(&mut self, name: String) -> usize {
        self.mutator.modules.push(Module { name, globals: HashMap::new(), object: Value::NIL });
        self.mutator.modules.len() - 1
    }

    /// The module object of module `number`, borrowed; made the first time.
    fn module_object(&mut self, number: usize) -> Result<Value, Thrown> {
        if self.mutator.modules[number].object.is_nil() {
            let name = self.mutator.modules[number].name.clone();
            let name = self.new_string(&name)?;
            let name = self.hold(name);
            let module = self.allocate(Kind::Module.shape_word(), 2)?;
            let name = self.release_to(name);
            self.initialize(module, 0, Value::raw(number as u64));
            self.initialize(module, 1, name);
            self.mutator.modules[number].object = Value::object(module);
        }
        Ok(self.mutator.modules[number].object)
    }

    fn define_member(&mut self, module: usize, name: &str, value: Value) {
        let mut globals = ModuleGlobals {
            mutator: &mut self.mutator,
            builtins: &HashMap::new(),
            module,
            fresh: Vec::new(),
        };
        let number = calf_compiler::Globals::global(&mut globals, name)
            .expect("there are few native members");
        let value = self.retained(value);
        self.replace_global(number as usize, value);
    }

    /// The member of a module, owned.
    pub(crate) fn module_member(&mut self, module: Value, symbol: Symbol) -> Result<Value, Thrown> {
        match self.member_number(module, symbol) {
            Some(number) => {
                // SAFETY: the number of a global of a module.
                let value = unsafe { *self.mutator.globals.add(number) };
                Ok(self.retained(value))
            }
            None => Err(self.undefined_property(symbol)),
        }
    }

    /// The number of the global that is this member of a module, if it is defined.
    pub(crate) fn member_number(&self, module: Value, symbol: Symbol) -> Option<usize> {
        let module = self.object_of(module, Kind::Module)?.get(0).as_raw() as usize;
        let number = *self.mutator.modules[module].globals.get(self.symbols.name(symbol))? as usize;
        // SAFETY: the number of a global of a module.
        (!unsafe { *self.mutator.globals.add(number) }.is_absent()).then_some(number)
    }

    /// Sets a member of a module (borrowed).
    pub(crate) fn set_module_member(
        &mut self,
        module: Value,
        symbol: Symbol,
        value: Value,
    ) -> Result<(), Thrown> {
        match self.member_number(module, symbol) {
            Some(number) => {
                let value = self.retained(value);
                self.replace_global(number, value);
                Ok(())
            }
            None => Err(self.undefined_property(symbol)),
        }
    }

    fn make_exit_code(&mut self) -> Result<(), Thrown> {
        let function = Function {
            name: "".into(),
            kind: calf_bytecode::Kind::Script,
            arity: 0,
            registers: 1,
            code: vec![Op::Exit.abc(0, 0, 0)],
            live: vec![0],
            spans: vec![Span::default()],
            constants: Vec::new(),
            captures: Vec::new(),
            functions: Vec::new(),
            caches: Vec::new(),
            handlers: Vec::new(),
            span: Span::default(),
        };
        let code = self.load(Rc::new(function), &self.no_file.clone(), 0)?;
        // SAFETY: just made, and not yet shared.
        unsafe { (*code.cast_mut()).is_exit = true };
        self.exit_code = code;
        Ok(())
    }

    fn run_prelude(&mut self) -> Result<(), Thrown> {
        let file = Rc::new(SourceFile::new("prelude", PRELUDE));
        let module = self.add_module("prelude".to_string());
        let code = match self.compile(&file, module, false) {
            Ok(code) => code,
            Err(diagnostics) => panic!("the prelude compiles: {diagnostics:?}"),
        };
        self.run_code(code)?;
        for kind in ErrorKind::ALL {
            let number = self.mutator.modules[module].globals[kind.name()];
            // SAFETY: the number of a global of a module.
            let class = unsafe { *self.mutator.globals.add(number as usize) };
            let class = self.retained(class);
            self.mutator.known.push(class);
            self.add_builtin(kind.name(), class);
        }
        Ok(())
    }

    /// Compiles a file for a module.
    fn compile(
        &mut self,
        file: &Rc<SourceFile>,
        module: usize,
        interactive: bool,
    ) -> Result<*const Code, Vec<Diagnostic>> {
        let arena = bumpalo::Bump::new();
        let program = calf_parser::parse(&arena, file)?;
        self.compile_program(&program, file, module, interactive)
    }

    fn compile_program(
        &mut self,
        program: &calf_parser::ast::Program<'_>,
        file: &Rc<SourceFile>,
        module: usize,
        interactive: bool,
    ) -> Result<*const Code, Vec<Diagnostic>> {
        let options = calf_compiler::Options { release_temporaries: C::COUNTS, interactive };
        let mut globals = ModuleGlobals {
            mutator: &mut self.mutator,
            builtins: &self.builtins,
            module,
            fresh: Vec::new(),
        };
        let function = calf_compiler::compile(program, file, &mut globals, options)?;
        for (number, value) in globals.fresh {
            let value = self.retained(value);
            self.replace_global(number as usize, value);
        }
        if let Err(text) = calf_bytecode::check::check(&function) {
            panic!("the compiler made a function that the machine cannot run: {text}");
        }
        self.load(Rc::new(function), file, module as u32).map_err(|Thrown| {
            let text = self.exception_text();
            vec![Diagnostic::syntax(text, Span::default())]
        })
    }

    /// Puts a function and those in it where the machine runs them.
    pub(crate) fn load(
        &mut self,
        function: Rc<Function>,
        file: &Rc<SourceFile>,
        module: u32,
    ) -> Result<*const Code, Thrown> {
        let mut functions = Vec::with_capacity(function.functions.len());
        for inner in &function.functions {
            functions.push(self.load(inner.clone(), file, module)?);
        }
        // Constants first: making strings is a safepoint, so each is a root as soon as it is made.
        let bytes = function.constants.len() * 8;
        let place = self.reserve_code(bytes)?;
        let constants: *mut Value = std::ptr::with_exposed_provenance_mut(place);
        self.mutator.constants.push((constants, 0));
        let entry = self.mutator.constants.len() - 1;
        for (index, constant) in function.constants.iter().enumerate() {
            let value = match constant {
                Constant::Nil => Value::NIL,
                Constant::Boolean(truth) => Value::boolean(*truth),
                Constant::Number(number) => Value::number(*number),
                Constant::String(text) => self.constant_string(text)?,
            };
            // SAFETY: the code region has room for them at this place.
            unsafe { constants.add(index).write(value) };
            self.mutator.constants[entry].1 = index + 1;
        }
        let sites: Vec<Cache> = function
            .caches
            .iter()
            .map(|&name| {
                let Constant::String(name) = &function.constants[name as usize] else {
                    panic!("the name of a cache site is a string");
                };
                Cache::empty(self.symbols.intern(name))
            })
            .collect();
        let first_site = match self.mutator.add_caches(sites.into_iter()) {
            Ok(first) => first,
            Err(_) => return Err(self.throw_out_of_memory()),
        };
        let place = self.reserve_code(function.code.len() * 4)?;
        let words: *mut u32 = std::ptr::with_exposed_provenance_mut(place);
        let mut at = 0;
        while at < function.code.len() {
            let op = Op::from_number(function.code[at] as u8).expect("the checker saw it");
            // SAFETY: the code region has room for them at this place.
            unsafe {
                words.add(at).write(function.code[at]);
                if op.row().extension != Extension::No {
                    let extension = function.code[at + 1];
                    let is_cache = op.row().extension == Extension::Cache;
                    words.add(at + 1).write(if is_cache {
                        extension + first_site as u32
                    } else {
                        extension
                    });
                }
            }
            at += op.words();
        }
        let code = Box::new(Code {
            words,
            constants,
            registers: u32::from(function.registers),
            arity: u32::from(function.arity),
            functions: functions.into_boxed_slice(),
            file: file.clone(),
            module,
            is_exit: false,
            function,
        });
        Ok(Box::leak(code))
    }

    /// A string constant. Equal texts share one object, so that comparing names is comparing words.
    fn constant_string(&mut self, text: &str) -> Result<Value, Thrown> {
        if let Some(&value) = self.constants.get(text) {
            let value = self.mutator.known[value];
            return Ok(self.retained(value));
        }
        let value = self.new_string(text)?;
        let kept = self.retained(value);
        if self.characters != 0 {
            self.constants.insert(text.into(), self.mutator.known.len());
            self.mutator.known.push(kept);
        } else {
            self.heap.release(kept);
        }
        Ok(value)
    }

    fn reserve_code(&mut self, bytes: usize) -> Result<usize, Thrown> {
        self.mutator.reserve_code(bytes).or_else(|_| Err(self.throw_out_of_memory()))
    }

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
                let result = self.run_code(code);
                self.end_of_run(result)
            }
        }
    }

    fn end_of_run(&mut self, result: Result<Value, Thrown>) -> i32 {
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

    fn style(&self) -> Style {
        if self.options.color { Style::Colored } else { Style::Plain }
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
        let mut text = String::new();
        if let Some(origin) = self.origin.take() {
            let diagnostic = Diagnostic::runtime(class, message, origin.span);
            text.push_str(&calf_source::render(&diagnostic, &origin.file, self.style()));
            if !text.ends_with('\n') {
                text.push('\n');
            }
            for line in origin.lines() {
                text.push_str(&line);
                text.push('\n');
            }
        } else {
            text = format!("error[{class}]: {message}");
        }
        self.complain(&text);
        let exception = std::mem::replace(&mut self.mutator.exception, Value::NIL);
        self.heap.release(exception);
    }

    /// Runs one entry of the REPL in module `session`.
    pub fn evaluate(&mut self, name: &str, text: &str) -> Evaluation {
        let style = self.style();
        let module = match self.mutator.modules.iter().position(|module| module.name == "session") {
            Some(module) => module,
            None => self.add_module("session".to_string()),
        };
        let file = Rc::new(SourceFile::new(name, text));
        let arena = bumpalo::Bump::new();
        let code = match calf_parser::parse_interactive(&arena, &file) {
            Err(calf_parser::EntryError::Incomplete(_)) => return Evaluation::Incomplete,
            Err(calf_parser::EntryError::Invalid(diagnostics)) => Err(diagnostics),
            Ok(program) => self.compile_program(&program, &file, module, true),
        };
        let code = match code {
            Ok(code) => code,
            Err(diagnostics) => {
                self.complain(&calf_source::render_all(&diagnostics, &file, style));
                return Evaluation::Failed;
            }
        };
        let result = self.run_code(code).and_then(|value| {
            let held = self.hold(value);
            let mut text = String::new();
            if !value.is_nil() {
                self.write_value(value, &mut text)?;
                let value = self.release_to(held);
                self.define_session_result(module, value);
            }
            Ok((!text.is_empty()).then_some(text))
        });
        let evaluation = match result {
            Ok(text) => Evaluation::Done(text),
            Err(Thrown) => match self.leaving {
                Some(code) => Evaluation::Exit(code),
                None => {
                    self.report();
                    Evaluation::Failed
                }
            },
        };
        self.drop_handles(0);
        self.output.flush();
        evaluation
    }

    fn define_session_result(&mut self, module: usize, owned: Value) {
        let mut globals = ModuleGlobals {
            mutator: &mut self.mutator,
            builtins: &HashMap::new(),
            module,
            fresh: Vec::new(),
        };
        match calf_compiler::Globals::global(&mut globals, "_") {
            Some(number) => self.replace_global(number as usize, owned),
            None => self.heap.release(owned),
        }
    }

    /// `import`: the module of a file, which runs the first time. Put at `place`.
    pub(crate) fn import(&mut self, path: Value, place: *mut Value) -> Result<(), Thrown> {
        let text = crate::string::text(&path.as_object().expect("the compiler puts a string here"))
            .to_string();
        let importer = self.mutator.running_code().map(|code| PathBuf::from(code.file.name()));
        let directory =
            importer.and_then(|path| path.parent().map(Path::to_path_buf)).unwrap_or_default();
        let path = directory.join(&text);
        let whole = match path.canonicalize() {
            Ok(whole) => whole,
            Err(error) => return Err(self.cannot_import(&path, &error)),
        };
        if let Some(&module) = self.imported.get(&whole) {
            let object = self.module_object(module as usize)?;
            let object = self.retained(object);
            self.put(place, object);
            return Ok(());
        }
        let bytes = match std::fs::read(&whole) {
            Ok(bytes) => bytes,
            Err(error) => return Err(self.cannot_import(&path, &error)),
        };
        let name = path.to_string_lossy().into_owned();
        let file = match SourceFile::from_bytes(name.as_str(), bytes) {
            Ok(file) => Rc::new(file),
            Err(error) => {
                let text = error.render(Style::Plain);
                return Err(
                    self.throw(ErrorKind::IoError, format!("Cannot import '{name}': {text}"))
                );
            }
        };
        let module = self.add_module(text);
        self.imported.insert(whole.clone(), module as u32);
        let object = self.module_object(module)?;
        let object = self.retained(object);
        self.put(place, object);
        let code = match self.compile(&file, module, false) {
            Ok(code) => code,
            Err(diagnostics) => {
                self.imported.remove(&whole);
                self.complain(&calf_source::render_all(&diagnostics, &file, self.style()));
                let message = format!("Cannot import '{name}': it does not compile.");
                return Err(self.throw(ErrorKind::ValueError, message));
            }
        };
        let result = self.run_code(code)?;
        self.heap.release(result);
        Ok(())
    }

    fn cannot_import(&mut self, path: &Path, error: &std::io::Error) -> Thrown {
        self.throw(ErrorKind::IoError, format!("Cannot import '{}': {error}.", path.display()))
    }

    /// A collection asked for by the program, with the finalizers it finds run, and what they let go collected, too.
    pub(crate) fn collect(&mut self, request: Request) -> usize {
        let mut reclaimed = 0;
        for _ in 0..64 {
            let collection = self.heap.collect(&mut self.mutator, request);
            self.after_collection();
            reclaimed += collection.reclaimed;
            if collection.finalizers == 0 {
                break;
            }
            self.run_finalizers();
        }
        reclaimed
    }

    /// Carries out the exit policy; the process ends with the code that this gives.
    pub fn finish(&mut self, code: i32) -> i32 {
        let mut code = code;
        self.leaving = None;
        self.finishing = true;
        let mut policy = self.options.exit;
        if policy != ExitPolicy::Immediate {
            self.heap.set_phase(Some(calf_gc::parts::model::Cause::Exit));
            if let Err(Thrown) = self.run_hooks(Hook::AtExit, true) {
                match self.leaving {
                    Some(other) => code = other,
                    None => {
                        self.report();
                        code = exit_code::RUNTIME;
                    }
                }
            }
        }
        if self.leaving_at_once {
            policy = ExitPolicy::Immediate;
        }
        if policy == ExitPolicy::Full {
            self.tear_down();
        }
        match self.output.flush() {
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
    fn tear_down(&mut self) {
        if self.heap.is_enabled() {
            self.collect(Request::Full);
        }
        self.run_finalizers();
        self.drop_handles(0);
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
