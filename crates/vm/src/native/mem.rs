//! The module `mem`: pages, and who copied them.

use super::{Arguments, Owner, Row, natives};
use crate::class::LAYOUT;
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::measure::Account;
use crate::vm::Vm;
use calf_gc::parts::model::CAUSES;
use calf_gc::{Collector, Judgement, Object, Row as Strategy, SealError, Value};

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Module("mem");
        "usage" 0..=0 => usage,
        "copied" 0..=0 => copied,
        "modelled" 0..=0 => modelled,
        "regions" 0..=0 => regions,
        "pageSize" 0..=0 => page_size,
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
