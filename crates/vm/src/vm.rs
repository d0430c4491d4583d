//! The machine: a heap under one collector, the mutator's state, and the tables that names are looked up in.

use crate::code::Code;
use crate::error::{ErrorKind, Origin, Thrown};
use crate::kind::Kind;
use crate::mutator::Mutator;
use crate::native::NativeFunction;
use crate::output::Output;
use crate::shape::{Shapes, Symbol, Symbols};
use calf_gc::heap::{ATTENTION, ATTENTION_FINALIZERS, ATTENTION_INTERRUPT};
use calf_gc::{Collector, Heap, Object, Row, ShapeWord, Value};
use calf_source::SourceFile;
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// How the process ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ExitPolicy {
    /// Everything: exit functions, a last collection, finalizers, globals released.
    #[default]
    Full,
    /// Exit functions and pending output only.
    Hooks,
    /// Pending output only.
    Immediate,
}

impl ExitPolicy {
    /// The names, in order.
    pub const NAMES: [&'static str; 3] = ["full", "hooks", "immediate"];
    /// The policy of this name.
    pub fn named(name: &str) -> Option<ExitPolicy> {
        Some(match name {
            "full" => ExitPolicy::Full,
            "hooks" => ExitPolicy::Hooks,
            "immediate" => ExitPolicy::Immediate,
            _ => return None,
        })
    }
    /// Its name.
    pub fn name(self) -> &'static str {
        ExitPolicy::NAMES[self as usize]
    }
}

/// What the command line says to the machine.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The heap's.
    pub heap: calf_gc::Options,
    /// How the process ends.
    pub exit: ExitPolicy,
    /// What `os.args()` gives.
    pub arguments: Vec<String>,
    /// The seed of `math.random()`.
    pub seed: u64,
    /// Colour in messages.
    pub color: bool,
    /// Messages as lines of JSON, for programs.
    pub json: bool,
    /// How each process prints its page map when it leaves, if at all.
    pub page_map: Option<crate::PageMapForm>,
    /// Who wrote first to each page that was shared at a fork, if that is asked for.
    pub blame: Option<crate::blame::BlameOptions>,
}

/// The machine under collector `C`.
pub struct Vm<C: Collector> {
    pub(crate) heap: Heap<C>,
    pub(crate) mutator: Mutator,
    pub(crate) symbols: Symbols,
    pub(crate) shapes: Shapes,
    pub(crate) natives: Vec<NativeFunction<C>>,
    /// Methods of the built-in kinds: by kind and symbol, one more than the number of the native, or 0.
    pub(crate) methods: Vec<Vec<u32>>,
    /// What a global is if the module does not define it: its place in the mutator's built-ins.
    pub(crate) builtins: FxHashMap<Box<str>, usize>,
    pub(crate) options: Options,
    pub(crate) row: &'static Row,
    pub(crate) output: Output,
    pub(crate) no_file: Rc<SourceFile>,
    pub(crate) origin: Option<Origin>,
    /// Where among the known objects the error is that is thrown when nothing can be made.
    pub(crate) out_of_memory: usize,
    /// Runs of the interpreter within natives within runs.
    pub(crate) depth: usize,
    /// One-character strings of ASCII.
    pub(crate) characters: usize,
    /// The machine's own code of one `Exit`.
    pub(crate) exit_code: *const Code,
    /// Files imported: path to module number.
    pub(crate) imported: FxHashMap<std::path::PathBuf, u32>,
    pub(crate) random: crate::native::math::Random,
    /// How many times objects had moved when the machine last dropped the addresses it keeps: an index of identities made before is stale.
    pub(crate) epoch: u64,
    /// Set by `os.exit`: the code to leave with once every frame is left.
    pub(crate) leaving: Option<i32>,
    /// The output has no reader left: nothing more is run.
    pub(crate) leaving_at_once: bool,
    /// A finalizer is running.
    pub(crate) finalizing: bool,
    /// The exit policy is being carried out.
    pub(crate) finishing: bool,
    /// Texts of string constants: their place among the known objects.
    pub(crate) constants: FxHashMap<Box<str>, usize>,
    pub(crate) measure: crate::measure::Measure,
    /// What `heap.growth()` found the last time.
    pub(crate) last_growth: Vec<calf_snapshot::Group>,
    pub(crate) session: crate::session::State,
}

/// A place where a native or a slow path keeps a value through a safepoint. It owns what it holds.
#[derive(Clone, Copy)]
pub struct Handle(usize);

impl Handle {
    /// Its position among the handles.
    pub(crate) fn index(self) -> usize {
        self.0
    }
    /// The handle just pushed.
    pub(crate) fn last(handles: &[Value]) -> Handle {
        Handle(handles.len() - 1)
    }
}

/// Finalizers run in a row before the program goes on: one that makes the next is an endless loop otherwise.
const FINALIZERS_AT_ONCE: usize = 1_000_000;

/// How deep natives may call back into the language.
const NATIVE_DEPTH: usize = 180;

impl<C: Collector> Vm<C> {
    /// Memory for an object. The caller initialises every word before the next safepoint.
    #[inline(always)]
    pub(crate) fn allocate(&mut self, shape: ShapeWord, units: usize) -> Result<Object, Thrown> {
        match self.heap.allocate(shape, units) {
            Some(object) => Ok(object),
            None => self.allocate_slowly(shape, units),
        }
    }

    #[cold]
    #[inline(never)]
    fn allocate_slowly(&mut self, shape: ShapeWord, units: usize) -> Result<Object, Thrown> {
        if self.heap.takes_fork() {
            self.go_on_in_child();
        }
        let object = self.heap.allocate_at_safepoint(&mut self.mutator, shape, units);
        self.after_collection();
        object.ok_or_else(|| self.throw_out_of_memory())
    }

    /// Drops the addresses kept beside the roots, if objects may have moved.
    pub(crate) fn after_collection(&mut self) {
        if C::MOVES && self.epoch != self.heap.moves() {
            self.mutator.clear_caches();
            self.epoch = self.heap.moves();
        }
    }

    /// An object with all its slots `nil`.
    pub(crate) fn allocate_slots(&mut self, kind: Kind, units: usize) -> Result<Object, Thrown> {
        let object = self.allocate(kind.shape_word(), units)?;
        for index in 0..units {
            self.initialize(object, index, Value::NIL);
        }
        Ok(object)
    }

    /// First content of a slot of a new object; takes over the count of `owned`.
    #[inline]
    pub(crate) fn initialize(&mut self, object: Object, index: usize, owned: Value) {
        assert!(index < object.units());
        // SAFETY: just checked.
        unsafe { self.heap.initialize(object, index, owned) }
    }

    /// Stores in a slot; takes over the count of `owned`.
    #[inline]
    pub(crate) fn set_slot(&mut self, object: Object, index: usize, owned: Value) {
        assert!(index < object.units());
        // SAFETY: just checked.
        unsafe { self.heap.store(object, index, owned) }
    }

    /// Stores in a slot of a part of `owner`; takes over the count of `owned`.
    #[inline]
    pub(crate) fn set_part_slot(
        &mut self,
        owner: Object,
        part: Object,
        index: usize,
        owned: Value,
    ) {
        assert!(index < part.units());
        // SAFETY: just checked.
        unsafe { self.heap.store_part(owner, part, index, owned) }
    }

    /// Writes a raw word, which is no reference and replaces none.
    #[inline]
    pub(crate) fn set_raw(&mut self, object: Object, index: usize, raw: u64) {
        assert!(index < object.units());
        // SAFETY: just checked; a raw word is no reference.
        unsafe { self.heap.write_raw(object, index, Value::raw(raw)) }
    }

    /// The value, counted once more.
    #[inline]
    pub(crate) fn retained(&mut self, value: Value) -> Value {
        self.heap.retain(value);
        value
    }

    /// Puts an owned value in a register or another counted place outside the heap.
    #[inline]
    pub(crate) fn put(&mut self, place: *mut Value, owned: Value) {
        // SAFETY: places are registers of a window in progress or globals.
        let old = unsafe { std::ptr::replace(place, owned) };
        if C::COUNTS {
            self.heap.release(old);
        }
    }

    /// Keeps an owned value through safepoints.
    pub(crate) fn hold(&mut self, owned: Value) -> Handle {
        self.mutator.handles.push(owned);
        Handle(self.mutator.handles.len() - 1)
    }

    /// Keeps a borrowed value through safepoints.
    pub(crate) fn hold_borrowed(&mut self, value: Value) -> Handle {
        self.heap.retain(value);
        self.hold(value)
    }

    /// What the handle holds, borrowed.
    #[inline]
    pub(crate) fn handle(&self, handle: Handle) -> Value {
        self.mutator.handles[handle.0]
    }

    /// The object that the handle holds.
    #[inline]
    pub(crate) fn held_object(&self, handle: Handle) -> Object {
        self.mutator.handles[handle.0].as_object().expect("the handle holds an object")
    }

    /// Replaces what the handle holds.
    pub(crate) fn set_handle(&mut self, handle: Handle, owned: Value) {
        let old = std::mem::replace(&mut self.mutator.handles[handle.0], owned);
        self.heap.release(old);
    }

    /// Takes the value out, with its count; the handle is dropped if it is the last.
    pub(crate) fn release_to(&mut self, handle: Handle) -> Value {
        if handle.0 + 1 == self.mutator.handles.len() {
            self.mutator.handles.pop().expect("the handle is there")
        } else {
            std::mem::replace(&mut self.mutator.handles[handle.0], Value::NIL)
        }
    }

    /// How many handles there are now.
    pub(crate) fn mark(&self) -> usize {
        self.mutator.handles.len()
    }

    /// Drops the handles made since the mark.
    pub(crate) fn drop_handles(&mut self, mark: usize) {
        while self.mutator.handles.len() > mark {
            let value = self.mutator.handles.pop().expect("there are more than the mark");
            self.heap.release(value);
        }
    }

    /// Puts an owned value in a global.
    #[inline]
    pub(crate) fn replace_global(&mut self, number: usize, owned: Value) {
        // SAFETY: global numbers are given out by the machine, within the region.
        let place = unsafe { self.mutator.globals.add(number) };
        self.put(place, owned);
    }

    /// `==` of the language: numbers by IEEE, strings by their bytes, others by identity.
    #[inline(always)]
    pub(crate) fn equal(&self, left: Value, right: Value) -> bool {
        if left.is_number() && right.is_number() {
            return left.as_number_unchecked() == right.as_number_unchecked();
        }
        if left.bits() == right.bits() {
            return true;
        }
        left.is_object() && right.is_object() && crate::string::same_text(left, right)
    }

    /// What happened while the program ran: finalizers to run, a signal.
    #[cold]
    #[inline(never)]
    pub(crate) fn poll(&mut self) -> Result<(), Thrown> {
        let attention = self.heap.take_attention();
        if attention & ATTENTION_INTERRUPT != 0 {
            // The finalizers wait for the next safepoint.
            ATTENTION.fetch_or(attention & ATTENTION_FINALIZERS, Ordering::Relaxed);
            return Err(self.throw(ErrorKind::Interrupt, "Interrupted."));
        }
        self.run_finalizers();
        if self.leaving.is_some() { Err(Thrown) } else { Ok(()) }
    }

    /// Runs the finalizers that wait, and those that come to wait meanwhile. What one of them throws is printed and goes no
    /// further. Within a finalizer nothing is run: the outer call goes on with it.
    pub(crate) fn run_finalizers(&mut self) {
        if self.finalizing {
            return;
        }
        self.finalizing = true;
        if !self.finishing {
            self.heap.set_phase(Some(calf_gc::parts::model::Cause::Finalize));
        }
        let mut runs = 0;
        while self.leaving.is_none() && runs < FINALIZERS_AT_ONCE {
            let Some(object) = self.heap.next_finalizer() else { break };
            self.run_finalizer(Value::object(object));
            runs += 1;
            if ATTENTION.load(Ordering::Relaxed) & ATTENTION_INTERRUPT != 0 {
                break;
            }
        }
        if !self.finishing {
            self.heap.set_phase(None);
        }
        self.finalizing = false;
    }

    /// Runs one finalizer and drops the object (owned).
    fn run_finalizer(&mut self, object: Value) {
        let mark = self.mark();
        let handle = self.hold(object);
        let symbol = self.symbols.intern("finalize");
        let saved = std::mem::replace(&mut self.mutator.exception, Value::NIL);
        let saved = self.hold(saved);
        let origin = self.origin.take();
        match self.call_method(self.handle(handle), symbol, &[]) {
            Ok(value) => self.heap.release(value),
            Err(Thrown) if self.leaving.is_some() => {}
            Err(Thrown) => {
                let text = self.exception_text();
                self.complain(&format!("error in finalize(), ignored: {text}"));
            }
        }
        let saved = self.release_to(saved);
        let thrown = std::mem::replace(&mut self.mutator.exception, saved);
        self.heap.release(thrown);
        self.origin = origin;
        self.drop_handles(mark);
    }

    /// The text of what was thrown: `TypeError: message`.
    pub(crate) fn exception_text(&mut self) -> String {
        let exception = self.mutator.exception;
        let message = self.symbols.intern("message");
        if self.is_error(exception) {
            let name = self.type_name(exception);
            let text = self
                .field(exception, message)
                .map(|text| self.plain_text(text))
                .unwrap_or_default();
            format!("{name}: {text}")
        } else {
            format!("uncaught {}", self.plain_text(exception))
        }
    }

    /// Enters native code that calls back, unless it is too deep already.
    pub(crate) fn deeper(&mut self) -> Result<(), Thrown> {
        if self.depth >= NATIVE_DEPTH {
            return Err(self.stack_overflow());
        }
        self.depth += 1;
        Ok(())
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn operand_must_be_a_number(&mut self) -> Thrown {
        self.wrong_operand("Operand must be a number.")
    }

    /// Arithmetic whose result is a NaN: of two numbers, or an error. The operands are registers or constants.
    #[cold]
    #[inline(never)]
    pub(crate) fn compute_slowly(
        &mut self,
        left: *const Value,
        right: *const Value,
        operation: fn(f64, f64) -> f64,
        place: *mut Value,
    ) -> Result<(), Thrown> {
        // SAFETY: the operands of the instruction being carried out.
        let (one, other) = unsafe { (*left, *right) };
        match (one.as_number(), other.as_number()) {
            (Some(left), Some(right)) => {
                self.put(place, Value::number_from_foreign(operation(left, right)));
                Ok(())
            }
            _ => Err(self.wrong_operands("Operands must be numbers.", one, other)),
        }
    }

    /// A comparison that neither order answers: of a NaN, or an error. The operands are registers or constants.
    #[cold]
    #[inline(never)]
    pub(crate) fn unordered(
        &mut self,
        left: *const Value,
        right: *const Value,
    ) -> Result<(), Thrown> {
        // SAFETY: the operands of the instruction being carried out.
        let (one, other) = unsafe { (*left, *right) };
        if one.is_number() && other.is_number() {
            Ok(())
        } else {
            Err(self.wrong_operands("Operands must be numbers.", one, other))
        }
    }

    /// `+` of anything but two numbers, or of two whose sum is a NaN.
    #[inline(never)]
    pub(crate) fn add_slowly(
        &mut self,
        left: *const Value,
        right: *const Value,
        operation: fn(f64, f64) -> f64,
        place: *mut Value,
    ) -> Result<(), Thrown> {
        // SAFETY: the operands of the instruction being carried out.
        let (one, other) = unsafe { (*left, *right) };
        if one.is_number() && other.is_number() {
            return self.compute_slowly(left, right, operation, place);
        }
        let (left, right) = (one, other);
        let result = match (left.as_object(), right.as_object()) {
            (Some(one), Some(other)) => {
                match (Kind::of_shape(one.shape()), Kind::of_shape(other.shape())) {
                    (Kind::String, Kind::String) => self.concatenate(left, right)?,
                    (Kind::List, Kind::List) => self.concatenate_lists(left, right)?,
                    _ => return Err(self.cannot_add(left, right)),
                }
            }
            _ => return Err(self.cannot_add(left, right)),
        };
        self.put(place, result);
        Ok(())
    }

    fn cannot_add(&mut self, left: Value, right: Value) -> Thrown {
        self.wrong_operands("Operands must be two numbers or two strings.", left, right)
    }

    /// The name that `type(x)` gives.
    pub(crate) fn type_name(&self, value: Value) -> String {
        if value.is_number() {
            return "number".to_string();
        }
        match value.as_object() {
            None if value.is_nil() => "nil".to_string(),
            None => "bool".to_string(),
            Some(object) => match Kind::of_shape(object.shape()) {
                Kind::Instance => {
                    let class = self.class_of(value).expect("an instance has a class");
                    crate::string::text(
                        &class.get(crate::class::NAME).as_object().expect("a class has a name"),
                    )
                    .to_string()
                }
                kind => kind.name().to_string(),
            },
        }
    }

    /// The native that is this method of a built-in kind.
    #[inline]
    pub(crate) fn native_method(&self, kind: Kind, symbol: Symbol) -> Option<usize> {
        let number = *self.methods[kind as usize].get(symbol.0 as usize)?;
        (number > 0).then(|| number as usize - 1)
    }

    /// The kind of an object; `None` for what is no object.
    #[inline]
    pub(crate) fn kind(&self, value: Value) -> Option<Kind> {
        value.as_object().map(|object| Kind::of_shape(object.shape()))
    }

    /// The value as an object of this kind.
    #[inline]
    pub(crate) fn object_of(&self, value: Value, kind: Kind) -> Option<Object> {
        value.as_object().filter(|object| Kind::of_shape(object.shape()) == kind)
    }
}
