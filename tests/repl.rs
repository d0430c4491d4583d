//! The REPL in a real terminal: blocks, ways to leave, a look at code.

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use rexpect::process::WaitStatus;
use terminal::{ALT_ENTER, ENTER, Folder, Start};

fn code(status: WaitStatus) -> i32 {
    match status {
        WaitStatus::Exited(_, code) => code,
        WaitStatus::Signaled(_, signal, _) => 128 + signal as i32,
        other => panic!("not an end: {other:?}"),
    }
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
