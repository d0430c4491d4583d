//! One file for each algorithm. None knows another's.

pub mod adversary;
pub mod cycles;
pub mod frozen;
pub mod immortal;
pub mod indirect;
pub mod inline;
pub mod mark_bitmap;
pub mod mark_inline;
pub mod none;
pub mod scratch;
pub mod sealed;
pub mod side_counts;
pub mod trial;
pub mod zygote;
