//! From text to a syntax tree.
//!
//! `grammar/calf.lalrpop` is the only definition of the syntax. Here is what surrounds the parser made from it: the tree ([`ast`]),
//! the actions that build it (`builder`), the way past a mistake (`recovery`, over `bracket`) and the words for it (`message`, `remedy`).

#![forbid(unsafe_code)]

pub mod ast;
mod bracket;
mod builder;
mod dump;
mod message;
mod operands;
mod recovery;
mod remedy;

#[allow(
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    clippy::allow_attributes_without_reason,
    missing_docs,
    unreachable_pub,
    unused,
    reason = "generated from the grammar"
)]
mod grammar {
    include!(concat!(env!("OUT_DIR"), "/calf.rs"));
}

pub use dump::dump;
pub use operands::{Operands, operands};

use ast::Program;
use builder::Builder;
use bumpalo::Bump;
use calf_lexer::Token;
use calf_source::{Diagnostic, SourceFile};
use recovery::{Terminal, TokenSource};

/// How deeply statements and expressions may nest. See [`ast`] for what counts.
pub const MAX_DEPTH: u16 = 1000;

/// Why an entry in the REPL is no program. The diagnostics are in the order of the text.
#[derive(Debug)]
pub enum EntryError {
    /// It ends too early: more text could make it one. The diagnostics say so of the text as it is.
    Incomplete(Vec<Diagnostic>),
    /// It is wrong.
    Invalid(Vec<Diagnostic>),
}

/// Parses a whole file. The tree and its texts live in `arena`.
///
/// # Errors
/// All that is wrong with the syntax, in the order of the text, one diagnostic for each broken statement; no more than a hundred.
pub fn parse<'a>(arena: &'a Bump, file: &SourceFile) -> Result<Program<'a>, Vec<Diagnostic>> {
    run(arena, file, Terminal::File, None).map_err(TokenSource::into_diagnostics)
}

/// Parses an entry in the REPL: as a file, but an expression may end it, whose value is to be shown, and the last `;` may be missing.
///
/// # Errors
/// As [`parse`]; and the error says whether more text could mend it.
pub fn parse_interactive<'a>(
    arena: &'a Bump,
    file: &SourceFile,
) -> Result<Program<'a>, EntryError> {
    let failed = match run(arena, file, Terminal::Entry, None) {
        Ok(program) => return Ok(program),
        Err(failed) => failed,
    };
    if failed.lacks_semicolon()
        && let Ok(program) = run(arena, file, Terminal::Entry, Some(Token::Semicolon))
    {
        return Ok(program);
    }
    Err(match failed.is_incomplete() {
        true => EntryError::Incomplete(failed.into_diagnostics()),
        false => EntryError::Invalid(failed.into_diagnostics()),
    })
}

/// Runs the parser; `start` and `closing` as in [`TokenSource::new`].
fn run<'a, 's>(
    arena: &'a Bump,
    file: &'s SourceFile,
    start: Terminal,
    closing: Option<Token>,
) -> Result<Program<'a>, Box<TokenSource<'s>>> {
    let text = file.text();
    let builder = Builder::new(arena, text, TokenSource::new(text, start, closing));
    let parsed = grammar::ProgramParser::new().parse(&builder, builder.tokens());
    let mut source = Box::new(builder.into_source());
    match parsed {
        Ok(program) if !source.has_failed() => Ok(program),
        Ok(_) => Err(source),
        Err(error) => {
            // Only behind a mistake that has been noted does the parser give up; but a bug must not look like a program.
            if !source.has_failed() {
                let message = format!("The parser has given up: {error:?}.");
                source.report(Diagnostic::syntax(message, file.span()));
            }
            Err(source)
        }
    }
}
