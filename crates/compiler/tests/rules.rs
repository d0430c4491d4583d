//! The rules of the language that are broken before the program runs, in the words of the book.

mod support;

use support::{compiled, complaints};

/// Each text with the messages it gets and the text they point at.
const BROKEN: &[(&str, &[&str])] = &[
    ("return 1;", &["Can't return from top-level code. [return]"]),
    ("{ if (1) return; }", &["Can't return from top-level code. [return]"]),
    ("class A { init() { return 1; } }", &["Can't return a value from an initializer. [return]"]),
    ("{ var a; var a; }", &["Already a variable with this name in this scope. [a]"]),
    ("fun f(a, a) {}", &["Already a variable with this name in this scope. [a]"]),
    ("fun f(a) { var a; }", &["Already a variable with this name in this scope. [a]"]),
    ("try {} catch (e) { var e; }", &["Already a variable with this name in this scope. [e]"]),
    ("{ class A {} fun A() {} }", &["Already a variable with this name in this scope. [A]"]),
    ("{ var a = a; }", &["Can't read local variable in its own initializer. [a]"]),
    (
        "{ var a = 1; { var a = 1 + a; } }",
        &["Can't read local variable in its own initializer. [a]"],
    ),
    ("print this;", &["Can't use 'this' outside of a class. [this]"]),
    ("fun f() { this.x = 1; }", &["Can't use 'this' outside of a class. [this]"]),
    ("super.m();", &["Can't use 'super' outside of a class. [super]"]),
    (
        "class A { m() { super.m(); } }",
        &["Can't use 'super' in a class with no superclass. [super]"],
    ),
    ("class A < A {}", &["A class can't inherit from itself. [A]"]),
    ("break;", &["Can't use 'break' outside of a loop. [break]"]),
    ("while (1) fun () { continue; }();", &["Can't use 'continue' outside of a loop. [continue]"]),
    // All of them, in the order of the text.
    (
        "fun f() { break; } { var a = a; } return; class A < A { m() { super.m(); } } print this;",
        &[
            "Can't use 'break' outside of a loop. [break]",
            "Can't read local variable in its own initializer. [a]",
            "Can't return from top-level code. [return]",
            "A class can't inherit from itself. [A]",
            "Can't use 'this' outside of a class. [this]",
        ],
    ),
];

#[test]
fn broken_rules() {
    for (text, expected) in BROKEN {
        assert_eq!(complaints(text), *expected, "{text}");
    }
}

#[test]
fn what_is_allowed() {
    for text in [
        "var a = a;",
        "var a; var a;",
        "fun f(a) { { var a; } }",
        "for (var i = 0; i < 1; i += 1) { var i = 2; }",
        "for (x in x) { { var x = 1; } }",
        "class A { init() { return; } m() { return 1; } }",
        "class A { m() { fun f() { return this; } class B < A { m() { return super.m; } } } }",
        "{ var f = fun (n) { return f(n); }; f = f; }",
        "try { throw 1; } catch {} finally {}",
    ] {
        compiled(text);
    }
}

#[test]
fn a_hundred_errors_are_enough() {
    assert_eq!(complaints(&"return;\n".repeat(100)).len(), 100);
    assert_eq!(complaints(&"return;\n".repeat(1000)).len(), 100);
}
