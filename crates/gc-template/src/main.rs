//! A `calf` that knows one strategy more.

use calf_lang::Choice;

fn main() {
    calf_lang::run_with(&[Choice::of::<mine::collector::Mine>(&mine::ROW)])
}
