//! Which objects of a compacted space a child wrote: kept in a file, so that the next run puts these together.
//!
//! ```text
//!   # calf zygote profile 1: shape and number of each object that a child wrote
//!   17 204
//!   64 3
//! ```
//!
//! An object is named by its shape number and by its number among the objects of that shape in the order of a breadth-first
//! trace from the roots. Neither depends on an address, so both are the same in the next run of a program that makes the same things.
//! Who was written is found as Android's `imgdiag` finds it: by comparing the space with a copy made at the fork. A write of what
//! was there already is not seen.

use super::dense::Dense;
use super::region::Region;
use super::vector::Vector;
use crate::heap::{HeapError, Options};
use crate::object::Object;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

/// The first line of a file.
const HEADING: &str =
    "# calf zygote profile 1: shape and number of each object that a child wrote\n";
/// The most objects that can be recorded.
const MOST: usize = 1 << 28;

/// What names an object in every run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    shape: u32,
    number: u32,
}

/// See the module.
#[derive(Debug)]
pub struct Profile {
    /// Who was written in an earlier run; `None` if none is given.
    known: Option<HashSet<Key>>,
    record: Option<PathBuf>,
    /// How many of each shape have been named so far.
    named: HashMap<u32, u32>,
    /// The objects of the space by name, if there is to be a record.
    keys: Vector<(Object, Key)>,
    /// The space as it was at the fork, in a child.
    copy: Option<Region>,
}

impl Profile {
    /// By the options `profile=FILE`, to be read now, and `record=FILE`, to be added to by each child.
    ///
    /// # Errors
    /// The file cannot be read or is none of these, or the address space is refused.
    pub fn new(options: &Options) -> Result<Profile, HeapError> {
        let known = match options.argument("profile") {
            None => None,
            Some(path) => match std::fs::read_to_string(path).ok().and_then(|text| parse(&text)) {
                Some(known) => Some(known),
                None => {
                    let known = "a file that record=FILE wrote";
                    return Err(HeapError::Value { key: "profile", value: path.to_owned(), known });
                }
            },
        };
        Ok(Profile {
            known,
            record: options.argument("record").map(PathBuf::from),
            named: HashMap::new(),
            keys: Vector::new("profile", MOST)?,
            copy: None,
        })
    }
    /// Are names needed at all?
    pub fn is_used(&self) -> bool {
        self.known.is_some() || self.record.is_some()
    }
    /// The name of `object`, which comes next in the trace.
    pub fn name(&mut self, object: Object) -> Key {
        let number = self.named.entry(object.shape()).or_insert(0);
        *number += 1;
        Key { shape: object.shape(), number: *number }
    }
    /// Was it written in the run that the profile is of?
    pub fn is_known(&self, key: Key) -> bool {
        self.known.as_ref().is_some_and(|known| known.contains(&key))
    }
    /// `object` is in the space under this name. Without memory for it, it is not recorded.
    pub fn enter(&mut self, object: Object, key: Key) {
        if self.record.is_some() {
            let _ = self.keys.push((object, key));
        }
    }

    /// In a child: keeps what the space holds now, to compare. Without memory nothing is recorded.
    pub fn begin(&mut self, dense: &Dense) {
        self.copy = None;
        if self.record.is_none() {
            return;
        }
        let bytes = dense.frontier() - dense.region().start();
        let Ok(mut copy) = Region::reserve("copy", bytes.max(1)) else { return };
        if copy.commit(bytes) {
            // SAFETY: both hold that many bytes, and they are two regions.
            unsafe {
                copy.pointer::<u8>(0)
                    .copy_from_nonoverlapping(dense.region().pointer::<u8>(0), bytes)
            };
            self.copy = Some(copy);
        }
    }

    /// Adds those that differ from the copy to the file, in one write. A file that cannot be written is complained of.
    pub fn end(&mut self, dense: &Dense) {
        let (Some(path), Some(copy)) = (&self.record, self.copy.take()) else { return };
        let mut text = String::new();
        for &(object, key) in self.keys.as_slice() {
            if is_changed(object, dense, &copy) {
                let _ = writeln!(text, "{} {}", key.shape, key.number);
            }
        }
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        let written = file.and_then(|mut file| {
            if file.metadata()?.len() == 0 {
                text.insert_str(0, HEADING);
            }
            file.write_all(text.as_bytes())
        });
        if let Err(error) = written {
            eprintln!("calf: cannot write the profile '{}': {error}", path.display());
        }
    }
}

/// Does a word of `object` differ from what it was?
fn is_changed(object: Object, dense: &Dense, copy: &Region) -> bool {
    let offset = object.address() - dense.region().start();
    if offset >= copy.end() - copy.start() {
        return false;
    }
    (0..=object.units()).any(|word| {
        // SAFETY: a word of the object, and the same of the copy, which was made when the object was there.
        unsafe { *object.pointer().add(word) != *copy.pointer::<u64>(offset + word * 8) }
    })
}

/// The names in a file; `None` if it is no profile. A heading may stand anywhere: children write at the same time.
fn parse(text: &str) -> Option<HashSet<Key>> {
    if !text.starts_with(HEADING) {
        return None;
    }
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (shape, number) = line.split_once(' ')?;
            Some(Key { shape: shape.parse().ok()?, number: number.parse().ok()? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_none_is_refused() {
        let key = |shape, number| Key { shape, number };
        assert_eq!(parse(HEADING), Some(HashSet::new()));
        let text = format!("{HEADING}17 204\n{HEADING}64 3\n17 204\n");
        assert_eq!(parse(&text), Some(HashSet::from([key(17, 204), key(64, 3)])));
        for wrong in ["", "17 204\n", &format!("{HEADING}17\n"), &format!("{HEADING}a b\n")] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
