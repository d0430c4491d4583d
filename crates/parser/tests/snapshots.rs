//! Trees and messages as they are shown. `CALF_UPDATE=1 cargo test -p calf-parser` rewrites them; then read the difference.
//!
//! A file of snapshots is a sequence of cases: a line `=== what it is about`, the program, a line `---`, what is shown.

use bumpalo::Bump;
use calf_parser::{dump, parse};
use calf_source::{SourceFile, Style, render_all};
use std::fmt::Write;
use std::path::Path;

/// What is shown of a program: its tree, or what is wrong with it.
fn show(text: &str) -> String {
    let file = SourceFile::new("test.calf", text);
    let shown = match parse(&Bump::new(), &file) {
        Ok(program) => dump(&program),
        Err(errors) => render_all(&errors, &file, Style::Plain),
    };
    // A line of spaces at most marks nothing.
    shown.lines().map(|line| line.trim_end().to_string() + "\n").collect()
}

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    let old = std::fs::read_to_string(&path).expect("the snapshots are there");
    let mut new = String::new();
    for case in old.split("=== ").skip(1) {
        let (title, rest) = case.split_once('\n').expect("a title ends its line");
        let (program, _) = rest.split_once("\n---\n").unwrap_or((rest.trim_end(), ""));
        writeln!(new, "=== {title}\n{program}\n---\n{}", show(program))
            .expect("a string takes all");
    }
    if std::env::var_os("CALF_UPDATE").is_some() {
        std::fs::write(&path, new).expect("the snapshots can be written");
        return;
    }
    for (old, new) in old.split("=== ").zip(new.split("=== ")) {
        assert_eq!(new, old, "\n\n{name}: is now\n{new}\nand was\n{old}");
    }
    assert_eq!(new, old);
}

#[test]
fn trees() {
    check("trees.txt");
}

#[test]
fn mistakes() {
    check("mistakes.txt");
}

/// Each binary operator is left-associative and binds as the table says, against each other one.
#[test]
fn operators_bind_as_the_table_says() {
    let table: &[&[&str]] = &[
        &["or"],
        &["and"],
        &["==", "!="],
        &["<", "<=", ">", ">=", "in"],
        &["+", "-"],
        &["*", "/", "%"],
    ];
    let levels =
        table.iter().enumerate().flat_map(|(level, row)| row.iter().map(move |op| (level, *op)));
    let levels: Vec<_> = levels.collect();
    for &(first_level, first) in &levels {
        for &(second_level, second) in &levels {
            let text = format!("x = a {first} b {second} c;");
            let expected = match second_level > first_level {
                true => format!("(= x ({first} a ({second} b c)))\n"),
                false => format!("(= x ({second} ({first} a b) c))\n"),
            };
            assert_eq!(show(&text), expected, "{text}");
        }
        assert_eq!(show(&format!("x = -a {first} !b;")), format!("(= x ({first} (- a) (! b)))\n"));
        assert_eq!(
            show(&format!("x = c ? a {first} b : b {first} a;")),
            format!("(= x (? c ({first} a b) ({first} b a)))\n")
        );
        assert_eq!(
            show(&format!("x = a {first} b ? c : d;")),
            format!("(= x (? ({first} a b) c d))\n")
        );
    }
}

/// Spans cover what they should, parentheses around operands included.
#[test]
fn spans_cover_the_text() {
    use calf_parser::ast::{ExpressionKind, StatementKind};
    let text = "\u{feff}#!x\n  print (a + b) * f(1)[2] ;  // c\nfun f() { }";
    let file = SourceFile::new("test.calf", text);
    let arena = Bump::new();
    let program = parse(&arena, &file).expect("a program");
    assert_eq!(file.slice(program.statements[0].span), "print (a + b) * f(1)[2] ;");
    let StatementKind::Print(product) = program.statements[0].kind else { panic!() };
    assert_eq!(file.slice(product.span), "(a + b) * f(1)[2]");
    let ExpressionKind::Binary { left, right, operator_span, .. } = product.kind else { panic!() };
    assert_eq!((file.slice(left.span), file.slice(operator_span)), ("a + b", "*"));
    assert_eq!(file.slice(right.span), "f(1)[2]");
    let ExpressionKind::Index { object, .. } = right.kind else { panic!() };
    let ExpressionKind::Call { arguments_span, .. } = object.kind else { panic!() };
    assert_eq!(file.slice(arguments_span), "(1)");
    let StatementKind::Function { binding, function } = program.statements[1].kind else {
        panic!()
    };
    assert_eq!((file.slice(binding.span), file.slice(function.span)), ("f", "fun f() { }"));
    assert_eq!(file.slice(function.end_span), "}");
}
