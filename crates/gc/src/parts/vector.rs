//! A growable vector in a region of its own: no malloc, so nothing of it lands on a page that is not ours.

use super::region::Region;
use crate::heap::HeapError;
use std::marker::PhantomData;

/// A vector of plain words that grows in place.
#[derive(Debug)]
pub struct Vector<T: Copy> {
    region: Region,
    length: usize,
    element: PhantomData<T>,
}

impl<T: Copy> Vector<T> {
    /// An empty vector with room for at most `max_length` elements.
    ///
    /// # Errors
    /// The address space is refused.
    pub fn new(name: &'static str, max_length: usize) -> Result<Vector<T>, HeapError> {
        let region = Region::reserve(name, max_length * size_of::<T>())?;
        Ok(Vector { region, length: 0, element: PhantomData })
    }
    /// The region it lives in.
    pub fn region(&self) -> &Region {
        &self.region
    }
    /// How many elements there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.length
    }
    /// Is there none?
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
    /// The address of element `index`, present or next to come: for the model.
    pub fn address(&self, index: usize) -> usize {
        self.region.start() + index * size_of::<T>()
    }
    /// Appends `element`; `false`: there is no more memory, and nothing changed.
    #[inline(always)]
    #[must_use]
    pub fn push(&mut self, element: T) -> bool {
        let end = self.address(self.length + 1);
        if end > self.region.end() && !self.grow() {
            return false;
        }
        // SAFETY: the element lies within the committed part.
        unsafe { *self.region.pointer::<T>(self.length * size_of::<T>()) = element };
        self.length += 1;
        true
    }
    #[cold]
    fn grow(&mut self) -> bool {
        self.region.commit((self.length + 1) * size_of::<T>())
    }
    /// Takes the last element.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<T> {
        self.length = self.length.checked_sub(1)?;
        // SAFETY: it was pushed before.
        Some(unsafe { *self.region.pointer::<T>(self.length * size_of::<T>()) })
    }
    /// All elements.
    #[inline(always)]
    pub fn as_slice(&self) -> &[T] {
        // SAFETY: `length` elements were written, and writing one needs `&mut self`.
        unsafe { std::slice::from_raw_parts(self.region.pointer(0), self.length) }
    }
    /// All elements, to change.
    #[inline(always)]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.region.pointer(0), self.length) }
    }
    /// Forgets all elements and gives their pages back to the kernel.
    pub fn give_back(&mut self) {
        self.length = 0;
        self.region.discard(0, self.region.end() - self.region.start());
    }
    /// Keeps the first `length` elements.
    pub fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_stack_and_a_slice() {
        let mut vector: Vector<u64> = Vector::new("test", 100_000).unwrap();
        let many = if cfg!(miri) { 100 } else { 100_000 };
        for i in 0..many {
            assert!(vector.push(i));
        }
        assert_eq!(vector.as_slice().iter().sum::<u64>(), many * (many - 1) / 2);
        assert_eq!(vector.pop(), Some(many - 1));
        vector.as_mut_slice()[0] = 9;
        vector.truncate(1);
        assert_eq!((vector.pop(), vector.pop(), vector.is_empty()), (Some(9), None, true));
    }

    #[test]
    fn refuses_beyond_its_reservation() {
        let mut vector: Vector<[u64; 1024]> = Vector::new("test", 8).unwrap();
        while vector.push([0; 1024]) {}
        assert_eq!(vector.len(), 8);
    }
}
