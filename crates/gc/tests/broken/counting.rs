//! Counts that are not the number of references.

use super::*;

broken! {
    a_count_too_high: Inline, ForgetsReleases, Promise::keeps_what_only_an_old_object_holds,
        ["promise 4 (gives back) is broken: the count of slots shape 1", "so it can never die"];
    a_count_too_low: Inline, ForgetsRetains, Steps::LinksTwo,
        ["promise 2 (keeps) is broken: the count of slots shape 1", "references to it were found"];
}

#[derive(Default)]
pub(super) struct ForgetsReleases(usize);
impl<C: Collector> Fault<C> for ForgetsReleases {
    fn release(&mut self, inner: &mut C, object: Object) {
        self.0 += 1;
        if !self.0.is_multiple_of(3) {
            inner.release(object);
        }
    }
}

#[derive(Default)]
struct ForgetsRetains;
impl<C: Collector> Fault<C> for ForgetsRetains {
    fn retain(&mut self, _: &mut C, _: Object) {}
}
