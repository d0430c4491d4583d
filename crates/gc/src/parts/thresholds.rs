//! When to collect which generation: CPython's counters, thresholds and rule of a quarter, to the letter of 3.7.
//!
//! ```text
//!   counter 0   containers born less containers that died since the last collection    more than 700: collect
//!   counter 1   collections of generation 0 since the last of generation 1             more than 10: that, too
//!   counter 2   collections of generation 1 since the last of generation 2             more than 10, and a quarter is new: all
//! ```
//!
//! From `Modules/gcmodule.c`: `_PyObject_GC_Alloc`, `collect_generations`; the rule of a quarter is Antoine Pitrou's, 2008.

use crate::collector::Request;

/// How many generations are collected.
pub const GENERATIONS: usize = 3;
/// The oldest of them.
pub const OLDEST: usize = GENERATIONS - 1;

/// See the module.
#[derive(Debug)]
pub struct Thresholds {
    counters: [u32; GENERATIONS],
    thresholds: [u32; GENERATIONS],
    /// A collection is due when the first counter is above this.
    trigger: u32,
    automatic: bool,
    /// Survivors of collections of generation 1 since the last full collection.
    long_lived_pending: usize,
    /// Survivors of the last full collection.
    long_lived_total: usize,
}

impl Default for Thresholds {
    /// 700, 10, 10, and nothing counted yet.
    fn default() -> Thresholds {
        let thresholds = [700, 10, 10];
        Thresholds {
            counters: [0; GENERATIONS],
            thresholds,
            trigger: thresholds[0],
            automatic: true,
            long_lived_pending: 0,
            long_lived_total: 0,
        }
    }
}

impl Thresholds {
    /// A container is born.
    #[inline(always)]
    pub fn count_birth(&mut self) {
        self.counters[0] = self.counters[0].wrapping_add(1);
    }
    /// A container dies.
    #[inline(always)]
    pub fn count_death(&mut self) {
        self.counters[0] = self.counters[0].saturating_sub(1);
    }
    /// Is the first counter above its threshold, and may a collection start by itself?
    #[inline(always)]
    pub fn is_due(&self) -> bool {
        self.counters[0] > self.trigger
    }
    /// See [`crate::Collector::set_automatic`].
    pub fn set_automatic(&mut self, automatic: bool) {
        self.automatic = automatic;
        // A first threshold of zero means: never by itself.
        let possible = automatic && self.thresholds[0] != 0;
        self.trigger = if possible { self.thresholds[0] } else { u32::MAX };
    }
    /// The three thresholds.
    pub fn thresholds(&self) -> [u32; GENERATIONS] {
        self.thresholds
    }
    /// Sets them.
    pub fn set_thresholds(&mut self, thresholds: [u32; GENERATIONS]) {
        self.thresholds = thresholds;
        self.set_automatic(self.automatic);
    }
    /// The three counters.
    pub fn counters(&self) -> [u32; GENERATIONS] {
        self.counters
    }
    /// The same, to change: CPython's `freeze` does.
    pub fn counters_mut(&mut self) -> &mut [u32; GENERATIONS] {
        &mut self.counters
    }

    /// The generation to collect, if any.
    pub fn choose(&self, request: Request) -> Option<usize> {
        match request {
            Request::Full => Some(OLDEST),
            Request::Generation(generation) => Some((generation as usize).min(OLDEST)),
            Request::Automatic => (0..GENERATIONS).rev().find(|&generation| {
                self.counters[generation] > self.thresholds[generation]
                    // The cost of a full collection is repaid only if enough is new since the last one.
                    && !(generation == OLDEST && self.long_lived_pending < self.long_lived_total / 4)
            }),
        }
    }
    /// A collection of `generation` begins.
    pub fn begin(&mut self, generation: usize) {
        if generation < OLDEST {
            self.counters[generation + 1] += 1;
        }
        self.counters[..=generation].fill(0);
    }
    /// It found that many survivors. What it gives back is still counted as deaths.
    pub fn count_survivors(&mut self, generation: usize, survivors: usize) {
        if generation == OLDEST {
            self.long_lived_pending = 0;
            self.long_lived_total = survivors;
        } else if generation == OLDEST - 1 {
            self.long_lived_pending += survivors;
        }
    }
}
