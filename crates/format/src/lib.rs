//! The one style of Calf programs.
//!
//! The syntax tree says how a program is built, the tokens with their comments say how it was written: a walk over the tree emits the
//! tokens in their order into a [`document`], which knows where lines may break and is then laid out within [`WIDTH`] columns.
//! Tokens are only ever copied, but for commas in front of a closing bracket; before the result is handed out, it is parsed again and
//! compared with the original, so that formatting cannot change what a program does (only the line numbers in its traces).
//!
//! The style: two spaces for each level; a statement a line; at most one empty line between two; a block of one simple statement stays
//! on one line if it was written so and fits; brackets that do not fit have an item a line; operators begin lines.

#![forbid(unsafe_code)]

mod document;
mod expression;
mod piece;
mod printer;
mod statement;
mod walk;

use bumpalo::Bump;
use calf_source::{Diagnostic, SourceFile};
use walk::Formatter;

/// How long lines should be at most, in characters. What cannot be broken, such as a string, may be longer.
pub const WIDTH: usize = 100;

/// Why a program was not formatted.
#[derive(Debug)]
pub enum FormatError {
    /// It is no program: what is wrong with it.
    Syntax(Vec<Diagnostic>),
    /// The result would have been another program. This is a mistake of the formatter, and the text is better left alone.
    Unfaithful,
}

/// How often a text is formatted until it no longer changes: a comment in the middle of a statement may move to the end of its line,
/// and is treated there in the next round. All others need one.
const ROUNDS: usize = 8;

/// The text of a program in the one style. Formatting the result again changes nothing.
///
/// # Errors
/// If the program has syntax errors.
pub fn format(file: &SourceFile) -> Result<String, FormatError> {
    let arena = Bump::new();
    let program = calf_parser::parse(&arena, file).map_err(FormatError::Syntax)?;
    let (tree, comments) = (calf_parser::dump(&program), piece::comment_characters(file.text()));
    let mut text = Formatter::new(file.text()).program(&program);
    for _ in 0..ROUNDS {
        let formatted = SourceFile::new(file.name(), text);
        let again = calf_parser::parse(&arena, &formatted).map_err(|_| FormatError::Unfaithful)?;
        let is_same = calf_parser::dump(&again) == tree
            && piece::comment_characters(formatted.text()) == comments;
        if !is_same {
            return Err(FormatError::Unfaithful);
        }
        text = Formatter::new(formatted.text()).program(&again);
        if text == formatted.text() {
            break;
        }
    }
    Ok(text)
}
