//! How long allocations and collections take under each strategy, on the heap of the survey: `rec(n)`, two containers, a string and
//! a part for each record.
//!
//! ```text
//! cargo run --release -p calf-gc --example collections [RECORDS [STRATEGY…]]
//! ```

use calf_gc::{
    Collector, Format, Heap, Job, NoRoots, Object, Options, Request, Roots, Row, ShapeWord,
    VARIANTS, Value,
};
use std::time::Instant;

const RECORD: ShapeWord = ShapeWord::new(Format::Slots, 1);
const LIST: ShapeWord = ShapeWord::new(Format::Slots, 2);
const TEXT: ShapeWord = ShapeWord::new(Format::Bytes, 3);
const ITEMS: ShapeWord = ShapeWord::new(Format::Part, 4);

/// One root.
struct One(Value);
// SAFETY: it is the only reference that the benchmark holds at a safepoint.
unsafe impl Roots for One {
    fn visit(&mut self, visit: &mut dyn FnMut(&mut Value)) {
        visit(&mut self.0);
    }
}

struct Bench {
    records: usize,
    name: String,
}

#[inline(always)]
fn make<C: Collector>(heap: &mut Heap<C>, shape: ShapeWord, slots: &[Value]) -> Object {
    let object = match heap.allocate(shape, slots.len()) {
        Some(object) => object,
        // Automatic collections are off, so no roots are needed.
        None => {
            heap.allocate_at_safepoint(&mut NoRoots, shape, slots.len()).expect("there is memory")
        }
    };
    for (index, &slot) in slots.iter().enumerate() {
        // SAFETY: fresh, and within the units.
        unsafe { heap.initialize(object, index, slot) };
    }
    object
}

/// Milliseconds, the median of five.
fn time(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[2]
}

impl Job for Bench {
    type Output = ();
    fn run<C: Collector>(self, _row: &'static Row) {
        let mut heap: Heap<C> = Heap::new(&Options::default()).expect("there is address space");
        heap.disable();
        let start = Instant::now();
        let nils = vec![Value::NIL; self.records];
        let part = make(&mut heap, ITEMS, &nils);
        let all = make(&mut heap, LIST, &[Value::raw(0), Value::object(part)]);
        for number in 0..self.records {
            let name = make(&mut heap, TEXT, &[Value::raw(7), Value::raw(1)]);
            heap.retain_object(name);
            let id = Value::number(number as f64);
            let items = make(&mut heap, ITEMS, &[id, id, Value::object(name)]);
            let tags = make(&mut heap, LIST, &[Value::raw(3), Value::object(items)]);
            let record = make(&mut heap, RECORD, &[id, Value::object(name), Value::object(tags)]);
            // SAFETY: the part has that many slots.
            unsafe { heap.store_part(all, part, number, Value::object(record)) };
        }
        let build = start.elapsed().as_secs_f64() * 1e9 / (4 * self.records) as f64;
        let mut roots = One(Value::object(all));
        let first = Instant::now();
        heap.collect(&mut roots, Request::Full);
        let first = first.elapsed().as_secs_f64() * 1e3;
        let full = time(|| {
            heap.collect(&mut roots, Request::Full);
        });
        let pairs = 10_000_000;
        let start = Instant::now();
        for _ in 0..pairs / 1000 {
            for _ in 0..1000 {
                let object = make(&mut heap, LIST, &[Value::NIL, Value::NIL]);
                heap.release_object(object);
            }
            if !C::COUNTS {
                heap.collect(&mut roots, Request::Automatic);
            }
        }
        let churn = start.elapsed().as_secs_f64() * 1e9 / pairs as f64;
        let bytes = heap.bytes() as f64 / self.records as f64;
        let start = Instant::now();
        heap.release(roots.0);
        let death = start.elapsed().as_secs_f64() * 1e3;
        println!(
            "{:12} build {build:6.1} ns/object   collect {first:6.1}, then {full:6.1} ms   allocate and free {churn:5.1} ns   \
             {bytes:5.0} B/record   death {death:6.1} ms",
            self.name
        );
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let records = arguments.first().and_then(|text| text.parse().ok()).unwrap_or(500_000);
    for of in VARIANTS.iter().filter(|of| arguments.len() < 2 || arguments.contains(&of.name())) {
        of.run(Bench { records, name: of.name() });
    }
}
