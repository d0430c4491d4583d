//! The module `time`. All times are in seconds.

use super::{Arguments, Owner, Row, natives};
use crate::error::{ErrorKind, Thrown};
use crate::vm::Vm;
use calf_gc::{Collector, Value};
use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, ClockNanosleepFlags, clock_gettime, clock_nanosleep};
use std::time::Duration;

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Module("time");
        "now" 0..=0 => now,
        "clock" 0..=0 => clock,
        "cpu" 0..=0 => cpu,
        "sleep" 1..=1 => sleep,
    )
}

impl<C: Collector> Vm<C> {
    fn read_clock(&mut self, clock: ClockId) -> Result<Duration, Thrown> {
        match clock_gettime(clock) {
            Ok(time) => Ok(time.into()),
            Err(error) => {
                let message = format!("Cannot read the clock: {}.", error.desc());
                Err(self.throw(ErrorKind::IoError, message))
            }
        }
    }

    fn clock_value(&mut self, clock: ClockId) -> Result<Value, Thrown> {
        Ok(Value::number(self.read_clock(clock)?.as_secs_f64()))
    }
}

/// Seconds since the first of January 1970.
fn now<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    vm.clock_value(ClockId::CLOCK_REALTIME)
}

/// Seconds since some moment; never goes back.
fn clock<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    vm.clock_value(ClockId::CLOCK_MONOTONIC)
}

/// Seconds that this process has used a processor.
fn cpu<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    vm.clock_value(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

/// The longest sleep: 30 years, which every clock can count.
const LONGEST_SLEEP: f64 = 1e9;

/// Sleeps until a moment, not for a span: a signal that is none of the program's business makes it no longer.
pub(crate) fn sleep<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let seconds = vm.number_argument(arguments, 1)?;
    if seconds.is_nan() || seconds < 0.0 {
        return Err(
            vm.throw(ErrorKind::ValueError, "A time to sleep must be a number of at least 0.")
        );
    }
    vm.output.flush();
    let span = Duration::from_secs_f64(seconds.min(LONGEST_SLEEP));
    let end = TimeSpec::from_duration(vm.read_clock(ClockId::CLOCK_MONOTONIC)? + span);
    loop {
        vm.stop_if_interrupted()?;
        match clock_nanosleep(ClockId::CLOCK_MONOTONIC, ClockNanosleepFlags::TIMER_ABSTIME, &end) {
            Ok(_) => return Ok(Value::NIL),
            Err(Errno::EINTR) => {}
            Err(error) => {
                let message = format!("Cannot sleep: {}.", error.desc());
                return Err(vm.throw(ErrorKind::IoError, message));
            }
        }
    }
}
