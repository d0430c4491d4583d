//! THE table of instructions. The enum, the decoder, the names, the disassembler and the checker all come from it.
//!
//! ```text
//!    31      24 23      16 15       8 7        0
//!   |    C     |    B     |    A     |   op     |      A, B, C: registers or small numbers
//!   |         Bx          |    A     |   op     |      Bx: an unsigned, sBx a signed number of 16 bits
//!   |              sJ                |   op     |      sJ: a signed jump of 24 bits
//!   |                   extension               |      second word of some instructions
//! ```
//!
//! `R[x]` is a register of the running function's window, `K[x]` a constant of the function. `R[0]` is the closure that runs, or
//! `this` in a method. A jump counts words from the word behind the whole instruction.
//!
//! # Who owns what
//! Every register owns what it holds. Operands are *borrowed*: reading them counts nothing. Writing a result releases what the
//! register held before. An instruction that *takes* an operand leaves `nil` behind in a strategy that counts, and anything in one
//! that does not. In a strategy that counts, the compiler adds [`Op::Release`] where temporaries may still own objects at the end of a
//! statement or behind a test; elsewhere it adds none, and the table of live registers says which registers a collector looks at.

/// Which operand fields an instruction has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// None.
    Z,
    /// One register.
    A,
    /// Two fields.
    AB,
    /// Three fields.
    ABC,
    /// A register and an unsigned number.
    ABx,
    /// A register and a signed number.
    AsBx,
    /// A jump.
    J,
}

/// What the second word means, if there is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extension {
    /// There is none.
    No,
    /// A signed jump, in words from behind the extension.
    Jump,
    /// The number of a cache site of the function (which knows the name looked up).
    Cache,
    /// A number of 32 bits: a constant, a global, a count.
    Index,
}

/// How an operand field is to be read, for the disassembler and the checker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// Not used.
    Unused,
    /// A register.
    Register,
    /// A constant.
    Constant,
    /// A plain number.
    Number,
}

macro_rules! ops {
    ($($name:ident $shape:ident $extension:ident ($a:ident $b:ident $c:ident) $meaning:literal)+) => {
        /// An instruction's operation.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u8)]
        pub enum Op { $(#[doc = $meaning] $name),+ }

        /// What the table says of an operation.
        #[derive(Debug)]
        pub struct Row {
            /// Its name.
            pub name: &'static str,
            /// Its operand fields.
            pub shape: Shape,
            /// Its second word.
            pub extension: Extension,
            /// How A, B (or Bx) and C are read.
            pub operands: [Operand; 3],
            /// What it does.
            pub meaning: &'static str,
        }

        /// Every operation, by number.
        pub static OPS: &[Row] = &[$(Row {
            name: stringify!($name), shape: Shape::$shape, extension: Extension::$extension,
            operands: [Operand::$a, Operand::$b, Operand::$c], meaning: $meaning,
        }),+];

        impl Op {
            /// The operations by number.
            pub const ALL: &[Op] = &[$(Op::$name),+];
        }
    };
}

ops! {
    // Name           Shape Ext   (A        B        C       ) Meaning
    LoadConstant      ABx   No    (Register Constant Unused  ) "R[A] = K[Bx]"
    LoadConstantWide  A     Index (Register Unused   Unused  ) "R[A] = K[extension]"
    LoadInteger       AsBx  No    (Register Number   Unused  ) "R[A] = the number sBx"
    LoadNil           A     No    (Register Unused   Unused  ) "R[A] = nil"
    LoadBoolean       AB    No    (Register Number   Unused  ) "R[A] = B is not 0"
    Copy              AB    No    (Register Register Unused  ) "R[A] = R[B]"
    Take              AB    No    (Register Register Unused  ) "R[A] = R[B], taken"
    Release           AB    No    (Register Number   Unused  ) "R[A] .. R[A + B) = nil; only where counts are kept"

    GetGlobal         ABx   No    (Register Number   Unused  ) "R[A] = global Bx; an error if it is not defined"
    DefineGlobal      ABx   No    (Register Number   Unused  ) "global Bx = R[A], taken; defines it"
    SetGlobal         ABx   No    (Register Number   Unused  ) "global Bx = R[A]; an error if it is not defined"
    SetGlobalTake     ABx   No    (Register Number   Unused  ) "global Bx = R[A], taken; an error if it is not defined"

    NewBox            A     No    (Register Unused   Unused  ) "R[A] = a box that holds R[A], taken: a captured variable that is assigned"
    GetBox            AB    No    (Register Register Unused  ) "R[A] = what the box R[B] holds"
    SetBox            AB    No    (Register Register Unused  ) "the box R[A] holds R[B]"
    SetBoxTake        AB    No    (Register Register Unused  ) "the box R[A] holds R[B], taken"
    GetCaptured       ABx   No    (Register Number   Unused  ) "R[A] = capture Bx of the running closure, as it is (a value or a box); Bx < 200"
    GetCapturedWide   ABx   No    (Register Number   Unused  ) "the same for Bx >= 200"
    GetCapturedBox    ABx   No    (Register Number   Unused  ) "R[A] = what the box in capture Bx holds; Bx < 200"
    SetCapturedBox    ABx   No    (Register Number   Unused  ) "the box in capture Bx holds R[A]; Bx < 200"
    SetCapturedBoxTake ABx  No    (Register Number   Unused  ) "the box in capture Bx holds R[A], taken; Bx < 200"
    NewSpill          ABx   Index (Register Number   Unused  ) "R[A] = a spill of Bx slots, nil but for the first ones, which are the next [extension] registers R[A] .. taken"
    GetSpill          ABx   No    (Register Number   Unused  ) "R[A] = slot Bx of the spill in R[200]"
    SetSpill          ABx   No    (Register Number   Unused  ) "slot Bx of the spill in R[200] = R[A]"

    Add               ABC   No    (Register Register Register) "R[A] = R[B] + R[C]: numbers, strings or lists"
    Subtract          ABC   No    (Register Register Register) "R[A] = R[B] - R[C]"
    Multiply          ABC   No    (Register Register Register) "R[A] = R[B] * R[C]"
    Divide            ABC   No    (Register Register Register) "R[A] = R[B] / R[C]"
    Remainder         ABC   No    (Register Register Register) "R[A] = R[B] % R[C]"
    AddConstant       ABC   No    (Register Register Constant) "R[A] = R[B] + K[C]"
    SubtractConstant  ABC   No    (Register Register Constant) "R[A] = R[B] - K[C]; K[C] is a number"
    MultiplyConstant  ABC   No    (Register Register Constant) "R[A] = R[B] * K[C]; K[C] is a number"
    DivideConstant    ABC   No    (Register Register Constant) "R[A] = R[B] / K[C]; K[C] is a number"
    RemainderConstant ABC   No    (Register Register Constant) "R[A] = R[B] % K[C]; K[C] is a number"
    Negate            AB    No    (Register Register Unused  ) "R[A] = -R[B]"
    Not               AB    No    (Register Register Unused  ) "R[A] = !R[B]"

    Equal             ABC   No    (Register Register Register) "R[A] = R[B] == R[C]"
    NotEqual          ABC   No    (Register Register Register) "R[A] = R[B] != R[C]"
    EqualConstant     ABC   No    (Register Register Constant) "R[A] = R[B] == K[C]"
    NotEqualConstant  ABC   No    (Register Register Constant) "R[A] = R[B] != K[C]"
    Less              ABC   No    (Register Register Register) "R[A] = R[B] < R[C]"
    LessEqual         ABC   No    (Register Register Register) "R[A] = R[B] <= R[C]"
    Contains          ABC   No    (Register Register Register) "R[A] = R[B] in R[C]"

    Jump              J     No    (Unused   Unused   Unused  ) "jump sJ, forward"
    Loop              J     No    (Unused   Unused   Unused  ) "jump sJ, backward; polls for an interrupt"
    JumpIfTrue        A     Jump  (Register Unused   Unused  ) "jump if R[A] is true; polls"
    JumpIfFalse       A     Jump  (Register Unused   Unused  ) "jump if R[A] is false"
    JumpIfItem        AB    Jump  (Register Register Unused  ) "jump if R[A][R[B]] is true; polls"
    JumpUnlessItem    AB    Jump  (Register Register Unused  ) "jump if R[A][R[B]] is false"
    JumpIfEqual       AB    Jump  (Register Register Unused  ) "jump if R[A] == R[B]; polls"
    JumpUnlessEqual   AB    Jump  (Register Register Unused  ) "jump if R[A] != R[B]; polls"
    JumpIfEqualConstant     AB Jump (Register Constant Unused) "jump if R[A] == K[B]; polls"
    JumpUnlessEqualConstant AB Jump (Register Constant Unused) "jump if R[A] != K[B]; polls"
    JumpIfLess        AB    Jump  (Register Register Unused  ) "jump if R[A] < R[B]; polls"
    JumpUnlessLess    AB    Jump  (Register Register Unused  ) "jump if not R[A] < R[B]"
    JumpIfLessEqual   AB    Jump  (Register Register Unused  ) "jump if R[A] <= R[B]; polls"
    JumpUnlessLessEqual     AB Jump (Register Register Unused) "jump if not R[A] <= R[B]"
    JumpIfLessConstant      AB Jump (Register Constant Unused) "jump if R[A] < K[B], a number; polls"
    JumpUnlessLessConstant  AB Jump (Register Constant Unused) "jump if not R[A] < K[B], a number"
    JumpIfLessEqualConstant     AB Jump (Register Constant Unused) "jump if R[A] <= K[B], a number; polls"
    JumpUnlessLessEqualConstant AB Jump (Register Constant Unused) "jump if not R[A] <= K[B], a number"
    JumpIfGreaterConstant       AB Jump (Register Constant Unused) "jump if R[A] > K[B], a number; polls"
    JumpUnlessGreaterConstant   AB Jump (Register Constant Unused) "jump if not R[A] > K[B], a number"
    JumpIfGreaterEqualConstant     AB Jump (Register Constant Unused) "jump if R[A] >= K[B], a number; polls"
    JumpUnlessGreaterEqualConstant AB Jump (Register Constant Unused) "jump if not R[A] >= K[B], a number"
    StepJumpIfLess              ABC Jump (Register Register Constant) "R[A] = R[A] + K[C], a number; jump if R[A] < R[B]; polls"
    StepJumpIfLessEqual         ABC Jump (Register Register Constant) "R[A] = R[A] + K[C], a number; jump if R[A] <= R[B]; polls"
    StepJumpIfLessConstant      ABC Jump (Register Constant Constant) "R[A] = R[A] + K[C], a number; jump if R[A] < K[B], a number; polls"
    StepJumpIfLessEqualConstant ABC Jump (Register Constant Constant) "R[A] = R[A] + K[C], a number; jump if R[A] <= K[B], a number; polls"

    GetField          AB    Cache (Register Register Unused  ) "R[A] = R[B].name"
    SetField          AB    Cache (Register Register Unused  ) "R[A].name = R[B]"
    SetFieldTake      AB    Cache (Register Register Unused  ) "R[A].name = R[B], taken"
    GetSuper          ABC   Cache (Register Register Register) "R[A] = the method `name` of class R[C], bound to R[B]"
    GetIndex          ABC   No    (Register Register Register) "R[A] = R[B][R[C]]"
    GetIndexConstant  ABC   No    (Register Register Constant) "R[A] = R[B][K[C]]"
    SetIndex          ABC   No    (Register Register Register) "R[A][R[B]] = R[C]"
    SetIndexTake      ABC   No    (Register Register Register) "R[A][R[B]] = R[C], taken"
    SetIndexConstant  ABC   No    (Register Register Constant) "R[A][R[B]] = K[C]"

    Call              AB    No    (Register Number   Unused  ) "R[A] = R[A](R[A+1] .. R[A+B]); the callee's window begins at R[A], and takes it all"
    CallGlobal        AB    Index (Register Number   Unused  ) "the same, after R[A] = global [extension]"
    Invoke            AB    Cache (Register Number   Unused  ) "R[A] = R[A].name(R[A+1] .. R[A+B])"
    InvokeOn          ABC   Cache (Register Number   Register) "R[A] = R[C].name(R[A+1] .. R[A+B]); R[C] is a local"
    InvokeSuper       ABC   Cache (Register Number   Register) "R[A] = the method `name` of class R[C], taken, called with this = R[A] and R[A+1] .. R[A+B]"
    CallSpread        A     No    (Register Unused   Unused  ) "R[A] = R[A](the items of the list R[A+1])"
    InvokeSpread      A     Cache (Register Unused   Unused  ) "R[A] = R[A].name(the items of the list R[A+1])"
    Return            AB    No    (Register Number   Unused  ) "return R[A], taken; registers beyond R[B] hold no objects"
    ReturnNil         AB    No    (Unused   Number   Unused  ) "return nil (an initializer returns R[0] with Return); the same"

    NewList           ABC   No    (Register Register Number  ) "R[A] = a list of R[B] .. R[B+C), taken"
    Append            AB    No    (Register Register Unused  ) "append R[B], taken, to the list R[A]"
    NewMap            ABC   No    (Register Register Number  ) "R[A] = a map of C pairs R[B], R[B+1], …, taken"
    Interpolate       ABC   No    (Register Register Number  ) "R[A] = the texts of R[B] .. R[B+C) as one string"
    Closure           ABx   No    (Register Number   Unused  ) "R[A] = a closure of function Bx, with its captures"
    Class             ABx   Index (Register Constant Unused  ) "R[A] = a new class named K[Bx]; [extension] fields are expected in an instance"
    Inherit           AB    No    (Register Register Unused  ) "the class R[A] inherits from R[B]; an error if that is no class"
    Method            AB    Index (Register Register Unused  ) "the class R[A] has the method R[B], taken, named K[extension]"

    IterateBegin      A     No    (Register Unused   Unused  ) "R[A] = what to iterate over, from R[A]; R[A+1] = the first position"
    IterateNext       AB    Jump  (Register Register Unused  ) "R[B] = the next item of the iteration in R[A], R[A+1]; jump if there is none; polls"
    Throw             AB    No    (Register Number   Unused  ) "throw R[A], taken; B is 1 behind a finally, where what was thrown goes on"
    Print             A     No    (Register Unused   Unused  ) "print R[A]"
    Import            ABx   No    (Register Constant Unused  ) "R[A] = the module of the file K[Bx]"
    Exit              Z     No    (Unused   Unused   Unused  ) "leave the loop; only in the machine's own code, never in a function"
}

/// The first register that holds spilled locals, and the number of captures kept in a closure itself.
pub const SPILL_REGISTER: u8 = 200;
/// Captures from this number on lie in a part of the closure.
pub const WIDE_CAPTURE: u16 = 200;

impl Op {
    /// The operation with this number.
    #[inline(always)]
    pub fn from_number(number: u8) -> Option<Op> {
        Op::ALL.get(number as usize).copied()
    }
    /// Its row in the table.
    pub fn row(self) -> &'static Row {
        &OPS[self as usize]
    }
    /// How many words the instruction has: one or two.
    pub fn words(self) -> usize {
        if self.row().extension == Extension::No { 1 } else { 2 }
    }
    /// Does it look for an interrupt whenever it jumps? Every jump backward must.
    pub fn polls(self) -> bool {
        self.row().meaning.ends_with("polls for an interrupt")
            || self.row().meaning.ends_with("polls")
    }
    /// The first word from A, B and C.
    pub const fn abc(self, a: u8, b: u8, c: u8) -> u32 {
        self as u32 | (a as u32) << 8 | (b as u32) << 16 | (c as u32) << 24
    }
    /// The first word from A and Bx.
    pub const fn abx(self, a: u8, bx: u16) -> u32 {
        self as u32 | (a as u32) << 8 | (bx as u32) << 16
    }
    /// The first word from A and sBx.
    pub const fn asbx(self, a: u8, sbx: i16) -> u32 {
        self.abx(a, sbx as u16)
    }
    /// A jump, if it fits in 24 bits.
    pub fn jump(self, distance: i32) -> Option<u32> {
        ((distance << 8) >> 8 == distance).then_some(self as u32 | (distance as u32) << 8)
    }
}

/// Field A of an instruction word.
#[inline(always)]
pub const fn a(word: u32) -> usize {
    (word >> 8 & 255) as usize
}
/// Field B.
#[inline(always)]
pub const fn b(word: u32) -> usize {
    (word >> 16 & 255) as usize
}
/// Field C.
#[inline(always)]
pub const fn c(word: u32) -> usize {
    (word >> 24) as usize
}
/// Field Bx.
#[inline(always)]
pub const fn bx(word: u32) -> usize {
    (word >> 16) as usize
}
/// Field sBx.
#[inline(always)]
pub const fn sbx(word: u32) -> i32 {
    word as i32 >> 16
}
/// Field sJ.
#[inline(always)]
pub const fn sj(word: u32) -> isize {
    (word as i32 >> 8) as isize
}
