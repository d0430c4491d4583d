//! From numbers to places on a line.

use crate::number::Unit;

/// A linear scale from zero (or the least value below it) to a round number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
    step: f64,
}

/// About so many steps lie between the ends of a scale.
const STEPS: f64 = 5.0;

impl Scale {
    /// A scale that has room for every one of `values`, drawn from `from` to `to`.
    pub(crate) fn new(
        values: impl IntoIterator<Item = f64>,
        unit: Unit,
        from: f64,
        to: f64,
    ) -> Scale {
        let (mut least, mut most) = (0.0_f64, 0.0_f64);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            // Beyond this the distances between the ends would overflow.
            let value = value.clamp(-1e300, 1e300);
            least = least.min(value);
            most = most.max(value);
        }
        // Steps between closer numbers would be too small to be told apart.
        if most - least < 1e-300 {
            most = least + 1.0;
        }
        let base = unit.base(most);
        let step = round_step((most - least) / STEPS / base) * base;
        let (least, most) = ((least / step).floor() * step, (most / step).ceil() * step);
        Scale { least, most, from, to, step }
    }

    /// A scale that ends just where the values do.
    pub(crate) fn tight(
        values: impl IntoIterator<Item = f64>,
        unit: Unit,
        from: f64,
        to: f64,
    ) -> Scale {
        let most = values.into_iter().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let round = Scale::new([most], unit, from, to);
        if most > 1e-300 { Scale { most: most.min(1e300), ..round } } else { round }
    }

    /// Where `value` lies.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let part = (value - self.least) / (self.most - self.least);
        let part = if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 };
        self.from + part * (self.to - self.from)
    }

    /// The round numbers on it.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        let count = ((self.most - self.least) / self.step + 1e-9).floor() as usize;
        (0..=count.min(20)).map(|index| self.least + index as f64 * self.step).collect()
    }
}

/// The next of 1, 2 or 5 times a power of ten.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let lead = step / power;
    let round = [1.0, 2.0, 5.0].into_iter().find(|round| lead <= round * 1.000_001);
    round.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_ticks_are_round() {
        let scale = Scale::new([3.0, 9_110.0], Unit::Count, 0.0, 100.0);
        assert_eq!(scale.ticks(), [0.0, 2_000.0, 4_000.0, 6_000.0, 8_000.0, 10_000.0]);
        assert_eq!(scale.at(5_000.0), 50.0);
        let bytes = Scale::new([9.0 * 1024.0], Unit::Bytes, 0.0, 1.0);
        assert_eq!(bytes.ticks(), [0.0, 2048.0, 4096.0, 6144.0, 8192.0, 10240.0]);
        assert_eq!(scale.at(1e9), 100.0, "what is beyond the end lies at the end");
    }

    #[test]
    fn odd_numbers_are_survived() {
        for values in [
            vec![],
            vec![0.0],
            vec![f64::NAN, f64::INFINITY],
            vec![-3.0],
            vec![1e308],
            vec![5e-324],
        ] {
            let scale = Scale::new(values, Unit::Bytes, 0.0, 100.0);
            assert!(scale.at(1.0).is_finite() && scale.at(f64::NAN).is_finite());
            assert!((2..=21).contains(&scale.ticks().len()), "{scale:?}");
        }
    }
}
