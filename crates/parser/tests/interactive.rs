//! Entries in the REPL: complete, incomplete, or wrong.

use bumpalo::Bump;
use calf_parser::{EntryError, dump, parse_interactive};
use calf_source::SourceFile;

/// The tree; or `incomplete` or `invalid` with the messages.
fn entry(text: &str) -> String {
    let list = |errors: Vec<calf_source::Diagnostic>| {
        errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join(" ")
    };
    match parse_interactive(&Bump::new(), &SourceFile::new("entry", text)) {
        Ok(program) => dump(&program).trim_end().replace('\n', " | "),
        Err(EntryError::Incomplete(errors)) => format!("incomplete: {}", list(errors)),
        Err(EntryError::Invalid(errors)) => format!("invalid: {}", list(errors)),
    }
}

#[test]
fn shows_the_value_of_a_last_expression() {
    assert_eq!(entry("1 + 2"), "(result (+ 1 2))");
    assert_eq!(entry("var x = 1; x"), "(var x 1) | (result x)");
    assert_eq!(entry("x = 3"), "(result (= x 3))");
    assert_eq!(
        entry("fun (x) { return x; }(1)"),
        "(result (call (fun (x)   (return x)) 1))".replace("   ", " |   ")
    );
    assert_eq!(entry("x;"), "x");
    assert_eq!(entry("{} {}"), "(block) | (block)");
    assert_eq!(entry(""), "");
    assert_eq!(entry("  // nothing\n"), "");
}

#[test]
fn takes_a_last_statement_without_semicolon() {
    assert_eq!(entry("print 1"), "(print 1)");
    assert_eq!(entry("var x = 1"), "(var x 1)");
    assert_eq!(entry("x; import \"a\" as b"), "x | (import \"a\" b)");
    assert_eq!(entry("if (x) y"), "(if x |   y)");
    assert_eq!(entry("var x"), "(var x)");
    assert_eq!(entry("return"), "(return)");
}

#[test]
fn knows_that_more_is_to_come() {
    for text in [
        "fun f() {",
        "fun f(",
        "fun",
        "(1",
        "foo(\n",
        "[1, 2",
        "[1,",
        "var m = {\"a\":",
        "1 +",
        "print",
        "var x =",
        "if (x)",
        "if (x) {",
        "if (x) y; else",
        "class A {",
        "class A <",
        "class A { m() {",
        "try {}",
        "try {} catch (e)",
        "for (var i = 0;",
        "while (x) {",
        "a ? b",
        "x.",
        "\"abc",
        "\"a${",
        "\"a${x",
        "\"a${x}",
        "/* comment",
        "/* /* */",
        "super",
        "import \"a\"",
        "print \"a\nb",
    ] {
        assert!(entry(text).starts_with("incomplete: "), "{text}: {}", entry(text));
    }
}

#[test]
fn knows_that_more_would_not_help() {
    for text in [
        "1 + )",
        "print ; fun f() {",
        "var 1",
        "}",
        "x y",
        "class A { var",
        "@",
        "0x",
        "\"\\q\" +",
        "1 = 2",
        "1 = 2; fun f() {",
        "{\"a\": 1}",
        "else",
        "fun f() { print }",
    ] {
        assert!(entry(text).starts_with("invalid: "), "{text}: {}", entry(text));
    }
    assert!(entry(&"(".repeat(2000)).starts_with("invalid: Nested too deeply."));
}
