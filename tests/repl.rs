//! The REPL in a real terminal: what users of other languages expect of one, a test for each row of that table.

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use rexpect::process::WaitStatus;
use std::os::unix::fs::PermissionsExt;
use support::strategies;
use terminal::{
    ALT_ENTER, CTRL_A, CTRL_C, CTRL_D, CTRL_R, ENTER, Folder, PAGE_UP, RIGHT, Start, TAB, UP,
};
use vt100::Color;

fn code(status: WaitStatus) -> i32 {
    match status {
        WaitStatus::Exited(_, code) => code,
        WaitStatus::Signaled(_, signal, _) => 128 + signal as i32,
        other => panic!("not an end: {other:?}"),
    }
}

#[test]
fn history_is_kept_in_a_private_file_and_searched() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).talk();
    assert_eq!(terminal.enter("var cow = 41 + 1;"), "");
    assert_eq!(terminal.enter("fun moo(n) {\nreturn \"m\" + \"o\".repeat(n);\n}"), "");
    assert_eq!(terminal.enter("print cow;"), "42");
    // Killed, not left: what was entered is there all the same.
    let process = terminal.enter("os.pid()").trim().parse().expect("a number");
    terminal::send_signal(process, "KILL");
    terminal.end();
    let file = folder.file(".local/state/calf/history");
    let mode = file.metadata().expect("there is a history").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "{mode:o}");

    let mut terminal = Start::new(&folder).talk();
    terminal.send(UP);
    terminal.expect_row("> os.pid()");
    terminal.send(UP);
    terminal.expect_row("> print cow;");
    // The block comes back as a whole.
    terminal.send(UP);
    terminal.expect("> fun moo(n) {\nreturn \"m\" + \"o\".repeat(n);\n}");
    terminal.run();
    assert_eq!(terminal.enter("moo(3)"), "\"mooo\"");
    // Search for a text within, run what is found.
    terminal.send(CTRL_R);
    terminal.expect("(reverse-i-search)");
    terminal.send("41");
    terminal.expect("var cow = 41 + 1;");
    terminal.run();
    assert_eq!(terminal.enter("cow + 0"), "42");
    // Search for what begins like this.
    terminal.type_in("fun");
    terminal.send(PAGE_UP);
    terminal.expect_row("> fun moo(n) {");
    terminal.interrupt();
    terminal.send(CTRL_D);
    assert_eq!(code(terminal.end()), 0);

    // Another file, or none.
    let other = folder.file("elsewhere");
    let mut terminal =
        Start::new(&folder).env("CALF_HISTORY", other.to_str().expect("a plain path")).talk();
    terminal.enter("1 + 1");
    assert!(std::fs::read_to_string(&other).expect("it is there").contains("1 + 1"));
    let mut terminal = Start::new(&folder).env("CALF_HISTORY", "").talk();
    assert_eq!(terminal.enter("20 + 2"), "22");
    let kept = std::fs::read_to_string(&file).expect("it is there");
    assert!(!kept.contains("20 + 2") && !kept.contains("1 + 1\n"), "{kept}");
}

#[test]
fn blocks_go_on_until_they_are_whole_and_pastes_stay_as_they_are() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).talk();
    assert_eq!(terminal.enter("if (true) {\nprint [1,\n2];\n}"), "[1, 2]");
    // A new line in a program that is whole already.
    terminal.type_in("print 1;");
    terminal.send(ALT_ENTER);
    terminal.type_in("print 2;");
    assert_eq!(terminal.run(), "1\n2");
    // Pasted: indentation and all, nothing runs before Enter.
    terminal.send("\x1b[200~fun g() {\n    return [\n        7];\n}\n\nprint g();\x1b[201~");
    terminal.expect("print g();");
    terminal.expect("        7];");
    assert_eq!(terminal.run(), "[7]");
    assert!(terminal.seen.windows(8).any(|bytes| bytes == b"\x1b[?2004h"), "pastes are marked");
    // The next entry may be an incomplete command.
    assert_eq!(
        terminal.enter(":type [1,\n2]"),
        "list, 56 bytes".replace("56", &weight(&mut terminal))
    );
}

/// The bytes of a list of two.
fn weight(terminal: &mut terminal::Terminal) -> String {
    terminal.enter("heap.footprint([1, 2])")
}

#[test]
fn tab_completes_names_members_of_live_objects_commands_and_files() {
    let folder = Folder::new();
    std::fs::write(folder.file("herd.calf"), "var loaded = 5;\n").expect("a file can be written");
    let mut terminal = Start::new(&folder).talk();
    terminal.enter(
        "class Cow { init(n) { this.nickname = n; this.herd = {\"k\": [n]}; } moo() { print 1; } }",
    );
    terminal.enter("var bertha = Cow(\"b\");");
    let mut completes = |typed: &str, expected: &str| {
        terminal.send(typed);
        terminal.send(TAB);
        terminal.expect_row(&format!("> {expected}"));
        terminal.interrupt();
    };
    completes("bert", "bertha");
    completes("whil", "while");
    completes("asser", "assert");
    completes("bertha.nick", "bertha.nickname");
    completes("bertha.mo", "bertha.moo");
    completes("bertha.herd.upd", "bertha.herd.update");
    completes("bertha.herd[\"k\"].pus", "bertha.herd[\"k\"].push");
    completes("bertha.herd[\"k\"][0].upp", "bertha.herd[\"k\"][0].upper");
    completes("gc.isFroz", "gc.isFrozen");
    completes("\"x\".starts", "\"x\".startsWith");
    completes("[1].removeA", "[1].removeAt");
    completes(":hea", ":heap");
    completes(":fork 3 bertha.nick", ":fork 3 bertha.nickname");
    completes(":gc froz", ":gc frozen");
    completes(":help isFroz", ":help isFrozen");
    completes(":load her", ":load herd.calf");
    completes("import \"her", "import \"herd.calf");
    // A list of what there is, with the arguments.
    terminal.send("bertha.herd.");
    terminal.send(TAB);
    terminal.send(TAB);
    terminal.expect("setDefault(k, v)");
    terminal.interrupt();
    assert_eq!(terminal.enter(":load herd.calf"), "");
    assert_eq!(terminal.enter("loaded"), "5");
}

#[test]
fn what_is_typed_is_coloured_and_hinted_at_and_brackets_are_matched() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).args(&["--color", "always"]).talk();
    terminal.enter("var answer = \"text\";");
    assert_eq!(terminal.color("var answer"), Color::Idx(5));
    assert_eq!(terminal.color("\"text\""), Color::Idx(2));
    assert_eq!(terminal.color("answer"), Color::Default);
    // The value, too.
    terminal.enter("[answer, 12]");
    assert_eq!(terminal.color("12]"), Color::Idx(6));
    // A hint from the history, grey, taken over by the right arrow.
    terminal.send("var ans");
    terminal.expect_row("> var answer = \"text\";");
    assert_eq!(terminal.color("wer = "), Color::Idx(8));
    terminal.send(RIGHT);
    terminal.wait_until("takes the hint", |terminal| terminal.color("wer = ") == Color::Default);
    terminal.interrupt();
    // What a command takes.
    terminal.send(":fork ");
    terminal.expect_row("> :fork [n] EXPR");
    terminal.interrupt();
    terminal.send("f((1))");
    terminal.wait_until("marks the brackets", |terminal| {
        terminal.text().ends_with("f((1))") && terminal.cell("((1))").inverse()
    });
    assert!(terminal.is_marked() && !terminal.cell("(1))").inverse());
    assert!(terminal.run().contains("NameError"));
    assert!(!terminal.is_marked(), "an accepted line is marked no longer");
}

#[test]
fn without_colour_nothing_is_coloured() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).env("NO_COLOR", "1").talk();
    terminal.enter("var answer = \"text\";");
    assert_eq!(terminal.enter("[answer, 1]"), "[\"text\", 1]");
    terminal.enter("nothing.there");
    terminal.enter(":help fork");
    let seen = String::from_utf8_lossy(&terminal.seen).into_owned();
    let paints = seen.split("\x1b[").skip(1).filter(|rest| {
        rest.split_once('m')
            .is_some_and(|(numbers, _)| numbers.chars().all(|c| c.is_ascii_digit() || c == ';'))
    });
    assert_eq!(paints.count(), 0, "{seen:?}");
}

#[test]
fn values_are_shown_and_kept_unless_a_semicolon_silences_them() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).talk();
    assert_eq!(terminal.enter("6 * 7"), "42");
    assert_eq!(terminal.enter("_ + 1"), "43");
    assert_eq!(terminal.enter("_ + 1;"), "");
    assert_eq!(terminal.enter("_"), "43");
    assert_eq!(terminal.enter("nil"), "");
    assert_eq!(terminal.enter("var a = \"b\""), "", "the last semicolon may be missing");
    assert_eq!(terminal.enter("print a"), "b");
    assert_eq!(terminal.enter("a"), "\"b\"");
    let error = terminal.enter("print aa;");
    assert!(
        error.contains("NameError") && error.contains("repl:") && error.contains("^"),
        "{error}"
    );
    let error = terminal.enter("fun f(n) { return f(n) + 1; } f(1)");
    assert!(error.contains("StackOverflow") && error.lines().count() < 20, "{error}");
    let error = terminal.enter("print 1 + ;");
    assert!(error.contains("Expect expression.") && error.contains('^'), "{error}");
    assert_eq!(terminal.enter("a + \"c\""), "\"bc\"", "an error costs nothing");
}

#[test]
fn values_are_shown_within_limits() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).talk();
    terminal.enter("var me = {\"name\": \"me\"}; me[\"self\"] = me; me[\"list\"] = [me, [1]];");
    let shown =
        "<ref *1> {\"name\": \"me\", \"self\": [Circular *1], \"list\": [[Circular *1], [1]]}";
    assert_eq!(terminal.enter("me"), shown);
    let shown = terminal.enter("range(100000).each == nil ? 0 : 0");
    assert!(shown.contains("Error"), "a range has no methods: {shown}");
    terminal.enter("var long = []; for (i in range(100000)) long.push(i);");
    let shown = terminal.enter("long");
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.first(), Some(&"["));
    assert!(lines.len() < 12 && lines.iter().all(|line| line.len() <= 80), "{shown}");
    assert!(shown.ends_with("98, 99, … 99900 more\n]"), "{shown}");
    assert_eq!(terminal.enter("[[[[[1, 2], []]]]]"), "[[[[[… 2 items], []]]]]");
    terminal.enter(":set depth 2");
    assert_eq!(terminal.enter("[[[1], {\"a\": 1}]]"), "[[[… 1 item], {… 1 entry}]]");
    terminal.enter(":set items 2");
    assert_eq!(terminal.enter("[1, 2, 3]"), "[1, 2, … 1 more]");
    terminal.enter(":set text 8");
    assert_eq!(terminal.enter("\"0123456789\""), "\"01234567\"… 2 more characters");
    let text =
        "class Cow { init() { this.milk = 3; this.name = \"B\"; } toString() { print \"!\"; } }";
    terminal.enter(text);
    assert_eq!(
        terminal.enter("Cow()"),
        "Cow { milk: 3, name: \"B\" }",
        "no code of the class runs"
    );
    assert_eq!(terminal.enter("numbers(9)"), "<numbers 9: 0, 0, 0, 0, 0, 0, 0, 0, …>");
    let settings = terminal.enter(":set");
    assert!(settings.contains("depth       2"), "{settings}");
    let refused = terminal.enter(":set depth 0");
    assert!(refused.contains("from 1 to 100"), "{refused}");
}

#[test]
fn wide_values_are_broken_over_lines() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).talk();
    terminal.enter("var herd = {}; for (i in range(3)) herd[\"cow number ${i}\"] = {\"milk\": i, \"name\": \"b\" .repeat(12)};");
    let expected = "\
{
  \"cow number 0\": {\"milk\": 0, \"name\": \"bbbbbbbbbbbb\"},
  \"cow number 1\": {\"milk\": 1, \"name\": \"bbbbbbbbbbbb\"},
  \"cow number 2\": {\"milk\": 2, \"name\": \"bbbbbbbbbbbb\"}
}";
    assert_eq!(terminal.enter("herd"), expected);
}

#[test]
fn it_is_left_by_words_and_by_keys() {
    let folder = Folder::new();
    for word in ["exit", "quit", "exit()", "quit;", ":quit", ":q"] {
        let mut terminal = Start::new(&folder).talk();
        terminal.type_in(word);
        terminal.send(ENTER);
        assert_eq!(code(terminal.end()), 0, "{word}");
    }
    let mut terminal = Start::new(&folder).talk();
    let hint = terminal.enter("exi");
    assert!(hint.contains("`exit` or Ctrl-D leaves"), "{hint}");
    let hint = terminal.enter(":qiut");
    assert!(hint.contains("':quit'"), "{hint}");
    // A name of one's own is one's own.
    terminal.enter("var exit = 5;");
    assert_eq!(terminal.enter("exit"), "5");
    terminal.type_in("os.exit(3)");
    terminal.send(ENTER);
    assert_eq!(code(terminal.end()), 3);
}

#[test]
fn a_script_is_talked_to_when_it_has_run() {
    let folder = Folder::new();
    let script = "print \"ran\"; var herd = os.args(); fun failed() { missing; }";
    std::fs::write(folder.file("herd.calf"), script).expect("written");
    let mut terminal = Start::new(&folder).args(&["-i", "herd.calf", "bertha"]).talk();
    assert!(terminal.text().contains("\nran\n"), "{}", terminal.text());
    assert_eq!(terminal.enter("herd"), "[\"bertha\"]");
    let error = terminal.enter("failed()");
    assert!(error.contains("herd.calf:1:"), "{error}");
    // What failed is there as far as it came.
    let mut terminal = Start::new(&folder).args(&["-i", "-e", "var kept = 1; missing;"]).talk();
    assert!(terminal.text().contains("NameError"), "{}", terminal.text());
    assert_eq!(terminal.enter("kept"), "1");
}

#[test]
fn help_is_inside() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).talk();
    let overview = terminal.enter(":help");
    assert!(
        overview.contains(":fork [n] EXPR")
            && overview.lines().all(|line| line.chars().count() <= 80),
        "{overview}"
    );
    assert_eq!(terminal.enter("help"), overview);
    let about = terminal.enter(":help fork");
    assert!(
        about.contains("os.fork(): makes a second process") && about.contains(":fork [n]"),
        "{about}"
    );
    let about = terminal.enter(":help list.push");
    assert_eq!(about, "list.push(x): adds an item at the end");
    let about = terminal.enter(":help list");
    let is_whole = |line: &str| line.starts_with("list.") || line.starts_with("    ");
    assert!(about.lines().count() > 12 && about.lines().all(is_whole), "{about}");
    assert!(terminal.enter(":help classes").contains("class"), "a page of the guide");
    assert!(terminal.enter(":help keys").contains("Ctrl-R"));
    for name in strategies() {
        let about = terminal.enter(&format!(":help {name}"));
        assert!(about.contains(&format!("collector {name}: ")), "{about}");
    }
    let tip = terminal.enter(":help frok");
    assert!(tip.contains("did you mean ':help fork'?"), "{tip}");
}

#[test]
fn sessions_are_saved_loaded_edited_and_begun_anew() {
    let folder = Folder::new();
    let editor = folder.file("editor");
    std::fs::write(&editor, "#!/bin/sh\necho 'print \"edited\"; milk + 100' > \"$1\"\n")
        .expect("written");
    let mut permissions = editor.metadata().expect("it is there").permissions();
    permissions.set_mode(0o755);
    std::fs::set_permissions(&editor, permissions).expect("it can be made a program");
    let mut terminal =
        Start::new(&folder).env("EDITOR", editor.to_str().expect("a plain path")).talk();
    terminal.enter("var milk = 3");
    terminal.enter("milk   +   1 // so much");
    terminal.type_in("broken +");
    terminal.send(ENTER);
    terminal.expect_row("");
    terminal.interrupt();
    terminal.enter("unknown;");
    assert_eq!(terminal.enter(":save session.calf"), "2 entries in 'session.calf'");
    let saved = std::fs::read_to_string(folder.file("session.calf")).expect("it was saved");
    assert_eq!(saved, "var milk = 3;\nmilk + 1; // so much\n");
    std::fs::write(folder.file("other.calf"), "kept").expect("written");
    assert!(terminal.enter(":save other.calf").contains("is there already"));
    assert!(terminal.enter(":save session.calf").contains("2 entries"), "its own file");
    assert_eq!(terminal.enter(":edit"), "edited\n103");
    assert_eq!(terminal.enter(":reset"), "");
    assert!(terminal.enter("milk").contains("NameError"));
    assert_eq!(terminal.enter(":load session.calf"), "");
    assert_eq!(terminal.enter("milk"), "3");
    assert!(terminal.enter(":load nothing.calf").contains("cannot read 'nothing.calf'"));
    assert_eq!(terminal.enter(":edit new.calf"), "edited\n103");
}

#[test]
fn code_is_looked_at_and_timed() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).talk();
    assert_eq!(terminal.enter(":vars"), "nothing is defined yet");
    terminal.enter("var cows = [1, \"two\"]; fun moo(n) { return n + 1; }");
    let variables = terminal.enter(":vars");
    assert_eq!(variables, "cows  list      [1, \"two\"]\nmoo   function  <fn moo>");
    assert!(terminal.enter(":type cows").starts_with("list, "));
    assert_eq!(terminal.enter(":type 1"), "number");
    let listing = terminal.enter(":dis moo");
    assert!(listing.contains("moo") && listing.contains("Return"), "{listing}");
    let listing = terminal.enter(":dis print 1 + cows[0];");
    assert!(listing.contains("Print"), "{listing}");
    let timed = terminal.enter(":time moo(41)");
    assert!(timed.starts_with("42\n") && timed.contains("collection"), "{timed}");
    let timed = terminal.enter(":bench moo(41)");
    assert!(timed.starts_with("best ") && timed.contains("median "), "{timed}");
    assert!(terminal.enter(":bench").contains("Usage: :bench EXPR"));
    assert!(terminal.enter(":time missing()").contains("NameError"));
}

#[test]
fn another_collector_takes_over_the_session() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).args(&["--gc", "inline"]).talk();
    terminal.enter("var herd = []; for (i in range(10)) herd.push(i);");
    terminal.enter("print \"said once\"; herd.push(99)");
    terminal.enter("var child = os.pid();");
    let said = terminal.enter(":gc frozen");
    assert_eq!(said, "Under 'frozen' now; 2 entries run again; 1 entry not, with `os` or `input`.");
    assert_eq!(terminal.enter("[gc.name(), len(herd), herd[-1]]"), "[\"frozen\", 11, 99]");
    assert!(terminal.enter("child").contains("NameError"));
    assert!(terminal.enter(":gc frozzen").contains("did you mean 'frozen'?"));
    assert!(terminal.enter(":gc").starts_with("frozen: "));
    let refused = terminal.enter(":gc inline:no=such");
    assert!(refused.contains("no") && terminal.enter("gc.name()") == "\"frozen\"", "{refused}");
    for name in strategies() {
        terminal.enter(&format!(":gc {name}"));
        assert_eq!(terminal.enter("[gc.name(), len(herd)]"), format!("[\"{name}\", 11]"));
    }
}

/// Pages copied and pages shared, in the line that `:fork` prints.
fn pages(line: &str) -> (usize, usize) {
    let before = line.split(" pages copied").next().unwrap_or_default();
    let (copied, shared) = before.rsplit_once(" of ").unwrap_or_else(|| panic!("{line}"));
    let copied = copied.rsplit("  ").next().unwrap_or_default();
    let number = |text: &str| text.replace(' ', "").parse().unwrap_or_else(|_| panic!("{line}"));
    (number(copied), number(shared))
}

#[test]
fn two_forks_show_the_lesson_in_two_lines() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).rows(24).args(&["--gc", "inline"]).talk();
    terminal.enter("var herd = []; for (i in range(50000)) herd.push([i]);");
    let inline = terminal.enter(":fork gc.collect()");
    terminal.enter(":gc frozen");
    terminal.enter("gc.freeze()");
    let frozen = terminal.enter(":fork gc.collect()");
    assert_eq!((inline.lines().count(), frozen.lines().count()), (1, 1), "{inline}\n{frozen}");
    assert!(inline.starts_with("0  ") && inline.contains("header "), "{inline}");
    let (copied, shared) = pages(&inline);
    assert!(shared > 500 && copied * 2 > shared, "{inline}");
    let (copied, shared) = pages(&frozen);
    assert!(shared > 500 && copied < 10, "{frozen}");
    // The parent is as it was, and so is the terminal.
    assert_eq!(terminal.enter("len(herd)"), "50000");
    // Reading counts, storing stores; several children; what a child defines is the child's.
    let read = terminal.enter(":fork 2 herd.reduce(fun (sum, one) { return sum + one[0]; }, 0)");
    assert_eq!(read.matches("pages copied").count(), 2, "{read}");
    assert!(read.contains("count "), "{read}");
    let wide = terminal.enter(":fork \"a value that does not stand beside\"");
    assert_eq!(wide.lines().count(), 2, "{wide}");
    terminal.enter(":fork herd.clear()");
    assert_eq!(terminal.enter("len(herd)"), "50000");
    let blame = terminal.enter(":blame herd[100][0] = 2");
    assert!(
        blame.starts_with("2\n") && blame.contains("store") || blame.contains("not watched"),
        "{blame}"
    );
    assert!(terminal.enter(":fork missing").contains("NameError"));
    assert_eq!(terminal.enter(":fork os.exit(7)"), "The child left with exit code 7.");
    assert_eq!(terminal.enter(":fork os.kill(os.pid(), 9)"), "The child was ended by signal 9.");
    // A child of the child is silent, and a fork without the command leaves the terminal to the parent.
    assert_eq!(terminal.enter(":fork os.fork() == 0").matches("pages copied").count(), 1);
    assert_eq!(
        terminal.enter("var pid = os.fork(); pid != 0 and os.wait(pid)").matches("false").count(),
        1
    );
    assert_eq!(terminal.enter("6 * 7"), "42");
}

#[test]
fn ctrl_c_drops_a_line_interrupts_a_run_and_kills_at_last() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).talk();
    terminal.type_in("var half = [1,");
    terminal.interrupt();
    terminal.enter("var kept = 7;");
    terminal.type_in("var n = 0; while (true) { n += 1; if (n == 9) print \"begun\"; }");
    terminal.send(ENTER);
    terminal.expect("\nbegun");
    terminal.send(CTRL_C);
    terminal.expect("^C\nerror[Interrupt]");
    terminal.wait_for_prompt();
    assert_eq!(terminal.enter("[kept, n > 0]"), "[7, true]", "the state is kept");
    terminal.type_in("print \"asleep\"; os.sleep(1000)");
    terminal.send(ENTER);
    terminal.expect("\nasleep");
    terminal.interrupt();
    terminal.type_in(":fork os.write(1, \"in the child\\n\") + os.sleep(1000)");
    terminal.send(ENTER);
    terminal.expect("\nin the child");
    terminal.interrupt();
    assert_eq!(terminal.enter("kept"), "7");
    // One that does not listen.
    terminal.type_in(
        "while (true) try { print \"on\"; while (true) n += 1; } catch (e) { print \"no\" + \"!\"; }",
    );
    terminal.send(ENTER);
    terminal.expect("\non");
    terminal.send(CTRL_C);
    terminal.expect("\nno!");
    terminal.send(CTRL_C);
    assert_eq!(code(terminal.end()), 130);
}

#[test]
fn the_terminal_is_whole_after_any_end() {
    let folder = Folder::new();
    let is_whole = |text: &str| {
        let end = text.split("whole?").nth(1).unwrap_or_default();
        ["icanon", "isig", "echo"].iter().all(|flag| end.split_whitespace().any(|it| it == *flag))
    };
    for signal in ["TERM", "SEGV", "HUP", "ABRT"] {
        let start = Start::new(&folder).afterwards("echo whole?; stty -a");
        let mut terminal = start.talk();
        let process = terminal.enter("os.pid()");
        terminal.type_in("in the middle of");
        let process = process.trim().parse().expect("a number");
        terminal::send_signal(process, signal);
        terminal.wait_until("is whole", |terminal| is_whole(&terminal.text()));
        let pastes = terminal.seen.windows(8).filter(|bytes| *bytes == b"\x1b[?2004l").count();
        assert!(pastes > 1, "pastes are marked no longer");
        terminal.end();
    }
    let mut terminal = Start::new(&folder).afterwards("echo whole?; stty -a").talk();
    terminal.type_in("1 +");
    terminal.send(CTRL_A);
    terminal.interrupt();
    terminal.send(CTRL_D);
    terminal.wait_until("is whole", |terminal| is_whole(&terminal.text()));
}

#[test]
fn the_heap_is_looked_at() {
    let folder = Folder::new();
    let mut terminal = Start::new(&folder).talk();
    terminal.enter("class Cow { init(n) { this.n = n; } } var herd = []; for (i in range(3000)) herd.push(Cow(i));");
    let heap = terminal.enter(":heap");
    let row =
        heap.lines().find(|line| line.starts_with("Cow ")).unwrap_or_else(|| panic!("{heap}"));
    assert!(row.contains(" 3 000 "), "{heap}");
    let pages = terminal.enter(":pages");
    assert!(pages.contains("objects"), "{pages}");
    let holders = terminal.enter(":refs herd[7]");
    assert!(!holders.is_empty() && !holders.contains("Error"), "{holders}");
    let path = terminal.enter(":path herd[7]");
    assert!(path.contains("herd"), "{path}");
    assert_eq!(terminal.enter(":path [1]"), "nothing but this expression holds it");
    terminal.enter(":growth");
    assert!(terminal.enter(":diff").contains("`:snapshot` comes first"));
    assert!(terminal.enter(":snapshot").ends_with(" objects"));
    terminal.enter("for (i in range(500)) herd.push(Cow(i));");
    for command in [":growth", ":diff"] {
        let changes = terminal.enter(command);
        let row = changes.lines().find(|line| line.starts_with("Cow "));
        assert!(row.is_some_and(|row| row.contains("500")), "{command}: {changes}");
    }
    assert!(terminal.enter(":snapshot heap.dump").ends_with(" objects"));
    assert!(folder.file("heap.dump").exists());
}
