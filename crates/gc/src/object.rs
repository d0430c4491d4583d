//! An object: one header word, then slots or bytes.
//!
//! ```text
//!             63      56 55 54 53                 32 31                          0
//!   header  | units    | fmt | shape (the machine's) | tally (the collector's)    |
//!   word 1  | slot 0, or the first eight bytes                                    |
//!   …
//! ```
//!
//! *Units* is the number of eight-byte words behind the header. 255 stands for a large object, whose
//! count of words is kept in the word in front of the header; only [`Format::Part`] and
//! [`Format::Bytes`] may be that large.
//!
//! *Shape* belongs to the machine; a collector never looks at it. *Tally* belongs to the collector:
//! counting strategies keep the count there in steps of [`COUNT_ONE`], `mark-inline` its mark bit. The
//! three low bits are flags that every strategy honours.

/// What the words of an object are, which is all that a collector knows of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Format {
    /// Values, each counted and traced: a *container*, tracked by the collectors of cycles.
    Slots = 0,
    /// No references: text, numbers. Never traced.
    Bytes = 1,
    /// A weak reference: slot 0 refers to an object without keeping it. Nothing is traced.
    Weak = 2,
    /// Values, but owned by exactly one container (a list's elements, a map's entries): not tracked by
    /// itself, reached through its owner. A part never refers to another part.
    Part = 3,
}

/// The upper half of a header: units, format and the machine's shape number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct ShapeWord(pub u32);

/// How many shape numbers there are.
pub const SHAPES: u32 = 1 << 22;
/// The units that stand for "large: see the word in front".
pub const LARGE: u32 = 255;

impl ShapeWord {
    /// A shape with no units yet; an allocation adds them.
    #[inline(always)]
    pub const fn new(format: Format, shape: u32) -> ShapeWord {
        debug_assert!(shape < SHAPES);
        ShapeWord((format as u32) << 22 | shape)
    }
    /// The machine's number.
    #[inline(always)]
    pub const fn shape(self) -> u32 {
        self.0 & (SHAPES - 1)
    }
    /// Slots, bytes, weak or part.
    #[inline(always)]
    pub const fn format(self) -> Format {
        match self.0 >> 22 & 3 {
            0 => Format::Slots,
            1 => Format::Bytes,
            2 => Format::Weak,
            _ => Format::Part,
        }
    }
    /// The units field: words behind the header, or [`LARGE`].
    #[inline(always)]
    pub const fn units(self) -> u32 {
        self.0 >> 24
    }
    /// The same shape with `units` words (already clamped to [`LARGE`]).
    #[inline(always)]
    pub const fn with_units(self, units: u32) -> ShapeWord {
        ShapeWord(self.0 & 0x00FF_FFFF | units << 24)
    }
}

/// One reference, in the tally of a counting strategy.
pub const COUNT_ONE: u32 = 8;
/// The tally from which on (seen as signed, below zero) a count is no longer changed: the object is immortal.
/// A count that grows this far by honest counting sticks there too.
pub const COUNT_IMMORTAL: u32 = 1 << 31;
/// Flag: the object has a finalizer that has not run yet.
pub const FLAG_FINALIZER: u32 = 1;
/// Flag: there are weak references to the object.
pub const FLAG_WEAKLY_HELD: u32 = 2;
/// Flag: free for the strategy (a mark, a freeze).
pub const FLAG_STRATEGY: u32 = 4;

/// The address of an object's header word. Copying it counts nothing: see `Heap::retain`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(transparent)]
pub struct Object(*mut u64);

impl Object {
    /// The object whose header lies at `address`.
    ///
    /// # Safety
    /// `address` is that of a header written by an allocation, eight-byte aligned, below 2^48.
    #[inline(always)]
    pub unsafe fn from_address(address: usize) -> Object {
        Object(std::ptr::with_exposed_provenance_mut(address))
    }
    /// The address of the header.
    #[inline(always)]
    pub fn address(self) -> usize {
        self.0.expose_provenance()
    }
    /// A pointer to the header word.
    #[inline(always)]
    pub fn pointer(self) -> *mut u64 {
        self.0
    }
    /// Units, format and shape.
    #[inline(always)]
    pub fn shape_word(self) -> ShapeWord {
        // SAFETY: an object's address is that of a header word; its upper half is the shape word.
        unsafe { ShapeWord(*(self.0 as *const u32).add(1)) }
    }
    /// Changes the shape word (an instance gains a field). The units and the format must stay.
    #[inline(always)]
    pub fn set_shape_word(self, word: ShapeWord) {
        // SAFETY: as above.
        unsafe { *(self.0 as *mut u32).add(1) = word.0 }
    }
    /// The machine's shape number.
    #[inline(always)]
    pub fn shape(self) -> u32 {
        self.shape_word().shape()
    }
    /// Slots, bytes, weak or part.
    #[inline(always)]
    pub fn format(self) -> Format {
        self.shape_word().format()
    }
    /// The collector's half of the header.
    #[inline(always)]
    pub fn tally(self) -> u32 {
        // SAFETY: an object's address is that of a header word; its lower half is the tally.
        unsafe { *(self.0 as *const u32) }
    }
    /// Writes the collector's half. The caller accounts for the write (see the model).
    #[inline(always)]
    pub fn set_tally(self, tally: u32) {
        // SAFETY: as above.
        unsafe { *(self.0 as *mut u32) = tally }
    }
    /// How many eight-byte words lie behind the header.
    #[inline(always)]
    pub fn units(self) -> usize {
        let units = self.shape_word().units();
        if units == LARGE {
            // SAFETY: a large object has its count of words in front of its header.
            unsafe { *self.0.sub(1) as usize }
        } else {
            units as usize
        }
    }
    /// Slot `index`; meaningful for slots, parts and weak references.
    ///
    /// # Safety
    /// `index` is below [`Object::units`].
    #[inline(always)]
    pub unsafe fn slot(self, index: usize) -> crate::Value {
        // SAFETY: the caller keeps `index` within the object.
        unsafe { crate::Value::from_bits(*self.0.add(1 + index)) }
    }
    /// The slots' values, one after the other; meaningful for slots, parts and weak references.
    #[inline(always)]
    pub fn slots(self) -> impl Iterator<Item = crate::Value> {
        // SAFETY: each index is below the units.
        (0..self.units()).map(move |index| unsafe { self.slot(index) })
    }
    /// Writes slot `index` with no barrier and no count: initialisation, and the heap's own stores.
    ///
    /// # Safety
    /// `index` is below [`Object::units`], and the barriers are taken care of.
    #[inline(always)]
    pub unsafe fn set_slot(self, index: usize, value: crate::Value) {
        // SAFETY: the caller keeps `index` within the object.
        unsafe { *self.0.add(1 + index) = value.bits() }
    }
    /// Slot or word `index`, checked: for every path that is not hot.
    ///
    /// # Panics
    /// If the object has no such word: a bug of the machine, never of a program.
    #[inline]
    pub fn get(self, index: usize) -> crate::Value {
        assert!(index < self.units(), "an object of {} words has no word {index}", self.units());
        // SAFETY: just checked.
        unsafe { self.slot(index) }
    }
    /// `length` bytes from `offset` behind the header. Not to be held over a safepoint: the object may die or move.
    ///
    /// # Panics
    /// If they do not lie within the object.
    #[inline]
    pub fn view_bytes(&self, offset: usize, length: usize) -> &[u8] {
        assert!(offset + length <= self.units() * 8, "bytes beyond the end of an object");
        // SAFETY: within the object, as just checked; nothing writes to it while the view is used (no safepoint).
        unsafe { std::slice::from_raw_parts(self.bytes().add(offset), length) }
    }
    /// The first word behind the header, as bytes.
    #[inline(always)]
    pub fn bytes(self) -> *mut u8 {
        // SAFETY: one word past the header is within or one past the allocation.
        unsafe { self.0.add(1) as *mut u8 }
    }
}
