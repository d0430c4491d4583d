//! The walk over the pieces, and the comments between the tokens of a statement.

use crate::document::{Break, Document};
use crate::piece::{Piece, PieceKind, pieces};
use calf_lexer::Token;

/// Walks over a tree and emits its pieces.
pub(crate) struct Formatter<'s> {
    pub(crate) text: &'s str,
    pub(crate) pieces: Vec<Piece>,
    /// The piece that is next.
    pub(crate) next: usize,
    pub(crate) document: Document<'s>,
    /// How many values of interpolations are open in the innermost function: lines do not break there.
    pub(crate) values: usize,
}

impl<'s> Formatter<'s> {
    pub(crate) fn new(text: &'s str) -> Self {
        let document = Document::default();
        Formatter { text, pieces: pieces(text), next: 0, document, values: 0 }
    }

    pub(crate) fn peek(&self) -> Piece {
        self.piece(self.next)
    }
    pub(crate) fn piece(&self, at: usize) -> Piece {
        let last = self.pieces.len() - 1;
        self.pieces[at.min(last)]
    }
    /// The next token, behind the comments.
    pub(crate) fn peek_token(&self) -> Piece {
        let rest = self.pieces[self.next..].iter();
        rest.copied().find(|piece| !piece.is_comment()).unwrap_or(self.piece(usize::MAX))
    }
    fn take(&mut self) -> &'s str {
        let text = &self.text[self.peek().span.range()];
        self.next += 1;
        text
    }
    pub(crate) fn take_comment(&mut self) -> &'s str {
        self.take().trim_end()
    }

    /// Does this comment stand on one line with the token behind it?
    pub(crate) fn is_inline(&self, at: usize) -> bool {
        let comments = self.pieces[at..].iter().take_while(|piece| piece.is_comment());
        let count = comments.clone().count();
        comments.clone().all(|piece| piece.kind == PieceKind::BlockComment)
            && (1..=count).all(|step| self.piece(at + step).newlines == 0)
            && self.piece(at + count).kind != PieceKind::End
    }

    /// Comments behind a token that stand on its line, with nothing behind them: they stay at the end of the line.
    fn trailing(&mut self) {
        let mut end = self.next;
        while self.piece(end).is_comment() && self.piece(end).newlines == 0 {
            end += 1;
        }
        let next = self.piece(end);
        let ends_line = next.newlines > 0 || next.kind == PieceKind::End;
        while self.next < end && ends_line {
            let is_line = self.peek().kind == PieceKind::LineComment;
            let text = self.take_comment();
            self.document.suffix(text, is_line);
        }
    }

    /// Comments in front of the next token where no line may break.
    fn leading(&mut self) {
        while self.peek().is_comment() {
            let is_line = self.peek().kind == PieceKind::LineComment;
            if !self.is_inline(self.next) {
                let text = self.take_comment();
                self.document.suffix(text, is_line);
                continue;
            }
            self.space_before_comment();
            let text = self.take_comment();
            self.document.text(text);
            let next = self.text[self.peek().span.range()].chars().next();
            if !self.peek().is_comment() && !next.is_some_and(|next| ",;)].}".contains(next)) {
                self.document.text(" ");
            }
        }
    }
    fn space_before_comment(&mut self) {
        let last = self.document.last_text();
        if last.is_some_and(|last| !last.ends_with([' ', '(', '[', '{'])) {
            self.document.text(" ");
        }
    }

    /// Emits the next token with the comments that belong to it.
    pub(crate) fn token(&mut self) {
        self.leading();
        if self.peek().kind != PieceKind::End {
            let text = self.take();
            self.document.text(text);
            self.trailing();
        }
    }
    pub(crate) fn tokens(&mut self, count: usize) {
        (0..count).for_each(|_| self.token());
    }
    pub(crate) fn space(&mut self) {
        self.document.text(" ");
    }

    /// A place to break, and the comments on lines of their own that follow.
    pub(crate) fn soft(&mut self, flat: &'static str) {
        self.soft_with(Break { flat, closes: false, of_block: false, fills: false });
    }
    pub(crate) fn soft_with(&mut self, place: Break) {
        if self.values > 0 && !self.document.needs_line {
            return self.document.text(place.flat);
        }
        self.document.soft(place);
        while self.peek().is_comment() && !self.is_inline(self.next) {
            self.document.force_last();
            let text = self.take_comment();
            self.document.text(text);
            self.document.line(false, place.closes);
        }
    }
    /// A place to break in front of a closing bracket.
    pub(crate) fn soft_close(&mut self, flat: &'static str) {
        self.comments_before_close();
        self.soft_with(Break { flat, closes: true, of_block: false, fills: false });
    }
    /// Comments in front of a closing bracket, which stay inside.
    pub(crate) fn comments_before_close(&mut self) {
        while self.peek().is_comment() {
            let piece = self.peek();
            let is_line = piece.kind == PieceKind::LineComment;
            if piece.newlines > 0 && self.values == 0 {
                self.document.line(false, false);
                let text = self.take_comment();
                self.document.text(text);
                self.document.needs_line |= is_line;
            } else if is_line || self.values > 0 {
                let text = self.take_comment();
                self.document.suffix(text, is_line);
            } else {
                self.space_before_comment();
                let text = self.take_comment();
                self.document.text(text);
            }
        }
    }
    /// Leaves out the comma in front of a closing bracket, if there is one; it comes back if the group is broken.
    pub(crate) fn last_comma(&mut self) {
        self.document.if_broken(",");
        if self.peek_token().is(Token::Comma) {
            while self.peek().is_comment() {
                let is_line = self.peek().kind == PieceKind::LineComment;
                let text = self.take_comment();
                self.document.suffix(text, is_line);
            }
            self.take();
            self.trailing();
        }
    }
}
