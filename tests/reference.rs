//! `docs/reference.md` against the machine's own tables: no native without its line, no line without its native.

mod support;

use calf_gc::collectors::mark_inline::MarkInline;
use calf_language_server::reference::{Place, entries};
use calf_vm::error::ErrorKind;
use calf_vm::native::{Owner, rows};
use std::collections::BTreeSet;
use support::{Calf, OK};

/// The names are the same under every collector, so one machine is enough: each takes the compiler many seconds.
fn names() -> BTreeSet<String> {
    let names = rows::<MarkInline>().into_iter().map(|row| match row.owner {
        Owner::Global => row.name.to_string(),
        Owner::Method(kind) => format!("{}.{}", kind.name(), row.name),
        Owner::Module(module) => format!("{module}.{}", row.name),
    });
    names.collect()
}

#[test]
fn every_native_has_its_line() {
    let known: BTreeSet<String> = entries()
        .iter()
        .filter_map(|entry| match entry.place {
            Place::Word => None,
            Place::Global => Some(entry.name.to_string()),
            Place::Method(kind) => Some(format!("{kind}.{}", entry.name)),
            Place::Module(module) => Some(format!("{module}.{}", entry.name)),
        })
        .collect();
    let mut natives = names();
    natives.extend(ErrorKind::ALL.iter().map(|kind| kind.name().to_string()));
    let missing: Vec<_> = natives.difference(&known).collect();
    assert!(missing.is_empty(), "without a line in docs/reference.md: {missing:?}");
    // What else is there are classes of errors and constants.
    for name in known.difference(&natives) {
        let calf = Calf::new().args(["-e", &format!("print type({name});")]).run();
        calf.expect_code(OK);
        assert!(["class\n", "number\n"].contains(&calf.stdout.as_str()), "{name}: {calf:?}");
    }
}
