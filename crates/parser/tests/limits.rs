//! What no program may do to the parser: nest without bound, or take it more than linear time.

use bumpalo::Bump;
use calf_parser::ast::{Expression, ExpressionKind, StatementKind};
use calf_parser::{MAX_DEPTH, dump, parse};
use calf_source::{Diagnostic, SourceFile, Style, render_all};
use std::time::{Duration, Instant};

const MILLION: usize = 1_000_000;
/// Far above what linear time takes, far below what quadratic time would.
const SECONDS: u64 = if cfg!(debug_assertions) { 30 } else { 10 };

/// Parses; says what is wrong, in the form of a headline.
fn errors(text: &str) -> Vec<Diagnostic> {
    let file = SourceFile::new("test.calf", text);
    let start = Instant::now();
    let errors = parse(&Bump::new(), &file).err().unwrap_or_default();
    render_all(&errors, &file, Style::Plain);
    let shown: String = text.chars().take(30).collect();
    println!("{:>9.3} s  {} errors  {shown}", start.elapsed().as_secs_f64(), errors.len());
    assert!(start.elapsed() < Duration::from_secs(SECONDS), "{shown}… took {:?}", start.elapsed());
    errors
}

fn messages(text: &str) -> Vec<String> {
    errors(text).into_iter().map(|error| error.message).collect()
}

#[test]
fn a_million_levels_are_too_many() {
    let openings = [
        "(",
        "!",
        "-",
        "[",
        "{",
        "f(",
        "x[",
        "{a:",
        "!-",
        "f(-",
        "[{b:",
        "\"${",
        "x = ",
        "x += ",
        "a ? ",
        "a ? b : ",
        "if (x) ",
        "if (x) {} else while (x) ",
        "while (x) ",
        "for (;;) ",
        "for (x in y) ",
        "fun () {",
        "fun f() {",
        "class A { m() {",
        "try {",
        "if (a) b; else while (c) ",
        "if (a) {} else {",
        "{x = -",
        "f(a, ",
        "x[y = ",
        "f(fun () { return ",
        "a ? b = c ? ",
        "try {} catch (e) {",
        "if (a) try {} catch {} else while (1) ",
    ];
    for opening in openings {
        for before in ["", "print ", "var x = "] {
            let found = messages(&format!("{before}{}", opening.repeat(MILLION / 10)));
            assert!(!found.is_empty(), "{before}{opening}");
            let misplaced =
                !before.is_empty() && found.len() == 1 && found[0].starts_with("Expect");
            assert!(
                misplaced || found.iter().any(|m| m == "Nested too deeply."),
                "{before}{opening}: {found:?}"
            );
        }
        // An error deep within.
        for end in [";", ")", "]", "}", "var", "1 1", "else", "\"", "@"] {
            assert!(!messages(&format!("{}{}", opening.repeat(990), end.repeat(1000))).is_empty());
        }
    }
    for (open, inner, close) in
        [("(", "1", ")"), ("[", "", "]"), ("f(", "", ")"), ("{", "", "}"), ("x[", "1", "]")]
    {
        let text = format!("{}{inner}{};", open.repeat(MILLION), close.repeat(MILLION));
        assert_eq!(messages(&text), ["Nested too deeply."], "{open}");
    }
    assert_eq!(messages(&format!("{}1;", "!".repeat(MILLION))), ["Nested too deeply."]);
    assert_eq!(messages(&format!("{}1;", "-".repeat(MILLION))), ["Nested too deeply."]);
}

#[test]
fn the_error_points_at_the_level_that_is_too_many() {
    let found = errors(&format!("{}1{};", "(".repeat(2000), ")".repeat(2000)));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].span.start, u32::from(MAX_DEPTH));
}

#[test]
fn a_thousand_levels_are_allowed() {
    let levels = usize::from(MAX_DEPTH) - 10;
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("[", "", "]"),
        ("f(", "", ")"),
        ("x[", "1", "]"),
        ("!", "1", ""),
        ("-", "1", ""),
        ("x = ", "1", ""),
        ("a ? b : ", "1", ""),
        ("x + (", "1", ")"),
    ] {
        let text = format!("x = {}{inner}{};", open.repeat(levels), close.repeat(levels));
        assert_eq!(messages(&text), [""; 0], "{open}");
    }
    for (open, close) in [("{", "}"), ("if (x) ", ""), ("while (x) ", ""), ("if (x) ; else ", "")] {
        let text =
            format!("{}{{}}{}", open.repeat(levels).replace(';', "{}"), close.repeat(levels));
        assert_eq!(messages(&text), [""; 0], "{open}");
    }
}

/// The nodes know their depth, and no more than the limit are built, even where a level of the text makes two of the tree.
#[test]
fn nodes_know_their_depth() {
    let depth = |text: &str| {
        let arena = Bump::new();
        let file = SourceFile::new("test.calf", text);
        let program =
            parse(&arena, &file).map_err(|errors| render_all(&errors, &file, Style::Plain));
        program.unwrap_or_else(|errors| panic!("{errors}")).statements[0].depth
    };
    assert_eq!(depth("1;"), 2);
    assert_eq!(depth("(((1)));"), 2);
    assert_eq!(depth("1 + 2 + 3 + 4;"), 3);
    assert_eq!(depth("1 + (2 + (3 + 4));"), 5);
    assert_eq!(depth("a.b.c(1)[2](3).d;"), 3);
    assert_eq!(depth("a = b = c;"), 4);
    assert_eq!(depth("{{}}"), 2);
    assert_eq!(depth("if (a) {} else if (b) {} else if (c) {} else {}"), 2);
    assert_eq!(depth("fun f() { return -1; }"), 5);
    assert_eq!(depth("class A { m() { return; } }"), 3);
    let levels = usize::from(MAX_DEPTH) * 2 / 3;
    let text = format!("x = {}{};", "1 + f(".repeat(levels), ")".repeat(levels));
    assert!(messages(&text).iter().any(|message| message == "Nested too deeply."));
}

#[test]
fn left_spines_may_be_as_long_as_the_file() {
    for link in [" + 1", " and x", " == -1", ".a", "(1)", "[1]", ".m(x)", " or !x", " % 2 * 3"] {
        let file = SourceFile::new("test.calf", format!("x{};", link.repeat(MILLION / 4)));
        let arena = Bump::new();
        let start = Instant::now();
        let program = parse(&arena, &file).unwrap_or_else(|errors| panic!("{link}: {errors:?}"));
        assert!(program.statements[0].depth < 5);
        let StatementKind::Expression(mut spine) = program.statements[0].kind else {
            panic!("{link}")
        };
        let mut links = 0;
        while let Some(left) = spine.left() {
            (spine, links) = (left, links + 1);
        }
        assert!(
            links >= MILLION / 4
                && matches!(spine, Expression { kind: ExpressionKind::Variable(_), .. })
        );
        assert!(dump(&program).len() > MILLION / 4);
        assert!(
            start.elapsed() < Duration::from_secs(SECONDS),
            "{link} took {:?}",
            start.elapsed()
        );
    }
}

#[test]
fn chains_of_else_if_do_not_nest() {
    let arena = Bump::new();
    for body in ["{}", "x;", "if (z) y;"] {
        let body = if body.starts_with("if") { "{ if (z) y; }" } else { body };
        let text = format!("if (x) {body}{}", format!(" else if (y) {body}").repeat(MILLION / 10));
        let file = SourceFile::new("test.calf", text);
        let program = parse(&arena, &file).expect("a chain");
        let StatementKind::If { branches, otherwise } = program.statements[0].kind else {
            panic!("{body}")
        };
        assert_eq!((branches.len(), otherwise.is_some()), (MILLION / 10 + 1, false));
    }
}

#[test]
fn long_files_and_lines_take_linear_time() {
    let million_lines = "var x = foo(1, \"two\", [3]) + {4: 5}[4];\n".repeat(MILLION / 4);
    assert_eq!(messages(&million_lines), [""; 0]);
    assert_eq!(messages(&million_lines.replace('\n', " ")), [""; 0]);
    for text in ["[1, 2],", "{1: 2},", "\"a${b}c\",", "fun () {},"] {
        assert_eq!(messages(&format!("x = [{}];", text.repeat(MILLION / 10))), [""; 0], "{text}");
    }
    assert_eq!(messages(&format!("x = \"{}\";", "a".repeat(10 * MILLION))), [""; 0]);
    assert_eq!(messages(&format!("x = \"{}\";", "${a} b ".repeat(MILLION / 10))), [""; 0]);
    assert_eq!(messages(&format!("{};", "x".repeat(10 * MILLION))), [""; 0]);
    assert_eq!(messages(&format!("x = {};", "9".repeat(MILLION))), [""; 0]);
}

#[test]
fn a_hundred_errors_are_enough() {
    for faulty in [
        "var 1;\n",
        ") ",
        "print ; ",
        "@; ",
        "class { } ",
        "} ",
        "else ",
        "x y ",
        "foo(1 2); ",
        "= ",
        "\"\\q\"; ",
        "a = = ",
    ] {
        let found = errors(&faulty.repeat(MILLION / 4));
        assert!((1..=100).contains(&found.len()), "{faulty}: {}", found.len());
        if found.len() == 100 {
            assert!(found.iter().any(|error| {
                error.notes.iter().any(|note| note.starts_with("There are too many"))
            }));
        }
    }
}

#[test]
fn any_tokens_are_survived_in_linear_time() {
    let pieces = [
        "(", ")", "[", "]", "{", "}", "\"${", "}\"", "\"", ";", ",", "if", "(x)", "else", "for (",
        "while (", "fun", "f", "class", "A", "<", "try", "catch", "finally", "=", "?", ":", "!",
        "-", "1", "in", "print", "return", "import", "as", "super", ".", "this", "@", "\n", " ",
        "var", "x", "/*", "*/", "//", "\0", "é", "\r\n",
    ];
    let mut state = 1_u64;
    let mut next = |bound: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    };
    for round in 0..3000 {
        let chosen: Vec<_> = (0..1 + next(12)).map(|_| pieces[next(pieces.len())]).collect();
        let count = if round % 100 == 0 { MILLION / 20 } else { 1 + next(60) };
        let text: Vec<_> = (0..count).map(|_| chosen[next(chosen.len())]).collect();
        let text = text.join(" ");
        let file = SourceFile::new("test.calf", text.as_str());
        let start = Instant::now();
        let arena = Bump::new();
        match parse(&arena, &file) {
            Ok(program) => drop(dump(&program)),
            Err(errors) => drop(render_all(&errors, &file, Style::Plain)),
        }
        assert!(
            start.elapsed() < Duration::from_secs(SECONDS),
            "{chosen:?} took {:?}",
            start.elapsed()
        );
        let _ = calf_parser::parse_interactive(&Bump::new(), &file);
    }
}

#[test]
fn no_more_than_255_parameters_and_arguments() {
    let names = |count: usize| (0..count).map(|i| format!("a{i}")).collect::<Vec<_>>().join(", ");
    let headline = |text: &str| {
        let file = SourceFile::new("test.calf", text);
        let errors = parse(&Bump::new(), &file).err().unwrap_or_default();
        render_all(&errors, &file, Style::Plain).lines().next().map(String::from)
    };
    for (start, end, what) in [
        ("f(", ");", "arguments"),
        ("fun f(", ") {}", "parameters"),
        ("x = fun (", ") {};", "parameters"),
        ("class A { m(", ") {} }", "parameters"),
    ] {
        assert_eq!(headline(&format!("{start}{}{end}", names(255))), None);
        let expected = format!("[line 1] Error at 'a255': Can't have more than 255 {what}.");
        assert_eq!(headline(&format!("{start}{}{end}", names(300))), Some(expected));
    }
}
