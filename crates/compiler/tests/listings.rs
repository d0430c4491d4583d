//! What the compiler writes for the interesting cases. After a change that is meant: `CALF_BLESS=1 cargo test --test listings`.

mod support;

use std::path::{Path, PathBuf};
use support::listing;

/// A case: the file of the listing, whether releases are written, and the text.
const CASES: &[(&str, bool, &str)] = &[
    ("fib", false, "fun fib(n) {\n  if (n < 2) return n;\n  return fib(n - 1) + fib(n - 2);\n}"),
    (
        "loops",
        false,
        "fun f(list, n) {
  for (var i = 0; i < n; i += 1) if (list[i] == nil) continue; else break;
  while (!(n >= 3) and list.more) n = n + 1;
  while (true) { n = list.next; }
}",
    ),
    (
        "loop_releases",
        true,
        "fun f(list, n) {
  for (var i = 0; i < n; i += 1) { var item = list[i]; if (item.done) continue; print item; }
  while (list.next != nil) list = list.next;
  while (n() < 2 or n.a < list.b) n();
}",
    ),
    (
        "iteration",
        true,
        "fun f(list) {\n  for (x in list) {\n    if (x == 1) break;\n    list.each(fun () { x = 2; });\n  }\n}",
    ),
    (
        "closures",
        false,
        "{
  var kept = 1;
  var changed = 2;
  fun again(n) { return n == 0 ? kept : again(n - 1); }
  fun change() { changed += kept; return fun () { return changed; }; }
  var early = [fun () { return early; }];
  fun replaced() { return replaced; }
  replaced = nil;
}",
    ),
    (
        "classes",
        false,
        "class A < B {
  init(x) { super.init(x); this.x = x; this.y = nil; }
  double() { return fun () { return this.x + super.double(); }; }
  bound() { return super.bound; }
}
{ class Local { make() { return Local(); } } }",
    ),
    (
        "try",
        true,
        "fun f(list) {
  for (x in list) {
    try { if (x) return x.y; if (!x) continue; x(); }
    catch (e) { print e; break; }
    finally { print \"done\"; }
  }
}",
    ),
    (
        "order",
        false,
        "fun f(a, o) {
  a + (a = 2);
  (a = 1) + (a += 2);
  o[a] = (a = 3);
  o.x = (o = 4);
  return a < (a = 5);
}",
    ),
    (
        "operands",
        false,
        "fun f(a, b) {
  a = 2 * a + 1 - b;
  b = 1 + 2 * 3 - -a;
  a = b > a;
  b = a.x[0][\"k\"].m(1, b)(2).y;
  a.x += 1;
  a[b] -= b.y;
  return a and b or !a;
}",
    ),
    (
        "calls",
        true,
        "fun f(a) {
  f(a - 1, a);
  f(a.x);
  f(a.x, a.y);
  f(g(a));
  a.m(a, f);
  return f(a)(a);
}",
    ),
    (
        "spill",
        true,
        "fun f(a) {\n  LOCALS\n  var captured = a;\n  return fun () { captured = v7; return v197 + v259; };\n}",
    ),
];

#[test]
fn listings_are_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/listings");
    let mut wrong: Vec<PathBuf> = Vec::new();
    for &(name, release, text) in CASES {
        let locals: Vec<String> =
            (0..260).map(|number| format!("var v{number} = {number};")).collect();
        let got = listing(&text.replace("LOCALS", &locals.join(" ")), release);
        let path = folder.join(format!("{name}.txt"));
        if std::env::var_os("CALF_BLESS").is_some() {
            std::fs::write(&path, &got).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != got {
            eprintln!("{}:\n{got}", path.display());
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "{wrong:?} differ from what is written now, shown above");
}
