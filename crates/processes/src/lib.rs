//! The memory of any processes, of any runtime: a prefork server's workers, say, and what they share with their master.
//!
//! The amounts are the kernel's own (`smaps_rollup`, `smaps`); which pages are a process's alone, and which it has from its parent, is
//! counted in `pagemap`. One's own processes need no privilege. Unlike the meter this crate allocates: it looks at others.
#![forbid(unsafe_code)]

mod error;
mod family;
mod pages;

pub use error::{Refusal, explain};
pub use family::{Family, Member};
pub use pages::{Counter, Pages};

use calf_meter::smaps::{self, Totals};
use serde_json::{Value as Json, json};

/// One mapping of a process.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The first address.
    pub start: u64,
    /// One past the last.
    pub end: u64,
    /// Permissions as the kernel writes them: `rw-p`.
    pub permissions: String,
    /// The file, or `[heap]`, `[stack]`; empty for anonymous memory without a name.
    pub name: String,
    /// What the kernel counts.
    pub totals: Totals,
    /// Whose its pages are, where the kernel says.
    pub pages: Option<Pages>,
}

/// One process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Its parent's.
    pub parent: i32,
    /// Its name, as `ps` shows it.
    pub name: String,
    /// What the kernel counts, in bytes.
    pub totals: Totals,
    /// Whose its pages are, or why the kernel does not say.
    pub pages: Result<Pages, Refusal>,
    /// Its mappings, in the order of addresses.
    pub mappings: Vec<Mapping>,
}

/// Memory that no other process has, in bytes.
pub fn private(totals: &Totals) -> u64 {
    totals.private_clean + totals.private_dirty
}

/// Memory that others have, too, in bytes.
pub fn shared(totals: &Totals) -> u64 {
    totals.shared_clean + totals.shared_dirty
}

impl Process {
    /// Looks at the process `pid`, and at its parent's page map.
    ///
    /// # Errors
    /// There is no such process, or one may not look at it.
    pub fn look(pid: i32) -> Result<Process, Refusal> {
        let totals = smaps::totals(pid).map_err(|error| Refusal::of(pid, error))?;
        let member = Member::look(pid).ok_or(Refusal::Gone(pid))?;
        let mut mappings = Vec::new();
        smaps::mappings(pid, &mut |mapping| {
            mappings.push(Mapping {
                start: mapping.start,
                end: mapping.end,
                permissions: String::from_utf8_lossy(&mapping.permissions).into_owned(),
                name: String::from_utf8_lossy(mapping.name).into_owned(),
                totals: mapping.totals,
                pages: None,
            });
        })
        .map_err(|error| Refusal::of(pid, error))?;
        let pages = count(pid, member.parent, &mut mappings);
        Ok(Process { pid, parent: member.parent, name: member.name, totals, pages, mappings })
    }

    /// As data: bytes, and numbers of pages.
    pub fn json(&self, with_mappings: bool) -> Json {
        let mut json = json!({ "pid": self.pid, "parent": self.parent, "name": self.name });
        let entries = json.as_object_mut().expect("an object was just made");
        amounts(&self.totals, entries);
        match &self.pages {
            Ok(pages) => counts(pages, entries),
            Err(refusal) => {
                entries.insert("refused".to_string(), json!(refusal.to_string()));
            }
        }
        if with_mappings {
            let mappings = self.mappings.iter().map(|mapping| {
                let mut json = json!({
                    "start": format!("{:x}", mapping.start), "end": format!("{:x}", mapping.end),
                    "permissions": mapping.permissions, "name": mapping.name,
                });
                let entries = json.as_object_mut().expect("an object was just made");
                amounts(&mapping.totals, entries);
                if let Some(pages) = &mapping.pages {
                    counts(pages, entries);
                }
                json
            });
            entries.insert("mappings".to_string(), mappings.collect());
        }
        json
    }
}

fn amounts(totals: &Totals, entries: &mut serde_json::Map<String, Json>) {
    for (name, bytes) in [
        ("rss", totals.rss),
        ("pss", totals.pss),
        ("private", private(totals)),
        ("shared", shared(totals)),
        ("swap", totals.swap),
    ] {
        entries.insert(name.to_string(), json!(bytes));
    }
}

fn counts(pages: &Pages, entries: &mut serde_json::Map<String, Json>) {
    entries.insert("exclusivePages".to_string(), json!(pages.exclusive));
    entries.insert("parentPages".to_string(), json!(pages.with_parent));
    entries.insert("byFrame".to_string(), json!(pages.by_frame));
}

/// Counts the pages of each mapping, and gives their sum.
fn count(pid: i32, parent: i32, mappings: &mut [Mapping]) -> Result<Pages, Refusal> {
    let counter = Counter::open(pid, parent)?;
    let mut sum = Pages::default();
    let mut is_first = true;
    for mapping in mappings {
        // What takes no memory has no pages to look at; a reservation may be large.
        if mapping.totals.rss == 0 {
            continue;
        }
        let mut pages = counter.count(mapping.start, mapping.end)?;
        let most = shared(&mapping.totals) / calf_meter::page_size() as u64;
        pages.with_parent = pages.with_parent.map(|count| count.min(most));
        sum.exclusive += pages.exclusive;
        sum.by_frame = pages.by_frame && (is_first || sum.by_frame);
        sum.with_parent = if is_first {
            pages.with_parent
        } else {
            sum.with_parent.zip(pages.with_parent).map(|(one, other)| one + other)
        };
        is_first = false;
        mapping.pages = Some(pages);
    }
    Ok(sum)
}
