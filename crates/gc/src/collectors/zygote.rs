//! A zygote, as Android's: before a fork all that lives is compacted, the likely to be written together, and never looked at again.
//!
//! # Idea
//! What a program has made before a fork lives on. So it is moved to a space of its own in which nothing is allocated,
//! marked or given back; and where an object lies there is policy: those that will be written share pages with one another.
//!
//! # Layout
//! ```text
//!   main     | cells and runs, as under mark-bitmap |       marks, scratch: bitmaps beside it
//!   zygote   | written in an earlier run | written before | other containers | strings and bytes |     no cells, no gaps
//!   starts   a bit for 8 bytes: a header lies there         cards  a byte for 512 bytes: refers to the main space
//!   heat     two bits for 16 bytes of the main space: survived a collection; was written after that
//! ```
//! Headers are 8 bytes and never written by a collection, but for the forwarding address in what has moved away.
//!
//! # Barriers
//! A store of an object of the main space into one of the zygote's makes the cards of the source and of its parts dirty. A store into an
//! object of the main space that has survived a collection notes that it is written.
//!
//! # Collection
//! Of the main space, when as much was handed out as survived the last time, no less than 1 MiB.
//!
//! 1. *Mark* from the roots and from what lies on dirty cards; a reference into the zygote is known by its address and not followed.
//! 2. *Clear* weak references, *queue* finalizers and mark what they reach, *sweep* the main space by words.
//!
//! # After a fork
//! Before it, and in `gc.freeze()`, the main space is collected, its survivors are listed in the order of a breadth-first trace,
//! copied to the end of the zygote bin by bin, and every reference follows them; the main space is empty, the cards are clean, and
//! their pages are given back. A fork of a child does so again with what the child has made. Then a full collection writes no
//! shared page, allocation none but a table's, reading none, and a program that writes w objects copies the pages that these fill,
//! and a page of cards for 2 MiB.
//!
//! The bins: `profile=FILE` names those that were written in an earlier run, which `record=FILE` has added to the file at the end of
//! each child; then what was written after it had survived a collection, with its parts; then the other containers; then what
//! has no references. `gc.unfreeze()` joins the spaces: the zygote is marked, too, and what is dead in it is forgotten (its memory is
//! used again when the whole zygote is dead). So does the end of the process under `--exit full`, for the sake of finalizers.
//!
//! From Android's `Heap::PreZygoteFork` (`runtime/gc/heap.cc`), `ZygoteSpace`, and the bins of `image_writer.cc` and `imgdiag`.

use crate::collector::{Collection, Collector, Request, Roots, Unsupported};
use crate::heap::{HeapError, Options};
use crate::object::{Format, Object, ShapeWord};
use crate::parts::cards::Cards;
use crate::parts::dense::Dense;
use crate::parts::gray::references;
use crate::parts::main_space::{MainSpace, Outside};
use crate::parts::model::Cause;
use crate::parts::moving::{forward, forwarded, update_slots};
use crate::parts::phase::{self, Phase};
use crate::parts::plane::Plane;
use crate::parts::profile::{Key, Profile};
use crate::parts::region::Region;
use crate::parts::space::Space;
use crate::parts::vector::Vector;
use crate::value::Value;

/// The bits of heat.
const SURVIVED: usize = 0;
const WRITTEN: usize = 1;
/// The bins, in the order of the zygote.
const KNOWN: u8 = 0;
const WARM: u8 = 1;
const QUIET: u8 = 2;
const LEAF: u8 = 3;
/// Room in the list of survivors, and the most addresses of a zygote.
const MOST: usize = 1 << 28;
const ADDRESSES: usize = 32 << 30;

/// An object that is about to move.
#[derive(Clone, Copy)]
struct Survivor {
    object: Object,
    /// Its name, if a profile needs it.
    key: Option<Key>,
    bin: u8,
}

/// See the module.
pub struct Zygote {
    /// Its dense space is the zygote.
    space: Space,
    main: MainSpace,
    cards: Cards,
    heat: Plane<2>,
    survivors: Vector<Survivor>,
    profile: Profile,
    /// The zygote is not marked and nothing in it dies.
    immune: bool,
    moves: u64,
}

/// The zygote as a trace of the main space sees it.
struct View<'a> {
    dense: Dense,
    cards: &'a Cards,
    immune: bool,
}

impl Outside for View<'_> {
    #[inline(always)]
    fn contains(&self, object: Object) -> bool {
        self.dense.contains(object.address())
    }
    #[inline(always)]
    fn reach(&mut self, object: Object) -> bool {
        !self.immune && self.dense.reach(object)
    }
    /// Its owner may be in the main space: then no card speaks of it.
    #[inline(always)]
    fn is_seen_through(&self, object: Object) -> bool {
        self.immune && object.format() == Format::Part
    }
    fn is_live(&self, object: Object) -> bool {
        self.immune || self.dense.is_reached(object)
    }
    fn next_scanned(&self, from: usize) -> Option<Object> {
        if self.immune {
            return next_on_dirty_card(&self.dense, self.cards, from);
        }
        let mut next = self.dense.next(from.max(self.dense.region().start()), usize::MAX);
        while let Some(object) = next.filter(|&object| !self.dense.is_reached(object)) {
            next = self.dense.next(object.address() + 8, usize::MAX);
        }
        next
    }
}

/// The first object of the zygote from `from` on that lies on a dirty card.
fn next_on_dirty_card(dense: &Dense, cards: &Cards, from: usize) -> Option<Object> {
    let mut from = from.max(dense.region().start());
    while let Some((first, end)) = cards.next_dirty(from, dense.frontier()) {
        if let Some(object) = dense.next(from.max(first), end) {
            return Some(object);
        }
        from = end;
    }
    None
}

// SAFETY: `Holes` hands out cells whose bit is clear, and a bit is cleared only by the sweep, or when everything has moved; copies
// are made behind all others of the zygote (1); the roots, the queue and the dirty cards are marked from, and a zygote object
// that refers to the main space lies on a dirty card, as the barriers see to, or is a part of one, or of an object of the main space,
// which are looked through (2); a copy has every word of the original, and `follow` makes all references that there are refer to the
// copies (3); the sweep clears the bit of whatever was not reached; the zygote keeps all of its own until it is joined (4); planes,
// stack and lists have regions of their own, and a copy is made for what is left (5).
unsafe impl Collector for Zygote {
    const COUNTS: bool = false;
    const MOVES: bool = true;
    const HEAD: usize = 0;

    fn new(options: &Options) -> Result<Zygote, HeapError> {
        options.check_arguments(&["profile", "record", "gray"])?;
        let mut space = Space::new(options)?;
        let main = MainSpace::new(options, &mut space)?;
        let heat = Plane::new(&mut space, "heat")?;
        let dense = Dense::new("zygote", "starts", options.limit.min(ADDRESSES), &mut space.model)?;
        let cards = Cards::new(dense.region(), &mut space.model)?;
        space.dense = Some(dense);
        let (survivors, profile) = (Vector::new("survivors", MOST)?, Profile::new(options)?);
        space.model.watch(survivors.region());
        Ok(Zygote { space, main, cards, heat, survivors, profile, immune: true, moves: 0 })
    }

    #[inline(always)]
    fn allocate(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        self.main.marks.allocate(shape, units)
    }
    fn allocate_slow(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        let covered =
            (self.space.ends_of_next(units).into_iter().flatten()).all(|end| self.heat.cover(end));
        if covered { self.main.allocate_slow(shape, units, &mut self.space) } else { None }
    }

    #[inline(always)]
    fn write_barrier(&mut self, source: Object, target: Value) {
        if self.is_in_zygote(source) {
            if let Some(target) = target.as_object()
                && !self.is_in_zygote(target)
            {
                self.remember(source);
            }
        } else if self.heat.get(source.address(), SURVIVED) {
            self.heat.set(source.address(), WRITTEN, Cause::Age, &mut self.space.model);
        }
    }
    fn write_barrier_all(&mut self, owner: Object) {
        if self.is_in_zygote(owner) {
            self.remember(owner);
        }
    }

    fn expect_finalizer(&mut self, object: Object) {
        self.main.finalizable.push(object, &mut self.space);
    }
    fn register_weak(&mut self, weak: Object) {
        // No flag in the target: it may lie on a shared page, and nobody asks for it.
        self.space.enter_weak(weak);
    }
    fn next_finalizer(&mut self) -> Option<Object> {
        self.space.next_finalizer()
    }

    fn is_due(&self) -> bool {
        self.main.is_due()
    }
    fn collect(&mut self, roots: &mut dyn Roots, request: Request) -> Collection {
        if request == Request::Automatic && !self.is_due() {
            return Collection::default();
        }
        self.run(roots)
    }

    fn before_fork(&mut self, roots: &mut dyn Roots) {
        self.evacuate(roots);
    }
    fn give_back_spare(&mut self) {
        self.main.give_back();
    }
    fn after_fork_in_child(&mut self) {
        self.profile.begin(self.space.dense.as_ref().expect("there is a zygote"));
    }

    fn freeze(&mut self, roots: &mut dyn Roots) -> Result<(), Unsupported> {
        self.evacuate(roots);
        Ok(())
    }
    fn unfreeze(&mut self) -> Result<(), Unsupported> {
        self.immune = false;
        Ok(())
    }
    fn frozen_count(&self) -> Result<usize, Unsupported> {
        let mut count = 0;
        if self.immune {
            self.zygote()
                .each_object(&mut |object| count += usize::from(object.format() == Format::Slots));
        }
        Ok(count)
    }
    fn before_exit(&mut self, full: bool) {
        self.profile.end(self.space.dense.as_ref().expect("there is a zygote"));
        self.immune &= !full;
    }

    fn space(&self) -> &Space {
        &self.space
    }
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        let beside = [self.cards.region(), self.survivors.region()];
        let zygote = self.zygote().regions().into_iter().chain(beside);
        self.main.regions().chain(self.heat.regions()).chain(zygote).for_each(visit);
    }
    fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.zygote().each_object(visit);
        self.main.marks.each_object(&self.space, visit);
    }
    fn moves(&self) -> u64 {
        self.moves
    }
    fn is_frozen(&self, object: Object) -> bool {
        self.immune && self.is_in_zygote(object)
    }
    fn verify(&self) -> Result<(), String> {
        let mut broken = Ok(());
        self.each_object(&mut |object| {
            let complaint = if !self.is_in_zygote(object) {
                self.main.complaint(object)
            } else if object.format() == Format::Slots
                && self.refers_to_main(object)
                && !self.cards.is_dirty(object.address())
            {
                Some("is the zygote's and refers to the main space, but its card is clean")
            } else {
                None
            };
            if let (Some(text), Ok(())) = (complaint, &broken) {
                broken = Err(format!("{:?} {text}", self.space.place(object.address())));
            }
        });
        broken
    }
}

impl Zygote {
    fn zygote(&self) -> &Dense {
        self.space.dense.as_ref().expect("there is a zygote")
    }
    #[inline(always)]
    fn is_in_zygote(&self, object: Object) -> bool {
        matches!(&self.space.dense, Some(dense) if dense.contains(object.address()))
    }
    /// With its parts: one that is detached later still lies there, and what it refers to must not be gone.
    #[cold]
    fn remember(&mut self, source: Object) {
        let Zygote { space: Space { dense, model, .. }, cards, .. } = self;
        cards.set_dirty(source.address(), model);
        references(source)
            .filter(|child| matches!(dense, Some(dense) if dense.contains(child.address())))
            .filter(|child| child.format() == Format::Part)
            .for_each(|part| cards.set_dirty(part.address(), model));
    }
    /// Does `source`, itself or by a part of its own that lies in the zygote?
    fn refers_to_main(&self, source: Object) -> bool {
        references(source).any(|child| {
            !self.is_in_zygote(child)
                || child.format() == Format::Part
                    && references(child).any(|item| !self.is_in_zygote(item))
        })
    }

    fn run(&mut self, roots: &mut dyn Roots) -> Collection {
        let Zygote { space, main, cards, heat, immune, .. } = self;
        let dense = space.dense.take().expect("there is a zygote");
        let mut zygote = View { dense, cards, immune: *immune };
        main.marks.retire(&mut space.model);
        phase::enter(Phase::Roots);
        roots.visit(&mut |value| {
            if let Some(object) = value.as_object() {
                main.reach(object, &mut zygote, &mut space.model);
            }
        });
        main.mark_queued(space, &mut zygote);
        if *immune {
            main.scan_outside(space, &mut zygote);
        }
        phase::enter(Phase::Trace);
        main.trace(space, &mut zygote);
        phase::enter(Phase::Weak);
        main.clear_weak_references(space, &zygote);
        phase::enter(Phase::Queue);
        let finalizers = main.queue_finalizers(space, &mut zygote);
        phase::enter(Phase::Sweep);
        let mut reclaimed = main.sweep(space, |group, keep, model| {
            heat.set_word(group, SURVIVED, keep, Cause::Age, model);
            heat.set_word(group, WRITTEN, keep & heat.word(group, WRITTEN), Cause::Age, model);
        });
        if !*immune {
            reclaimed += zygote.dense.sweep(&mut space.model);
            if zygote.dense.next(0, usize::MAX).is_none() {
                zygote.dense.clear();
            }
        }
        main.end(space);
        space.dense = Some(zygote.dense);
        Collection { generation: Some(0), reclaimed, uncollectable: 0, finalizers }
    }

    // -- Before a fork ------------------------------------------------------------------------------

    /// Collects, and moves what lives in the main space to the zygote. Without memory for the copies all stays where it is.
    fn evacuate(&mut self, roots: &mut dyn Roots) {
        self.run(roots);
        self.immune = true;
        if self.list_survivors(roots) && self.make_room() {
            if !self.survivors.is_empty() {
                let first = self.zygote().frontier();
                self.copy_survivors();
                self.follow(first, roots);
                self.moves += 1;
            }
            self.main.clear(&mut self.space);
            self.heat.give_back();
            self.cards.clear();
        } else {
            self.main.give_back();
        }
        self.survivors.give_back();
    }

    /// Lists what lives in the main space, breadth first: an order that depends on no address. `false`: there is no memory.
    fn list_survivors(&mut self, roots: &mut dyn Roots) -> bool {
        let mut listed = true;
        roots.visit(&mut |value| {
            if let Some(object) = value.as_object() {
                listed &= self.list(object, false);
            }
        });
        for index in 0..self.space.queued_finalizers().len() {
            listed &= self.list(self.space.queued_finalizers()[index], false);
        }
        let mut next = next_on_dirty_card(self.zygote(), &self.cards, 0);
        while let Some(source) = next {
            listed &= references(source).all(|child| self.list(child, false));
            next = next_on_dirty_card(self.zygote(), &self.cards, source.address() + 8);
        }
        let mut scanned = 0;
        while scanned < self.survivors.len() {
            let Survivor { object, bin, .. } = self.survivors.as_slice()[scanned];
            scanned += 1;
            // With a container that is written go its parts, and what lies beside these: the index of a map.
            let warm = bin != LEAF
                && self.heat.get(object.address(), WRITTEN)
                && references(object).any(|child| child.format() == Format::Part);
            for child in references(object) {
                let follows = warm && matches!(child.format(), Format::Part | Format::Bytes);
                listed &= self.list(child, follows);
            }
        }
        listed
    }

    /// Lists `object`, unless it is listed or the zygote's; of a part of the zygote's, the items. `false`: there is no memory.
    fn list(&mut self, object: Object, warm: bool) -> bool {
        if self.is_in_zygote(object) {
            let is_part = object.format() == Format::Part;
            return !is_part
                || references(object)
                    .all(|item| self.is_in_zygote(item) || self.list_new(item, false));
        }
        self.list_new(object, warm)
    }

    fn list_new(&mut self, object: Object, warm: bool) -> bool {
        if !self.main.note(object, &mut self.space.model) {
            return true;
        }
        let key = self.profile.is_used().then(|| self.profile.name(object));
        let bin = if key.is_some_and(|key| self.profile.is_known(key)) {
            KNOWN
        } else if warm || self.heat.get(object.address(), WRITTEN) {
            WARM
        } else if matches!(object.format(), Format::Slots | Format::Part) {
            QUIET
        } else {
            LEAF
        };
        self.survivors.push(Survivor { object, key, bin })
    }

    fn make_room(&mut self) -> bool {
        let bytes: usize =
            self.survivors.as_slice().iter().map(|survivor| Dense::size_of(survivor.object)).sum();
        let dense = self.space.dense.as_mut().expect("there is a zygote");
        dense.reserve(bytes) && self.cards.cover(dense.frontier() + bytes)
    }

    fn copy_survivors(&mut self) {
        for bin in [KNOWN, WARM, QUIET, LEAF] {
            for index in 0..self.survivors.len() {
                let survivor = self.survivors.as_slice()[index];
                if survivor.bin != bin {
                    continue;
                }
                let Space { dense, model, .. } = &mut self.space;
                let dense = dense.as_mut().expect("there is a zygote");
                let copy = dense.place(survivor.object, survivor.object.tally(), model);
                if let Some(key) = survivor.key {
                    self.profile.enter(copy, key);
                }
                forward(&mut self.space, survivor.object, copy);
            }
        }
    }

    /// Makes all references follow what has moved: those of the copies, from `first` on, of the zygote's on dirty cards (which the
    /// program has written since the last fork, so their pages are its own), of the roots, and of what is queued or listed.
    fn follow(&mut self, first: usize, roots: &mut dyn Roots) {
        let Space { dense, weak, model, .. } = &mut self.space;
        let dense = dense.as_ref().expect("there is a zygote");
        let is_moved = |object: Object| !dense.contains(object.address());
        let follow = |object: Object| {
            if is_moved(object) { forwarded(object).expect("what lives has moved") } else { object }
        };
        // A part that is older than its owner is found through it.
        let update = |object: Object| {
            if matches!(object.format(), Format::Slots | Format::Part) {
                update_slots(object, usize::MAX, &mut |target| follow(target));
                references(object)
                    .filter(|child| child.format() == Format::Part && child.address() < first)
                    .for_each(|part| update_slots(part, usize::MAX, &mut |target| follow(target)));
            }
        };
        dense.each_object_in(first, dense.frontier(), &mut |copy| update(copy));
        let mut next = next_on_dirty_card(dense, &self.cards, 0);
        while let Some(source) = next {
            update(source);
            next = next_on_dirty_card(dense, &self.cards, source.address() + 8);
        }
        roots.visit(&mut |value| {
            let Some(object) = value.as_object() else { return };
            if is_moved(object) {
                *value = Value::object(follow(object));
            } else if object.format() == Format::Part {
                update(object);
            }
        });
        let relocate = &mut |target, weak| {
            update_slots(follow(weak), 1, &mut |_| follow(target));
            (follow(target), follow(weak))
        };
        weak.relocate(relocate, model);
        let queued = self.space.queued_finalizers().len();
        for index in 0..queued {
            let dense = self.space.dense.as_ref().expect("there is a zygote");
            let object = self.space.queued_finalizers()[index];
            if !dense.contains(object.address()) {
                let copy = forwarded(object).expect("what is queued has moved");
                self.space.queued_finalizers_mut()[index] = copy;
            }
        }
        let dense = self.space.dense.as_ref().expect("there is a zygote");
        for object in self.main.finalizable.as_mut_slice() {
            if !dense.contains(object.address()) {
                *object = forwarded(*object).expect("what awaits a finalizer has moved");
            }
        }
    }
}
