//! Why an object lives: a shortest way to it from a root.
//!
//! One breadth-first search for each rank of roots, the named ones first: what a global holds is told by the global, however short the
//! way from a temporary is.

use crate::{Edge, Id, Rank, Root, Snapshot};
use std::collections::VecDeque;

/// How an object was reached.
#[derive(Clone, Copy, Debug)]
enum Reached {
    Not,
    ByRoot(u32),
    By { source: Id, edge: u32 },
}

/// A way to every object that some root reaches.
#[derive(Debug)]
pub struct Paths<'a> {
    snapshot: &'a Snapshot,
    reached: Vec<Reached>,
}

/// The way to one object.
#[derive(Clone, Debug)]
pub struct Path<'a> {
    /// Where it begins.
    pub root: &'a Root,
    /// The references from there on; the last one leads to the object.
    pub edges: Vec<Edge>,
}

impl<'a> Paths<'a> {
    /// Searches from all roots.
    pub fn of(snapshot: &'a Snapshot) -> Paths<'a> {
        let mut paths = Paths { snapshot, reached: vec![Reached::Not; snapshot.count()] };
        let mut queue = VecDeque::new();
        for rank in Rank::ALL {
            for (number, root) in snapshot.roots().iter().enumerate() {
                if root.rank == rank {
                    paths.reach(root.to, Reached::ByRoot(number as u32), &mut queue);
                }
            }
            while let Some(source) = queue.pop_front() {
                for (edge, reference) in snapshot.edges(source).iter().enumerate() {
                    let reached = Reached::By { source, edge: edge as u32 };
                    paths.reach(reference.to, reached, &mut queue);
                }
            }
        }
        paths
    }

    fn reach(&mut self, id: Id, how: Reached, queue: &mut VecDeque<Id>) {
        let reached = &mut self.reached[id as usize];
        if matches!(reached, Reached::Not) {
            *reached = how;
            queue.push_back(id);
        }
    }

    /// The way to the object; `None` if no root reaches it.
    ///
    /// # Panics
    /// If there is no such object.
    pub fn to(&self, id: Id) -> Option<Path<'a>> {
        let mut edges = Vec::new();
        let mut at = id;
        let root = loop {
            match self.reached[at as usize] {
                Reached::Not => return None,
                Reached::ByRoot(number) => break &self.snapshot.roots()[number as usize],
                Reached::By { source, edge } => {
                    edges.push(self.snapshot.edges(source)[edge as usize]);
                    at = source;
                }
            }
        };
        edges.reverse();
        Some(Path { root, edges })
    }

    /// The way to the object in words, one for the root and one for each step: `global 'users': list`, `[3]: User`, `.name: string`.
    pub fn words(&self, id: Id) -> Option<Vec<String>> {
        let path = self.to(id)?;
        let mut words =
            vec![format!("{}: {}", path.root.name, self.snapshot.type_of(path.root.to))];
        words.extend(path.edges.iter().map(|edge| {
            format!("{}: {}", self.snapshot.label(edge.label), self.snapshot.type_of(edge.to))
        }));
        Some(words)
    }

    /// The way to the object on one line: `global 'users'[3].name`. A long one is cut in the middle.
    pub fn line(&self, id: Id) -> Option<String> {
        /// Steps shown at each end.
        const SHOWN: usize = 4;
        let path = self.to(id)?;
        let mut line = path.root.name.clone();
        let step = |edge: &Edge| self.snapshot.label(edge.label).to_string();
        if path.edges.len() <= 2 * SHOWN {
            path.edges.iter().for_each(|edge| line.push_str(&step(edge)));
        } else {
            path.edges[..SHOWN].iter().for_each(|edge| line.push_str(&step(edge)));
            line.push_str(&format!(" … {} steps … ", path.edges.len() - 2 * SHOWN));
            let tail = &path.edges[path.edges.len() - SHOWN..];
            tail.iter().for_each(|edge| line.push_str(&step(edge)));
        }
        Some(line)
    }
}
