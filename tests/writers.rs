//! Each script under `examples/lab/writers/` shows one writer to shared pages: blame names first what the script says.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;
use support::{Calf, OK, files_below, root};

/// What a script says of itself behind `// NAME: `.
fn told<'t>(text: &'t str, name: &str, path: &Path) -> &'t str {
    let found = text
        .lines()
        .find_map(|line| line.strip_prefix("// ")?.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("{} does not say '{name}'", path.display()))
}

/// The row of a report that comes first: `  123  45.6  header    copy counts   list`.
fn first_row(report: &str) -> Option<&str> {
    report.lines().skip_while(|line| !line.trim_start().starts_with("pages ")).nth(1).map(str::trim)
}

#[test]
fn blame_names_each_writer_first() {
    let scripts = files_below(&root().join("examples/lab/writers"), "calf");
    assert!(scripts.len() > 15, "the scripts are missing");
    for path in scripts {
        let text = fs::read_to_string(&path).expect("a script can be read");
        let flags = told(&text, "run with", &path).split_whitespace();
        let (cause, phase) =
            told(&text, "names first", &path).split_once(" in ").expect("a cause and a phase");
        let run =
            Calf::new().arg("--blame").args(flags).arg(&path).limit(Duration::from_secs(60)).run();
        run.expect_code(OK);
        if run.stderr.contains("not watched") {
            return eprintln!("skipped: {}", run.stderr);
        }
        let row = first_row(&run.stderr).unwrap_or_else(|| panic!("{}: {run:?}", path.display()));
        let words: Vec<&str> = row.split_whitespace().collect();
        let rest = words.get(3..).unwrap_or_default().join(" ");
        assert!(
            words.get(2) == Some(&cause) && rest.starts_with(phase),
            "{}: {cause} in {phase} was to be named first:\n{}",
            path.display(),
            run.stderr
        );
    }
}

#[test]
fn the_list_of_writers_names_each_script() {
    let folder = root().join("examples/lab/writers");
    let list = fs::read_to_string(folder.join("README.md")).expect("the list is there");
    let named: BTreeSet<String> = list
        .lines()
        .filter(|line| line.starts_with('|'))
        .filter_map(|line| Some(line.rsplit_once("| `")?.1.split_once('`')?.0.to_string()))
        .collect();
    let there: BTreeSet<String> = files_below(&folder, "calf")
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_string()))
        .collect();
    assert_eq!(named, there);
}
