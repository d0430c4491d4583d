//! Bugs that show only, or only at once, under a zeal mode.

use super::*;
use calf_gc::Zeal;
use calf_gc_kit::Held;

/// A mutator under these modes, without a verifier that ends the process.
fn mutator<C: Collector>(modes: &str) -> Mutator<C> {
    let zeal = Zeal::parse(modes).expect("modes");
    Mutator::with(&Options { zeal, ..Options::default() })
}

/// An object that survived a few collections refers to a fresh one; then another one is allocated.
fn old_to_young<C: Collector>(modes: &str) -> Result<(), String> {
    let mut m = mutator::<C>(modes);
    let old = m.named(1, 2);
    for _ in 0..6 {
        m.collect(Request::Full);
    }
    let young = m.named(2, 2);
    m.link(old, 1, young);
    m.drop_root(young);
    m.container(1);
    match m.live() {
        3 => Ok(()),
        live => Err(format!("{live} objects live, not 3")),
    }
}

#[test]
fn minor_collections_show_a_forgotten_old_to_young_and_full_ones_do_not() {
    type Forgetful = Broken<MarkBitmap, ForgetsToRemember>;
    assert_eq!(old_to_young::<MarkBitmap>("alternate"), Ok(()));
    assert_eq!(old_to_young::<Forgetful>("every=1"), Ok(()));
    assert_eq!(old_to_young::<Forgetful>("alternate"), Err("2 objects live, not 3".to_owned()));
}

/// Writes to the last object that died, when the next one dies.
#[derive(Default)]
struct WritesToTheDead {
    dead: Option<Object>,
}
impl<C: Collector> Fault<C> for WritesToTheDead {
    fn release(&mut self, inner: &mut C, object: Object) {
        let dies = inner.reference_count(object) == Some(1);
        inner.release(object);
        if dies && let Some(dead) = self.dead.replace(object) {
            // SAFETY: none; it is broken. The memory is the heap's.
            unsafe { dead.set_slot(2, Value::number(1.0)) };
        }
    }
}

/// Two die, nothing takes their place.
fn two_die<C: Collector>(modes: &str) -> Result<(), String> {
    let mut m = mutator::<C>(modes);
    let (one, other) = (m.container(4), m.container(4));
    m.drop_root(other);
    m.drop_root(one);
    m.verify()
}

#[test]
fn poison_shows_who_writes_to_what_was_freed() {
    type Late = Broken<Counting, WritesToTheDead>;
    assert_eq!(two_die::<Counting>("poison"), Ok(()));
    assert_eq!(two_die::<Late>("every=1"), Ok(()));
    let text = two_die::<Late>("poison").expect_err("nobody noticed");
    assert!(text.contains("promise 3 (faithful) is broken: objects+0x"), "{text}");
    assert!(text.contains("was written to after it was freed"), "{text}");
}

#[test]
#[cfg_attr(miri, ignore = "it forks, and nothing is inaccessible there")]
fn a_stale_access_dies_under_page() {
    let die = |modes: &str| {
        // SAFETY: the child uses its own copy of this thread, and leaves by `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let ended = two_die::<Broken<Counting, WritesToTheDead>>(modes).is_ok();
            // SAFETY: ends the process.
            unsafe { libc::_exit(i32::from(!ended)) };
        }
        let mut status = 0;
        // SAFETY: our own child.
        unsafe { libc::waitpid(child, &mut status, 0) };
        status
    };
    assert_eq!(die("every=1"), 0);
    let status = die("page");
    assert!(libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGSEGV, "{status:#x}");
}

#[test]
fn move_needs_a_strategy_that_moves() {
    let options = Options { zeal: Zeal::parse("move").expect("a mode"), ..Options::default() };
    let error = Mutator::<MarkInline>::try_with(&options).err().expect("it moves nothing");
    assert!(error.to_string().contains("needs a strategy that moves objects"), "{error}");
    let Ok(mut m) = Mutator::<Adversary>::try_with(&options) else {
        panic!("it moves everything");
    };
    let held = m.container(1);
    let before = m.object(held);
    m.container(1);
    assert_ne!(m.object(held), before);
}

#[test]
fn a_message_says_where_an_object_was_allocated() {
    let mut m = Mutator::<Counting>::with(&Options { journal: true, ..Options::default() });
    let line = line!() + 1;
    m.container(1);
    m.roots = Held(vec![m.roots.0[0], m.roots.0[0]], None);
    let text = m.verify().expect_err("one count, two references");
    assert!(text.contains(&format!("(allocation 1 at {}:{line})", file!())), "{text}");
}
