//! `calf heap`: heaps that a program wrote with `heap.dump()`, looked into later, or compared.

use super::Table;
use calf_snapshot::{
    Change, Direction, Dominators, Group, Id, Limits, Paths, Rank, Snapshot, changes, draw,
};
use calf_vm::exit_code;
use serde_json::json;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

/// What `calf heap dot` was told.
pub(crate) struct Graph {
    pub(super) file: PathBuf,
    pub(super) object: Option<Id>,
    pub(super) depth: usize,
    pub(super) breadth: usize,
    pub(super) by_referrers: bool,
}

/// The snapshot in a file, or the code to leave with.
fn read(path: &Path) -> Result<Snapshot, i32> {
    let answer = File::open(path)
        .map_err(calf_snapshot::FileError::Io)
        .and_then(|file| calf_snapshot::read(&mut BufReader::new(file)));
    answer.map_err(|error| {
        eprintln!("calf: '{}' {error}", path.display());
        exit_code::IO
    })
}

fn groups_table(title: &str, groups: &[Group], count: usize) -> String {
    let mut table = Table::new(1, &[title, "OBJECTS", "BYTES"]);
    for group in &groups[..count.min(groups.len())] {
        table.push([group.name.clone(), group.objects.to_string(), group.bytes.to_string()]);
    }
    let mut text = table.text();
    if groups.len() > count {
        text.push_str(&format!("… {} more\n", groups.len() - count));
    }
    text
}

fn changes_table(title: &str, changes: &[Change], count: usize) -> String {
    let mut table = Table::new(1, &[title, "OBJECTS", "", "BYTES", ""]);
    for change in &changes[..count.min(changes.len())] {
        table.push([
            change.name.clone(),
            change.after.0.to_string(),
            format!("{:+}", change.objects()),
            change.after.1.to_string(),
            format!("{:+}", change.bytes()),
        ]);
    }
    let mut text = table.text();
    if changes.is_empty() {
        text.push_str("(nothing has changed)\n");
    } else if changes.len() > count {
        text.push_str(&format!("… {} more\n", changes.len() - count));
    }
    text
}

pub(super) fn top(file: &Path, count: usize, as_json: bool) -> i32 {
    let snapshot = match read(file) {
        Ok(snapshot) => snapshot,
        Err(code) => return code,
    };
    let dominators = Dominators::of(&snapshot);
    let paths = Paths::of(&snapshot);
    let (types, holders) = (snapshot.histogram(), snapshot.holders(&dominators));
    let largest = dominators.largest(count);
    if as_json {
        let groups = |groups: &[Group]| -> serde_json::Value {
            let entry = |group: &Group| json!({ "name": group.name, "objects": group.objects, "bytes": group.bytes });
            groups.iter().map(entry).collect()
        };
        let retainers: serde_json::Value = largest
            .iter()
            .map(|&id| {
                json!({
                    "id": id, "type": snapshot.type_of(id), "state": snapshot.node(id).state.name(),
                    "bytes": snapshot.node(id).bytes, "retained": dominators.retained(id),
                    "objects": dominators.objects(id), "path": paths.line(id),
                })
            })
            .collect();
        let all = json!({
            "strategy": snapshot.origin().strategy, "objects": snapshot.count(), "bytes": snapshot.bytes(),
            "types": groups(&types), "holders": groups(&holders), "retainers": retainers,
        });
        return crate::print(&format!("{all}\n"));
    }
    let mut table = Table::new(2, &["OBJECT", "", "BYTES", "RETAINED", "OBJECTS"]);
    for id in largest {
        table.push([
            format!("{} #{id}", snapshot.type_of(id)),
            paths.line(id).unwrap_or_default(),
            snapshot.node(id).bytes.to_string(),
            dominators.retained(id).to_string(),
            dominators.objects(id).to_string(),
        ]);
    }
    crate::print(&format!(
        "{} objects, {} bytes, under {}\n\n{}\n{}\n{}",
        snapshot.count(),
        snapshot.bytes(),
        snapshot.origin().strategy,
        groups_table("TYPE", &types, count),
        groups_table("KEPT ALIVE BY", &holders, count),
        table.text()
    ))
}

pub(super) fn difference(before: &Path, after: &Path, count: usize, as_json: bool) -> i32 {
    let (before, after) = match read(before).and_then(|before| Ok((before, read(after)?))) {
        Ok(both) => both,
        Err(code) => return code,
    };
    let types = changes(&before.histogram(), &after.histogram());
    let holders_of = |snapshot: &Snapshot| snapshot.holders(&Dominators::of(snapshot));
    let holders = changes(&holders_of(&before), &holders_of(&after));
    if as_json {
        let rows = |changes: &[Change]| -> serde_json::Value {
            let entry = |change: &Change| {
                json!({
                    "name": change.name, "objects": change.objects(), "bytes": change.bytes(),
                    "before": { "objects": change.before.0, "bytes": change.before.1 },
                    "after": { "objects": change.after.0, "bytes": change.after.1 },
                })
            };
            changes.iter().map(entry).collect()
        };
        let all = json!({ "types": rows(&types), "holders": rows(&holders) });
        return crate::print(&format!("{all}\n"));
    }
    let growth = |after: u64, before: u64| i128::from(after) - i128::from(before);
    crate::print(&format!(
        "{} objects ({:+}), {} bytes ({:+})\n\n{}\n{}",
        after.count(),
        growth(after.count() as u64, before.count() as u64),
        after.bytes(),
        growth(after.bytes(), before.bytes()),
        changes_table("TYPE", &types, count),
        changes_table("KEPT ALIVE BY", &holders, count),
    ))
}

pub(super) fn graph(graph: &Graph) -> i32 {
    let snapshot = match read(&graph.file) {
        Ok(snapshot) => snapshot,
        Err(code) => return code,
    };
    let middle: Vec<Id> = match graph.object {
        Some(id) if id as usize >= snapshot.count() => {
            eprintln!(
                "calf: there is no object {id}; `calf heap top {}` prints the numbers of the largest",
                graph.file.display()
            );
            return exit_code::USAGE;
        }
        Some(id) => vec![id],
        None => {
            let dominators = Dominators::of(&snapshot);
            let named = snapshot.roots().iter().filter(|root| root.rank == Rank::Named);
            let mut held: Vec<Id> = named.map(|root| root.to).collect();
            held.sort_by_key(|&id| std::cmp::Reverse(dominators.retained(id)));
            held.truncate(graph.breadth);
            held
        }
    };
    let direction = if graph.by_referrers { Direction::Referrers } else { Direction::Referents };
    let limits = Limits { depth: graph.depth, breadth: graph.breadth };
    crate::print(&draw(&snapshot, &middle, direction, limits))
}
