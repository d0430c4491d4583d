//! Freed memory that is kept from use for a while, so that whoever still refers to it is found out: the zeal modes `poison`
//! (filled with a word that is no value, and looked at again) and `page` (inaccessible).
//!
//! First in, first out, up to a number of bytes. Kept with malloc: nothing is measured under a zeal mode.

use super::region::{hide, show};
use crate::options::Options;
use std::collections::VecDeque;

/// A word that is no value of the language.
pub const POISON: u64 = 0xFFFB_DEAD_DEAD_DEAD;
/// Bytes of poisoned memory that wait at most.
const MOST_POISONED: usize = 4 << 20;
/// Bytes of inaccessible addresses at most: they take no memory.
const MOST_HIDDEN: usize = 16 << 30;

/// A range of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// The first address.
    pub start: usize,
    /// How many bytes.
    pub bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Patient {
    extent: Extent,
    hidden: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Quarantine {
    patients: VecDeque<Patient>,
    /// Bytes that wait.
    bytes: usize,
    most: usize,
    /// Is memory made inaccessible, where the kernel agrees?
    hides: bool,
    /// A word that was written to after it was freed.
    damage: Option<usize>,
}

impl Quarantine {
    /// One for these options, if they ask for any.
    pub fn wanted(options: &Options) -> Option<Box<Quarantine>> {
        let zeal = options.zeal;
        (zeal.poison || zeal.page).then(|| {
            // No more than an eighth of what the heap may take.
            let most = if zeal.page { MOST_HIDDEN } else { MOST_POISONED.min(options.limit / 8) };
            Box::new(Quarantine {
                patients: VecDeque::new(),
                bytes: 0,
                most,
                hides: zeal.page,
                damage: None,
            })
        })
    }

    /// Is each object on pages of its own?
    pub fn is_one_per_page(&self) -> bool {
        self.hides
    }

    /// Takes what was just freed in, from its third word on: the first two may hold a link.
    pub fn enter(&mut self, extent: Extent) {
        // The kernel keeps some 65 000 mappings for a process; beyond them poison must do.
        let hidden = self.hides && hide(extent.start, extent.bytes);
        if !hidden {
            fill(extent.start + 16, extent.start + extent.bytes);
        }
        self.bytes += extent.bytes;
        self.patients.push_back(Patient { extent, hidden });
    }

    /// What has waited longest, if too much waits, or `all` are to go.
    pub fn leave(&mut self, all: bool) -> Option<Extent> {
        if self.bytes <= self.most && !all {
            return None;
        }
        let patient = self.patients.pop_front()?;
        self.bytes -= patient.extent.bytes;
        if patient.hidden {
            show(patient.extent.start, patient.extent.bytes);
        } else {
            self.damage = self.damage.or_else(|| find_damage(patient.extent));
        }
        Some(patient.extent)
    }

    /// The address of a word that was written to after it was freed.
    pub fn find_damage(&self) -> Option<usize> {
        let waiting = self.patients.iter().filter(|patient| !patient.hidden);
        self.damage.or_else(|| waiting.map(|patient| patient.extent).find_map(find_damage))
    }
}

/// Overwrites every word from `start` to `end`.
pub fn fill(start: usize, end: usize) {
    for word in (start..end).step_by(8) {
        // SAFETY: callers pass memory that is committed and that no object occupies.
        unsafe { *std::ptr::with_exposed_provenance_mut::<u64>(word) = POISON };
    }
}

fn find_damage(extent: Extent) -> Option<usize> {
    let mut words = (extent.start + 16..extent.start + extent.bytes).step_by(8);
    // SAFETY: filled by `enter`, and committed since.
    words.find(|&word| unsafe { *std::ptr::with_exposed_provenance::<u64>(word) } != POISON)
}

#[cfg(test)]
mod tests {
    use super::super::region::Region;
    use super::*;
    use crate::Zeal;

    fn quarantine(modes: &str) -> (Quarantine, Region) {
        let options =
            Options { zeal: Zeal::parse(modes).unwrap(), limit: 8 << 14, ..Options::default() };
        let mut region = Region::reserve("test", 1 << 20).unwrap();
        assert!(region.commit(1 << 20));
        (*Quarantine::wanted(&options).unwrap(), region)
    }

    #[test]
    fn only_two_modes_want_one() {
        let wanted = |modes| {
            Quarantine::wanted(&Options { zeal: Zeal::parse(modes).unwrap(), ..Options::default() })
                .map(|quarantine| quarantine.is_one_per_page())
        };
        assert_eq!(
            [wanted("verify,move,every=1"), wanted("poison"), wanted("page")],
            [None, Some(false), Some(true)]
        );
    }

    #[test]
    fn what_enters_is_poisoned_and_leaves_in_order() {
        let (mut quarantine, region) = quarantine("poison");
        let extent = |number: usize| Extent { start: region.start() + number * 4096, bytes: 4096 };
        for number in 0..4 {
            quarantine.enter(extent(number));
            assert_eq!(quarantine.leave(false), None);
        }
        quarantine.enter(extent(4));
        assert_eq!(quarantine.leave(false), Some(extent(0)));
        assert_eq!((quarantine.leave(false), quarantine.find_damage()), (None, None));
        // SAFETY: committed, and nobody's.
        unsafe { *region.pointer::<u64>(2 * 4096 + 64) = 1 };
        assert_eq!(quarantine.find_damage(), Some(extent(2).start + 64));
        while quarantine.leave(true).is_some() {}
        assert_eq!(quarantine.find_damage(), Some(extent(2).start + 64));
    }

    #[test]
    #[cfg_attr(miri, ignore = "nothing can be made inaccessible there")]
    fn hidden_memory_comes_back_empty() {
        let (mut quarantine, region) = quarantine("page");
        // SAFETY: committed above.
        unsafe { *region.pointer::<u64>(64) = 1 };
        let extent = Extent { start: region.start(), bytes: 16 << 10 };
        quarantine.enter(extent);
        assert_eq!((quarantine.find_damage(), quarantine.leave(false)), (None, None));
        assert_eq!(quarantine.leave(true), Some(extent));
        // SAFETY: accessible again.
        unsafe { assert_eq!(*region.pointer::<u64>(64), 0) };
    }
}
