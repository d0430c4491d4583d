//! The lines beside a cell's own: series, workers, pauses, page maps, time lines and stacks.

use crate::field::{items, number, numbers, pairs, text, texts};
use serde_json::Value;
use std::collections::BTreeMap;

/// One of those lines.
#[derive(Clone, Debug)]
pub(crate) struct Extra {
    /// The child that it speaks of.
    pub(crate) child: String,
    /// Its number among all lines of the report's data, from 0.
    pub(crate) line: usize,
    pub(crate) says: Says,
}

/// What it says.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    Series(Series),
    Workers(Vec<Worker>),
    Pauses(Vec<Pause>),
    PageMap(Vec<Frame>),
    TimeLine(Vec<Moment>),
    Blame(Vec<Stack>),
}

/// A line of a picture.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) title: String,
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) points: Vec<(f64, f64)>,
    pub(crate) limit: Option<f64>,
    pub(crate) marks: Vec<(f64, String)>,
}

/// The memory of a process, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    pub(crate) name: String,
    pub(crate) rss: f64,
    pub(crate) pss: f64,
    pub(crate) private: f64,
    pub(crate) shared: f64,
}

/// A collection during which the program stood still.
#[derive(Clone, Debug)]
pub(crate) struct Pause {
    /// Seconds after the start.
    pub(crate) at: f64,
    pub(crate) seconds: f64,
    pub(crate) generation: Option<f64>,
    pub(crate) objects: Option<f64>,
    pub(crate) live: Option<f64>,
}

/// The pages of the heap at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) at: f64,
    pub(crate) label: String,
    pub(crate) regions: Vec<Region>,
}

/// The pages of a region, run by run. What lies on them the page's script reads from the line itself.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub(crate) name: String,
    pub(crate) runs: Vec<(u64, char)>,
}

/// Pages copied so far, by cause, at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) at: f64,
    pub(crate) label: String,
    pub(crate) causes: BTreeMap<String, f64>,
}

/// Pages copied from one place in the program for one cause.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    /// Outermost first.
    pub(crate) frames: Vec<String>,
    pub(crate) cause: String,
    pub(crate) region: String,
    pub(crate) pages: f64,
}

impl Extra {
    /// Reads a line; `None` if it is of no kind that this program knows.
    pub(crate) fn parse(line: &Value, number: usize) -> Option<Extra> {
        let says = match line.get("kind")?.as_str()? {
            "series" => Says::Series(series(line)),
            "workers" => Says::Workers(items(line, "workers").iter().map(worker).collect()),
            "pauses" => Says::Pauses(items(line, "pauses").iter().map(pause).collect()),
            "page_map" => Says::PageMap(items(line, "frames").iter().map(frame).collect()),
            "time_line" => Says::TimeLine(items(line, "points").iter().map(moment).collect()),
            "blame" => Says::Blame(items(line, "stacks").iter().map(stack).collect()),
            _ => return None,
        };
        Some(Extra { child: text(line, "child"), line: number, says })
    }
}

fn series(line: &Value) -> Series {
    let mark = |mark: &Value| Some((mark.get(0)?.as_f64()?, mark.get(1)?.as_str()?.to_string()));
    Series {
        title: text(line, "title"),
        x: text(line, "x"),
        y: text(line, "y"),
        points: pairs(line, "points"),
        limit: number(line, "limit"),
        marks: items(line, "marks").iter().filter_map(mark).collect(),
    }
}

fn worker(item: &Value) -> Worker {
    let size = |key| number(item, key).unwrap_or(0.0);
    Worker {
        name: text(item, "name"),
        rss: size("rss"),
        pss: size("pss"),
        private: size("private"),
        shared: size("shared"),
    }
}

fn pause(item: &Value) -> Pause {
    Pause {
        at: number(item, "at").unwrap_or(0.0),
        seconds: number(item, "seconds").unwrap_or(0.0),
        generation: number(item, "generation"),
        objects: number(item, "objects"),
        live: number(item, "live"),
    }
}

fn frame(item: &Value) -> Frame {
    Frame {
        at: number(item, "at").unwrap_or(0.0),
        label: text(item, "label"),
        regions: items(item, "regions").iter().map(region).collect(),
    }
}

fn region(item: &Value) -> Region {
    Region { name: text(item, "region"), runs: runs(&text(item, "pages")) }
}

/// `120s3c` as 120 pages that are shared and 3 that were copied; what is no run is passed over.
fn runs(text: &str) -> Vec<(u64, char)> {
    let mut runs = Vec::new();
    let mut length: u64 = 0;
    for letter in text.chars() {
        match letter.to_digit(10) {
            Some(digit) => length = length.saturating_mul(10).saturating_add(u64::from(digit)),
            None => {
                if length > 0 {
                    runs.push((length, letter));
                }
                length = 0;
            }
        }
    }
    runs
}

fn moment(item: &Value) -> Moment {
    Moment {
        at: number(item, "at").unwrap_or(0.0),
        label: text(item, "label"),
        causes: numbers(item, "causes"),
    }
}

fn stack(item: &Value) -> Stack {
    Stack {
        frames: texts(item, "frames"),
        cause: text(item, "cause"),
        region: text(item, "region"),
        pages: number(item, "pages").unwrap_or(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_read_as_far_as_they_are_runs() {
        assert_eq!(runs("120s3c0p"), [(120, 's'), (3, 'c')]);
        assert_eq!(runs("s4"), []);
        assert_eq!(runs("99999999999999999999999s"), [(u64::MAX, 's')]);
    }
}
