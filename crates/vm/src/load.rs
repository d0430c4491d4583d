//! From a syntax tree to code in the `code` region.

use crate::code::{Cache, Code};
use crate::error::Thrown;
use crate::module::ModuleGlobals;
use crate::vm::Vm;
use calf_bytecode::{Constant, Extension, Function, Op};
use calf_gc::{Collector, Value};
use calf_source::{Diagnostic, SourceFile, Span};
use std::rc::Rc;

impl<C: Collector> Vm<C> {
    /// Compiles a file for a module.
    pub(crate) fn compile(
        &mut self,
        file: &Rc<SourceFile>,
        module: usize,
        interactive: bool,
    ) -> Result<*const Code, Vec<Diagnostic>> {
        let arena = bumpalo::Bump::new();
        let program = calf_parser::parse(&arena, file)?;
        self.compile_program(&program, file, module, interactive)
    }

    pub(crate) fn compile_program(
        &mut self,
        program: &calf_parser::ast::Program<'_>,
        file: &Rc<SourceFile>,
        module: usize,
        interactive: bool,
    ) -> Result<*const Code, Vec<Diagnostic>> {
        if !program.warnings.is_empty() {
            self.complain(&calf_source::render_all(&program.warnings, file, self.style()));
        }
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
    pub(crate) fn constant_string(&mut self, text: &str) -> Result<Value, Thrown> {
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

    pub(crate) fn reserve_code(&mut self, bytes: usize) -> Result<usize, Thrown> {
        self.mutator.reserve_code(bytes).map_err(|_| self.throw_out_of_memory())
    }
}
