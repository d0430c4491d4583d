//! Programs that need more registers, slots, constants or depth than usual. Each is compiled and checked.

mod support;

use calf_compiler::Options;
use support::{compiled, complaints, try_compile};

/// The texts for the numbers below `count`, with something between them.
fn each(count: usize, between: &str, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect::<Vec<_>>().join(between)
}

#[test]
fn locals_beyond_the_registers_go_to_the_spill() {
    let locals = each(300, " ", |i| format!("var v{i} = a + {i};"));
    let function = compiled(&format!(
        "fun f(a, b) {{ {locals} v299 = v0 + v299;
            var g = fun () {{ v1 = v1 + v2; v298 = v298 + v297; return v250; }};
            {{ var z = v3; print z; }}
            for (x in v5) {{ var q = x; fun k() {{ q = q + 1; return q; }} k(); if (q) break; if (x) continue; }}
            try {{ v7(); return 1; }} catch (e) {{ print e; }} finally {{ print v8; }}
            v298 += v297; v299.x = v298; v299[v1] += v298; class A < v299 {{ m() {{ return super.m() + v298; }} }}
            return f(v1, v2, v3); }}"
    ));
    assert_eq!(function.functions[0].registers.max(201), function.functions[0].registers);
}

#[test]
fn parameters_may_fill_the_window() {
    let names = each(255, ", ", |i| format!("p{i}"));
    compiled(&format!(
        "fun f({names}) {{ p254 = p254 + p0; var z = p1;
            fun k() {{ p250 = p250 + p251; p3 = 4; return p252; }} return f({names}); }}"
    ));
}

#[test]
fn captures_beyond_those_in_the_closure() {
    let locals = each(300, " ", |i| format!("var v{i} = {i};"));
    let constants = each(300, " ", |i| format!("var c{i} = {i};"));
    let sums = each(300, " ", |i| format!("v{i} = v{i} + c{i};"));
    let sum = each(300, " + ", |i| format!("v{i}"));
    compiled(&format!(
        "fun f() {{ {locals} {constants} fun g() {{ {sums} v299 += 1; return fun () {{ return {sum}; }}; }} }}"
    ));
}

#[test]
fn deep_expressions() {
    let nested = |open: &str, middle: &str, close: &str, depth| {
        format!("fun f(a, b) {{ return {}{middle}{}; }}", open.repeat(depth), close.repeat(depth))
    };
    compiled(&nested("a.b + (", "a", ")", 900));
    compiled(&nested("a + (", "a = 1", ")", 900));
    compiled(&nested("f(a, ", "a", ")", 450));
    compiled(&nested("f(a, 1, 2, ", "a", ", a.b)", 450));
    compiled(&nested("a.f(a, ", "a", ")", 450));
    compiled(&nested("[1, a, ", "a", "]", 450));
    compiled(&nested("{1: a, a: ", "a", "}", 450));
    compiled(&nested("\"a ${b}${", "a", "}\"", 300));
    compiled(&nested("(a ? ", "a", " : b)", 450));
    compiled(&nested("(a or ", "a", " and b)", 450));
    compiled(&nested("a[", "a", "]", 450));
    compiled(&nested("a.b[1] = a[2] = ", "a", "", 450));
    compiled(&nested("!-", "a", "", 450));
}

#[test]
fn long_chains() {
    let count = 200_000;
    let sum = vec!["a"; count].join(" + ");
    let both = vec!["a"; count].join(" and ");
    let either = vec!["a"; count].join(" or ");
    let mixed = vec!["a or a"; count / 10].join(" and ");
    compiled(&format!(
        "var a = 1; var b = {sum}; b = {both}; if ({either}) print b; while ({mixed}) a();"
    ));
    compiled(&format!("var a = 1; a{}; print a{};", ".b()".repeat(count), "[a].c".repeat(count)));
    compiled(&format!(
        "var a = 1; {} print a;",
        each(20_000, "", |i| format!("if (a == {i}) print {i}; else "))
    ));
}

#[test]
fn wide_literals_and_calls() {
    let items = each(3000, ", ", |i| format!("{i}.5"));
    let entries = each(3000, ", ", |i| format!("\"k{i}\": {i}"));
    let text = each(3000, "", |i| format!("a{i}${{y}}"));
    compiled(&format!("var y = 1; var x = [{items}]; x = {{{entries}}}; x = \"{text}\";"));
    compiled(&format!(
        "fun f(y) {{ var x = [{items}]; x = {{{entries}}}; x = \"{text}\"; return [[{items}], x]; }}"
    ));
    let parameters = each(255, ", ", |i| format!("p{i}"));
    let arguments = vec!["x"; 255].join(", ");
    compiled(&format!(
        "class A {{ m({parameters}) {{}} }}
         class B < A {{ m(x) {{ super.m({arguments}); this.m({arguments}); x({arguments}); return super.m; }} }}"
    ));
}

#[test]
fn deep_statements() {
    let loops = each(100, " ", |i| format!("for (x{i} in a) {{"));
    compiled(&format!(
        "fun f(a) {{ {loops} print x0 + x99; if (x50) break; if (x20) continue; if (x10) return x9;
            fun k() {{ x5 = 3; return x7; }} {} }}",
        "}".repeat(100)
    ));
    for catch in ["", "catch (e) { print e; a(); }"] {
        let function = compiled(&format!(
            "fun f(a) {{ while (a) {{ {} if (a) break; if (a == 2) return a; continue; {} }} }}",
            "try { ".repeat(150),
            format!("}} {catch} finally {{ a = a + 1; }}").repeat(150)
        ));
        // No part is written twice.
        assert!(
            function.functions[0].code.len() < 150 * 40,
            "{}",
            function.functions[0].code.len()
        );
    }
    compiled(&format!("{}{}", "fun f() {".repeat(300), "}".repeat(300)));
}

#[test]
fn crowded_functions_in_crowded_functions() {
    let functions = each(12, "", |depth| {
        format!("fun f{depth}() {{ {}", each(260, " ", |i| format!("var v{depth}_{i} = {i};")))
    });
    compiled(&format!("{functions} return v0_1 + v3_255; {}", "}".repeat(12)));
}

#[test]
fn limits_are_errors() {
    let constants = each(70_000, " ", |i| format!("a = {i}.5;"));
    assert_eq!(
        complaints(&format!("var a; {constants} class A {{}}")),
        ["Too many constants in one function. [A]"]
    );
    let globals = each(70_000, " ", |i| format!("g{i};"));
    assert!(complaints(&globals)[0].starts_with("Too many global variables."));
    let locals = each(70_000, " ", |i| format!("var v{i} = {i};"));
    assert!(
        complaints(&format!("{{ {locals} }}"))[0]
            .starts_with("Too many local variables in one function.")
    );
}

#[test]
fn constants_beyond_those_of_sixteen_bits() {
    let constants = each(70_000, " ", |i| format!("a = {i}.5;"));
    compiled(&format!("var a; {constants} if (a == \"late\") a.late(a.later, a + \"latest\");"));
}

#[test]
fn the_value_of_an_entry() {
    let file = calf_source::SourceFile::new("test", "var a = 1; a + 2");
    let arena = bumpalo::Bump::new();
    let program = calf_parser::parse_interactive(&arena, &file).unwrap();
    let options = Options { interactive: true, ..Options::default() };
    let function =
        calf_compiler::compile(&program, &file, &mut support::Numbers::default(), options).unwrap();
    calf_bytecode::check::check(&function).unwrap();
    let listing = calf_bytecode::disassemble::disassemble(&function);
    assert!(listing.contains("Return                         R1"), "{listing}");
    assert!(try_compile("var a = 1; a + 2;", options).is_ok());
}
