//! Interchangeable garbage collectors over a heap of pages.
//!
//! Reading order: `value`, `object` (what there is), `collector` (the contract), `strategy` (the table), then one file
//! under `collectors/`, from top to bottom. `heap` is the machine's only door; `parts/` holds data structures without policy.
//!
//! This crate knows no language: an object is slots or bytes.

pub mod collector;
pub mod collectors;
pub mod heap;
pub mod journal;
pub mod object;
pub mod options;
pub mod parts;
pub mod sites;
pub mod strategy;
pub mod value;
pub mod verify;
pub mod zeal;

pub use collector::{
    Collection, Collector, Judgement, NoRoots, Place, Request, Roots, SealError, Unsupported,
};
pub use heap::{Heap, HeapError, Options};
pub use object::{Format, Object, ShapeWord};
pub use options::StrategyOption;
pub use strategy::{Facts, Job, Row, STRATEGIES, Strategy, VARIANTS, Variant};
pub use value::Value;
pub use zeal::Zeal;
