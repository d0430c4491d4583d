//! The page map: every page of every region, and what has become of it since the fork.
//!
//! The kernel says which pages were copied, the model by what cause. Where the kernel refuses, the model stands in, and the map says so.

mod drawing;

pub use drawing::{Drawing, width_of_terminal};

use crate::vm::Vm;
use calf_gc::parts::model::{CAUSES, Cause};
use calf_gc::{Collector, Format, Object};
use calf_meter::PageFlags;
use serde_json::{Value as Json, json};

/// How a page map is printed when a process leaves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageMapForm {
    /// A picture.
    Text,
    /// A picture in ASCII.
    Ascii,
    /// One line of JSON.
    Json,
}

impl PageMapForm {
    /// The names, in order.
    pub const NAMES: [&'static str; 3] = ["text", "ascii", "json"];
    /// The form of this name.
    pub fn named(name: &str) -> Option<PageMapForm> {
        Some(match name {
            "text" => PageMapForm::Text,
            "ascii" => PageMapForm::Ascii,
            "json" => PageMapForm::Json,
            _ => return None,
        })
    }
}

macro_rules! states {
    ($($name:ident $text:literal $letter:literal $glyph:literal $ascii:literal $color:literal $meaning:literal),+ $(,)?) => {
        /// What has become of a page.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum PageState { $(#[doc = $meaning] $name),+ }

        /// Every state, in the order of reports.
        pub const STATES: &[PageState] = &[$(PageState::$name),+];

        impl PageState {
            /// Its name in data.
            pub const fn name(self) -> &'static str {
                match self { $(PageState::$name => $text),+ }
            }
            /// Its letter in data.
            pub const fn letter(self) -> char {
                match self { $(PageState::$name => $letter),+ }
            }
            const fn glyph(self, ascii: bool) -> char {
                match self { $(PageState::$name => if ascii { $ascii } else { $glyph }),+ }
            }
            /// The number of its colour in a terminal (SGR).
            const fn color(self) -> u8 {
                match self { $(PageState::$name => $color),+ }
            }
            /// What it means, for a legend.
            pub const fn meaning(self) -> &'static str {
                match self { $(PageState::$name => $meaning),+ }
            }
        }
    };
}

states! {
    Shared    "shared"    's' '░' '.' 34 "shared",
    Collector "collector" 'c' '▚' '#' 31 "copied by the collector",
    Program   "program"   'p' '█' '@' 33 "copied by the program",
    New       "new"       'n' '○' '+' 32 "new",
    Free      "free"      '.' '·' '_' 90 "free",
}

/// Is it the collector's bookkeeping that writes for this cause, rather than the program?
const fn is_collectors(cause: Cause) -> bool {
    match cause {
        Cause::Count | Cause::Header | Cause::Mark | Cause::Age | Cause::Free => true,
        Cause::Store
        | Cause::Allocate
        | Cause::Finalize
        | Cause::Exit
        | Cause::Cache
        | Cause::Stack => false,
    }
}

/// One page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page {
    /// What has become of it.
    pub state: PageState,
    /// Why it was copied, if it was and the reason is known.
    pub cause: Option<Cause>,
}

/// The pages of one region.
#[derive(Clone, Debug)]
pub struct RegionMap {
    /// Its name.
    pub name: &'static str,
    /// Its first address.
    pub start: usize,
    /// The number of its first page among all.
    pub first: usize,
    /// How many pages it has; those behind the last of `pages` are free.
    pub count: usize,
    /// Its pages up to the last that is not free.
    pub pages: Vec<Page>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct PageMap {
    /// The size of a page in bytes.
    pub page_size: usize,
    /// Is the process a child of the program's own fork?
    pub is_forked: bool,
    /// Who says so: `kernel` or `model`.
    pub source: &'static str,
    /// The regions: the heap's, then the machine's.
    pub regions: Vec<RegionMap>,
}

impl PageMap {
    /// How many pages there are of each state, in their order.
    pub fn totals(&self) -> [usize; STATES.len()] {
        let mut totals = [0; STATES.len()];
        for region in &self.regions {
            region.pages.iter().for_each(|page| totals[page.state as usize] += 1);
            totals[PageState::Free as usize] += region.count - region.pages.len();
        }
        totals
    }

    /// How many pages were copied by each cause, in their order; the last is what no cause is known of.
    pub fn causes(&self) -> [usize; CAUSES.len() + 1] {
        let mut causes = [0; CAUSES.len() + 1];
        for page in self.regions.iter().flat_map(|region| &region.pages) {
            if matches!(page.state, PageState::Collector | PageState::Program) {
                causes[page.cause.map_or(CAUSES.len(), |cause| cause as usize)] += 1;
            }
        }
        causes
    }

    /// The causes that copied something, by name.
    pub fn named_causes(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let names = CAUSES.iter().map(|cause| cause.name()).chain(std::iter::once("unknown"));
        names.zip(self.causes()).filter(|(_, pages)| *pages > 0)
    }

    /// The region that has page `number`, and the page's position in it.
    pub fn find(&self, number: usize) -> Option<(&RegionMap, usize)> {
        let region = self
            .regions
            .iter()
            .find(|region| region.first <= number && number < region.first + region.count)?;
        Some((region, number - region.first))
    }

    /// All of it as data: what `mem.pageMap()` gives, and the process.
    pub fn json(&self) -> Json {
        let totals = STATES.iter().zip(self.totals());
        let totals = totals.map(|(state, pages)| (state.name().to_string(), json!(pages)));
        let causes = self.named_causes().map(|(name, pages)| (name.to_string(), json!(pages)));
        let regions = self.regions.iter().map(|region| {
            json!({
                "name": region.name, "first": region.first, "pages": region.count, "map": region.letters(),
            })
        });
        json!({
            "pid": std::process::id(),
            "forked": self.is_forked,
            "source": self.source,
            "pageSize": self.page_size,
            "pages": totals.collect::<serde_json::Map<_, _>>(),
            "causes": causes.collect::<serde_json::Map<_, _>>(),
            "regions": regions.collect::<Vec<_>>(),
        })
    }
}

impl RegionMap {
    /// A letter for each page, up to the last that is not free.
    pub fn letters(&self) -> String {
        self.pages.iter().map(|page| page.state.letter()).collect()
    }

    /// The page at this position.
    pub fn page(&self, position: usize) -> Page {
        let free = Page { state: PageState::Free, cause: None };
        self.pages.get(position).copied().unwrap_or(free)
    }
}

/// An object that lies on a page, wholly or in part.
pub(crate) struct OnPage {
    /// The object.
    pub object: Object,
    /// Where it begins in its region, its bookkeeping included, in bytes.
    pub offset: usize,
    /// The bytes it takes.
    pub bytes: usize,
}

impl<C: Collector> Vm<C> {
    /// Every page there is. Reads only; the tables lie in memory of Rust's.
    pub(crate) fn page_map(&mut self) -> PageMap {
        let page_size = calf_meter::page_size();
        let is_forked = self.is_forked();
        let mut map = PageMap { page_size, is_forked, source: "kernel", regions: Vec::new() };
        let mut first = 0;
        for (name, start, end) in self.extents() {
            let count = (end - start) / page_size;
            map.regions.push(RegionMap { name, start, first, count, pages: Vec::new() });
            first += count;
        }
        let answered = self.each_page(&mut |vm, region, position, flags| {
            let region = &mut map.regions[region];
            let address = region.start + position * page_size;
            let state = state_of(flags, is_forked);
            let page = match state {
                PageState::Program => vm.blamed(region.name, address),
                state => Page { state, cause: None },
            };
            region.pages.push(page);
        });
        if !answered {
            map.source = "model";
            for region in &mut map.regions {
                region.pages = (0..region.count)
                    .map(|position| {
                        self.modelled_page(region.name, region.start + position * page_size)
                    })
                    .collect();
            }
        }
        for region in &mut map.regions {
            let used = region.pages.iter().rposition(|page| page.state != PageState::Free);
            region.pages.truncate(used.map_or(0, |last| last + 1));
        }
        map
    }

    /// A copied page, with its cause.
    fn blamed(&self, region: &'static str, address: usize) -> Page {
        let cause = self.cause_of(region, address);
        let by_collector = cause.is_some_and(is_collectors);
        let state = if by_collector { PageState::Collector } else { PageState::Program };
        Page { state, cause }
    }

    /// The page as the model sees it: without the kernel's word everything in use is there, and new unless it was shared.
    fn modelled_page(&self, region: &'static str, address: usize) -> Page {
        match self.heap.model().first_cause(address) {
            Some(Some(_)) => self.blamed(region, address),
            Some(None) => Page { state: PageState::Shared, cause: None },
            None => Page { state: PageState::New, cause: None },
        }
    }

    /// The objects on the page of `page_size` bytes at `address` in the region that begins at `start`, in the order of memory.
    pub(crate) fn objects_on(&self, start: usize, address: usize, page_size: usize) -> Vec<OnPage> {
        let mut found = Vec::new();
        let heap = &self.heap;
        heap.each_object(&mut |object| {
            let head = if object.format() == Format::Slots { C::HEAD } else { 0 };
            let from = object.address() - head;
            // Nothing is read of an object that begins behind the page.
            if from < address + page_size
                && from + heap.footprint(object) > address
                && from >= start
            {
                found.push(OnPage { object, offset: from - start, bytes: heap.footprint(object) });
            }
        });
        found.sort_by_key(|found| found.offset);
        found
    }

    /// Prints the map on standard error, where the command line asked for one.
    pub(crate) fn report_pages(&mut self) {
        let Some(form) = self.options.page_map else { return };
        let map = self.page_map();
        let text = match form {
            PageMapForm::Json => format!("{}\n", json!({ "pageMap": map.json() })),
            form => Drawing {
                ascii: form == PageMapForm::Ascii,
                color: self.options.color,
                width: width_of_terminal(std::io::stderr()),
            }
            .text(&map),
        };
        // One write, so that processes that leave at the same time do not mix their lines.
        self.output.flush();
        eprint!("{text}");
    }
}

/// What the kernel's flags mean. A copied page is the program's until its cause is known.
fn state_of(flags: PageFlags, is_forked: bool) -> PageState {
    let is_there = flags.present || flags.swapped;
    match (flags.existed_at_fork, flags.exclusive) {
        (Some(true), true) if is_forked => PageState::Program,
        (Some(true), false) if is_there => PageState::Shared,
        (_, true) => PageState::New,
        // Not exclusive and not there before is the zero page, which costs nothing.
        _ if flags.swapped => PageState::New,
        _ => PageState::Free,
    }
}
