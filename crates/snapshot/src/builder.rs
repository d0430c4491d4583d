//! Filling a snapshot: first every object, then the references of each in the same order, then the roots.

use crate::{Edge, Id, Label, Node, Origin, Rank, Root, Snapshot};
use rustc_hash::FxHashMap;

/// A table of texts in which each stands once.
#[derive(Default)]
struct Texts {
    list: Vec<String>,
    numbers: FxHashMap<String, u32>,
}

impl Texts {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            return number;
        }
        let number = self.list.len() as u32;
        self.list.push(text.to_string());
        self.numbers.insert(text.to_string(), number);
        number
    }
}

/// See the module.
pub struct Builder {
    origin: Origin,
    types: Texts,
    regions: Texts,
    names: Texts,
    nodes: Vec<Node>,
    starts: Vec<usize>,
    edges: Vec<Edge>,
    roots: Vec<Root>,
}

impl Builder {
    /// An empty one.
    pub fn new(origin: Origin) -> Builder {
        Builder {
            origin,
            types: Texts::default(),
            regions: Texts::default(),
            names: Texts::default(),
            nodes: Vec::new(),
            starts: vec![0],
            edges: Vec::new(),
            roots: Vec::new(),
        }
    }

    /// The number of the type of this name.
    pub fn kind(&mut self, name: &str) -> u32 {
        self.types.number(name)
    }
    /// The number of the region of this name; there are few.
    pub fn region(&mut self, name: &str) -> u16 {
        u16::try_from(self.regions.number(name)).unwrap_or(u16::MAX)
    }
    /// A label of this text.
    pub fn name(&mut self, text: &str) -> Label {
        Label::Name(self.names.number(text))
    }
    /// Adds an object and gives its number.
    pub fn add(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        (self.nodes.len() - 1) as Id
    }
    /// How many objects there are so far.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }
    /// A reference of the next object that has no references yet.
    pub fn refer(&mut self, to: Id, label: Label) {
        self.edges.push(Edge { to, label });
    }
    /// That object has no more.
    pub fn end_object(&mut self) {
        self.starts.push(self.edges.len());
    }
    /// A place outside the heap holds an object.
    pub fn root(&mut self, name: String, rank: Rank, to: Id) {
        self.roots.push(Root { name, rank, to });
    }

    /// The snapshot. Objects that [`Builder::end_object`] was not called for refer to nothing; a reference to no object is dropped.
    pub fn finish(mut self) -> Snapshot {
        self.starts.resize(self.nodes.len() + 1, self.edges.len());
        let count = self.nodes.len() as u64;
        if self.edges.iter().any(|edge| u64::from(edge.to) >= count) {
            self.drop_dangling(count);
        }
        self.roots.retain(|root| u64::from(root.to) < count);
        self.roots.sort_by_key(|root| root.rank);
        Snapshot {
            origin: self.origin,
            types: self.types.list,
            regions: self.regions.list,
            names: self.names.list,
            nodes: self.nodes,
            starts: self.starts,
            edges: self.edges,
            roots: self.roots,
        }
    }

    fn drop_dangling(&mut self, count: u64) {
        let mut kept = Vec::with_capacity(self.edges.len());
        let mut starts = vec![0];
        for pair in self.starts.windows(2) {
            let edges = self.edges[pair[0]..pair[1]].iter();
            kept.extend(edges.filter(|edge| u64::from(edge.to) < count));
            starts.push(kept.len());
        }
        self.edges = kept;
        self.starts = starts;
    }
}
