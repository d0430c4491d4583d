//! Every script under `tests/language`, every lesson in `examples` and every program in the book under
//! `docs`, under every strategy: plain, with a collection at each allocation, and going on in a forked child.
//!
//! One named test for each: `cargo test --test golden closure`, or `… inline::stress`, or `… frozen::child`.

mod support;

use calf_gc::VARIANTS;
use calf_suite::Expectation;
use libtest_mimic::{Arguments, Trial};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use support::{Calf, files_below, root, strategies_and_adversary, temporary_file};

const PLAIN_LIMIT: Duration = Duration::from_secs(20);
const STRESS_LIMIT: Duration = Duration::from_secs(60);

/// A program with its expectations.
struct Script {
    name: String,
    path: PathBuf,
    expectation: Expectation,
}

/// The other collectors that an option makes of a strategy are run plainly; these are stressed, too, as they look at registers.
const STRESSED_VARIANTS: [&str; 1] = ["side-counts:defer=stack"];

/// What these make garbage of in the child must not lie in the parent's heap: `zygote` keeps what is shared, for good.
const FORKED_AT_START: [&str; 2] = ["language/finalize/in_cycle", "examples/07_cycles"];

fn main() {
    let mut arguments = Arguments::from_args();
    // The machines of students have few cores, and a script that forks uses two.
    arguments.test_threads.get_or_insert(2);
    // Thousands of names are only of use to someone who asked for a few of them.
    if arguments.filter.is_none() && !arguments.list && arguments.format.is_none() {
        arguments.quiet = true;
    }

    let mut trials = vec![Trial::test("expectations::a_wrong_one_is_refused", refuses_wrong_ones)];
    let mut strategies = strategies_and_adversary();
    strategies.extend(STRESSED_VARIANTS.map(str::to_owned));
    let variants = VARIANTS.iter().filter(|variant| variant.option.is_some());
    let mut plain: Vec<String> = variants.map(|variant| variant.name()).collect();
    assert!(STRESSED_VARIANTS.iter().all(|name| plain.iter().any(|other| other == name)));
    plain.retain(|name| !strategies.contains(name));
    let mut scripts = language();
    assert!(scripts.len() > 400, "the scripts under tests/language are missing");
    scripts.extend(lessons());
    scripts.extend(book());
    trials.extend(formatted().into_iter().map(|script| {
        let name = format!("{}::formatted", script.name);
        Trial::test(name, move || Ok(check(&script, Calf::new(), PLAIN_LIMIT)?))
    }));
    for script in scripts.into_iter().map(Arc::new) {
        trials.extend(trials_of(&script, &strategies, &plain));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Under `strategies` plain, stressed and in a child, under `only_plain` plain.
fn trials_of(script: &Arc<Script>, strategies: &[String], only_plain: &[String]) -> Vec<Trial> {
    if !script.expectation.compile_errors.is_empty() {
        // No strategy has a say in what does not compile.
        let script = Arc::clone(script);
        let name = format!("{}::compile", script.name);
        return vec![Trial::test(name, move || Ok(check(&script, Calf::new(), PLAIN_LIMIT)?))];
    }
    let mut trials = Vec::new();
    for strategy in strategies.iter().chain(only_plain) {
        let (plain, plain_strategy) = (Arc::clone(script), strategy.clone());
        trials.push(Trial::test(format!("{}::{strategy}::plain", script.name), move || {
            Ok(check(&plain, Calf::new().gc(&plain_strategy), PLAIN_LIMIT)?)
        }));
    }
    for strategy in strategies {
        let (stressed, stressed_strategy) = (Arc::clone(script), strategy.clone());
        let trial = Trial::test(format!("{}::{strategy}::stress", script.name), move || {
            Ok(check(&stressed, Calf::new().gc(&stressed_strategy).stress(), STRESS_LIMIT)?)
        });
        trials.push(trial.with_ignored_flag(script.expectation.skips_stress));
        let (forked, forked_strategy) = (Arc::clone(script), strategy.clone());
        let trial = Trial::test(format!("{}::{strategy}::child", script.name), move || {
            let calf = Calf::new().gc(&forked_strategy).args(["--gc-zeal", &child_modes(&forked)]);
            Ok(check(&forked, calf, STRESS_LIMIT)?)
        });
        trials.push(trial.with_ignored_flag(script.expectation.skips_stress));
    }
    trials
}

/// The program goes on in a forked child: some from the start, others from somewhere within, on a heap that the parent has filled.
/// There is a collection before every third allocation, and everything is verified around it.
fn child_modes(script: &Script) -> String {
    let within = 1 + 3 * (script.name.len() % 8);
    let allocation = if FORKED_AT_START.contains(&script.name.as_str()) { 1 } else { within };
    format!("verify,every=3,fork={allocation}")
}

fn check(script: &Script, calf: Calf, limit: Duration) -> Result<(), String> {
    let wrong = script.expectation.check(calf.into_command(), &script.path, limit);
    let wrong = wrong.map_err(|error| error.to_string())?;
    match wrong.is_empty() {
        true => Ok(()),
        false => {
            Err(format!("{} is not as expected:\n{}", script.path.display(), wrong.join("\n")))
        }
    }
}

/// A script of `tests/language`, but not what it imports, which lies in a folder called `parts`.
fn language() -> Vec<Script> {
    let directory = root().join("tests/language");
    let is_part = |path: &Path| path.components().any(|part| part.as_os_str() == "parts");
    let files = files_below(&directory, "calf").into_iter().filter(|path| !is_part(path));
    files.map(|path| script_at(path, &root().join("tests"))).collect()
}

/// The scripts of `tests/language` that compile, and the lessons, as `calf fmt` writes them, with the expectations that then stand beside their lines:
/// formatting must change nothing that a script does. They lie in a copy of their folder, so that they find what they import.
fn formatted() -> Vec<Script> {
    let mut scripts = Vec::new();
    let originals = files_below(&root().join("tests/language"), "calf");
    for path in originals.into_iter().chain(lessons().into_iter().map(|lesson| lesson.path)) {
        let bytes = std::fs::read(&path).expect("a script can be read");
        let relative = path.strip_prefix(root()).expect("a script lies below the root");
        let name = relative.with_extension("").display().to_string();
        let file = calf_source::SourceFile::from_bytes(name.as_str(), bytes.clone()).ok();
        let text = file.and_then(|file| calf_format::format(&file).ok());
        let copy = format!("formatted/{}", relative.display());
        let copy = temporary_file(&copy, text.as_ref().map_or(bytes.as_slice(), String::as_bytes));
        let is_part = relative.components().any(|part| part.as_os_str() == "parts");
        let Some(text) = text.filter(|_| !is_part) else { continue };
        let script = script(name.trim_start_matches("tests/").to_owned(), copy, &text);
        if script.expectation.compile_errors.is_empty() {
            scripts.push(script);
        }
    }
    assert!(scripts.len() > 400, "few scripts can be formatted: {}", scripts.len());
    scripts
}

fn lessons() -> Vec<Script> {
    let directory = root().join("examples");
    let is_lesson = |path: &PathBuf| path.parent() == Some(&directory);
    let files = files_below(&directory, "calf").into_iter().filter(is_lesson);
    files.map(|path| script_at(path, root())).collect()
}

fn script_at(path: PathBuf, base: &Path) -> Script {
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let relative = path.strip_prefix(base).expect("a script lies below its base");
    let name = relative.with_extension("").display().to_string();
    script(name, path, &text)
}

fn script(name: String, path: PathBuf, text: &str) -> Script {
    let expectation = Expectation::read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    Script { name, path, expectation }
}

/// The programs in the book: each block that is marked as `calf`. A block is put at the same line of a
/// file of its own, so that a line named in an error is the line in the book.
fn book() -> Vec<Script> {
    let mut scripts = Vec::new();
    for chapter in files_below(&root().join("docs"), "md") {
        let text = std::fs::read_to_string(&chapter).expect("a chapter can be read");
        let title = chapter.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        for (line, program) in blocks(&text) {
            let program = format!("{}{program}", "\n".repeat(line));
            let path = temporary_file(&format!("docs/{title}_{line}.calf"), &program);
            scripts.push(script(format!("docs/{title}/line_{line}"), path, &program));
        }
    }
    scripts
}

/// The line number of each opening fence, and the text between it and the closing one.
fn blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, line) in text.lines().enumerate() {
        match &mut open {
            None if line.trim_end() == "```calf" => open = Some((index + 1, String::new())),
            None => {}
            Some(_) if line.trim_end() == "```" => blocks.extend(open.take()),
            Some((_, program)) => {
                program.push_str(line);
                program.push('\n');
            }
        }
    }
    assert!(open.is_none(), "a block is never closed");
    blocks
}

/// The harness itself can fail: one program, and each kind of expectation that it does not meet.
fn refuses_wrong_ones() -> Result<(), libtest_mimic::Failed> {
    let program = "print 1;\nprint nope;\n";
    let path = temporary_file("refused.calf", program);
    let meets = |text: &str| {
        let expectation = Expectation::read(text).expect("these are expectations");
        let wrong = expectation.check(Calf::new().into_command(), &path, PLAIN_LIMIT);
        wrong.expect("the interpreter can be run").is_empty()
    };
    let message = "Undefined variable 'nope'.";
    assert!(meets(&format!("// expect: 1\n// expect runtime error: {message}")));
    let wrong = [
        String::new(),
        "// expect: 1".to_owned(),
        format!("\n// expect runtime error: {message}"),
        format!("// expect: 2\n// expect runtime error: {message}"),
        format!("// expect: 1\n// expect: 1\n// expect runtime error: {message}"),
        "// expect: 1\n// expect runtime error: Undefined variable 'other'.".to_owned(),
        format!("// expect: 1\n\n// expect runtime error: {message}"),
        "// expect: 1\n// expect error: Expect".to_owned(),
        format!("// exit: 3\n// expect: 1\n// expect runtime error: {message}"),
    ];
    for text in wrong {
        if meets(&text) {
            return Err(format!("the harness accepts {text:?}").into());
        }
    }
    for text in ["// expects: 1", "// expect eror: 1", "// expect error line x: y", "// exit: x"] {
        if Expectation::read(text).is_ok() {
            return Err(format!("the harness overlooks {text:?}").into());
        }
    }
    Ok(())
}
