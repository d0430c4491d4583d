//! Two runs compared, stack by stack: read from the files that `--blame-output` writes, of either kind.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Pages by stack; the frames have `;` between.
pub type Profile = BTreeMap<String, u64>;

/// Reads collapsed stacks or a speedscope profile. `Err` says what is wrong with it.
pub fn read(text: &str) -> Result<Profile, String> {
    if text.trim_start().starts_with('{') { read_speedscope(text) } else { read_collapsed(text) }
}

fn read_collapsed(text: &str) -> Result<Profile, String> {
    let mut profile = Profile::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let parts = line
            .rsplit_once(' ')
            .and_then(|(stack, pages)| Some((stack, pages.parse::<u64>().ok()?)));
        let Some((stack, pages)) = parts else {
            return Err(format!("line {} does not end in a number of pages", number + 1));
        };
        *profile.entry(stack.to_string()).or_insert(0) += pages;
    }
    Ok(profile)
}

fn read_speedscope(text: &str) -> Result<Profile, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let missing = |what: &str| format!("there is no '{what}' as a speedscope profile has it");
    let frames = value["shared"]["frames"].as_array().ok_or_else(|| missing("shared.frames"))?;
    let profiles = value["profiles"].as_array().ok_or_else(|| missing("profiles"))?;
    let mut found = Profile::new();
    for profile in profiles {
        let samples = profile["samples"].as_array().ok_or_else(|| missing("samples"))?;
        let weights = profile["weights"].as_array().ok_or_else(|| missing("weights"))?;
        for (sample, weight) in samples.iter().zip(weights) {
            let names: Option<Vec<String>> = sample.as_array().and_then(|sample| {
                let name = |frame: &Value| {
                    let number = usize::try_from(frame.as_u64()?).ok()?;
                    Some(frames.get(number)?["name"].as_str()?.replace([';', '\n'], ","))
                };
                sample.iter().map(name).collect()
            });
            let (Some(names), Some(pages)) = (names, weight.as_u64()) else {
                return Err(missing("frame of a sample, or its weight in whole pages"));
            };
            *found.entry(names.join(";")).or_insert(0) += pages;
        }
    }
    Ok(found)
}

/// Prints what changed from `one` to `other`, the largest change first.
///
/// # Errors
/// `out` cannot be written.
pub fn print(one: &Profile, other: &Profile, out: &mut dyn Write) -> io::Result<()> {
    let (before, after): (u64, u64) = (one.values().sum(), other.values().sum());
    writeln!(out, "{before} pages before, {after} after: {:+}", after as i64 - before as i64)?;
    let pages = |profile: &Profile, stack: &str| profile.get(stack).copied().unwrap_or(0) as i64;
    let mut changes: Vec<(&str, i64, i64)> = one
        .keys()
        .chain(other.keys().filter(|stack| !one.contains_key(*stack)))
        .map(|stack| (stack.as_str(), pages(one, stack), pages(other, stack)))
        .filter(|(_, before, after)| before != after)
        .collect();
    changes.sort_by_key(|(stack, before, after)| (-(after - before).abs(), *stack));
    if !changes.is_empty() {
        writeln!(out, "\n{:>8} {:>8} {:>8}  stack, innermost first", "change", "before", "after")?;
    }
    for (stack, before, after) in changes {
        let frames: Vec<&str> = stack.rsplit(';').collect();
        let shown = super::table::clip(&frames.join(" < "), 52);
        writeln!(out, "{:>+8} {before:>8} {after:>8}  {shown}", after - before)?;
    }
    Ok(())
}

/// One line for each stack with both numbers, as FlameGraph's differential graphs take them.
///
/// # Errors
/// `out` cannot be written.
pub fn print_collapsed(one: &Profile, other: &Profile, out: &mut dyn Write) -> io::Result<()> {
    let stacks: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    for stack in stacks {
        let pages = |profile: &Profile| profile.get(stack).copied().unwrap_or(0);
        writeln!(out, "{stack} {} {}", pages(one), pages(other))?;
    }
    Ok(())
}
