//! Blame page by page, for whoever draws a page map as it became what it is: when each page was first written, and what lay on it
//! when the process was forked. A line of JSON beside that of `--page-map=json`.

use super::report::cause_name;
use crate::page_map::PageMapForm;
use crate::vm::Vm;
use calf_gc::Collector;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;

/// What lies on the pages of a region: every combination of kinds once, and the pages in their order, run by run.
#[derive(Default)]
struct Lying {
    kinds: Vec<String>,
    numbers: HashMap<String, usize>,
    /// Pages and the number of their combination; `None`: nothing lies there.
    runs: Vec<(usize, Option<usize>)>,
}

impl Lying {
    /// Adds a page with so many objects of each kind.
    fn push(&mut self, counts: &[(usize, Rc<str>)]) {
        let number = (!counts.is_empty()).then(|| {
            let words: Vec<String> =
                counts.iter().map(|(count, kind)| format!("{count} {kind}")).collect();
            let next = self.kinds.len();
            *self.numbers.entry(words.join(", ")).or_insert_with_key(|text| {
                self.kinds.push(text.clone());
                next
            })
        });
        match self.runs.last_mut() {
            Some((length, last)) if *last == number => *length += 1,
            _ => self.runs.push((1, number)),
        }
    }

    /// `{"kinds": ["2 list, 83 string"], "pages": "4- 12:0"}`: four pages with nothing, twelve with the first of the kinds.
    fn json(&self) -> Json {
        let mut pages = String::new();
        for (length, number) in &self.runs {
            let gap = if pages.is_empty() { "" } else { " " };
            // Writing to a text cannot fail.
            let _ = match number {
                Some(number) => write!(pages, "{gap}{length}:{number}"),
                None => write!(pages, "{gap}{length}-"),
            };
        }
        json!({"kinds": self.kinds, "pages": pages})
    }
}

impl<C: Collector> Vm<C> {
    /// Prints the line on standard error, where the command line asked for page maps as data and for blame.
    pub(super) fn report_first_writes(&self) {
        if self.options.page_map != Some(PageMapForm::Json) || !self.measure.blame.on {
            return;
        }
        let page_size = calf_meter::page_size();
        let regions: Vec<Json> = self
            .extents()
            .into_iter()
            .map(|(name, start, end)| {
                let written = self.first_writes(name, start, end, page_size);
                let lying = self.lying_within(start, end, page_size);
                json!({"name": name, "written": written, "objects": lying.json()})
            })
            .collect();
        eprintln!("{}", json!({"firstWrites": {"pid": std::process::id(), "regions": regions}}));
    }

    /// The pages of a region that were written, in the order of time: the page's position, the nanoseconds since the fork, the cause.
    fn first_writes(
        &self,
        name: &str,
        start: usize,
        end: usize,
        page_size: usize,
    ) -> Vec<(usize, u64, &'static str)> {
        let Some(watch) = &self.measure.blame.watch else { return Vec::new() };
        let within = watch
            .records()
            .filter(|record| !record.given_back && (start..end).contains(&record.address));
        let write = |record: calf_meter::Record| {
            let cause = cause_name(self.cause_at(record.address, name));
            ((record.address - start) / page_size, record.nanoseconds, cause)
        };
        within.map(write).collect()
    }

    /// What lay on the pages of a region when the process was forked. An object that lies on several is counted on each.
    fn lying_within(&self, start: usize, end: usize, page_size: usize) -> Lying {
        let blame = &self.measure.blame;
        let mut lying = Lying::default();
        let mut objects = {
            let first = blame.lying.partition_point(|object| object.start < start);
            blame.lying[first..].iter().take_while(|object| object.start < end).peekable()
        };
        // The objects that began on earlier pages and reach beyond them.
        let mut open: Vec<(usize, u32)> = Vec::new();
        let mut page = start;
        while page < end && (objects.peek().is_some() || !open.is_empty()) {
            let next = page + page_size;
            while let Some(object) = objects.next_if(|object| object.start < next) {
                open.push((object.start + object.bytes as usize, object.kind));
            }
            let mut counts = vec![0; blame.kinds.len()];
            open.iter().for_each(|(_, kind)| counts[*kind as usize] += 1);
            let mut named: Vec<(usize, Rc<str>)> = { counts.into_iter().zip(&blame.kinds) }
                .filter(|(count, _)| *count > 0)
                .map(|(count, kind)| (count, kind.clone()))
                .collect();
            named.sort_by(|one, other| one.1.cmp(&other.1));
            lying.push(&named);
            open.retain(|(end, _)| *end > next);
            page = next;
        }
        lying
    }
}
