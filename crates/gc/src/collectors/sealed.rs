//! Sealed regions: a copy of a closed graph that nobody can write to, the processor itself sees to it.
//!
//! # Idea
//! What never changes need never be marked, and is never copied after a fork. `mem.seal(x)` makes it so: not a promise but pages
//! without the right to write.
//!
//! # Layout
//! ```text
//!   main     | cells and runs, as under mark-bitmap |        marks, scratch: bitmaps beside it
//!   sealed   | region: objects one after the other, then what it keeps | region … |      whole pages, read-only
//!   starts   a bit for 8 bytes: a header lies there          pages   for each page the number of its region
//! ```
//! What a region *keeps* are the objects outside it that it refers to: classes, functions, objects of other regions.
//!
//! # Barriers
//! None: the machine asks [`Collector::is_sealed`] before a store, which compares the address and reads nothing.
//!
//! # Collection
//! Of the main space, when as much was handed out as survived the last time, no less than 1 MiB; no generations.
//!
//! 1. *Mark* from the roots. A reference to a sealed object is known by its address: its region is reached, and what the region
//!    keeps is marked; no object in it is looked at.
//! 2. *Clear* weak references, *queue* finalizers and mark what they reach, *sweep* the main space by words.
//! 3. *Give back* each region that was not reached, with all its pages. So regions that only refer to one another go, too.
//!
//! Sealing copies by a worklist; a table of where each object went preserves sharing and cycles. A freed region's addresses serve again.
//!
//! # After a fork
//! A full collection writes the words of the bitmap that change, which are none where nothing died, and nothing that is sealed.
//! Holes in shared pages are filled as under mark-bitmap.
//!
//! From starlark-rust (`docs/heaps.md`), GHC's compact regions (Yang et al., "Efficient Communication and Collection with Compact
//! Normal Forms", ICFP 2015), the JVM's closed archive regions, and PHP's `opcache.protect_memory`.

use crate::collector::{Collection, Collector, Judgement, Request, Roots, SealError};
use crate::heap::{HeapError, Options};
use crate::object::{Format, Object, ShapeWord};
use crate::parts::dense::Dense;
use crate::parts::gray::references;
use crate::parts::main_space::{MainSpace, Outside};
use crate::parts::moving::update_slots;
use crate::parts::phase::{self, Phase};
use crate::parts::region::{Region, page_size};
use crate::parts::space::Space;
use crate::parts::vector::Vector;
use rustc_hash::{FxHashMap, FxHashSet};

/// The most regions, the most pages, and the most addresses.
const MOST_REGIONS: usize = 1 << 24;
const MOST_PAGES: usize = ADDRESSES >> 12;
const ADDRESSES: usize = 32 << 30;

/// A sealed region.
#[derive(Clone, Copy, Debug)]
struct Seal {
    start: usize,
    /// Behind the last object: what it keeps begins here.
    objects_end: usize,
    /// How many objects it keeps.
    kept: usize,
    end: usize,
    /// It was given back, and its addresses wait for another.
    vacant: bool,
}

impl Seal {
    /// The objects outside that it keeps.
    fn kept(self) -> impl Iterator<Item = Object> {
        (0..self.kept).map(move |index| {
            let word = self.objects_end + 8 * index;
            // SAFETY: `Sealed::seal` wrote that many addresses of objects there.
            unsafe {
                Object::from_address(*std::ptr::with_exposed_provenance::<u64>(word) as usize)
            }
        })
    }
}

/// See the module.
pub struct Sealed {
    /// Its dense space holds the sealed regions.
    space: Space,
    main: MainSpace,
    seals: Vector<Seal>,
    /// For each page of the sealed regions the number of its region.
    pages: Vector<u32>,
    fresh: bool,
}

/// The sealed regions as a trace of the main space sees them.
struct View<'a> {
    dense: Dense,
    seals: &'a [Seal],
    pages: &'a [u32],
    /// Kept by regions that were reached, not given yet.
    kept: Vec<Object>,
}

impl View<'_> {
    fn seal_of(&self, object: Object) -> &Seal {
        let page = (object.address() - self.dense.region().start()) / page_size();
        &self.seals[self.pages[page] as usize]
    }
}

impl Outside for View<'_> {
    #[inline(always)]
    fn contains(&self, object: Object) -> bool {
        self.dense.contains(object.address())
    }
    /// Never to be scanned: what its region keeps is enough.
    fn reach(&mut self, object: Object) -> bool {
        let seal = *self.seal_of(object);
        if self.dense.reach_at(seal.start) {
            self.kept.extend(seal.kept());
        }
        false
    }
    fn is_seen_through(&self, _object: Object) -> bool {
        false
    }
    fn is_live(&self, object: Object) -> bool {
        self.dense.is_reached_at(self.seal_of(object).start)
    }
    fn next_scanned(&self, _from: usize) -> Option<Object> {
        None
    }
    fn next_kept(&mut self) -> Option<Object> {
        self.kept.pop()
    }
}

// SAFETY: `Holes` hands out cells whose bit is clear, and a bit is cleared only by the sweep; a region takes pages that are vacant
// or behind all others (1); the roots and the queue are marked from, a region is kept if anything that was marked refers into it,
// and all that it refers to lies in it or is kept by it (2); a copy has every word of the original, and refers to copies where there
// are any; nobody else has heard of it, and no page of it can be written (3); the sweep clears the bit of whatever was not
// reached, and a region that was not is given back (4); planes, stack and lists have regions of their own (5).
unsafe impl Collector for Sealed {
    const COUNTS: bool = false;
    const SEALS: bool = true;
    const HEAD: usize = 0;

    fn new(options: &Options) -> Result<Sealed, HeapError> {
        options.check_arguments(&["gray"])?;
        let mut space = Space::new(options)?;
        let main = MainSpace::new(options, &mut space)?;
        let bytes = options.limit.min(ADDRESSES);
        space.dense = Some(Dense::new("sealed", "starts", bytes, &mut space.model)?);
        let (seals, pages) =
            (Vector::new("seals", MOST_REGIONS)?, Vector::new("pages", MOST_PAGES)?);
        [seals.region(), pages.region()].into_iter().for_each(|region| space.model.watch(region));
        Ok(Sealed { space, main, seals, pages, fresh: options.switch("fresh")? })
    }

    #[inline(always)]
    fn allocate(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        self.main.marks.allocate(shape, units)
    }
    fn allocate_slow(&mut self, shape: ShapeWord, units: usize) -> Option<Object> {
        self.main.allocate_slow(shape, units, &mut self.space)
    }

    fn expect_finalizer(&mut self, object: Object) {
        self.main.finalizable.push(object, &mut self.space);
    }
    fn register_weak(&mut self, weak: Object) {
        // No flag in the target: it may be sealed, and nobody asks for it.
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

    fn before_fork(&mut self, _roots: &mut dyn Roots) {
        // The rest of the holes in use would otherwise be given back in the child, on a page of marks for each.
        self.main.marks.retire(&mut self.space.model);
    }
    fn give_back_spare(&mut self) {
        self.main.give_back();
    }
    fn after_fork_in_child(&mut self) {
        if self.fresh {
            self.main.marks.keep_out_of_shared_blocks(&self.space);
        }
    }

    #[inline(always)]
    fn is_sealed(&self, object: Object) -> bool {
        matches!(&self.space.dense, Some(dense) if dense.contains(object.address()))
    }
    fn seal(
        &mut self,
        object: Object,
        judge: &dyn Fn(Object) -> Judgement,
    ) -> Result<Object, SealError> {
        if self.is_sealed(object) {
            return Ok(object);
        }
        let (objects, kept) = self.list_closure(object, judge)?;
        let bytes: usize = objects.iter().map(|&object| Dense::size_of(object)).sum();
        let number = self.take_region(bytes, kept.len())?;
        let Space { dense, model, .. } = &mut self.space;
        let dense = dense.as_mut().expect("there is a space for sealed regions");
        let copies: FxHashMap<Object, Object> =
            objects.iter().map(|&object| (object, dense.place(object, 0, model))).collect();
        for &copy in copies.values().filter(|copy| copy.format() != Format::Bytes) {
            update_slots(copy, usize::MAX, &mut |target| *copies.get(&target).unwrap_or(&target));
        }
        kept.iter().for_each(|object| dense.place_word(object.address() as u64, model));
        let Seal { start, end, .. } = self.seals.as_slice()[number];
        if !dense.forbid(start, end) {
            return Err(SealError::Memory);
        }
        Ok(copies[&object])
    }
    fn thaw(&mut self, object: Object) -> Result<Object, SealError> {
        if !self.is_sealed(object) {
            return Ok(object);
        }
        let mut copies: FxHashMap<Object, Object> = FxHashMap::default();
        let mut objects = vec![object];
        let mut next = 0;
        while let Some(&object) = objects.get(next) {
            next += 1;
            if copies.contains_key(&object) {
                continue;
            }
            copies.insert(object, self.copy_to_main(object).ok_or(SealError::Memory)?);
            objects.extend(references(object).filter(|&child| self.is_sealed(child)));
        }
        for &copy in copies.values().filter(|copy| copy.format() != Format::Bytes) {
            update_slots(copy, usize::MAX, &mut |target| *copies.get(&target).unwrap_or(&target));
        }
        Ok(copies[&object])
    }

    fn space(&self) -> &Space {
        &self.space
    }
    fn space_mut(&mut self) -> &mut Space {
        &mut self.space
    }
    fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        let beside = [self.seals.region(), self.pages.region()];
        let sealed = self.sealed().regions().into_iter().chain(beside);
        self.main.regions().chain(sealed).for_each(visit);
    }
    fn each_object(&self, visit: &mut dyn FnMut(Object)) {
        self.sealed().each_object(visit);
        self.main.marks.each_object(&self.space, visit);
    }
    fn is_tracked(&self, object: Object) -> bool {
        object.format() == Format::Slots && !self.is_sealed(object)
    }
    fn verify(&self) -> Result<(), String> {
        let mut broken = Ok(());
        let mut complain = |object: Object, text: &str| {
            if broken.is_ok() {
                broken = Err(format!("{:?} {text}", self.space.place(object.address())));
            }
        };
        self.main.marks.each_object(&self.space, &mut |object| {
            if let Some(text) = self.main.complaint(object) {
                complain(object, text);
            }
        });
        for seal in self.seals.as_slice().iter().filter(|seal| !seal.vacant) {
            let kept: FxHashSet<Object> = seal.kept().collect();
            self.sealed().each_object_in(seal.start, seal.objects_end, &mut |object| {
                let is_known = |child: &Object| {
                    (seal.start..seal.end).contains(&child.address()) || kept.contains(child)
                };
                if !references(object).all(|child| is_known(&child)) {
                    complain(object, "is sealed, and refers to what its region does not keep");
                }
            });
        }
        broken
    }
}

impl Sealed {
    fn sealed(&self) -> &Dense {
        self.space.dense.as_ref().expect("there is a space for sealed regions")
    }

    fn run(&mut self, roots: &mut dyn Roots) -> Collection {
        let Sealed { space, main, seals, pages, .. } = self;
        let dense = space.dense.take().expect("there is a space for sealed regions");
        let (seals, pages) = (seals.as_mut_slice(), pages.as_slice());
        let mut view = View { dense, seals, pages, kept: Vec::new() };
        main.marks.retire(&mut space.model);
        phase::enter(Phase::Roots);
        roots.visit(&mut |value| {
            if let Some(object) = value.as_object() {
                main.reach(object, &mut view, &mut space.model);
            }
        });
        main.mark_queued(space, &mut view);
        phase::enter(Phase::Trace);
        main.trace(space, &mut view);
        phase::enter(Phase::Weak);
        main.clear_weak_references(space, &view);
        phase::enter(Phase::Queue);
        let finalizers = main.queue_finalizers(space, &mut view);
        phase::enter(Phase::Sweep);
        let mut reclaimed = main.sweep(space, |_, _, _| {});
        main.end(space);
        let mut dense = view.dense;
        for seal in seals.iter_mut().filter(|seal| !seal.vacant) {
            if !dense.is_reached_at(seal.start) {
                dense.each_object_in(seal.start, seal.objects_end, &mut |object| {
                    reclaimed += usize::from(object.format() != Format::Part);
                });
                dense.vacate(seal.start, seal.end, &mut space.model);
                space.model.note((seal as *const Seal).addr(), crate::parts::model::Cause::Free);
                seal.vacant = true;
            }
        }
        dense.end_trace();
        space.dense = Some(dense);
        Collection { generation: Some(0), reclaimed, uncollectable: 0, finalizers }
    }

    // -- Sealing and thawing ------------------------------------------------------------------------

    /// What is to be copied, `root` first, and what it refers to beyond, each once.
    fn list_closure(
        &self,
        root: Object,
        judge: &dyn Fn(Object) -> Judgement,
    ) -> Result<(Vec<Object>, Vec<Object>), SealError> {
        if judge(root) != Judgement::Copy {
            return Err(SealError::Refused(root));
        }
        let (mut objects, mut kept) = (vec![root], Vec::new());
        let mut seen = FxHashSet::from_iter([root]);
        let mut next = 0;
        while let Some(&object) = objects.get(next) {
            next += 1;
            for child in references(object) {
                if !seen.insert(child) {
                    continue;
                }
                let judgement = if self.is_sealed(child) { Judgement::Keep } else { judge(child) };
                match judgement {
                    Judgement::Copy => objects.push(child),
                    Judgement::Keep => kept.push(child),
                    Judgement::Refuse => return Err(SealError::Refused(child)),
                }
            }
        }
        Ok((objects, kept))
    }

    /// Whole pages for objects of `bytes` in all, and `kept` words: the number of the region. The next copies are placed there.
    fn take_region(&mut self, bytes: usize, kept: usize) -> Result<usize, SealError> {
        let length = (bytes + 8 * kept).next_multiple_of(page_size());
        if !self.space.may_take(length) {
            return Err(SealError::Memory);
        }
        let Space { dense, .. } = &mut self.space;
        let dense = dense.as_mut().expect("there is a space for sealed regions");
        // First fit; what a region leaves over of another's pages is not used.
        let fits = |seal: &Seal| seal.vacant && seal.end - seal.start >= length;
        if let Some(number) = self.seals.as_slice().iter().position(fits) {
            let seal = &mut self.seals.as_mut_slice()[number];
            if !dense.occupy(seal.start, seal.end) {
                return Err(SealError::Memory);
            }
            (seal.objects_end, seal.kept, seal.vacant) = (seal.start + bytes, kept, false);
            dense.aim(seal.start);
            return Ok(number);
        }
        let (start, number) = (dense.next_page(), self.seals.len());
        dense.aim(start);
        if !dense.reserve(length) {
            return Err(SealError::Memory);
        }
        let first = (start - dense.region().start()) / page_size();
        // A page that an earlier failure left without a region belongs to this one: nobody refers to it.
        while self.pages.len() < first + length / page_size() {
            if !self.pages.push(number as u32) {
                return Err(SealError::Memory);
            }
        }
        self.pages.as_mut_slice()[first..].fill(number as u32);
        let seal =
            Seal { start, objects_end: start + bytes, kept, end: start + length, vacant: false };
        if self.seals.push(seal) { Ok(number) } else { Err(SealError::Memory) }
    }

    /// A copy in the main space, of every word; it still refers to what is sealed.
    fn copy_to_main(&mut self, object: Object) -> Option<Object> {
        let (shape, units) = (object.shape_word(), object.units());
        let copy = match self.allocate(shape, units) {
            Some(copy) => copy,
            None => self.allocate_slow(shape, units)?,
        };
        // SAFETY: both have that many words behind their headers, and they are two objects.
        unsafe { object.pointer().add(1).copy_to_nonoverlapping(copy.pointer().add(1), units) };
        Some(copy)
    }
}
