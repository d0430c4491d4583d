//! From text to tokens.
//!
//! The lexer is an iterator. A string with interpolation comes as several tokens, with the tokens of the values between them:
//!
//! ```text
//! "a ${b} c ${d} e"
//! ^^^^^              InterpolationStart
//!      ^             Identifier
//!       ^^^^^^       InterpolationMiddle
//!             ^      Identifier
//!              ^^^^  InterpolationEnd
//! ```
//!
//! Values may contain braces and strings, with values of their own: the lexer keeps a stack of the open ones.

#![forbid(unsafe_code)]

mod comment;
mod error;
mod literal;
mod token;

pub use comment::{Comment, comments};
pub use error::{ErrorKind, LexicalError, string_end};
pub use literal::{number, text};
pub use token::{RESERVED_WORDS, Token};

use calf_source::Span;
use logos::Logos;
use std::collections::VecDeque;
use token::Piece;

/// A value of an interpolation that is open.
struct Value {
    /// Where its `${` stands.
    opened: Span,
    /// Where the quote stands that begins the string around it.
    quote: Span,
    /// How many braces are open in it.
    braces: usize,
}

/// The tokens of a text, in order, and what is wrong with it.
pub struct Lexer<'s> {
    code: logos::Lexer<'s, Token>,
    values: Vec<Value>,
    /// What has been found behind the token or error returned last.
    pending: VecDeque<Result<(Token, Span), LexicalError>>,
}

impl<'s> Lexer<'s> {
    /// The tokens of `text`. A first line that begins with `#!` is skipped.
    pub fn new(text: &'s str) -> Self {
        let mut code = Token::lexer(text);
        if text.starts_with("#!") {
            code.bump(text.find('\n').unwrap_or(text.len()));
        }
        Lexer { code, values: Vec::new(), pending: VecDeque::new() }
    }

    /// The tokens of `text` from the byte `offset` on, which must be the start of a token of code, or lie between two.
    pub fn resume(text: &'s str, offset: u32) -> Self {
        let mut code = Token::lexer(text);
        code.bump(text.floor_char_boundary(offset as usize));
        Lexer { code, values: Vec::new(), pending: VecDeque::new() }
    }

    fn span(&self) -> Span {
        Span::new(self.code.span().start as u32, self.code.span().end as u32)
    }

    /// Reads on to the end of the string that `quote` begins, or to the next value in it. The token just read is the quote itself, or
    /// the brace behind a value.
    fn string(
        &mut self,
        quote: Span,
        whole: Token,
        part: Token,
    ) -> Result<(Token, Span), LexicalError> {
        let start = self.span();
        let mut pieces = Piece::lexer(self.code.remainder());
        while let Some(piece) = pieces.next() {
            let found = pieces.span();
            let span = Span::new(start.end + found.start as u32, start.end + found.end as u32);
            let token = match piece {
                Ok(Piece::Text | Piece::Escape(_)) => continue,
                Err(kind) => {
                    self.pending.push_back(Err(LexicalError { kind, span }));
                    continue;
                }
                Ok(Piece::Quote) => whole,
                Ok(Piece::Open) => {
                    self.values.push(Value { opened: span, quote, braces: 0 });
                    part
                }
            };
            self.code.bump(found.end);
            return Ok((token, start.to(span)));
        }
        self.code.bump(self.code.remainder().len());
        // A string without an end within a value is most often the rest of the string around it.
        Err(self
            .open_value()
            .unwrap_or(LexicalError { kind: ErrorKind::UnterminatedString, span: quote }))
    }

    /// At the end of the text: an error if values are open. No more than one, though several may be open.
    fn open_value(&mut self) -> Option<LexicalError> {
        let value = self.values.drain(..).next_back()?;
        Some(LexicalError { kind: ErrorKind::UnterminatedInterpolation, span: value.opened })
    }

    /// Where a text in single quotes ends, on the same line: what stands in it is not worth a word.
    fn single_quoted(&self) -> Option<usize> {
        let rest = self.code.remainder();
        let end = rest.find(['\'', '\n'])?;
        rest[end..].starts_with('\'').then_some(end + 1)
    }

    /// Takes the characters that follow and begin no token either into the same error.
    fn unexpected(&mut self) -> LexicalError {
        let mut span = self.span();
        if self.code.slice() == "'"
            && let Some(end) = self.single_quoted()
        {
            self.code.bump(end);
            span.end += end as u32;
            return LexicalError { kind: ErrorKind::UnexpectedCharacter, span };
        }
        let is_ascii = |span: Span, text: &str| text[span.range()].is_ascii();
        let source = self.code.source();
        loop {
            let mut ahead = self.code.clone();
            let next = ahead.next();
            let adjacent = ahead.span().start as u32 == span.end;
            let unexpected = next == Some(Err(ErrorKind::UnexpectedCharacter));
            let found = Span::new(ahead.span().start as u32, ahead.span().end as u32);
            if !(adjacent && unexpected) || is_ascii(span, source) != is_ascii(found, source) {
                return LexicalError { kind: ErrorKind::UnexpectedCharacter, span };
            }
            span.end = found.end;
            self.code = ahead;
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Result<(Token, Span), LexicalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(found) = self.pending.pop_front() {
            return Some(found);
        }
        let found = match self.code.next() {
            None => return self.open_value().map(Err),
            Some(Ok(Token::String)) => {
                self.string(self.span(), Token::String, Token::InterpolationStart)
            }
            Some(Ok(token)) => match (token, self.values.last_mut()) {
                (Token::RightBrace, Some(Value { quote, braces: 0, .. })) => {
                    let quote = *quote;
                    self.values.pop();
                    self.string(quote, Token::InterpolationEnd, Token::InterpolationMiddle)
                }
                (Token::RightBrace, Some(value)) => {
                    value.braces -= 1;
                    Ok((token, self.span()))
                }
                (Token::LeftBrace, Some(value)) => {
                    value.braces += 1;
                    Ok((token, self.span()))
                }
                _ => Ok((token, self.span())),
            },
            Some(Err(ErrorKind::UnexpectedCharacter)) => Err(self.unexpected()),
            Some(Err(kind @ ErrorKind::UnterminatedComment)) => {
                self.values.clear();
                let start = self.span().start;
                Err(LexicalError { kind, span: Span::new(start, start + 2) })
            }
            Some(Err(kind)) => Err(LexicalError { kind, span: self.span() }),
        };
        if self.pending.is_empty() {
            return Some(found);
        }
        // Errors within a string stand before its end.
        self.pending.push_back(found);
        self.pending.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorKind, Lexer, Token};

    /// The tokens with their texts; errors with theirs, after `!`.
    fn tokens(text: &str) -> String {
        let describe = |found: Result<(Token, calf_source::Span), super::LexicalError>| match found
        {
            Ok((token, span)) if token.text().is_some() => text[span.range()].to_string(),
            Ok((token, span)) => format!("{token:?}<{}>", &text[span.range()]),
            Err(error) => format!("!{:?}<{}>", error.kind, &text[error.span.range()]),
        };
        Lexer::new(text).map(describe).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn finds_words_marks_and_names() {
        assert_eq!(
            tokens("var orchid=nil or fun_ // x\n<=<>=!===%=;"),
            "var Identifier<orchid> = nil or Identifier<fun_> <= < >= != == %= ;"
        );
        assert_eq!(tokens("a\r\nb\u{c}c"), "Identifier<a> Identifier<b> Identifier<c>");
        assert_eq!(tokens(""), "");
        assert_eq!(tokens("// no line break"), "");
    }

    #[test]
    fn finds_numbers() {
        assert_eq!(
            tokens("12 1.5 1e9 1.5E-3 0xfF"),
            "Number<12> Number<1.5> Number<1e9> Number<1.5E-3> Number<0xfF>"
        );
        assert_eq!(tokens("1.foo .5 5."), "Number<1> . Identifier<foo> . Number<5> Number<5> .");
        assert_eq!(
            tokens("1e 1ex 1e+"),
            "Number<1> Identifier<e> Number<1> Identifier<ex> Number<1> Identifier<e> +"
        );
        assert_eq!(tokens("0xg 1"), "!NoHexadecimalDigits<0x> Identifier<g> Number<1>");
    }

    #[test]
    fn skips_comments_that_nest_and_the_first_line() {
        assert_eq!(
            tokens("#!/usr/bin/env calf\na/* b /* c */ d **/e"),
            "Identifier<a> Identifier<e>"
        );
        assert_eq!(tokens("#!"), "");
        assert_eq!(tokens("\n#!x"), "!UnexpectedCharacter<#> ! Identifier<x>");
        assert_eq!(tokens("a /* /* */ b"), "Identifier<a> !UnterminatedComment</*>");
        assert_eq!(tokens("/**/ /*/ a"), "!UnterminatedComment</*>");
    }

    #[test]
    fn splits_strings_at_their_values() {
        assert_eq!(tokens(r#""a\"b" c"#), r#"String<"a\"b"> Identifier<c>"#);
        assert_eq!(tokens("\"a\nb\""), "String<\"a\nb\">");
        assert_eq!(tokens(r#""$a $ \${x}""#), r#"String<"$a $ \${x}">"#);
        assert_eq!(
            tokens(r#""a${b}c${d}e""#),
            r#"InterpolationStart<"a${> Identifier<b> InterpolationMiddle<}c${> Identifier<d> InterpolationEnd<}e">"#
        );
        assert_eq!(
            tokens(r#""${ {"k": "${1}"} }""#),
            r#"InterpolationStart<"${> { String<"k"> : InterpolationStart<"${> Number<1> InterpolationEnd<}"> } InterpolationEnd<}">"#
        );
        assert_eq!(tokens("} {"), "} {");
    }

    #[test]
    fn tells_what_is_wrong_in_the_order_of_the_text() {
        assert_eq!(
            tokens(r#""a\q\u{110000}\u1" b"#),
            r#"!InvalidEscape<\q> !InvalidUnicodeEscape<\u{110000}> !InvalidUnicodeEscape<\u> String<"a\q\u{110000}\u1"> Identifier<b>"#
        );
        assert_eq!(tokens("a \"b"), "Identifier<a> !UnterminatedString<\">");
        assert_eq!(tokens("\"b\\"), "!InvalidEscape<\\> !UnterminatedString<\">");
        assert_eq!(
            tokens("\"${a} b"),
            "InterpolationStart<\"${> Identifier<a> !UnterminatedString<\">"
        );
        assert_eq!(
            tokens("\"${a"),
            "InterpolationStart<\"${> Identifier<a> !UnterminatedInterpolation<${>"
        );
        assert_eq!(
            tokens("\"${a\";"),
            "InterpolationStart<\"${> Identifier<a> !UnterminatedInterpolation<${>"
        );
        assert_eq!(
            tokens("a @#é日 b && \0"),
            "Identifier<a> !UnexpectedCharacter<@#> !UnexpectedCharacter<é日> Identifier<b> !UnexpectedCharacter<&&> !UnexpectedCharacter<\0>"
        );
    }

    #[test]
    fn takes_a_text_in_single_quotes_as_one_error() {
        assert_eq!(tokens("a 'b c' d"), "Identifier<a> !UnexpectedCharacter<'b c'> Identifier<d>");
        assert_eq!(
            tokens("a 'b\n' d"),
            "Identifier<a> !UnexpectedCharacter<'> Identifier<b> !UnexpectedCharacter<'> Identifier<d>"
        );
    }

    #[test]
    fn tells_of_each_error_what_to_do() {
        for text in
            ["\u{a0}", "@", "&&", "'", "'a'", "#", "\"", "/*", "\"${", r#""\q""#, r#""\u""#, "0x"]
        {
            let error = Lexer::new(text).find_map(Result::err).expect("an error");
            let diagnostic = error.diagnostic(text);
            assert!(diagnostic.fix.is_some() || !diagnostic.help.is_empty(), "{text}");
        }
        let unterminated =
            Lexer::new("\"").find_map(Result::err).map(|error| error.kind.is_unterminated());
        assert_eq!(unterminated, Some(true));
        assert!(!ErrorKind::UnexpectedCharacter.is_unterminated());
    }

    #[test]
    fn is_linear() {
        const MANY: usize = 300_000;
        for piece in
            ["\"${", "/*", "@", "\"a\" ", "{", "é", "'", "''", "\"\\q\"", "(", "\"${1}\"", "@/**/"]
        {
            assert!(Lexer::new(&piece.repeat(MANY)).count() > 0);
        }
    }
}
