//! A report in a browser, if there is one: see tests/browser.

use calf_report::Results;
use std::path::Path;
use std::process::Command;

/// What the runner ends with when something that it needs is not there.
const SKIPPED: i32 = 77;

#[test]
fn a_report_works_in_a_browser() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let results =
        Results::read(&[here.join("tests/fixtures/lab.jsonl")]).expect("the fixture is readable");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let page = folder.join("report.html");
    std::fs::write(&page, calf_report::page("A report", &results, &[]))
        .expect("the page can be written");
    let runner = here.join("../../tests/browser/run.sh");
    let output =
        Command::new("sh").arg(runner).arg(&page).arg(&folder).output().expect("there is a shell");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => {}
        Some(SKIPPED) => eprintln!("{}", said.trim()),
        _ => panic!("{said}{complained}"),
    }
}
