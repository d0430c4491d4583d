//! The table of strategies, and the only `match` on one.
//!
//! Adding a collector is one file, one `mod` line, one row.

use crate::collector::Collector;
use crate::collectors as of;
use crate::options::{Options, StrategyOption};
use crate::parts::{colours, count_place::InHeader};

/// Something to be done under a strategy that is only known at run time.
pub trait Job {
    /// What it gives.
    type Output;
    /// Does it, monomorphised for the collector `C`.
    fn run<C: Collector>(self, row: &'static Row) -> Self::Output;
}

/// What is said of a strategy; `calf gc list` and `calf gc explain` print it. The macro [`row!`](crate::row) makes one.
#[derive(Debug)]
pub struct Row {
    /// The name given to `--gc`.
    pub name: &'static str,
    /// What it re-enacts.
    pub lesson: &'static str,
    /// First axis: where the bookkeeping lives.
    pub bookkeeping: &'static str,
    /// Second axis: what a collection may visit.
    pub visits: &'static str,
    /// Third axis: where allocations and frees go.
    pub memory: &'static str,
    /// What a full collection in a forked child is expected to write.
    pub collection_writes: &'static str,
    /// What reading is expected to write.
    pub reading_writes: &'static str,
    /// What it does not give back (promise 4).
    pub limits: &'static str,
    /// Where the algorithm was published.
    pub source: &'static str,
    /// The options of its own, as in `--gc NAME:key=value`; [`Options::COMMON`] are those of every strategy.
    pub options: &'static [StrategyOption],
    /// Can it freeze?
    pub freezes: bool,
    /// Is it only for tests? Such a row is not listed, but `--gc` knows it.
    pub hidden: bool,
    /// What the collector's type says of itself.
    pub facts: Facts,
}

/// What a collector's type says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// See [`Collector::COUNTS`].
    pub counts: bool,
    /// See [`Collector::THRESHOLDS`].
    pub thresholds: bool,
    /// See [`Collector::MOVES`].
    pub moves: bool,
    /// See [`Collector::CYCLES`].
    pub cycles: bool,
    /// See [`Collector::IMMORTALIZES`].
    pub immortalizes: bool,
    /// See [`Collector::SEALS`].
    pub seals: bool,
}

impl Facts {
    /// Those of `C`.
    pub const fn of<C: Collector>() -> Facts {
        Facts {
            counts: C::COUNTS,
            thresholds: C::THRESHOLDS,
            moves: C::MOVES,
            cycles: C::CYCLES,
            immortalizes: C::IMMORTALIZES,
            seals: C::SEALS,
        }
    }
}

/// A row for a collector: its name, its type, then every text and switch of [`Row`](crate::Row). The table below is made of
/// these; so is the one row of a program with a collector of its own.
#[macro_export]
macro_rules! row {
    ($name:literal : $collector:ty, $($field:ident: $value:expr),+ $(,)?) => {
        $crate::Row { name: $name, facts: $crate::Facts::of::<$collector>(), $($field: $value),+ }
    };
}

macro_rules! strategies {
    ($($variant:ident $name:literal : $collector:ty $([$key:literal = $choice:literal => $other:ty])*,
        $($field:ident: $value:expr),+ ;)+) => {
        /// A collector that can be chosen at start-up.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        pub enum Strategy { $(#[doc = $name] $variant),+ }

        /// Every strategy, in the order of the lesson.
        pub static STRATEGIES: &[Row] = &[$($crate::row!($name: $collector, $($field: $value),+)),+];

        /// The same, as values.
        static ALL: &[Strategy] = &[$(Strategy::$variant),+];

        /// Every collector there is: each strategy as it is without options, and with each option that makes another type of it.
        pub static VARIANTS: &[Variant] = &[$(
            Variant { strategy: Strategy::$variant, option: None },
            $(Variant { strategy: Strategy::$variant, option: Some(($key, $choice)) },)*
        )+];

        impl Strategy {
            /// Runs `job` under this strategy with these options of its own: the one place where a strategy becomes a type.
            pub fn run<J: Job>(self, options: &Options, job: J) -> J::Output {
                match self { $(Strategy::$variant => {
                    $(if options.argument($key) == Some($choice) {
                        return job.run::<$other>(self.row());
                    })*
                    job.run::<$collector>(self.row())
                })+ }
            }
        }
    };
}

/// Room on the stack of gray objects.
const GRAY: StrategyOption = StrategyOption {
    key: "gray",
    values: "a whole number",
    meaning: "room on the stack of a mark for so many objects only, in whole pages, to watch it overflow",
    source: "Jones, Hosking, Moss, \"The Garbage Collection Handbook\" (2011), 2.4: overflow of the mark stack",
};

/// What dies frozen.
const QUARANTINE: StrategyOption = StrategyOption {
    key: "quarantine",
    values: "on, off",
    meaning: "what dies frozen is neither written nor used again; off: it leaves a hole that is filled, on a page that is shared",
    source: "new; CPython's pymalloc has no such thing",
};

/// A strategy, and the option that makes another type of it, if any.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// The strategy.
    pub strategy: Strategy,
    /// The option's key and value.
    pub option: Option<(&'static str, &'static str)>,
}

impl Variant {
    /// As given to `--gc`: `trial`, `trial:colour=inline`.
    pub fn name(self) -> String {
        let name = self.strategy.row().name;
        self.option.map_or(name.to_string(), |(key, value)| format!("{name}:{key}={value}"))
    }
    /// Runs `job` under it.
    pub fn run<J: Job>(self, job: J) -> J::Output {
        let arguments = self.option.map(|(key, value)| (key.to_string(), value.to_string()));
        let options = Options { arguments: arguments.into_iter().collect(), ..Options::default() };
        self.strategy.run(&options, job)
    }
}

impl Row {
    /// Does it count references?
    pub fn counts(&self) -> bool {
        self.facts.counts
    }
    /// Can it make objects immortal? Then freezing does so, and there is no way back.
    pub fn immortalizes(&self) -> bool {
        self.facts.immortalizes
    }
    /// Can it seal values?
    pub fn seals(&self) -> bool {
        self.facts.seals
    }
    /// Does it count allocations against thresholds?
    pub fn has_thresholds(&self) -> bool {
        self.facts.thresholds
    }
}

impl Strategy {
    /// The strategy of a program that chooses none.
    pub const DEFAULT: Strategy = Strategy::Inline;

    /// Every strategy, in the order of the table.
    pub fn all() -> impl Iterator<Item = Strategy> {
        ALL.iter().copied()
    }
    /// Its row.
    pub fn row(self) -> &'static Row {
        &STRATEGIES[self as usize]
    }
    /// The strategy of this name.
    pub fn named(name: &str) -> Option<Strategy> {
        Strategy::all().find(|strategy| strategy.row().name == name)
    }
}

strategies! {
    None "none": of::none::None,
        lesson: "the year without a collector: counts only, cycles leak",
        bookkeeping: "a count in the object's own header word",
        visits: "nothing",
        memory: "holes: free lists threaded through freed cells; with fresh=on only fresh pages after a fork",
        collection_writes: "nothing: there is no collection",
        reading_writes: "counts",
        limits: "cycles are never given back",
        source: "Instagram Engineering, \"Dismissing Python Garbage Collection at Instagram\" (2017)",
        options: &[],
        freezes: false, hidden: false;
    Inline "inline": of::cycles::Cycles<of::inline::Inline> ["head" = "16" => of::cycles::Cycles<of::inline::Inline<16>>],
        lesson: "CPython 3.7: a collection writes every object it looks at",
        bookkeeping: "a count in the header word; list links and a scratch count in front of each container, in 24 bytes; \
            with head=16, as CPython 3.8, the count takes the place of a link during a collection",
        visits: "everything in the generation and the younger ones",
        memory: "holes: free lists threaded through freed cells; with fresh=on only fresh pages after a fork",
        collection_writes: "every page with a container",
        reading_writes: "counts",
        limits: "cycles die in the collection of their generation; weak references to them are cleared then",
        source: "CPython 3.7, Modules/gcmodule.c; head=16: bpo-33597 (3.8)",
        options: &[
            StrategyOption {
                key: "head",
                values: "24, 16",
                meaning: "bytes in front of a container; in 16 there is no room for a scratch count: it takes the place of a link during a collection",
                source: "bpo-33597, CPython 3.8",
            },
        ],
        freezes: false, hidden: false;
    Indirect "indirect": of::cycles::Cycles<of::indirect::Indirect>,
        lesson: "the rejected patch: the same bookkeeping, dense, behind a pointer",
        bookkeeping: "a count in the header word; list links and a scratch count in a slab, a pointer in each container",
        visits: "everything in the generation and the younger ones",
        memory: "holes: free lists threaded through freed cells, and through freed heads in the slab; fresh=on as above",
        collection_writes: "the slab: 32 bytes for each container",
        reading_writes: "counts",
        limits: "as inline",
        source: "bpo-31558, \"Other attempts\"; PyCon 2018",
        options: &[],
        freezes: false, hidden: false;
    Frozen "frozen": of::cycles::Cycles<of::frozen::Frozen>,
        lesson: "gc.freeze(): what exists before the fork is never collected again",
        bookkeeping: "as inline; permanent generations, and a bit for each frozen object that died",
        visits: "everything in the generation and the younger ones that is not frozen",
        memory: "fresh pages after a freeze; what dies frozen stays in quarantine until unfreeze; fresh=on as above, cpython=on as CPython",
        collection_writes: "nothing that was frozen",
        reading_writes: "counts",
        limits: "as inline; cycles through frozen objects are given back only after unfreeze",
        source: "python/cpython#3705 (2017)",
        options: &[
            QUARANTINE,
            StrategyOption {
                key: "collect_first",
                values: "off, on",
                meaning: "a freeze collects first: what is garbage then is not frozen, and the holes that it leaves are in quarantine",
                source: "new; CPython's documentation of gc.freeze advises against a collection in the parent",
            },
            StrategyOption {
                key: "cpython",
                values: "off, on",
                meaning: "the flaws of the original: a freeze zeroes the counters of the generations, unfreeze puts all into the oldest, and there is no quarantine unless quarantine=on",
                source: "python/cpython#3705, CPython 3.7",
            },
            StrategyOption {
                key: "py37",
                values: "off, on",
                meaning: "an older name of cpython",
                source: "python/cpython#3705, CPython 3.7",
            },
        ],
        freezes: true, hidden: false;
    Scratch "scratch": of::scratch::Scratch<InHeader>,
        lesson: "the header was never needed: the search for cycles notes all beside the heap, in memory made for it",
        bookkeeping: "a count in the header word; beside the heap four bits for 16 bytes; scratch memory while a collection runs",
        visits: "everything in the generation and the younger ones",
        memory: "holes: free lists threaded through freed cells; with fresh=on only fresh pages after a fork",
        collection_writes: "a page of the bitmap for 128 KiB of containers that change their generation: none once all are in the oldest",
        reading_writes: "counts",
        limits: "as inline",
        source: "new; the algorithm of CPython 3.7, scratch counts as metadata beside the heap (MMTk), no lists (CPython 3.13t)",
        options: &[GRAY],
        freezes: false, hidden: false;
    SideCounts "side-counts": of::scratch::Scratch<of::side_counts::SideCounts<false>>
        ["defer" = "stack" => of::scratch::Scratch<of::side_counts::SideCounts<true>>],
        lesson: "counts beside the heap: what is read is no longer written",
        bookkeeping: "a count in a side table, a byte for 16 bytes, large ones in a map; the rest as scratch",
        visits: "everything in the generation and the younger ones",
        memory: "holes, found in the table; nothing is written where an object dies; with fresh=on only fresh blocks after a fork",
        collection_writes: "as scratch",
        reading_writes: "the table: a page for 64 KiB of heap; with defer=stack, which counts no registers, nothing",
        limits: "as inline; with defer=stack the dead wait for a safepoint at which 16384 may be dead",
        source: "RC Immix (OOPSLA 2013), LXR (PLDI 2022); for defer=stack Deutsch and Bobrow, CACM 1976",
        options: &[
            StrategyOption {
                key: "defer",
                values: "off, stack",
                meaning: "stack: references in registers are not counted, and who seems dead waits for a safepoint",
                source: "Deutsch and Bobrow, CACM 1976",
            },
            GRAY,
        ],
        freezes: false, hidden: false;

    Immortal "immortal": of::cycles::Cycles<of::immortal::Immortal>,
        lesson: "what exists before the fork is neither collected nor counted again: immortal",
        bookkeeping: "as inline; a count that says immortal, which is tested and never written",
        visits: "everything in the generation and the younger ones that is not immortal",
        memory: "fresh pages after a freeze, which makes everything immortal; parts that an immortal list outgrows stay in quarantine; \
            fresh=on as above, quarantine=off: holes",
        collection_writes: "nothing that is immortal",
        reading_writes: "the counts of what is not immortal",
        limits: "as inline; an immortal object is never given back, its finalizer never runs, and what it refers to lives until it refers \
            to something else; there is no unfreeze",
        source: "PEP 683 (2023); facebookincubator/cinderx, Immortalize/immortalize.cpp: immortalize_heap",
        options: &[QUARANTINE, GRAY],
        freezes: true, hidden: false;

    Trial "trial": of::trial::Trial<colours::BesideHeap> ["colour" = "inline" => of::trial::Trial<colours::InHeader>],
        lesson: "trial deletion: whoever loses a reference and lives on is a suspect, and only suspects are looked at",
        bookkeeping: "a count in the header word; two bits of colour for 16 bytes beside the heap, in the header word with colour=inline; \
            a buffer of candidates",
        visits: "what the candidates reach; at 10000 of them (candidates=N), a step later each time that it was not worth it",
        memory: "holes: free lists threaded through freed cells; dead candidates wait for the next collection; fresh=on as above",
        collection_writes: "the counts of what the candidates reach, and its colours",
        reading_writes: "counts; and each container that was read is a suspect: its colour, and the buffer",
        limits: "cycles die in the next collection; a candidate that there is no memory for is not looked at until it loses a reference again",
        source: "Bacon and Rajan, \"Concurrent Cycle Collection in Reference Counted Systems\", ECOOP 2001; PHP, Zend/zend_gc.c",
        options: &[
            StrategyOption {
                key: "colour",
                values: "side, inline",
                meaning: "where the colour of an object is: beside the heap, or in its header word",
                source: "Bacon and Rajan, ECOOP 2001",
            },
            StrategyOption {
                key: "candidates",
                values: "a whole number",
                meaning: "how many candidates make an automatic collection due; 10000 if not given",
                source: "PHP, Zend/zend_gc.c",
            },
            GRAY,
        ],
        freezes: false, hidden: false;

    MarkInline "mark-inline": of::mark_inline::MarkInline,
        lesson: "one mark bit in each object, and a collection copies every page",
        bookkeeping: "a mark bit in the object's own header word",
        visits: "everything that lives, and sweeps everything that does not",
        memory: "holes: free lists threaded through freed cells",
        collection_writes: "every page with an object on it",
        reading_writes: "nothing",
        limits: "none: what is unreachable is given back by the next collection",
        source: "McCarthy, \"Recursive Functions of Symbolic Expressions\" (1960); Ruby 1.9 gc.c; Lua 5.1 lgc.c",
        options: &[GRAY],
        freezes: false, hidden: false;

    MarkBitmap "mark-bitmap": of::mark_bitmap::MarkBitmap ["age" = "inline" => of::mark_bitmap::MarkBitmap<true>],
        lesson: "marks and ages in bitmaps: a collection copies next to nothing, once all are old",
        bookkeeping: "side bitmaps: a mark for 16 bytes, four bits of age; scratch memory for the mark under way; with age=inline the age of \
                      the young in their headers, as Ruby 2.2",
        visits: "minor: the young and what is remembered; major: everything that lives",
        memory: "holes, found in the bitmap; nothing is written when an object dies; fresh blocks with fresh=on",
        collection_writes: "the words of the bitmaps that change: none where nothing died and all are old; with age=inline every page with \
                            an object that is not old",
        reading_writes: "nothing",
        limits: "old garbage waits for a major collection, and keeps the young that it refers to",
        source: "Ruby Feature #5839 (2.0); \"Store object age in a bitmap\" (3.3), and ko1/nakayoshi_fork, for age=inline; Sasada, \"Gradual Write-Barrier Insertion\", ISMM 2019; Demers et al., POPL 1990",
        options: &[
            StrategyOption {
                key: "warmup",
                values: "off, on",
                meaning: "a full collection before each fork makes all that survives it old",
                source: "Ruby 3.3, Process.warmup; ko1/nakayoshi_fork",
            },
            StrategyOption {
                key: "age",
                values: "bitmap, inline",
                meaning: "where the age of the young is; inline: in their headers, so that a collection writes to all of them",
                source: "Ruby 2.2; for bitmap \"Store object age in a bitmap\" (3.3)",
            },
            GRAY,
        ],
        freezes: false, hidden: false;

    Zygote "zygote": of::zygote::Zygote,
        lesson: "compact before the fork, the likely to be written together, and never look at it again",
        bookkeeping: "side bitmaps: a mark for 16 bytes, two bits of heat; zygote: a bit for 8 bytes, a card for 512; 8 bytes of header",
        visits: "the main space, from the roots and from dirty cards; what lived at a fork or a freeze: not before unfreeze",
        memory: "main space: holes, found in the bitmap, empty after a fork; zygote: nothing is allocated or given back, refork adds to it",
        collection_writes: "nothing that is shared",
        reading_writes: "nothing",
        limits: "what lives at a fork or a freeze is kept, with what it refers to, until gc.unfreeze() or a full exit; a fork needs room for copies",
        source: "Android ART: Heap::PreZygoteFork, ZygoteSpace, image_writer.cc (bins), imgdiag (profile=FILE, record=FILE)",
        options: &[
            StrategyOption {
                key: "profile",
                values: "a file that record=FILE wrote",
                meaning: "what was written in an earlier run is put together before the fork",
                source: "Android ART, image_writer.cc: bins",
            },
            StrategyOption {
                key: "record",
                values: "a file",
                meaning: "each child adds to it which objects it wrote",
                source: "Android ART, imgdiag",
            },
            GRAY,
        ],
        freezes: true, hidden: false;

    Sealed "sealed": of::sealed::Sealed,
        lesson: "mem.seal(x): a copy that the processor itself keeps from being written",
        bookkeeping: "side bitmaps: a mark for 16 bytes; sealed regions: a bit for 8 bytes, and a list of what a region keeps, in the region",
        visits: "everything that lives and is not sealed; of a sealed region, whether anything refers into it, and what it keeps",
        memory: "holes, found in the bitmap; a sealed region is written once, and given back as a whole",
        collection_writes: "the words of the bitmap that change; nothing sealed",
        reading_writes: "nothing",
        limits: "a sealed region is given back when nothing outside refers into it: one reference to one object keeps all of it; regions that refer to one another die together",
        source: "starlark-rust, docs/heaps.md; GHC.Compact (Yang et al., ICFP 2015); JVM CDS, closed archive regions; PHP opcache.protect_memory",
        options: &[GRAY],
        freezes: false, hidden: false;

    Adversary "adversary": of::adversary::Adversary,
        lesson: "moves every object in every collection: finds the roots that a machine forgot",
        bookkeeping: "forwarding addresses in the headers of objects that were moved",
        visits: "everything, and copies what lives",
        memory: "fresh cells; what was left is poisoned and not used before the collection after the next",
        collection_writes: "everything",
        reading_writes: "nothing",
        limits: "none: what is unreachable is given back by the next collection; a quarter of the limit serves for objects",
        source: "Cheney, \"A Nonrecursive List Compacting Algorithm\" (1970); plai's trivial-moving-collector",
        options: &[],
        freezes: false, hidden: true;
}
