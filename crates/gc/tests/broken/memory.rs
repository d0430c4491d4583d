//! What is handed out twice, or is too small.

use super::*;

broken! {
    a_cell_freed_twice: Counting, FreesTwice, Steps::FreesOne,
        ["promise 2 (keeps) is broken: the count of slots shape 1", "is 1, but 2 references", "path: root 0"];
    overlapping_cells: MarkInline, Overlaps, Steps::AllocatesTwo,
        ["promise 1 (disjoint) is broken: slots shape 1 at objects+0x", "overlap"];
    a_cell_that_is_too_small: MarkInline, OutgrowsItsCell, Steps::AllocatesTwo,
        ["promise 1 (disjoint) is broken: slots shape 1 at objects+0x", "but its cell is"];
    memory_that_is_used_twice: MarkInline, HandsOutTwice, Promise::hands_out_disjoint_memory,
        ["promise 1 or 3 is broken: object", "changed its shape"];
    allocation_while_collecting: MarkInline, AllocatesWhileCollecting, Promise::allocates_nothing_while_collecting,
        ["promise 5 (allocates nothing) is broken"];
}

#[derive(Default)]
struct FreesTwice;
impl<C: Collector> Fault<C> for FreesTwice {
    fn release(&mut self, inner: &mut C, object: Object) {
        let dies = inner.reference_count(object) == Some(1);
        let class = class_of(8 + 8 * object.units());
        inner.release(object);
        if dies {
            let Space { cells, model, .. } = inner.space_mut();
            cells.free(object.address(), class, model);
        }
    }
}

/// Puts a small object into the latter half of the one before.
#[derive(Default)]
struct Overlaps {
    large: Option<Object>,
    inside: Option<Object>,
}
impl<C: Collector> Fault<C> for Overlaps {
    fn allocate(&mut self, inner: &mut C, shape: ShapeWord, units: usize) -> Option<Object> {
        if let Some(large) = self.large.take() {
            let inside = calf_gc::parts::space::write_header(
                large.address() + 16,
                shape.with_units(units as u32),
                0,
            );
            self.inside = Some(inside);
            return Some(inside);
        }
        self.large = inner.allocate_slow(shape, units);
        self.large
    }
    fn each_object(&self, inner: &C, visit: &mut dyn FnMut(Object)) {
        inner.each_object(visit);
        self.inside.into_iter().for_each(visit);
    }
}

/// Says that an object has more units than were asked for.
#[derive(Default)]
struct OutgrowsItsCell;
impl<C: Collector> Fault<C> for OutgrowsItsCell {
    fn allocate(&mut self, inner: &mut C, shape: ShapeWord, units: usize) -> Option<Object> {
        let object = inner.allocate_slow(shape, units)?;
        object.set_shape_word(shape.with_units(units as u32 + 10));
        Some(object)
    }
}

/// Forgets that a cell is taken when the next object of bytes has the same size.
#[derive(Default)]
struct HandsOutTwice {
    last: Option<(Object, usize)>,
}
impl<C: Collector> Fault<C> for HandsOutTwice {
    fn allocate(&mut self, inner: &mut C, shape: ShapeWord, units: usize) -> Option<Object> {
        if shape.format() != Format::Bytes {
            return inner.allocate_slow(shape, units);
        }
        if let Some((object, _)) = self.last.take_if(|(_, before)| *before >= units) {
            object.set_shape_word(shape.with_units(object.shape_word().units()));
            return Some(object);
        }
        let object = inner.allocate_slow(shape, units)?;
        self.last = Some((object, units));
        Some(object)
    }
}

#[derive(Default)]
struct AllocatesWhileCollecting;
impl<C: Collector> Fault<C> for AllocatesWhileCollecting {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        let collection = inner.collect(roots, request);
        for _ in 0..3 {
            inner.allocate_slow(ShapeWord::new(Format::Bytes, 9), 1);
        }
        collection
    }
}
