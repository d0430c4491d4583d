//! Zeal modes: what a heap does beyond its duty so that a bug shows at once and not much later, for any strategy.
//!
//! After SpiderMonkey's `JS_GC_ZEAL` (its numbers are names here) and after OpenBSD's `malloc` options.

use crate::collector::Request;
use crate::options::HeapError;

/// The modes, as `--gc-zeal` takes them.
pub const MODES: &str = "every=N, alternate, verify, poison, move, page, fork=N";

/// Which modes are on. They can be combined.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Zeal {
    /// `every=N`: a full collection before every N-th allocation; zero: none.
    pub every: u32,
    /// `alternate`: minor and full collections in turns, before every allocation or every N-th.
    pub alternate: bool,
    /// `verify`: the verifier before and after each phase that the heap can see: collections, the hooks of a fork, freezing.
    pub verify: bool,
    /// `poison`: freed cells are filled with a word that is no value, wait in quarantine, and are looked at again.
    pub poison: bool,
    /// `move`: everything moves before every allocation, or every N-th. An error where a strategy moves nothing.
    pub moves: bool,
    /// `page`: one object on each block of pages, which is made inaccessible when the object is freed.
    pub page: bool,
    /// `fork=N`: before the program's N-th allocation the process forks, the program goes on in the child, and its parent does nothing
    /// but wait for it and leave with its code; zero: no fork.
    pub fork: u32,
}

impl Zeal {
    /// Reads modes separated by commas, e.g. `alternate,every=10,poison`.
    ///
    /// # Errors
    /// A word that is no mode.
    pub fn parse(text: &str) -> Result<Zeal, HeapError> {
        let mut zeal = Zeal::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let (mode, number) = word.split_once('=').unwrap_or((word, ""));
            match (mode, number.parse().ok().filter(|number| *number > 0)) {
                ("every", Some(number)) => zeal.every = number,
                ("fork", Some(number)) => zeal.fork = number,
                ("alternate", None) if number.is_empty() => zeal.alternate = true,
                ("verify", None) if number.is_empty() => zeal.verify = true,
                ("poison", None) if number.is_empty() => zeal.poison = true,
                ("move", None) if number.is_empty() => zeal.moves = true,
                ("page", None) if number.is_empty() => zeal.page = true,
                _ => {
                    let value = word.to_owned();
                    return Err(HeapError::Value { key: "zeal", value, known: MODES });
                }
            }
        }
        Ok(zeal)
    }

    /// What is to be collected before allocation number `allocation`, which counts from one.
    pub fn request(&self, allocation: u64) -> Option<Request> {
        let every = match self.every {
            0 if self.alternate || self.moves => 1,
            every => u64::from(every),
        };
        if every == 0 || !allocation.is_multiple_of(every) {
            return None;
        }
        let is_minor = self.alternate && (allocation / every) % 2 == 1;
        Some(if is_minor { Request::Generation(0) } else { Request::Full })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_and_others_refused() {
        let zeal = Zeal::parse("alternate, every=3,poison,fork=9").unwrap();
        let wanted = Zeal { every: 3, alternate: true, poison: true, fork: 9, ..Zeal::default() };
        assert_eq!(zeal, wanted);
        assert_eq!(Zeal::parse(""), Ok(Zeal::default()));
        for wrong in ["evry=3", "every=0", "every", "page=on", "move=1", "fork", "fork=-1"] {
            let text = Zeal::parse(wrong).unwrap_err().to_string();
            assert!(text.contains(wrong) && text.contains(MODES), "{text}");
        }
    }

    #[test]
    fn collections_come_in_turns() {
        let requests = |zeal: Zeal| (1..=6).map(|n| zeal.request(n)).collect::<Vec<_>>();
        let (minor, full) = (Some(Request::Generation(0)), Some(Request::Full));
        let zeal = |text| Zeal::parse(text).unwrap();
        assert_eq!(requests(zeal("poison,page,verify")), [None; 6]);
        assert_eq!(requests(zeal("every=3")), [None, None, full, None, None, full]);
        assert_eq!(requests(zeal("alternate")), [minor, full, minor, full, minor, full]);
        assert_eq!(requests(zeal("alternate,every=2")), [None, minor, None, full, None, minor]);
        assert_eq!(requests(zeal("move")), [full; 6]);
    }
}
