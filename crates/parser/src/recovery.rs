//! The tokens on their way to the parser, and how it gets past a mistake.
//!
//! The grammar says where a broken statement or method may stand (`!`). When the parser meets a mistake, it goes back to the innermost
//! such place, takes the token it could not use, and tells the source of the tokens ([`TokenSource::recover`]). The source, which knows
//! the open brackets, skips what belongs to the broken statement and says "resume". So the cost of a mistake is that of the tokens
//! skipped, and the parser's own search for a token to go on with, which takes the depth for each token skipped, is never needed.

use crate::MAX_DEPTH;
use crate::bracket::{Bracket, BracketKind, Brackets, ends_operand};
use crate::message::{self, Mistake};
use calf_lexer::{ErrorKind, Lexer, LexicalError, Token};
use calf_source::{Diagnostic, Span};
use std::collections::VecDeque;
use std::convert::Infallible;

/// After this many mistakes the rest of the file is not looked at.
const MAX_DIAGNOSTICS: usize = 100;

/// What the parser sees: the tokens, and some words about them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Terminal {
    /// A token of the text.
    Token(Token),
    /// At the start of a file.
    File,
    /// At the start of an entry in the REPL.
    Entry,
    /// Behind a broken statement or method.
    Resume,
    /// At the end of the text.
    End,
}

/// What the parser takes from the source of the tokens.
pub(crate) type Found = Result<(u32, Terminal, u32), Infallible>;
/// What the parser says of a mistake.
pub(crate) type ParseError = lalrpop_util::ParseError<u32, Terminal, Infallible>;

/// What a mistake has broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Broken {
    /// A statement.
    Statement,
    /// A method of a class.
    Method,
}

/// What is to be skipped.
struct Skip {
    broken: Broken,
    /// The first token of what is broken.
    head: Token,
    /// How many brackets are open outside of it.
    floor: usize,
    /// The token the parser could not use.
    offending: (Token, Span),
    ahead: Ahead,
    /// The brace that closes the class seems to be missing in front of that token.
    is_class_open: bool,
}

/// What to do with the token that the parser could not use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ahead {
    /// It may belong to what is broken, or not.
    Look,
    /// It belongs to what is broken, whatever it is.
    Discard,
    /// It begins the next statement.
    Keep,
}

/// The tokens of a text, and everything that is wrong with it.
pub(crate) struct TokenSource<'s> {
    text: &'s str,
    lexer: Lexer<'s>,
    start: Option<Terminal>,
    /// In the REPL: put a `;` at the end.
    closing: Option<Token>,
    /// To be given before what the lexer has.
    waiting: VecDeque<(Token, Span)>,
    /// Given last, but not yet passed: the parser may find that it cannot use it.
    given: Option<(Token, Span)>,
    brackets: Brackets,
    skip: Option<Skip>,
    diagnostics: Vec<Diagnostic>,
    /// Where the last error of the lexer is.
    lexical: Option<LexicalError>,
    /// Where the first token behind it is.
    behind_lexical: Option<u32>,
    /// Where the last token stands that the parser could not use.
    stuck_at: Option<u32>,
    /// Nothing more is given.
    stopped: bool,
    /// How many mistakes are only that the text ends too early.
    early_ends: usize,
    /// The mistake at the end is that a `;` is missing.
    lacks_semicolon: bool,
    /// A mistake stood behind a string over several lines.
    has_long_string: bool,
    /// What is allowed, but hardly meant.
    warnings: Vec<Diagnostic>,
}

impl<'s> TokenSource<'s> {
    /// The tokens of `text` behind `start`, which is [`Terminal::File`] or [`Terminal::Entry`], and in front of `closing`.
    pub(crate) fn new(text: &'s str, start: Terminal, closing: Option<Token>) -> Self {
        TokenSource {
            text,
            lexer: Lexer::new(text),
            start: Some(start),
            closing,
            waiting: VecDeque::new(),
            given: None,
            brackets: Brackets::default(),
            skip: None,
            diagnostics: Vec::new(),
            lexical: None,
            behind_lexical: None,
            stuck_at: None,
            stopped: false,
            early_ends: 0,
            lacks_semicolon: false,
            has_long_string: false,
            warnings: Vec::new(),
        }
    }

    /// What is wrong, in the order of the text.
    pub(crate) fn into_diagnostics(mut self: Box<Self>) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        self.diagnostics
    }
    /// Is there anything wrong?
    pub(crate) fn has_failed(&self) -> bool {
        !self.diagnostics.is_empty()
    }
    /// Is the only thing wrong that the text ends too early?
    pub(crate) fn is_incomplete(&self) -> bool {
        self.has_failed() && self.early_ends == self.diagnostics.len()
    }
    /// Is the only thing wrong that the last `;` is missing?
    pub(crate) fn lacks_semicolon(&self) -> bool {
        self.is_incomplete() && self.lacks_semicolon
    }

    /// Notes a mistake that does not keep the parser from going on.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() + 1 < MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        } else if !self.stopped {
            let note = "There are too many errors; what follows has not been looked at.";
            self.diagnostics.push(diagnostic.with_note(note));
            self.stopped = true;
        }
    }
    /// Notes what is allowed, but hardly meant.
    pub(crate) fn warn(&mut self, diagnostic: Diagnostic) {
        if self.warnings.len() < MAX_DIAGNOSTICS {
            self.warnings.push(diagnostic);
        }
    }
    /// What has been noted so.
    pub(crate) fn take_warnings(&mut self) -> Vec<Diagnostic> {
        std::mem::take(&mut self.warnings)
    }
    /// Is what the parser reads now within parentheses that are no arguments?
    pub(crate) fn is_in_group(&self) -> bool {
        self.brackets.is_in_group()
    }
    /// Notes that the program nests too deeply at this place. Nothing after it is looked at.
    pub(crate) fn refuse_depth(&mut self, span: Span) {
        if !self.stopped {
            let note = format!("No more than {MAX_DEPTH} levels are allowed.");
            self.report(Diagnostic::syntax("Nested too deeply.", span).with_note(note));
            self.stopped = true;
        }
    }

    fn end(&self) -> Span {
        Span::at(self.text.len() as u32)
    }

    /// The next token for the parser; `None` after an end that it could not use.
    pub(crate) fn next_terminal(&mut self) -> Option<(u32, Terminal, u32)> {
        if let Some(start) = self.start.take() {
            return Some((0, start, 0));
        }
        if let Some(skip) = self.skip.take() {
            self.given = None;
            let place = self.skip_broken(skip);
            self.brackets.previous = None;
            return Some((place, Terminal::Resume, place));
        }
        if let Some((token, span)) = self.given.take()
            && self.brackets.pass(token, span) > u32::from(MAX_DEPTH)
        {
            self.refuse_depth(span);
        }
        if self.stopped {
            return None;
        }
        let (mut found, mut span) = self.pull()?;
        while self.is_orphan(found) {
            (found, span) = self.drop_orphan(found)?;
        }
        let Some(token) = found else {
            self.stopped = true;
            return Some((span.start, Terminal::End, span.end));
        };
        self.given = Some((token, span));
        Some((span.start, Terminal::Token(token), span.end))
    }

    /// The next token of the text; at its end, no token. `None` if nothing is to be looked at any more.
    fn pull(&mut self) -> Option<(Option<Token>, Span)> {
        loop {
            if self.stopped {
                return None;
            }
            if let Some((token, span)) = self.waiting.pop_front() {
                return Some((Some(token), span));
            }
            match self.lexer.next() {
                Some(Ok((token, span))) => {
                    if self.lexical.is_some() && self.behind_lexical.is_none() {
                        self.behind_lexical = Some(span.start);
                    }
                    return Some((Some(token), span));
                }
                Some(Err(error)) => {
                    self.lexical = Some(error);
                    self.behind_lexical = None;
                    // A mistake in the value has been noted already, or its end would have been found.
                    let is_consequence = error.kind == ErrorKind::UnterminatedInterpolation
                        && self
                            .diagnostics
                            .iter()
                            .any(|known| known.span.start >= error.span.start);
                    // The quote that seems to begin this string ended one that went on too long.
                    let is_shifted =
                        error.kind == ErrorKind::UnterminatedString && self.has_long_string;
                    if !is_consequence && !is_shifted {
                        self.early_ends += usize::from(error.kind.is_unterminated());
                        self.report(error.diagnostic(self.text));
                    }
                }
                None => {
                    let closing = self.closing.take();
                    return Some((closing, self.end()));
                }
            }
        }
    }
    /// Is this token the rest of a statement whose beginning was broken?
    fn is_orphan(&mut self, token: Option<Token>) -> bool {
        let at_start = matches!(
            self.brackets.previous_token(),
            None | Some(Token::Semicolon | Token::RightBrace)
        );
        let level = self.brackets.level();
        match token {
            Some(Token::Else) => at_start && level.orphan_else,
            Some(Token::Catch | Token::Finally) => at_start && level.orphan_catch,
            _ => false,
        }
    }
    /// Drops it, and the variable of a `catch`. What follows is parsed as a statement. Returns the next token.
    fn drop_orphan(&mut self, orphan: Option<Token>) -> Option<(Option<Token>, Span)> {
        self.brackets.previous = None;
        let (mut found, mut span) = self.pull()?;
        if orphan == Some(Token::Catch) && found == Some(Token::LeftParenthesis) {
            for expected in [Token::Identifier, Token::RightParenthesis] {
                (found, span) = self.pull()?;
                if found != Some(expected) {
                    return Some((found, span));
                }
            }
            return self.pull();
        }
        Some((found, span))
    }

    /// The parser has met a token that it cannot use, and has gone back to `place`, which lies in front of the broken thing or, if
    /// that begins with this very token, behind the token before. Notes what is wrong, and what to skip.
    pub(crate) fn recover(&mut self, broken: Broken, place: u32, error: ParseError) {
        let ParseError::UnrecognizedToken { token: (start, terminal, end), expected } = error
        else {
            return;
        };
        let offending = Span::new(start, end);
        let token = match terminal {
            Terminal::Token(token) => Some(token),
            Terminal::File | Terminal::Entry | Terminal::Resume | Terminal::End => None,
        };
        let head = Lexer::resume(self.text, place).find_map(Result::ok);
        let head = head.filter(|(_, span)| span.start < start).or(token.map(|t| (t, offending)));
        let head_start = head.map_or(start, |(_, span)| span.start);
        let floor = self.brackets.opened_before(head_start);
        let mistake = Mistake {
            text: self.text,
            broken,
            head: head.map(|(token, _)| token),
            head_start,
            offending: (token, offending),
            brackets: &self.brackets,
            floor,
            expected: &expected,
        };
        // What the lexer could not read is most likely what is missing here.
        let is_consequence = self.lexical.is_some_and(|error| {
            error.span.start >= place
                || self.behind_lexical == Some(head_start)
                || (token.is_none() && error.kind.is_unterminated())
        });
        let is_misused_word = mistake.is_misused_word();
        let has_long_string = mistake.long_string().is_some();
        let lacks_semicolon = mistake.wants(";");
        let is_class_open = mistake.is_class_open();
        let is_on_new_line = mistake.is_on_new_line();
        if !is_consequence {
            let diagnostic = message::describe(&mistake);
            self.report(diagnostic);
            self.has_long_string |= has_long_string;
            self.early_ends += usize::from(token.is_none());
            self.lacks_semicolon = token.is_none() && lacks_semicolon;
        }
        let (Some(token), Some((head, _))) = (token, head) else {
            self.stopped = true;
            return;
        };
        let ahead = if self.stuck_at.replace(start) == Some(start) || is_misused_word {
            Ahead::Discard
        } else if lacks_semicolon && is_on_new_line && self.brackets.len() == floor {
            Ahead::Keep
        } else {
            Ahead::Look
        };
        self.skip =
            Some(Skip { broken, head, floor, offending: (token, offending), ahead, is_class_open });
    }
}

/// What to do with a token while skipping.
enum Step {
    /// It belongs to what is broken.
    Skip,
    /// It is the last one of what is broken.
    Last,
    /// It is the first one behind.
    Stop,
    /// It is the first one behind, and the brace that closes the class is missing.
    Close,
}

/// Does this token begin a statement, and can be nowhere else? `fun` and `var` may be elsewhere.
pub(crate) fn begins_statement(token: Token) -> bool {
    use Token::*;
    matches!(
        token,
        Break | Class | Continue | For | If | Import | Print | Return | Throw | Try | While
    )
}

/// Skipping what is broken.
impl TokenSource<'_> {
    /// Skips what is broken. Returns where it ends.
    fn skip_broken(&mut self, skip: Skip) -> u32 {
        let mut place = skip.offending.1.start;
        let (mut token, mut span) = skip.offending;
        let mut first = true;
        let mut orphan_else = skip.head == Token::If;
        loop {
            let step = match (skip.ahead, skip.broken) {
                (Ahead::Keep, _) if first => Step::Stop,
                (Ahead::Discard, _) if first => Step::Skip,
                (_, Broken::Statement) => self.statement_step(&skip, token, span),
                (_, Broken::Method) => self.method_step(&skip, token),
            };
            match step {
                Step::Skip => {
                    place = span.end;
                    orphan_else |= token == Token::If;
                    if self.brackets.pass(token, span) > u32::from(MAX_DEPTH) {
                        self.refuse_depth(span);
                    }
                }
                Step::Last => {
                    place = span.end;
                    break;
                }
                Step::Stop => {
                    self.waiting.push_front((token, span));
                    break;
                }
                Step::Close => {
                    self.waiting.push_front((token, span));
                    self.waiting.push_front((Token::RightBrace, Span::at(span.start)));
                    break;
                }
            }
            first = false;
            match self.pull() {
                Some((Some(next), at)) => (token, span) = (next, at),
                Some((None, _)) | None => break,
            }
        }
        self.brackets.truncate(skip.floor);
        self.brackets.level().restart(orphan_else, skip.head == Token::Try);
        place
    }

    /// Is a block or a body open that belongs to what is broken?
    fn is_in_block(&self, skip: &Skip) -> bool {
        self.brackets.above(skip.floor).iter().any(|bracket| bracket.kind == BracketKind::Block)
    }
    /// Does this brace close the outermost bracket or the only block of what is broken?
    fn is_last_brace(&self, skip: &Skip, token: Token) -> bool {
        let Some(closed) = self.brackets.closed_by(token) else { return false };
        let is_block = |bracket: &Bracket| bracket.kind == BracketKind::Block;
        let outside =
            self.brackets.above(skip.floor).split_at_checked(closed.saturating_sub(skip.floor));
        outside.is_some_and(|(outside, inside)| {
            outside.is_empty()
                || (inside.first().is_some_and(is_block) && !outside.iter().any(is_block))
        })
    }
    /// Does this token close a bracket outside of what is broken, or none?
    fn closes_outside(&self, skip: &Skip, token: Token) -> bool {
        self.brackets.closed_by(token).is_none_or(|at| at < skip.floor)
    }

    /// Is there a `)` soon in the line? Then the `(` of a `for` is missing, and this `;` stands between its clauses.
    fn is_line_closing(&self, span: Span) -> bool {
        const SOON: usize = 200;
        let rest = self.text.as_bytes().get(span.end as usize..).unwrap_or_default();
        let soon = rest.iter().take(SOON).take_while(|&&byte| byte != b'\n');
        soon.into_iter().any(|&byte| byte == b')')
    }

    fn statement_step(&self, skip: &Skip, token: Token, span: Span) -> Step {
        let within = self.brackets.above(skip.floor);
        let innermost = within.last().map(|bracket| bracket.kind);
        let previous = self.brackets.previous_token();
        match token {
            Token::RightBrace if self.closes_outside(skip, token) => match skip.floor {
                0 => Step::Last,
                _ => Step::Stop,
            },
            Token::RightBrace if skip.head == Token::Class && self.is_last_brace(skip, token) => {
                Step::Last
            }
            Token::RightParenthesis | Token::RightBracket | Token::RightBrace => Step::Skip,
            Token::InterpolationMiddle | Token::InterpolationEnd => Step::Skip,
            _ if self.is_in_block(skip) => Step::Skip,
            Token::Semicolon if innermost == Some(BracketKind::For) => Step::Skip,
            Token::Semicolon if skip.head == Token::For && self.is_line_closing(span) => Step::Skip,
            Token::Semicolon => Step::Last,
            Token::LeftBrace
                if previous == Some(Token::LeftParenthesis)
                    && innermost == Some(BracketKind::For) =>
            {
                Step::Skip
            }
            Token::LeftBrace => {
                let is_block = self.brackets.brace_kind() == BracketKind::Block;
                let is_function = self.brackets.is_behind_anonymous_parameters();
                // The block is worth a look, even if what stands before it is broken.
                if is_block && !is_function && skip.head != Token::Class {
                    Step::Stop
                } else {
                    Step::Skip
                }
            }
            Token::Var if matches!(previous, Some(Token::LeftParenthesis | Token::For)) => {
                Step::Skip
            }
            Token::Fun if innermost.is_none() && previous.is_none_or(ends_operand) => Step::Stop,
            Token::Var => Step::Stop,
            _ if begins_statement(token) => Step::Stop,
            _ => Step::Skip,
        }
    }

    fn method_step(&self, skip: &Skip, token: Token) -> Step {
        match token {
            Token::RightBrace if self.closes_outside(skip, token) => Step::Stop,
            Token::RightBrace if self.is_last_brace(skip, token) => Step::Last,
            _ if self.is_in_block(skip) => Step::Skip,
            Token::Semicolon => Step::Last,
            // Methods are declared without a word.
            Token::Fun if token == skip.head => Step::Last,
            _ if begins_statement(token) => match skip.is_class_open {
                true => Step::Close,
                false => Step::Skip,
            },
            _ => Step::Skip,
        }
    }
}
