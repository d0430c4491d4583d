//! The model of copied pages against the kernel, page by page, in forked children: under each strategy, after each thing that a
//! program can do to a shared heap. One thread only: it forks.

use calf_gc::parts::region::page_size;
use calf_gc::{
    Collector, Format, Heap, Job, Object, Options, Request, Roots, Row, ShapeWord, VARIANTS, Value,
};
use std::fs::File;
use std::os::unix::fs::FileExt;

const RECORD: ShapeWord = ShapeWord::new(Format::Slots, 1);
const TEXT: ShapeWord = ShapeWord::new(Format::Bytes, 2);
const ITEMS: ShapeWord = ShapeWord::new(Format::Part, 3);
const WEAK: ShapeWord = ShapeWord::new(Format::Weak, 4);

/// What the program holds: one list whose part has all records, and what it made later.
struct Held(Vec<Value>);
// SAFETY: every value that the test uses after a safepoint is in there.
unsafe impl Roots for Held {
    fn visit(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        self.0.iter_mut().for_each(visit);
    }
}

struct Program<C: Collector> {
    heap: Heap<C>,
    held: Held,
    records: usize,
}

impl<C: Collector> Program<C> {
    fn make(&mut self, shape: ShapeWord, slots: &[Value]) -> Object {
        let object = match self.heap.allocate(shape, slots.len()) {
            Some(object) => object,
            None => self
                .heap
                .allocate_at_safepoint(&mut self.held, shape, slots.len())
                .expect("there is memory"),
        };
        for (index, &slot) in slots.iter().enumerate() {
            // SAFETY: fresh, and within the units.
            unsafe { self.heap.initialize(object, index, slot) };
        }
        object
    }

    fn new(options: &Options, records: usize) -> Self {
        let heap = Heap::new(options).expect("there is address space");
        let mut program = Program { heap, held: Held(Vec::with_capacity(64)), records };
        program.heap.disable();
        let part = program.make(ITEMS, &vec![Value::NIL; records]);
        let list = program.make(RECORD, &[Value::object(part), Value::NIL]);
        program.held.0.push(Value::object(list));
        for number in 0..records {
            let text = program.make(TEXT, &[Value::raw(1), Value::raw(2), Value::raw(3)]);
            let record = program.make(RECORD, &[Value::object(text), Value::number(number as f64)]);
            program.set(number, Value::object(record));
        }
        program
    }

    fn part(&self) -> (Object, Object) {
        let list = self.held.0[0].as_object().expect("the list");
        // SAFETY: the slot exists.
        (list, unsafe { list.slot(0) }.as_object().expect("the part"))
    }
    fn set(&mut self, index: usize, value: Value) {
        let (list, part) = self.part();
        // SAFETY: the slot exists.
        unsafe { self.heap.store_part(list, part, index, value) };
    }
    fn record(&self, index: usize) -> Object {
        // SAFETY: the slot exists.
        unsafe { self.part().1.slot(index) }.as_object().expect("a record")
    }
}

/// What a child does.
#[derive(Clone, Copy, Debug)]
enum Action {
    Nothing,
    Read,
    Collect,
    Allocate,
    Store,
    Drop,
    CyclesThenCollect,
    Weak,
    Large,
}
use Action::*;
const ACTIONS: [Action; 9] =
    [Nothing, Read, Collect, Allocate, Store, Drop, CyclesThenCollect, Weak, Large];

fn act<C: Collector>(program: &mut Program<C>, action: Action) {
    let records = program.records;
    match action {
        Nothing => {}
        Read => {
            for index in (0..records).step_by(7) {
                let record = program.record(index);
                // SAFETY: the slot exists.
                let text = unsafe { program.heap.load(record, 0) };
                program.heap.release(text);
            }
        }
        Collect => {
            program.heap.collect(&mut program.held, Request::Full);
        }
        Allocate => {
            for _ in 0..500 {
                let text = program.make(TEXT, &[Value::raw(9), Value::raw(9), Value::raw(9)]);
                let record = program.make(RECORD, &[Value::object(text), Value::NIL]);
                let last = program.held.0.last_mut().expect("the list");
                // A chain in slot 1 of the list.
                let list = last.as_object().expect("the list");
                // SAFETY: the slots exist; the count of what was there passes to the new record.
                unsafe {
                    let before = list.slot(1);
                    program.heap.retain(before);
                    program.heap.store(record, 1, before);
                    program.heap.store(list, 1, Value::object(record));
                }
            }
        }
        Store => {
            for index in (0..records).step_by(50) {
                let record = program.record(index);
                // SAFETY: the slot exists.
                unsafe { program.heap.store(record, 1, Value::number(1.0)) };
            }
        }
        Drop => {
            for index in (0..records).step_by(30) {
                program.set(index, Value::NIL);
            }
            program.heap.collect(&mut program.held, Request::Full);
            act(program, Allocate);
        }
        CyclesThenCollect => {
            for index in (0..records).step_by(40) {
                let record = program.record(index);
                program.heap.retain_object(record);
                // SAFETY: the slot exists.
                unsafe { program.heap.store(record, 1, Value::object(record)) };
                program.set(index, Value::NIL);
            }
            program.heap.collect(&mut program.held, Request::Full);
            act(program, Allocate);
            program.heap.collect(&mut program.held, Request::Full);
        }
        Weak => {
            for index in (0..records).step_by(100) {
                let record = program.record(index);
                let weak = program.make(WEAK, &[Value::object(record)]);
                program.heap.register_weak(weak);
                program.heap.expect_finalizer(record);
                // The weak reference takes the record's text's place.
                // SAFETY: the slot exists.
                unsafe { program.heap.store(record, 0, Value::object(weak)) };
                program.set(index, Value::NIL);
            }
            program.heap.collect(&mut program.held, Request::Full);
            while let Some(object) = program.heap.next_finalizer() {
                program.heap.release_object(object);
            }
            program.heap.collect(&mut program.held, Request::Full);
        }
        Large => {
            for pages in [3, 40, 5, 17, 2, 33] {
                let nils = vec![Value::NIL; pages * 512];
                let part = program.make(ITEMS, &nils);
                let list = program.make(RECORD, &[Value::object(part), Value::NIL]);
                program.heap.release_object(list);
                program.heap.collect(&mut program.held, Request::Full);
            }
        }
    }
}

struct Pagemap(File);
impl Pagemap {
    fn open() -> Pagemap {
        Pagemap(File::open("/proc/self/pagemap").expect("/proc/self/pagemap can be read"))
    }
    /// Present, and mapped by this process alone.
    fn at(&self, address: usize) -> (bool, bool) {
        let mut entry = [0; 8];
        self.0.read_exact_at(&mut entry, (address / page_size() * 8) as u64).expect("an entry");
        let entry = u64::from_ne_bytes(entry);
        (entry >> 63 != 0, entry >> 56 & 1 != 0)
    }
}

struct Compare {
    action: Action,
    freeze: bool,
    fresh: bool,
}

impl Job for Compare {
    type Output = Result<String, String>;
    fn run<C: Collector>(self, row: &'static Row) -> Self::Output {
        let arguments =
            if self.fresh { vec![("fresh".to_owned(), "on".to_owned())] } else { Vec::new() };
        let options = Options { arguments, ..Options::default() };
        let mut program: Program<C> = Program::new(&options, 20_000);
        // Holes, so that allocation has shared pages to go to.
        for index in (0..program.records).step_by(11) {
            program.set(index, Value::NIL);
        }
        program.heap.collect(&mut program.held, Request::Full);
        for index in (0..program.records).step_by(11) {
            let record = program.make(RECORD, &[Value::NIL, Value::NIL]);
            program.set(index, Value::object(record));
        }
        if self.freeze && program.heap.freeze(&mut program.held).is_err() {
            return Ok("cannot freeze".to_owned());
        }
        program.heap.before_fork(&mut program.held);
        let (parent, mut present) = (Pagemap::open(), Vec::new());
        program.heap.each_region(&mut |region| {
            for address in (region.start()..region.end()).step_by(page_size()) {
                if parent.at(address).0 {
                    present.push(address);
                }
            }
        });
        present.sort_unstable();
        let mut pipe = [0; 2];
        // SAFETY: one thread; the child leaves with `_exit`.
        let child = unsafe {
            libc::pipe(pipe.as_mut_ptr());
            libc::fork()
        };
        if child == 0 {
            program.heap.after_fork_in_child(&[], &mut |_, address| {
                present.binary_search(&address).is_ok()
            });
            act(&mut program, self.action);
            let text = compare(&program.heap, &present, row);
            // SAFETY: writes to the pipe what lives, and leaves.
            unsafe {
                libc::write(pipe[1], text.as_ptr().cast(), text.len());
                libc::_exit(0);
            }
        }
        let mut buffer = vec![0; 1 << 16];
        // SAFETY: reads into a buffer of that length; waits for the one child.
        let (length, status) = unsafe {
            libc::close(pipe[1]);
            let mut length = 0;
            loop {
                let read = libc::read(
                    pipe[0],
                    buffer[length..].as_mut_ptr().cast(),
                    buffer.len() - length,
                );
                if read <= 0 {
                    break;
                }
                length += read as usize;
            }
            libc::close(pipe[0]);
            let mut status = 0;
            libc::waitpid(child, &mut status, 0);
            (length, status)
        };
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if status != 0 {
            return Err(format!("the child ended with status {status}"));
        }
        match text.strip_prefix("differ: ") {
            Some(text) => Err(text.to_owned()),
            None => Ok(text),
        }
    }
}

/// The pages copied by region and cause, or `differ:` and where the model is wrong.
fn compare<C: Collector>(heap: &Heap<C>, present: &[usize], _row: &'static Row) -> String {
    let (pagemap, mut wrong, mut copies) = (Pagemap::open(), String::new(), 0);
    heap.each_region(&mut |region| {
        let (mut unnoted, mut unwritten, mut example) = (0, 0, 0);
        for address in (region.start()..region.end()).step_by(page_size()) {
            if present.binary_search(&address).is_err() {
                continue;
            }
            let (here, alone) = pagemap.at(address);
            let copied = here && alone;
            let noted = heap.model().first_cause(address).flatten().is_some();
            copies += copied as usize;
            if copied && !noted {
                unnoted += 1;
                example = address - region.start();
            } else if noted && here && !alone {
                unwritten += 1;
                example = address - region.start();
            }
        }
        if unnoted + unwritten > 0 {
            wrong += &format!("{}: {unnoted} copied but not noted, {unwritten} noted but not copied, at +{example:#x}; ", region.name());
        }
    });
    if !wrong.is_empty() {
        return format!("differ: {wrong}");
    }
    let mut text = format!("{copies} copied:");
    for (name, _, causes) in heap.model().counts() {
        for (cause, &count) in calf_gc::parts::model::CAUSES.iter().zip(&causes) {
            if count > 0 {
                text += &format!(" {name}/{}={count}", cause.name());
            }
        }
    }
    text
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut failed = 0;
    for variant in VARIANTS.iter().filter(|of| !of.strategy.row().hidden) {
        let row = variant.strategy.row();
        for (setting, freeze, fresh) in
            [("", false, false), (" frozen", true, false), (" fresh", false, true)]
        {
            for action in ACTIONS {
                let name = format!("{} {action:?}{setting}", variant.name());
                if freeze && !row.freezes
                    || !arguments.iter().all(|argument| name.contains(argument))
                {
                    continue;
                }
                match variant.run(Compare { action, freeze, fresh }) {
                    Ok(text) => println!("ok      {name}: {text}"),
                    Err(text) => {
                        failed += 1;
                        println!("FAILED  {name}: {text}");
                    }
                }
            }
        }
    }
    if failed > 0 {
        std::process::exit(1);
    }
}
