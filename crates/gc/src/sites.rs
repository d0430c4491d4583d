//! Where the program was when it allocated each object: a number for each place, and a number for each object. Kept with malloc, beside
//! the heap, and only while asked for; see [`crate::Options::sites`].

use crate::collector::Roots;
use crate::object::Object;
use std::collections::HashMap;

/// See the module. Where an object died and nothing was allocated since, its last place is still there.
#[derive(Default, Debug)]
pub struct Sites {
    /// The places by number, as the mutator gave them.
    places: Vec<(usize, usize)>,
    numbers: HashMap<(usize, usize), u32>,
    objects: HashMap<usize, u32>,
}

impl Sites {
    /// Takes down that `object` was just allocated.
    pub fn record(&mut self, object: Object, roots: &dyn Roots) {
        match roots.site() {
            None => {
                self.objects.remove(&object.address());
            }
            Some(site) => {
                let Sites { places, numbers, objects } = self;
                let number = *numbers.entry(site).or_insert_with(|| {
                    places.push(site);
                    places.len() as u32 - 1
                });
                objects.insert(object.address(), number);
            }
        }
    }

    /// Objects have moved, each from its address in `before` to that at the same position in `after`.
    pub fn follow(&mut self, before: &[usize], after: &[usize]) {
        let moved: Vec<Option<u32>> =
            before.iter().map(|address| self.objects.remove(address)).collect();
        for (address, number) in after.iter().zip(moved) {
            number.into_iter().for_each(|number| {
                self.objects.insert(*address, number);
            });
        }
    }

    /// Where `object` was allocated.
    pub fn of(&self, object: Object) -> Option<(usize, usize)> {
        self.objects.get(&object.address()).map(|&number| self.places[number as usize])
    }
}
