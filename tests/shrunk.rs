//! A bug planted in a collector, found by the random mutator, shrunk, printed as a program: under `calf` with that collector the
//! program shows the bug again, and without the bug it does not.
//!
//! This test is that `calf`, too: it runs itself, with a variable set.

use calf_gc::collectors::mark_bitmap::MarkBitmap;
use calf_gc::{Row, row};
use calf_gc_kit::random::{self, MODES, program, shrink};
use calf_gc_kit::{Broken, ForgetsToRemember};
use calf_lang::Choice;
use std::process::Command;

type Forgetful = Broken<MarkBitmap, ForgetsToRemember>;

static ROW: Row = row! {
    "forgetful": Forgetful,
    lesson: "", bookkeeping: "", visits: "", memory: "", collection_writes: "", reading_writes: "", limits: "", source: "",
    freezes: false, hidden: true,
};

/// Set where this program is to be `calf`.
const AS_CALF: &str = "CALF_TEST_FORGETFUL";

fn main() {
    if std::env::var_os(AS_CALF).is_some() {
        calf_lang::run_with(&[Choice::of::<Forgetful>(&ROW)]);
    }
    let mode = MODES[0];
    let failure = (1..40)
        .find_map(|seed| random::play::<Forgetful>(&ROW, mode, seed).err())
        .expect("the bug is found");
    let least = shrink::shrink::<Forgetful>(&ROW, mode, &failure).expect("it is found again");
    let text = program::write_program(ROW.name, mode, &least.operations);
    let count = failure.operations.len();
    println!("{count} operations shrunk to {}:\n{text}", least.operations.len());
    assert!(text.lines().count() <= 14, "the program is short");
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("shrunk.calf");
    std::fs::write(&file, &text).expect("the file can be written");
    let run = |strategy: Option<&str>| {
        let mut flags = program::flags(ROW.name, mode);
        if let Some(strategy) = strategy {
            flags[1] = strategy.to_owned();
        }
        let this = std::env::current_exe().expect("this program");
        Command::new(this).env(AS_CALF, "1").args(flags).arg(&file).output().expect("it runs")
    };
    let broken = run(None);
    let said = String::from_utf8_lossy(&broken.stderr).into_owned();
    println!("{said}");
    assert_eq!(broken.status.code(), Some(70), "the program shows the bug");
    assert!(said.contains("refers to the young, but is not remembered"));
    assert!(run(Some("mark-bitmap")).status.success(), "and the bug alone is to blame");
    println!("test shrunk ... ok");
}
