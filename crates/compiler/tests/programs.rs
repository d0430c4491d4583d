//! Every script of the project compiles to functions that the checker accepts.

mod support;

use std::path::{Path, PathBuf};

fn scripts(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            scripts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "calf") {
            found.push(path);
        }
    }
}

#[test]
fn every_script_compiles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["tests", "examples", "benches"] {
        scripts(&root.join(folder), &mut found);
    }
    let mut compiled = 0;
    for path in &found {
        let text = std::fs::read_to_string(path).unwrap();
        let file = calf_source::SourceFile::new("test", &*text);
        // Scripts that are wrong on purpose are the golden tests' business.
        if calf_parser::parse(&bumpalo::Bump::new(), &file).is_err()
            || !support::complaints(&text).is_empty()
        {
            continue;
        }
        support::compiled(&text);
        compiled += 1;
    }
    assert!(compiled > 50, "{compiled} of {} scripts", found.len());
}
