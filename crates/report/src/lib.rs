//! Results of the lab as one page of HTML that needs nothing else: no network, no library, and no script to be read or printed.
//!
//! The numbers come from results files alone (`docs/lab.md` describes them), so that a report of several machines, or of another version's
//! results, is possible; what experiments say of them in words is handed in as [`Outline`]s. Every text is escaped where it is written, and the
//! page's own policy keeps any script but ours from running.
#![forbid(unsafe_code)]

mod answer;
mod cell;
mod chart;
mod error;
mod extra;
mod field;
mod figure;
mod group;
mod machines;
mod number;
mod page;
mod palette;
mod plots;
mod results;
mod scale;
mod section;
mod svg;
mod table;
mod tree;

use calf_lab::Outline;

pub use error::ReportError;
pub use results::{Results, files};

/// The page, as text.
///
/// ```
/// let mut results = calf_report::Results::default();
/// results.add(r#"{"kind": "cell", "experiment": "rec", "strategy": "inline", "size": 10, "status": "ok"}"#);
/// let page = calf_report::page("My report", &results, &[]);
/// assert!(page.starts_with("<!DOCTYPE html>"));
/// ```
pub fn page(title: &str, results: &Results, outlines: &[Outline]) -> String {
    page::page(title, results, outlines).into_string()
}
