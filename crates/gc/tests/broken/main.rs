//! Collectors that are wrong on purpose, one planted bug each: the verifier or a promise must notice every one of them, and
//! say what it is. One file for each family of bugs; the bug is put around a collector that is right.

mod counting;
mod death;
mod memory;
mod observation;
mod random;
mod tracing;
mod verifier;
mod zeal;

use calf_gc::collectors::adversary::Adversary;
use calf_gc::collectors::cycles::Cycles;
use calf_gc::collectors::frozen::Frozen as FrozenPlacement;
use calf_gc::collectors::immortal::Immortal as ImmortalPlacement;
use calf_gc::collectors::inline::Inline as InlinePlacement;
use calf_gc::collectors::mark_bitmap::MarkBitmap;
use calf_gc::collectors::mark_inline::MarkInline;
use calf_gc::collectors::none::None as Counting;
use calf_gc::collectors::trial::Trial as CandidateTrial;
use calf_gc::object::COUNT_ONE;
use calf_gc::parts::cells::class_of;
use calf_gc::parts::colours::BesideHeap;
use calf_gc::parts::lists::Head;
use calf_gc::parts::model::Cause;
use calf_gc::parts::space::Space;
use calf_gc::{
    Collection, Collector, Format, NoRoots, Object, Options, Request, Roots, ShapeWord, Value,
    verify,
};
use calf_gc_kit::{Abilities, Broken, Fault, ForgetsToRemember, Mutator, Promise};

type Inline = Cycles<InlinePlacement>;
type Inline16 = Cycles<InlinePlacement<16>>;
type Frozen = Cycles<FrozenPlacement>;
type Immortal = Cycles<ImmortalPlacement>;
type Trial = CandidateTrial<BesideHeap>;

/// What a collector is put through.
trait Scenario {
    fn check<C: Collector>(self, abilities: Abilities) -> Result<(), String>;
}

impl Scenario for Promise {
    fn check<C: Collector>(self, abilities: Abilities) -> Result<(), String> {
        Promise::check::<C>(self, abilities)
    }
}

/// A scenario of a few steps.
enum Steps {
    /// Frees one object and makes two, which must not be one.
    FreesOne,
    /// A large and a small object.
    AllocatesTwo,
    /// One object refers to another.
    LinksTwo,
    /// Collects while two objects live.
    CollectsWhileTwoLive,
}

impl Scenario for Steps {
    fn check<C: Collector>(self, _: Abilities) -> Result<(), String> {
        let mut m = Mutator::<C>::new();
        match self {
            Steps::FreesOne => {
                let dead = m.container(3);
                m.drop_root(dead);
                m.container(3);
                m.container(3);
            }
            Steps::AllocatesTwo => {
                m.container(8);
                m.container(2);
            }
            Steps::LinksTwo => {
                let (source, target) = (m.container(2), m.container(2));
                m.link(source, 1, target);
            }
            Steps::CollectsWhileTwoLive => {
                m.container(2);
                m.container(2);
                m.collect(Request::Full);
            }
        }
        m.verify()
    }
}

/// The scenario must hold for the collector as it is, and fail with a text that contains each of the words once it has the fault.
macro_rules! broken {
    ($($test:ident: $collector:ty, $fault:ty, $scenario:expr, [$($words:literal),+];)+) => {
        $(#[test]
        fn $test() {
            let abilities = Abilities { cycles: true, freezes: true, unfreezes: true, seed: 1 };
            if let Err(text) = Scenario::check::<$collector>($scenario, abilities) {
                panic!("without the fault: {text}");
            }
            let text = match Scenario::check::<Broken<$collector, $fault>>($scenario, abilities) {
                Err(text) => text,
                Ok(()) => panic!("nobody noticed"),
            };
            $(assert!(text.contains($words), "said: {text}");)+
        })+
    };
}

use broken;
