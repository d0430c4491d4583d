//! The tokens, and the state machines that find them.

use crate::ErrorKind;
use crate::comment::nested_comment;
use logos::{FilterResult, Logos};

/// Declares the tokens of code. Each row: name, text, for tokens that have only one text; then the others.
macro_rules! tokens {
    (words { $($word:ident = $word_text:literal,)+ } marks { $($mark:ident = $mark_text:literal,)+ }) => {
        /// A token. Its text is that of its span.
        #[derive(Logos, Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[logos(error = ErrorKind)]
        #[logos(skip r"[ \t\r\n\x0c]+")]
        #[logos(skip(r"//[^\n]*", allow_greedy = true))]
        pub enum Token {
            $(#[doc = concat!("`", $word_text, "`")] #[token($word_text)] $word,)+
            $(#[doc = concat!("`", $mark_text, "`")] #[token($mark_text)] $mark,)+
            /// A name that is not reserved.
            #[regex("[A-Za-z_][A-Za-z0-9_]*")]
            Identifier,
            /// A number: decimal, with a fraction or an exponent or both, or hexadecimal. See [`crate::number`].
            #[regex(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")]
            #[regex(r"0[xX][0-9A-Fa-f]+")]
            #[regex(r"0[xX]", no_digits)]
            Number,
            /// A string without interpolation, with its quotes. See [`crate::text`].
            #[token("\"")]
            String,
            /// The first part of a string with interpolation: from the quote to `${`.
            InterpolationStart,
            /// A part between two values: from `}` to `${`.
            InterpolationMiddle,
            /// The last part: from `}` to the quote.
            InterpolationEnd,
            /// Never produced: comments are skipped.
            #[token("/*", skip_comment)]
            Comment,
            /// Never produced: operators of other languages, which are errors.
            #[regex(r"&&?|\|\|?", foreign)]
            Foreign,
        }

        /// The reserved words, in alphabetical order.
        pub const RESERVED_WORDS: &[&str] = &[$($word_text),+];

        impl Token {
            /// The text of a token that has only one: reserved words, operators and brackets.
            pub fn text(self) -> Option<&'static str> {
                match self {
                    $(Token::$word => Some($word_text),)+
                    $(Token::$mark => Some($mark_text),)+
                    _ => None,
                }
            }
            /// Is it a reserved word?
            pub fn is_reserved_word(self) -> bool {
                matches!(self, $(Token::$word)|+)
            }
        }
    };
}

tokens! {
    words {
        And = "and",
        As = "as",
        Break = "break",
        Catch = "catch",
        Class = "class",
        Continue = "continue",
        Else = "else",
        False = "false",
        Finally = "finally",
        For = "for",
        Fun = "fun",
        If = "if",
        Import = "import",
        In = "in",
        Nil = "nil",
        Or = "or",
        Print = "print",
        Return = "return",
        Super = "super",
        This = "this",
        Throw = "throw",
        True = "true",
        Try = "try",
        Var = "var",
        While = "while",
    }
    marks {
        LeftParenthesis = "(",
        RightParenthesis = ")",
        LeftBracket = "[",
        RightBracket = "]",
        LeftBrace = "{",
        RightBrace = "}",
        Comma = ",",
        Dot = ".",
        Semicolon = ";",
        Colon = ":",
        Question = "?",
        Plus = "+",
        Minus = "-",
        Star = "*",
        Slash = "/",
        Percent = "%",
        Bang = "!",
        Equal = "=",
        EqualEqual = "==",
        BangEqual = "!=",
        Less = "<",
        LessEqual = "<=",
        Greater = ">",
        GreaterEqual = ">=",
        PlusEqual = "+=",
        MinusEqual = "-=",
        StarEqual = "*=",
        SlashEqual = "/=",
        PercentEqual = "%=",
    }
}

/// `0x` alone.
fn no_digits(_: &mut logos::Lexer<Token>) -> Result<(), ErrorKind> {
    Err(ErrorKind::NoHexadecimalDigits)
}

/// An operator of other languages.
fn foreign(_: &mut logos::Lexer<Token>) -> Result<(), ErrorKind> {
    Err(ErrorKind::UnexpectedCharacter)
}

/// Skips a comment in which others may nest.
fn skip_comment(lexer: &mut logos::Lexer<Token>) -> FilterResult<(), ErrorKind> {
    let text = lexer.remainder().as_bytes();
    match nested_comment(text) {
        Some(length) => {
            lexer.bump(length);
            FilterResult::Skip
        }
        None => {
            lexer.bump(text.len());
            FilterResult::Error(ErrorKind::UnterminatedComment)
        }
    }
}

/// What a string is made of, between its quotes.
#[derive(Logos, Clone, Copy, PartialEq, Debug)]
#[logos(error = ErrorKind)]
pub(crate) enum Piece {
    /// Text that means itself. A `$` that opens nothing does too.
    #[regex(r#"[^"\\$]+"#)]
    #[token("$")]
    Text,
    /// An escape that means one character.
    #[token(r"\n", |_| '\n')]
    #[token(r"\t", |_| '\t')]
    #[token(r"\r", |_| '\r')]
    #[token(r"\0", |_| '\0')]
    #[token(r"\e", |_| '\x1b')]
    #[token(r"\\", |_| '\\')]
    #[token(r#"\""#, |_| '"')]
    #[token(r"\$", |_| '$')]
    #[regex(r"\\u\{[0-9A-Fa-f]*\}", unicode_escape)]
    #[regex(r"\\u", |_| Err(ErrorKind::InvalidUnicodeEscape))]
    #[regex(r#"\\[^ntr0e\\"$u]?"#, |_| Err(ErrorKind::InvalidEscape))]
    Escape(char),
    /// The start of a value.
    #[token("${")]
    Open,
    /// The end of the string.
    #[token("\"")]
    Quote,
}

/// The character of `\u{…}`.
fn unicode_escape(lexer: &mut logos::Lexer<Piece>) -> Result<char, ErrorKind> {
    let digits = &lexer.slice()[3..lexer.slice().len() - 1];
    let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    code.ok_or(ErrorKind::InvalidUnicodeEscape)
}
