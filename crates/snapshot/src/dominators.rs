//! Dominators: which object every way from the roots to another one leads through. An object *retains* what it dominates: that much
//! memory would be free if nothing referred to it any more.
//!
//! The algorithm is the simple variant of Lengauer and Tarjan, *A Fast Algorithm for Finding Dominators in a Flowgraph* (ACM TOPLAS 1,
//! 1979), with `EVAL`'s path compression as a loop over a stack of its own: O(m log n) for m references among n objects, without
//! recursion. Numbers are those of a depth-first walk; 0 is the source of all roots, object `order[k - 1]` has number k.

use crate::{Id, Referrers, Snapshot};

const NONE: u32 = u32::MAX;

/// See the module.
#[derive(Debug)]
pub struct Dominators {
    /// Objects that the roots reach, in the order of the walk.
    order: Vec<Id>,
    /// For each object its immediate dominator; `NONE` where no object dominates it.
    immediate: Vec<u32>,
    /// For each object the bytes it retains, its own included; 0 if no root reaches it.
    retained: Vec<u64>,
    /// For each object how many it retains, itself included.
    objects: Vec<u64>,
}

impl Dominators {
    /// Finds the dominators of every object that the roots reach.
    pub fn of(snapshot: &Snapshot) -> Dominators {
        let walk = Walk::of(snapshot);
        let immediate_numbers = Forest::solve(&walk, snapshot);
        let count = snapshot.count();
        let mut dominators = Dominators {
            immediate: vec![NONE; count],
            retained: vec![0; count],
            objects: vec![0; count],
            order: walk.order,
        };
        for (index, &id) in dominators.order.iter().enumerate() {
            let above = immediate_numbers[index + 1];
            if above > 0 {
                dominators.immediate[id as usize] = dominators.order[above as usize - 1];
            }
        }
        for &id in dominators.order.iter().rev() {
            dominators.retained[id as usize] += snapshot.node(id).bytes;
            dominators.objects[id as usize] += 1;
            let above = dominators.immediate[id as usize];
            if above != NONE {
                let (bytes, objects) =
                    (dominators.retained[id as usize], dominators.objects[id as usize]);
                dominators.retained[above as usize] += bytes;
                dominators.objects[above as usize] += objects;
            }
        }
        dominators
    }

    /// The objects that the roots reach, each behind its dominators.
    pub fn order(&self) -> &[Id] {
        &self.order
    }
    /// The nearest object that every way to this one leads through; `None` if there is none.
    ///
    /// # Panics
    /// If there is no such object; so do the next two.
    pub fn dominator(&self, id: Id) -> Option<Id> {
        let above = self.immediate[id as usize];
        (above != NONE).then_some(above)
    }
    /// The bytes that the object retains, its own included; 0 if no root reaches it.
    pub fn retained(&self, id: Id) -> u64 {
        self.retained[id as usize]
    }
    /// How many objects it retains, itself included.
    pub fn objects(&self, id: Id) -> u64 {
        self.objects[id as usize]
    }
    /// The `count` objects that retain most, the largest first; of two that retain the same, the one nearer to the roots.
    pub fn largest(&self, count: usize) -> Vec<Id> {
        let mut ids: Vec<(u64, usize)> =
            self.order.iter().enumerate().map(|(index, &id)| (self.retained(id), index)).collect();
        let by_size = |one: &(u64, usize), other: &(u64, usize)| {
            other.0.cmp(&one.0).then(one.1.cmp(&other.1))
        };
        if count > 0 && count < ids.len() {
            ids.select_nth_unstable_by(count - 1, by_size);
        }
        ids.truncate(count);
        ids.sort_unstable_by(by_size);
        ids.into_iter().map(|(_, index)| self.order[index]).collect()
    }
}

/// A depth-first walk from the roots.
struct Walk {
    order: Vec<Id>,
    /// The number of each object; 0 if it was not reached.
    numbers: Vec<u32>,
    /// For each number that of whom it was reached from.
    parents: Vec<u32>,
}

impl Walk {
    fn of(snapshot: &Snapshot) -> Walk {
        let mut walk =
            Walk { order: Vec::new(), numbers: vec![0; snapshot.count()], parents: vec![0] };
        // For each object on the way down: its number, and the reference that is next.
        let mut stack: Vec<(Id, usize)> = Vec::new();
        for root in snapshot.roots() {
            walk.enter(root.to, 0, &mut stack);
            while let Some((id, next)) = stack.last_mut() {
                match snapshot.edges(*id).get(*next) {
                    Some(edge) => {
                        *next += 1;
                        let parent = walk.numbers[*id as usize];
                        walk.enter(edge.to, parent, &mut stack);
                    }
                    None => drop(stack.pop()),
                }
            }
        }
        walk
    }

    fn enter(&mut self, id: Id, parent: u32, stack: &mut Vec<(Id, usize)>) {
        if self.numbers[id as usize] == 0 {
            self.order.push(id);
            self.numbers[id as usize] = self.order.len() as u32;
            self.parents.push(parent);
            stack.push((id, 0));
        }
    }
}

/// The forest of LINK and EVAL; everything is by number.
struct Forest {
    ancestors: Vec<u32>,
    labels: Vec<u32>,
    semidominators: Vec<u32>,
    path: Vec<u32>,
}

impl Forest {
    /// The immediate dominator of each number.
    fn solve(walk: &Walk, snapshot: &Snapshot) -> Vec<u32> {
        let count = walk.order.len() + 1;
        let referrers = Referrers::of(snapshot);
        let mut is_held = vec![false; snapshot.count()];
        snapshot.roots().iter().for_each(|root| is_held[root.to as usize] = true);
        let mut forest = Forest {
            ancestors: vec![NONE; count],
            labels: (0..count as u32).collect(),
            semidominators: (0..count as u32).collect(),
            path: Vec::new(),
        };
        let mut dominators = vec![0; count];
        // Whose semidominator is n: a list through `next` for each n.
        let (mut first, mut next) = (vec![NONE; count], vec![NONE; count]);
        for number in (1..count as u32).rev() {
            let id = walk.order[number as usize - 1];
            let mut semidominator = number;
            if is_held[id as usize] {
                semidominator = 0;
            } else {
                for &source in referrers.to(id) {
                    let source = walk.numbers[source as usize];
                    if source > 0 {
                        let best = forest.evaluate(source);
                        semidominator = semidominator.min(forest.semidominators[best as usize]);
                    }
                }
            }
            forest.semidominators[number as usize] = semidominator;
            next[number as usize] = std::mem::replace(&mut first[semidominator as usize], number);
            let parent = walk.parents[number as usize];
            forest.ancestors[number as usize] = parent;
            let mut waiting = std::mem::replace(&mut first[parent as usize], NONE);
            while waiting != NONE {
                let best = forest.evaluate(waiting);
                let is_lower =
                    forest.semidominators[best as usize] < forest.semidominators[waiting as usize];
                dominators[waiting as usize] = if is_lower { best } else { parent };
                waiting = next[waiting as usize];
            }
        }
        for number in 1..count {
            if dominators[number] != forest.semidominators[number] {
                dominators[number] = dominators[dominators[number] as usize];
            }
        }
        dominators
    }

    /// Of those between `number` and the root of its tree, that root not included, the one with the lowest semidominator.
    fn evaluate(&mut self, number: u32) -> u32 {
        if self.ancestors[number as usize] == NONE {
            return self.labels[number as usize];
        }
        let mut at = number;
        while self.ancestors[self.ancestors[at as usize] as usize] != NONE {
            self.path.push(at);
            at = self.ancestors[at as usize];
        }
        while let Some(at) = self.path.pop() {
            let above = self.ancestors[at as usize] as usize;
            let semidominator = |label: u32| self.semidominators[label as usize];
            if semidominator(self.labels[above]) < semidominator(self.labels[at as usize]) {
                self.labels[at as usize] = self.labels[above];
            }
            self.ancestors[at as usize] = self.ancestors[above];
        }
        self.labels[number as usize]
    }
}
