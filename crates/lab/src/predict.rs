//! `calf lab predict`: asks for the number before it shows the measured one.

use crate::experiment::{Ask, Experiment};
use crate::results::Results;
use crate::unit::Unit;
use std::io::{self, BufRead, Write};

/// A guess this near is right: a tenth of the number, or of the whole if it is a part of it.
const NEAR: f64 = 0.1;

/// Asks until there is a number; `None` at the end of the input.
///
/// # Errors
/// If the input cannot be read or `out` be written.
pub(crate) fn ask(
    ask: &Ask,
    input: &mut dyn BufRead,
    out: &mut dyn Write,
) -> io::Result<Option<f64>> {
    writeln!(out, "{}", ask.question)?;
    loop {
        write!(out, "your number{}: ", in_words(ask.unit))?;
        out.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            writeln!(out)?;
            return Ok(None);
        }
        let text = line.trim().trim_end_matches('%').trim();
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => return Ok(Some(number * scale(ask.unit))),
            _ => writeln!(out, "That is no number; an example is 12.5.")?,
        }
    }
}

fn in_words(unit: Unit) -> &'static str {
    match unit {
        Unit::Part => " (percent)",
        Unit::Bytes => " (MiB)",
        Unit::Seconds => " (milliseconds)",
        Unit::Times => " (times)",
        Unit::Count => "",
    }
}

/// What one of the asked unit is in the unit of the results.
fn scale(unit: Unit) -> f64 {
    match unit {
        Unit::Part => 0.01,
        Unit::Bytes => 1_048_576.0,
        Unit::Seconds => 1e-3,
        Unit::Times | Unit::Count => 1.0,
    }
}

/// Shows the measured number beside the guess and says what explains the difference.
///
/// # Errors
/// If `out` cannot be written.
pub(crate) fn explain(
    experiment: &Experiment,
    guess: f64,
    results: &Results,
    out: &mut dyn Write,
) -> io::Result<()> {
    let ask = &experiment.ask;
    let Some(measured) = (ask.answer)(results) else {
        return writeln!(
            out,
            "It could not be measured; calf lab run {} says why.",
            experiment.name
        );
    };
    writeln!(out, "you:      {}", ask.unit.show(guess))?;
    writeln!(out, "measured: {}", ask.unit.show(measured))?;
    let whole = if ask.unit == Unit::Part { 1.0 } else { measured.abs().max(1e-12) };
    if (guess - measured).abs() <= NEAR * whole {
        writeln!(out, "That is right.")?;
    } else if guess < measured {
        writeln!(out, "Too low. {}", ask.too_low)?;
    } else {
        writeln!(out, "Too high. {}", ask.too_high)?;
    }
    let name = experiment.name;
    writeln!(out, "The whole story: calf lab run {name}, and examples/lab/{}.", experiment.script)
}
