//! What single strategies say of themselves in their headings: ages, warm-up, fresh blocks, the mark that is left in no object.

use calf_gc::collectors::cycles::Cycles;
use calf_gc::collectors::mark_bitmap::MarkBitmap;
use calf_gc::collectors::mark_inline::MarkInline;
use calf_gc::heap::HeapError;
use calf_gc::object::FLAG_STRATEGY;
use calf_gc::parts::colours::{BesideHeap, Colour};
use calf_gc::{Collector, Format, Heap, Options, Request, Value};
use calf_gc_kit::{Held, Mutator};

fn with<C: Collector>(arguments: &[(&str, &str)]) -> Result<Mutator<C>, HeapError> {
    let arguments =
        arguments.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    let heap = Heap::new(&Options { arguments, ..Options::default() })?;
    Ok(Mutator { heap, roots: Held::default() })
}

/// A list of `count` containers with a string each.
fn fill<C: Collector>(m: &mut Mutator<C>, count: usize) {
    let owner = m.named(0, 2);
    m.attach_part(owner, 1, count);
    for number in 0..count {
        let record = m.named(number, 2);
        let text = m.allocate(Format::Bytes, 7, 3);
        m.move_into(record, 1, text);
        m.link_item(owner, 1, number, record);
        m.drop_root(record);
    }
}

/// Pages of each region that the model says were written since it began: (name, pages), those without left out.
fn copied<C: Collector>(m: &Mutator<C>) -> Vec<(&'static str, usize)> {
    let sums = m.heap.model().counts().map(|(name, _, causes)| (name, causes.iter().sum()));
    sums.filter(|&(_, pages)| pages > 0).collect()
}

/// As in a child: what was ever used counts as shared, but for the memory that only a collection uses.
fn begin_child<C: Collector>(m: &mut Mutator<C>) {
    m.heap.before_fork(&mut m.roots);
    let frontier = m.heap.collector().space().cells.frontier();
    m.heap.after_fork_in_child(&[], &mut |name, address| match name {
        "scratch" | "gray" => false,
        "objects" => address < frontier,
        _ => true,
    });
}

#[test]
fn an_object_is_old_after_three_collections_and_not_before() {
    is_old_after_three_collections::<false>();
    is_old_after_three_collections::<true>();
}

fn is_old_after_three_collections<const AGES_INLINE: bool>() {
    for request in [Request::Generation(0), Request::Full] {
        let mut m = with::<MarkBitmap<AGES_INLINE>>(&[]).unwrap();
        let root = m.named(1, 2);
        for generation in [0, 0, 1, 1] {
            m.collect(request);
            assert_eq!(m.heap.collector().generation(m.object(root)), Some(generation));
        }
        let young = m.named(2, 2);
        assert_eq!(m.heap.collector().generation(m.object(young)), Some(0));
    }
}

#[test]
fn a_minor_collection_leaves_old_garbage_and_a_major_one_does_not() {
    let mut m = with::<MarkBitmap>(&[]).unwrap();
    let (old, young) = (m.named(1, 2), m.named(2, 2));
    m.drop_root(young);
    for reclaimed in [1, 0, 0] {
        assert_eq!(m.collect(Request::Generation(0)).reclaimed, reclaimed);
    }
    m.drop_root(old);
    assert_eq!(m.collect(Request::Generation(0)).reclaimed, 0);
    let collection = m.collect(Request::Generation(1));
    assert_eq!((collection.reclaimed, collection.generation, m.live()), (1, Some(1), 0));
}

#[test]
fn automatic_collections_are_minor_until_the_old_have_doubled() {
    let mut m = with::<MarkBitmap>(&[]).unwrap();
    assert_eq!(m.collect(Request::Automatic).generation, None);
    let mut seen = [0, 0];
    // Everything lives: a mebibyte between two collections at least, and four times as much old for a major one.
    for number in 0..if cfg!(miri) { 10 } else { 400_000 } {
        let before = m.heap.statistics().map(|generation| generation.collections);
        let root = m.named(number, 8);
        if m.roots.0.len() > 1 {
            m.link(root, 1, root - 1);
            m.roots.0.swap(root - 1, root);
            m.truncate(1);
        }
        let after = m.heap.statistics().map(|generation| generation.collections);
        (0..2).for_each(|generation| seen[generation] += after[generation] - before[generation]);
    }
    if !cfg!(miri) {
        assert!(seen[0] > seen[1] && seen[1] > 0, "{seen:?}");
    }
    m.verify().unwrap();
}

#[test]
fn once_all_are_old_a_full_collection_in_a_child_writes_nothing() {
    // Fewer than call for a collection.
    let count = if cfg!(miri) { 50 } else { 8_000 };
    for (warm_up, collections) in [("on", 0), ("off", 3), ("off", 0)] {
        let mut m = with::<MarkBitmap>(&[("warmup", warm_up)]).unwrap();
        fill(&mut m, count);
        for _ in 0..collections {
            m.collect(Request::Full);
        }
        begin_child(&mut m);
        for _ in 0..2 {
            m.collect(Request::Full);
        }
        if warm_up == "on" || collections > 0 {
            assert_eq!(copied(&m), [], "{warm_up} after {collections}");
        } else {
            assert!(
                copied(&m).iter().all(|&(name, _)| name == "ages") && !copied(&m).is_empty(),
                "{:?}",
                copied(&m)
            );
        }
        m.verify().unwrap();
    }
}

#[test]
fn ages_in_the_headers_undo_what_the_bitmaps_save_until_all_are_old() {
    ages_copy::<false>(&[("off", 0, false)]);
    ages_copy::<true>(&[("off", 0, true), ("off", 1, true), ("off", 3, false), ("on", 0, false)]);
}

/// For each (warm-up, collections before the fork): are the pages with objects copied?
fn ages_copy<const AGES_INLINE: bool>(cases: &[(&str, usize, bool)]) {
    let count = if cfg!(miri) { 50 } else { 20_000 };
    for &(warm_up, collections, is_copied) in cases {
        let mut m = with::<MarkBitmap<AGES_INLINE>>(&[("warmup", warm_up)]).unwrap();
        fill(&mut m, count);
        let large = m.allocate(Format::Bytes, 7, 10_000);
        for _ in 0..collections {
            m.collect(Request::Full);
        }
        begin_child(&mut m);
        m.collect(Request::Full);
        m.verify().unwrap();
        let pages = |m: &Mutator<MarkBitmap<AGES_INLINE>>, region: &str| {
            copied(m).iter().find(|(name, _)| *name == region).map_or(0, |&(_, pages)| pages)
        };
        let (objects, buffers) = (pages(&m, "objects"), pages(&m, "buffers"));
        if is_copied {
            assert!(objects >= count * 56 / 4096 && buffers >= 1, "{objects}, {buffers}");
        } else {
            assert_eq!((objects, buffers), (0, 0), "{warm_up} after {collections}");
        }
        for _ in collections..3 {
            m.collect(Request::Full);
        }
        assert_eq!(m.heap.collector().generation(m.object(large)), Some(1));
        m.drop_root(large);
        m.collect(Request::Full);
        m.verify().unwrap();
    }
}

#[test]
fn what_dies_in_a_child_writes_marks_only() {
    let mut m = with::<MarkBitmap>(&[("warmup", "on")]).unwrap();
    fill(&mut m, if cfg!(miri) { 50 } else { 20_000 });
    begin_child(&mut m);
    m.truncate(0);
    m.collect(Request::Full);
    let regions = copied(&m);
    // Wholly empty blocks go back to the kernel, which is noted in the tables.
    let known = ["marks", "ages", "blocks", "runs"];
    assert!(regions.iter().all(|(name, _)| known.contains(name)), "{regions:?}");
    assert_eq!(m.live(), 0);
}

#[test]
fn fresh_blocks_keep_a_child_off_the_shared_ones() {
    for fresh in ["off", "on"] {
        let mut m = with::<MarkBitmap>(&[("fresh", fresh), ("warmup", "on")]).unwrap();
        fill(&mut m, if cfg!(miri) { 50 } else { 20_000 });
        // Holes.
        for number in (0..if cfg!(miri) { 50 } else { 20_000 }).step_by(3) {
            let part = m.slot(0, 1).as_object().expect("the part");
            // SAFETY: the part has that many items.
            unsafe { m.heap.store_part(m.object(0), part, number, Value::NIL) };
        }
        begin_child(&mut m);
        for number in 0..if cfg!(miri) { 20 } else { 3000 } {
            m.named(number, 2);
            if number % 1000 == 10 {
                m.collect(Request::Full);
            }
        }
        let written =
            copied(&m).iter().find(|(name, _)| *name == "objects").map_or(0, |&(_, pages)| pages);
        assert_eq!(written == 0, fresh == "on", "fresh={fresh}: {written} pages of objects");
        m.verify().unwrap();
    }
}

#[test]
fn a_mark_in_the_object_writes_every_page_and_is_gone_afterwards() {
    let mut m = with::<MarkInline>(&[]).unwrap();
    let count = if cfg!(miri) { 50 } else { 20_000 };
    fill(&mut m, count);
    begin_child(&mut m);
    m.collect(Request::Full);
    let written =
        copied(&m).iter().find(|(name, _)| *name == "objects").map_or(0, |&(_, pages)| pages);
    // A record takes 24 bytes, and so does its text, with a word for the header: 56 in all.
    assert!(written >= count * 56 / 4096, "{written} pages");
    m.heap.each_object(&mut |object| assert_eq!(object.tally() & FLAG_STRATEGY, 0));
}

#[test]
fn options_that_are_unknown_or_wrong_are_refused() {
    for (key, value) in [("warm", "on"), ("warmup", "yes"), ("gray", "many"), ("age", "header")] {
        assert!(with::<MarkBitmap>(&[(key, value)]).is_err(), "{key}={value}");
    }
    assert!(with::<MarkInline>(&[("warmup", "on")]).is_err());
    assert!(with::<MarkInline>(&[("gray", "100")]).is_ok());
}

// -- trial ----------------------------------------------------------------------------------------------

type Trial = calf_gc::collectors::trial::Trial<BesideHeap>;

/// Rings of `length` containers, `count` of them, that nothing holds any more.
fn drop_rings<C: Collector>(m: &mut Mutator<C>, count: usize, length: usize) {
    for _ in 0..count {
        let first = m.named(0, 2);
        for number in 1..length {
            let next = m.named(number, 2);
            let last = m.roots.0.len() - 2;
            m.link(last, 1, next);
            if last > first {
                m.roots.0.swap(last, next);
                m.drop_root(next);
            }
        }
        let last = m.roots.0.len() - 1;
        m.link(last, 1, first);
        m.truncate(first);
    }
}

#[test]
fn who_loses_a_reference_and_lives_on_is_a_candidate_and_bytes_never_are() {
    let mut m = with::<Trial>(&[]).unwrap();
    fill(&mut m, 100);
    let candidates = |m: &Mutator<Trial>| {
        let mut used = 0;
        m.heap.each_object(&mut |object| {
            used += usize::from(m.heap.collector().colour(object) == Colour::Purple);
        });
        used
    };
    m.collect(Request::Full);
    assert_eq!(candidates(&m), 0);
    let part = m.slot(0, 1).as_object().expect("the part");
    for index in 0..100 {
        for _ in 0..2 {
            // Read, twice: the record, and its text.
            // SAFETY: the part has that many items, each with two slots.
            unsafe {
                let record = m.heap.load(part, index);
                let text = m.heap.load(record.as_object().expect("a record"), 1);
                m.heap.release(text);
                m.heap.release(record);
            }
        }
    }
    assert_eq!(candidates(&m), 100);
    m.verify().unwrap();
    // All of them live.
    assert_eq!((m.collect(Request::Full).reclaimed, candidates(&m)), (0, 0));
    m.verify().unwrap();
}

#[test]
fn the_cell_of_a_candidate_that_died_is_not_used_before_the_next_collection() {
    let mut m = with::<Trial>(&[]).unwrap();
    let (kept, root) = (m.named(0, 2), m.named(1, 2));
    m.link(kept, 1, root);
    m.collect(Request::Full);
    let address = m.object(root).address();
    m.drop_root(root);
    m.set(kept, 1, Value::NIL);
    assert_eq!(m.live(), 1);
    m.verify().unwrap();
    for name in 0..10 {
        let other = m.named(name, 2);
        assert_ne!(m.object(other).address(), address);
    }
    m.collect(Request::Full);
    let other = m.named(2, 2);
    assert_eq!(m.object(other).address(), address);
    m.verify().unwrap();
}

#[test]
fn automatic_trials_wait_for_candidates_and_longer_when_they_find_nothing() {
    let mut m = with::<Trial>(&[("candidates", "50")]).unwrap();
    let made_before = |m: &mut Mutator<Trial>, is_garbage: bool| {
        let (before, mut made) = (m.heap.collection_count(), 0);
        while m.heap.collection_count() == before {
            if is_garbage {
                drop_rings(m, 1, 1);
            } else {
                let root = m.named(made, 2);
                let loaded = m.roots.0[root];
                m.heap.retain(loaded);
                m.heap.release(loaded);
            }
            made += 1;
        }
        made
    };
    // A ring leaves one candidate; one that lives, too.
    let waits: Vec<usize> = (0..3).map(|_| made_before(&mut m, false)).collect();
    assert!(waits[0] <= 52 && (95..=105).contains(&waits[1]) && waits[2] >= 145, "{waits:?}");
    let waits: Vec<usize> = (0..6).map(|_| made_before(&mut m, true)).collect();
    assert!(waits[0] >= 145 && waits[5] <= 52, "{waits:?}");
    m.verify().unwrap();
}

#[test]
#[cfg_attr(miri, ignore = "more objects than the smallest list holds take hours there")]
fn garbage_that_there_is_no_memory_to_list_is_found_later() {
    // Room for 8192 objects: sixty-four kibibytes.
    for (count, length) in [(1, 30_000), (10_000, 3)] {
        let mut m = with::<Trial>(&[("gray", "1")]).unwrap();
        m.heap.disable();
        fill(&mut m, 100);
        let live = m.live();
        drop_rings(&mut m, count, length);
        for _ in 0..10 {
            m.collect(Request::Full);
            m.verify().unwrap();
        }
        assert_eq!(m.live(), live);
    }
}

// -- frozen ---------------------------------------------------------------------------------------------

type Frozen = Cycles<calf_gc::collectors::frozen::Frozen>;

#[test]
fn what_dies_frozen_leaves_a_hole_only_without_quarantine() {
    for (arguments, is_filled) in [
        (&[][..], false),
        (&[("quarantine", "off")], true),
        (&[("cpython", "on")], true),
        (&[("cpython", "on"), ("quarantine", "on")], false),
    ] {
        let mut m = with::<Frozen>(arguments).unwrap();
        fill(&mut m, 10);
        let root = m.named(1, 2);
        let hole = m.object(root).address();
        m.heap.freeze(&mut m.roots).unwrap();
        let frozen = m.heap.frozen_count().unwrap();
        m.drop_root(root);
        assert_eq!(m.heap.frozen_count(), Ok(frozen - 1), "{arguments:?}");
        let takes_the_hole = |m: &mut Mutator<Frozen>| {
            // More than a block holds.
            (0..3000).any(|name| {
                let root = m.named(name, 2);
                m.object(root).address() == hole
            })
        };
        assert_eq!(takes_the_hole(&mut m), is_filled, "{arguments:?}");
        m.verify().unwrap();
        m.heap.unfreeze().unwrap();
        m.verify().unwrap();
        assert_eq!(takes_the_hole(&mut m), !is_filled, "{arguments:?}, after unfreeze");
    }
}

#[test]
fn an_unfreeze_gives_each_generation_its_own_back_but_with_cpython() {
    for (arguments, generation) in [(&[][..], 0), (&[("cpython", "on")], 2), (&[("py37", "on")], 2)]
    {
        let mut m = with::<Frozen>(arguments).unwrap();
        let root = m.named(1, 2);
        m.heap.freeze(&mut m.roots).unwrap();
        m.heap.unfreeze().unwrap();
        assert_eq!(
            m.heap.collector().generation(m.object(root)),
            Some(generation),
            "{arguments:?}"
        );
    }
}
