//! Programs that are too long to be written by hand: more constants, locals, captured variables, methods
//! and fields than fit into one byte or two, jumps over more than 64 KiB of code, and the numbers of
//! parameters and arguments at which the book draws the line.

mod support;

use std::time::Duration;
use support::{COMPILE_ERROR, Calf, OK, Outcome, temporary_file};

/// `count` texts made from their numbers.
fn many(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}

/// `count` items with commas between them, a few on a line.
fn list(count: usize, text: impl Fn(usize) -> String) -> String {
    let separator =
        |n: usize| if n + 1 == count { "" } else { [", ", ",\n"][usize::from(n % 12 == 11)] };
    many(count, |n| text(n) + separator(n))
}

fn run(name: &str, program: &str) -> Outcome {
    let path = temporary_file(&format!("limits/{name}.calf"), program);
    Calf::new().arg(path).limit(Duration::from_secs(60)).run()
}

#[track_caller]
fn expect(name: &str, program: &str, output: &str) {
    run(name, program).expect_code(OK).expect_stdout(&format!("{output}\n"));
}

#[track_caller]
fn expect_error(name: &str, program: &str, line: usize, message: &str) {
    let outcome = run(name, program);
    outcome.expect_code(COMPILE_ERROR).expect_stdout("");
    let headline = outcome.stderr.lines().next().unwrap_or_default();
    let place = format!("[line {line}] Error");
    assert!(headline.starts_with(&place) && headline.contains(message), "{headline}");
}

/// The sum of the whole numbers below `count`.
fn sum_below(count: usize) -> usize {
    count * (count - 1) / 2
}

#[test]
fn more_constants_than_one_byte_counts() {
    let body = many(300, |n| format!("sum += {n}.5;\n"));
    let program = format!("fun f() {{ var sum = 0;\n{body}return sum; }}\nprint f();");
    expect("constants_300", &program, &(sum_below(300) + 150).to_string());
}

#[test]
fn more_constants_than_two_bytes_count() {
    let body = many(70_000, |n| format!("sum += {n}.5;\n"));
    let program = format!("fun f() {{ var sum = 0;\n{body}return sum; }}\nprint f();");
    expect("constants_70000", &program, &(sum_below(70_000) + 35_000).to_string());
}

#[test]
fn more_strings_than_two_bytes_count() {
    let body = many(70_000, |n| format!("all[\"s{n}\"] = true;\n"));
    let program = format!("var all = {{}};\n{body}print len(all);\nprint \"s69999\" in all;");
    expect("strings_70000", &program, "70000\ntrue");
}

#[test]
fn more_globals_than_one_byte_counts() {
    let body = many(60_000, |n| format!("var g{n} = {n};\n"));
    let program = format!("{body}print g0 + g255 + g256 + g59999;");
    expect("globals_60000", &program, &(255 + 256 + 59_999).to_string());
}

#[test]
fn more_globals_than_there_may_be() {
    let body = many(70_000, |n| format!("var g{n} = {n};\n"));
    let outcome = run("globals_70000", &body);
    outcome
        .expect_no_crash()
        .expect_code(COMPILE_ERROR)
        .expect_stderr("Too many global variables.");
}

#[test]
fn more_locals_than_one_byte_counts() {
    let locals = many(300, |n| format!("var v{n} = {n};\n"));
    let sum = many(299, |n| format!(" + v{}", n + 1));
    let program = format!("fun f() {{\n{locals}return v0{sum};\n}}\nprint f();");
    expect("locals_300", &program, &sum_below(300).to_string());
}

#[test]
fn more_locals_than_one_byte_counts_at_top_level() {
    let locals = many(400, |n| format!("var v{n} = \"{n}\";\n"));
    let program = format!("{{\n{locals}print v0 + v255 + v256 + v399;\n}}");
    expect("block_locals_400", &program, "0255256399");
}

#[test]
fn more_locals_than_one_byte_counts_are_captured_and_changed() {
    let locals = many(300, |n| format!("var v{n} = {n};\n"));
    let bumps = many(300, |n| format!("v{n} += 1;\n"));
    let sum = many(299, |n| format!(" + v{}", n + 1));
    let program = format!(
        "fun f() {{\n{locals}fun bump() {{\n{bumps}}}\nbump();\nbump();\nreturn v0{sum};\n}}\nprint f();"
    );
    expect("captured_300", &program, &(sum_below(300) + 600).to_string());
}

#[test]
fn more_captured_variables_than_one_byte_counts() {
    let locals = many(300, |n| format!("var v{n} = {n};\n"));
    let sum = many(299, |n| format!(" + v{}", n + 1));
    let program =
        format!("fun f() {{\n{locals}return fun () {{ return v0{sum}; }};\n}}\nprint f()();");
    expect("upvalues_300", &program, &sum_below(300).to_string());
}

#[test]
fn more_captured_variables_than_one_byte_counts_through_two_functions() {
    let locals = many(300, |n| format!("var v{n} = {n};\n"));
    let sum = many(299, |n| format!(" + v{}", n + 1));
    let program = format!(
        "fun f() {{\n{locals}return fun () {{ return fun () {{ return v0{sum}; }}; }};\n}}\nprint f()()();"
    );
    expect("upvalues_300_deep", &program, &sum_below(300).to_string());
}

#[test]
fn more_functions_than_one_byte_counts() {
    let body = many(300, |n| format!("all.push(fun () {{ return {n}; }});\n"));
    let program = format!(
        "fun f() {{ var all = [];\n{body}return all; }}\n\
         var sum = 0; for (g in f()) sum += g(); print sum;"
    );
    expect("functions_300", &program, &sum_below(300).to_string());
}

#[test]
fn more_methods_than_one_byte_counts() {
    let methods = many(1000, |n| format!("m{n}() {{ return {n}; }}\n"));
    let program = format!(
        "class Many {{\n{methods}}}\nclass More < Many {{ m500() {{ return super.m500() + 1; }} }}\n\
         var o = More(); print o.m0() + o.m255() + o.m256() + o.m500() + o.m999();"
    );
    expect("methods_1000", &program, &(255 + 256 + 501 + 999).to_string());
}

#[test]
fn more_fields_than_one_byte_counts() {
    let fields = many(1000, |n| format!("bag.f{n} = {n};\n"));
    let sum = many(999, |n| format!(" + bag.f{}", n + 1));
    let program = format!("class Bag {{}} var bag = Bag();\n{fields}print bag.f0{sum};");
    expect("fields_1000", &program, &sum_below(1000).to_string());
}

#[test]
fn more_temporaries_than_one_byte_counts() {
    // Each operand waits on the left while the next is computed.
    let mut program = "var one = 1;\nprint ".to_owned();
    program.push_str(&many(300, |_| "one + (".to_owned()));
    program.push_str("one");
    program.push_str(&")".repeat(300));
    program.push(';');
    expect("temporaries_300", &program, "301");
}

#[test]
fn a_list_literal_longer_than_two_bytes_count() {
    let items = list(70_000, |n| n.to_string());
    let program = format!("var l = [\n{items}\n];\nprint len(l);\nprint l[69999];");
    expect("list_70000", &program, "70000\n69999");
}

#[test]
fn a_map_literal_longer_than_two_bytes_count() {
    let items = list(70_000, |n| format!("{n}: {}", n * 2));
    let program = format!("var m = {{\n{items}\n}};\nprint len(m);\nprint m[69999];");
    expect("map_70000", &program, "70000\n139998");
}

#[test]
fn a_loop_body_longer_than_64_kib_of_code() {
    let body = many(20_000, |_| "n = n + 1;\n".to_owned());
    let program = format!(
        "var n = 0;\nfor (var i = 0; i < 3; i += 1) {{\nif (i == 1) continue;\n{body}}}\nprint n;"
    );
    expect("loop_20000", &program, "40000");
}

#[test]
fn a_jump_over_more_than_64_kib_of_code() {
    let body = many(20_000, |_| "n = n + 1;\n".to_owned());
    let program = format!(
        "var n = 0;\nfun f(flag) {{\nif (flag) {{\n{body}}} else {{ n = -1; }}\nreturn n;\n}}\n\
         print f(false);\nprint f(true);\nprint false and (fun () {{\n{body}return n; }})();"
    );
    expect("if_20000", &program, "-1\n19999\nfalse");
}

#[test]
fn a_handler_around_more_than_64_kib_of_code() {
    let body = many(20_000, |_| "n = n + 1;\n".to_owned());
    let program = format!(
        "var n = 0;\ntry {{\n{body}throw \"end\";\n}} catch (e) {{ print e; }} finally {{ print n; }}"
    );
    expect("try_20000", &program, "end\n20000");
}

#[test]
fn a_long_chain_of_operators_is_not_deep() {
    let program = format!("var one = 1;\nprint one{};", " + one".repeat(100_000));
    expect("sum_100000", &program, "100001");
}

#[test]
fn a_long_chain_of_comparisons_is_not_deep() {
    let program = format!("print false{};", " or false".repeat(20_000));
    expect("or_20000", &program, "false");
}

#[test]
fn a_long_chain_of_calls_is_not_deep() {
    let program =
        format!("class A {{ m() {{ return this; }} }}\nprint A(){};", ".m()".repeat(20_000));
    expect("calls_20000", &program, "A instance");
}

#[test]
fn a_long_chain_of_else_if_is_not_deep() {
    let chain = many(20_000, |n| format!("else if (x == {n}) return {n};\n"));
    let program = format!(
        "fun f(x) {{\nif (x == -1) return -1;\n{chain}else return \"none\";\n}}\n\
         print f(0);\nprint f(19999);\nprint f(nil);"
    );
    expect("else_if_20000", &program, "0\n19999\nnone");
}

#[test]
fn many_statements_on_one_line() {
    let program = format!("var n = 0;{}print n;", "n=n+1;".repeat(100_000));
    expect("one_line", &program, "100000");
}

#[test]
fn blocks_nested_some_hundred_deep() {
    let program =
        format!("{}print a;{}", many(300, |n| format!("{{ var a = {n};\n")), "}".repeat(300));
    expect("blocks_300", &program, "299");
}

#[test]
fn functions_nested_some_hundred_deep() {
    // Each hands the variable of the outermost on to the next.
    let program = format!(
        "fun f() {{ var x = \"outermost\";\n{}return x;\n{}}}\nprint f();",
        "return (fun () {\n".repeat(150),
        "})();\n".repeat(150)
    );
    expect("functions_150", &program, "outermost");
}

#[test]
fn as_many_parameters_as_the_book_allows() {
    let parameters = list(255, |n| format!("p{n}"));
    let arguments = list(255, |n| n.to_string());
    let program = format!(
        "fun f(\n{parameters}) {{ return p0 + p127 + p254; }}\nprint f(\n{arguments});\n\
         class A {{ m(\n{parameters}) {{ return p1 + p254; }} }}\nprint A().m(\n{arguments});\n\
         var g = fun (\n{parameters}) {{ return p2; }};\nprint g(\n{arguments});"
    );
    expect("parameters_255", &program, "381\n255\n2");
}

#[test]
fn one_parameter_too_many() {
    let parameters = many(255, |n| format!("p{n},\n"));
    let program = format!("fun f(\n{parameters}last) {{}}");
    expect_error("parameters_256", &program, 257, "Can't have more than 255 parameters.");
}

#[test]
fn one_argument_too_many() {
    let arguments = many(255, |n| format!("{n},\n"));
    let program = format!("fun f() {{}}\nf(\n{arguments}255);");
    expect_error("arguments_256", &program, 258, "Can't have more than 255 arguments.");
}

#[test]
fn one_argument_too_many_for_a_method() {
    let arguments = many(255, |n| format!("{n},\n"));
    let program = format!("class A {{}}\nA().m(\n{arguments}255);");
    expect_error("method_arguments_256", &program, 258, "Can't have more than 255 arguments.");
}
