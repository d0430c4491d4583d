//! A heap as data: what objects there are, what each refers to, and which places outside the heap hold some of them.
//!
//! The machine fills a [`Snapshot`] by one walk over its heap; everything else is a question to the snapshot, whether it was taken a
//! moment ago or read from a file: the histogram, who refers to whom, a path from a root, dominators and what each object retains,
//! a graph to draw, the difference of two. The crate knows neither the language nor a collector.
//!
//! Nothing here recurses: a list of ten million links is as good as any other graph.
#![forbid(unsafe_code)]

mod builder;
mod change;
mod dominators;
mod dot;
mod file;
mod group;
mod paths;
mod reverse;

pub use builder::Builder;
pub use change::{Change, changes};
pub use dominators::Dominators;
pub use dot::{Direction, Limits, draw};
pub use file::{FileError, read, write};
pub use group::Group;
pub use paths::{Path, Paths};
pub use reverse::Referrers;

use std::fmt;

/// An object's number within its snapshot, from 0.
pub type Id = u32;

/// What a strategy has done to an object for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum State {
    /// Nothing: it lives and dies like any other.
    #[default]
    Ordinary,
    /// In the permanent generation.
    Frozen,
    /// Its count does not change any more.
    Immortal,
    /// On pages that nobody can write to.
    Sealed,
}

impl State {
    /// Every state, in order.
    pub const ALL: [State; 4] = [State::Ordinary, State::Frozen, State::Immortal, State::Sealed];

    /// Its name in files and reports.
    pub const fn name(self) -> &'static str {
        match self {
            State::Ordinary => "ordinary",
            State::Frozen => "frozen",
            State::Immortal => "immortal",
            State::Sealed => "sealed",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What a reference is called in its holder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Label {
    /// A name of the snapshot's table: a field, a key, a role.
    Name(u32),
    /// An item at this position.
    Item(u32),
}

/// One reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edge {
    /// To whom.
    pub to: Id,
    /// What it is called.
    pub label: Label,
}

/// One object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Node {
    /// Its type, by its number in the snapshot's table.
    pub kind: u32,
    /// What a strategy has done to it.
    pub state: State,
    /// The region it lies in, by its number in the snapshot's table.
    pub region: u16,
    /// Where in that region, in bytes.
    pub offset: u64,
    /// The bytes it takes with its own parts, bookkeeping in front of it included.
    pub bytes: u64,
}

/// How much a root tells whoever asks why an object lives; lower is told first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Rank {
    /// The program gave it a name: a global.
    Named,
    /// A call in progress holds it.
    Local,
    /// The machine holds it: constants, hooks, what natives hold at the moment.
    Machine,
}

impl Rank {
    /// Every rank, in order.
    pub const ALL: [Rank; 3] = [Rank::Named, Rank::Local, Rank::Machine];
}

/// A place outside the heap that holds an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Root {
    /// What it is called.
    pub name: String,
    /// How much that tells.
    pub rank: Rank,
    /// Whom it holds.
    pub to: Id,
}

/// Where a snapshot comes from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    /// The strategy's name.
    pub strategy: String,
    /// The size of a page in bytes.
    pub page_size: u64,
}

/// A heap at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Snapshot {
    origin: Origin,
    types: Vec<String>,
    regions: Vec<String>,
    names: Vec<String>,
    nodes: Vec<Node>,
    /// For each object, where its references begin; one more at the end.
    starts: Vec<usize>,
    edges: Vec<Edge>,
    roots: Vec<Root>,
}

impl Snapshot {
    /// Where it comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
    /// The objects, by number.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }
    /// How many objects there are.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }
    /// The bytes they take together.
    pub fn bytes(&self) -> u64 {
        self.nodes.iter().map(|node| node.bytes).sum()
    }
    /// The places that hold objects; those that tell most come first.
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }
    /// The references of an object, in the order of its slots.
    ///
    /// # Panics
    /// If there is no such object; so do the next four.
    pub fn edges(&self, id: Id) -> &[Edge] {
        &self.edges[self.starts[id as usize]..self.starts[id as usize + 1]]
    }
    /// How many references there are.
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }
    /// An object.
    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }
    /// The name of its type.
    pub fn type_of(&self, id: Id) -> &str {
        &self.types[self.node(id).kind as usize]
    }
    /// The name of its region.
    pub fn region_of(&self, id: Id) -> &str {
        &self.regions[self.node(id).region as usize]
    }
    /// A label as text: `.name`, `["key"]`, `[3]`.
    pub fn label(&self, label: Label) -> LabelText<'_> {
        LabelText { snapshot: self, label }
    }
}

/// See [`Snapshot::label`].
#[derive(Clone, Copy, Debug)]
pub struct LabelText<'a> {
    snapshot: &'a Snapshot,
    label: Label,
}

impl fmt::Display for LabelText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.label {
            Label::Name(number) => f.write_str(&self.snapshot.names[number as usize]),
            Label::Item(position) => write!(f, "[{position}]"),
        }
    }
}

#[cfg(test)]
mod tests;
