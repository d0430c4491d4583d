//! One file for each algorithm. None knows another's.

pub mod none;
