//! Maps: entries in insertion order in a part, and, from the ninth entry on, an index of their positions in a flat object.
//!
//! The order in which a program sees the keys is that of insertion, never that of hashing, so nothing observable depends on an
//! address. A key that is hashed by identity is found by its address; where a collector moves objects, an index that was built
//! before the last move is built again at the next look-up.

use crate::error::Thrown;
use crate::interpreter::to_integer;
use crate::kind::Kind;
use crate::string;
use crate::vm::Vm;
use calf_gc::{Collector, Object, Value};

/// Slot: entries used, removed ones included (raw).
pub(crate) const USED: usize = 0;
/// Slot: entries live (raw); bit 40 says that some key was hashed by identity.
pub(crate) const LIVE: usize = 1;
/// Slot: key, value, key, value … or nil.
pub(crate) const ENTRIES: usize = 2;
/// Slot: the index, or nil while the entries are few.
pub(crate) const INDEX: usize = 3;
const SLOTS: usize = 4;
const IDENTITY: u64 = 1 << 40;
/// Up to this many entries are searched in order.
const FEW: usize = 8;
/// A slot of the index that is free. In any other the bits that count its slots are an entry's number plus one, and those above them
/// the same bits of the key's hash: what has another hash is passed over without a look at its key.
const FREE: u32 = 0;
/// A slot whose entry was removed. No entry has this number: there are twice as many slots as entries.
const REMOVED: u32 = u32::MAX;

/// The map that a value is, if it is one.
#[inline(always)]
pub(crate) fn of(value: Value) -> Option<Object> {
    value.as_object().filter(|object| object.shape() == Kind::Map as u32)
}

/// How many entries a map has.
pub(crate) fn length(map: Object) -> usize {
    (map.get(LIVE).as_raw() & (IDENTITY - 1)) as usize
}

/// How many entry positions are in use, removed ones included.
pub(crate) fn used(map: Object) -> usize {
    map.get(USED).as_raw() as usize
}

/// Is some key found by its address?
pub(crate) fn has_identity_keys(map: Object) -> bool {
    map.get(LIVE).as_raw() & IDENTITY != 0
}

/// Key and value of entry position `at`, borrowed; `None` if the entry was removed.
#[inline]
pub(crate) fn entry(map: Object, at: usize) -> Option<(Value, Value)> {
    // SAFETY: a map has these slots; its part has room for all entries used.
    unsafe {
        if at >= map.slot(USED).as_raw() as usize {
            return None;
        }
        let entries = map.slot(ENTRIES).as_object()?;
        let key = entries.slot(2 * at);
        (!key.is_absent()).then(|| (key, entries.slot(2 * at + 1)))
    }
}

fn is_identity(key: Value) -> bool {
    key.as_object().is_some_and(|object| object.shape() != Kind::String as u32)
}

/// Where in an index a key is looked for: first at `hash`, then every `step` slots, which is odd, so that all slots are reached.
#[derive(Clone, Copy)]
struct Path {
    hash: u32,
    step: u32,
}

/// As many whole numbers in a row, beginning with a multiple of it, have slots side by side: programs mostly ask for them in order.
const ROW: u64 = 64;

#[inline(always)]
fn path(key: Value) -> Path {
    quick_path(key).unwrap_or_else(|| {
        let hash = string::hash_of(key.as_object().expect("a long string"));
        Path { hash, step: 1 }
    })
}

/// The same, but `None` for a long string, whose hash is yet to be computed.
#[inline(always)]
fn quick_path(key: Value) -> Option<Path> {
    if key.is_number() {
        let number = key.as_number_unchecked();
        let whole = to_integer(number);
        if whole as f64 == number {
            // A row that finds its slots taken goes on, together, beyond them. The lowest bits of what is mixed say in which order the
            // row lies, so that numbers far apart from each other do not all begin one.
            let hash = mix(whole as u64 / ROW) ^ (whole as u64 % ROW) as u32;
            return Some(Path { hash, step: ROW as u32 + 1 });
        }
    } else if let Some(object) = key.as_object()
        && object.shape() == Kind::String as u32
    {
        return Some(Path { hash: string::kept_hash(object)?, step: 1 });
    }
    Some(Path { hash: mix(key.bits() ^ key.bits() >> 32), step: 1 })
}

/// Multiplicative hashing (Knuth, The Art of Computer Programming 6.4): the high half is the well-mixed one, of the bits below it.
#[inline(always)]
fn mix(bits: u64) -> u32 {
    (bits.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

impl<C: Collector> Vm<C> {
    /// A new empty map with room for `room` entries.
    pub(crate) fn new_map(&mut self, room: usize) -> Result<Value, Thrown> {
        let map = self.allocate(Kind::Map.shape_word(), SLOTS)?;
        self.initialize(map, USED, Value::raw(0));
        self.initialize(map, LIVE, Value::raw(0));
        self.initialize(map, ENTRIES, Value::NIL);
        self.initialize(map, INDEX, Value::NIL);
        if room == 0 {
            return Ok(Value::object(map));
        }
        let held = self.hold(Value::object(map));
        self.grow_map(self.handle(held), room)?;
        Ok(self.release_to(held))
    }

    /// A map of `count` pairs of registers from `first` on, taken, at `place`.
    pub(crate) fn new_map_from(
        &mut self,
        place: *mut Value,
        first: *mut Value,
        count: usize,
    ) -> Result<(), Thrown> {
        let map = self.new_map(count)?;
        let map = self.hold(map);
        for index in 0..count {
            // SAFETY: registers of the running window; the key stays there, as a root, until it is in the map.
            let (key, value) = unsafe { (*first.add(2 * index), *first.add(2 * index + 1)) };
            let value = self.retained(value);
            self.map_insert(self.handle(map), key, value)?;
        }
        for index in 0..2 * count {
            // SAFETY: as above.
            self.put(unsafe { first.add(index) }, Value::NIL);
        }
        let map = self.release_to(map);
        self.put(place, map);
        Ok(())
    }

    /// The position of the entry with this key. What is mostly asked for is the very word that the map has, and then nothing is called;
    /// every other case is somebody else's, so that no register need be kept for it.
    pub(crate) fn map_find(&mut self, map: Object, key: Value) -> Option<usize> {
        // SAFETY: a map has these slots.
        let (entries, index) = unsafe { (map.slot(ENTRIES), map.slot(INDEX)) };
        let Some(index) = index.as_object() else { return self.map_find_among_few(map, key) };
        if C::MOVES && map.get(LIVE).as_raw() & IDENTITY != 0 && index.get(0).as_raw() != self.epoch
        {
            return self.map_find_after_move(map, key);
        }
        // SAFETY: a map with an index has entries.
        let entries = unsafe { entries.as_object_unchecked() };
        let Some(path) = quick_path(key) else { return self.map_find_equal(map, key) };
        let at = candidates(index, path).next()?;
        // SAFETY: the index holds numbers of entries used only.
        if unsafe { entries.slot(2 * at) }.bits() == key.bits() {
            return Some(at);
        }
        self.map_find_equal(map, key)
    }

    #[inline(never)]
    fn map_find_after_move(&mut self, map: Object, key: Value) -> Option<usize> {
        let index = map.get(INDEX).as_object().expect("there is one");
        self.fill_index(map, index);
        self.map_find(map, key)
    }

    #[inline(never)]
    fn map_find_among_few(&self, map: Object, key: Value) -> Option<usize> {
        let entries = map.get(ENTRIES).as_object()?;
        // SAFETY: the part has room for every entry used.
        (0..used(map)).find(|&at| self.same_key(unsafe { entries.slot(2 * at) }, key))
    }

    /// The same where some key has the same hash and the words differ.
    #[inline(never)]
    fn map_find_equal(&self, map: Object, key: Value) -> Option<usize> {
        let (entries, index) = (map.get(ENTRIES).as_object()?, map.get(INDEX).as_object()?);
        candidates(index, path(key)).find(|&at| self.same_key(entries.get(2 * at), key))
    }

    #[inline(always)]
    fn same_key(&self, left: Value, right: Value) -> bool {
        left.bits() == right.bits() || self.equal(left, right)
    }

    /// The value under a key, borrowed.
    pub(crate) fn map_get(&mut self, map: Object, key: Value) -> Option<Value> {
        let at = self.map_find(map, key)?;
        // SAFETY: a map in which an entry was found has a part of entries, that one among them.
        Some(unsafe { map.slot(ENTRIES).as_object_unchecked().slot(2 * at + 1) })
    }

    /// Puts an owned value under a borrowed key.
    pub(crate) fn map_insert(
        &mut self,
        map: Value,
        key: Value,
        owned: Value,
    ) -> Result<(), Thrown> {
        let object = map.as_object().expect("a map");
        if let Some(at) = self.map_find(object, key) {
            self.set_entry(object, at, owned);
            return Ok(());
        }
        let room = object.get(ENTRIES).as_object().map_or(0, |entries| entries.units() / 2);
        if used(object) < room {
            let key = self.retained(key);
            self.append_entry(object, key, owned);
            return Ok(());
        }
        let held = self.hold_borrowed(map);
        let held_key = self.hold_borrowed(key);
        let held_value = self.hold(owned);
        // Twice the live entries: removed ones are dropped on the way.
        self.grow_map(map, (length(object) * 2).max(2))?;
        let owned = self.release_to(held_value);
        let key = self.release_to(held_key);
        let map = self.release_to(held);
        self.append_entry(map.as_object().expect("a map"), key, owned);
        self.heap.release(map);
        Ok(())
    }

    /// Puts an owned value in the place of that of entry `at`.
    #[inline]
    pub(crate) fn set_entry(&mut self, map: Object, at: usize, owned: Value) {
        let entries = map.get(ENTRIES).as_object().expect("a map with entries");
        self.set_part_slot(map, entries, 2 * at + 1, owned);
    }

    /// Puts an entry (owned) behind the last one, where there is room.
    fn append_entry(&mut self, map: Object, key: Value, owned: Value) {
        let entries = map.get(ENTRIES).as_object().expect("there is room");
        let at = used(map);
        assert!(2 * at + 1 < entries.units());
        let live = map.get(LIVE).as_raw();
        let identity = if is_identity(key) { IDENTITY } else { 0 };
        if let Some(index) = map.get(INDEX).as_object() {
            self.enter_index(index, path(key), at);
        }
        // SAFETY: there is room, as just checked.
        unsafe {
            self.heap.store_part(map, entries, 2 * at, key);
            self.heap.store_part(map, entries, 2 * at + 1, owned);
        }
        self.set_raw(map, USED, at as u64 + 1);
        self.set_raw(map, LIVE, (live + 1) | identity);
    }

    /// Takes the entry with this key out. The value is owned.
    pub(crate) fn map_remove(&mut self, map: Object, key: Value) -> Option<Value> {
        let at = self.map_find(map, key)?;
        let entries = map.get(ENTRIES).as_object().expect("a map with entries");
        let value = self.retained(entries.get(2 * at + 1));
        if let Some(index) = map.get(INDEX).as_object() {
            let mask = mask(index);
            let Path { hash, step } = path(key);
            let mut slot = hash & mask;
            // SAFETY: the mask keeps `slot` within the index.
            while unsafe { read_index(index, slot as usize) } & mask != at as u32 + 1 {
                slot = slot.wrapping_add(step) & mask;
            }
            self.write_index(index, slot, REMOVED);
        }
        self.set_part_slot(map, entries, 2 * at, Value::ABSENT);
        self.set_part_slot(map, entries, 2 * at + 1, Value::NIL);
        let live = map.get(LIVE).as_raw() - 1;
        self.set_raw(map, LIVE, live);
        Some(value)
    }

    /// Removes every entry.
    pub(crate) fn map_clear(&mut self, map: Object) {
        self.set_raw(map, USED, 0);
        self.set_raw(map, LIVE, 0);
        self.set_slot(map, INDEX, Value::NIL);
        self.set_slot(map, ENTRIES, Value::NIL);
    }

    /// Moves the live entries to a part with room for `room` of them, and makes the index anew if there is to be one.
    fn grow_map(&mut self, map: Value, room: usize) -> Result<(), Thrown> {
        let held = self.hold_borrowed(map);
        let index = if room > FEW {
            let slots = (2 * room).next_power_of_two();
            let index = self.allocate(Kind::Index.shape_word(), 1 + slots / 2)?;
            self.hold(Value::object(index))
        } else {
            self.hold(Value::NIL)
        };
        let entries = self.allocate(Kind::Items.shape_word(), 2 * room)?;
        let map = self.held_object(held);
        let mut to = 0;
        for at in 0..used(map) {
            if let Some((key, value)) = entry(map, at) {
                // SAFETY: the new part has room for every live entry; they move with their counts.
                unsafe {
                    entries.set_slot(2 * to, key);
                    entries.set_slot(2 * to + 1, value);
                }
                to += 1;
            }
        }
        for slot in 2 * to..2 * room {
            // SAFETY: within the new part.
            unsafe { entries.set_slot(slot, Value::ABSENT) };
        }
        // SAFETY: what the old part held was moved to the new one.
        unsafe { self.heap.replace_part(map, ENTRIES, entries) };
        self.set_raw(map, USED, to as u64);
        let index = self.release_to(index);
        if let Some(index) = index.as_object() {
            self.fill_index(map, index);
        }
        self.set_slot(map, INDEX, index);
        let map = self.release_to(held);
        self.heap.release(map);
        Ok(())
    }

    /// Makes the indices anew that hold identities from before a move. Each would be at its map's next use; but after a fork
    /// that would be a write for a read.
    pub(crate) fn refresh_identities(&mut self) {
        if !C::MOVES {
            return;
        }
        let mut stale = Vec::new();
        self.heap.each_object(&mut |object| {
            if Kind::of_shape(object.shape()) == Kind::Map
                && object.get(LIVE).as_raw() & IDENTITY != 0
                && let Some(index) = object.get(INDEX).as_object()
                && index.get(0).as_raw() != self.epoch
            {
                stale.push((object, index));
            }
        });
        stale.into_iter().for_each(|(map, index)| self.fill_index(map, index));
    }

    /// Writes the whole index from the entries.
    fn fill_index(&mut self, map: Object, index: Object) {
        let bytes = 8 * (index.units() - 1);
        // SAFETY: the words of the index behind its first.
        unsafe { self.heap.bytes_mut(index, 8, bytes).write_bytes(0, bytes) };
        self.set_raw(index, 0, self.epoch);
        for at in 0..used(map) {
            if let Some((key, _)) = entry(map, at) {
                self.enter_index(index, path(key), at);
            }
        }
    }

    #[inline]
    fn enter_index(&mut self, index: Object, path: Path, at: usize) {
        let mask = mask(index);
        let Path { hash, step } = path;
        let mut slot = hash & mask;
        // SAFETY: the mask keeps `slot` within the index.
        while !matches!(unsafe { read_index(index, slot as usize) }, FREE | REMOVED) {
            slot = slot.wrapping_add(step) & mask;
        }
        self.write_index(index, slot, hash & !mask | (at as u32 + 1));
    }

    #[inline]
    fn write_index(&mut self, index: Object, slot: u32, word: u32) {
        let from = 8 + 4 * slot as usize;
        assert!(from < 8 * index.units());
        // SAFETY: within the index, as just checked; an object's words are aligned.
        unsafe { self.heap.bytes_mut(index, from, 4).cast::<u32>().write(word) };
    }

    /// The value under a key, borrowed, or a `KeyError`.
    pub(crate) fn map_item(&mut self, map: Object, key: Value) -> Result<Value, Thrown> {
        match self.map_get(map, key) {
            Some(value) => Ok(value),
            None => Err(self.missing_key(map, key)),
        }
    }
}

/// The number of slots of an index, a power of two, less one.
#[inline(always)]
fn mask(index: Object) -> u32 {
    (2 * (index.units() - 1) - 1) as u32
}

/// The numbers of the entries that may have the key of this path: the hash says so, as far as an index keeps it.
#[inline(always)]
fn candidates(index: Object, Path { hash, step }: Path) -> impl Iterator<Item = usize> {
    let mask = mask(index);
    let mut slot = hash;
    std::iter::from_fn(move || {
        loop {
            // SAFETY: the mask keeps the slot within the index.
            let word = unsafe { read_index(index, (slot & mask) as usize) };
            if word == FREE {
                return None;
            }
            slot = slot.wrapping_add(step);
            if (word ^ hash) & !mask == 0 && word != REMOVED {
                return Some((word & mask) as usize - 1);
            }
        }
    })
}

/// Slot `slot` of an index, behind its first word.
///
/// # Safety
/// It lies within the index.
#[inline(always)]
unsafe fn read_index(index: Object, slot: usize) -> u32 {
    // SAFETY: the caller's promise; an object's words are aligned.
    unsafe { index.bytes().add(8 + 4 * slot).cast::<u32>().read() }
}
