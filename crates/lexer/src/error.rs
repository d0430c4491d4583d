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
}

impl LexicalError {
    /// The message for the user; `text` is the text of the whole file.
    pub fn diagnostic(&self, text: &str) -> Diagnostic {
        let diagnostic = Diagnostic::lexical(self.kind.message(), self.span);
        match self.kind {
            ErrorKind::UnexpectedCharacter => {
                self.unexpected(diagnostic, text.get(self.span.range()).unwrap_or_default())
            }
            ErrorKind::UnterminatedString => self.unterminated_string(diagnostic, text),
            ErrorKind::UnterminatedComment => {
                diagnostic.with_help("Close the comment with '*/'; comments nest.")
            }
            ErrorKind::UnterminatedInterpolation => {
                diagnostic.with_help("Close the value with '}', or write '\\$' for a dollar sign.")
            }
            ErrorKind::InvalidEscape => diagnostic
                .with_help("The escapes are \\n \\t \\r \\0 \\e \\\\ \\\" \\$ and \\u{…}."),
            ErrorKind::InvalidUnicodeEscape => {
                diagnostic.with_help("Write the number of a character in hexadecimal: \\u{41}.")
            }
            ErrorKind::NoHexadecimalDigits => {
                diagnostic.with_help("Write the digits: 0xff is 255.")
            }
        }
    }

    /// What a character means that begins no token, if it is one that other languages use.
    fn unexpected(&self, diagnostic: Diagnostic, text: &str) -> Diagnostic {
        let write =
            |own: &str| diagnostic.clone().with_fix(format!("write '{own}'"), self.span, own);
        match text {
            "&" | "&&" => write("and"),
            "|" | "||" => write("or"),
            "#" => diagnostic.with_fix("begin a comment with '//'", self.span, "//"),
            "'" => diagnostic.with_help("Write texts in double quotes."),
            "“" | "”" | "„" | "‘" | "’" => {
                diagnostic.with_fix("write the straight quote", self.span, "\"")
            }
            _ if text.starts_with('\'') && !text.contains(['"', '\\', '$']) => {
                let quotes = [
                    Span::new(self.span.start, self.span.start + 1),
                    Span::new(self.span.end - 1, self.span.end),
                ];
                let edits = quotes.map(|quote| (quote, "\"".to_string()));
                diagnostic.with_fixes("write texts in double quotes", edits)
            }
            _ if text.starts_with('\'') => diagnostic.with_help("Write texts in double quotes."),
            _ => {
                let character = text.chars().next().filter(|c| !c.is_ascii_graphic());
                let is_visible = character.is_none_or(is_visible);
                let diagnostic = match character {
                    Some(c) => {
                        diagnostic.with_note(format!("The character is U+{:04X}.", c as u32))
                    }
                    None => diagnostic,
                };
                diagnostic.with_help(match is_visible {
                    true => "Remove it; or, if it belongs to a text, put that in double quotes.",
                    false => "Remove it, although it cannot be seen.",
                })
            }
        }
    }

    /// A string may go over several lines, but more likely its quote is missing at the end of the first.
    fn unterminated_string(&self, diagnostic: Diagnostic, text: &str) -> Diagnostic {
        let diagnostic = diagnostic.with_caption("this quote has no partner");
        match string_end(text, self.span.start) {
            Some(end) => diagnostic.with_fix("close the string with '\"'", Span::at(end), "\""),
            None => diagnostic.with_help("Close the string with '\"'."),
        }
    }
}

/// Where the string that begins at `start` should most likely end: on its first line, in front of what closes a statement there.
pub fn string_end(text: &str, start: u32) -> Option<u32> {
    let line = text.get(start as usize + 1..)?.lines().next()?;
    let content = line.trim_end().trim_end_matches([';', ')', ']', '}', ',']).trim_end();
    let length = if content.is_empty() { line.trim_end().len() } else { content.len() };
    (length > 0).then(|| start + 1 + length as u32)
}

/// Can this character be seen? Not so those that come along when a text is copied from a web page.
fn is_visible(c: char) -> bool {
    let is_hidden =
        matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    !(c.is_whitespace() || c.is_control() || is_hidden)
}
