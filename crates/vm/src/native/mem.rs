//! The module `mem`: pages, and who copied them.

use super::{Arguments, Owner, Row, natives};
use crate::class::LAYOUT;
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::measure::Account;
use crate::page_map::{Drawing, STATES, width_of_terminal};
use crate::vm::Vm;
use calf_gc::parts::model::CAUSES;
use calf_gc::{Collector, Judgement, Object, Row as Strategy, SealError, Value};
use std::io::IsTerminal;

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Module("mem");
        "usage" 0..=0 => usage,
        "copied" 0..=0 => copied,
        "modelled" 0..=0 => modelled,
        "regions" 0..=0 => regions,
        "pageSize" 0..=0 => page_size,
        "pageMap" 0..=0 => page_map,
        "drawPages" 0..=1 => draw_pages,
        "page" 1..=1 => page,
        "hugePages" 0..=0 => huge_pages,
        "seal" 1..=1 => seal,
        "thaw" 1..=1 => thaw,
        "isSealed" 1..=1 => is_sealed,
    )
}

fn usage<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    match calf_meter::smaps::own_usage() {
        Ok(usage) => vm.map_of_numbers([
            ("rss", usage.rss as f64),
            ("pss", usage.pss as f64),
            ("uss", usage.uss as f64),
            ("shared", usage.shared as f64),
        ]),
        Err(error) => {
            Err(vm.throw(ErrorKind::IoError, format!("The kernel does not say: {error}.")))
        }
    }
}

impl<C: Collector> Vm<C> {
    fn account_map(&mut self, account: &Account, by_kernel: bool) -> Result<Value, Thrown> {
        let page_size = calf_meter::page_size();
        let map = self.map_of_numbers([
            ("pages", account.pages() as f64),
            ("bytes", (account.pages() * page_size) as f64),
            ("shared", account.shared() as f64),
            ("new", account.new as f64),
        ])?;
        let map = self.hold(map);
        let regions = self.map_of_numbers(
            account
                .regions
                .iter()
                .filter(|region| region.pages > 0)
                .map(|region| (region.name, region.pages as f64)),
        )?;
        self.put_entry(map, "regions", regions)?;
        let causes = CAUSES
            .iter()
            .map(|cause| cause.name())
            .chain(std::iter::once("unknown"))
            .zip(account.causes);
        let causes = self.map_of_numbers(
            causes.filter(|(_, pages)| *pages > 0).map(|(name, pages)| (name, pages as f64)),
        )?;
        self.put_entry(map, "causes", causes)?;
        let source = self.new_string(if by_kernel { "kernel" } else { "model" })?;
        self.put_entry(map, "source", source)?;
        Ok(self.release_to(map))
    }
}

fn must_be_forked<C: Collector>(vm: &mut Vm<C>) -> Result<(), Thrown> {
    if vm.is_forked() {
        Ok(())
    } else {
        Err(vm.throw(ErrorKind::ValueError, "Pages are counted in a child, after os.fork()."))
    }
}

fn copied<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    must_be_forked(vm)?;
    match vm.copied() {
        Ok(account) => vm.account_map(&account, true),
        Err(_) => {
            // The kernel refuses: the model's account, marked as such.
            let account = vm.modelled();
            vm.account_map(&account, false)
        }
    }
}

fn modelled<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    must_be_forked(vm)?;
    let account = vm.modelled();
    vm.account_map(&account, false)
}

fn regions<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    let page_size = calf_meter::page_size();
    let map = vm.new_map(0)?;
    let map = vm.hold(map);
    for (name, pages, used) in vm.region_pages() {
        let entry = vm.map_of_numbers([
            ("pages", pages as f64),
            ("bytes", (pages * page_size) as f64),
            ("used", used as f64),
        ])?;
        vm.put_entry(map, name, entry)?;
    }
    Ok(vm.release_to(map))
}

fn page_size<C: Collector>(_vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    Ok(Value::number(calf_meter::page_size() as f64))
}

/// The bytes of the heap that the kernel has put on huge pages because it was asked to.
fn huge_pages<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    let mut bytes = 0;
    vm.heap.each_region(&mut |region| bytes += region.collapse());
    Ok(Value::number(bytes as f64))
}

/// Every page of every region by a letter: `s` shared, `c` copied by the collector, `p` copied by the program, `n` new, `.` free.
fn page_map<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    let map = vm.page_map();
    let result = vm.map_of_numbers([("pageSize", map.page_size as f64)])?;
    let result = vm.hold(result);
    vm.put_entry(result, "forked", Value::boolean(map.is_forked))?;
    let source = vm.new_string(map.source)?;
    vm.put_entry(result, "source", source)?;
    let totals = STATES.iter().zip(map.totals());
    let totals = vm.map_of_numbers(totals.map(|(state, pages)| (state.name(), pages as f64)))?;
    vm.put_entry(result, "pages", totals)?;
    let causes = vm.map_of_numbers(map.named_causes().map(|(name, pages)| (name, pages as f64)))?;
    vm.put_entry(result, "causes", causes)?;
    let regions = vm.new_list(map.regions.len())?;
    let regions = vm.hold(regions);
    for region in &map.regions {
        let entry =
            vm.map_of_numbers([("first", region.first as f64), ("pages", region.count as f64)])?;
        let entry = vm.hold(entry);
        vm.put_texts(entry, [("name", region.name), ("map", &region.letters())])?;
        let entry = vm.release_to(entry);
        vm.push_item(vm.handle(regions), entry)?;
    }
    let regions = vm.release_to(regions);
    vm.put_entry(result, "regions", regions)?;
    Ok(vm.release_to(result))
}

/// Prints the page map on standard output, in glyphs, or in ASCII if told so.
fn draw_pages<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let map = vm.page_map();
    let drawing = Drawing {
        ascii: arguments.has(1) && arguments.get(1).is_truthy(),
        color: vm.options.color && std::io::stdout().is_terminal(),
        width: width_of_terminal(std::io::stdout()),
    };
    vm.output.write(drawing.text(&map).as_bytes());
    Ok(Value::NIL)
}

/// One page by its number in the page map: its region, its state, and the objects that lie on it, wholly or in part. What is told of
/// an object is text and numbers, so that looking at it changes nothing.
fn page<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let number = vm.size_argument(arguments, 1)?;
    let map = vm.page_map();
    let Some((region, position)) = map.find(number) else {
        let count = map.regions.last().map_or(0, |region| region.first + region.count);
        let message = format!("There is no page {number}; mem.pageMap() has {count} pages.");
        return Err(vm.throw(ErrorKind::IndexError, message));
    };
    let address = region.start + position * map.page_size;
    let is_frozen = vm.heap.collector().frozen_test();
    let objects: Vec<(String, usize, usize, &str)> = vm
        .objects_on(region.start, address, map.page_size)
        .into_iter()
        .map(|found| {
            let state = vm.state_of(found.object, &*is_frozen).name();
            (vm.shape_name(found.object), found.offset, found.bytes, state)
        })
        .collect();
    drop(is_frozen);
    let result = vm.map_of_numbers([("page", number as f64)])?;
    let result = vm.hold(result);
    let page = region.page(position);
    let cause = page.cause.map(|cause| ("cause", cause.name()));
    let texts = [("region", region.name), ("state", page.state.name())];
    vm.put_texts(result, texts.into_iter().chain(cause))?;
    let list = vm.new_list(objects.len())?;
    let list = vm.hold(list);
    for (name, offset, bytes, state) in objects {
        let entry = vm.map_of_numbers([("offset", offset as f64), ("bytes", bytes as f64)])?;
        let entry = vm.hold(entry);
        vm.put_texts(entry, [("type", name.as_str()), ("state", state)])?;
        let entry = vm.release_to(entry);
        vm.push_item(vm.handle(list), entry)?;
    }
    let list = vm.release_to(list);
    vm.put_entry(result, "objects", list)?;
    Ok(vm.release_to(result))
}

/// What becomes of an object that is met while sealing. What holds code stays where it is: it is not written, or not by its
/// holders; what the machine or the collector writes by itself cannot be sealed.
fn judge(object: Object) -> Judgement {
    match Kind::of_shape(object.shape()) {
        Kind::String | Kind::List | Kind::Items | Kind::Index | Kind::Range => Judgement::Copy,
        Kind::Bytes | Kind::Numbers => Judgement::Copy,
        // The copies of such keys have other addresses, by which they are found.
        Kind::Map if crate::map::has_identity_keys(object) => Judgement::Refuse,
        Kind::Map => Judgement::Copy,
        Kind::Instance if has_finalizer(object) => Judgement::Refuse,
        Kind::Instance => Judgement::Copy,
        Kind::Closure | Kind::Native | Kind::Class | Kind::Module => Judgement::Keep,
        Kind::Weak | Kind::Box | Kind::BoundMethod | Kind::Cursor => Judgement::Refuse,
    }
}

/// Does the class of `instance` have `finalize()`?
fn has_finalizer(instance: Object) -> bool {
    instance.get(0).as_object().is_some_and(|class| class.get(LAYOUT).as_raw() >> 32 & 1 == 1)
}

impl<C: Collector> Vm<C> {
    /// An error if `value` is sealed: it is about to be written.
    #[inline(always)]
    pub(crate) fn must_not_be_sealed(&mut self, value: Value) -> Result<(), Thrown> {
        match value.as_object() {
            Some(object) if self.heap.is_sealed(object) => Err(self.is_sealed_and_written(value)),
            _ => Ok(()),
        }
    }

    #[cold]
    fn is_sealed_and_written(&mut self, value: Value) -> Thrown {
        let name = self.type_name(value);
        let message =
            format!("A sealed {name} cannot be changed; mem.thaw() gives a copy that can.");
        self.throw(ErrorKind::TypeError, message)
    }

    /// The error of a value that cannot be sealed because of `object`.
    fn cannot_seal(&mut self, object: Object) -> Thrown {
        let value = Value::object(object);
        let name = self.type_name(value);
        let what = match Kind::of_shape(object.shape()) {
            Kind::Instance => format!("an instance of '{name}', which has finalize()"),
            Kind::Map => "a map with keys that are found by identity".to_string(),
            Kind::Weak => "a weak reference, which the collector writes to".to_string(),
            Kind::BoundMethod => {
                "a method bound to its receiver, which would not be sealed".to_string()
            }
            Kind::Cursor => "an iteration, which goes on".to_string(),
            _ => format!("a {name}, which is not data"),
        };
        self.throw(ErrorKind::TypeError, format!("Cannot seal {what}."))
    }

    fn seal_error(&mut self, error: SealError) -> Thrown {
        match error {
            SealError::Unsupported => self.unsupported("seal a value", Strategy::seals),
            SealError::Refused(object) => self.cannot_seal(object),
            SealError::Memory => self.throw_out_of_memory(),
        }
    }
}

fn must_seal<C: Collector>(vm: &mut Vm<C>) -> Result<(), Thrown> {
    if C::SEALS { Ok(()) } else { Err(vm.seal_error(SealError::Unsupported)) }
}

/// A sealed copy; what is no object is as good as sealed.
fn seal<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    must_seal(vm)?;
    match arguments.get(1).as_object().map(|object| vm.heap.seal(object, &judge)) {
        None => Ok(arguments.get(1)),
        Some(Ok(copy)) => Ok(Value::object(copy)),
        Some(Err(error)) => Err(vm.seal_error(error)),
    }
}

/// A copy that can be changed of what is sealed; anything else is given back as it is.
fn thaw<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    must_seal(vm)?;
    match arguments.get(1).as_object().map(|object| vm.heap.thaw(object)) {
        None => Ok(arguments.get(1)),
        Some(Ok(copy)) => Ok(Value::object(copy)),
        Some(Err(error)) => Err(vm.seal_error(error)),
    }
}

fn is_sealed<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    must_seal(vm)?;
    let object = arguments.get(1).as_object();
    Ok(Value::boolean(object.is_some_and(|object| vm.heap.is_sealed(object))))
}
