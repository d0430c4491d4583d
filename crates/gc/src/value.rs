//! A value of the language in one 64-bit word.
//!
//! ```text
//!   a double     any bit pattern below FFFA_0000_0000_0000 (every NaN is made canonical)
//!   FFFA_0000_0000_000n     nil, false, true, absent
//!   FFFC_aaaa_aaaa_aaaa     the object at address a
//! ```
//!
//! Because numbers are the patterns below a bound and objects those above one,
//! each test is a single unsigned comparison. A small raw integer (a length, an
//! index) is also a valid number as far as a collector is concerned, so a slot may hold one.

use crate::object::Object;

/// One word: a number, `nil`, a boolean, the absent mark, or a reference to an object.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Value(u64);

const SPECIAL: u64 = 0xFFFA_0000_0000_0000;
const OBJECT: u64 = 0xFFFC_0000_0000_0000;
const ADDRESS: u64 = 0x0000_FFFF_FFFF_FFFF;

impl Value {
    /// The language's `nil`.
    pub const NIL: Value = Value(SPECIAL);
    /// The language's `false`.
    pub const FALSE: Value = Value(SPECIAL | 1);
    /// The language's `true`.
    pub const TRUE: Value = Value(SPECIAL | 2);
    /// No value at all: a global not yet defined, a hole in a table. Never visible to a program.
    pub const ABSENT: Value = Value(SPECIAL | 3);

    /// A number; every NaN becomes the one canonical NaN.
    #[inline(always)]
    pub fn number(number: f64) -> Value {
        // A NaN made by arithmetic is 7FF8… or FFF8…, both below SPECIAL; only foreign bits need care.
        Value(number.to_bits())
    }

    /// A number from bits of unknown origin (a buffer, a file): a NaN with a payload is made canonical.
    #[inline]
    pub fn number_from_foreign(number: f64) -> Value {
        if number.is_nan() { Value(f64::NAN.to_bits()) } else { Value(number.to_bits()) }
    }

    /// A raw word that is not a reference: must be below 2^48. To a collector it is a number.
    #[inline(always)]
    pub const fn raw(word: u64) -> Value {
        debug_assert!(word <= ADDRESS);
        Value(word)
    }

    /// The raw word again.
    #[inline(always)]
    pub const fn as_raw(self) -> u64 {
        self.0
    }

    /// A boolean.
    #[inline(always)]
    pub const fn boolean(truth: bool) -> Value {
        Value(Value::FALSE.0 + truth as u64)
    }

    /// A reference to `object`.
    #[inline(always)]
    pub fn object(object: Object) -> Value {
        Value(OBJECT | object.address() as u64)
    }

    /// The word itself.
    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The value whose word this is; it must have come from [`Value::bits`].
    #[inline(always)]
    pub const fn from_bits(bits: u64) -> Value {
        Value(bits)
    }

    /// Is it a number?
    #[inline(always)]
    pub const fn is_number(self) -> bool {
        self.0 < SPECIAL
    }

    /// Is it a reference to an object?
    #[inline(always)]
    pub const fn is_object(self) -> bool {
        // The same difference is the address: the processor needs one constant for both.
        self.0.wrapping_sub(OBJECT) >> 48 == 0
    }

    /// Is it `nil`?
    #[inline(always)]
    pub const fn is_nil(self) -> bool {
        self.0 == Value::NIL.0
    }

    /// Is it the absent mark?
    #[inline(always)]
    pub const fn is_absent(self) -> bool {
        self.0 == Value::ABSENT.0
    }

    /// `true` or `false`?
    #[inline(always)]
    pub const fn is_boolean(self) -> bool {
        self.0 == Value::TRUE.0 || self.0 == Value::FALSE.0
    }

    /// Everything but `nil` and `false` counts as true.
    #[inline(always)]
    pub const fn is_truthy(self) -> bool {
        // nil and false are neighbours: one subtraction and one comparison.
        self.0.wrapping_sub(SPECIAL) > 1
    }

    /// The number, whatever the word is; meaningful only if [`Value::is_number`].
    #[inline(always)]
    pub const fn as_number_unchecked(self) -> f64 {
        f64::from_bits(self.0)
    }

    /// The number, if it is one.
    #[inline(always)]
    pub fn as_number(self) -> Option<f64> {
        self.is_number().then(|| f64::from_bits(self.0))
    }

    /// The object, if it is a reference to one.
    #[inline(always)]
    pub fn as_object(self) -> Option<Object> {
        if self.is_object() {
            // SAFETY: only `Value::object` makes words above OBJECT, so the address is an object's.
            Some(unsafe { self.as_object_unchecked() })
        } else {
            None
        }
    }

    /// The object of a word known to be a reference.
    ///
    /// # Safety
    /// [`Value::is_object`] holds.
    #[inline(always)]
    pub unsafe fn as_object_unchecked(self) -> Object {
        // SAFETY: the caller promises that the word came from `Value::object`.
        unsafe { Object::from_address(self.0.wrapping_sub(OBJECT) as usize) }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Value::NIL => f.write_str("nil"),
            Value::FALSE => f.write_str("false"),
            Value::TRUE => f.write_str("true"),
            Value::ABSENT => f.write_str("absent"),
            value if value.is_number() => write!(f, "{}", value.as_number_unchecked()),
            value => write!(f, "object@{:x}", value.0 & ADDRESS),
        }
    }
}
