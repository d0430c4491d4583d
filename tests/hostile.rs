//! Programs that try to break the interpreter: nested a million deep, without end, larger than memory.

mod support;

use std::time::Duration;
use support::{COMPILE_ERROR, Calf, OK, RUNTIME_ERROR, strategies, temporary_file};

const MILLION: usize = 1_000_000;

#[track_caller]
fn is_refused(name: &str, program: String) {
    let path = temporary_file(&format!("hostile/{name}.calf"), program);
    let outcome = Calf::new().arg(path).limit(Duration::from_secs(60)).run();
    outcome.expect_no_crash().expect_code(COMPILE_ERROR).expect_stderr("[line ");
    assert!(outcome.stderr.len() < 100_000, "{} bytes of errors", outcome.stderr.len());
}

fn nested(before: &str, middle: &str, after: &str) -> String {
    format!("{}{middle}{}", before.repeat(MILLION), after.repeat(MILLION))
}

#[test]
fn a_million_parentheses() {
    is_refused("parentheses", format!("print {};", nested("(", "1", ")")));
}

#[test]
fn a_million_open_parentheses() {
    is_refused("open_parentheses", "(".repeat(MILLION));
}

#[test]
fn a_million_signs() {
    is_refused("not", format!("print {};", nested("!", "true", "")));
    is_refused("minus", format!("print {};", nested("-", "1", "")));
}

#[test]
fn a_million_blocks() {
    is_refused("blocks", nested("{", "", "}"));
    is_refused("open_blocks", "{".repeat(MILLION));
}

#[test]
fn a_million_lists_and_maps() {
    is_refused("lists", format!("print {};", nested("[", "", "]")));
    is_refused("maps", format!("print {};", nested("{1:", "2", "}")));
}

#[test]
fn a_million_calls() {
    is_refused("calls", format!("{};", nested("f(", "", ")")));
    is_refused("indices", format!("{};", nested("a[", "0", "]")));
}

#[test]
fn a_million_functions() {
    is_refused("functions", nested("fun f() {", "", "}"));
    is_refused("anonymous", format!("{};", nested("fun () { return ", "1", ";}")));
    is_refused("classes", nested("class A { m() {", "", "}}"));
}

#[test]
fn a_million_statements_within_statements() {
    is_refused("ifs", nested("if (a) ", "print 1;", ""));
    is_refused("whiles", nested("while (a) ", "print 1;", ""));
    is_refused("fors", nested("for (;;) ", "print 1;", ""));
    is_refused("tries", nested("try {", "", "} finally {}"));
}

#[test]
fn a_million_assignments_and_ternaries() {
    is_refused("assignments", format!("{};", nested("a = ", "1", "")));
    is_refused("ternaries", format!("print {};", nested("a ? 1 : ", "2", "")));
    is_refused("middles", format!("print {};", nested("a ? ", "1", " : 2")));
}

#[test]
fn a_million_interpolations() {
    is_refused("interpolations", format!("print {};", nested("\"${", "1", "}\"")));
    is_refused("open_interpolations", "\"${".repeat(MILLION));
}

#[test]
fn a_million_closing_brackets() {
    for bracket in [")", "]", "}"] {
        is_refused("closing", bracket.repeat(MILLION));
    }
}

#[test]
fn a_million_comments_within_comments() {
    is_refused("open_comments", "/*".repeat(MILLION));
    let path = temporary_file("hostile/comments.calf", nested("/*", "", "*/"));
    Calf::new().arg(path).run().expect_code(OK).expect_stdout("");
}

#[test]
fn endless_recursion_is_an_error_under_every_strategy() {
    let code = "fun f(n) { return [f(n + 1)]; }\n\
                try { f(0); } catch (e) { print type(e); }\n\
                print \"on\";";
    for strategy in strategies() {
        let outcome = Calf::new().gc(&strategy).args(["-e", code]).run();
        outcome.expect_code(OK).expect_stdout("StackOverflow\non\n");
    }
}

#[test]
fn memory_runs_out_as_an_error_under_every_strategy() {
    let code = "var l = [];\n\
                try { while (true) l.push([1, 2, 3]); } catch (e) { l = nil; print type(e); }\n\
                gc.collect();\n\
                var again = [];\n\
                for (i in range(1000)) again.push([i]);\n\
                print len(again);";
    for strategy in strategies() {
        let run = Calf::new().gc(&strategy).args(["--heap-limit", "32M", "-e", code]);
        let outcome = run.limit(Duration::from_secs(60)).run();
        outcome.expect_code(OK).expect_stdout("OutOfMemory\n1000\n");
    }
}

#[test]
fn one_object_larger_than_the_heap_is_an_error() {
    for size in ["bytes(1000000000)", "numbers(100000000)", "\"x\".repeat(1000000000)"] {
        let code = format!("try {{ {size}; }} catch (e) {{ print type(e); }} print [1];");
        let outcome = Calf::new().args(["--heap-limit", "32M", "-e", &code]).run();
        outcome.expect_code(OK).expect_stdout("OutOfMemory\n[1]\n");
    }
}

#[test]
fn absurd_sizes_are_errors() {
    for expression in
        ["bytes(1e300)", "numbers(9007199254740992)", "\"ab\".repeat(9007199254740992)"]
    {
        let code = format!("try {{ {expression}; }} catch (e) {{ print \"refused\"; }}");
        Calf::new().args(["-e", &code]).run().expect_code(OK).expect_stdout("refused\n");
    }
}

#[test]
fn a_string_that_doubles_until_memory_is_gone() {
    let code = "var s = \"x\"; try { while (true) s += s; } catch (e) { print type(e); }";
    let outcome = Calf::new().args(["--heap-limit", "64M", "-e", code]).run();
    outcome.expect_code(OK).expect_stdout("OutOfMemory\n");
}

#[test]
fn uncaught_lack_of_memory_gives_70() {
    let code = "var l = []; while (true) l.push(l + l);";
    let outcome = Calf::new().args(["--heap-limit", "32M", "-e", code]).run();
    outcome.expect_code(RUNTIME_ERROR).expect_stderr("error[OutOfMemory]");
}

/// Ten million objects, each held by the next only: nothing may recurse over them.
#[test]
fn ten_million_linked_objects_under_every_strategy() {
    let code = "class Node { init(next) { this.next = next; } }\n\
                var head = nil;\n\
                for (i in range(10000000)) head = Node(head);\n\
                gc.collect();\n\
                var n = 0;\n\
                var at = head;\n\
                while (at != nil) { n += 1; at = at.next; }\n\
                print n;\n\
                head = nil;\n\
                gc.collect();\n\
                print \"given back\";";
    for strategy in strategies() {
        let run = Calf::new().gc(&strategy).args(["-e", code]).limit(Duration::from_secs(600));
        run.run().expect_code(OK).expect_stdout("10000000\ngiven back\n");
    }
}
