//! A set of registers.

/// A set of registers of one window.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct RegisterSet([u64; 4]);

impl RegisterSet {
    /// No register.
    pub const EMPTY: RegisterSet = RegisterSet([0; 4]);

    /// The registers `first .. first + count`; those beyond the last one there can be do not count.
    pub fn range(first: usize, count: usize) -> Self {
        let mut set = Self::EMPTY;
        (first..(first + count).min(256)).for_each(|register| set.insert(register));
        set
    }
    /// The registers below `end`.
    pub fn below(end: usize) -> Self {
        let word = |low: usize| match end.saturating_sub(low) {
            bits @ 0..64 => (1 << bits) - 1,
            _ => u64::MAX,
        };
        RegisterSet([word(0), word(64), word(128), word(192)])
    }
    /// Adds a register.
    pub fn insert(&mut self, register: usize) {
        self.0[register / 64] |= 1 << (register % 64);
    }
    /// Takes a register out.
    pub fn remove(&mut self, register: usize) {
        self.0[register / 64] &= !(1 << (register % 64));
    }
    /// Is it in?
    pub fn contains(self, register: usize) -> bool {
        self.0[register / 64] & 1 << (register % 64) != 0
    }
    /// Is none in?
    pub fn is_empty(self) -> bool {
        self == Self::EMPTY
    }
    /// Those in one or both.
    pub fn union(self, other: Self) -> Self {
        self.combine(other, |x, y| x | y)
    }
    /// Those in both.
    pub fn intersection(self, other: Self) -> Self {
        self.combine(other, |x, y| x & y)
    }
    /// Those in this set only.
    pub fn without(self, other: Self) -> Self {
        self.combine(other, |x, y| x & !y)
    }
    /// Those not in it.
    pub fn complement(self) -> Self {
        RegisterSet(self.0.map(|word| !word))
    }
    /// Those of this set that are not below `first`.
    pub fn from(self, first: usize) -> Self {
        self.without(Self::below(first))
    }
    /// The lowest one.
    pub fn first(self) -> Option<usize> {
        let word = self.0.iter().position(|&word| word != 0)?;
        Some(word * 64 + self.0[word].trailing_zeros() as usize)
    }
    /// The highest one.
    pub fn last(self) -> Option<usize> {
        let word = self.0.iter().rposition(|&word| word != 0)?;
        Some(word * 64 + 63 - self.0[word].leading_zeros() as usize)
    }

    fn combine(self, other: Self, operation: impl Fn(u64, u64) -> u64) -> Self {
        RegisterSet(std::array::from_fn(|index| operation(self.0[index], other.0[index])))
    }
}
