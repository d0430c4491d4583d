//! What `zygote` and `sealed` say of themselves in their headings: bins, profiles, pages that cannot be written.

use calf_gc::collectors::sealed::Sealed;
use calf_gc::collectors::zygote::Zygote;
use calf_gc::{
    Collector, Format, Heap, Judgement, NoRoots, Object, Options, Request, SealError, Value,
};
use calf_gc_kit::{Held, Mutator};
use std::collections::HashSet;

const PAGE: usize = 4096;

fn with<C: Collector>(arguments: &[(&str, &str)]) -> Mutator<C> {
    let arguments =
        arguments.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let heap = Heap::new(&Options { arguments, ..Options::default() }).expect("there is a heap");
    Mutator { heap, roots: Held::default() }
}

/// At root 0 a list of `count` containers of three slots, with a string each.
fn fill<C: Collector>(m: &mut Mutator<C>, count: usize) {
    let owner = m.named(0, 2);
    m.attach_part(owner, 1, count);
    for number in 0..count {
        let record = m.named(number, 3);
        let text = m.allocate(Format::Bytes, 7, 3);
        m.move_into(record, 1, text);
        m.link_item(owner, 1, number, record);
        m.drop_root(record);
    }
}

/// Record `number` of that list.
fn record<C: Collector>(m: &Mutator<C>, number: usize) -> Object {
    let part = m.slot(0, 1).as_object().expect("the part");
    part.get(number).as_object().expect("a record")
}

/// Writes to every twentieth.
fn write<C: Collector>(m: &mut Mutator<C>, count: usize) {
    for number in (0..count).step_by(20) {
        let object = record(m, number);
        // SAFETY: a record has three slots.
        unsafe { m.heap.store(object, 2, Value::number(-1.0)) };
    }
}

/// How many pages those lie on.
fn pages<C: Collector>(m: &Mutator<C>, count: usize) -> usize {
    let pages: HashSet<usize> =
        (0..count).step_by(20).map(|number| record(m, number).address() / PAGE).collect();
    pages.len()
}

/// The pages that they fill, if they lie together.
fn fewest(count: usize) -> usize {
    (count / 20 * 32).div_ceil(PAGE) + 1
}

const COUNT: usize = if cfg!(miri) { 100 } else { 20_000 };

#[test]
fn what_was_written_after_a_collection_lies_together_in_the_zygote() {
    let mut m = with::<Zygote>(&[]);
    fill(&mut m, COUNT);
    m.collect(Request::Full);
    m.heap.before_fork(&mut m.roots);
    let apart = pages(&m, COUNT);
    let mut m = with::<Zygote>(&[]);
    fill(&mut m, COUNT);
    m.collect(Request::Full);
    write(&mut m, COUNT);
    m.heap.before_fork(&mut m.roots);
    // The list and its items were not written after a collection, so nothing else is in the bin.
    assert!(pages(&m, COUNT) <= fewest(COUNT), "{} pages, {apart} apart", pages(&m, COUNT));
    assert!(cfg!(miri) || apart > 10 * fewest(COUNT));
    m.verify().unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "files")]
fn what_a_child_wrote_lies_together_in_the_next_run() {
    let path = std::env::temp_dir().join(format!("calf-profile-{}", std::process::id()));
    let path_text = path.to_str().expect("a path of text");
    let mut m = with::<Zygote>(&[("record", path_text)]);
    fill(&mut m, COUNT);
    m.heap.before_fork(&mut m.roots);
    let apart = pages(&m, COUNT);
    m.heap.after_fork_in_child(&[], &mut |_, _| true);
    write(&mut m, COUNT);
    m.heap.before_exit(false);
    let mut m = with::<Zygote>(&[("profile", path_text)]);
    fill(&mut m, COUNT);
    m.heap.before_fork(&mut m.roots);
    std::fs::remove_file(&path).expect("the profile was written");
    assert!(pages(&m, COUNT) <= fewest(COUNT), "{} pages, {apart} apart", pages(&m, COUNT));
    assert!(apart > 10 * fewest(COUNT));
    m.verify().unwrap();
}

#[test]
fn what_lives_at_a_fork_is_kept_until_the_spaces_are_joined() {
    let mut m = with::<Zygote>(&[]);
    fill(&mut m, 100);
    m.heap.before_fork(&mut m.roots);
    let (live, moves) = (m.live(), m.heap.moves());
    assert_eq!((m.heap.frozen_count(), moves), (Ok(101), 1));
    m.truncate(0);
    m.collect(Request::Full);
    assert_eq!(m.live(), live);
    // Nothing new lives: nothing moves.
    m.heap.before_fork(&mut m.roots);
    assert_eq!((m.heap.moves(), m.live()), (moves, live));
    m.heap.unfreeze().unwrap();
    assert_eq!(m.collect(Request::Full).reclaimed, 201);
    assert_eq!((m.live(), m.heap.bytes()), (0, 0));
}

// -- Sealed -------------------------------------------------------------------------------------

fn copy_all(_: Object) -> Judgement {
    Judgement::Copy
}

/// A sealed copy of root 0, as a new root.
fn seal(m: &mut Mutator<Sealed>) -> usize {
    let object = m.object(0);
    let copy = m.heap.seal(object, &copy_all).expect("it can be sealed");
    m.roots.0.push(Value::object(copy));
    m.roots.0.len() - 1
}

#[test]
fn a_region_lives_as_long_as_anything_refers_into_it() {
    let mut m = with::<Sealed>(&[]);
    fill(&mut m, COUNT);
    let (live, root) = (m.live(), seal(&mut m));
    assert_eq!(m.live(), 2 * live);
    let inner = m.load(root, 1);
    m.roots.0[inner] = m.object(inner).get(COUNT / 2);
    m.roots.0[root] = Value::NIL;
    m.verify().unwrap();
    m.collect(Request::Full);
    assert_eq!(m.live(), 2 * live);
    m.truncate(1);
    // Parts are not counted.
    assert_eq!(m.collect(Request::Full).reclaimed, live - 1);
    assert_eq!(m.live(), live);
    let bytes = m.heap.bytes();
    for _ in 0..10 {
        seal(&mut m);
        m.truncate(1);
        m.collect(Request::Full);
        m.verify().unwrap();
    }
    // The addresses serve again, and the pages were given back.
    let regions =
        (m.heap.bytes(), m.heap.collector().space().dense.as_ref().map(|dense| dense.bytes()));
    assert_eq!(regions, (bytes, Some(0)));
}

#[test]
fn what_a_region_refers_to_is_kept_and_what_cannot_be_sealed_is_named() {
    let mut m = with::<Sealed>(&[]);
    let holder = m.named(0, 3);
    let (code, weak) = (m.allocate(Format::Slots, 9, 1), m.named(7, 1));
    m.link(holder, 1, code);
    let judge =
        |object: Object| if object.shape() == 9 { Judgement::Keep } else { Judgement::Copy };
    let sealed = m.heap.seal(m.object(holder), &judge).unwrap();
    m.roots.0[0] = Value::object(sealed);
    m.truncate(1);
    let _ = weak;
    m.collect(Request::Full);
    m.verify().unwrap();
    assert_eq!((m.live(), m.slot(0, 1).as_object().map(Object::shape)), (2, Some(9)));
    let refuse =
        |object: Object| if object.shape() == 9 { Judgement::Refuse } else { Judgement::Copy };
    let (outer, bad) = (m.named(1, 2), m.allocate(Format::Slots, 9, 1));
    m.link(outer, 1, bad);
    assert_eq!(m.heap.seal(m.object(outer), &refuse), Err(SealError::Refused(m.object(bad))));
    let thawed = m.heap.thaw(m.object(0)).unwrap();
    assert!(!m.heap.is_sealed(thawed) && m.heap.is_sealed(m.object(0)));
    m.heap.collect(&mut NoRoots, Request::Full);
    assert_eq!((m.live(), m.heap.bytes()), (0, 0));
    m.roots.0.clear();
}

/// Nobody asks here whether it is sealed: the processor does.
#[test]
#[cfg_attr(miri, ignore = "forks")]
fn a_store_into_a_sealed_page_ends_the_process() {
    let mut m = with::<Sealed>(&[]);
    fill(&mut m, 100);
    let root = seal(&mut m);
    for (target, signal) in [(0, 0), (root, libc::SIGSEGV)] {
        let object = m.object(target);
        // SAFETY: the child stores one word, and leaves without anything else.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: slot 0 is there, and the heap is this process's own.
            unsafe {
                object.set_slot(0, Value::number(1.0));
                libc::_exit(0);
            }
        }
        let mut status = 0;
        // SAFETY: waits for the child.
        unsafe { libc::waitpid(child, &mut status, 0) };
        assert_eq!(status & 0x7F, signal, "root {target}");
    }
}
