//! `:time` and `:bench`: how long something takes.

use super::session::{Next, Session};
use super::table;
use calf_vm::Machine;
use calf_vm::session::{Entry, Evaluation};
use std::time::{Duration, Instant};

/// A duration in the unit that suits it.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let (number, unit) = match seconds {
        s if s >= 1.0 => (s, "s"),
        s if s >= 1e-3 => (s * 1e3, "ms"),
        s if s >= 1e-6 => (s * 1e6, "µs"),
        s => (s * 1e9, "ns"),
    };
    let digits = if number >= 100.0 { 0 } else { 2 };
    format!("{number:.digits$} {unit}")
}

/// Runs once.
pub(crate) fn time(session: &mut Session, text: &str) -> Next {
    let measured = session.running(|machine| {
        let entry = machine.prepare("time", text)?;
        let collections = machine.collections();
        let begun = Instant::now();
        let evaluation = machine.run_entry(entry);
        let taken = begun.elapsed();
        Ok((evaluation, taken, machine.collections() - collections))
    });
    let (evaluation, taken, collections) = match measured {
        Ok(measured) => measured,
        Err(evaluation) => return session.show(&evaluation),
    };
    match session.show(&evaluation) {
        Next::Read if matches!(evaluation, Evaluation::Done(_)) => {
            let collections = match collections {
                0 => "no collection".to_string(),
                1 => "1 collection".to_string(),
                many => format!("{} collections", table::count(many)),
            };
            session.print(&format!("{}, {collections}\n", duration(taken)))
        }
        next => next,
    }
}

/// For how long a benchmark runs.
const TOTAL: Duration = Duration::from_millis(800);
/// How long one sample takes at least.
const SAMPLE: Duration = Duration::from_millis(10);
/// Samples of a run that takes long.
const LEAST_SAMPLES: usize = 3;

/// Runs so many times; how long that took.
fn sample(machine: &mut dyn Machine, entry: Entry, runs: u32) -> Result<Duration, Evaluation> {
    let begun = Instant::now();
    for _ in 0..runs {
        match machine.run_silently(entry) {
            Evaluation::Done(_) => {}
            failed => return Err(failed),
        }
    }
    Ok(begun.elapsed())
}

/// Times of one run, the shortest first, and how many runs are in a sample.
fn samples(machine: &mut dyn Machine, text: &str) -> Result<(Vec<Duration>, u32), Evaluation> {
    let entry = machine.prepare("bench", text)?;
    let begun = Instant::now();
    let mut runs = 1_u32;
    let mut taken = sample(machine, entry, runs)?;
    while taken < SAMPLE && begun.elapsed() < TOTAL {
        let factor = (SAMPLE.as_secs_f64() / taken.as_secs_f64().max(1e-9)).clamp(1.5, 10.0);
        runs = (f64::from(runs) * factor).ceil() as u32;
        taken = sample(machine, entry, runs)?;
    }
    let mut times = vec![taken / runs];
    while times.len() < LEAST_SAMPLES || begun.elapsed() < TOTAL {
        times.push(sample(machine, entry, runs)? / runs);
    }
    times.sort();
    Ok((times, runs))
}

/// Runs again and again.
pub(crate) fn bench(session: &mut Session, text: &str) -> Next {
    match session.running(|machine| samples(machine, text)) {
        Ok((times, runs)) => {
            let (best, median) = (times[0], times[times.len() / 2]);
            let samples = times.len();
            let runs = if runs == 1 { "1 run".into() } else { format!("{runs} runs") };
            session.print(&format!(
                "best {}, median {} of {samples} samples of {runs}\n",
                duration(best),
                duration(median)
            ))
        }
        Err(evaluation) => session.show(&evaluation),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn durations_have_a_unit_that_suits_them() {
        let of = |nanoseconds| duration(Duration::from_nanos(nanoseconds));
        assert_eq!(of(12), "12.00 ns");
        assert_eq!(of(123_456), "123 µs");
        assert_eq!(of(1_500_000), "1.50 ms");
        assert_eq!(of(2_000_000_000), "2.00 s");
    }
}
