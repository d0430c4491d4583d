//! The calls in progress when an error was thrown, as lines; calls that repeat, alone or as a cycle, are folded.

use std::ops::Range;

/// A call in progress.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TraceLine {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The function's name; `None` for the top level.
    pub function: Option<String>,
}

/// Calls that stand in a row, as often as they repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The calls of one round, innermost first.
    pub calls: Vec<TraceLine>,
    /// How many rounds there are.
    pub rounds: usize,
}

/// The calls in progress, innermost first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    head: Vec<Stretch>,
    /// How many calls stand between the two and are left out.
    left_out: usize,
    tail: Vec<Stretch>,
}

/// Stretches that are kept at the inner end.
const HEAD: usize = 12;
/// Stretches that are kept at the outer end.
const TAIL: usize = 8;
/// Calls of the longest cycle that is looked for.
const LONGEST_CYCLE: usize = 16;
/// Rounds that a cycle has at least.
const LEAST_ROUNDS: usize = 3;
/// Lines that folding spares at least.
const LEAST_SPARED: usize = 3;

impl Trace {
    /// Of calls, innermost first; `line_of` is asked for those that are shown.
    pub(crate) fn new<T: PartialEq>(calls: &[T], line_of: impl Fn(&T) -> TraceLine) -> Trace {
        let stretches = stretches(calls);
        let shown = |stretches: &[(Range<usize>, usize)]| {
            let shown = stretches.iter().map(|(round, rounds)| Stretch {
                calls: calls[round.clone()].iter().map(&line_of).collect(),
                rounds: *rounds,
            });
            shown.collect()
        };
        let head = stretches.len().min(HEAD);
        let tail = stretches.len().saturating_sub(TAIL).max(head);
        Trace {
            head: shown(&stretches[..head]),
            left_out: stretches[head..tail]
                .iter()
                .map(|(round, rounds)| round.len() * rounds)
                .sum(),
            tail: shown(&stretches[tail..]),
        }
    }

    /// The lines; those that stand for several calls begin with `indent`.
    pub(crate) fn lines(
        &self,
        indent: &str,
        describe: impl Fn(&TraceLine) -> String,
    ) -> Vec<String> {
        let mut lines = Vec::new();
        let add = |stretches: &[Stretch], lines: &mut Vec<String>| {
            for stretch in stretches {
                lines.extend(stretch.calls.iter().map(&describe));
                let more = match (stretch.calls.len(), stretch.rounds - 1) {
                    (_, 0) => continue,
                    (1, more) => format!("{indent}… the same {more} more times"),
                    (calls, more) => format!("{indent}… the same {calls} calls {more} more times"),
                };
                lines.push(more);
            }
        };
        add(&self.head, &mut lines);
        if self.left_out > 0 {
            lines.push(format!("{indent}… {} more calls", self.left_out));
        }
        add(&self.tail, &mut lines);
        lines
    }
}

/// Divides calls into rounds and how often each repeats. At each place the shortest cycle that is worth it is taken.
fn stretches<T: PartialEq>(calls: &[T]) -> Vec<(Range<usize>, usize)> {
    let mut stretches = Vec::new();
    let mut at = 0;
    while at < calls.len() {
        let rest = &calls[at..];
        let cycle = (1..=LONGEST_CYCLE.min(rest.len() / LEAST_ROUNDS)).find_map(|length| {
            let round = &rest[..length];
            let rounds = rest.chunks_exact(length).take_while(|chunk| *chunk == round).count();
            (rounds >= LEAST_ROUNDS && (rounds - 1) * length >= LEAST_SPARED)
                .then_some((length, rounds))
        });
        let (length, rounds) = cycle.unwrap_or((1, 1));
        stretches.push((at..at + length, rounds));
        at += length * rounds;
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(calls: &str) -> String {
        let calls: Vec<char> = calls.chars().collect();
        let trace = Trace::new(&calls, |name| TraceLine {
            file: String::new(),
            line: 1,
            function: Some(name.to_string()),
        });
        trace.lines("", |line| line.function.clone().unwrap_or_default()).join(" ")
    }

    #[test]
    fn calls_that_repeat_are_folded() {
        assert_eq!(lines(""), "");
        assert_eq!(lines("aaabab"), "a a a b a b");
        assert_eq!(lines("aaaab"), "a … the same 3 more times b");
        assert_eq!(lines("xabababas"), "x a b … the same 2 calls 2 more times a s");
        assert_eq!(lines("aabaabaab"), "a a b … the same 3 calls 2 more times");
        let deep = "ab".repeat(50_000) + "s";
        assert_eq!(lines(&deep), "a b … the same 2 calls 49999 more times s");
    }

    #[test]
    fn the_middle_of_a_long_trace_is_left_out() {
        let calls: String = ('a'..='z').collect();
        assert_eq!(lines(&calls), "a b c d e f g h i j k l … 6 more calls s t u v w x y z");
        let deep = ('a'..='l').collect::<String>() + &"m".repeat(100) + "n";
        assert!(lines(&deep).ends_with(" l m … the same 99 more times n"), "{}", lines(&deep));
    }
}
