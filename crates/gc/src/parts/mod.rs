//! Data structures without policy: memory from the kernel, cells, runs, bitmaps, tables, the model of copied pages.
//!
//! Reading order: `region` (all of `mmap` is here), `model`, `phase`, `cells` and `runs` (small and large objects), `space` (all
//! of it together); then what some strategies need: `vector`, `table`, `weak`, `bitmap`, `counts`, `lists`, `placement`, `short_heads`, `gray`, `plane`,
//! `colours`, `deletion`, `holes`, `finalizable`, `ages`, `moving`, `thresholds`,
//! `dense`, `generations`, `internal`, `count_place`, `overflow`, `vacancies`, `tombs`, `main_space`,
//! `cards`, `profile`, `zero_counts`.

/// The fewest bytes handed out between two automatic collections of a strategy that traces: no more than a core's second-level cache
/// holds, so that what dies soon is written there again. With four times as much, joining texts of some kilobytes took a third longer.
pub const LEAST_ALLOWANCE: usize = 1 << 20;

pub mod ages;
pub mod bitmap;
pub mod cards;
pub mod cells;
pub mod colours;
pub mod count_place;
pub mod counts;
pub mod deletion;
pub mod dense;
pub mod finalizable;
pub mod generations;
pub mod gray;
pub mod holes;
pub mod internal;
pub mod lists;
pub mod main_space;
pub mod model;
pub mod moving;
pub mod overflow;
pub mod phase;
pub mod placement;
pub mod plane;
pub mod profile;
pub mod quarantine;
pub mod region;
pub mod runs;
pub mod short_heads;
pub mod space;
pub mod table;
pub mod thresholds;
pub mod tombs;
pub mod vacancies;
pub mod vector;
pub mod weak;
pub mod zero_counts;
