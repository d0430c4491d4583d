//! `huge-pages`: copies from pages of 2 MiB.

use crate::experiment::{Ask, Claim, Experiment, Published, Report, plan};
use crate::results::Results;
use crate::sheet::{Drawn, Lines, Sheet, child, fact, of_plan};
use crate::unit::Unit;

const HUGE: usize = 0;
const SMALL: usize = 1;
const STRATEGY: &str = "mark-bitmap";

fn told(results: &Results, plan: usize, name: &str) -> Option<f64> {
    super::told(results, STRATEGY, plan, "write", name)
}

/// Private bytes for each write; `None` where the kernel gave no huge pages.
fn each(results: &Results, plan: usize) -> Option<f64> {
    let huge = told(results, HUGE, "huge bytes").filter(|bytes| *bytes > 0.0)?;
    let figure = super::ran(results, STRATEGY, plan, "write")?;
    // The model's word is that of pages of 4 KiB, whatever the kernel does.
    (huge > 0.0 && !figure.modelled).then_some(())?;
    Some(told(results, plan, "private bytes")? / told(results, plan, "writes")?)
}

/// Does the kernel that measured split a huge page on a write (Linux 5.8 and later)?
fn splits(results: &Results) -> Option<bool> {
    let system = results.records().first()?.machine["system"].as_str()?.strip_prefix("Linux ")?;
    let mut numbers = system.split(['.', '-']).map_while(|word| word.parse::<u32>().ok());
    Some((numbers.next()?, numbers.next()?) >= (5, 8))
}

pub(super) static EXPERIMENT: Experiment = Experiment {
    name: "huge-pages",
    title: "a child writes single bytes of buffers that lie on pages of 2 MiB, or of 4 KiB",
    question: "When a child writes a byte of a huge page, how much is copied?",
    script: "huge-pages.calf",
    size: 64,
    quick: 8,
    unit: "buffers of 2 MiB",
    strategies: &[STRATEGY],
    plans: &[plan(&["huge"]), plan(&["small"])],
    timed: true,
    recorded: &[],
    report: Report::Sheets(
        &[Sheet {
            title: "four writes to each buffer",
            corner: "pages",
            rows: Lines::These(&[of_plan("huge", HUGE), of_plan("small", SMALL)]),
            columns: Lines::These(&[
                fact("on huge pages", "huge bytes", Unit::Bytes),
                child("copied").of_child("write"),
                fact("private memory", "private bytes", Unit::Bytes),
                fact("one write", "one write seconds", Unit::Seconds),
                fact("fork", "fork seconds", Unit::Seconds).of_child("fork"),
            ]),
            rest: child("write"),
            drawn: Drawn::Nothing,
        }],
        "Where the kernel gives no huge pages (none free, or a container that hides them) both rows are the same, and nothing is judged.",
    ),
    claims: &[Claim {
        text: "Linux 5.8 and later: a write takes as much memory as without, within a tenth or 64 KiB in all; earlier: at least a hundred times as much",
        holds: |results| {
            let (huge, small) = (each(results, HUGE)?, each(results, SMALL)?);
            if splits(results)? {
                let slack = 65_536.0 / told(results, SMALL, "writes")?;
                Some(huge <= 1.1 * small + slack)
            } else {
                Some(huge >= 100.0 * small)
            }
        },
    }],
    published: &[Published {
        figure: "128 writes over 256 MiB: 512 KiB private with and without huge pages; 13.9 us a write against 3.0; fork 0.34 ms against 10.7",
        source: "survey, finding 0.1, Linux 6.18; commit 3917c80280c9 (5.8); the 2 MiB for each write of Redis's documentation were true before",
        here: |results| {
            let show = |plan| Some(Unit::Bytes.show(told(results, plan, "private bytes")?));
            let huge = Unit::Bytes.show(told(results, HUGE, "huge bytes")?);
            Some(format!("{} with {huge} on huge pages, {} without", show(HUGE)?, show(SMALL)?))
        },
        why: "The same in bytes; times say more of the machine.",
    }],
    ask: Ask {
        question: "How many pages of 4 KiB does a child copy for each byte that it writes far from the others, on a huge page, with your kernel?",
        unit: Unit::Count,
        strategies: &[STRATEGY],
        answer: |results| Some(each(results, HUGE)? / 4096.0),
        too_low: "No write copies less than a page.",
        too_high: "Since Linux 5.8 the kernel splits the huge page and copies 4 KiB of it.",
    },
};
