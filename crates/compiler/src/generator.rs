//! The second pass: instructions.
//!
//! # Registers
//! `R[0]` is the closure or `this`, then come the parameters, the locals, and above them the temporaries, each a stack. An expression
//! is written into the *next* free register, or straight into a local's register; a local is used in place as an operand, and copied
//! only if a later operand assigns it. All temporaries die at the end of their statement.
//!
//! A function that needs more registers than there are is written a second time as a *spilled* one: locals in `R[1] .. R[199]` and
//! then in slots of the spill in `R[200]`, temporaries in `R[201] .. R[255]`; where even these do not suffice for a deep expression,
//! they are put aside in slots while its inner part is evaluated.
//!
//! # Live registers
//! All registers below [`Frame::free`] hold a value, so that number is what the table of live registers says. The one exception is the
//! register of a function called by [`Op::CallGlobal`], which is empty while the arguments are evaluated: see [`Frame::hole`].

mod assignment;
mod call;
mod class;
mod condition;
mod emit;
mod expression;
mod frame;
mod handler;
mod jump;
mod literal;
mod repetition;
mod spine;
mod statement;
mod variable;

use crate::resolver::{Key, Resolution, key};
use crate::{Globals, Options};
use calf_bytecode::{Function, Kind, Op};
use calf_parser::ast::{self, Program};
use calf_source::{Diagnostic, SourceFile, Span};
use frame::Frame;
use std::collections::HashSet;
use std::rc::Rc;

/// Writes the function of a resolved program.
///
/// # Errors
/// A limit of the format that the program exceeds.
pub(crate) fn generate<'a>(
    program: &Program<'a>,
    file: &SourceFile,
    resolution: &Resolution,
    globals: &mut dyn Globals,
    options: Options,
) -> Result<Function, Vec<Diagnostic>> {
    let frame = Frame::new(Kind::Script, None, false);
    let mut generator = Generator {
        file,
        resolution,
        globals,
        options,
        frame,
        outer: Vec::new(),
        crowded: HashSet::new(),
        diagnostics: Vec::new(),
    };
    let function = generator.script(program, file.span());
    if generator.diagnostics.is_empty() { Ok(function) } else { Err(generator.diagnostics) }
}

struct Generator<'g, 'a> {
    file: &'g SourceFile,
    resolution: &'g Resolution,
    globals: &'g mut dyn Globals,
    options: Options,
    /// The function that is being written.
    frame: Frame<'a>,
    /// The functions around it, outermost first.
    outer: Vec<Frame<'a>>,
    /// Functions that are known to need more registers than there are.
    crowded: HashSet<Key>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Generator<'_, 'a> {
    fn script(&mut self, program: &Program<'a>, span: Span) -> Function {
        loop {
            self.prologue(&[]);
            self.script_body(program);
            self.epilogue(Span::at(span.end));
            if !self.frame.is_crowded || self.frame.is_spilled {
                let frame =
                    std::mem::replace(&mut self.frame, Frame::new(Kind::Script, None, true));
                return frame.finish("", 0, span);
            }
            self.frame = Frame::new(Kind::Script, None, true);
        }
    }

    fn script_body(&mut self, program: &Program<'a>) {
        self.statements(program.statements);
        // An expression with a semicolon behind it is a statement: its value is not shown.
        if let Some(result) = program.result
            && self.options.interactive
            && self.frame.is_reachable
        {
            let register = self.any(result);
            self.emit(Op::Return, register, 0, 0, result.span);
        }
    }

    /// Writes a function and gives its number in the function that is being written.
    fn function(&mut self, function: &'a ast::Function<'a>, header: Header<'a>) -> u16 {
        let name = function.name.unwrap_or_default();
        let compiled = loop {
            let is_spilled = self.crowded.contains(&key(function));
            let mut frame = Frame::new(header.kind, header.class, is_spilled);
            frame.itself = header.itself;
            frame.this =
                matches!(header.kind, Kind::Method | Kind::Initializer).then_some(key(function));
            self.outer.push(std::mem::replace(&mut self.frame, frame));
            self.prologue(function.parameters);
            self.statements(function.body);
            self.epilogue(function.end_span);
            let outer = self.outer.pop().expect("a function was pushed above");
            let frame = std::mem::replace(&mut self.frame, outer);
            if !frame.is_crowded || is_spilled {
                break frame.finish(name, function.parameters.len() as u8, function.span);
            }
            self.crowded.insert(key(function));
        };
        let number = self.frame.functions.len();
        self.frame.functions.push(Rc::new(compiled));
        self.number(number, "Too many functions in one function.", function.name_span)
    }

    /// A number that has 16 bits in the format.
    fn number(&mut self, number: usize, message: &str, span: Span) -> u16 {
        u16::try_from(number).unwrap_or_else(|_| {
            self.limit(message, span);
            u16::MAX
        })
    }

    /// Reports a limit, once.
    fn limit(&mut self, message: &str, span: Span) {
        if self.diagnostics.is_empty() {
            self.diagnostics.push(Diagnostic::syntax(message, span));
        }
    }
}

/// What is known about a function before its text.
struct Header<'a> {
    kind: Kind,
    /// The class whose method it is.
    class: Option<&'a ast::Class<'a>>,
    /// The local that holds it.
    itself: Option<Key>,
}

impl Header<'_> {
    fn plain(itself: Option<Key>) -> Self {
        Header { kind: Kind::Function, class: None, itself }
    }
}
