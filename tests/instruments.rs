//! The instruments that look at a heap, at processes and at the machine, as people run them.

mod support;

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use support::{Calf, INPUT_OUTPUT, OK, USAGE, strategies};

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("calf-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder can be made");
        Folder(path)
    }
    fn file(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

const FROZEN_HEAP: &str = r#"
class Rec { init(n) { this.n = n; this.tags = [n]; } }
var all = [];
for (i in range(3000)) all.push(Rec(i));
try { gc.freeze(); } catch (e) {}
var sealed = nil;
try { sealed = mem.seal([[1], [2]]); } catch (e) {}
print heap.dump(os.args()[0]);
print heap.path(all[7].tags);
"#;

#[test]
fn every_strategy_shows_all_its_objects() {
    let folder = Folder::new("dumps");
    let mut states = Vec::new();
    for strategy in strategies() {
        let file = folder.file(&strategy);
        let run = Calf::new().gc(&strategy).args(["-e", FROZEN_HEAP, &file]).run();
        run.expect_code(OK);
        let path = r#"["global 'all': list", "[7]: Rec", ".tags: list"]"#;
        assert_eq!(run.stdout.lines().nth(1), Some(path), "{strategy}");
        let text = fs::read_to_string(&file).expect("the dump is there");
        let recs = text.lines().filter(|line| line.contains("\"type\":\"Rec\"")).count();
        assert_eq!(recs, 3000, "{strategy}");
        let top = Calf::new().args(["heap", "top", &file, "--json"]).run();
        top.expect_code(OK);
        let top: Value = serde_json::from_str(&top.stdout).expect("JSON");
        assert_eq!(top["strategy"], strategy);
        let holder = &top["holders"][0];
        assert_eq!(holder["name"], "global 'all'", "{strategy}: {top}");
        assert!(holder["objects"].as_u64() >= Some(6001), "{strategy}: {holder}");
        for state in ["frozen", "immortal", "sealed"] {
            if text.contains(&format!("\"state\":\"{state}\"")) {
                states.push(format!("{strategy} {state}"));
            }
        }
    }
    assert_eq!(states, ["frozen frozen", "immortal immortal", "zygote frozen", "sealed sealed"]);
}

#[test]
fn a_walk_copies_no_pages_of_a_child() {
    const WALK: &str = r#"
var all = [];
for (i in range(30000)) all.push([i, "s${i}"]);
var child = os.fork();
if (child == 0) {
    var before; var after;
    for (round in range(4)) {
        before = mem.copied();
        heap.dump("/dev/null");
        heap.retained(all);
        heap.growth();
        after = mem.copied();
    }
    print "${before["shared"]} ${after["pages"] - before["pages"]}";
    os.quickExit(0);
}
os.wait(child);
"#;
    for strategy in strategies() {
        let run = Calf::new().gc(&strategy).args(["-e", WALK]).run();
        run.expect_code(OK);
        let numbers: Vec<i64> =
            run.stdout.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        // The answers themselves are maps, which lie on some pages.
        assert!(numbers[0] > 400 && numbers[1] <= 2, "{strategy}: {}", run.stdout);
    }
}

#[test]
fn two_dumps_are_compared() {
    let folder = Folder::new("difference");
    let (before, after) = (folder.file("before"), folder.file("after"));
    const GROWS: &str = r#"
class Session { init(n) { this.n = n; } }
var sessions = [];
heap.dump(os.args()[0]);
for (i in range(1000)) sessions.push(Session(i));
heap.dump(os.args()[1]);
print heap.difference(os.args()[0], os.args()[1])["Session"]["objects"];
"#;
    let run = Calf::new().args(["-e", GROWS, &before, &after]).run();
    run.expect_code(OK).expect_stdout("1000\n");
    let diff = Calf::new().args(["heap", "diff", &before, &after, "--json"]).run();
    diff.expect_code(OK);
    let diff: Value = serde_json::from_str(&diff.stdout).expect("JSON");
    let of = |table: &str, name: &str| -> Value {
        let rows = diff[table].as_array().expect("a table");
        rows.iter().find(|row| row["name"] == name).cloned().unwrap_or_default()
    };
    assert_eq!(of("types", "Session")["objects"], 1000);
    assert_eq!(of("holders", "global 'sessions'")["objects"], 1000);
    let table = Calf::new().args(["heap", "diff", &before, &after]).run();
    assert!(table.stdout.contains("Session") && table.stdout.contains("+1000"), "{table:?}");
    let same = Calf::new().args(["heap", "diff", &before, &before]).run();
    assert!(same.stdout.contains("(nothing has changed)"), "{same:?}");
    let drawn = Calf::new().args(["heap", "dot", &after, "--depth", "2", "--breadth", "3"]).run();
    drawn.expect_code(OK);
    assert!(drawn.stdout.starts_with("digraph") && drawn.stdout.contains("Session"), "{drawn:?}");
    let far = Calf::new().args(["heap", "dot", &after, "--object", "99999999"]).run();
    far.expect_code(USAGE);
    let none = Calf::new().args(["heap", "top", "Cargo.toml"]).run();
    none.expect_code(INPUT_OUTPUT);
    assert!(none.stderr.contains("heap.dump(file) writes one"), "{none:?}");
}

#[test]
fn a_process_draws_its_pages_when_it_leaves() {
    const FORKS: &str = r#"
var all = [];
for (i in range(5000)) all.push([i]);
var child = os.fork();
if (child == 0) { for (x in all) x[0] = 1; os.quickExit(0); }
os.wait(child);
"#;
    let run = Calf::new().args(["--page-map=json", "-e", FORKS]).run();
    run.expect_code(OK).expect_stdout("");
    let maps: Vec<Value> = run
        .stderr
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON")["pageMap"].clone())
        .collect();
    assert_eq!(maps.len(), 2, "{run:?}");
    assert_eq!((&maps[0]["forked"], &maps[1]["forked"]), (&true.into(), &false.into()));
    let copied = |map: &Value| {
        map["pages"]["program"].as_u64().unwrap() + map["pages"]["collector"].as_u64().unwrap()
    };
    assert!(copied(&maps[0]) > 20 && copied(&maps[1]) == 0, "{run:?}");
    let picture = Calf::new().env("COLUMNS", "60").args(["--page-map=ascii", "-e", FORKS]).run();
    assert!(picture.stderr.is_ascii() && picture.stderr.contains("@ copied by the program"));
    assert!(picture.stderr.lines().all(|line| line.len() <= 80), "{picture:?}");
    assert!(!picture.stderr.contains('\x1b'), "no colour where there is no terminal");
}

#[test]
fn the_doctor_looks_at_everything() {
    let run = Calf::new().arg("doctor").run();
    run.expect_code(OK);
    for name in [
        "page size",
        "huge pages",
        "overcommit",
        "page map",
        "smaps",
        "userfaultfd",
        "perf",
        "mappings",
        "soft-dirty",
        "cores",
        "noise",
    ] {
        assert!(run.stdout.lines().any(|line| line.starts_with(name)), "{name}: {run:?}");
    }
    let json = Calf::new().args(["doctor", "--json"]).run();
    json.expect_code(OK);
    let findings: Value = serde_json::from_str(&json.stdout).expect("JSON");
    let findings = findings.as_array().expect("a list");
    assert!(findings.len() >= 12);
    for finding in findings {
        assert!(finding["without"].as_str().is_some_and(|text| text.len() > 10), "{finding}");
        assert!(["ok", "limited", "missing"].contains(&finding["verdict"].as_str().unwrap()));
    }
}

#[test]
fn what_the_kernel_refuses_is_said() {
    let gone = Calf::new().args(["pages", "4194304"]).run();
    gone.expect_code(INPUT_OUTPUT);
    assert!(gone.stderr.contains("process 4194304 is gone"), "{gone:?}");
    let some = Calf::new().args(["pages", "4194304", &std::process::id().to_string()]).run();
    some.expect_code(OK);
    assert!(some.stderr.contains("is gone") && some.stdout.contains("EXCLUSIVE"), "{some:?}");
    Calf::new().args(["pages", "zero"]).run().expect_code(USAGE);
    Calf::new().args(["pages", "--every", "-3", "1"]).run().expect_code(USAGE);
    // Another user's process: only somebody who may become one can show it.
    let own = std::process::id();
    let foreign = Calf::shell(&format!(
        "cp \"$CALF\" /tmp/calf-foreign-{own} && chmod 755 /tmp/calf-foreign-{own} && \
         setpriv --reuid 65534 --clear-groups /tmp/calf-foreign-{own} pages {own}; code=$?; rm -f /tmp/calf-foreign-{own}; exit $code"
    ))
    .run();
    if foreign.stderr.contains("setpriv") {
        eprintln!("skipped: this user cannot become another");
    } else {
        foreign.expect_code(INPUT_OUTPUT);
        assert!(foreign.stderr.contains("run calf as its user, or with sudo"), "{foreign:?}");
    }
}

/// A program of another runtime that has forked, and waits until its input ends.
struct Forked {
    program: Child,
    parent: i32,
    child: i32,
}

impl Forked {
    /// `None` if the runtime is not installed, or too old for the script.
    fn start(runtime: &str, script: &str, argument: &str) -> Option<Forked> {
        let flag = if runtime.starts_with("ruby") { "-e" } else { "-c" };
        let program = Command::new(runtime)
            .args([flag, script, argument])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut program) = program else {
            eprintln!("skipped: {runtime} is not installed");
            return None;
        };
        let mut line = String::new();
        let output = program.stdout.take().expect("a pipe");
        BufReader::new(output).read_line(&mut line).expect("the program prints a line");
        let mut pids = line.split_whitespace().filter_map(|word| word.parse().ok());
        let Some((parent, child)) = pids.next().zip(pids.next()) else {
            eprintln!("skipped: {runtime} cannot run the script");
            _ = program.wait();
            return None;
        };
        Some(Forked { program, parent, child })
    }

    /// RSS, PSS, private and shared memory of both, in KiB, by `smaps_rollup`.
    fn amounts(&self) -> [[u64; 4]; 2] {
        [self.parent, self.child].map(|pid| {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
            let field = |name: &str| -> u64 {
                let line = text.lines().find(|line| line.split(':').next() == Some(name));
                let digits = line.and_then(|line| line.split_whitespace().nth(1));
                digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
            };
            [
                field("Rss"),
                field("Pss"),
                field("Private_Clean") + field("Private_Dirty"),
                field("Shared_Clean") + field("Shared_Dirty"),
            ]
        })
    }

    /// What `calf pages` says of both, once it agrees with `smaps_rollup` to the kilobyte. While it runs, it is one more process that
    /// maps the C library, so the kernel is asked while it sleeps between two rounds.
    fn agree(&self) -> [Value; 2] {
        let mut calf = Calf::new()
            .args(["pages", "--tree", "--json", "--every", "0.2", "--rounds", "60"])
            .arg(self.parent.to_string())
            .into_command();
        let mut calf = calf.stdout(Stdio::piped()).spawn().expect("calf can be run");
        let mut lines = BufReader::new(calf.stdout.take().expect("a pipe")).lines();
        let mut before = self.amounts();
        let mut differences = Vec::new();
        let mut agreed = None;
        while agreed.is_none() {
            let Some(Ok(parent)) = lines.next() else { break };
            let Some(Ok(child)) = lines.next() else { break };
            let found = [parent, child]
                .map(|line| serde_json::from_str::<Value>(&line).expect("a line of JSON"));
            assert_eq!(found[0]["pid"], self.parent);
            assert_eq!(
                (&found[1]["pid"], &found[1]["parent"]),
                (&self.child.into(), &self.parent.into())
            );
            let after = self.amounts();
            let told = found.each_ref().map(|process| {
                ["rss", "pss", "private", "shared"]
                    .map(|name| process[name].as_u64().unwrap() / 1024)
            });
            if before == after && told == after {
                agreed = Some(found);
            } else {
                differences.push((told, after));
            }
            before = after;
        }
        _ = calf.kill();
        _ = calf.wait();
        agreed.unwrap_or_else(|| panic!("calf and the kernel do not agree: {differences:?}"))
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        // The end of its input is the end of both.
        if let Some(mut input) = self.program.stdin.take() {
            _ = input.flush();
        }
        _ = self.program.wait();
    }
}

const PYTHON: &str = r#"
import gc, os, sys
gc.disable()
heap = [[str(i), str(i + 1)] for i in range(100000)]
if sys.argv[1] == 'freeze':
    gc.freeze()
ready, tell = os.pipe()
end, leave = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(leave)
    gc.collect()
    os.write(tell, b'x')
    os.read(end, 1)
    os._exit(0)
os.close(end)
os.read(ready, 1)
print(os.getpid(), pid, flush=True)
sys.stdin.read()
os.close(leave)
os.waitpid(pid, 0)
"#;

const RUBY: &str = r##"
heap = Array.new(100_000) { |i| [i.to_s] }
ready, tell = IO.pipe
last, leave = IO.pipe
pid = fork do
  leave.close
  GC.start
  tell.write 'x'
  last.read
  exit! 0
end
last.close
ready.read 1
puts "#{Process.pid} #{pid}"
$stdout.flush
$stdin.read
leave.close
Process.wait pid
"##;

/// Private bytes, exclusive pages, pages shared with the parent.
fn own_and_shared(process: &Value) -> (u64, Option<u64>, Option<u64>) {
    let private = process["private"].as_u64().expect("an amount");
    (private, process["exclusivePages"].as_u64(), process["parentPages"].as_u64())
}

#[test]
fn python_agrees_to_the_kilobyte_and_shows_what_freezing_saves() {
    if fs::metadata("/proc/self/smaps_rollup").is_err() {
        return eprintln!("skipped: there is no smaps_rollup here");
    }
    let mut children = Vec::new();
    for argument in ["plain", "freeze"] {
        let Some(forked) = Forked::start("python3", PYTHON, argument) else { return };
        let [_, child] = forked.agree();
        children.push(own_and_shared(&child));
    }
    let [(plain, plain_pages, plain_shared), (frozen, frozen_pages, frozen_shared)] = children[..]
    else {
        unreachable!("two were run")
    };
    assert!(plain > 4 * frozen, "{plain} bytes of its own without gc.freeze(), {frozen} with it");
    if let (Some(plain_pages), Some(frozen_pages)) = (plain_pages, frozen_pages) {
        assert!(plain_pages > 4 * frozen_pages, "{plain_pages} pages, {frozen_pages} with it");
        // Two accounts of the same pages.
        assert_eq!(plain, plain_pages * page_size());
        assert_eq!(frozen, frozen_pages * page_size());
        assert!(frozen_shared > plain_shared, "{frozen_shared:?} shared, {plain_shared:?} without");
    }
}

#[test]
fn ruby_agrees_to_the_kilobyte() {
    if fs::metadata("/proc/self/smaps_rollup").is_err() {
        return eprintln!("skipped: there is no smaps_rollup here");
    }
    let Some(forked) = Forked::start("ruby", RUBY, "") else { return };
    let [_, child] = forked.agree();
    let (private, pages, shared) = own_and_shared(&child);
    assert!(private > 1 << 20, "a collection in the child writes mark bits: {private}");
    if let Some(pages) = pages {
        assert_eq!(private, pages * page_size());
        assert!(shared > Some(100), "{shared:?}");
    }
    let table =
        Calf::new().args(["pages", "--tree", "--mappings", &forked.parent.to_string()]).run();
    table.expect_code(OK);
    assert!(table.stdout.contains("together") && table.stdout.contains("[heap]"), "{table:?}");
    let lines = Calf::new()
        .args(["pages", "--every", "0.1", "--rounds", "3", "--ascii", &forked.child.to_string()])
        .run();
    lines.expect_code(OK);
    assert_eq!(lines.stdout.matches("PRIVATE OVER TIME").count(), 3, "{lines:?}");
    assert!(lines.stdout.contains("###"), "{lines:?}");
}

fn page_size() -> u64 {
    let mut text = String::new();
    let mut getconf =
        Command::new("getconf").arg("PAGESIZE").stdout(Stdio::piped()).spawn().expect("getconf");
    getconf.stdout.take().expect("a pipe").read_to_string(&mut text).expect("a number");
    _ = getconf.wait();
    text.trim().parse().expect("a number of bytes")
}
