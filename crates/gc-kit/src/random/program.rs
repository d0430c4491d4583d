//! Operations as a few lines of Calf: a container is an instance with the fields `f0`, `f1` …, a part a list in `f0`.

use super::Mode;
use super::operation::{Operation, Root};
use calf_gc::Request;
use std::collections::HashSet;
use std::fmt::Write as _;

/// The program, and how to run it.
pub fn explain(strategy: &str, mode: Mode, operations: &[Operation]) -> String {
    let count = operations.len();
    format!(
        "  shrunk to {count} operations; as a program:\n{}",
        write_program(strategy, mode, operations)
    )
}

/// The flags of `calf` for a run in this mode; `strategy` is what `--gc` takes.
pub fn flags(strategy: &str, mode: Mode) -> Vec<String> {
    let mut zeal = mode.zeal.to_owned();
    if !zeal.contains("verify") {
        zeal = format!("{zeal},verify").trim_start_matches(',').to_owned();
    }
    ["--gc", strategy, "--gc-zeal", &zeal].map(str::to_owned).to_vec()
}

/// The program alone, with a first line that says how to run it.
pub fn write_program(strategy: &str, mode: Mode, operations: &[Operation]) -> String {
    let mut program = Program { text: String::new(), known: HashSet::new() };
    program.line(&format!("// calf {} FILE", flags(strategy, mode).join(" ")));
    let makes = |with: bool| {
        operations.iter().any(
            |operation| matches!(operation, Operation::Make { finalizer, .. } if *finalizer == with),
        )
    };
    if makes(false) {
        program.line("class Node {}");
    }
    let keeps = operations
        .iter()
        .any(|operation| matches!(operation, Operation::Finalize { most, .. } if *most > 0));
    if keeps {
        program.line("var kept = [];");
    }
    if makes(true) {
        let body = if keeps { "kept.push(this); " } else { "" };
        program.line(&format!("class Last {{ finalize() {{ {body}}} }}"));
    }
    for operation in operations {
        program.write(operation);
    }
    if !matches!(operations.last(), Some(Operation::Collect { .. })) {
        program.line("gc.collect();");
    }
    program.text
}

struct Program {
    text: String,
    /// Variables that exist.
    known: HashSet<Root>,
}

impl Program {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    fn declare(&mut self, root: Root, value: &str) {
        self.known.insert(root);
        self.line(&format!("var r{root} = {value};"));
    }

    fn knows(&self, roots: &[Root]) -> bool {
        roots.iter().all(|root| self.known.contains(root))
    }

    fn write(&mut self, operation: &Operation) {
        match *operation {
            Operation::Make { root, finalizer, .. } => {
                self.declare(root, if finalizer { "Last()" } else { "Node()" });
            }
            Operation::MakeBytes { root, units, .. } => {
                self.declare(root, &format!("bytes({})", 8 * units));
            }
            Operation::AttachPart { owner, units } if self.knows(&[owner]) && units <= 8 => {
                let items = vec!["nil"; units].join(", ");
                self.line(&format!("r{owner}.f0 = [{items}];"));
            }
            Operation::AttachPart { owner, units } if self.knows(&[owner]) => {
                self.line(&format!("r{owner}.f0 = [];"));
                self.line(&format!("for (i in range({units})) r{owner}.f0.push(nil);"));
            }
            Operation::Link { source, index, target } if self.knows(&[source, target]) => {
                self.line(&format!("r{source}.f{index} = r{target};"));
            }
            Operation::LinkItem { owner, item, target } if self.knows(&[owner, target]) => {
                self.line(&format!("r{owner}.f0[{item}] = r{target};"));
            }
            Operation::Clear { source, index, number } if self.knows(&[source]) => {
                self.line(&format!("r{source}.f{index} = {number};"));
            }
            Operation::Load { root, source, index } if self.knows(&[source]) => {
                self.declare(root, &format!("r{source}.f{index}"));
            }
            Operation::Copy { root, from } if self.knows(&[from]) => {
                self.declare(root, &format!("r{from}"));
            }
            Operation::Weak { root, target } if self.knows(&[target]) => {
                self.declare(root, &format!("weak(r{target})"));
            }
            Operation::Drop { root } if self.knows(&[root]) => {
                self.line(&format!("r{root} = nil;"));
            }
            Operation::Collect { request: Request::Full } => self.line("gc.collect();"),
            Operation::Collect { request: Request::Generation(generation) } => {
                self.line(&format!("gc.collect({generation});"));
            }
            Operation::Finalize { root, most } if most > 0 => {
                // They have run by now; `most` of their objects come back.
                for number in 0..most {
                    let value = format!("len(kept) > {number} ? kept[{number}] : nil");
                    self.declare(root + number, &value);
                }
                self.line("kept = [];");
            }
            Operation::Immortalize { root } if self.knows(&[root]) => {
                self.line(&format!("gc.immortal(r{root});"));
            }
            Operation::Freeze => self.line("gc.freeze();"),
            Operation::Unfreeze => self.line("gc.unfreeze();"),
            Operation::Fork => {
                self.line("{ var c = os.fork(); if (c == 0) os.quickExit(0); os.wait(c); }");
            }
            // Other finalizers run by themselves there, and what is due is collected by itself. What a root that the program does not
            // know was to do is left out.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_short_and_says_how_to_run_it() {
        let operations = [
            Operation::Make { root: 0, units: 2, finalizer: false },
            Operation::Make { root: 1, units: 1, finalizer: true },
            Operation::Link { source: 0, index: 1, target: 1 },
            Operation::AttachPart { owner: 0, units: 2 },
            Operation::LinkItem { owner: 0, item: 1, target: 7 },
            Operation::Drop { root: 1 },
            Operation::Collect { request: Request::Generation(0) },
        ];
        let text = write_program("none:fresh=on", super::super::MODES[0], &operations);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "// calf --gc none:fresh=on --gc-zeal verify FILE");
        assert_eq!(
            lines[1..],
            [
                "class Node {}",
                "class Last { finalize() { } }",
                "var r0 = Node();",
                "var r1 = Last();",
                "r0.f1 = r1;",
                "r0.f0 = [nil, nil];",
                "r1 = nil;",
                "gc.collect(0);"
            ]
        );
    }
}
