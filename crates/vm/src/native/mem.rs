//! The module `mem`: pages, and who copied them.

use super::{Arguments, Owner, Row, natives};
use crate::error::{ErrorKind, Thrown};
use crate::measure::Account;
use crate::vm::Vm;
use calf_gc::parts::model::CAUSES;
use calf_gc::{Collector, Value};

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Module("mem");
        "usage" 0..=0 => usage,
        "copied" 0..=0 => copied,
        "modelled" 0..=0 => modelled,
        "regions" 0..=0 => regions,
        "pageSize" 0..=0 => page_size,
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
