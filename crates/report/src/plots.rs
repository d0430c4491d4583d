//! The plots, one to a file. Each takes what lines of results say and gives a figure.

pub(crate) mod bars;
pub(crate) mod icicle;
pub(crate) mod page_map;
pub(crate) mod pauses;
pub(crate) mod series;
pub(crate) mod time_line;
pub(crate) mod workers;
