//! The module `math`.
//!
//! Numbers are IEEE doubles and so are results: what is not defined gives `nan`, what is too large `inf`, and neither is an
//! error. The operations on bits take whole numbers and treat them as integers without a bound, negative ones in two's
//! complement.

use super::{ANY, Arguments, Owner, Row, natives};
use crate::error::{ErrorKind, Thrown};
use crate::vm::Vm;
use calf_gc::{Collector, Value};

/// Random numbers: the generator xoshiro256++ (Blackman and Vigna, Scrambled Linear Pseudorandom Number Generators, ACM
/// Transactions on Mathematical Software 47, 2021), its state filled by SplitMix64 (Steele, Lea and Flood, Fast Splittable
/// Pseudorandom Number Generators, OOPSLA 2014). The same seed gives the same numbers on every machine.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// A generator that this seed determines.
    pub fn new(seed: u64) -> Random {
        let mut walk = seed;
        let state = std::array::from_fn(|_| {
            walk = walk.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut word = walk;
            word = (word ^ word >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            word ^ word >> 31
        });
        Random { state }
    }

    /// Sixty-four random bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ b << 17, d.rotate_left(45)];
        result
    }

    /// A number of at least 0 and below 1, one of 2⁵³ that are equally likely.
    pub fn fraction(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number below `bound`, all equally likely (Lemire, Fast Random Integer Generation in an Interval, ACM
    /// Transactions on Modeling and Computer Simulation 29, 2019).
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no number below 0");
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            // The first few low halves would make some results likelier than others.
            if product as u64 >= bound.wrapping_neg() % bound {
                return (product >> 64) as u64;
            }
        }
    }

    /// What a forked child goes on with: other numbers than its parent and its siblings, but the same ones whenever parent
    /// and process number are the same.
    pub fn fork(&mut self, process: u64) {
        *self = Random::new(self.bits() ^ process.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    }
}

/// The constants: module, name, value.
pub(crate) fn constants() -> [(&'static str, &'static str, f64); 4] {
    [
        ("math", "pi", std::f64::consts::PI),
        ("math", "e", std::f64::consts::E),
        ("math", "inf", f64::INFINITY),
        ("math", "nan", f64::NAN),
    ]
}

/// Rows of functions of one number that compute one.
macro_rules! of_one {
    ($($name:literal => $function:expr),+ $(,)?) => {
        natives!(Owner::Module("math"); $($name 1..=1 => |vm, arguments| {
            let function: fn(f64) -> f64 = $function;
            Ok(Value::number_from_foreign(function(vm.number_argument(arguments, 1)?)))
        }),+)
    };
}

/// Rows of functions of two numbers that compute one.
macro_rules! of_two {
    ($($name:literal => $function:expr),+ $(,)?) => {
        natives!(Owner::Module("math"); $($name 2..=2 => |vm, arguments| {
            let function: fn(f64, f64) -> f64 = $function;
            let (first, second) = (vm.number_argument(arguments, 1)?, vm.number_argument(arguments, 2)?);
            Ok(Value::number_from_foreign(function(first, second)))
        }),+)
    };
}

/// Rows of questions about a number.
macro_rules! questions {
    ($($name:literal => $function:expr),+ $(,)?) => {
        natives!(Owner::Module("math"); $($name 1..=1 => |vm, arguments| {
            let function: fn(f64) -> bool = $function;
            Ok(Value::boolean(function(vm.number_argument(arguments, 1)?)))
        }),+)
    };
}

/// Rows of operations on the bits of two whole numbers.
macro_rules! of_bits {
    ($($name:literal => $function:expr),+ $(,)?) => {
        natives!(Owner::Module("math"); $($name 2..=2 => |vm, arguments| {
            let function: fn(i64, i64) -> i64 = $function;
            let (first, second) = (vm.whole_argument(arguments, 1)?, vm.whole_argument(arguments, 2)?);
            Ok(Value::number(function(first, second) as f64))
        }),+)
    };
}

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    let mut rows = of_one!(
        "floor" => f64::floor,
        "ceil" => f64::ceil,
        // Halves go away from zero.
        "round" => f64::round,
        "trunc" => f64::trunc,
        "abs" => f64::abs,
        "sign" => sign,
        "sqrt" => f64::sqrt,
        "cbrt" => f64::cbrt,
        "exp" => f64::exp,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
    );
    rows.extend(of_two!("pow" => f64::powf, "atan2" => f64::atan2, "hypot" => f64::hypot));
    rows.extend(questions!(
        "isNan" => f64::is_nan,
        "isFinite" => f64::is_finite,
        "isInteger" => |number| number.is_finite() && number.fract() == 0.0,
    ));
    rows.extend(of_bits!(
        "bitAnd" => |first, second| first & second,
        "bitOr" => |first, second| first | second,
        "bitXor" => |first, second| first ^ second,
    ));
    rows.extend(natives!(Owner::Module("math");
        "bitNot" 1..=1 => bit_not,
        "shiftLeft" 2..=2 => shift_left,
        "shiftRight" 2..=2 => shift_right,
        "log" 1..=2 => log,
        "min" 1..=ANY => least,
        "max" 1..=ANY => greatest,
        "random" 0..=0 => random,
        "randomInt" 2..=2 => random_whole,
        "seed" 1..=1 => seed,
    ));
    rows
}

/// -1, 0 or 1; zeros and `nan` are their own sign.
fn sign(number: f64) -> f64 {
    if number == 0.0 || number.is_nan() { number } else { number.signum() }
}

/// The logarithm to a base, exact for powers of 2 and of 10.
fn log<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let number = vm.number_argument(arguments, 1)?;
    if arguments.get(2).is_nil() {
        return Ok(Value::number_from_foreign(number.ln()));
    }
    let base = vm.number_argument(arguments, 2)?;
    let logarithm = match base {
        2.0 => number.log2(),
        10.0 => number.log10(),
        _ => number.ln() / base.ln(),
    };
    Ok(Value::number_from_foreign(logarithm))
}

fn bit_not<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    Ok(Value::number(!vm.whole_argument(arguments, 1)? as f64))
}

/// The farthest that bits are shifted.
const FARTHEST: usize = 63;

impl<C: Collector> Vm<C> {
    fn shift_arguments(&mut self, arguments: Arguments) -> Result<(i64, u32), Thrown> {
        let number = self.whole_argument(arguments, 1)?;
        let distance = self.size_argument(arguments, 2)?;
        if distance > FARTHEST {
            let message = format!("Bits are shifted by at most {FARTHEST} places.");
            return Err(self.throw(ErrorKind::ValueError, message));
        }
        Ok((number, distance as u32))
    }

    /// The first of the arguments that no other precedes; `nan` if one of them is `nan`.
    fn extreme(
        &mut self,
        arguments: Arguments,
        precedes: fn(&f64, &f64) -> bool,
    ) -> Result<Value, Thrown> {
        let mut extreme = self.number_argument(arguments, 1)?;
        for index in 2..=arguments.count() {
            let number = self.number_argument(arguments, index)?;
            if number.is_nan() || precedes(&number, &extreme) {
                extreme = number;
            }
        }
        Ok(Value::number(extreme))
    }
}

/// Nothing is cut off: the result is the number times a power of two.
fn shift_left<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let (number, distance) = vm.shift_arguments(arguments)?;
    Ok(Value::number(number as f64 * (1u64 << distance) as f64))
}

/// The sign stays: the result is rounded down.
fn shift_right<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let (number, distance) = vm.shift_arguments(arguments)?;
    Ok(Value::number((number >> distance) as f64))
}

fn least<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.extreme(arguments, f64::lt)
}

fn greatest<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.extreme(arguments, f64::gt)
}

fn random<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    Ok(Value::number(vm.random.fraction()))
}

/// A whole number between two, both included.
fn random_whole<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let (from, to) = (vm.whole_argument(arguments, 1)?, vm.whole_argument(arguments, 2)?);
    if from > to {
        let message = "There is no whole number between the first argument and the second.";
        return Err(vm.throw(ErrorKind::ValueError, message));
    }
    // Both are below 2⁵³ in magnitude, so their distance fits.
    let number = from + vm.random.below((to - from) as u64 + 1) as i64;
    Ok(Value::number(number as f64))
}

fn seed<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    vm.random = Random::new(vm.whole_argument(arguments, 1)? as u64);
    Ok(Value::NIL)
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_generator_is_the_published_one() {
        // SplitMix64 from seed 0 begins with these words (the reference implementation's own).
        let filled = Random::new(0);
        assert_eq!(filled.state[..2], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
        // The first words of xoshiro256++ from the state 1, 2, 3, 4.
        let mut random = Random { state: [1, 2, 3, 4] };
        let words: Vec<u64> = (0..4).map(|_| random.bits()).collect();
        assert_eq!(words, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
    }

    #[test]
    fn numbers_stay_in_their_bounds_and_reach_every_place() {
        let mut random = Random::new(7);
        let mut seen = [0; 6];
        for _ in 0..6000 {
            let fraction = random.fraction();
            assert!((0.0..1.0).contains(&fraction));
            seen[random.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (800..1200).contains(&count)), "{seen:?}");
        assert_eq!(random.below(1), 0);
    }

    #[test]
    fn children_differ_from_each_other_and_from_their_parent() {
        let mut parent = Random::new(7);
        let (mut one, mut other) = (parent.clone(), parent.clone());
        one.fork(100);
        other.fork(101);
        let numbers = [parent.bits(), one.bits(), other.bits()];
        assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2] && numbers[0] != numbers[2]);
    }
}
