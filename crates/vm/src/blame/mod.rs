//! Blame: who wrote first to each page that a forked child shared, where in the program, in which phase, and to what.
//!
//! Before a fork the machine takes down what lies where: each object's address, kind and place of allocation. In the child the
//! shared pages are watched ([`calf_meter::Watch`]), and [`capture`] tells the handler where the program is: it copies the frames in
//! progress as they are, and they are put into words later. The cause is the model's. When a process ends it leaves its report on a
//! board that the first process reads.

pub(crate) mod advice;
mod pages;
pub mod report;

use crate::code::Code;
use crate::kind::Kind;
use crate::mutator::Mutator;
use crate::trace::TraceLine;
use crate::vm::Vm;
use calf_gc::parts::phase;
use calf_gc::parts::region::observe_discards;
use calf_gc::{Collector, Value};
use calf_meter::{Board, Means, MeterError, STACK_WORDS, Watch};
use report::Row;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// How blame is laid, and who is told.
#[derive(Clone, Debug)]
pub struct BlameOptions {
    /// Only by this; `None`: by the best that the kernel allows.
    pub means: Option<Means>,
    /// Told once, in the first process, as the last thing: the reports of all processes that have ended, as JSON.
    pub report: fn(&str),
}

/// What lay somewhere at the fork.
#[derive(Clone, Copy, Debug)]
struct Lying {
    start: usize,
    bytes: u32,
    /// The number of the kind's name.
    kind: u32,
    /// Where it was allocated: the address of a function's code, 0 if that is not known, and a position in it.
    code: usize,
    position: u32,
}

/// Everything that blame keeps.
#[derive(Default)]
pub(crate) struct Blame {
    watch: Option<Box<Watch>>,
    board: Option<Board>,
    /// What lay where at the fork, by address, and the names of the kinds.
    lying: Vec<Lying>,
    kinds: Vec<Rc<str>>,
    /// Why nothing is watched, if so.
    refusal: Option<MeterError>,
    on: bool,
    forks: usize,
    /// The line of the last fork, and the functions that could be called there without arguments: file and name.
    fork: Option<TraceLine>,
    callable: Vec<(String, String)>,
    /// First writes since earlier forks of this process, and how the two accounts of them compare.
    past: Vec<Row>,
    past_totals: report::Totals,
}

/// The pair of words for a native function: this, and its number.
const NATIVE: u64 = 1;
/// The pair of words for calls left out: this, and how many.
const FOLDED: u64 = 2;
/// Calls told of, innermost first, and of those further out.
const INNER: usize = 200;
const OUTER: usize = 50;

/// Where an object was allocated: the code, and the position in it.
type Site = (*const Code, usize);

/// See [`calf_meter::Capture`]. For each call in progress, the innermost first: the address of its code and the position in it.
///
/// # Safety
/// `context` is the address of the mutator of the machine that this thread runs.
unsafe fn capture(context: *const (), into: &mut [u64]) -> (usize, u8) {
    const { assert!(2 * (INNER + OUTER + 2) <= STACK_WORDS) };
    let tag = phase::current() as u8;
    let mutator = context.cast::<Mutator>();
    // SAFETY: the mutator lives as long as the machine. The loop writes its frame and its instruction before each instruction, which a
    // compiler's fence keeps in that order; frames up to the running one are initialised, and code is never freed.
    unsafe {
        let (first, last) = (
            (&raw const (*mutator).first_frame).read_volatile(),
            (&raw const (*mutator).frame).read_volatile(),
        );
        let running = (*mutator).running.load(Ordering::Relaxed).cast_const();
        let depth = last.offset_from(first).max(0) as usize;
        let (mut length, mut index) = (0, 0);
        while index <= depth {
            if index == INNER && depth > INNER + OUTER {
                index = depth - OUTER;
                into[length] = FOLDED;
                into[length + 1] = (index - INNER) as u64;
                length += 2;
            }
            let frame = &*last.sub(index);
            let pair = match frame.code.as_ref() {
                None => native_of(frame.closure),
                Some(code) if code.is_exit => None,
                Some(code) => {
                    let words =
                        code.words.addr()..=code.words.addr() + 4 * code.function.code.len();
                    let is_running = index == 0 && words.contains(&running.addr());
                    let pc = if is_running { running } else { frame.pc };
                    let position =
                        (pc.addr().wrapping_sub(code.words.addr()) / 4).saturating_sub(1);
                    Some((frame.code.expose_provenance() as u64, position as u64))
                }
            };
            if let Some((code, position)) = pair {
                into[length] = code;
                into[length + 1] = position;
                length += 2;
            }
            index += 1;
        }
        (length, tag)
    }
}

/// The pair of words for the native that runs in a frame without code.
fn native_of(callee: Value) -> Option<(u64, u64)> {
    let object = callee.as_object()?;
    let is_native = object.shape() == Kind::Native as u32;
    is_native.then(|| (NATIVE, object.get(0).as_raw()))
}

impl<C: Collector> Vm<C> {
    /// Is blame laid in this run?
    pub(crate) fn blames(&self) -> bool {
        self.options.blame.is_some()
    }

    /// Why nothing is watched in this process, if so.
    pub(crate) fn blame_refusal(&self) -> Option<String> {
        self.measure.blame.refusal.as_ref().map(|error| error.to_string())
    }

    /// Before a fork: what lies where. In a process that is watched itself, what was found so far is put aside, since all of its pages
    /// are shared again.
    pub(crate) fn blame_before_fork(&mut self) {
        if !self.blames() {
            return;
        }
        observe_discards(Watch::given_back);
        self.put_blame_aside();
        self.note_fork();
        self.measure.blame.forks += 1;
        if self.measure.blame.board.is_none() {
            self.measure.blame.board = Board::new().ok();
        }
        if self.measure.blame.watch.is_none() {
            match Watch::reserve(crate::measure::METER_PAGES) {
                Ok(watch) => self.measure.blame.watch = Some(watch),
                Err(error) => self.measure.blame.refusal = Some(error),
            }
        }
        let (mut names, mut kinds) = (HashMap::new(), Vec::new());
        let mut lying = std::mem::take(&mut self.measure.blame.lying);
        lying.clear();
        let sites = self.heap.sites();
        self.heap.each_object(&mut |object| {
            let kind = *names.entry(object.shape()).or_insert_with(|| {
                let name = match Kind::of_shape(object.shape()) {
                    Kind::Instance => self.type_name(Value::object(object)),
                    kind => kind.name().to_string(),
                };
                kinds.push(Rc::from(name));
                kinds.len() as u32 - 1
            });
            let (start, bytes) = self.heap.extent(object);
            let (code, position) = sites.and_then(|sites| sites.of(object)).unwrap_or((0, 0));
            let bytes = bytes.min(u32::MAX as usize) as u32;
            lying.push(Lying { start, bytes, kind, code, position: position as u32 });
        });
        lying.sort_unstable_by_key(|object| object.start);
        (self.measure.blame.lying, self.measure.blame.kinds) = (lying, kinds);
    }

    /// In the child, before anything is written; `again`: in the parent, if that is watched itself.
    pub(crate) fn blame_after_fork(&mut self, again: bool) {
        if !self.blames() || again && !self.measure.blame.on {
            return;
        }
        if !again {
            // Nobody asks where the objects of a child come from: they lie on pages that are not shared.
            self.heap.keep_sites(false);
            self.measure.blame.past.clear();
            self.measure.blame.past_totals = report::Totals::default();
            self.measure.blame.forks = 0;
        }
        let regions = self.regions();
        let means = self.options.blame.as_ref().and_then(|options| options.means);
        let context = (&raw const self.mutator).cast::<()>();
        let measure = &mut self.measure;
        let (Some(meter), Some(watch)) = (&measure.meter, &mut measure.blame.watch) else { return };
        // SAFETY: the watch is in a box that is never dropped before the process ends, the machine stays in its box while it runs, and a
        // process that forks has one thread.
        let started = unsafe { watch.start(meter, regions.all(), means, capture, context) };
        measure.blame.on = started.is_ok();
        measure.blame.refusal = started.err();
    }

    /// What lies at `address` by the record of the last fork: the name of its kind, and where it was allocated.
    fn lying_at(&self, address: usize) -> Option<(Rc<str>, Option<Site>)> {
        let lying = &self.measure.blame.lying;
        let behind = lying.partition_point(|object| object.start <= address);
        let found = lying.get(behind.checked_sub(1)?)?;
        if address - found.start >= found.bytes as usize {
            return None;
        }
        let code = std::ptr::with_exposed_provenance::<Code>(found.code);
        let site = (found.code != 0).then_some((code, found.position as usize));
        Some((self.measure.blame.kinds[found.kind as usize].clone(), site))
    }
}
