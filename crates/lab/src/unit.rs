//! What a number counts, and how it is written.

use crate::table::{bytes, grouped, percent};

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Pages, objects, requests: a whole number, or one with a digit where it is small.
    Count,
    /// Bytes.
    Bytes,
    /// A part of the whole, 0 to 1.
    Part,
    /// Seconds: times are not compared between machines.
    Seconds,
    /// How many times as much.
    Times,
}

impl Unit {
    /// The number for people.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Unit::Count if value.fract() == 0.0 || value.abs() >= 100.0 => {
                grouped(value.round() as i64)
            }
            Unit::Count => format!("{value:.1}"),
            Unit::Bytes => bytes(value),
            Unit::Part => percent(value),
            Unit::Seconds if value.abs() >= 1.0 => format!("{value:.2} s"),
            Unit::Seconds if value.abs() >= 0.001 => format!("{:.1} ms", 1e3 * value),
            Unit::Seconds => format!("{:.1} us", 1e6 * value),
            Unit::Times => format!("{value:.1} x"),
        }
    }

    /// What the fact of this name counts: see the format of the results.
    pub(crate) fn of_fact(name: &str) -> Unit {
        match name {
            _ if name.ends_with("seconds") => Unit::Seconds,
            _ if name.ends_with("bytes") => Unit::Bytes,
            _ => Unit::Count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_say_what_they_count() {
        assert_eq!(Unit::Count.show(1234.0), "1 234");
        assert_eq!(Unit::Count.show(2.25), "2.2");
        assert_eq!(Unit::Part.show(0.5), "50.0 %");
        assert_eq!(Unit::Seconds.show(0.0125), "12.5 ms");
        assert_eq!(Unit::Seconds.show(0.000_012), "12.0 us");
        assert_eq!(Unit::Times.show(51.0), "51.0 x");
        assert_eq!(Unit::of_fact("pause seconds"), Unit::Seconds);
        assert_eq!(Unit::of_fact("live bytes"), Unit::Bytes);
        assert_eq!(Unit::of_fact("pages"), Unit::Count);
    }
}
