//! Modules: files and native ones, their globals, `import`.

use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::mutator::{Module, Mutator};
use crate::shape::Symbol;
use crate::vm::Vm;
use calf_gc::{Collector, Value};
use calf_source::{SourceFile, Style};
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Gives the compiler the numbers of a module's globals.
pub(crate) struct ModuleGlobals<'m> {
    pub(crate) mutator: &'m mut Mutator,
    pub(crate) builtins: &'m FxHashMap<Box<str>, usize>,
    pub(crate) module: usize,
    /// Globals that begin as a built-in: their number and what they are.
    pub(crate) fresh: Vec<(u16, Value)>,
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
    /// The number of a native module, which is made if it is new.
    pub(crate) fn native_module(&mut self, name: &'static str) -> Result<usize, Thrown> {
        if let Some(number) = self.mutator.modules.iter().position(|module| module.name == name) {
            return Ok(number);
        }
        let number = self.add_module(name.to_string());
        let object = self.module_object(number)?;
        self.add_builtin(name, object);
        Ok(number)
    }

    pub(crate) fn add_module(&mut self, name: String) -> usize {
        self.mutator.modules.push(Module {
            name,
            globals: FxHashMap::default(),
            object: Value::NIL,
        });
        self.mutator.modules.len() - 1
    }

    /// The module object of module `number`, borrowed; made the first time.
    pub(crate) fn module_object(&mut self, number: usize) -> Result<Value, Thrown> {
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

    pub(crate) fn define_member(&mut self, module: usize, name: &str, value: Value) {
        let mut globals = ModuleGlobals {
            mutator: &mut self.mutator,
            builtins: &FxHashMap::default(),
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
            None => Err(self.undefined_property(module, symbol)),
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
            None => Err(self.undefined_property(module, symbol)),
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
        // The module lives from now on, so that a cycle of imports finds it; the register gets it when the file has run, since
        // until then no collector looks at that register.
        self.module_object(module)?;
        let code = match self.compile(&file, module, false) {
            Ok(code) => code,
            Err(diagnostics) => {
                self.imported.remove(&whole);
                self.complain(&calf_source::render_all(&diagnostics, &file, self.style()));
                let message = format!("Cannot import '{name}': it does not compile.");
                return Err(self.throw(ErrorKind::ValueError, message));
            }
        };
        match self.run_code(code) {
            Ok(result) => self.heap.release(result),
            Err(Thrown) => {
                // A half-made module is nobody's: the next import runs the file again.
                self.imported.remove(&whole);
                return Err(Thrown);
            }
        }
        let object = self.module_object(module)?;
        let object = self.retained(object);
        self.put(place, object);
        Ok(())
    }

    pub(crate) fn cannot_import(&mut self, path: &Path, error: &std::io::Error) -> Thrown {
        self.throw(ErrorKind::IoError, format!("Cannot import '{}': {error}.", path.display()))
    }

    pub(crate) fn define_session_result(&mut self, module: usize, owned: Value) {
        let mut globals = ModuleGlobals {
            mutator: &mut self.mutator,
            builtins: &FxHashMap::default(),
            module,
            fresh: Vec::new(),
        };
        match calf_compiler::Globals::global(&mut globals, "_") {
            Some(number) => self.replace_global(number as usize, owned),
            None => self.heap.release(owned),
        }
    }
}
