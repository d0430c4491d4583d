//! What a child copied, for the REPL: the heap's pages by cause, and the machine's own in a sum.

use crate::measure::{Account, is_machine};
use crate::vm::Vm;
use calf_gc::Collector;
use calf_gc::parts::model::CAUSES;

/// Pages that a process copied since its fork.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pages {
    /// Pages of the heap that were copied: objects and bookkeeping.
    pub heap: usize,
    /// Pages of the heap that were shared at the fork.
    pub shared: usize,
    /// Pages of the machine's own that were copied: stack, frames, globals, caches, code.
    pub machine: usize,
    /// The heap's, by cause; the most first.
    pub causes: Vec<(&'static str, usize)>,
}

impl Pages {
    fn of(all: &Account, heap: &Account) -> Pages {
        let names = CAUSES.iter().map(|cause| cause.name()).chain(["unknown"]);
        let mut causes: Vec<_> = names.zip(heap.causes).filter(|(_, pages)| *pages > 0).collect();
        causes.sort_by_key(|(_, pages)| std::cmp::Reverse(*pages));
        Pages {
            heap: heap.pages(),
            shared: all.shared(),
            machine: all.pages() - heap.pages(),
            causes,
        }
    }
}

impl<C: Collector> Vm<C> {
    pub(super) fn copied_pages(&mut self) -> Result<Pages, String> {
        let all = self.copied()?;
        let heap = self.copied_of(|name| !is_machine(name))?;
        Ok(Pages::of(&all, &heap))
    }

    pub(super) fn modelled_pages(&self) -> Pages {
        Pages::of(&self.modelled(), &self.modelled_of(|name| !is_machine(name)))
    }
}
