//! Random expressions, each of a kind and of a bounded depth.

use super::{Generator, KINDS, Kind};

impl Generator {
    pub(super) fn expression(&mut self, kind: Kind, depth: usize) -> String {
        match kind {
            Kind::Number => self.number(depth),
            Kind::Text => self.text(depth),
            Kind::Numbers => self.numbers(depth),
            Kind::Graph => self.graph(depth),
            Kind::Map => self.map(depth),
            Kind::Function => self.function(depth),
            Kind::Instance => self.instance(depth),
        }
    }

    pub(super) fn anything(&mut self) -> String {
        let kind = KINDS[self.random.below(KINDS.len())];
        self.expression(kind, 1)
    }

    pub(super) fn number(&mut self, depth: usize) -> String {
        let leaf = depth == 0;
        match self.random.below(if leaf { 3 } else { 16 }) {
            0 => self.random.below(100).to_string(),
            1 | 2 => {
                let literal = self.random.pick(&["0.5", "3", "7.25", "1e3", "0x1f"]);
                self.variable(Kind::Number, false).unwrap_or_else(|| literal.to_owned())
            }
            3..=6 => {
                let operator = self.random.pick(&["+", "-", "*", "/", "%"]);
                format!("({} {operator} {})", self.number(depth - 1), self.number(depth - 1))
            }
            7 => format!("-{}", self.number(depth - 1)),
            8 => format!("len({})", self.numbers(depth - 1)),
            9 => format!("at({}, {})", self.numbers(depth - 1), self.random.below(9)),
            10 => format!("{}.get(\"k{}\", 0)", self.map(depth - 1), self.random.below(6)),
            11 if self.functions == 0 => {
                format!("{}({})", self.function(depth - 1), self.number(depth - 1))
            }
            12 => {
                let (condition, left) = (self.condition(), self.number(depth - 1));
                format!("({condition} ? {left} : {})", self.number(depth - 1))
            }
            13 => format!("len({})", self.text(depth - 1)),
            14 => format!("{}.bump({})", self.instance(depth - 1), self.random.below(5)),
            _ => format!("small({})", self.number(depth - 1)),
        }
    }

    pub(super) fn condition(&mut self) -> String {
        match self.random.below(6) {
            0 => format!("{} == {}", self.text(1), self.text(1)),
            1 => format!("\"k{}\" in {}", self.random.below(6), self.map(1)),
            2 => format!("!({} > {})", self.number(1), self.number(1)),
            3 => {
                let operator = self.random.pick(&["and", "or"]);
                format!("{} < 5 {operator} {} > 3", self.number(1), self.number(1))
            }
            _ => {
                let operator = self.random.pick(&["<", "<=", ">", ">=", "==", "!="]);
                format!("{} {operator} {}", self.number(1), self.number(1))
            }
        }
    }

    pub(super) fn text(&mut self, depth: usize) -> String {
        let leaf = depth == 0;
        match self.random.below(if leaf { 3 } else { 9 }) {
            0 => format!("\"{}\"", self.random.pick(&["cow", "calf", "", "kuh", "né", "🐄"])),
            1 | 2 => self.variable(Kind::Text, false).unwrap_or_else(|| "\"text\"".to_owned()),
            3 | 4 => format!("cut({} + {})", self.text(depth - 1), self.text(depth - 1)),
            5 => format!("cut(\"${{{}}}-${{{}}}\")", self.number(depth - 1), self.text(depth - 1)),
            6 => format!("{}.upper()", self.text(depth - 1)),
            7 => format!("cut(str({}))", self.instance(depth - 1)),
            _ => format!("cut({}.join(\"-\"))", self.numbers(depth - 1)),
        }
    }

    pub(super) fn numbers(&mut self, depth: usize) -> String {
        match self.random.below(if depth == 0 { 3 } else { 7 }) {
            0 | 1 => self.variable(Kind::Numbers, false).unwrap_or_else(|| "[1, 2]".to_owned()),
            2 => format!("[{}, {}]", self.random.below(50), self.random.below(50)),
            3 => format!("{}.slice(0, 3)", self.numbers(depth - 1)),
            4 => format!("{}.slice(0, 5).map(small)", self.numbers(depth - 1)),
            5 => {
                format!("({}.slice(0, 4) + [{}])", self.numbers(depth - 1), self.number(depth - 1))
            }
            _ => {
                let number = self.number(depth - 1);
                // Of a part: the list itself might grow with each call.
                let part = format!("{}.slice(0, 6)", self.numbers(depth - 1));
                format!("{part}.filter(fun (x) {{ return x > {number}; }})")
            }
        }
    }

    pub(super) fn graph(&mut self, depth: usize) -> String {
        match self.random.below(if depth == 0 { 2 } else { 4 }) {
            0 | 1 => self.variable(Kind::Graph, false).unwrap_or_else(|| "[nil, true]".to_owned()),
            2 => format!("[{}, {}]", self.anything_simple(), self.anything_simple()),
            _ => format!("{}.slice(-2)", self.graph(depth - 1)),
        }
    }

    fn anything_simple(&mut self) -> String {
        let kind = KINDS[self.random.below(KINDS.len())];
        self.expression(kind, 0)
    }

    pub(super) fn map(&mut self, depth: usize) -> String {
        match self.random.below(if depth == 0 { 2 } else { 4 }) {
            0 | 1 => self.variable(Kind::Map, false).unwrap_or_else(|| "({\"k0\": 1})".to_owned()),
            2 => format!("({{\"k{}\": {}}})", self.random.below(6), self.number(depth - 1)),
            _ => format!("{}.copy()", self.map(depth - 1)),
        }
    }

    pub(super) fn function(&mut self, depth: usize) -> String {
        if self.functions > 0 {
            // Within a function nothing calls another one, see `write_function`.
            return "small".to_owned();
        }
        match self.random.below(if depth == 0 { 2 } else { 5 }) {
            0 | 1 => self.variable(Kind::Function, false).unwrap_or_else(|| "small".to_owned()),
            2 => match self.variable(Kind::Number, true) {
                Some(captured) => format!(
                    "(fun (x) {{ {captured} = small({captured} + x); return {captured}; }})"
                ),
                None => "small".to_owned(),
            },
            3 => format!("{}.bump", self.instance(depth - 1)),
            _ => {
                self.functions += 1;
                let number = self.number(depth - 1);
                self.functions -= 1;
                format!("(fun (x) {{ return small(x + {number}); }})")
            }
        }
    }

    pub(super) fn instance(&mut self, depth: usize) -> String {
        match self.random.below(if depth == 0 { 3 } else { 5 }) {
            0..=2 => {
                let fresh = format!("Base({})", self.random.below(20));
                self.variable(Kind::Instance, false).unwrap_or(fresh)
            }
            3 => {
                let class = self.classes[self.random.below(self.classes.len())].clone();
                format!("{class}({})", self.number(depth - 1))
            }
            _ => {
                let other = self.anything_simple();
                format!("{}.link({other})", self.instance(depth - 1))
            }
        }
    }
}
