//! A listing of a function, for people, from the table of instructions.

use crate::op::{a, b, bx, c, sbx, sj};
use crate::{Capture, Constant, Extension, Function, Op, Operand, Shape};
use calf_source::SourceFile;
use std::fmt::{self, Display, Formatter, Write};

/// The listing of a function and of those declared in it, with byte offsets of the text instead of lines.
pub fn disassemble(function: &Function) -> String {
    list(function, None)
}

/// The listing of a function and of those declared in it, with lines of the file.
pub fn disassemble_with_lines(function: &Function, file: &SourceFile) -> String {
    list(function, Some(file))
}

fn list(function: &Function, file: Option<&SourceFile>) -> String {
    let mut text = String::new();
    let mut waiting = vec![(function, String::new())];
    while let Some((function, outer)) = waiting.pop() {
        let name = match (&*function.name, function.kind) {
            ("", crate::Kind::Script) => "script".to_string(),
            ("", _) => "anonymous".to_string(),
            (name, _) => name.to_string(),
        };
        let path = if outer.is_empty() { name } else { format!("{outer}.{name}") };
        // Writing to a string cannot fail.
        let _ = write!(text, "{}", Listing { function, path: &path, file });
        waiting.extend(function.functions.iter().rev().map(|inner| (&**inner, path.clone())));
    }
    text
}

struct Listing<'a> {
    function: &'a Function,
    path: &'a str,
    file: Option<&'a SourceFile>,
}

impl Display for Listing<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let function = self.function;
        writeln!(
            f,
            "{} {:?}: {} parameters, {} registers, {} words",
            self.path,
            function.kind,
            function.arity,
            function.registers,
            function.code.len()
        )?;
        for (number, capture) in function.captures.iter().enumerate() {
            match capture {
                Capture::Register(register) => writeln!(f, "  capture {number}: R[{register}]")?,
                Capture::Spill(slot) => writeln!(f, "  capture {number}: slot {slot}")?,
                Capture::Capture(outer) => writeln!(f, "  capture {number}: capture {outer}")?,
            }
        }
        let mut position = 0;
        let mut line = None;
        while position < function.code.len() {
            position += self.instruction(f, position, &mut line)?;
        }
        for handler in &function.handlers {
            writeln!(
                f,
                "  handler {:04} .. {:04}: to {:04} with R[{}], {} live",
                handler.start, handler.end, handler.target, handler.register, handler.live
            )?;
        }
        writeln!(f)
    }
}

impl Listing<'_> {
    /// One instruction; the number of its words.
    fn instruction(
        &self,
        f: &mut Formatter<'_>,
        position: usize,
        line: &mut Option<usize>,
    ) -> Result<usize, fmt::Error> {
        let function = self.function;
        let word = function.code[position];
        let place = function.spans.get(position).map_or(0, |span| span.start);
        let here = self.file.map_or(place as usize, |file| file.line(place));
        let shown = if *line == Some(here) { String::from("|") } else { here.to_string() };
        *line = Some(here);
        let live = function.live.get(position).copied().unwrap_or(0);
        write!(f, "  {position:04} {shown:>5} {live:>3}  ")?;
        let Some(op) = Op::from_number(word as u8) else {
            writeln!(f, "?")?;
            return Ok(1);
        };
        let extension = function.code.get(position + 1).copied().unwrap_or(0);
        let row = op.row();
        let mut operands = String::new();
        let mut notes = Vec::new();
        for (field, value) in fields(row.shape, word) {
            self.operand(&mut operands, row.operands[field], value, &mut notes)?;
        }
        match row.extension {
            Extension::No => (),
            Extension::Jump => {
                notes.push(format!("to {:04}", (position as i64 + 2) + i64::from(extension as i32)))
            }
            Extension::Cache => {
                let name = function.caches.get(extension as usize).copied();
                notes.push(format!(".{}", self.name(name.unwrap_or(u32::MAX))));
            }
            Extension::Index => {
                write!(operands, " {extension}")?;
                match op {
                    Op::LoadConstantWide => notes.push(self.constant(extension as usize)),
                    Op::Method => notes.push(self.name(extension)),
                    _ => (),
                }
            }
        }
        if row.shape == Shape::J {
            notes.push(format!("to {:04}", position as isize + 1 + sj(word)));
        }
        if op == Op::Closure
            && let Some(inner) = function.functions.get(bx(word))
        {
            notes.push(if inner.name.is_empty() {
                "anonymous".to_string()
            } else {
                inner.name.to_string()
            });
        }
        let line = format!("{:<30} {:<14} {}", row.name, operands.trim_start(), notes.join("; "));
        writeln!(f, "{}", line.trim_end())?;
        Ok(op.words())
    }

    fn operand(
        &self,
        text: &mut String,
        operand: Operand,
        value: i64,
        notes: &mut Vec<String>,
    ) -> fmt::Result {
        match operand {
            Operand::Unused => Ok(()),
            Operand::Register => write!(text, " R{value}"),
            Operand::Number => write!(text, " {value}"),
            Operand::Constant => {
                notes.push(self.constant(value as usize));
                write!(text, " K{value}")
            }
        }
    }

    fn constant(&self, number: usize) -> String {
        match self.function.constants.get(number) {
            Some(Constant::Nil) => "nil".to_string(),
            Some(Constant::Boolean(value)) => value.to_string(),
            Some(Constant::Number(value)) => value.to_string(),
            Some(Constant::String(text)) => shorten(text),
            None => "?".to_string(),
        }
    }

    fn name(&self, number: u32) -> String {
        match self.function.constants.get(number as usize) {
            Some(Constant::String(text)) => text.to_string(),
            _ => "?".to_string(),
        }
    }
}

/// The operand fields of a shape: the number in the row and the value.
fn fields(shape: Shape, word: u32) -> Vec<(usize, i64)> {
    let (a, b, c) = (a(word) as i64, b(word) as i64, c(word) as i64);
    match shape {
        Shape::Z | Shape::J => vec![],
        Shape::A => vec![(0, a)],
        Shape::AB => vec![(0, a), (1, b)],
        Shape::ABC => vec![(0, a), (1, b), (2, c)],
        Shape::ABx => vec![(0, a), (1, bx(word) as i64)],
        Shape::AsBx => vec![(0, a), (1, i64::from(sbx(word)))],
    }
}

/// A string with quotes, not too long for a line.
fn shorten(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(SHOWN).collect();
    let dots = if characters.next().is_some() { "…" } else { "" };
    format!("{start:?}{dots}")
}
