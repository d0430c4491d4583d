//! The command line: exit codes, commands and flags, odd files, odd streams.

mod support;

use support::{
    COMPILE_ERROR, Calf, INPUT_OUTPUT, OK, Outcome, RUNTIME_ERROR, USAGE, root, strategies,
    strategies_and_adversary, temporary_file,
};

fn run_file(name: &str, content: impl AsRef<[u8]>) -> Outcome {
    Calf::new().arg(temporary_file(&format!("cli/{name}"), content)).run()
}

fn evaluate(code: &str) -> Outcome {
    Calf::new().args(["-e", code]).run()
}

// Exit codes.

#[test]
fn a_program_that_ends_gives_0() {
    run_file("ends.calf", "print 1;").expect_code(OK).expect_stdout("1\n");
}

#[test]
fn a_program_may_choose_its_code() {
    evaluate("os.exit(3);").expect_code(3);
    evaluate("os.quickExit(255);").expect_code(255);
}

#[test]
fn a_program_that_does_not_compile_gives_65() {
    run_file("wrong.calf", "print 1;\nprint ;\n")
        .expect_code(COMPILE_ERROR)
        .expect_stdout("")
        .expect_stderr("[line 2] Error at ';': Expect expression.")
        .expect_stderr("wrong.calf:2:7");
}

#[test]
fn an_error_that_nothing_caught_gives_70() {
    run_file("fails.calf", "print 1;\nfun f() {\n  nil.x;\n}\nf();\n")
        .expect_code(RUNTIME_ERROR)
        .expect_stdout("1\n")
        .expect_stderr("Only instances have properties.")
        .expect_stderr("[line 3] in f()\n")
        .expect_stderr("[line 5] in script\n");
}

#[test]
fn a_long_trace_is_folded() {
    let outcome = run_file("deep.calf", "fun f() { f(); }\nf();\n");
    outcome.expect_code(RUNTIME_ERROR).expect_stderr("Stack overflow.");
    assert!(outcome.stderr.lines().count() < 100, "{} lines", outcome.stderr.lines().count());
    outcome.expect_stderr("[line 2] in script");
}

#[test]
fn a_missing_file_gives_74() {
    let outcome = Calf::new().arg("no/such/file.calf").run();
    outcome.expect_code(INPUT_OUTPUT).expect_stderr("no/such/file.calf").expect_stdout("");
}

#[test]
fn a_directory_gives_74() {
    Calf::new().arg(env!("CARGO_MANIFEST_DIR")).run().expect_code(INPUT_OUTPUT).expect_stdout("");
}

#[test]
fn an_unreadable_file_gives_74() {
    // Even the superuser cannot read the memory of a process at address zero.
    Calf::new().arg("/proc/self/mem").run().expect_code(INPUT_OUTPUT);
}

#[test]
fn an_unknown_flag_gives_64_and_names_the_nearest() {
    Calf::new()
        .args(["--gc-stres", "-e", "print 1;"])
        .run()
        .expect_code(USAGE)
        .expect_stderr("--gc-stress")
        .expect_stdout("");
}

#[test]
fn an_unknown_strategy_gives_64_and_names_the_nearest() {
    for (wrong, right) in [("inlin", "inline"), ("frozn", "frozen"), ("mark-bitmp", "mark-bitmap")]
    {
        Calf::new()
            .args(["--gc", wrong, "-e", "print 1;"])
            .run()
            .expect_code(USAGE)
            .expect_stderr(right)
            .expect_stdout("");
    }
}

#[test]
fn an_unknown_strategy_in_the_environment_gives_64() {
    Calf::new().env("CALF_GC", "inlin").args(["-e", "print 1;"]).run().expect_code(USAGE);
}

#[test]
fn zeal_modes_change_nothing_but_what_is_checked() {
    const PROGRAM: &str = "var a = []; for (i in range(200)) { var b = [i]; b.push(b); a.push(b); \
        if (i % 3 == 0) a = []; } print len(a); gc.collect(); print a[0][0];";
    for strategy in strategies_and_adversary() {
        for modes in ["every=7", "alternate,verify,every=5", "poison,every=20", "page,every=20"] {
            let calf = Calf::new().args(["--gc", &strategy, "--gc-zeal", modes, "-e", PROGRAM]);
            calf.run().expect_code(OK).expect_stdout("1\n199\n");
        }
    }
}

#[test]
fn a_zeal_mode_that_cannot_be_gives_64_and_says_why() {
    let with = |modes: &str| Calf::new().args(["--gc-zeal", modes, "-e", "print 1;"]).run();
    with("evry=3")
        .expect_code(USAGE)
        .expect_stderr("it can be: every=N, alternate")
        .expect_stdout("");
    with("move").expect_code(USAGE).expect_stderr("needs a strategy that moves objects");
    with("move,every=100").expect_code(USAGE);
}

#[test]
fn every_strategy_has_the_common_switches() {
    for strategy in strategies_and_adversary() {
        let name = format!("{strategy}:fresh=on,collect-before-fork=on");
        let program = "if (os.fork() == 0) { [1, 2]; os.exit(3); } print os.waitAny() != nil;";
        Calf::new()
            .args(["--gc", &name, "-e", program])
            .run()
            .expect_code(OK)
            .expect_stdout("true\n");
    }
}

#[test]
fn a_wrong_value_gives_64() {
    for arguments in [["--exit", "slowly"], ["--heap-limit", "lots"], ["--color", "mauve"]] {
        Calf::new().args(arguments).args(["-e", "print 1;"]).run().expect_code(USAGE);
    }
}

#[test]
fn a_missing_value_gives_64() {
    Calf::new().arg("-e").run().expect_code(USAGE);
    Calf::new().arg("--gc").run().expect_code(USAGE);
}

// Commands and flags.

#[test]
fn help_and_version() {
    Calf::new().arg("--help").run().expect_code(OK);
    let version = Calf::new().arg("--version").run();
    version.expect_code(OK);
    assert!(version.stdout.contains(env!("CARGO_PKG_VERSION")), "{version:?}");
}

#[test]
fn run_is_the_default_command() {
    let path = temporary_file("cli/either.calf", "print \"ran\";");
    Calf::new().arg(&path).run().expect_code(OK).expect_stdout("ran\n");
    Calf::new().arg("run").arg(&path).run().expect_code(OK).expect_stdout("ran\n");
}

#[test]
fn code_on_the_command_line() {
    evaluate("var a = 1;\nprint a + 1;").expect_code(OK).expect_stdout("2\n");
    evaluate("print 1").expect_code(COMPILE_ERROR);
    evaluate("").expect_code(OK).expect_stdout("");
}

#[test]
fn what_follows_the_file_is_the_programs() {
    let path = temporary_file("cli/arguments.calf", "print os.args();");
    let run = Calf::new().arg(&path).args(["a", "--gc", "b c", "-e", "--help"]).run();
    run.expect_code(OK).expect_stdout("[\"a\", \"--gc\", \"b c\", \"-e\", \"--help\"]\n");
    let run = Calf::new().args(["-e", "print os.args();", "x", "y"]).run();
    run.expect_code(OK).expect_stdout("[\"x\", \"y\"]\n");
}

#[test]
fn a_program_from_standard_input() {
    Calf::new().arg("-").input("print \"from \" + \"stdin\";").run().expect_stdout("from stdin\n");
    Calf::new().arg("-").input("print ;").run().expect_code(COMPILE_ERROR);
    Calf::new().arg("-").run().expect_code(OK).expect_stdout("");
}

#[test]
fn the_strategy_is_chosen_by_flag_then_by_environment() {
    let code = ["-e", "print gc.name();"];
    for name in strategies() {
        let expected = format!("{name}\n");
        Calf::new().gc(&name).args(code).run().expect_code(OK).expect_stdout(&expected);
        Calf::new().env("CALF_GC", &name).args(code).run().expect_stdout(&expected);
    }
    Calf::new().args(code).run().expect_stdout("inline\n");
    Calf::new().env("CALF_GC", "frozen").gc("none").args(code).run().expect_stdout("none\n");
}

#[test]
fn strategies_are_listed_and_explained() {
    let listed = Calf::new().args(["gc", "list"]).run();
    listed.expect_code(OK);
    for name in strategies() {
        assert!(listed.stdout.contains(&name), "{name} is not in {}", listed.stdout);
        let explained = Calf::new().args(["gc", "explain", &name]).run();
        explained.expect_code(OK);
        assert!(explained.stdout.contains(&name), "{}", explained.stdout);
    }
    let explained = Calf::new().args(["gc", "explain", "frozen"]).run();
    assert!(explained.stdout.contains("--gc frozen:key=value"), "{}", explained.stdout);
    for option in
        ["quarantine  ", "collect_first  ", "cpython  ", "fresh  ", "collect-before-fork  "]
    {
        assert!(explained.stdout.contains(option), "{option}: {}", explained.stdout);
    }
    Calf::new().args(["gc", "explain", "inlin"]).run().expect_code(USAGE).expect_stderr("inline");
}

#[test]
fn checking_does_not_run() {
    let right = temporary_file("cli/right.calf", "print \"ran\";");
    let outcome = Calf::new().arg("check").arg(right).run();
    outcome.expect_code(OK);
    assert!(!outcome.stdout.lines().any(|line| line == "ran"), "{outcome:?}");
    let wrong = temporary_file("cli/wrong_too.calf", "print \"ran\";\nvar = 1;\n{ return; }");
    Calf::new()
        .arg("check")
        .arg(wrong)
        .run()
        .expect_code(COMPILE_ERROR)
        .expect_stderr("[line 2] Error");
}

#[test]
fn all_syntax_errors_of_a_file_come_in_one_run() {
    let outcome = run_file("three.calf", "var = 1;\nprint 1;\nprint );\nfun f() { 1 +; }\n");
    outcome.expect_code(COMPILE_ERROR).expect_stdout("");
    for line in [1, 3, 4] {
        outcome.expect_stderr(&format!("[line {line}] Error"));
    }
    assert_eq!(outcome.stderr.matches("] Error").count(), 3, "{}", outcome.stderr);
}

#[test]
fn a_listing_of_bytecode() {
    let path =
        temporary_file("cli/listed.calf", "fun double(x) { return x * 2; }\nprint double(4);");
    let outcome = Calf::new().arg("dis").arg(path).run();
    outcome.expect_code(OK);
    assert!(outcome.stdout.contains("double"), "{outcome:?}");
    assert!(!outcome.stdout.lines().any(|line| line == "8"), "it ran: {outcome:?}");
}

#[test]
fn a_freeze_that_collects_first_leaves_garbage_out() {
    let code = "class Ring {} gc.disable(); fun drop() { var ring = Ring(); ring.self = ring; } \
                for (i in range(100)) drop(); gc.freeze(); print gc.freezeCount();";
    let frozen = |strategy: &str| {
        let outcome = Calf::new().args(["--gc", strategy, "-e", code]).run();
        outcome.expect_code(OK);
        outcome.stdout.trim().parse::<i64>().expect("a count")
    };
    let [all, living] = ["frozen", "frozen:collect_first=on"].map(frozen);
    assert!((100..=110).contains(&(all - living)), "{all} frozen, {living} after a collection");
}

#[test]
fn each_policy_at_exit_is_accepted() {
    for policy in ["full", "hooks", "immediate"] {
        let code = "class F {} var l = []; for (i in range(100)) l.push(F()); print len(l);";
        let run = Calf::new().args(["--exit", policy, "-e", code]).run();
        run.expect_code(OK).expect_stdout("100\n");
    }
}

#[test]
fn a_seed_makes_random_numbers_repeat() {
    let draw = |seed: &str| {
        let code = "print math.random(); print math.randomInt(0, 1000000);";
        Calf::new().args(["--seed", seed, "-e", code]).run().expect_code(OK).stdout.clone()
    };
    assert_eq!(draw("1"), draw("1"));
    assert_ne!(draw("1"), draw("2"));
}

#[test]
fn colour_is_for_those_who_ask() {
    let plain = evaluate("print ;");
    assert!(!plain.stderr.contains('\u{1b}'), "{plain:?}");
    let coloured = Calf::new().args(["--color", "always", "-e", "print ;"]).run();
    coloured.expect_code(COMPILE_ERROR).expect_stderr("\u{1b}[");
}

#[test]
fn the_log_of_collections_goes_to_standard_error() {
    let code = "var l = [[1]]; gc.collect(); print \"done\";";
    let outcome = Calf::new().args(["--gc-log", "-e", code]).run();
    outcome.expect_code(OK).expect_stdout("done\n");
    assert!(!outcome.stderr.is_empty());
}

#[test]
fn without_a_file_and_a_terminal_standard_input_is_the_program() {
    Calf::new().input("var a = 20;\nprint a + 1;\n").run().expect_code(OK).expect_stdout("21\n");
    Calf::new().input("print nope;").run().expect_code(RUNTIME_ERROR);
    Calf::new().run().expect_code(OK).expect_stdout("");
}

// Odd files.

#[test]
fn an_empty_file() {
    run_file("empty.calf", "").expect_code(OK).expect_stdout("");
    run_file("blank.calf", " \n\t\r\n\n").expect_code(OK).expect_stdout("");
    run_file("comment.calf", "// nothing").expect_code(OK).expect_stdout("");
    run_file("shebang.calf", "#!/usr/bin/env calf").expect_code(OK).expect_stdout("");
}

#[test]
fn a_file_without_a_last_newline() {
    run_file("cut.calf", "print 1;").expect_code(OK).expect_stdout("1\n");
}

#[test]
fn invalid_utf_8_is_an_error_with_a_place() {
    run_file("latin1.calf", b"print 1;\nprint \"caf\xe9\";\n")
        .expect_code(COMPILE_ERROR)
        .expect_stdout("")
        .expect_stderr("[line 2]");
}

#[test]
fn a_nul_byte_is_an_unexpected_character() {
    run_file("nul.calf", b"print 1;\n\0print 2;\n")
        .expect_code(COMPILE_ERROR)
        .expect_stderr("[line 2] Error: Unexpected character.");
}

#[test]
fn a_nul_byte_in_a_string_is_text() {
    run_file("nul_text.calf", b"print len(\"a\0b\");\n").expect_code(OK).expect_stdout("3\n");
}

#[test]
fn a_byte_order_mark_is_skipped() {
    run_file("bom.calf", "\u{feff}print 1;\nnope;").expect_stderr("[line 2] in script");
    run_file("bom_shebang.calf", "\u{feff}#!/bin/calf\nprint 1;").expect_stdout("1\n");
    run_file("bom_inside.calf", "print 1;\n\u{feff}print 2;").expect_code(COMPILE_ERROR);
}

#[test]
fn lines_may_end_as_on_windows() {
    run_file("crlf.calf", "// one\r\nvar a = 1;\r\nprint a;\r\nprint \"x\";\r\nnope;\r\n")
        .expect_code(RUNTIME_ERROR)
        .expect_stdout("1\nx\n")
        .expect_stderr("[line 5] in script");
}

#[test]
fn a_line_of_ten_million_bytes() {
    let text = format!("print len(\"{}\"); print nope;", "x".repeat(10_000_000));
    let outcome = run_file("long_line.calf", text);
    outcome.expect_code(RUNTIME_ERROR).expect_stdout("10000000\n");
    assert!(outcome.stderr.len() < 10_000, "the whole line is repeated in the error");
}

#[test]
fn a_binary_file() {
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    run_file("binary.calf", bytes).expect_code(COMPILE_ERROR).expect_no_crash();
}

// Odd streams.

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let code = "for (i in range(100000)) print i;";
    let outcome = Calf::shell(&format!("\"$CALF\" -e '{code}' | head -n 1")).run();
    outcome.expect_code(OK).expect_stdout("0\n");
    assert_eq!(outcome.stderr, "");
}

#[test]
fn a_reader_that_leaves_early_ends_an_endless_program() {
    let outcome = Calf::shell("\"$CALF\" -e 'while (true) print 1;' | head -n 1").run();
    outcome.expect_code(OK).expect_stdout("1\n");
}

#[test]
fn a_full_disk_gives_74() {
    let outcome = Calf::shell("\"$CALF\" -e 'print 1;' > /dev/full").run();
    outcome.expect_code(INPUT_OUTPUT);
    assert!(!outcome.stderr.is_empty());
    let code = "for (i in range(100000)) print i;";
    Calf::shell(&format!("\"$CALF\" -e '{code}' > /dev/full")).run().expect_code(INPUT_OUTPUT);
}

#[test]
fn closed_standard_streams_do_not_crash() {
    for streams in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let outcome = Calf::shell(&format!("\"$CALF\" -e 'print 1; nope;' {streams}")).run();
        outcome.expect_no_crash();
    }
}

#[test]
fn output_and_errors_keep_their_order() {
    let outcome = Calf::shell("\"$CALF\" -e 'print 1; nope;' 2>&1").run();
    let first = outcome.stdout.lines().next();
    assert_eq!(first, Some("1"), "{outcome:?}");
}

#[test]
fn output_before_a_signal_is_flushed_by_fork_only_once() {
    let code = "print 1; var p = os.fork(); if (p == 0) os.kill(os.pid(), 9); print os.wait(p);";
    evaluate(code).expect_code(OK).expect_stdout("1\n137\n");
}

#[test]
fn standard_input_is_shared_with_the_program() {
    let path = temporary_file("cli/reads.calf", "print input() + \"|\" + str(input());");
    Calf::new().arg(&path).input("a\nb").run().expect_stdout("a|b\n");
    Calf::new().arg(&path).input("a\n").run().expect_stdout("a|nil\n");
    Calf::new().arg(&path).input("a\r\nb\r\n").run().expect_stdout("a|b\n");
}

// Formatting.

const CROOKED: &str = "#!/usr/bin/env calf\nprint  1;print [2,3]  ; // both\n";
const STRAIGHT: &str = "#!/usr/bin/env calf\nprint 1;\nprint [2, 3]; // both\n";

#[test]
fn scripts_are_formatted_in_place_and_input_to_output() {
    let path = temporary_file("cli/fmt/crooked.calf", CROOKED);
    Calf::new().arg("fmt").arg(&path).run().expect_code(OK).expect_stdout("");
    assert_eq!(std::fs::read_to_string(&path).expect("the script is there"), STRAIGHT);
    Calf::new().args(["fmt", "-"]).input(CROOKED).run().expect_code(OK).expect_stdout(STRAIGHT);
    Calf::new().arg("fmt").input(STRAIGHT).run().expect_code(OK).expect_stdout(STRAIGHT);
}

#[test]
fn a_check_of_the_style_changes_nothing() {
    let crooked = temporary_file("cli/fmt_check/crooked.calf", CROOKED);
    let straight = temporary_file("cli/fmt_check/straight.calf", STRAIGHT);
    let folder = crooked.parent().expect("a file has a folder");
    let outcome = Calf::new().args(["fmt", "--check"]).arg(folder).run();
    outcome.expect_code(1).expect_stdout(&format!("{}\n", crooked.display()));
    assert_eq!(std::fs::read_to_string(&crooked).expect("the script is there"), CROOKED);
    Calf::new().args(["fmt", "--check"]).arg(&straight).run().expect_code(OK).expect_stdout("");
}

#[test]
fn what_does_not_parse_is_not_formatted() {
    let path = temporary_file("cli/fmt_wrong.calf", "print ;  print 2;");
    let outcome = Calf::new().arg("fmt").arg(&path).run();
    outcome.expect_code(COMPILE_ERROR).expect_stderr("[line 1] Error at ';': Expect expression.");
    let after = std::fs::read_to_string(&path).expect("the script is there");
    assert_eq!(after, "print ;  print 2;");
    Calf::new().args(["fmt", "no/such/file.calf"]).run().expect_code(INPUT_OUTPUT);
}

// Tests.

#[test]
fn scripts_that_keep_their_promises_pass() {
    let keeps = "print num(os.args()[0]) + 1; // expect: 3\nnil.x; // expect runtime error: Only\n// arguments: 2\n";
    let path = temporary_file("cli/test/keeps.calf", keeps);
    temporary_file("cli/test/parts/imported.calf", "print 1;");
    let folder = path.parent().expect("a file has a folder");
    Calf::new().arg("test").arg(folder).run().expect_code(OK).expect_stdout("1 passed, 0 failed\n");
    let names = strategies();
    let outcome = Calf::new().args(["test", "--strategies", "all"]).arg(&path).run();
    outcome.expect_code(OK).expect_stdout(&format!("{} passed, 0 failed\n", names.len()));
    let outcome = Calf::new().args(["test", "--gc", &names[0], "--gc-stress"]).arg(&path).run();
    outcome.expect_code(OK).expect_stdout("1 passed, 0 failed\n");
}

#[test]
fn scripts_that_do_not_are_shown() {
    let breaks = "print 1; // expect: 1\nprint 2; // expect: 3\nprint 4; // expect: 4\n";
    let path = temporary_file("cli/test_breaks.calf", breaks);
    let outcome = Calf::new().arg("test").arg(&path).run();
    let shown = format!(
        "FAILED {}\n  output line 2: expected (-), got (+)\n  - 3\n  - 4\n  + 2\n  + 4\n0 passed, 1 failed\n",
        path.display()
    );
    outcome.expect_code(1).expect_stdout(&shown);
    let hangs = temporary_file("cli/test_hangs.calf", "os.fork(); while (true) {}");
    let outcome = Calf::new().args(["test", "--limit", "1"]).arg(&hangs).run();
    outcome.expect_code(1);
    assert!(outcome.stdout.contains("still running at the limit"), "{outcome:?}");
    let wrong = temporary_file("cli/test_wrong.calf", "print 1; // expects: 1");
    let outcome = Calf::new().arg("test").arg(&wrong).run();
    outcome.expect_code(1);
    assert!(outcome.stdout.contains("line 1: not an expectation"), "{outcome:?}");
    Calf::new().args(["test", "no/such.calf"]).run().expect_code(INPUT_OUTPUT);
    Calf::new().args(["test", "--strategies", "nope", "x.calf"]).run().expect_code(USAGE);
}

// Reports of the lab.

#[test]
fn a_report_is_one_page_made_of_a_results_file() {
    let results = root().join("crates/report/tests/fixtures/lab.jsonl");
    let page = Calf::new().args(["lab", "report", "--output", "-"]).arg(results).run();
    page.expect_code(OK);
    let text = page.stdout.as_str();
    assert!(text.starts_with("<!DOCTYPE html>") && text.contains("</html>"));
    assert!(text.contains("calf lab run rec --size 25000"), "the command that repeats a figure");
    assert!(text.contains("in CPython 3.7"), "the published figure beside Calf's");
}

#[test]
fn a_report_of_nothing_says_what_is_missing() {
    Calf::new()
        .args(["lab", "report", "no-such-results.jsonl"])
        .run()
        .expect_code(INPUT_OUTPUT)
        .expect_stderr("no-such-results.jsonl");
    let empty = temporary_file("cli/empty.jsonl", "");
    Calf::new()
        .args(["lab", "report"])
        .arg(empty)
        .run()
        .expect_code(INPUT_OUTPUT)
        .expect_stderr("there is no cell in these results");
}
