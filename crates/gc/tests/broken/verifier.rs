//! What only the verifier can see: heaps that a mutator broke.

use super::*;

/// The verifier on a heap that a mutator broke.
fn complaint(break_it: impl Fn(&mut Mutator<Counting>)) -> String {
    let mut m = Mutator::<Counting>::new();
    break_it(&mut m);
    m.verify().expect_err("the heap is broken")
}

#[test]
fn a_part_with_two_owners() {
    let text = complaint(|m| {
        let (one, other) = (m.container(2), m.container(2));
        m.attach_part(one, 0, 3);
        let part = m.load(one, 0);
        m.link(other, 1, part);
        m.truncate(2);
    });
    assert!(
        text.contains("a part has more than one owner: 2 references to part shape 3"),
        "{text}"
    );
}

#[test]
fn a_part_of_a_part() {
    let text = complaint(|m| {
        let owner = m.container(2);
        m.attach_part(owner, 0, 3);
        let part = m.allocate(Format::Part, 4, 1);
        m.link_item(owner, 0, 2, part);
        m.drop_root(part);
    });
    assert!(text.contains("a part is owned by a part: slot 2 of part shape 3"), "{text}");
}

#[test]
fn a_root_that_is_no_value() {
    let text = complaint(|m| m.roots.0.push(Value::from_bits(0xFFFB_0000_0000_0000)));
    assert!(
        text.contains("promise 3 (faithful) is broken: root 0 holds the word 0xfffb000000000000"),
        "{text}"
    );
}

#[test]
fn a_long_path_is_cut_in_the_middle() {
    let text = complaint(|m| {
        let mut last = m.container(1);
        for _ in 0..40 {
            let next = m.container(1);
            m.link(last, 0, next);
            last = next;
        }
        // SAFETY: the slot exists; no object lives at that address.
        unsafe {
            m.object(last)
                .set_slot(0, Value::object(Object::from_address(m.object(last).address() + 8)))
        };
        m.truncate(1);
    });
    assert!(text.contains("more) ->") && text.len() < 1500, "{text}");
}

#[test]
fn an_inexact_mutator_may_hold_more_than_it_shows() {
    let mut m = Mutator::<Counting>::new();
    let held = m.container(1);
    m.heap.retain(m.roots.0[held]);
    assert!(verify::check(&mut m.heap, &mut m.roots).is_ok());
    assert!(m.verify().is_err_and(|text| text.contains("so it can never die")));
    assert!(verify::check(&mut m.heap, &mut NoRoots).is_ok());
}

#[test]
fn the_verifier_ends_a_heap_that_is_broken() {
    // Under `verify`, a collection of a sound heap passes.
    let check = || -> Result<(), String> {
        let mut m = Mutator::<Inline>::with(&Options { verify: true, ..Options::default() });
        let one = m.container(2);
        m.link(one, 0, one);
        match m.collect(Request::Full).generation {
            Some(2) => Ok(()),
            _ => Err("no collection".to_owned()),
        }
    };
    assert_eq!(check(), Ok(()));
}
