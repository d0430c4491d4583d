//! Starting the machine: natives, native modules, the prelude, what must exist before anything runs.

use crate::code::Frame;
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::mutator::Mutator;
use crate::native::{NativeFunction, Owner};
use crate::output::Output;
use crate::shape::{Shapes, Symbols};
use crate::vm::{Options, Vm};
use calf_bytecode::{Function, Op};
use calf_gc::{Collector, Heap, HeapError, Row, Value};
use calf_source::{SourceFile, Span};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The classes of errors, in the language itself.
const PRELUDE: &str = include_str!("prelude.calf");

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
            builtins: FxHashMap::default(),
            options,
            row,
            output: Output::default(),
            no_file,
            origin: None,
            finalizing: false,
            out_of_memory: usize::MAX,
            depth: 0,
            characters: 0,
            exit_code: std::ptr::null(),
            imported: FxHashMap::default(),
            random,
            epoch: 0,
            leaving: None,
            leaving_at_once: false,
            finishing: false,
            constants: FxHashMap::default(),
            measure: crate::measure::Measure::default(),
            last_growth: Vec::new(),
            session: crate::session::State::default(),
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

    pub(crate) fn populate(&mut self) -> Result<(), Thrown> {
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
                mutates: row.mutates(),
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
        let push = self.symbols.intern("push");
        let push = self.native_method(Kind::List, push).expect("lists have a push");
        self.mutator.list_push = push as u32;
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

    pub(crate) fn throw_quietly(
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

    /// A built-in under a name (borrowed).
    pub(crate) fn add_builtin(&mut self, name: &str, value: Value) {
        let value = self.retained(value);
        self.builtins.insert(name.into(), self.mutator.builtins.len());
        self.mutator.builtins.push(value);
    }

    pub(crate) fn make_exit_code(&mut self) -> Result<(), Thrown> {
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

    pub(crate) fn run_prelude(&mut self) -> Result<(), Thrown> {
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
}
