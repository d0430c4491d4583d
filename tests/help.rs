//! How the command line presents itself: help, version, manual, completions, suggestions, colour, and errors for programs.

mod support;

use serde_json::Value;
use support::{
    COMPILE_ERROR, Calf, INPUT_OUTPUT, OK, Outcome, RUNTIME_ERROR, USAGE, temporary_file,
};

const COMMANDS: [&str; 9] =
    ["run", "check", "fmt", "test", "dis", "gc", "lab", "lsp", "completions"];

fn calf(arguments: &[&str]) -> Outcome {
    Calf::new().args(arguments).run()
}

fn shown(arguments: &[&str]) -> String {
    calf(arguments).expect_code(OK).stdout.clone()
}

#[test]
fn help_shows_commands_and_flags_in_groups() {
    let help = shown(&["--help"]);
    for heading in ["Programs:", "Memory:", "Tools:", "Collector:", "Messages:", "Examples:"] {
        assert!(help.lines().any(|line| line == heading), "no {heading} in:\n{help}");
    }
    for command in COMMANDS {
        let row = format!("  {command} ");
        let rows = help.lines().filter(|line| line.starts_with(&row)).count();
        assert_eq!(rows, 1, "{command} is shown {rows} times:\n{help}");
    }
    assert_eq!(shown(&["help"]), help);
    assert!(shown(&["-h"]).len() < help.len());
    assert!(shown(&["help", "run"]).contains("os.args()"));
}

#[test]
fn help_fits_a_terminal() {
    for arguments in [["--help"].as_slice(), &["-h"], &["help", "run"], &["help", "lab", "run"]] {
        let help = Calf::new().args(arguments).env("COLUMNS", "80").run();
        for line in help.expect_code(OK).stdout.lines() {
            assert!(line.chars().count() <= 80, "{arguments:?}: {line}");
        }
    }
}

#[test]
fn exit_codes_are_documented() {
    let help = shown(&["--help"]);
    let codes = shown(&["help", "exit-codes"]);
    for code in ["0", "1", "64", "65", "70", "74", "130", "141"] {
        let row = format!("  {code} ");
        assert!(codes.lines().any(|line| line.starts_with(&row)), "{code}:\n{codes}");
        assert!(help.lines().any(|line| line.starts_with(&row)), "{code}:\n{help}");
    }
    assert!(shown(&["help", "environment"]).contains("NO_COLOR"));
    assert!(shown(&["man"]).contains("Exit codes"));
}

#[test]
fn the_version_says_where_it_comes_from() {
    let long = shown(&["--version"]);
    let short = shown(&["-V"]);
    assert_eq!(short, format!("calf {}\n", env!("CARGO_PKG_VERSION")));
    assert!(long.starts_with(short.trim_end()), "{long}");
    assert!(long.contains(std::env::consts::ARCH), "no target in {long}");
    assert!(long.contains("linux"), "no target in {long}");
}

#[test]
fn every_command_has_a_page_in_the_manual() {
    assert!(shown(&["man"]).contains(".TH calf 1"));
    for command in COMMANDS {
        let page = shown(&["man", command]);
        assert!(page.contains(".TH"), "{command}: {page}");
    }
    assert!(shown(&["man", "lab", "run"]).contains("strategies"));
    calf(&["man", "chek"]).expect_code(USAGE).expect_stderr("did you mean 'check'?");
}

#[test]
fn shells_get_their_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = shown(&["completions", shell]);
        for word in ["gc-stress", "completions", "lab"] {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
    }
    calf(&["completions", "bsh"]).expect_code(USAGE).expect_stderr("bash");
    let path = temporary_file("help/calf.bash", shown(&["completions", "bash"]));
    let check = format!("bash -n {} && echo fine", path.display());
    Calf::shell(&check).run().expect_code(OK).expect_stdout("fine\n");
}

#[test]
fn what_is_nearly_right_is_suggested() {
    calf(&["--hepl"]).expect_code(USAGE).expect_stderr("--help");
    calf(&["--gc-lgo"]).expect_code(USAGE).expect_stderr("--gc-log");
    calf(&["--color", "alwys", "x.calf"]).expect_code(USAGE).expect_stderr("always");
    calf(&["chekc"])
        .expect_code(INPUT_OUTPUT)
        .expect_stderr("a similar command exists: 'calf check'");
    calf(&["gc", "lst"]).expect_code(USAGE).expect_stderr("list");
    calf(&["gc", "explain", "frozn"]).expect_code(USAGE).expect_stderr("frozen");
    calf(&["lab", "run", "lists-and-string"])
        .expect_code(USAGE)
        .expect_stderr("did you mean 'lists-and-strings'?");
}

#[test]
fn two_hyphens_end_the_flags() {
    let path = temporary_file("help/arguments.calf", "print os.args();");
    let path = path.to_string_lossy();
    calf(&["--", &path, "a"]).expect_code(OK).expect_stdout("[\"a\"]\n");
    calf(&["run", "--", &path, "--gc"]).expect_code(OK).expect_stdout("[\"--gc\"]\n");
    calf(&[&path, "--", "-x"]).expect_code(OK).expect_stdout("[\"-x\"]\n");
    calf(&["-e", "print os.args();", "--", "-x"]).expect_code(OK).expect_stdout("[\"-x\"]\n");
}

#[test]
fn a_script_can_name_its_interpreter() {
    let line = format!("#!{} --gc=frozen\nprint gc.name();\n", env!("CARGO_BIN_EXE_calf"));
    let path = temporary_file("help/script.calf", line);
    let run = format!("chmod +x {0} && {0}", path.display());
    Calf::shell(&run).run().expect_code(OK).expect_stdout("frozen\n");
}

#[test]
fn colour_obeys_flag_and_environment() {
    let has_colour = |calf: Calf| {
        let outcome = calf.args(["-e", "print ;"]).run();
        outcome.expect_code(COMPILE_ERROR).stderr.contains("\u{1b}[")
    };
    assert!(!has_colour(Calf::new()));
    assert!(has_colour(Calf::new().args(["--color", "always"])));
    assert!(has_colour(Calf::new().args(["--color", "always"]).env("NO_COLOR", "1")));
    assert!(has_colour(Calf::new().env("CLICOLOR_FORCE", "1")));
    assert!(!has_colour(Calf::new().env("CLICOLOR_FORCE", "0")));
    assert!(!has_colour(Calf::new().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")));
    assert!(!has_colour(Calf::new().args(["--color", "never"]).env("CLICOLOR_FORCE", "1")));
    assert!(!shown(&["--help"]).contains('\u{1b}'));
    assert!(shown(&["--help", "--color=always"]).contains('\u{1b}'));
}

#[test]
fn a_reader_of_the_help_may_leave_early() {
    let outcome = Calf::shell("\"$CALF\" --help | head -n 1").run();
    outcome.expect_code(OK);
    assert_eq!(outcome.stderr, "");
    let outcome = Calf::shell("\"$CALF\" completions zsh | head -n 1").run();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (OK, ""));
}

/// The objects that a run writes to standard error, a line each.
fn objects(outcome: &Outcome) -> Vec<Value> {
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    outcome.stderr.lines().map(read).collect()
}

#[test]
fn errors_for_programs_are_a_line_each() {
    let path = temporary_file("help/wrong.calf", "var a = 1\nvar é = 2;\nprint ;\nif (a = 1) {}\n");
    let path = path.to_string_lossy();
    for command in [["check"].as_slice(), &["run"], &["fmt"], &["dis"], &[]] {
        let outcome = Calf::new().args(command).args(["--diagnostics", "json"]).arg(&*path).run();
        outcome.expect_code(COMPILE_ERROR);
        let found = objects(&outcome);
        let syntax: Vec<&Value> = found.iter().filter(|one| one["kind"] == "syntax").collect();
        assert_eq!(syntax.len(), 2, "{command:?}: {found:?}");
        let first = syntax[0];
        assert_eq!(first["message"], "Expect ';' after variable declaration.");
        assert_eq!(first["headline"], "[line 2] Error at 'var'");
        assert_eq!(first["file"], *path);
        assert_eq!(first["place"]["start"]["line"], 2);
        assert_eq!(first["place"]["end"]["column"], 4);
        let edit = &first["fix"]["edits"][0];
        assert_eq!((&edit["replacement"], &edit["start"]["offset"]), (&";".into(), &9.into()));
    }
}

#[test]
fn an_error_of_a_running_program_is_one_object() {
    let code = "fun f(n) { return n.x; }\nf(1);";
    let outcome = calf(&["--diagnostics=json", "-e", code]);
    outcome.expect_code(RUNTIME_ERROR);
    let found = objects(&outcome);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["kind"], &found[0]["class"]), (&"runtime".into(), &"TypeError".into()));
    assert_eq!(found[0]["trace"], serde_json::json!(["[line 1] in f()", "[line 2] in script"]));
    assert_eq!(found[0]["place"]["text"], "a number has no 'x'");
}

#[test]
fn what_is_hardly_meant_is_a_warning() {
    let code = "var a = 1;\nif (a = 2) print a;\nif ((a = 3)) print a;";
    let outcome = calf(&["-e", code]);
    outcome.expect_code(OK).expect_stdout("2\n3\n");
    outcome.expect_stderr("[line 2] Warning at '=': This condition assigns a value.");
    assert_eq!(outcome.stderr.matches("Warning").count(), 1, "{outcome:?}");
    let path = temporary_file("help/warned.calf", code);
    Calf::new().arg("check").arg(path).run().expect_code(OK).expect_stderr("[line 2] Warning");
}
