//! What the process is doing at the moment: the program, or which phase of which collection. One byte for the whole process, so that a
//! signal handler can look at it; written where a phase begins, whatever comes after a collection finds what was there before.

use std::sync::atomic::{AtomicU8, Ordering};

macro_rules! phases {
    ($($name:ident $text:literal $meaning:literal),+ $(,)?) => {
        /// A phase of the process.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u8)]
        pub enum Phase { $(#[doc = $meaning] $name),+ }

        /// Every phase, by number.
        pub const PHASES: &[Phase] = &[$(Phase::$name),+];

        impl Phase {
            /// Its name in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Phase::$name => $text),+ }
            }
        }
    };
}

phases! {
    Program    "program"               "The program runs; counts fall to zero.",
    Fork       "fork"                  "The strategy adapts to being a child.",
    Collect    "collect"               "A collection, what is not named below.",
    Splice     "splice"                "Younger generations are joined to the one that is collected.",
    CopyCounts "copy counts"           "Each member's count is copied into its head.",
    Subtract   "subtract"              "References from members are subtracted from the copies, or counted beside.",
    Rescue     "rescue"                "What something outside holds is parted from the rest.",
    Trial      "trial deletion"        "Candidates are deleted by way of trial, and restored.",
    Promote    "promote"               "Survivors pass to the next generation.",
    Roots      "mark roots"            "What the roots refer to is marked.",
    Trace      "trace"                 "What is marked is scanned, and what it refers to is marked.",
    Weak       "clear weak references" "Weak references to garbage become nil.",
    Queue      "queue finalizers"      "Garbage with a finalizer is queued and kept.",
    Break      "break cycles"          "Garbage lets go of what it refers to.",
    Sweep      "sweep"                 "The memory of garbage is given back.",
    Reap       "reap"                  "What has no count left, nor a root, dies.",
    Finalize   "finalizers"            "The program's finalizers run.",
    Exit       "exit"                  "The exit policy is carried out.",
}

impl Phase {
    /// The phase of this number; the program's where there is none.
    pub fn numbered(number: u8) -> Phase {
        PHASES.get(number as usize).copied().unwrap_or(Phase::Program)
    }
}

static NOW: AtomicU8 = AtomicU8::new(Phase::Program as u8);

/// A phase begins.
#[inline(always)]
pub fn enter(phase: Phase) {
    NOW.store(phase as u8, Ordering::Relaxed);
}

/// The phase that the process is in.
#[inline(always)]
pub fn current() -> Phase {
    Phase::numbered(NOW.load(Ordering::Relaxed))
}
