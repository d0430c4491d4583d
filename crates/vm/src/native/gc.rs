//! The module `gc`: the collector as the program sees it, with CPython's names and meanings, and what people ask CPython for.

use super::{Arguments, Owner, Row, natives};
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::list;
use crate::mutator::Hook;
use crate::vm::{ExitPolicy, Vm};
use calf_gc::heap::LockToken;
use calf_gc::{Collector, Format, Object, Request, STRATEGIES, Value};

pub(crate) fn rows<C: Collector>() -> Vec<Row<C>> {
    natives!(Owner::Module("gc");
        "name" 0..=0 => name,
        "collect" 0..=1 => collect,
        "enable" 0..=0 => enable,
        "disable" 0..=0 => disable,
        "isEnabled" 0..=0 => is_enabled,
        "threshold" 0..=3 => threshold,
        "count" 0..=0 => count,
        "stats" 0..=0 => statistics,
        "freeze" 0..=0 => freeze,
        "unfreeze" 0..=0 => unfreeze,
        "freezeCount" 0..=0 => freeze_count,
        "isTracked" 1..=1 => is_tracked,
        "isFrozen" 1..=1 => is_frozen,
        "isFinalized" 1..=1 => is_finalized,
        "objects" 0..=0 => objects,
        "referrers" 1..=1 => referrers,
        "referents" 1..=1 => referents,
        "callbacks" 0..=0 => callbacks,
        "refcount" 1..=1 => reference_count,
        "lock" 1..=1 => lock,
        "unlock" 1..=1 => unlock,
        "immortal" 1..=1 => immortal,
        "exitPolicy" 0..=1 => exit_policy,
    )
}

impl<C: Collector> Vm<C> {
    /// The error of a name that the strategy cannot honour, with those that can.
    pub(crate) fn unsupported(
        &mut self,
        what: &str,
        able: impl Fn(&'static calf_gc::Row) -> bool,
    ) -> Thrown {
        let able: Vec<&str> =
            STRATEGIES.iter().filter(|&row| !row.hidden && able(row)).map(|row| row.name).collect();
        let able = if able.is_empty() {
            "no strategy can".to_string()
        } else {
            format!("these can: {}", able.join(", "))
        };
        let name = self.row.name;
        self.throw(
            ErrorKind::UnsupportedError,
            format!("The strategy '{name}' cannot {what}; {able}."),
        )
    }

    /// Calls the collector's callbacks.
    fn call_back(&mut self, phase: &str, reclaimed: Option<usize>) -> Result<(), Thrown> {
        let Some(list) = self.mutator.hooks[Hook::Collector as usize].as_object() else {
            return Ok(());
        };
        if list::length(list) == 0 {
            return Ok(());
        }
        let text = self.new_string(phase)?;
        let text = self.hold(text);
        let info = self.map_of_numbers(reclaimed.map(|count| ("collected", count as f64)))?;
        let info = self.hold(info);
        let mut at = 0;
        while let Some(list) = self.mutator.hooks[Hook::Collector as usize].as_object()
            && at < list::length(list)
        {
            let function = self.hold_borrowed(list::item(list, at));
            let value =
                self.call(self.handle(function), &[self.handle(text), self.handle(info)])?;
            self.heap.release(value);
            at += 1;
        }
        Ok(())
    }

    /// A new list of objects; each is kept by a handle from the start. Owned.
    fn list_of_objects(&mut self, objects: &[Object]) -> Result<Value, Thrown> {
        let handles: Vec<_> =
            objects.iter().map(|&object| self.hold_borrowed(Value::object(object))).collect();
        self.list_of(&handles)
    }
}

fn name<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    let name = vm.row.name;
    vm.new_string(name)
}

fn collect<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let request = if arguments.get(1).is_nil() {
        Request::Full
    } else {
        let generation = vm.size_argument(arguments, 1)?;
        if generation > 2 {
            return Err(vm.throw(ErrorKind::ValueError, "A generation is 0, 1 or 2."));
        }
        Request::Generation(generation as u8)
    };
    vm.call_back("start", None)?;
    let reclaimed = vm.collect(request);
    if vm.leaving.is_some() {
        return Err(Thrown);
    }
    vm.call_back("stop", Some(reclaimed))?;
    Ok(Value::number(reclaimed as f64))
}

fn enable<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    vm.heap.enable();
    Ok(Value::NIL)
}

fn disable<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    vm.heap.disable();
    Ok(Value::NIL)
}

fn is_enabled<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    Ok(Value::boolean(vm.heap.is_automatic()))
}

fn number_list<C: Collector>(vm: &mut Vm<C>, numbers: &[u32]) -> Result<Value, Thrown> {
    let list = vm.new_list(numbers.len())?;
    for &number in numbers {
        vm.push_item(list, Value::number(f64::from(number)))?;
    }
    Ok(list)
}

fn threshold<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let Some(mut thresholds) = vm.heap.thresholds() else {
        return Err(
            vm.unsupported("count allocations against thresholds", calf_gc::Row::has_thresholds)
        );
    };
    if arguments.count() > 0 {
        for (index, threshold) in thresholds.iter_mut().take(arguments.count()).enumerate() {
            let number = vm.size_argument(arguments, index + 1)?;
            *threshold = u32::try_from(number).unwrap_or(u32::MAX);
        }
        if vm.heap.set_thresholds(thresholds).is_err() {
            return Err(vm.unsupported("change its thresholds", calf_gc::Row::has_thresholds));
        }
        return Ok(Value::NIL);
    }
    number_list(vm, &thresholds)
}

fn count<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    match vm.heap.counters() {
        Some(counters) => number_list(vm, &counters),
        None => {
            Err(vm.unsupported("count allocations by generation", calf_gc::Row::has_thresholds))
        }
    }
}

fn statistics<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    let all = *vm.heap.statistics();
    let list = vm.new_list(all.len())?;
    let list = vm.hold(list);
    for generation in all {
        let map = vm.map_of_numbers([
            ("collections", generation.collections as f64),
            ("collected", generation.collected as f64),
            ("uncollectable", generation.uncollectable as f64),
        ])?;
        vm.push_item(vm.handle(list), map)?;
    }
    Ok(vm.release_to(list))
}

fn freeze<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    if vm.heap.collects_first() {
        vm.collect(Request::Full);
        if vm.leaving.is_some() {
            return Err(Thrown);
        }
    }
    let answer = vm.heap.freeze(&mut vm.mutator);
    vm.after_collection();
    vm.refresh_identities();
    match answer {
        Ok(()) => Ok(Value::NIL),
        Err(_) => Err(vm.unsupported("freeze", |row| row.freezes)),
    }
}

fn unfreeze<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    match vm.heap.unfreeze() {
        Ok(()) => Ok(Value::NIL),
        Err(_) if C::IMMORTALIZES => {
            let what = "unfreeze: what is immortal stays so";
            Err(vm.unsupported(what, |row| row.freezes && !row.immortalizes()))
        }
        Err(_) => Err(vm.unsupported("unfreeze", |row| row.freezes && !row.immortalizes())),
    }
}

fn freeze_count<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    match vm.heap.frozen_count() {
        Ok(count) => Ok(Value::number(count as f64)),
        Err(_) => Err(vm.unsupported("freeze", |row| row.freezes)),
    }
}

fn is_tracked<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let tracked =
        arguments.get(1).as_object().is_some_and(|object| vm.heap.collector().is_tracked(object));
    Ok(Value::boolean(tracked))
}

fn is_frozen<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let frozen =
        arguments.get(1).as_object().is_some_and(|object| vm.heap.collector().is_frozen(object));
    Ok(Value::boolean(frozen))
}

fn is_finalized<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let symbol = vm.symbols.intern("finalize");
    let finalized = vm.object_of(arguments.get(1), Kind::Instance).is_some_and(|object| {
        vm.find_method(object, symbol).is_some() && !vm.heap.collector().awaits_finalizer(object)
    });
    Ok(Value::boolean(finalized))
}

/// Kinds that a program can hold: the machine's inner objects stay hidden.
fn is_visible(object: Object) -> bool {
    !matches!(Kind::of_shape(object.shape()), Kind::Items | Kind::Index | Kind::Box | Kind::Cursor)
}

fn objects<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    let mut found = Vec::new();
    vm.heap.each_object(&mut |object| {
        if object.format() == Format::Slots && is_visible(object) {
            found.push(object);
        }
    });
    vm.list_of_objects(&found)
}

fn each_reference(object: Object, visit: &mut dyn FnMut(Value)) {
    if matches!(object.format(), Format::Slots | Format::Part) {
        for index in 0..object.units() {
            let value = object.get(index);
            match value.as_object() {
                Some(part) if part.format() == Format::Part => each_reference(part, visit),
                Some(inner) if !is_visible(inner) => each_reference(inner, visit),
                Some(_) => visit(value),
                None => {}
            }
        }
    }
}

pub(crate) fn referrers<C: Collector>(
    vm: &mut Vm<C>,
    arguments: Arguments,
) -> Result<Value, Thrown> {
    let target = arguments.get(1);
    let mut found = Vec::new();
    vm.heap.each_object(&mut |object| {
        if object.format() == Format::Slots && is_visible(object) {
            let mut refers = false;
            each_reference(object, &mut |value| refers |= value == target);
            if refers && target.is_object() {
                found.push(object);
            }
        }
    });
    vm.list_of_objects(&found)
}

pub(crate) fn referents<C: Collector>(
    vm: &mut Vm<C>,
    arguments: Arguments,
) -> Result<Value, Thrown> {
    let mut found = Vec::new();
    if let Some(object) = arguments.get(1).as_object() {
        each_reference(object, &mut |value| found.extend(value.as_object()));
    }
    vm.list_of_objects(&found)
}

fn callbacks<C: Collector>(vm: &mut Vm<C>, _: Arguments) -> Result<Value, Thrown> {
    vm.hook_list(Hook::Collector)
}

fn reference_count<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    if !C::COUNTS {
        return Err(vm.unsupported("count references", calf_gc::Row::counts));
    }
    // The argument itself is one reference more, which is not the caller's.
    let count =
        arguments.get(1).as_object().and_then(|object| vm.heap.collector().reference_count(object));
    Ok(count.map_or(Value::NIL, |count| Value::number(f64::from(count.saturating_sub(1)))))
}

fn lock<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let reason = vm.text_argument(arguments, 1)?;
    Ok(Value::number(vm.heap.lock(&reason).number() as f64))
}

fn unlock<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    let token = vm.size_argument(arguments, 1)?;
    if vm.heap.unlock(LockToken::from_number(token as u64)) {
        Ok(Value::NIL)
    } else {
        Err(vm.throw(ErrorKind::ValueError, "The collector is not locked with this token."))
    }
}

/// The number of objects that became immortal.
fn immortal<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    if !C::IMMORTALIZES {
        return Err(vm.unsupported("make an object immortal", calf_gc::Row::immortalizes));
    }
    let Some(object) = arguments.get(1).as_object() else { return Ok(Value::number(0.0)) };
    match vm.heap.immortalize(object) {
        Ok(Some(count)) => Ok(Value::number(count as f64)),
        Ok(None) => Err(vm.throw_out_of_memory()),
        Err(_) => Err(vm.unsupported("make an object immortal", calf_gc::Row::immortalizes)),
    }
}

fn exit_policy<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    if arguments.has(1) {
        let text = vm.text_argument(arguments, 1)?;
        match ExitPolicy::named(&text) {
            Some(policy) => vm.options.exit = policy,
            None => {
                let names = ExitPolicy::NAMES.join(", ");
                return Err(
                    vm.throw(ErrorKind::ValueError, format!("An exit policy is one of: {names}."))
                );
            }
        }
    }
    let name = vm.options.exit.name();
    vm.new_string(name)
}
