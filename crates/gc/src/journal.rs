//! What the verifier's messages can say of an object beside what is in its header: when and where it was allocated, and until
//! when it was seen. Kept with malloc, and only while asked for.

use crate::collector::{Place, Roots};
use crate::object::{Format, Object, ShapeWord};
use crate::{Collector, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use std::fmt::Write as _;

/// The birth of an object.
#[derive(Clone, Debug)]
pub struct Birth {
    /// Allocations are numbered from one.
    pub number: u64,
    /// Where the program was.
    pub place: Option<Place>,
    /// Its format and shape then.
    pub shape: ShapeWord,
    /// Its units.
    pub units: usize,
    /// How many collections it was seen to survive: the number of the last one, zero for none.
    pub survived: usize,
}

/// See the module.
#[derive(Default, Debug)]
pub struct Journal {
    births: FxHashMap<usize, Birth>,
    allocations: u64,
}

impl Journal {
    /// Takes down that `object` was just allocated.
    pub fn record(&mut self, object: Object, shape: ShapeWord, units: usize, roots: &dyn Roots) {
        self.allocations += 1;
        let (number, place) = (self.allocations, roots.place());
        self.births.insert(object.address(), Birth { number, place, shape, units, survived: 0 });
    }

    /// What is known of the object that is or was at `address`.
    pub fn birth(&self, address: usize) -> Option<&Birth> {
        self.births.get(&address)
    }

    /// "allocation 17 at app.calf:3".
    pub fn describe(&self, address: usize) -> Option<String> {
        let Birth { number, place, .. } = self.birth(address)?;
        let mut text = format!("allocation {number}");
        if let Some(Place { file, line }) = place {
            let _ = write!(text, " at {file}:{line}");
        }
        Some(text)
    }

    /// "once slots shape 3 with 2 units, allocation 17 at app.calf:3, which survived collection 4 and no later one".
    pub fn describe_lost(&self, address: usize, name: &str) -> Option<String> {
        let Birth { units, survived, .. } = self.birth(address)?;
        let born = self.describe(address)?;
        let survived = match survived {
            0 => "no collection".to_owned(),
            number => format!("collection {number} and no later one"),
        };
        Some(format!("once {name} with {units} units, {born}, which survived {survived}"))
    }

    /// After collection `number`: who is still there. Objects that moved are found by walking from the roots in the same
    /// order as `before`, which [`Journal::order`] gave.
    pub fn survive<C: Collector>(
        &mut self,
        collector: &C,
        roots: &mut dyn Roots,
        before: &[usize],
        number: usize,
    ) {
        if C::MOVES {
            let after = Journal::order(collector, roots);
            let moved: Vec<Option<Birth>> =
                before.iter().map(|address| self.births.remove(address)).collect();
            for (address, birth) in after.into_iter().zip(moved) {
                birth.into_iter().for_each(|birth| {
                    self.births.insert(address, birth);
                });
            }
        }
        collector.each_object(&mut |object| {
            if let Some(birth) = self.births.get_mut(&object.address()) {
                birth.survived = number;
            }
        });
    }

    /// The addresses of what the roots reach, breadth first; nothing is read that the collector does not list. Empty where nothing
    /// moves.
    pub fn order<C: Collector>(collector: &C, roots: &mut dyn Roots) -> Vec<usize> {
        let mut order: Vec<Object> = Vec::new();
        if !C::MOVES {
            return Vec::new();
        }
        let mut unseen = FxHashSet::default();
        collector.each_object(&mut |object| {
            unseen.insert(object.address());
        });
        let mut meet = |value: Value, order: &mut Vec<Object>| {
            if let Some(object) = value.as_object()
                && unseen.remove(&object.address())
            {
                order.push(object);
            }
        };
        roots.visit(&mut |value| meet(*value, &mut order));
        let mut next = 0;
        while let Some(&object) = order.get(next) {
            next += 1;
            if matches!(object.format(), Format::Slots | Format::Part) {
                for index in 0..object.units() {
                    // SAFETY: the collector lists the object, and `index` is below its units.
                    meet(unsafe { object.slot(index) }, &mut order);
                }
            }
        }
        order.into_iter().map(|object| object.address()).collect()
    }
}
