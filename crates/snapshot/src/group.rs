//! Objects counted by something they have in common: their type, or who holds them.

use crate::{Dominators, Snapshot};
use std::collections::BTreeMap;

/// So many objects of so many bytes under one name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// The type, or the holder.
    pub name: String,
    /// How many objects.
    pub objects: u64,
    /// How many bytes they take.
    pub bytes: u64,
}

/// The largest first; those of one size by name.
fn sorted(groups: BTreeMap<&str, (u64, u64)>) -> Vec<Group> {
    let mut list: Vec<Group> = groups
        .into_iter()
        .map(|(name, (objects, bytes))| Group { name: name.to_string(), objects, bytes })
        .collect();
    list.sort_by_key(|group| std::cmp::Reverse(group.bytes));
    list
}

/// The name under which what several roots hold together is counted.
const SEVERAL: &str = "several roots together";
/// The name of what no root reaches: garbage that no collection has found yet.
const UNREACHED: &str = "no root";

impl Snapshot {
    /// How many objects of each type there are, the types with the most bytes first.
    pub fn histogram(&self) -> Vec<Group> {
        let mut groups = vec![(0, 0); self.types.len()];
        for node in &self.nodes {
            let group = &mut groups[node.kind as usize];
            group.0 += 1;
            group.1 += node.bytes;
        }
        let found = self.types.iter().zip(groups).filter(|(_, group)| group.0 > 0);
        sorted(found.map(|(name, group)| (name.as_str(), group)).collect())
    }

    /// What each root keeps alive alone: the objects that would die with it. What needs several roots to die stands in a row of its own.
    pub fn holders(&self, dominators: &Dominators) -> Vec<Group> {
        let mut names: Vec<Option<&str>> = vec![None; self.count()];
        for root in &self.roots {
            names[root.to as usize].get_or_insert(&root.name);
        }
        let mut groups: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        // The top of each object's chain of dominators: those come before it in the order of the walk.
        let mut holder: Vec<Option<&str>> = vec![None; self.count()];
        for &id in dominators.order() {
            holder[id as usize] = match dominators.dominator(id) {
                Some(dominator) => holder[dominator as usize],
                None => Some(names[id as usize].unwrap_or(SEVERAL)),
            };
        }
        for (node, holder) in self.nodes.iter().zip(holder) {
            let group = groups.entry(holder.unwrap_or(UNREACHED)).or_default();
            group.0 += 1;
            group.1 += node.bytes;
        }
        sorted(groups)
    }
}
