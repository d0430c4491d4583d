//! What has become of groups between two moments.

use crate::Group;
use std::collections::BTreeMap;

/// One group before and after.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// The group's name.
    pub name: String,
    /// Objects and bytes before.
    pub before: (u64, u64),
    /// Objects and bytes after.
    pub after: (u64, u64),
}

impl Change {
    /// How many objects came (or went, if negative).
    pub fn objects(&self) -> i64 {
        self.after.0.cast_signed().wrapping_sub(self.before.0.cast_signed())
    }
    /// How many bytes came (or went).
    pub fn bytes(&self) -> i64 {
        self.after.1.cast_signed().wrapping_sub(self.before.1.cast_signed())
    }
}

/// The groups that are not as they were: those that grew most first, then those that shrank, the most last.
pub fn changes(before: &[Group], after: &[Group]) -> Vec<Change> {
    let mut found: BTreeMap<&str, [(u64, u64); 2]> = BTreeMap::new();
    for (side, groups) in [before, after].into_iter().enumerate() {
        for group in groups {
            let entry = &mut found.entry(&group.name).or_default()[side];
            entry.0 += group.objects;
            entry.1 += group.bytes;
        }
    }
    let mut list: Vec<Change> = found
        .into_iter()
        .filter(|(_, [before, after])| before != after)
        .map(|(name, [before, after])| Change { name: name.to_string(), before, after })
        .collect();
    list.sort_by_key(|change| {
        (std::cmp::Reverse(change.bytes()), std::cmp::Reverse(change.objects()))
    });
    list
}
