//! Who refers to whom, the other way round.

use crate::{Id, Snapshot};

/// For each object those that refer to it; one that refers to it twice stands there twice.
#[derive(Debug)]
pub struct Referrers {
    starts: Vec<usize>,
    sources: Vec<Id>,
}

impl Referrers {
    /// Turns every reference of `snapshot` round.
    pub fn of(snapshot: &Snapshot) -> Referrers {
        let count = snapshot.count();
        let mut starts = vec![0usize; count + 1];
        for edge in &snapshot.edges {
            starts[edge.to as usize + 1] += 1;
        }
        for id in 0..count {
            starts[id + 1] += starts[id];
        }
        let mut next = starts.clone();
        let mut sources = vec![0; snapshot.edge_count()];
        for source in 0..count as Id {
            for edge in snapshot.edges(source) {
                let place = &mut next[edge.to as usize];
                sources[*place] = source;
                *place += 1;
            }
        }
        Referrers { starts, sources }
    }

    /// Who refers to the object, in the order of their numbers.
    ///
    /// # Panics
    /// If there is no such object.
    pub fn to(&self, id: Id) -> &[Id] {
        &self.sources[self.starts[id as usize]..self.starts[id as usize + 1]]
    }
}
