//! What a forked process copied: the kernel's word and the model's, by region and by cause.

use crate::code::Cache;
use crate::vm::Vm;
use calf_gc::parts::model::{CAUSES, Cause};
use calf_gc::{Collector, Heap, Value};
use calf_meter::{Meter, MeterError, PageFlags, Region};

/// Pages that the meter can tell apart: 64 GiB and more of 4 KiB pages, a few MiB of address space.
pub(crate) const METER_PAGES: usize = 1 << 25;
const REGIONS: usize = 32;

/// The meter and what it saw at the last fork.
#[derive(Default)]
pub struct Measure {
    pub(crate) meter: Option<Meter>,
    /// Why there is no word of the kernel's, if there is none.
    refusal: Option<MeterError>,
    forked: bool,
    /// Who wrote to which page, if that is asked for.
    pub(crate) blame: crate::blame::Blame,
}

/// Regions in a fixed array: nothing is allocated while measuring.
pub(crate) struct Regions {
    list: [Region; REGIONS],
    count: usize,
}

impl Regions {
    pub(crate) fn all(&self) -> &[Region] {
        &self.list[..self.count]
    }
    fn push(&mut self, name: &'static str, start: usize, end: usize) {
        if end > start && self.count < REGIONS {
            self.list[self.count] = Region { name, start, end };
            self.count += 1;
        }
    }
}

/// What became of shared pages: addresses of their first bytes.
#[derive(Default)]
pub(crate) struct Fates {
    /// Pages shared at the fork.
    pub shared: usize,
    /// Copied since.
    pub copied: Vec<usize>,
    /// This process's alone without a copy.
    pub kept: Vec<usize>,
}

/// What was copied, of one region.
#[derive(Clone, Copy, Default)]
pub(crate) struct Copied {
    /// The region.
    pub name: &'static str,
    /// Pages that were shared at the fork.
    pub shared: usize,
    /// Pages copied since.
    pub pages: usize,
}

/// What was copied, in all.
pub(crate) struct Account {
    /// By region; regions of one name are added up.
    pub regions: Vec<Copied>,
    /// By cause, in the order of the table; the last is what no cause is known of.
    pub causes: [usize; CAUSES.len() + 1],
    /// Pages that came to be since the fork.
    pub new: usize,
}

/// Regions that hold the heap's objects and bookkeeping, as against the machine's own.
pub(crate) fn is_machine(name: &str) -> bool {
    matches!(name, "stack" | "frames" | "globals" | "caches" | "code")
}

impl Account {
    fn add(&mut self, name: &'static str, shared: usize, pages: usize) {
        match self.regions.iter_mut().find(|region| region.name == name) {
            Some(region) => {
                region.shared += shared;
                region.pages += pages;
            }
            None => self.regions.push(Copied { name, shared, pages }),
        }
    }
    /// Pages copied in all regions.
    pub(crate) fn pages(&self) -> usize {
        self.regions.iter().map(|region| region.pages).sum()
    }
    /// Heap pages that were shared at the fork.
    pub(crate) fn shared(&self) -> usize {
        self.regions
            .iter()
            .filter(|region| !is_machine(region.name))
            .map(|region| region.shared)
            .sum()
    }
}

/// What is called for each page: with the index of the region, that of the page in it, and what the kernel says.
pub(crate) type PageVisit<'v, C> = dyn FnMut(&Vm<C>, usize, usize, PageFlags) + 'v;

/// Why the page at `address` was copied: the model's word, or what alone writes to the region of this name.
fn cause_of<C: Collector>(heap: &Heap<C>, region: &str, address: usize) -> Option<Cause> {
    let cause = heap.model().first_cause(address).flatten();
    cause.or(match region {
        "stack" | "frames" => Some(Cause::Stack),
        "caches" => Some(Cause::Cache),
        "globals" => Some(Cause::Store),
        _ => None,
    })
}

impl<C: Collector> Vm<C> {
    /// Why the copied page at `address` in the region of this name was copied, if that is known.
    pub(crate) fn cause_of(&self, region: &str, address: usize) -> Option<Cause> {
        cause_of(&self.heap, region, address)
    }

    /// Every region: name, first and last committed address; the heap's first.
    pub(crate) fn extents(&self) -> Vec<(&'static str, usize, usize)> {
        self.regions().all().iter().map(|region| (region.name, region.start, region.end)).collect()
    }

    /// What the kernel says of each page of [`Vm::extents`]: the index of the region, that of the page in it. `false`: it refuses,
    /// and nothing was visited.
    pub(crate) fn each_page(&mut self, visit: &mut PageVisit<'_, C>) -> bool {
        if self.measure.refusal.is_some() {
            return false;
        }
        let regions = self.regions();
        let meter = match self.measure.meter.take() {
            Some(meter) => Ok(meter),
            None => Meter::new(METER_PAGES),
        };
        let Ok(mut meter) = meter else { return false };
        let mut count = 0;
        let answer = meter.each_page(regions.all(), &mut |region, page, flags| {
            count += 1;
            visit(self, region, page, flags);
        });
        self.measure.meter = Some(meter);
        answer.is_ok() || count > 0
    }

    pub(crate) fn regions(&self) -> Regions {
        let mut regions =
            Regions { list: [Region { name: "", start: 0, end: 0 }; REGIONS], count: 0 };
        self.heap
            .each_region(&mut |region| regions.push(region.name(), region.start(), region.end()));
        for (name, start, end) in self.mutator.regions.each() {
            regions.push(name, start, end);
        }
        regions
    }

    /// The last thing before a fork: which pages there are.
    pub(crate) fn measure_before_fork(&mut self) {
        self.blame_before_fork();
        let regions = self.regions();
        let blames = self.blames();
        let meter = self.measure.meter.take().map_or_else(|| Meter::new(METER_PAGES), Ok);
        let result = meter.and_then(|meter| {
            let meter = self.measure.meter.insert(meter);
            if blames {
                meter.remember_frames();
            }
            meter.snapshot_before_fork(regions.all())
        });
        self.measure.refusal = result.err();
    }

    /// The first thing in the child: the model begins.
    pub(crate) fn measure_after_fork(&mut self) {
        self.measure.forked = true;
        self.blame_after_fork(false);
        let Vm { heap, mutator, measure, .. } = self;
        let others = [
            &mutator.regions.stack,
            &mutator.regions.frames,
            &mutator.regions.globals,
            &mutator.regions.caches,
            &mutator.regions.code,
        ];
        let meter = measure.meter.as_ref();
        heap.after_fork_in_child(&others, &mut |_, address| {
            meter.and_then(|meter| meter.existed_at_fork(address)).unwrap_or(true)
        });
    }

    /// In the parent, just after a fork: its pages are shared again.
    pub(crate) fn measure_in_parent(&mut self) {
        self.blame_after_fork(true);
    }

    /// What became of the pages that were shared at the fork, by the kernel's word.
    pub(crate) fn fates(&mut self) -> Result<Fates, MeterError> {
        let regions = self.regions();
        let measure = &mut self.measure;
        if let Some(refusal) = measure.refusal {
            return Err(refusal);
        }
        let meter = measure.meter.as_mut().ok_or(MeterError::NoSnapshot)?;
        let page_size = calf_meter::page_size();
        let mut fates = Fates::default();
        meter.each_page(regions.all(), &mut |region, page, flags| {
            if flags.existed_at_fork != Some(true) {
                return;
            }
            fates.shared += 1;
            if flags.exclusive {
                let is_kept = flags.kept || flags.protected;
                let list = if is_kept { &mut fates.kept } else { &mut fates.copied };
                list.push(regions.all()[region].start + page * page_size);
            }
        })?;
        Ok(fates)
    }

    /// Is this process a child of the program's own fork?
    pub(crate) fn is_forked(&self) -> bool {
        self.measure.forked
    }

    /// Why the kernel's word is missing, if it is.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.measure.refusal.as_ref().map(|error| error.to_string())
    }

    /// What the kernel says was copied since the fork, each page with the cause that the model knows.
    pub(crate) fn copied(&mut self) -> Result<Account, String> {
        self.copied_of(|_| true)
    }

    /// The same of the regions whose names are wanted.
    pub(crate) fn copied_of(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Account, String> {
        if let Some(error) = self.refusal() {
            return Err(error);
        }
        let regions = self.regions();
        let Vm { heap, measure, .. } = self;
        let Some(meter) = &mut measure.meter else { return Err("there was no fork".to_string()) };
        let reading = meter.measure_after_fork(regions.all()).map_err(|error| error.to_string())?;
        let mut account = Account { regions: Vec::new(), causes: [0; CAUSES.len() + 1], new: 0 };
        let page_size = calf_meter::page_size();
        for (index, region) in reading.regions().iter().enumerate() {
            if !wanted(region.region.name) {
                continue;
            }
            account.add(region.region.name, region.counts.shared_at_fork, region.counts.copied);
            account.new += region.counts.new;
            for page in reading.copied_pages(index) {
                let address = region.region.start + page * page_size;
                let cause = cause_of(heap, region.region.name, address);
                account.causes[cause.map_or(CAUSES.len(), |cause| cause as usize)] += 1;
            }
        }
        Ok(account)
    }

    /// What the model says.
    pub(crate) fn modelled(&self) -> Account {
        self.modelled_of(|_| true)
    }

    /// The same of the regions whose names are wanted.
    pub(crate) fn modelled_of(&self, wanted: impl Fn(&str) -> bool) -> Account {
        let mut account = Account { regions: Vec::new(), causes: [0; CAUSES.len() + 1], new: 0 };
        let counts = self.heap.model().counts();
        for (name, shared, causes) in counts.filter(|(name, ..)| wanted(name)) {
            account.add(name, shared, causes.iter().sum());
            for (cause, pages) in causes.iter().enumerate() {
                account.causes[cause] += pages;
            }
        }
        account
    }

    /// Every region: name, committed pages, and bytes of them in use (of the machine's own regions, all).
    pub(crate) fn region_pages(&self) -> Vec<(&'static str, usize, usize)> {
        let mut found: Vec<(&'static str, usize, usize)> = Vec::new();
        let page_size = calf_meter::page_size();
        let mut add = |name, pages, used| match found.iter_mut().find(|region| region.0 == name) {
            Some(region) => {
                region.1 += pages;
                region.2 += used;
            }
            None => found.push((name, pages, used)),
        };
        self.heap.each_region(&mut |region| {
            add(region.name(), (region.end() - region.start()) / page_size, region.used());
        });
        for (name, start, end) in self.mutator.regions.each() {
            add(name, (end - start) / page_size, end - start);
        }
        found
    }

    /// A cache site was written.
    pub(crate) fn note_cache(&mut self, site: *const Cache) {
        self.heap.note(site.addr(), Cause::Cache);
    }

    /// The machine's regions are accounted for, too.
    pub(crate) fn watch_regions(&mut self) {
        for region in [&self.mutator.regions.globals, &self.mutator.regions.caches] {
            self.heap.watch(region);
        }
    }

    /// A map from names to numbers. Owned.
    pub(crate) fn map_of_numbers(
        &mut self,
        entries: impl IntoIterator<Item = (&'static str, f64)>,
    ) -> Result<Value, crate::error::Thrown> {
        let map = self.new_map(0)?;
        let map = self.hold(map);
        for (name, number) in entries {
            self.put_entry(map, name, Value::number(number))?;
        }
        Ok(self.release_to(map))
    }

    /// Puts an owned value under a name in the map that a handle holds.
    pub(crate) fn put_entry(
        &mut self,
        map: crate::vm::Handle,
        name: &str,
        owned: Value,
    ) -> Result<(), crate::error::Thrown> {
        let owned = self.hold(owned);
        let key = self.new_string(name)?;
        let key = self.hold(key);
        let value = self.handle(owned);
        let value = self.retained(value);
        let result = self.map_insert(self.handle(map), self.handle(key), value);
        for handle in [key, owned] {
            let value = self.release_to(handle);
            self.heap.release(value);
        }
        result
    }

    /// Puts texts under names in the map that a handle holds.
    pub(crate) fn put_texts<'t>(
        &mut self,
        map: crate::vm::Handle,
        texts: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<(), crate::error::Thrown> {
        for (name, text) in texts {
            let text = self.new_string(text)?;
            self.put_entry(map, name, text)?;
        }
        Ok(())
    }
}
