//! A snapshot as a file: one JSON object a line, described in docs/heap-tools.md.
//!
//! ```text
//! {"format":"calf-heap","version":1,"strategy":"inline","pageSize":4096,"objects":2,"roots":1}
//! {"id":0,"type":"list","bytes":80,"region":"objects","offset":4096,"refs":[["[0]",1]]}
//! {"id":1,"type":"string","bytes":32,"region":"objects","offset":4176,"state":"frozen"}
//! {"root":"global 'x'","rank":0,"to":0}
//! ```

use crate::{Builder, Id, Label, Node, Origin, Rank, Snapshot, State};
use serde_json::{Value, json};
use std::fmt;
use std::io::{self, BufRead, Write};

const FORMAT: &str = "calf-heap";
const VERSION: u64 = 1;

/// Why a file is no snapshot.
#[derive(Debug)]
pub enum FileError {
    /// It cannot be read.
    Io(io::Error),
    /// The first line does not say that it is one.
    NotASnapshot,
    /// It is one of a version that this program does not know.
    Version(u64),
    /// A line is not as it should be.
    Line {
        /// Which, from one.
        number: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// It ends too early: it has fewer objects than its first line says.
    Short {
        /// How many there should be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Io(error) => write!(f, "cannot be read: {error}"),
            FileError::NotASnapshot => {
                f.write_str("is no snapshot of a heap; heap.dump(file) writes one")
            }
            FileError::Version(version) => {
                write!(f, "is a snapshot of version {version}; this calf reads version {VERSION}")
            }
            FileError::Line { number, what } => write!(f, "line {number} {what}"),
            FileError::Short { expected, found } => {
                write!(f, "has {found} objects, its first line says {expected}: was it cut off?")
            }
        }
    }
}

impl std::error::Error for FileError {}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> FileError {
        FileError::Io(error)
    }
}

/// Writes `snapshot`; `to` had better be buffered.
///
/// # Errors
/// What writing fails with.
pub fn write(snapshot: &Snapshot, to: &mut dyn Write) -> io::Result<()> {
    let origin = snapshot.origin();
    let header = json!({
        "format": FORMAT, "version": VERSION, "strategy": origin.strategy, "pageSize": origin.page_size,
        "objects": snapshot.count(), "roots": snapshot.roots().len(),
    });
    writeln!(to, "{header}")?;
    for (id, node) in snapshot.nodes().iter().enumerate() {
        let id = id as Id;
        write!(to, "{{\"id\":{id},\"type\":")?;
        serde_json::to_writer(&mut *to, snapshot.type_of(id))?;
        write!(to, ",\"bytes\":{},\"region\":", node.bytes)?;
        serde_json::to_writer(&mut *to, snapshot.region_of(id))?;
        write!(to, ",\"offset\":{}", node.offset)?;
        if node.state != State::Ordinary {
            write!(to, ",\"state\":\"{}\"", node.state.name())?;
        }
        let edges = snapshot.edges(id);
        for (position, edge) in edges.iter().enumerate() {
            to.write_all(if position == 0 { b",\"refs\":[[" } else { b",[" })?;
            match edge.label {
                Label::Item(item) => write!(to, "\"[{item}]\"")?,
                Label::Name(_) => {
                    serde_json::to_writer(&mut *to, &snapshot.label(edge.label).to_string())?;
                }
            }
            write!(to, ",{}]", edge.to)?;
        }
        to.write_all(if edges.is_empty() { b"}\n" } else { b"]}\n" })?;
    }
    for root in snapshot.roots() {
        writeln!(to, "{}", json!({ "root": root.name, "rank": root.rank as u8, "to": root.to }))?;
    }
    Ok(())
}

/// Reads a snapshot.
///
/// # Errors
/// See [`FileError`]; a line's number is told.
pub fn read(from: &mut dyn BufRead) -> Result<Snapshot, FileError> {
    let mut line = String::new();
    let mut number = 1;
    from.read_line(&mut line).map_err(not_text)?;
    let header: Value = serde_json::from_str(&line).map_err(|_| FileError::NotASnapshot)?;
    if header["format"] != FORMAT {
        return Err(FileError::NotASnapshot);
    }
    match header["version"].as_u64() {
        Some(VERSION) => {}
        version => return Err(FileError::Version(version.unwrap_or(0))),
    }
    let expected = header["objects"].as_u64().unwrap_or(0);
    let mut builder = Builder::new(Origin {
        strategy: header["strategy"].as_str().unwrap_or_default().to_string(),
        page_size: header["pageSize"].as_u64().unwrap_or(0),
    });
    loop {
        line.clear();
        number += 1;
        if from.read_line(&mut line).map_err(not_text)? == 0 {
            break;
        }
        read_line(&line, expected, &mut builder)
            .map_err(|what| FileError::Line { number, what })?;
    }
    let found = builder.count() as u64;
    if found != expected {
        return Err(FileError::Short { expected, found });
    }
    Ok(builder.finish())
}

fn not_text(error: io::Error) -> FileError {
    if error.kind() == io::ErrorKind::InvalidData { FileError::NotASnapshot } else { error.into() }
}

/// The number of an object that there is, or will be.
fn object(value: &Value, expected: u64) -> Result<Id, &'static str> {
    let id = value.as_u64().filter(|&id| id < expected);
    id.and_then(|id| Id::try_from(id).ok()).ok_or("refers to no object of the snapshot")
}

fn read_line(line: &str, expected: u64, builder: &mut Builder) -> Result<(), &'static str> {
    let entry: Value = serde_json::from_str(line).map_err(|_| "is no JSON")?;
    if let Some(name) = entry["root"].as_str() {
        let rank = entry["rank"].as_u64().and_then(|rank| Rank::ALL.get(rank as usize).copied());
        builder.root(name.to_string(), rank.ok_or("has no rank")?, object(&entry["to"], expected)?);
        return Ok(());
    }
    if entry["id"].as_u64() != Some(builder.count() as u64) {
        return Err("has not the number that is next");
    }
    let kind = builder.kind(entry["type"].as_str().ok_or("has no type")?);
    let region = builder.region(entry["region"].as_str().ok_or("has no region")?);
    let state = match entry["state"].as_str() {
        None => State::Ordinary,
        Some(name) => State::named(name).ok_or("has an unknown state")?,
    };
    builder.add(Node {
        kind,
        state,
        region,
        offset: entry["offset"].as_u64().ok_or("has no offset")?,
        bytes: entry["bytes"].as_u64().ok_or("has no bytes")?,
    });
    for reference in entry["refs"].as_array().into_iter().flatten() {
        let label = reference[0].as_str().ok_or("has a reference without a name")?;
        let item = label.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let label = match item.and_then(|item| item.parse().ok()) {
            Some(item) => Label::Item(item),
            None => builder.name(label),
        };
        builder.refer(object(&reference[1], expected)?, label);
    }
    builder.end_object();
    Ok(())
}
