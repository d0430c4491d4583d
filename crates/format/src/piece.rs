//! The tokens of a program and the comments between them, in one row.

use calf_lexer::{Lexer, Token, comments};
use calf_source::Span;

/// What a piece is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PieceKind {
    /// A token.
    Token(Token),
    /// A comment up to the end of the line.
    LineComment,
    /// A comment with an end of its own.
    BlockComment,
    /// The end of the text.
    End,
}

/// A token or a comment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) kind: PieceKind,
    pub(crate) span: Span,
    /// How many line breaks stand between it and the piece before.
    pub(crate) newlines: usize,
}

impl Piece {
    pub(crate) fn is_comment(self) -> bool {
        matches!(self.kind, PieceKind::LineComment | PieceKind::BlockComment)
    }
    pub(crate) fn is(self, token: Token) -> bool {
        self.kind == PieceKind::Token(token)
    }
}

/// The first line, if it names an interpreter.
pub(crate) fn first_line(text: &str) -> Option<&str> {
    text.starts_with("#!").then(|| text.lines().next()).flatten()
}

/// The pieces of a text without lexical errors; the last one is [`PieceKind::End`].
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut end = first_line(text).map_or(0, str::len) as u32;
    let tokens = Lexer::new(text).filter_map(Result::ok);
    let tokens = tokens.map(|(token, span)| (PieceKind::Token(token), span));
    let last = (PieceKind::End, Span::at(text.len() as u32));
    for (kind, span) in tokens.chain([last]) {
        for comment in comments(text, Span::new(end, span.start)) {
            let kind = match comment.is_line {
                true => PieceKind::LineComment,
                false => PieceKind::BlockComment,
            };
            push(&mut pieces, text, kind, comment.span, &mut end);
        }
        push(&mut pieces, text, kind, span, &mut end);
    }
    pieces
}

fn push(pieces: &mut Vec<Piece>, text: &str, kind: PieceKind, span: Span, end: &mut u32) {
    let gap = &text[*end as usize..span.start as usize];
    let newlines = gap.bytes().filter(|&byte| byte == b'\n').count();
    pieces.push(Piece { kind, span, newlines });
    *end = span.end;
}

/// The characters of all comments but spaces, sorted: a comment that goes to the end of its line may overtake another, and two that end
/// with their line become one there.
pub(crate) fn comment_characters(text: &str) -> Vec<char> {
    let comments = pieces(text).into_iter().filter(|piece| piece.is_comment());
    let characters = comments.flat_map(|piece| text[piece.span.range()].chars());
    let mut characters: Vec<_> = characters.filter(|found| !found.is_whitespace()).collect();
    characters.sort_unstable();
    characters
}
