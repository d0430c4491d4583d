//! Deletion on trial: which of the candidates, and of all that they reach, are held by nothing but one another.
//!
//! Three passes over what the candidates reach, none of which recurses; an object is in a stack, or in the list, at most once. The
//! first takes the references of each object out of the counts of those it refers to. The second finds who is held from
//! outside and puts them back for all that these reach. The third lists the others and puts theirs back: all counts are
//! what they were before.
//!
//! Where a stack finds no memory the object stays as it is and is found again: the second pass looks for such through the heap,
//! the third spares them.
//!
//! From Bacon and Rajan, ECOOP 2001, figure 2: `MarkGray`, `Scan`, `ScanBlack`, `CollectWhite`.

use super::colours::{Colour, Colours, is_stuck};
use super::gray::Gray;
use super::model::Cause;
use super::region::Region;
use super::space::Space;
use super::vector::Vector;
use crate::heap::{HeapError, Options};
use crate::object::{COUNT_ONE, Format, Object};

/// The most garbage that one collection can list.
const MOST: usize = 1 << 28;

/// See the module. The colours are in use between collections, too; the rest is empty then.
pub struct Deletion<K: Colours> {
    /// Where everyone's colour is.
    pub colours: K,
    /// To be marked or scanned.
    gray: Gray,
    /// Black, but what they refer to is not yet.
    black: Gray,
    garbage: Vector<Object>,
}

/// Green are those for which this is false.
#[inline(always)]
pub fn may_be_on_cycle(object: Object) -> bool {
    matches!(object.format(), Format::Slots | Format::Part)
}

/// Calls `visit` with what `object` refers to and what may be on a cycle with it, once for each reference.
#[inline(always)]
fn each_child(object: Object, mut visit: impl FnMut(Object)) {
    for child in object.slots().filter_map(|value| value.as_object()) {
        if may_be_on_cycle(child) && !is_stuck(child) {
            visit(child);
        }
    }
}

impl<K: Colours> Deletion<K> {
    /// All black. The strategy's option `gray=N` leaves room for N objects in each stack and in the list.
    ///
    /// # Errors
    /// The address space is refused, or the option is no number.
    pub fn new(options: &Options, space: &mut Space) -> Result<Deletion<K>, HeapError> {
        let colours = K::new(space)?;
        let (gray, black) = (Gray::new(options, space)?, Gray::new(options, space)?);
        let garbage = Vector::new("garbage", options.number("gray", MOST)?)?;
        space.model.watch(garbage.region());
        Ok(Deletion { colours, gray, black, garbage })
    }
    /// The regions of all of it.
    pub fn each_region(&self, visit: &mut dyn FnMut(&Region)) {
        self.colours.each_region(visit);
        visit(self.gray.region());
        visit(self.black.region());
        visit(self.garbage.region());
    }

    /// Colours `object`.
    #[inline(always)]
    pub fn paint(&mut self, object: Object, colour: Colour, space: &mut Space) {
        self.colours.set(object, colour, Cause::Mark, &mut space.model);
    }

    /// What the candidates reach and nothing from outside holds, the candidates among it: listed, and purple. All else is
    /// black. `false`: there was no memory to list all garbage; the rest is black, too.
    pub fn find_garbage(&mut self, candidates: &[Object], space: &mut Space) -> bool {
        self.mark_gray(candidates, space);
        self.scan(candidates, space);
        let all = self.gather_white(candidates, space);
        if !all {
            self.spare_white(space);
        }
        all
    }
    /// The garbage of this collection.
    pub fn garbage(&self) -> &[Object] {
        self.garbage.as_slice()
    }

    /// Of the garbage, the `roots` and everything that these reach is black again. They are no longer listed.
    pub fn keep(&mut self, is_root: &mut dyn FnMut(Object, &mut Space) -> bool, space: &mut Space) {
        let mut any = false;
        for index in 0..self.garbage.len() {
            let object = self.garbage.as_slice()[index];
            if is_root(object, space) {
                any = true;
                self.paint(object, Colour::Black, space);
            }
        }
        if !any {
            return;
        }
        loop {
            for index in 0..self.garbage.len() {
                let object = self.garbage.as_slice()[index];
                if self.colours.get(object) == Colour::Black {
                    self.keep_from(object, space);
                }
            }
            if !self.gray.overflowed() {
                break;
            }
        }
        let mut left = 0;
        for index in 0..self.garbage.len() {
            let object = self.garbage.as_slice()[index];
            if self.colours.get(object) == Colour::Purple {
                self.garbage.as_mut_slice()[left] = object;
                left += 1;
            }
        }
        self.garbage.truncate(left);
    }
    fn keep_from(&mut self, object: Object, space: &mut Space) {
        let mut next = Some(object);
        while let Some(source) = next {
            each_child(source, |target| {
                if self.colours.get(target) == Colour::Purple && self.gray.try_push(target) {
                    self.paint(target, Colour::Black, space);
                }
            });
            next = self.gray.pop();
        }
    }
    /// Forgets the garbage, and gives the memory of stacks and list back to the kernel.
    pub fn finish(&mut self) {
        self.gray.give_back();
        self.black.give_back();
        self.garbage.give_back();
    }

    // -- The first pass -----------------------------------------------------------------------------

    /// Subtracts the references from everything that the candidates reach. What finds no room on the stack stays as it is:
    /// its own references go on counting.
    fn mark_gray(&mut self, candidates: &[Object], space: &mut Space) {
        for &candidate in candidates {
            if is_stuck(candidate) {
                self.paint(candidate, Colour::Black, space);
                continue;
            }
            self.mark(candidate, space);
            while let Some(source) = self.gray.pop() {
                each_child(source, |target| {
                    count_on_trial::<K>(target, -1, space);
                    self.mark(target, space);
                });
            }
        }
        self.gray.overflowed();
    }

    #[inline(always)]
    fn mark(&mut self, object: Object, space: &mut Space) {
        if self.colours.get(object) != Colour::Gray && self.gray.try_push(object) {
            self.paint(object, Colour::Gray, space);
        }
    }

    // -- The second pass ----------------------------------------------------------------------------

    /// Tells the gray that are held from outside from those that are not.
    fn scan(&mut self, candidates: &[Object], space: &mut Space) {
        for &candidate in candidates {
            self.scan_from(candidate, space);
            if self.colours.get(candidate) == Colour::Purple {
                // There was no room to mark it.
                self.paint(candidate, Colour::Black, space);
            }
        }
        while self.gray.overflowed() | self.black.overflowed() {
            self.list_unsettled(space);
            for index in 0..self.garbage.len() {
                self.scan_from(self.garbage.as_slice()[index], space);
            }
            self.garbage.truncate(0);
        }
    }

    fn scan_from(&mut self, object: Object, space: &mut Space) {
        self.settle(object, space);
        while let Some(source) = self.gray.pop() {
            // It was white when it was pushed. If it is black now, that pass is done with it.
            if self.colours.get(source) == Colour::White {
                each_child(source, |target| self.settle(target, space));
            }
        }
    }

    /// A gray object becomes black if it counts references still, or else white; a white one that counts references again becomes
    /// black. Both only if there is room for it.
    #[inline(always)]
    fn settle(&mut self, object: Object, space: &mut Space) {
        let colour = self.colours.get(object);
        if !matches!(colour, Colour::Gray | Colour::White) {
            return;
        }
        if K::count(object) > 0 {
            self.blacken(object, space);
            self.restore(space);
        } else if colour == Colour::Gray && self.gray.try_push(object) {
            self.paint(object, Colour::White, space);
        }
    }

    #[inline(always)]
    fn blacken(&mut self, object: Object, space: &mut Space) {
        if self.black.try_push(object) {
            self.paint(object, Colour::Black, space);
        }
    }

    /// Counts the references from the black again; what they refer to is black, too.
    fn restore(&mut self, space: &mut Space) {
        while let Some(source) = self.black.pop() {
            each_child(source, |target| {
                count_on_trial::<K>(target, 1, space);
                if matches!(self.colours.get(target), Colour::Gray | Colour::White) {
                    self.blacken(target, space);
                }
            });
        }
    }

    /// After an overflow: lists the gray, and the white that count references, as many as there is room for.
    #[cold]
    fn list_unsettled(&mut self, space: &Space) {
        let Deletion { colours, garbage, .. } = self;
        space.each_object(0, &mut |object| {
            let is_unsettled = match colours.get(object) {
                Colour::Gray => true,
                Colour::White => K::count(object) > 0,
                Colour::Black | Colour::Purple => false,
            };
            let _ = is_unsettled && garbage.push(object);
        });
    }

    // -- The third pass -----------------------------------------------------------------------------

    /// Lists the white, and counts their references again. `false`: some were not listed, and are still white.
    fn gather_white(&mut self, candidates: &[Object], space: &mut Space) -> bool {
        let mut all = true;
        for &candidate in candidates {
            all &= self.gather(candidate, space);
        }
        let mut next = 0;
        while let Some(&source) = self.garbage.as_slice().get(next) {
            next += 1;
            each_child(source, |target| {
                count_on_trial::<K>(target, 1, space);
                all &= self.gather(target, space);
            });
        }
        all
    }

    /// `false`: there is no room for it.
    #[inline(always)]
    fn gather(&mut self, object: Object, space: &mut Space) -> bool {
        if self.colours.get(object) != Colour::White {
            return true;
        }
        let listed = self.garbage.push(object);
        if listed {
            self.paint(object, Colour::Purple, space);
        }
        listed
    }

    /// The white that could not be listed: their references are counted again, and they stay.
    #[cold]
    fn spare_white(&mut self, space: &mut Space) {
        loop {
            let Deletion { colours, gray, .. } = self;
            space.each_object(0, &mut |object| {
                if colours.get(object) == Colour::White {
                    gray.push(object);
                }
            });
            while let Some(source) = self.gray.pop() {
                each_child(source, |target| count_on_trial::<K>(target, 1, space));
                self.paint(source, Colour::Black, space);
            }
            if !self.gray.overflowed() {
                return;
            }
        }
    }
}

/// Takes a reference to `object` out of its count, or puts it back in.
#[inline(always)]
fn count_on_trial<K: Colours>(object: Object, by: i32, space: &mut Space) {
    debug_assert!(by > 0 || K::count(object) > 0, "more references to an object than it counts");
    object.set_tally(object.tally().wrapping_add_signed(by * COUNT_ONE as i32));
    space.model.note(object.address(), Cause::Header);
}
