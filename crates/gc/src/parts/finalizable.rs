//! The objects whose finalizers have not been queued: for strategies that trace, which do not meet the dead one by one.

use super::model::Cause;
use super::region::Region;
use super::space::Space;
use super::vector::Vector;
use crate::heap::HeapError;
use crate::object::{FLAG_FINALIZER, Object};

/// The most that can be listed.
const MOST: usize = 1 << 28;

/// See the module.
#[derive(Debug)]
pub struct Finalizable {
    list: Vector<Object>,
}

impl Finalizable {
    /// None yet; the model of `space` watches the list.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(space: &mut Space) -> Result<Finalizable, HeapError> {
        let list = Vector::new("finalizable", MOST)?;
        space.model.watch(list.region());
        Ok(Finalizable { list })
    }
    /// The region of the list.
    pub fn region(&self) -> &Region {
        self.list.region()
    }
    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
    /// Those that are listed.
    pub fn as_slice(&self) -> &[Object] {
        self.list.as_slice()
    }
    /// The same, to change: a collector that moves objects.
    pub fn as_mut_slice(&mut self) -> &mut [Object] {
        self.list.as_mut_slice()
    }
    /// Lists `object`, which was just allocated, and flags it. Without memory for it its finalizer will not run.
    pub fn push(&mut self, object: Object, space: &mut Space) {
        space.model.note(self.list.address(self.list.len()), Cause::Finalize);
        if self.list.push(object) {
            space.set_flag(object, FLAG_FINALIZER, true);
        }
    }
    /// Moves those that are not live into the queue of `space`, where they are roots, and takes their flags. How many.
    pub fn queue_dead(&mut self, space: &mut Space, is_live: &dyn Fn(Object) -> bool) -> usize {
        let (mut kept, mut queued) = (0, 0);
        for index in 0..self.list.len() {
            let object = self.list.as_slice()[index];
            if !is_live(object) {
                space.set_flag(object, FLAG_FINALIZER, false);
                queued += usize::from(space.queue_finalizer(object));
                continue;
            }
            if kept < index {
                space.model.note(self.list.address(kept), Cause::Finalize);
                self.list.as_mut_slice()[kept] = object;
            }
            kept += 1;
        }
        self.list.truncate(kept);
        queued
    }
}
