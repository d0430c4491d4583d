//! Sorting a list, by value or as a function of the program says.

use super::receiver;
use crate::error::{ErrorKind, Thrown};
use crate::kind::Kind;
use crate::native::Arguments;
use crate::vm::Vm;
use crate::{list, string};
use calf_gc::{Collector, Value};
use std::cmp::Ordering;

pub(super) fn sort<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<Value, Thrown> {
    if arguments.get(1).is_nil() {
        sort_by_value(vm, arguments)?;
    } else {
        vm.callable_argument(arguments, 1)?;
        sort_by_calls(vm, arguments)?;
    }
    Ok(Value::NIL)
}

/// Numbers in order, a NaN behind all others.
fn compare_numbers(left: &Value, right: &Value) -> Ordering {
    let (left, right) = (left.as_number_unchecked(), right.as_number_unchecked());
    left.partial_cmp(&right).unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}

/// Strings in the order of their bytes, which is that of their code points.
fn compare_strings(left: &Value, right: &Value) -> Ordering {
    match (left.as_object(), right.as_object()) {
        (Some(left), Some(right)) => string::bytes(&left).cmp(string::bytes(&right)),
        _ => Ordering::Equal,
    }
}

/// Sorts numbers or strings. Nothing is allocated in the heap and nothing called, so the items stay where they are.
fn sort_by_value<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<(), Thrown> {
    let mut items = vm.list_items(arguments.get(0));
    if items.len() < 2 {
        return Ok(());
    }
    if items.iter().all(|item| item.is_number()) {
        items.sort_by(compare_numbers);
    } else if items.iter().all(|item| vm.object_of(*item, Kind::String).is_some()) {
        items.sort_by(compare_strings);
    } else {
        let message = "Without a comparison only numbers, or only strings, can be sorted.";
        return Err(vm.throw(ErrorKind::TypeError, message));
    }
    vm.rearrange(receiver(arguments), &items);
    Ok(())
}

/// Sorts as a function of the program says. It compares items of a copy, so it may do to the list what it likes; a list of
/// another length is left as it is.
fn sort_by_calls<C: Collector>(vm: &mut Vm<C>, arguments: Arguments) -> Result<(), Thrown> {
    let length = list::length(receiver(arguments));
    let sorted = vm.copy_items(0..length, |_| receiver(arguments))?;
    let sorted = vm.hold(sorted);
    let mut order: Vec<usize> = (0..length).collect();
    merge_sort(&mut order, |left, right| {
        let items = vm.held_object(sorted);
        let pair = [list::item(items, left), list::item(items, right)];
        let answer = vm.call(arguments.get(1), &pair)?;
        if let Some(number) = answer.as_number() {
            return Ok(number > 0.0);
        }
        let name = vm.type_name(answer);
        vm.heap.release(answer);
        let message = format!("A comparison must return a number, not a {name}.");
        Err(vm.throw(ErrorKind::TypeError, message))
    })?;
    let list = receiver(arguments);
    if list::length(list) != length {
        return Err(vm.throw(ErrorKind::ValueError, "The list changed while it was being sorted."));
    }
    for (at, &from) in order.iter().enumerate() {
        let item = vm.retained(list::item(vm.held_object(sorted), from));
        let part = list::items(list).expect("a list with items");
        vm.set_part_slot(list, part, at, item);
    }
    Ok(())
}

/// Merge sort from the bottom up (Knuth, The Art of Computer Programming 5.2.4): stable, and it comes to an end whatever the
/// comparison answers, even if it contradicts itself.
fn merge_sort(
    order: &mut Vec<usize>,
    mut is_after: impl FnMut(usize, usize) -> Result<bool, Thrown>,
) -> Result<(), Thrown> {
    let length = order.len();
    let mut merged = Vec::with_capacity(length);
    let mut width = 1;
    while width < length {
        merged.clear();
        for start in (0..length).step_by(2 * width) {
            let middle = (start + width).min(length);
            let end = (start + 2 * width).min(length);
            let (mut left, mut right) = (start, middle);
            // Two runs that follow each other are merged already.
            if middle < end && is_after(order[middle - 1], order[middle])? {
                while left < middle && right < end {
                    if is_after(order[left], order[right])? {
                        merged.push(order[right]);
                        right += 1;
                    } else {
                        merged.push(order[left]);
                        left += 1;
                    }
                }
            }
            merged.extend_from_slice(&order[left..middle]);
            merged.extend_from_slice(&order[right..end]);
        }
        std::mem::swap(order, &mut merged);
        width *= 2;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::merge_sort;
    use crate::error::Thrown;

    fn sorted(length: usize, mut is_after: impl FnMut(usize, usize) -> bool) -> Vec<usize> {
        let mut order: Vec<usize> = (0..length).collect();
        merge_sort(&mut order, |left, right| Ok(is_after(left, right))).expect("nothing throws");
        order
    }

    #[test]
    fn sorts_any_length_and_keeps_equals_in_order() {
        for length in 0..70 {
            let key = |number: usize| number * 7919 % 10;
            let mut expected: Vec<usize> = (0..length).collect();
            expected.sort_by_key(|&number| key(number));
            assert_eq!(sorted(length, |left, right| key(left) > key(right)), expected);
        }
    }

    #[test]
    fn a_comparison_that_contradicts_itself_loses_no_item() {
        for length in 0..70 {
            let mut calls = 0usize;
            let mut order = sorted(length, |_, _| {
                calls += 1;
                !calls.is_multiple_of(3)
            });
            order.sort_unstable();
            assert_eq!(order, (0..length).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        let mut calls = 0;
        let mut order: Vec<usize> = (0..10).collect();
        let result = merge_sort(&mut order, |_, _| {
            calls += 1;
            if calls == 3 { Err(Thrown) } else { Ok(true) }
        });
        assert_eq!((result, calls), (Err(Thrown), 3));
    }
}
