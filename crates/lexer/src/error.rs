//! What can be wrong with the text below the level of tokens.

use calf_source::{Diagnostic, Span};

/// What is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum ErrorKind {
    /// Characters with which no token begins.
    #[default]
    UnexpectedCharacter,
    /// A string without an end.
    UnterminatedString,
    /// A `/*` without its `*/`.
    UnterminatedComment,
    /// A `${` without its `}`.
    UnterminatedInterpolation,
    /// A backslash before a character that makes no escape.
    InvalidEscape,
    /// `\u` without braces, or not the number of a character.
    InvalidUnicodeEscape,
    /// `0x` alone.
    NoHexadecimalDigits,
}

/// An error with its place. The lexer goes on behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LexicalError {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Where. Of what has no end, the place where it begins.
    pub span: Span,
}

impl ErrorKind {
    /// Does the text end too early, so that more text could mend it?
    pub fn is_unterminated(self) -> bool {
        use ErrorKind::{UnterminatedComment, UnterminatedInterpolation, UnterminatedString};
        matches!(self, UnterminatedString | UnterminatedComment | UnterminatedInterpolation)
    }

    /// The message, in Lox's words where Lox has it.
    pub fn message(self) -> &'static str {
        match self {
            ErrorKind::UnexpectedCharacter => "Unexpected character.",
            ErrorKind::UnterminatedString => "Unterminated string.",
            ErrorKind::UnterminatedComment => "Unterminated comment.",
            ErrorKind::UnterminatedInterpolation => "Unterminated interpolation.",
            ErrorKind::InvalidEscape => "Invalid escape.",
            ErrorKind::InvalidUnicodeEscape => "Invalid unicode escape.",
            ErrorKind::NoHexadecimalDigits => "Expect hexadecimal digits after '0x'.",
        }
    }

    /// What to do about it, if the message does not say it all.
    fn help(self, text: &str) -> Option<String> {
        Some(match self {
            ErrorKind::UnexpectedCharacter => match text {
                "&" | "&&" => "Write 'and'.".to_string(),
                "|" | "||" => "Write 'or'.".to_string(),
                "'" => "Strings are written with double quotes.".to_string(),
                "#" => "Comments begin with '//'.".to_string(),
                _ => {
                    let character = text.chars().next().filter(|c| !c.is_ascii_graphic())?;
                    format!("The character is U+{:04X}.", character as u32)
                }
            },
            ErrorKind::UnterminatedString => "Close the string with '\"'.".to_string(),
            ErrorKind::UnterminatedComment => {
                "Close the comment with '*/'; comments nest.".to_string()
            }
            ErrorKind::UnterminatedInterpolation => {
                "Close the value with '}', or write '\\$' for a dollar sign.".to_string()
            }
            ErrorKind::InvalidEscape => {
                "The escapes are \\n \\t \\r \\0 \\e \\\\ \\\" \\$ and \\u{…}.".to_string()
            }
            ErrorKind::InvalidUnicodeEscape => {
                "Write the number of a character in hexadecimal: \\u{41}.".to_string()
            }
            ErrorKind::NoHexadecimalDigits => return None,
        })
    }
}

impl LexicalError {
    /// The message for the user; `text` is the text of the whole file.
    pub fn diagnostic(&self, text: &str) -> Diagnostic {
        let help = self.kind.help(text.get(self.span.range()).unwrap_or_default());
        let diagnostic = Diagnostic::lexical(self.kind.message(), self.span);
        match help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        }
    }
}
