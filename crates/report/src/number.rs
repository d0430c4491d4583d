//! Numbers for people.

/// A whole number of less than 1e15, with narrow spaces and a minus sign, as type is set.
pub(crate) fn grouped(value: f64) -> String {
    calf_lab::grouped(value.round() as i64).replace(' ', "\u{202f}").replace('-', "\u{2212}")
}

/// A count: whole, or with as many digits as a small one needs.
pub(crate) fn count(value: f64) -> String {
    if !value.is_finite() {
        return "\u{2013}".to_string();
    }
    let size = value.abs();
    if size >= 1e15 {
        format!("{value:.3e}")
    } else if value.fract() == 0.0 || size >= 100.0 {
        grouped(value)
    } else if size >= 0.01 {
        trimmed(&format!("{value:.2}"))
    } else {
        format!("{value:.1e}")
    }
}

const BINARY: [(&str, f64); 3] = [("GiB", 1_073_741_824.0), ("MiB", 1_048_576.0), ("KiB", 1024.0)];

/// Bytes in the largest binary unit that leaves a number of at least one.
pub(crate) fn bytes(value: f64) -> String {
    match BINARY.into_iter().find(|(_, size)| value.abs() >= *size) {
        Some((unit, size)) => format!("{} {unit}", trimmed(&format!("{:.1}", value / size))),
        None => format!("{} B", count(value)),
    }
}

/// Seconds, in the unit that suits them.
pub(crate) fn seconds(value: f64) -> String {
    let size = value.abs();
    if size >= 1.0 || size == 0.0 {
        format!("{} s", trimmed(&format!("{value:.2}")))
    } else if size >= 1e-3 {
        format!("{} ms", trimmed(&format!("{:.1}", value * 1e3)))
    } else {
        format!("{} µs", trimmed(&format!("{:.1}", value * 1e6)))
    }
}

/// A part of a whole, 0 to 1, in percent.
pub(crate) fn percent(value: f64) -> String {
    if !value.is_finite() {
        return "\u{2013}".to_string();
    }
    let digits = if value.abs() < 0.1 { 1 } else { 0 };
    format!("{:.digits$} %", value * 100.0)
}

/// A number with its sign.
pub(crate) fn signed(value: f64) -> String {
    if value > 0.0 { format!("+{}", count(value)) } else { count(value) }
}

fn trimmed(text: &str) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_string()
    } else {
        text.to_string()
    }
}

/// What a number counts, by the name of its key, fact or axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Pages, objects, requests.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds; never compared between machines.
    Seconds,
    /// A part of a whole, 0 to 1.
    Part,
    /// How many times as much.
    Times,
}

impl From<calf_lab::Unit> for Unit {
    fn from(unit: calf_lab::Unit) -> Unit {
        match unit {
            calf_lab::Unit::Count => Unit::Count,
            calf_lab::Unit::Bytes => Unit::Bytes,
            calf_lab::Unit::Part => Unit::Part,
            calf_lab::Unit::Seconds => Unit::Seconds,
            calf_lab::Unit::Times => Unit::Times,
        }
    }
}

impl Unit {
    /// The unit of what has this name: see the format of the results.
    pub(crate) fn of(name: &str) -> Unit {
        if name.ends_with("seconds") {
            Unit::Seconds
        } else if name.ends_with("bytes") {
            Unit::Bytes
        } else {
            Unit::Count
        }
    }

    /// What round numbers of so much are multiples of: a binary unit for bytes.
    pub(crate) fn base(self, most: f64) -> f64 {
        let units = BINARY.iter().map(|(_, size)| *size);
        match self {
            Unit::Bytes => units.into_iter().find(|size| most >= *size).unwrap_or(1.0),
            _ => 1.0,
        }
    }

    /// A number of this unit.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Unit::Count => count(value),
            Unit::Bytes => bytes(value),
            Unit::Seconds => seconds(value),
            Unit::Part => percent(value),
            Unit::Times => format!("{} ×", count(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_whole() {
        assert_eq!(grouped(1_234_567.0), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(-12.0), "\u{2212}12");
        assert_eq!(count(0.5), "0.5");
        assert_eq!(count(f64::NAN), "\u{2013}");
        assert_eq!(bytes(1_572_864.0), "1.5 MiB");
        assert_eq!(bytes(12.0), "12 B");
        assert_eq!(seconds(0.0021), "2.1 ms");
        assert_eq!(percent(0.004), "0.4 %");
        assert_eq!(signed(3.0), "+3");
    }
}
