//! Stacks of calls as one tree, with the pages of one run or of two.

use crate::extra::Stack;
use std::collections::HashMap;

/// What leads here, from the outermost call; the innermost ones are causes.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) label: String,
    pub(crate) parent: usize,
    pub(crate) depth: usize,
    /// Is it the cause under a call?
    pub(crate) is_cause: bool,
    pub(crate) children: Vec<usize>,
    /// Pages of this node and all below it, in the first run and in the second.
    pub(crate) pages: [f64; 2],
}

/// All stacks. The first node is their root; a node comes after its parent.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) nodes: Vec<Node>,
    /// Calls that lie deeper than a tree goes were left out.
    pub(crate) is_cut: bool,
}

/// No machine has more pages; sums of such numbers stay whole.
const MOST_PAGES: f64 = 1e12;
/// As deep as a tree gets.
const DEEPEST: usize = 48;

impl Tree {
    /// The stacks of one run, or of two.
    pub(crate) fn new(runs: &[&[Stack]]) -> Tree {
        let root = Node {
            label: "all pages".to_string(),
            parent: 0,
            depth: 0,
            is_cause: false,
            children: Vec::new(),
            pages: [0.0; 2],
        };
        let mut tree = Tree { nodes: vec![root], is_cut: false };
        let mut known: HashMap<(usize, bool, String), usize> = HashMap::new();
        for (run, stacks) in runs.iter().enumerate().take(2) {
            for stack in stacks.iter().filter(|stack| stack.pages > 0.0 && stack.pages.is_finite())
            {
                tree.is_cut |= stack.frames.len() > DEEPEST;
                let pages = stack.pages.min(MOST_PAGES);
                tree.nodes[0].pages[run] += pages;
                let calls = stack.frames.iter().take(DEEPEST).map(|frame| (false, frame));
                let mut at = 0;
                for (is_cause, label) in calls.chain([(true, &stack.cause)]) {
                    let next = tree.nodes.len();
                    let index = *known.entry((at, is_cause, label.clone())).or_insert(next);
                    if index == next {
                        let depth = tree.nodes[at].depth + 1;
                        tree.nodes[at].children.push(next);
                        tree.nodes.push(Node {
                            label: label.clone(),
                            parent: at,
                            depth,
                            is_cause,
                            children: Vec::new(),
                            pages: [0.0; 2],
                        });
                    }
                    tree.nodes[index].pages[run] += pages;
                    at = index;
                }
            }
        }
        tree
    }

    /// The calls from the outermost to this one.
    pub(crate) fn path(&self, node: usize) -> Vec<&str> {
        let mut path = Vec::new();
        let mut at = node;
        while at != 0 {
            path.push(self.nodes[at].label.as_str());
            at = self.nodes[at].parent;
        }
        path.reverse();
        path
    }

    /// How deep it is.
    pub(crate) fn depth(&self) -> usize {
        self.nodes.iter().map(|node| node.depth).max().unwrap_or(0)
    }

    /// Where each node begins and how wide it is, as parts of the whole: children side by side under their parent.
    pub(crate) fn places(&self) -> Vec<(f64, f64)> {
        let weight = |node: &Node| node.pages[0] + node.pages[1];
        let all = weight(&self.nodes[0]).max(f64::MIN_POSITIVE);
        let mut places = vec![(0.0, 1.0); self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            let mut children = node.children.clone();
            children.sort_by(|one, other| {
                weight(&self.nodes[*other]).total_cmp(&weight(&self.nodes[*one]))
            });
            let mut at = places[index].0;
            for child in children {
                let width = weight(&self.nodes[child]) / all;
                places[child] = (at, width);
                at += width;
            }
        }
        places
    }
}
