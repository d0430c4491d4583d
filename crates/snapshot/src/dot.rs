//! A part of a snapshot as a graph in the DOT language of Graphviz, within limits that keep it drawable.

use crate::{Id, Referrers, Snapshot};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::fmt::Write;

/// Which way to go from the object in the middle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// To what it refers to.
    Referents,
    /// To who refers to it.
    Referrers,
}

/// How far, and how many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Steps from the objects in the middle.
    pub depth: usize,
    /// Neighbours drawn of each object; what there is beyond is one node that says how many.
    pub breadth: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { depth: 3, breadth: 8 }
    }
}

/// Objects drawn at the most, whatever the limits are.
const MAXIMUM: usize = 2000;

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// The graph around `middle`. Roots that hold an object drawn are drawn, too, going to the referrers.
pub fn draw(snapshot: &Snapshot, middle: &[Id], direction: Direction, limits: Limits) -> String {
    let referrers = (direction == Direction::Referrers).then(|| Referrers::of(snapshot));
    let mut text = String::from("digraph heap {\n  node [shape=box, fontname=\"monospace\"];\n");
    let mut depths: FxHashMap<Id, usize> = FxHashMap::default();
    let mut queue = VecDeque::new();
    for &id in middle.iter().take(MAXIMUM) {
        if depths.insert(id, 0).is_none() {
            draw_object(snapshot, id, true, &mut text);
            queue.push_back(id);
        }
    }
    while let Some(id) = queue.pop_front() {
        let depth = depths[&id];
        // Source, target and what the reference is called.
        let neighbours: Vec<(Id, Id)> = match &referrers {
            None => snapshot.edges(id).iter().map(|edge| (id, edge.to)).collect(),
            Some(referrers) => {
                let mut sources = referrers.to(id).to_vec();
                sources.dedup();
                sources.into_iter().map(|source| (source, id)).collect()
            }
        };
        let shown = if depth < limits.depth { limits.breadth.min(neighbours.len()) } else { 0 };
        for (position, &(source, target)) in neighbours[..shown].iter().enumerate() {
            let other = if source == id && referrers.is_none() { target } else { source };
            if !depths.contains_key(&other) {
                if depths.len() >= MAXIMUM {
                    continue;
                }
                depths.insert(other, depth + 1);
                draw_object(snapshot, other, false, &mut text);
                queue.push_back(other);
            }
            let label = match direction {
                Direction::Referents => Some(snapshot.edges(source)[position].label),
                Direction::Referrers => {
                    let edge = snapshot.edges(source).iter().find(|edge| edge.to == target);
                    edge.map(|edge| edge.label)
                }
            };
            let label = label.map(|label| snapshot.label(label).to_string()).unwrap_or_default();
            _ = writeln!(text, "  n{source} -> n{target} [label={}];", quoted(&label));
        }
        if shown < neighbours.len() {
            let more = quoted(&format!("… {} more", neighbours.len() - shown));
            _ = writeln!(text, "  more{id} [label={more}, shape=plaintext];");
            _ = match direction {
                Direction::Referents => writeln!(text, "  n{id} -> more{id} [style=dotted];"),
                Direction::Referrers => writeln!(text, "  more{id} -> n{id} [style=dotted];"),
            };
        }
    }
    if direction == Direction::Referrers {
        for (number, root) in snapshot.roots().iter().enumerate() {
            if depths.contains_key(&root.to) {
                let name = quoted(&root.name);
                _ = writeln!(text, "  root{number} [label={name}, shape=ellipse];");
                _ = writeln!(text, "  root{number} -> n{};", root.to);
            }
        }
    }
    text.push_str("}\n");
    text
}

fn draw_object(snapshot: &Snapshot, id: Id, is_middle: bool, text: &mut String) {
    let node = snapshot.node(id);
    let mut label = format!("{}\n{} bytes", snapshot.type_of(id), node.bytes);
    if node.state != crate::State::Ordinary {
        _ = write!(label, ", {}", node.state.name());
    }
    let style = if is_middle { ", style=bold" } else { "" };
    _ = writeln!(text, "  n{id} [label={}{style}];", quoted(&label));
}
