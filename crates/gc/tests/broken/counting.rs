//! Counts that are not the number of references.

use super::*;

broken! {
    a_count_too_high: Inline, ForgetsReleases, Promise::keeps_what_only_an_old_object_holds,
        ["promise 4 (gives back) is broken: the count of slots shape 1", "so it can never die"];
    a_count_too_low: Inline, ForgetsRetains, Steps::LinksTwo,
        ["promise 2 (keeps) is broken: the count of slots shape 1", "references to it were found"];
    a_suspect_forgotten: Trial, SuspectsNobody, Promise::gives_back_cycles,
        ["promise 4 (gives back) is broken"];
    a_count_of_the_immortal: Immortal, CountsTheImmortal, Promise::reads_the_immortal_without_a_write,
        ["reading what is immortal wrote to", "pages of it"];
    a_count_left_in_a_link: Inline16, LeavesACountInALink, Steps::CollectsWhileTwoLive,
        ["which does not link back"];
}

/// Who loses a reference and lives on is no candidate.
#[derive(Default)]
struct SuspectsNobody;
impl<C: Collector> Fault<C> for SuspectsNobody {
    fn release(&mut self, inner: &mut C, object: Object) {
        match inner.reference_count(object) {
            Some(2..) => object.set_tally(object.tally() - COUNT_ONE),
            _ => inner.release(object),
        }
    }
}

/// References to the immortal are counted as ever.
#[derive(Default)]
struct CountsTheImmortal;
impl<C: Collector> Fault<C> for CountsTheImmortal {
    fn retain(&mut self, inner: &mut C, object: Object) {
        if inner.is_frozen(object) {
            object.set_tally(object.tally() + COUNT_ONE);
            inner.space_mut().model.note(object.address(), Cause::Count);
        } else {
            inner.retain(object);
        }
    }
    fn release(&mut self, inner: &mut C, object: Object) {
        if inner.is_frozen(object) {
            object.set_tally(object.tally() - COUNT_ONE);
            inner.space_mut().model.note(object.address(), Cause::Count);
        } else {
            inner.release(object);
        }
    }
}

/// The count of a search stays where the link back should be again.
#[derive(Default)]
struct LeavesACountInALink;
impl<C: Collector> Fault<C> for LeavesACountInALink {
    fn collect(&mut self, inner: &mut C, roots: &mut dyn Roots, request: Request) -> Collection {
        let collection = inner.collect(roots, request);
        let mut first = Option::None;
        inner.each_object(&mut |object| first = first.or(Some(object)));
        if let Some(object) = first {
            let head = Head(object.address() - C::HEAD);
            head.set_second(1 << 2 | 2, &mut inner.space_mut().model);
        }
        collection
    }
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
