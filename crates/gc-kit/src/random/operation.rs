//! What the random mutator can do, and how the next operation is chosen.
//!
//! Operations speak of *roots*: places outside the heap, each numbered once. One that speaks of a root which is empty does
//! nothing, so any part of a list of operations is a list of operations.

use super::run::Run;
use crate::mutator::Random;
use calf_gc::{Collector, Format, Request};

/// A place outside the heap.
pub type Root = u32;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "the fields are roots, indices below the units, and sizes in units")]
pub enum Operation {
    /// A new container in an empty root.
    Make { root: Root, units: usize, finalizer: bool },
    /// New bytes, of which one word is written.
    MakeBytes { root: Root, units: usize, index: usize, word: u64 },
    /// A container gets a part in slot 0, or a longer one in its place, to which the items move.
    AttachPart { owner: Root, units: usize },
    /// A slot of a container refers to an object.
    Link { source: Root, index: usize, target: Root },
    /// An item of a container's part does.
    LinkItem { owner: Root, item: usize, target: Root },
    /// A slot of a container holds a number.
    Clear { source: Root, index: usize, number: u32 },
    /// What a slot holds is held by a root, too.
    Load { root: Root, source: Root, index: usize },
    /// What a root holds is held by another one, too.
    Copy { root: Root, from: Root },
    /// A weak reference.
    Weak { root: Root, target: Root },
    /// A root is emptied.
    Drop { root: Root },
    /// A collection.
    Collect { request: Request },
    /// The queued finalizers run. They do nothing, or put their objects into as many roots from `root` on as were queued.
    Finalize { root: Root, most: u32 },
    /// Everything is frozen.
    Freeze,
    /// And thawed.
    Unfreeze,
    /// A container becomes immortal, with what it refers to.
    Immortalize { root: Root },
    /// The parent's half of a fork.
    Fork,
}

/// More roots than this are not kept.
const MOST_ROOTS: usize = 40;

impl<C: Collector> Run<C> {
    /// What to do next, in this state.
    pub fn choose(&mut self, random: &mut Random) -> Operation {
        if self.held().len() > MOST_ROOTS {
            let held = self.held();
            return Operation::Drop { root: held[random.below(held.len())] };
        }
        loop {
            if let Some(operation) = self.try_to_choose(random) {
                return operation;
            }
        }
    }

    fn try_to_choose(&mut self, random: &mut Random) -> Option<Operation> {
        let root = self.next_root();
        Some(match random.below(100) {
            0..18 => Operation::Make {
                root,
                units: size(random, 8, 250, 20),
                finalizer: random.once_in(12),
            },
            18..24 => {
                let units = size(random, 12, 3000, 10);
                let (index, word) = (random.below(units), random.next() >> 16);
                Operation::MakeBytes { root, units, index, word }
            }
            24..30 => Operation::AttachPart {
                owner: self.pick(Format::Slots, random)?,
                units: size(random, 10, 2500, 8),
            },
            30..48 => {
                let source = self.pick(Format::Slots, random)?;
                let target = self.pick_target(random)?;
                let index = random.below(self.shadow_at(source)?.words.len());
                Operation::Link { source, index, target }
            }
            48..60 => {
                let owner = self.pick(Format::Slots, random)?;
                let target = self.pick_target(random)?;
                let item = random.below(self.part_of(owner)?.words.len());
                Operation::LinkItem { owner, item, target }
            }
            60..66 => {
                let source = self.pick(Format::Slots, random)?;
                let index = random.below(self.shadow_at(source)?.words.len());
                Operation::Clear { source, index, number: random.below(1000) as u32 }
            }
            66..76 => {
                let source = self.pick(Format::Slots, random)?;
                let index = random.below(self.shadow_at(source)?.words.len());
                Operation::Load { root, source, index }
            }
            76..80 => Operation::Copy { root, from: self.pick_target(random)? },
            80..88 => {
                let held = self.held();
                if held.is_empty() {
                    return None;
                }
                Operation::Drop { root: held[random.below(held.len())] }
            }
            88..92 => Operation::Weak { root, target: self.pick_target(random)? },
            92..96 => Operation::Collect {
                request: match random.below(6) {
                    0 => Request::Full,
                    1 => Request::Automatic,
                    generation => Request::Generation((generation as u8 - 2).min(2)),
                },
            },
            96..98 => Operation::Finalize { root, most: random.below(3) as u32 },
            98 if self.freezes() => {
                if random.once_in(2) || !self.unfreezes() {
                    Operation::Freeze
                } else {
                    Operation::Unfreeze
                }
            }
            98 => return None,
            99 if C::IMMORTALIZES => {
                Operation::Immortalize { root: self.pick(Format::Slots, random)? }
            }
            _ => Operation::Fork,
        })
    }

    /// A root whose object has this format.
    fn pick(&self, format: Format, random: &mut Random) -> Option<Root> {
        let held = self.held();
        let start = random.below(held.len().max(1));
        (0..held.len())
            .map(|step| held[(start + step) % held.len()])
            .find(|&root| self.shadow_at(root).is_some_and(|shadow| shadow.format == format))
    }

    /// A root whose object may be stored: a part may not.
    fn pick_target(&self, random: &mut Random) -> Option<Root> {
        let formats = [Format::Slots, Format::Slots, Format::Bytes, Format::Weak];
        self.pick(formats[random.below(4)], random)
    }
}

/// At least one and at most `usual`, but once in `times` as many as `unusual`.
fn size(random: &mut Random, usual: usize, unusual: usize, times: usize) -> usize {
    let bound = if random.once_in(times) { unusual } else { usual };
    1 + random.below(bound)
}
