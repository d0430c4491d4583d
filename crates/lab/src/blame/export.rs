//! Profiles for other programs' eyes, weighted by pages: collapsed stacks (Brendan Gregg's FlameGraph, inferno, speedscope), and
//! speedscope's own format (its `file-format-schema.json`).

use super::{Report, stacks};
use serde_json::json;
use std::collections::HashMap;

const SCHEMA: &str = "https://www.speedscope.app/file-format-schema.json";

/// One line for each stack: its frames, the outermost first, with `;` between, and the number of pages.
pub fn collapsed(report: &Report) -> String {
    let mut text = String::new();
    for (frames, pages) in stacks(report) {
        let frames: Vec<String> =
            frames.iter().map(|frame| frame.replace([';', '\n'], ",")).collect();
        text.push_str(&format!("{} {pages}\n", frames.join(";")));
    }
    text
}

/// A profile of sampled stacks, each with as many pages as its weight.
pub fn speedscope(report: &Report, name: &str) -> String {
    let (mut frames, mut numbers) = (Vec::new(), HashMap::new());
    let (mut samples, mut weights) = (Vec::new(), Vec::new());
    for (stack, pages) in stacks(report) {
        let sample: Vec<usize> = stack
            .into_iter()
            .map(|frame| {
                *numbers.entry(frame.clone()).or_insert_with(|| {
                    frames.push(json!({"name": frame}));
                    frames.len() - 1
                })
            })
            .collect();
        samples.push(sample);
        weights.push(pages);
    }
    let end: u64 = weights.iter().sum();
    let profile = json!({
        "type": "sampled", "name": "pages copied", "unit": "none", "startValue": 0, "endValue": end,
        "samples": samples, "weights": weights,
    });
    let file = json!({
        "$schema": SCHEMA, "name": name, "exporter": "calf", "activeProfileIndex": 0,
        "shared": {"frames": frames}, "profiles": [profile],
    });
    format!("{file}\n")
}
