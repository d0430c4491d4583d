//! The brackets that are open at a token, and how deeply the parser would have to nest there.

use calf_lexer::Token;
use calf_source::Span;

/// What a bracket encloses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BracketKind {
    /// `{`: statements, or the methods of a class.
    Block,
    /// `{`: a map.
    Map,
    /// `(`, but for those below.
    Group,
    /// `(` of a function declared or a method: names.
    Parameters,
    /// `(` behind `for`: there may be semicolons in it.
    For,
    /// `[`
    Square,
    /// `${`
    Value,
}

/// An open bracket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bracket {
    pub(crate) kind: BracketKind,
    pub(crate) span: Span,
    /// The token in front of it.
    pub(crate) before: Option<Token>,
    /// How many semicolons have passed directly in it.
    pub(crate) semicolons: u32,
    /// It encloses the methods of a class.
    is_class: bool,
    level: Level,
}

/// What is open directly in a bracket, or at the top level.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Level {
    /// The nesting outside.
    base: u32,
    /// `if`, `while`, `for` whose statements are not complete.
    statements: u32,
    /// `=` and `?` whose right operands are not complete.
    expressions: u32,
    /// `!` and `-` in front of an operand.
    signs: u32,
    /// A statement may just have ended.
    ended: bool,
    /// A broken `if` stood here: its `else` belongs to nothing.
    pub(crate) orphan_else: bool,
    /// A broken `try` stood here.
    pub(crate) orphan_catch: bool,
}

impl Level {
    /// Behind a broken statement.
    pub(crate) fn restart(&mut self, orphan_else: bool, orphan_catch: bool) {
        (self.statements, self.expressions, self.signs, self.ended) = (0, 0, 0, false);
        self.orphan_else |= orphan_else;
        self.orphan_catch |= orphan_catch;
    }
    fn nesting(&self) -> u32 {
        self.base + self.statements + self.expressions + self.signs
    }
}

/// The open brackets, the outermost first.
///
/// Mistakes can only make this differ from what the parser thinks; the messages and the places where parsing goes on get worse then,
/// nothing else.
#[derive(Default, Debug)]
pub(crate) struct Brackets {
    open: Vec<Bracket>,
    top: Level,
    /// The token passed last; `None` at the start and behind a broken statement.
    pub(crate) previous: Option<(Token, Span)>,
    /// The token before that one.
    before_previous: Option<Token>,
    /// What stood in front of the bracket that was closed last.
    before_closed: Option<Token>,
}

/// Can this token be the last one of an operand?
pub(crate) fn ends_operand(token: Token) -> bool {
    use Token::*;
    let literal = matches!(token, Identifier | Number | String | Nil | True | False | This);
    literal || matches!(token, RightParenthesis | RightBracket | RightBrace | InterpolationEnd)
}

impl Brackets {
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }
    /// The brackets from number `floor` on.
    pub(crate) fn above(&self, floor: usize) -> &[Bracket] {
        self.open.get(floor..).unwrap_or_default()
    }
    /// The number of brackets opened before this place.
    pub(crate) fn opened_before(&self, offset: u32) -> usize {
        self.open.partition_point(|bracket| bracket.span.start < offset)
    }
    pub(crate) fn truncate(&mut self, len: usize) {
        self.open.truncate(len);
    }
    pub(crate) fn level(&mut self) -> &mut Level {
        self.open.last_mut().map_or(&mut self.top, |bracket| &mut bracket.level)
    }
    /// Is the innermost bracket a `(` that encloses no arguments?
    pub(crate) fn is_in_group(&self) -> bool {
        self.open.last().is_some_and(|open| {
            open.kind == BracketKind::Group && !open.before.is_some_and(ends_operand)
        })
    }
    pub(crate) fn previous_token(&self) -> Option<Token> {
        self.previous.map(|(token, _)| token)
    }

    /// Is this place behind the parameters of an anonymous function?
    pub(crate) fn is_behind_anonymous_parameters(&self) -> bool {
        self.previous_token() == Some(Token::RightParenthesis)
            && self.before_closed == Some(Token::Fun)
    }

    /// Does a `(` here open parameters? It does behind `fun`, and behind a name that follows `fun` or stands in a class.
    fn is_declaring(&self) -> bool {
        let is_block = |bracket: &Bracket| bracket.kind == BracketKind::Block;
        let in_class = self.open.last().is_some_and(|open| is_block(open) && open.is_class);
        match self.previous_token() {
            Some(Token::Fun) => true,
            Some(Token::Identifier) => in_class || self.before_previous == Some(Token::Fun),
            _ => false,
        }
    }

    /// What a `{` here encloses.
    pub(crate) fn brace_kind(&self) -> BracketKind {
        use Token::*;
        let innermost = self.open.last().map(|open| open.kind);
        let is_block = match self.previous_token() {
            // Behind `class` and `<`, a name is missing; a map cannot be compared.
            None | Some(Semicolon | Else | Try | Catch | Finally | Class | Less) => true,
            Some(LeftBrace) => innermost.is_none_or(|kind| kind == BracketKind::Block),
            Some(_) if innermost == Some(BracketKind::Parameters) => true,
            Some(LeftParenthesis) if innermost == Some(BracketKind::For) => true,
            Some(token) => ends_operand(token),
        };
        if is_block { BracketKind::Block } else { BracketKind::Map }
    }

    /// The number of the bracket that this token closes.
    pub(crate) fn closed_by(&self, token: Token) -> Option<usize> {
        use BracketKind::*;
        let closes = |kind| match token {
            Token::RightParenthesis => matches!(kind, Group | Parameters | For),
            Token::RightBracket => kind == Square,
            Token::RightBrace => matches!(kind, Block | Map),
            Token::InterpolationEnd | Token::InterpolationMiddle => kind == Value,
            _ => false,
        };
        // A brace is never closed by leaving it through its contents; a value is, by the lexer, which counts the braces in it.
        let stops = matches!(token, Token::RightParenthesis | Token::RightBracket);
        let within = |kind| closes(kind) || (stops && matches!(kind, Block | Map));
        let found = self.open.iter().rposition(|bracket| within(bracket.kind))?;
        closes(self.open[found].kind).then_some(found)
    }

    /// Goes on behind a token. Returns how deeply the parser has to nest there.
    ///
    /// This is an upper bound of the length of the parser's stack but for a constant factor. It must hold for any tokens at all, so
    /// that neither a mistake behind a million open brackets nor one behind a million `!` makes the search for a state to go on from slow.
    pub(crate) fn pass(&mut self, token: Token, span: Span) -> u32 {
        use Token::*;
        let previous = self.previous_token();
        let is_declaring = self.is_declaring();
        let level = self.level();
        if std::mem::take(&mut level.ended) && !matches!(token, Else | Catch | Finally) {
            level.statements = 0;
        }
        match token {
            LeftParenthesis if is_declaring => self.open(BracketKind::Parameters, span),
            LeftParenthesis if previous == Some(For) => self.open(BracketKind::For, span),
            LeftParenthesis => self.open(BracketKind::Group, span),
            LeftBracket => self.open(BracketKind::Square, span),
            LeftBrace => self.open(self.brace_kind(), span),
            InterpolationStart => self.open(BracketKind::Value, Span::new(span.end - 2, span.end)),
            RightParenthesis | RightBracket | RightBrace | InterpolationEnd => self.close(token),
            InterpolationMiddle => {
                self.close(token);
                self.open(BracketKind::Value, Span::new(span.end - 2, span.end));
            }
            Bang => level.signs += 1,
            Minus if !previous.is_some_and(ends_operand) => level.signs += 1,
            Equal | PlusEqual | MinusEqual | StarEqual | SlashEqual | PercentEqual | Question => {
                level.expressions += 1;
            }
            Comma => (level.expressions, level.signs) = (0, 0),
            Semicolon => {
                (level.expressions, level.signs, level.ended) = (0, 0, true);
                if let Some(bracket) = self.open.last_mut() {
                    bracket.semicolons += 1;
                }
            }
            If if previous == Some(Else) => (),
            If => (level.statements, level.orphan_else) = (level.statements + 1, false),
            Try => level.orphan_catch = false,
            While | For => level.statements += 1,
            _ if ends_operand(token) => level.signs = 0,
            _ => (),
        }
        self.before_previous = previous;
        self.previous = Some((token, span));
        self.level().nesting()
    }

    fn open(&mut self, kind: BracketKind, span: Span) {
        let base = self.level().nesting() + 1;
        let level = Level { base, ..Level::default() };
        let before = self.previous_token();
        let is_class = kind == BracketKind::Block && before == Some(Token::Identifier);
        self.open.push(Bracket { kind, span, before, semicolons: 0, is_class, level });
    }
    fn close(&mut self, token: Token) {
        let Some(closed) = self.closed_by(token) else { return };
        let Bracket { kind, before, .. } = self.open[closed];
        self.before_closed = before;
        self.open.truncate(closed);
        let level = self.level();
        level.signs = 0;
        level.ended = kind == BracketKind::Block;
    }
}
