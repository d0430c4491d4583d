//! What formatting must never do: change a program, lose a comment, or go on changing what it has formatted.

use calf_format::{FormatError, WIDTH, format};
use calf_lexer::Lexer;
use calf_source::SourceFile;
use std::path::{Path, PathBuf};

fn files_below(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries {
        let path = entry.expect("a directory can be listed").path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "calf") {
            found.push(path);
        }
    }
}

/// Every script of the repository that has no syntax errors.
fn scripts() -> Vec<(PathBuf, SourceFile)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    for directory in ["tests", "examples", "benches", "crates"] {
        files_below(&root.join(directory), &mut paths);
    }
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).expect("a script can be read");
        let file = SourceFile::from_bytes(path.to_string_lossy(), bytes).ok()?;
        calf_parser::parse(&bumpalo::Bump::new(), &file).is_ok().then_some((path, file))
    };
    paths.into_iter().filter_map(read).collect()
}

/// The formatted text, which must be the same when it is formatted again.
#[track_caller]
fn formatted(text: &str) -> String {
    let once = format(&SourceFile::new("once", text)).unwrap_or_else(|error| {
        panic!("{error:?} in:\n{text}");
    });
    let twice = format(&SourceFile::new("twice", once.as_str()));
    let twice = twice.unwrap_or_else(|error| panic!("{error:?} in the formatted:\n{once}"));
    assert_eq!(once, twice, "it goes on changing; the original:\n{text}");
    once
}

#[track_caller]
fn assert_format(text: &str, expected: &str) {
    assert_eq!(formatted(text), expected);
}

/// Random numbers, the same on every machine (Steele, Lea and Flood's SplitMix64, 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) % bound as u64) as usize
    }
}

#[test]
fn every_script_keeps_its_tree_and_its_comments() {
    let scripts = scripts();
    assert!(scripts.len() > 500, "the scripts are missing: {}", scripts.len());
    for (_, file) in scripts {
        formatted(file.text());
    }
}

/// Puts comments and line breaks between any two tokens.
#[test]
fn comments_may_stand_anywhere() {
    let pieces = [
        " // line\n",
        " /* block */ ",
        "\n/* own */\n",
        "\n\n\n",
        "\n// own line\n",
        "/*\n two */",
    ];
    let mut random = Random(1);
    for (path, file) in scripts() {
        let text = file.text();
        let mut changed = String::new();
        let mut last = 0;
        for (_, span) in Lexer::new(text).filter_map(Result::ok) {
            let start = span.start as usize;
            changed.push_str(&text[last..start]);
            last = start;
            // The text of a string goes on there.
            let within = text.as_bytes()[start] == b'}';
            if !within && random.below(8) == 0 {
                changed.push_str(pieces[random.below(pieces.len())]);
            }
        }
        changed.push_str(&text[last..]);
        let result = std::panic::catch_unwind(|| formatted(&changed));
        assert!(result.is_ok(), "{} with comments:\n{changed}", path.display());
    }
}

#[test]
fn deep_and_long_programs_neither_overflow_nor_take_long() {
    const DEEP: usize = 990;
    let nested = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(DEEP), close.repeat(DEEP))
    };
    formatted(&nested("{", "", "}"));
    formatted(&format!("print {};", nested("[", "", "]")));
    formatted(&format!("print {};", nested("(", "1", ")")));
    formatted(&format!("print {};", nested("-", "1", "")));
    formatted(&format!("print {};", nested("f(", "1", ")")));
    formatted(&format!("print {};", nested("a ? ", "1", " : 2")));
    formatted(&format!("{} 1;", "x = ".repeat(DEEP)));
    formatted(&nested("if (a) ", "b;", ""));
    formatted(&format!("{}{}", "fun f() {".repeat(DEEP / 2), "}".repeat(DEEP / 2)));
    formatted(&format!("print {};", nested("\"${", "1", "}\"")));
    const LONG: usize = 50_000;
    formatted(&format!("print 1{};", " + 1".repeat(LONG)));
    formatted(&format!("print a{};", ".b(1)[2]".repeat(LONG)));
    formatted(&format!("if (a) b; {}", "else if (c) d; ".repeat(LONG)));
    formatted(&format!("print a ? b : {} c;", "a ? b : ".repeat(900)));
    formatted(&"print 1; // one\n".repeat(LONG));
    formatted(&format!("print [{}];", "1, ".repeat(LONG)));
}

#[test]
fn errors_are_refused() {
    let refused = format(&SourceFile::new("wrong", "print 1"));
    assert!(matches!(refused, Err(FormatError::Syntax(diagnostics)) if diagnostics.len() == 1));
}

#[test]
fn a_statement_has_a_line_and_a_block_of_one_may_stay_on_it() {
    assert_format("print   1;print 2 ;", "print 1;\nprint 2;\n");
    assert_format("var a;\n\n\n\nvar b=1;", "var a;\n\nvar b = 1;\n");
    assert_format("", "");
    assert_format("#!/usr/bin/calf  \n\nprint 1;", "#!/usr/bin/calf\n\nprint 1;\n");
    assert_format("fun f(a,b){return a;}", "fun f(a, b) { return a; }\n");
    assert_format("fun f(a,b){\nreturn a;}", "fun f(a, b) {\n  return a;\n}\n");
    assert_format("{print 1;print 2;}", "{\n  print 1;\n  print 2;\n}\n");
    assert_format("while(a){}", "while (a) {}\n");
    assert_format("if(a)b;else c;", "if (a) b; else c;\n");
    assert_format("if(a){b;}else{c;}", "if (a) {\n  b;\n} else {\n  c;\n}\n");
    assert_format("if(a){b;}else{c;d;}", "if (a) {\n  b;\n} else {\n  c;\n  d;\n}\n");
    assert_format("for(;;){}", "for (;;) {}\n");
    assert_format("for(var i=0;i<2;i+=1)print i;", "for (var i = 0; i < 2; i += 1) print i;\n");
    assert_format("for(var x in y)print x;", "for (var x in y) print x;\n");
    assert_format(
        "class A<B{init(){this.a=super.b;}\n\n\nc(){}}",
        "class A < B {\n  init() { this.a = super.b; }\n\n  c() {}\n}\n",
    );
    assert_format(
        "try{a();}catch(e){print e;}finally{\nb();}",
        "try {\n  a();\n} catch (e) {\n  print e;\n} finally {\n  b();\n}\n",
    );
    assert_format("import\"a\"as b;", "import \"a\" as b;\n");
}

#[test]
fn comments_stay_where_they_belong() {
    assert_format(
        "a(); // one\n// two\n\n\n/* three */ b();",
        "a(); // one\n// two\n\n/* three */ b();\n",
    );
    assert_format("{ // open\n}", "{ // open\n}\n");
    assert_format("{\n\n// only\n\n}", "{\n  // only\n}\n");
    assert_format("f(a, // first\nb);", "f(\n  a, // first\n  b\n);\n");
    assert_format("f(/* a */1, 2/* b */);", "f(/* a */ 1, 2 /* b */);\n");
    assert_format("print [1, 2 // last\n];", "print [\n  1, 2, // last\n];\n");
    assert_format(
        "if (a) {\n  b();\n} // no\nelse {\n  c();\n}",
        "if (a) {\n  b();\n} // no\nelse {\n  c();\n}\n",
    );
    assert_format("var a = // why\n 1;", "var a = 1; // why\n");
    assert_format("print \"${a /* b */}\";", "print \"${a /* b */}\";\n");
    assert_format("a();\n// end", "a();\n// end\n");
    assert_format("// only\n", "// only\n");
}

#[test]
fn long_lines_break_where_it_makes_sense() {
    let a = "a".repeat(60);
    assert_format(&format!("f({a},{a});"), &format!("f(\n  {a},\n  {a}\n);\n"));
    assert_format(&format!("print [{a},{a},];"), &format!("print [\n  {a},\n  {a},\n];\n"));
    assert_format(
        &format!("print {{\"a\":{a},\"b\":{a}}};"),
        &format!("print {{\n  \"a\": {a},\n  \"b\": {a},\n}};\n"),
    );
    assert_format(&format!("print {a}+1-{a}*2;"), &format!("print {a}\n  + 1\n  - {a} * 2;\n"));
    assert_format(
        &format!("if({a} and {a}){{f();}}"),
        &format!("if (\n  {a}\n  and {a}\n) {{ f(); }}\n"),
    );
    assert_format(&format!("print {a}?{a}:b;"), &format!("print {a}\n  ? {a}\n  : b;\n"));
    assert_format(
        &format!("{a}.map(fun(x){{return {a};}});"),
        &format!("{a}.map(fun (x) {{\n  return {a};\n}});\n"),
    );
    assert_format(&format!("{a}.map([{a}]);"), &format!("{a}.map([\n  {a},\n]);\n"));
    assert_format(
        &format!("{a}.one().two(bbbbbbbbbbbbbbbbbbb).three(cccccccccccccccccccc);"),
        &format!("{a}\n  .one()\n  .two(bbbbbbbbbbbbbbbbbbb)\n  .three(cccccccccccccccccccc);\n"),
    );
    let b = "b".repeat(33);
    assert_format(&format!("if (c) {a}.{b}();"), &format!("if (c)\n  {a}.{b}();\n"));
    let numbers = formatted(&format!("var a = [{}];", "1000, ".repeat(40)));
    assert_eq!(numbers.lines().count(), 5, "short literals share lines:\n{numbers}");
    assert!(numbers.lines().all(|line| line.len() <= WIDTH));
    assert_format("print [1,2,];", "print [1, 2];\n");
}
