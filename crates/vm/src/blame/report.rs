//! First writes put into words: rows of pages with the same cause, phase, stack, kind and place of allocation; the report of a process.

use super::advice::Advice;
use super::{Blame, FOLDED, NATIVE};
use crate::code::Code;
use crate::trace::TraceLine;
use crate::vm::Vm;
use calf_gc::Collector;
use calf_gc::parts::model::CAUSES;
use calf_gc::parts::phase::Phase;
use calf_meter::Record;
use serde_json::{Value as Json, json};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// What pages that were written first in the same way have in common.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Key {
    /// Why, by the model.
    pub cause: &'static str,
    /// What the process was doing.
    pub phase: &'static str,
    /// Where the page lies.
    pub region: &'static str,
    /// What lay at the address when the process was forked: a type, or `free memory`; of a region without objects, its name.
    pub kind: Rc<str>,
    /// Where that was allocated.
    pub site: Option<TraceLine>,
    /// The calls in progress, innermost first.
    pub stack: Rc<[TraceLine]>,
}

/// A row of the report.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What the pages have in common.
    pub key: Key,
    /// How many there are.
    pub pages: usize,
    /// When the first of them was written, in nanoseconds since the fork.
    pub since: u64,
}

/// The two accounts of a process, in pages.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Totals {
    /// First writes that were taken down.
    pub writes: usize,
    /// Of these, pages that were given back to the kernel later.
    pub given_back: usize,
    /// Of those that are still there, pages that nobody else had any more, so that the kernel had nothing to copy.
    pub in_place: usize,
    /// Copied by the kernel's word; `None` if that is not to be had.
    pub copied: Option<usize>,
    /// Copied by the kernel's word, and not taken down.
    pub unseen: usize,
    /// This process's alone without having been written: the others have copied them, given them back, or ended.
    pub given_up: usize,
    /// Pages that existed at the fork.
    pub shared: usize,
}

impl Totals {
    /// Pages blamed: those that are still there.
    pub(crate) fn blamed(&self) -> usize {
        self.writes - self.given_back
    }

    /// Both together, of the same process at different times.
    fn and(self, other: Totals) -> Totals {
        Totals {
            writes: self.writes + other.writes,
            given_back: self.given_back + other.given_back,
            in_place: self.in_place + other.in_place,
            copied: match (self.copied, other.copied) {
                (Some(one), Some(other)) => Some(one + other),
                (one, other) => one.or(other),
            },
            unseen: self.unseen + other.unseen,
            given_up: self.given_up + other.given_up,
            shared: self.shared.max(other.shared),
        }
    }
}

/// A run of first writes in one phase.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// The phase.
    pub phase: &'static str,
    /// Nanoseconds from the fork to the first write.
    pub from: u64,
    /// And to the last.
    pub to: u64,
    /// Pages by cause, in the order of the table; the last is what no cause is known of.
    pub causes: [usize; CAUSES.len() + 1],
}

/// The name of a cause by its number in a report.
pub(crate) fn cause_name(number: usize) -> &'static str {
    CAUSES.get(number).map_or("unknown", |cause| cause.name())
}

fn line_json(line: &TraceLine) -> Json {
    json!({"file": line.file, "line": line.line, "function": line.function})
}

impl Row {
    fn json(&self) -> Json {
        let Key { cause, phase, region, kind, site, stack } = &self.key;
        json!({
            "pages": self.pages, "cause": cause, "phase": phase, "region": region, "kind": &**kind,
            "site": site.as_ref().map(line_json),
            "stack": stack.iter().map(line_json).collect::<Vec<_>>(),
        })
    }
}

impl<C: Collector> Vm<C> {
    /// The number of the cause of a write to `address`, in a region of this name.
    pub(super) fn cause_at(&self, address: usize, region: &str) -> usize {
        self.cause_of(region, address).map_or(CAUSES.len(), |cause| cause as usize)
    }

    fn region_at(&self, address: usize) -> &'static str {
        let regions = self.regions();
        let found =
            regions.all().iter().find(|region| (region.start..region.end).contains(&address));
        found.map_or("", |region| region.name)
    }

    /// The lines of a stack, innermost first.
    fn stack_lines(&self, words: &[u64]) -> Rc<[TraceLine]> {
        let line = |pair: &[u64]| match pair[0] {
            NATIVE => {
                let name =
                    self.natives.get(pair[1] as usize).map_or("native", |native| native.name);
                TraceLine { file: "native".to_string(), line: 0, function: Some(name.to_string()) }
            }
            FOLDED => TraceLine {
                file: String::new(),
                line: 0,
                function: Some(format!("… {} more calls", pair[1])),
            },
            code => {
                let code = std::ptr::with_exposed_provenance::<Code>(code as usize);
                // SAFETY: the capture wrote the address of a loaded function, which is never freed.
                unsafe { &*code }.place_of(pair[1] as usize)
            }
        };
        words.chunks_exact(2).map(line).collect()
    }

    fn key_of(&self, record: &Record, stacks: &mut HashMap<u32, Rc<[TraceLine]>>) -> Key {
        let region = self.region_at(record.address);
        let stack = stacks.entry(record.stack).or_insert_with(|| {
            let watch = self.measure.blame.watch.as_ref().expect("there are records");
            self.stack_lines(watch.stack(record.stack))
        });
        let (kind, site) = match self.lying_at(record.address) {
            Some((kind, site)) => {
                // SAFETY: the address of a loaded function, which is never freed.
                (kind, site.map(|(code, position)| unsafe { &*code }.place_of(position)))
            }
            None if matches!(region, "objects" | "buffers") => (Rc::from("free memory"), None),
            None => (Rc::from(region), None),
        };
        Key {
            cause: cause_name(self.cause_at(record.address, region)),
            phase: Phase::numbered(record.tag).name(),
            region,
            kind,
            site,
            stack: stack.clone(),
        }
    }

    /// The rows since the last fork, the most pages first. Pages that were given back since are not among them; pages that
    /// the kernel has copied and that nobody was seen to write are, with what the model knows.
    pub(crate) fn blame_rows(&mut self) -> (Vec<Row>, Totals) {
        let page_size = calf_meter::page_size();
        let fates = self.fates().ok();
        let mut totals =
            Totals { shared: fates.as_ref().map_or(0, |fates| fates.shared), ..Totals::default() };
        let mut rows: HashMap<Key, Row> = HashMap::new();
        let mut stacks = HashMap::new();
        let Some(watch) = &self.measure.blame.watch else { return (Vec::new(), totals) };
        let mut add = |key: Key, since: u64| {
            let row = rows.entry(key.clone()).or_insert(Row { key, pages: 0, since });
            row.pages += 1;
            row.since = row.since.min(since);
        };
        // The pages that are alone here without a copy are those that were written in place, and those that nobody has written.
        let mut kept: HashSet<usize> =
            { fates.iter() }.flat_map(|fates| fates.kept.iter().copied()).collect();
        // Where frames are hidden the kernel's flag says the same of copies and of these; the handler has asked at the time of the write.
        let mut in_place = HashSet::new();
        for record in watch.records() {
            totals.writes += 1;
            let page = record.address / page_size * page_size;
            if record.given_back {
                totals.given_back += 1;
                continue;
            }
            if kept.remove(&page) || record.in_place {
                totals.in_place += 1;
                in_place.insert(page);
            }
            add(self.key_of(&record, &mut stacks), record.nanoseconds);
        }
        totals.given_up = kept.len();
        totals.copied = fates.as_ref().map(|_| 0);
        for address in fates.iter().flat_map(|fates| fates.copied.iter().copied()) {
            if watch.forbids(address) {
                totals.given_up += 1;
                continue;
            }
            if in_place.contains(&address) {
                continue;
            }
            totals.copied = totals.copied.map(|count| count + 1);
            if !watch.has_record(address) {
                totals.unseen += 1;
                let record = Record { address, ..Record::default() };
                add(Key { phase: "not seen", ..self.key_of(&record, &mut stacks) }, u64::MAX);
            }
        }
        let mut rows: Vec<Row> = rows.into_values().collect();
        sort(&mut rows);
        (rows, totals)
    }

    /// The first writes since the last fork as runs of the same phase, in the order of time.
    pub(crate) fn blame_segments(&self) -> Vec<Segment> {
        let mut segments: Vec<Segment> = Vec::new();
        let Some(watch) = &self.measure.blame.watch else { return segments };
        for record in watch.records() {
            let phase = Phase::numbered(record.tag).name();
            let cause = self.cause_at(record.address, self.region_at(record.address));
            if segments.last().is_none_or(|last| last.phase != phase) {
                let (from, causes) = (record.nanoseconds, [0; CAUSES.len() + 1]);
                segments.push(Segment { phase, from, to: from, causes });
            }
            let last = segments.last_mut().expect("just pushed");
            last.to = record.nanoseconds;
            last.causes[cause] += 1;
        }
        segments
    }

    /// Before another fork of a process that is watched: what was found so far is kept in words.
    pub(super) fn put_blame_aside(&mut self) {
        if !self.measure.blame.on {
            return;
        }
        let (rows, totals) = self.blame_rows();
        let Blame { past, past_totals, .. } = &mut self.measure.blame;
        past.extend(rows);
        *past_totals = past_totals.and(totals);
    }

    /// The report of this process.
    fn blame_report(&mut self) -> Json {
        let (mut rows, mut totals) = self.blame_rows();
        let segments = self.blame_segments();
        let Blame { past, past_totals, .. } = &mut self.measure.blame;
        rows.append(past);
        totals = totals.and(*past_totals);
        sort(&mut rows);
        let advice = self.advice_of(&rows, true);
        let timeline: Vec<Json> = segments
            .iter()
            .map(|segment| {
                let causes: serde_json::Map<String, Json> = { segment.causes.iter().enumerate() }
                    .filter(|(_, pages)| **pages > 0)
                    .map(|(cause, pages)| (cause_name(cause).to_string(), json!(pages)))
                    .collect();
                json!({"phase": segment.phase, "from": segment.from, "to": segment.to, "causes": causes})
            })
            .collect();
        let frames = self.measure.meter.as_ref().is_some_and(|meter| meter.tells_frames());
        let Blame { watch, refusal, on, .. } = &mut self.measure.blame;
        let cost = match watch {
            Some(watch) if *on => watch.measure_cost().ok(),
            _ => None,
        };
        json!({
            "pid": std::process::id(),
            "parent": std::os::unix::process::parent_id(),
            "strategy": self.row.name,
            "means": watch.as_ref().filter(|_| *on).map(|watch| watch.means().name()),
            "frames": frames,
            "refusal": refusal.map(|error| error.to_string()),
            "writes": totals.writes,
            "given_back": totals.given_back,
            "blamed": totals.blamed(),
            "in_place": totals.in_place,
            "copied": totals.copied,
            "unseen": totals.unseen,
            "given_up": totals.given_up,
            "shared": totals.shared,
            "cost": cost,
            "rows": rows.iter().map(Row::json).collect::<Vec<_>>(),
            "timeline": timeline,
            "advice": advice.iter().map(Advice::json).collect::<Vec<_>>(),
        })
    }

    /// The last thing that a process does under blame: a child leaves its report, the first process passes all of them on.
    pub(crate) fn finish_blame(&mut self) {
        let Some(report) = self.options.blame.as_ref().map(|options| options.report) else {
            return;
        };
        if self.is_forked() {
            self.report_first_writes();
            let text = self.blame_report().to_string();
            let posted =
                self.measure.blame.board.as_ref().is_some_and(|board| board.post(text.as_bytes()));
            if !posted {
                eprintln!(
                    "calf: there is no room left for the blame of process {}",
                    std::process::id()
                );
            }
            return;
        }
        let messages = self.measure.blame.board.as_ref().map(|board| board.messages());
        let texts: Vec<String> = { messages.into_iter().flatten() }
            .filter_map(|message| String::from_utf8(message).ok())
            .collect();
        let forks = self.measure.blame.forks;
        report(&format!("{{\"forks\":{forks},\"processes\":[{}]}}", texts.join(",")));
    }
}

/// The most pages first, then in the order of time.
fn sort(rows: &mut [Row]) {
    rows.sort_by(|one, other| (other.pages, one.since).cmp(&(one.pages, other.since)));
}
