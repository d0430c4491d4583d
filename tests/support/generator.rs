//! Random programs that are valid, end soon, and print the same whatever collects their garbage.
//!
//! A program may throw, catch, fork, link objects into cycles, drop them and collect at any point. It
//! never prints what depends on when memory is given back: no counts of objects, no dead weak references.

mod expression;

use super::Random;
use std::fmt::Write;

/// What a variable holds, as far as the generator must know to use it rightly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Number,
    Text,
    /// A list of numbers.
    Numbers,
    /// A list of anything, itself and instances among it.
    Graph,
    /// A map from short strings to numbers.
    Map,
    /// A function from a number to a number.
    Function,
    /// An instance of one of the program's classes.
    Instance,
}

const KINDS: [Kind; 7] = [
    Kind::Number,
    Kind::Text,
    Kind::Numbers,
    Kind::Graph,
    Kind::Map,
    Kind::Function,
    Kind::Instance,
];

struct Variable {
    name: String,
    kind: Kind,
    /// The variable of a counting loop: changing it might make the loop endless.
    fixed: bool,
}

/// What every program can call. `digest` describes anything by walking a bounded part of it.
const PRELUDE: &str = r#"
fun at(list, index) {
  if (len(list) == 0) return -1;
  return list[math.abs(math.trunc(index)) % len(list)];
}
fun small(x) {
  if (math.isFinite(x)) return x % 1000;
  return 0;
}
fun cut(text) { return len(text) > 24 ? text.slice(0, 24) : text; }
fun digest(root) {
  var queue = [root];
  var words = [];
  var next = 0;
  while (next < len(queue) and next < 12) {
    var x = queue[next];
    next += 1;
    var kind = type(x);
    if (kind == "list") {
      words.push("l${len(x)}");
      for (item in x) if (len(queue) < 40) queue.push(item);
    } else if (kind == "map") {
      words.push("m${x.keys().join("")}");
      for (value in x.values()) if (len(queue) < 40) queue.push(value);
    } else if (kind == "number" or kind == "string" or kind == "nil" or kind == "bool") {
      words.push(str(x));
    } else if (kind == "function") {
      words.push("f");
    } else {
      words.push(kind);
      queue.push(x.value);
      queue.push(x.next);
    }
  }
  return words.join(" ");
}
class Base {
  init(value) {
    this.value = value;
    this.next = nil;
    this.seen = [];
  }
  bump(n) {
    this.value = small(this.value + n);
    return this.value;
  }
  link(other) {
    this.next = other;
    this.seen.push(other);
    if (len(this.seen) > 4) this.seen.removeAt(0);
    return this;
  }
  toString() { return "${type(this)}(${this.value})"; }
}
"#;

/// How many statements at top level.
const STATEMENTS: usize = 40;

/// The program of this seed.
pub(crate) fn program(seed: u64) -> String {
    let mut generator = Generator {
        random: Random(seed),
        text: String::from(PRELUDE.trim_start()),
        depth: 0,
        scopes: vec![Vec::new()],
        names: 0,
        classes: vec!["Base".to_owned()],
        functions: 0,
        loops: 0,
        forks: 2,
    };
    generator.write_program();
    generator.text
}

struct Generator {
    random: Random,
    text: String,
    /// Blocks around the statement being written.
    depth: usize,
    scopes: Vec<Vec<Variable>>,
    names: usize,
    classes: Vec<String>,
    /// Functions around the statement being written.
    functions: usize,
    /// Loops around it, within the innermost function.
    loops: usize,
    /// How many more times the program may fork.
    forks: usize,
}

impl Generator {
    fn write_program(&mut self) {
        for _ in 0..1 + self.random.below(3) {
            self.write_class();
        }
        for kind in KINDS {
            self.write_declaration_of(kind);
        }
        for _ in 0..STATEMENTS {
            self.write_statement();
        }
        self.write_digests();
        if self.random.below(4) == 0 {
            self.line("print \"to the end\";");
            let end = self.random.pick(&[
                "nil.field;",
                "throw \"the end\";",
                "os.exit(3);",
                "throw ValueError(\"the end\");",
                "[1][1];",
            ]);
            self.line(end);
        }
    }

    fn write_digests(&mut self) {
        let names: Vec<String> = self.scopes[0].iter().map(|found| found.name.clone()).collect();
        for name in names {
            self.line(&format!("print digest({name});"));
        }
    }

    // Text and names.

    fn line(&mut self, text: &str) {
        let indent = self.depth * 2;
        writeln!(self.text, "{:indent$}{text}", "").expect("a string can be written to");
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn declare(&mut self, name: &str, kind: Kind, fixed: bool) {
        let scope = self.scopes.last_mut().expect("there is always a scope");
        scope.push(Variable { name: name.to_owned(), kind, fixed });
    }

    /// A variable in sight; the last few declared are preferred, as they are in real programs.
    fn variable(&mut self, kind: Kind, to_assign: bool) -> Option<String> {
        let fits = |found: &&Variable| found.kind == kind && !(to_assign && found.fixed);
        let names: Vec<&str> =
            self.scopes.iter().flatten().filter(fits).map(|found| found.name.as_str()).collect();
        if names.is_empty() {
            return None;
        }
        let last = names.len().saturating_sub(4);
        let from = if self.random.below(3) == 0 { 0 } else { last };
        Some(names[from + self.random.below(names.len() - from)].to_owned())
    }

    fn open(&mut self, head: &str) {
        self.line(&format!("{head} {{"));
        self.depth += 1;
        self.scopes.push(Vec::new());
    }

    fn close(&mut self, tail: &str) {
        self.scopes.pop();
        self.depth -= 1;
        self.line(&format!("}}{tail}"));
    }

    // Declarations.

    fn write_class(&mut self) {
        let name = self.fresh("Class");
        let base = self.classes[self.random.below(self.classes.len())].clone();
        self.line(&format!("class {name} < {base} {{"));
        self.depth += 1;
        if self.random.below(2) == 0 {
            let more = self.random.below(9);
            self.line(&format!(
                "init(value) {{ super.init(value + {more}); this.own = [value]; }}"
            ));
        }
        if self.random.below(2) == 0 {
            let factor = 1 + self.random.below(3);
            self.line(&format!("bump(n) {{ return super.bump(n * {factor}) + 1; }}"));
        }
        if self.random.below(2) == 0 {
            self.line("toString() { return \"<\" + super.toString() + \">\"; }");
        }
        self.depth -= 1;
        self.line("}");
        self.classes.push(name);
    }

    fn write_declaration(&mut self) {
        let kind = KINDS[self.random.below(KINDS.len())];
        self.write_declaration_of(kind);
    }

    fn write_declaration_of(&mut self, kind: Kind) {
        let name = self.fresh("v");
        if kind == Kind::Function && self.random.below(2) == 0 {
            self.write_function(&name);
        } else {
            let value = self.expression(kind, 3);
            self.line(&format!("var {name} = {value};"));
        }
        self.declare(&name, kind, false);
    }

    /// A named function that calls none of the program's own, so that calls do not multiply.
    fn write_function(&mut self, name: &str) {
        let loops = std::mem::take(&mut self.loops);
        self.functions += 1;
        self.open(&format!("fun {name}(x)"));
        self.declare("x", Kind::Number, false);
        for _ in 0..1 + self.random.below(3) {
            self.write_statement();
        }
        let result = self.number(2);
        self.line(&format!("return small({result});"));
        self.close("");
        self.functions -= 1;
        self.loops = loops;
    }

    // Statements.

    fn write_statement(&mut self) {
        if self.depth >= 4 {
            return self.write_simple_statement();
        }
        match self.random.below(20) {
            0..=9 => self.write_simple_statement(),
            10..=11 => self.write_declaration(),
            12 => self.write_if(),
            13 | 14 => self.write_loop(),
            15 | 16 => self.write_try(),
            17 => {
                self.open("");
                self.write_body();
                self.close("");
            }
            18 => self.write_fork(),
            _ => self.line("gc.collect();"),
        }
    }

    fn write_body(&mut self) {
        for _ in 0..1 + self.random.below(3) {
            self.write_statement();
        }
    }

    fn write_simple_statement(&mut self) {
        let (number, text) = (self.number(2), self.text(2));
        let statement = match self.random.below(16) {
            0 | 1 => format!("print {};", self.number(3)),
            2 => format!("print {text};"),
            3 => self.assignment(),
            4 => match self.variable(Kind::Number, true) {
                Some(name) => {
                    let operator = self.random.pick(&["+=", "-=", "*="]);
                    format!("{name} {operator} small({number}); {name} = small({name});")
                }
                None => format!("print {number};"),
            },
            5 => format!("{}.push({number});", self.numbers(1)),
            6 => match self.variable(Kind::Numbers, false) {
                Some(name) => format!(
                    "if (len({name}) > 0) {name}[{} % len({name})] = {number};",
                    self.random.below(9)
                ),
                None => format!("print {number};"),
            },
            7 => {
                let name = self.numbers(1);
                let method =
                    self.random.pick(&["reverse()", "sort()", "clear()", "extend([3, 1])"]);
                format!("{name}.{method};")
            }
            8 => {
                let (graph, item) = (self.graph(1), self.anything());
                format!("{graph}.push({item});")
            }
            9 => match self.variable(Kind::Graph, false) {
                Some(name) => format!("if (len({name}) > 6) {name}.removeAt(0);"),
                None => format!("print {number};"),
            },
            10 => format!("{}[\"k{}\"] = {number};", self.map(1), self.random.below(6)),
            11 => format!("{}.remove(\"k{}\");", self.map(1), self.random.below(6)),
            12 => {
                let (left, right) = (self.instance(1), self.anything());
                format!("{left}.link({right});")
            }
            13 => format!("print {}.bump({number});", self.instance(1)),
            14 => format!("print digest({});", self.anything()),
            _ if self.loops > 0 => {
                let leave = self.random.pick(&["break", "continue"]);
                format!("if ({}) {leave};", self.condition())
            }
            _ if self.functions > 0 => format!("if ({}) return small({number});", self.condition()),
            _ => self.failing_statement(),
        };
        self.line(&statement);
    }

    fn assignment(&mut self) -> String {
        let kind = KINDS[self.random.below(KINDS.len())];
        match self.variable(kind, true) {
            Some(name) => format!("{name} = {};", self.expression(kind, 3)),
            None => format!("print {};", self.text(1)),
        }
    }

    /// A statement that throws, caught on the spot.
    fn failing_statement(&mut self) -> String {
        let number = self.number(1);
        let fault = match self.random.below(8) {
            0 => format!("throw {number};"),
            1 => format!("{number} + \"text\";"),
            2 => format!("[{number}][5];"),
            3 => format!("({{}})[{number}];"),
            4 => "undefined_name;".to_owned(),
            5 => format!("{}.no_such_field;", self.instance(1)),
            6 => format!("{}(1, 2, 3);", self.function(1)),
            _ => format!("throw ValueError({});", self.text(1)),
        };
        format!("try {{ {fault} }} catch (e) {{ print type(e); }}")
    }

    fn write_if(&mut self) {
        let condition = self.condition();
        self.open(&format!("if ({condition})"));
        self.write_body();
        if self.random.below(2) == 0 {
            self.scopes.pop();
            self.depth -= 1;
            self.line("} else {");
            self.depth += 1;
            self.scopes.push(Vec::new());
            self.write_body();
        }
        self.close("");
    }

    fn write_loop(&mut self) {
        if self.loops >= 2 {
            return self.write_simple_statement();
        }
        let name = self.fresh("i");
        let count = 1 + self.random.below(5);
        match self.random.below(4) {
            0 => {
                self.open(&format!("for (var {name} = 0; {name} < {count}; {name} += 1)"));
                self.declare(&name, Kind::Number, true);
            }
            1 => {
                self.open(&format!("for ({name} in range({count}))"));
                self.declare(&name, Kind::Number, false);
            }
            2 => {
                let list = self.numbers(1);
                self.open(&format!("for ({name} in {list}.slice(0, {count}))"));
                self.declare(&name, Kind::Number, false);
            }
            _ => {
                self.line(&format!("var {name} = 0;"));
                self.declare(&name, Kind::Number, true);
                self.open(&format!("while ({name} < {count})"));
                self.line(&format!("{name} += 1;"));
            }
        }
        self.loops += 1;
        self.write_body();
        self.loops -= 1;
        self.close("");
    }

    fn write_try(&mut self) {
        self.open("try");
        self.write_body();
        if self.random.below(2) == 0 {
            let thrown = self.anything();
            let condition = self.condition();
            self.line(&format!("if ({condition}) throw {thrown};"));
        }
        let error = self.fresh("e");
        self.scopes.pop();
        self.depth -= 1;
        self.line(&format!("}} catch ({error}) {{"));
        self.depth += 1;
        self.scopes.push(Vec::new());
        self.line(&format!("print type({error});"));
        self.write_body();
        if self.random.below(3) == 0 {
            self.scopes.pop();
            self.depth -= 1;
            self.line("} finally {");
            self.depth += 1;
            self.scopes.push(Vec::new());
            let number = self.number(1);
            self.line(&format!("print {number};"));
        }
        self.close("");
    }

    /// A child that goes on with the program's data for a while. Only at top level: a fork in a loop or a
    /// function would multiply.
    fn write_fork(&mut self) {
        if self.forks == 0 || self.depth > 0 || self.functions > 0 {
            return self.write_simple_statement();
        }
        // The child itself forks no more.
        let left = std::mem::take(&mut self.forks) - 1;
        if self.random.below(2) == 0 {
            self.line("try { gc.freeze(); } catch {}");
        }
        let pid = self.fresh("pid");
        self.line(&format!("var {pid} = os.fork();"));
        self.open(&format!("if ({pid} == 0)"));
        self.line("print \"child\";");
        for _ in 0..6 {
            self.write_statement();
        }
        let code = self.random.below(60);
        let exit = self.random.pick(&["exit", "quickExit"]);
        self.line(&format!("os.{exit}({code});"));
        self.close("");
        self.line(&format!("print os.wait({pid});"));
        self.forks = left;
    }
}
