//! The mutator's state outside the heap: stack, frames, globals, handles. It is the collector's roots.

use crate::code::{Cache, Code, Frame, Lookup};
use crate::kind::{FIRST_INSTANCE, Kind};
use crate::shape::Symbol;
use calf_gc::parts::region::Region;
use calf_gc::{HeapError, Roots, ShapeWord, Value};
use rustc_hash::FxHashMap;
use std::sync::atomic::AtomicPtr;

/// The least number of calls in progress before `StackOverflow`.
pub const FRAMES: usize = 200_000;
/// Bytes reserved for registers.
const STACK_BYTES: usize = 256 << 20;
/// Bytes reserved for globals: 65 536 of them.
const GLOBALS_BYTES: usize = 65_536 * 8;
const CACHES_BYTES: usize = 1 << 30;
/// Sites that belong to no instruction, for each kind of look-up: what any site found last by this shape and this name.
const SHARED_SITES: usize = 512;
const CODE_BYTES: usize = 4 << 30;

/// Makes the first `bytes` of a region usable.
fn commit(region: &mut Region, bytes: usize) -> Result<(), HeapError> {
    if region.commit(bytes) {
        return Ok(());
    }
    let error = std::io::Error::last_os_error().to_string();
    Err(HeapError::Reserve { name: region.name(), bytes, error })
}

/// A module: a file, or the REPL's session.
pub struct Module {
    /// What the program called it, or its path.
    pub name: String,
    /// Its globals: name to machine-wide number.
    pub globals: FxHashMap<Box<str>, u16>,
    /// The module object, once something imported it.
    pub object: Value,
}

/// Everything the program holds outside the heap.
pub struct Mutator {
    /// The running frame.
    pub frame: *mut Frame,
    /// The first frame.
    pub first_frame: *mut Frame,
    /// Behind the last frame there is room for.
    pub frames_end: *mut Frame,
    /// The first register.
    pub stack_start: *mut Value,
    /// Behind the last register there is room for.
    pub stack_end: *mut Value,
    /// The globals.
    pub globals: *mut Value,
    /// How many globals there are.
    pub globals_count: usize,
    /// The cache sites.
    pub caches: *mut Cache,
    /// How many cache sites there are.
    pub caches_count: usize,
    /// Values that natives and slow paths hold; each handle owns what it holds.
    pub handles: Vec<Value>,
    /// What was thrown last: a weak reference to it, or the value itself if it is no object. So one that is thrown again is
    /// known, and nothing is kept alive.
    pub last_thrown: Value,
    /// What was thrown, while it travels.
    pub exception: Value,
    /// Constants of loaded code: where and how many.
    pub constants: Vec<(*mut Value, usize)>,
    /// Objects that the machine itself needs: error classes in their order, one-character strings, string constants.
    pub known: Vec<Value>,
    /// What a global is if no module defines it: natives by number, then modules and error classes.
    pub builtins: Vec<Value>,
    /// Which of them is `push` of lists.
    pub list_push: u32,
    /// Modules by number.
    pub modules: Vec<Module>,
    /// Functions given to `os.atExit` and the fork hooks, and the collector's callbacks (a list).
    pub hooks: Vec<Value>,
    /// The regions behind the pointers above, kept mapped, and measured.
    pub regions: MutatorRegions,
    /// Behind the first word of the instruction that runs: kept by the loop only while first writes are blamed, for a signal handler.
    pub running: AtomicPtr<u32>,
    /// Do collections move objects, so that addresses kept beside the counted places must follow?
    pub moves: bool,
}

/// The machine's own regions.
pub struct MutatorRegions {
    /// Registers.
    pub stack: Region,
    /// Frames.
    pub frames: Region,
    /// Globals.
    pub globals: Region,
    /// Cache sites.
    pub caches: Region,
    /// Instructions and constants.
    pub code: Region,
    code_used: usize,
    caches_committed: usize,
}

impl MutatorRegions {
    /// Each region: name, first and last committed address.
    pub fn each(&self) -> [(&'static str, usize, usize); 5] {
        [&self.stack, &self.frames, &self.globals, &self.caches, &self.code]
            .map(|region| (region.name(), region.start(), region.end()))
    }
}

impl Mutator {
    /// Reserves the regions.
    pub fn new(moves: bool) -> Result<Mutator, HeapError> {
        let frames_bytes = (FRAMES + 16) * size_of::<Frame>();
        let mut stack = Region::reserve("stack", STACK_BYTES)?;
        commit(&mut stack, STACK_BYTES)?;
        let mut frames = Region::reserve("frames", frames_bytes)?;
        commit(&mut frames, frames_bytes)?;
        let mut globals = Region::reserve("globals", GLOBALS_BYTES)?;
        commit(&mut globals, GLOBALS_BYTES)?;
        let mut caches = Region::reserve("caches", CACHES_BYTES)?;
        let shared_bytes = Lookup::COUNT * SHARED_SITES * size_of::<Cache>();
        commit(&mut caches, shared_bytes)?;
        let code = Region::reserve("code", CODE_BYTES)?;
        let stack_start = std::ptr::with_exposed_provenance_mut::<Value>(stack.start());
        let first_frame = std::ptr::with_exposed_provenance_mut::<Frame>(frames.start());
        Ok(Mutator {
            frame: first_frame,
            first_frame,
            frames_end: std::ptr::with_exposed_provenance_mut(
                frames.start() + FRAMES * size_of::<Frame>(),
            ),
            stack_start,
            stack_end: std::ptr::with_exposed_provenance_mut(
                stack.start() + STACK_BYTES - 64 * 1024,
            ),
            globals: std::ptr::with_exposed_provenance_mut(globals.start()),
            globals_count: 0,
            caches: std::ptr::with_exposed_provenance_mut(caches.start()),
            caches_count: Lookup::COUNT * SHARED_SITES,
            handles: Vec::with_capacity(1024),
            last_thrown: Value::NIL,
            exception: Value::NIL,
            constants: Vec::new(),
            known: Vec::new(),
            builtins: Vec::new(),
            list_push: u32::MAX,
            modules: Vec::new(),
            hooks: vec![Value::NIL; Hook::COUNT],
            running: AtomicPtr::new(std::ptr::null_mut()),
            moves,
            regions: MutatorRegions {
                stack,
                frames,
                globals,
                caches,
                code,
                code_used: 0,
                caches_committed: shared_bytes,
            },
        })
    }

    /// Memory in the `code` region, never given back.
    pub fn reserve_code(&mut self, bytes: usize) -> Result<usize, HeapError> {
        let start = self.regions.code_used.next_multiple_of(8);
        commit(&mut self.regions.code, start + bytes)?;
        self.regions.code_used = start + bytes;
        Ok(self.regions.code.start() + start)
    }

    /// Adds cache sites and gives the number of the first.
    pub fn add_caches(
        &mut self,
        sites: impl ExactSizeIterator<Item = Cache>,
    ) -> Result<usize, HeapError> {
        let first = self.caches_count;
        let bytes = (first + sites.len()) * size_of::<Cache>();
        if bytes > self.regions.caches_committed {
            commit(&mut self.regions.caches, bytes)?;
            self.regions.caches_committed = bytes;
        }
        for site in sites {
            // SAFETY: the region was just committed as far as this site.
            unsafe { self.caches.add(self.caches_count).write(site) };
            self.caches_count += 1;
        }
        Ok(first)
    }

    /// The shared site of objects with this shape word and this name: a site of one instruction knows one shape, and where several meet
    /// the others are found here. Fresh memory is a site that has found nothing.
    #[inline(always)]
    pub fn shared_site(&self, lookup: Lookup, shape_word: u32, symbol: Symbol) -> *mut Cache {
        let key = u64::from(shape_word) | u64::from(symbol.0) << 32;
        let number = (key ^ key >> 29).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let first = lookup as usize * SHARED_SITES;
        self.caches.wrapping_add(first + number as usize % SHARED_SITES)
    }

    /// What the shared site knows, if it is of this shape and this name.
    #[inline(always)]
    pub fn shared(&self, lookup: Lookup, shape_word: u32, symbol: Symbol) -> Option<Cache> {
        // SAFETY: the region was committed that far; all zero is a site, too.
        let cache = unsafe { *self.shared_site(lookup, shape_word, symbol) };
        let is_known = cache.offset != 0 || cache.closure != 0;
        (cache.shape_word == shape_word && cache.symbol == symbol && is_known).then_some(cache)
    }

    /// Forgets what the caches know: addresses have changed, or a class has.
    pub fn clear_caches(&mut self) {
        for number in 0..self.caches_count {
            // SAFETY: the sites up to `caches_count` were written by `add_caches`.
            unsafe {
                let site = self.caches.add(number);
                *site = Cache::empty((*site).symbol);
            }
        }
    }

    /// Where a new window may begin: above everything the running frame uses.
    pub fn window_top(&self) -> *mut Value {
        // SAFETY: `frame` is the running frame, written by a call; its window lies in the stack region.
        unsafe {
            let frame = &*self.frame;
            if frame.code.is_null() {
                frame.base.add(frame.pc.addr() + 1)
            } else {
                frame.base.add((*frame.code).registers as usize)
            }
        }
    }

    /// The frames in progress, outermost first.
    pub fn frames(&self) -> &[Frame] {
        // SAFETY: frames from the first to the running one are initialised.
        unsafe {
            std::slice::from_raw_parts(
                self.first_frame,
                self.frame.offset_from(self.first_frame) as usize + 1,
            )
        }
    }

    /// The code of the running frame, or of the nearest one below a native function.
    pub fn running_code(&self) -> Option<&Code> {
        self.running().map(|(_, code)| code)
    }

    /// The frame of that code, and the code.
    pub fn running(&self) -> Option<(&Frame, &Code)> {
        self.frames()
            .iter()
            .rev()
            // SAFETY: a code pointer is null or that of a loaded function, which is never freed.
            .filter_map(|frame| Some((frame, unsafe { frame.code.as_ref() }?)))
            .find(|(_, code)| !code.is_exit)
    }
}

/// Where a root lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A register of this frame.
    Register {
        /// The frame's number, the outermost being 0.
        frame: usize,
    },
    /// The closure that this frame runs.
    Closure {
        /// The frame's number.
        frame: usize,
    },
    /// A global.
    Global {
        /// Its number.
        number: usize,
    },
    /// A constant of loaded code.
    Constant,
    /// A native or a slow path holds it.
    Handle,
    /// What was thrown.
    Exception,
    /// The machine itself needs it.
    Known,
    /// What a global is if no module defines it.
    Builtin,
    /// A module's object.
    Module {
        /// Its number.
        number: usize,
    },
    /// Functions that the program registered.
    Hook {
        /// The hook's number.
        number: usize,
    },
}

impl Mutator {
    /// Every place where the machine keeps values: registers that the live tables name, arguments of natives, globals, handles, the
    /// exception, constants, known objects, module objects and hooks.
    fn visit_places(&mut self, visit: &mut dyn FnMut(Place, &mut Value)) {
        let count = self.frames().len();
        for number in 0..count {
            // SAFETY: a frame in progress; `live` never exceeds the window (the checker proves it), which lies in the stack.
            unsafe {
                let frame = &mut *self.first_frame.add(number);
                let live = match frame.code.as_ref() {
                    None => frame.pc.addr() + 1,
                    Some(code) if code.is_exit => 0,
                    Some(code) => code.function.live[frame.position()] as usize,
                };
                for register in 0..live {
                    visit(Place::Register { frame: number }, &mut *frame.base.add(register));
                }
                if self.moves {
                    // Elsewhere the window or the class of `this` keeps it alive, and it is counted there once.
                    visit(Place::Closure { frame: number }, &mut frame.closure);
                }
            }
        }
        for number in 0..self.globals_count {
            // SAFETY: globals up to the count are initialised.
            visit(Place::Global { number }, unsafe { &mut *self.globals.add(number) });
        }
        for &(first, count) in &self.constants {
            for number in 0..count {
                // SAFETY: constants were written when their function was loaded.
                visit(Place::Constant, unsafe { &mut *first.add(number) });
            }
        }
        self.handles.iter_mut().for_each(|value| visit(Place::Handle, value));
        visit(Place::Exception, &mut self.exception);
        visit(Place::Exception, &mut self.last_thrown);
        self.known.iter_mut().for_each(|value| visit(Place::Known, value));
        self.builtins.iter_mut().for_each(|value| visit(Place::Builtin, value));
        for (number, module) in self.modules.iter_mut().enumerate() {
            visit(Place::Module { number }, &mut module.object);
        }
        for (number, hook) in self.hooks.iter_mut().enumerate() {
            visit(Place::Hook { number }, hook);
        }
    }

    /// The same, to look at.
    pub fn each_root(&mut self, visit: &mut dyn FnMut(Place, Value)) {
        self.visit_places(&mut |place, value| visit(place, *value));
    }

    /// The globals by number, in words: `global 'users'`, and which module's if several have one of this name.
    pub fn global_names(&self) -> FxHashMap<usize, String> {
        let mut uses: FxHashMap<&str, usize> = FxHashMap::default();
        for name in self.modules.iter().flat_map(|module| module.globals.keys()) {
            *uses.entry(name).or_default() += 1;
        }
        let mut names = FxHashMap::default();
        for module in &self.modules {
            for (name, &number) in &module.globals {
                let name = match uses[&**name] {
                    1 => format!("global '{name}'"),
                    _ => format!("global '{name}' of {}", module.name),
                };
                names.entry(number as usize).or_insert(name);
            }
        }
        names
    }

    /// A call in progress in words: `local of total() at app.calf:12`.
    pub fn describe_call(&self, frame: usize) -> String {
        let Some(frame) = self.frames().get(frame) else { return String::new() };
        // SAFETY: a code pointer is null or that of a loaded function, which is never freed.
        let Some(code) = (unsafe { frame.code.as_ref() }) else {
            return "argument of a native function".to_string();
        };
        let function = match (code.function.kind, &*code.function.name) {
            (calf_bytecode::Kind::Script, _) => "the script".to_string(),
            (_, "") => "fun()".to_string(),
            (_, name) => format!("{name}()"),
        };
        let span = code.function.spans.get(frame.position()).copied().unwrap_or_default();
        format!("local of {function} at {}:{}", code.file.name(), code.file.line(span.start))
    }
}

/// The lists of functions that the program registered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hook {
    /// `os.atExit`
    AtExit,
    /// `os.beforeFork`
    BeforeFork,
    /// `os.afterForkInChild`
    AfterForkInChild,
    /// `os.afterForkInParent`
    AfterForkInParent,
    /// `gc.callbacks()`
    Collector,
}

impl Hook {
    /// How many there are.
    pub const COUNT: usize = 5;
}

// SAFETY: `visit_places` knows all the places where the machine keeps values. Closures in frames are kept alive by the window
// (functions) or the class of `this` (methods), but must follow a move, so they are visited too.
unsafe impl Roots for Mutator {
    fn visit(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.visit_places(&mut |_, value| visit(value));
    }

    fn place(&self) -> Option<calf_gc::Place> {
        let (code, position) = self.site()?;
        // SAFETY: the address of a loaded function, which is never freed.
        let code = unsafe { &*std::ptr::with_exposed_provenance::<Code>(code) };
        let span = code.function.spans.get(position)?;
        Some(calf_gc::Place { file: code.file.name().to_owned(), line: code.file.line(span.start) })
    }

    fn site(&self) -> Option<(usize, usize)> {
        let runs = |frame: &&Frame| {
            // SAFETY: a code pointer is null or that of a loaded function, which is never freed.
            unsafe { frame.code.as_ref() }.is_some_and(|code| !code.is_exit)
        };
        let frame = self.frames().iter().rev().find(runs)?;
        Some((frame.code.expose_provenance(), frame.position()))
    }

    fn name_shape(&self, shape: ShapeWord) -> Option<String> {
        let shape = shape.shape();
        let is_known = shape >= FIRST_INSTANCE || (shape as usize) < Kind::ALL.len();
        is_known.then(|| Kind::of_shape(shape).name().to_owned())
    }
}
