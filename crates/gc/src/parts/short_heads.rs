//! The search for cycles with heads of two words, CPython's since 3.8: during a search the second word is the scratch count.
//!
//! ```text
//!   between   | next | previous |                a list linked both ways
//!   within    | next, parked? | count, member? | linked one way: the flags are in the low bits of addresses
//! ```
//! The walk that finds who survives links these backwards again; the parked are linked both ways all the time, as any of
//! them may leave from the middle. So a search writes both words of most heads, where one of three would do.
//!
//! From bpo-33597, CPython 3.8: `update_refs`, `subtract_refs`, `move_unreachable`, `visit_reachable`, `clear_unreachable_mask`.

use super::counts;
use super::lists::Head;
use super::model::{Cause, Model};
use super::placement::{Placement, each_container};
use crate::object::FLAG_STRATEGY;

/// The bytes of such a head.
pub const SHORT_HEAD_BYTES: usize = 16;

/// In the first word: parked among the unreachable.
const PARKED: u64 = 1;
/// In the second word: a member, and above it is the scratch count and not an address.
const MEMBER: u64 = 2;
/// One reference, in the second word.
const ONE: u64 = 4;

#[inline(always)]
fn is_member(head: Head) -> bool {
    head.second() & MEMBER != 0
}
#[inline(always)]
fn is_parked(head: Head) -> bool {
    head.first() & PARKED != 0
}
/// The next in the list, whoever is parked.
#[inline(always)]
fn next(head: Head) -> Head {
    Head((head.first() & !PARKED) as usize)
}

/// Moves those members to `unreachable` that nothing but members refers to; how many members there were, and how many are
/// unreachable. These are flagged in their objects ([`FLAG_STRATEGY`]); both lists are linked both ways.
pub fn separate<P: Placement>(
    members: Head,
    unreachable: Head,
    model: &mut Model,
) -> (usize, usize) {
    let count = copy_counts::<P>(members, model);
    subtract_internal::<P>(members, model);
    let parked = park_and_rescue::<P>(members, unreachable, model);
    flag_parked::<P>(unreachable, model);
    (count, parked)
}

fn copy_counts<P: Placement>(members: Head, model: &mut Model) -> usize {
    let (mut count, mut head) = (0, members.next());
    while head != members {
        let refs = u64::from(counts::count(P::object_of(head)));
        head.set_second((refs * ONE) | MEMBER, model);
        count += 1;
        head = head.next();
    }
    count
}

fn subtract_internal<P: Placement>(members: Head, model: &mut Model) {
    let mut head = members.next();
    while head != members {
        each_container(P::object_of(head), |target| {
            let target = P::head_of(target);
            if is_member(target) {
                debug_assert!(
                    target.second() >= ONE,
                    "more references to an object than it counts"
                );
                target.set_second(target.second() - ONE, model);
            }
        });
        head = head.next();
    }
}

fn park_and_rescue<P: Placement>(members: Head, unreachable: Head, model: &mut Model) -> usize {
    let (mut parked, mut previous, mut head) = (0, members, members.next());
    while head != members {
        if head.second() >= ONE {
            each_container(P::object_of(head), |target| {
                let target = P::head_of(target);
                if !is_member(target) {
                    return;
                }
                if is_parked(target) {
                    // It was parked too early. At the end of the members its turn comes again.
                    unpark(target, model);
                    append_member(members, target, model);
                    parked -= 1;
                } else if target.second() < ONE {
                    // Its turn is still to come: see to it that it survives then.
                    target.set_second(ONE | MEMBER, model);
                }
            });
            // It survives, and is no member any more.
            head.set_previous(previous, model);
            previous = head;
        } else {
            // The next one's second word is a count: it is linked backwards when its turn comes.
            previous.set_next(head.next(), model);
            if head.next() == members {
                members.set_previous(previous, model);
            }
            park(unreachable, head, model);
            parked += 1;
        }
        head = previous.next();
    }
    members.set_previous(previous, model);
    parked
}

/// Puts `head` at the end of the unreachable. All links forward are flagged there, that to the list itself, too.
fn park(unreachable: Head, head: Head, model: &mut Model) {
    let last = unreachable.previous();
    last.set_first(head.0 as u64 | PARKED, model);
    head.set_second(last.0 as u64 | MEMBER, model);
    head.set_first(unreachable.0 as u64 | PARKED, model);
    unreachable.set_previous(head, model);
}

fn unpark(head: Head, model: &mut Model) {
    let (next, previous) = (next(head), Head((head.second() & !MEMBER) as usize));
    previous.set_first(head.first(), model);
    let flag = next.second() & MEMBER;
    next.set_second(previous.0 as u64 | flag, model);
}

/// Puts `head` at the end of the members, with a reference that counts.
fn append_member(members: Head, head: Head, model: &mut Model) {
    members.previous().set_next(head, model);
    head.set_next(members, model);
    head.set_second(ONE | MEMBER, model);
    members.set_previous(head, model);
}

fn flag_parked<P: Placement>(unreachable: Head, model: &mut Model) {
    let (mut previous, mut head) = (unreachable, next(unreachable));
    while head != unreachable {
        let object = P::object_of(head);
        object.set_tally(object.tally() | FLAG_STRATEGY);
        model.note(object.address(), Cause::Header);
        previous.set_next(head, model);
        head.set_previous(previous, model);
        (previous, head) = (head, next(head));
    }
    previous.set_next(unreachable, model);
}
