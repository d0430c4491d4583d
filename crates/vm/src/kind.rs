//! What kinds of object the language has, told by the shape number in the header.

use calf_gc::{Format, ShapeWord};

macro_rules! kinds {
    ($($name:ident $format:ident $text:literal $meaning:literal)+) => {
        /// A kind of object. Its number is its shape number, except for instances, whose shapes begin at [`FIRST_INSTANCE`].
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u32)]
        pub enum Kind { $(#[doc = $meaning] $name),+ }

        impl Kind {
            /// Every kind, by number.
            pub const ALL: &[Kind] = &[$(Kind::$name),+];
            /// What `type(x)` says; `heap.histogram()` uses it for the machine's inner kinds, too.
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$name => $text),+ }
            }
            /// Slots, bytes, weak or part.
            pub const fn format(self) -> Format {
                match self { $(Kind::$name => Format::$format),+ }
            }
        }
    };
}

kinds! {
    // Name      Format  type()        Words behind the header
    String       Bytes   "string"      "length in bytes (31 bits) and whether it is ASCII; hash; then UTF-8 text, zero-filled to a whole word"
    List         Slots   "list"        "length (raw), items (a part or nil)"
    Map          Slots   "map"         "entries used and entries live (raw), entries (a part or nil), index (an index or nil)"
    Items        Part    "items"       "the items of a list, the entries of a map, the spilled locals of a function, the rest of an instance's fields"
    Index        Bytes   "index"       "a map's hash index: 32-bit entry numbers, open addressing"
    Box          Slots   "box"         "a captured variable that is assigned"
    Closure      Slots   "function"    "code (raw address), captures"
    Native       Bytes   "function"    "number of the native function (raw)"
    BoundMethod  Slots   "function"    "receiver, method"
    Class        Slots   "class"       "class number (raw), name, superclass or nil, methods (a part)"
    Module       Slots   "module"      "module number (raw), name"
    Range        Bytes   "range"       "start, stop, step: three doubles"
    Bytes        Bytes   "bytes"       "length (raw), then bytes"
    Numbers      Bytes   "numbers"     "doubles"
    Weak         Weak    "weak"        "the target, or nil once it is dead"
    Cursor       Slots   "cursor"      "an iteration over an instance: the iterator"
    Instance     Slots   "instance"    "class, fields; the last inline field is the part with the others, if they are more"
}

/// The first shape number of an instance.
pub const FIRST_INSTANCE: u32 = 64;

impl Kind {
    /// The shape word of an object of this kind (not an instance), before its units are known.
    #[inline(always)]
    pub const fn shape_word(self) -> ShapeWord {
        ShapeWord::new(self.format(), self as u32)
    }
    /// The kind that a shape number stands for.
    #[inline(always)]
    pub fn of_shape(shape: u32) -> Kind {
        if shape >= FIRST_INSTANCE { Kind::Instance } else { Kind::ALL[shape as usize] }
    }
}
