//! What to tell about a mistake that the grammar has found: from the tokens around it and those that the parser could have used, to one
//! sentence, in Lox's words where Lox has the same situation.

use crate::bracket::{Bracket, BracketKind, Brackets, ends_operand};
use crate::recovery::{Broken, begins_statement};
use crate::remedy::{add_remedy, help, misplaced_brace};
use calf_lexer::Token;
use calf_source::{Diagnostic, Span};

/// A mistake as the grammar sees it.
pub(crate) struct Mistake<'m> {
    pub(crate) text: &'m str,
    pub(crate) broken: Broken,
    /// The first token of what is broken; none at the end.
    pub(crate) head: Option<Token>,
    /// Where it stands.
    pub(crate) head_start: u32,
    /// The token that the parser cannot use; none at the end.
    pub(crate) offending: (Option<Token>, Span),
    /// What is open in front of that token.
    pub(crate) brackets: &'m Brackets,
    /// How many brackets are open outside of what is broken.
    pub(crate) floor: usize,
    /// The tokens that the parser could use instead, as the grammar names them.
    pub(crate) expected: &'m [String],
}

impl Mistake<'_> {
    /// Could the parser have used this token? The name is the grammar's.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.expected.iter().any(|expected| expected.trim_matches('"') == name)
    }
    pub(crate) fn wants_operand(&self) -> bool {
        self.wants("number")
    }
    pub(crate) fn wants_operator(&self) -> bool {
        self.wants("+")
    }
    pub(crate) fn is_at_start(&self) -> bool {
        self.head_start >= self.offending.1.start
    }
    pub(crate) fn previous(&self) -> Option<Token> {
        self.brackets.previous_token()
    }
    /// The innermost bracket that is open within what is broken.
    pub(crate) fn bracket(&self) -> Option<&Bracket> {
        self.brackets.above(self.floor).last()
    }
    /// Is the token on a later line than the one before?
    pub(crate) fn is_on_new_line(&self) -> bool {
        let end = self.brackets.previous.map_or(0, |(_, span)| span.end);
        let gap = self.text.get(end as usize..self.offending.1.start as usize);
        gap.unwrap_or_default().contains('\n')
    }
    /// Is this a reserved word where a name or a value should be?
    pub(crate) fn is_misused_word(&self) -> bool {
        let is_word = self.offending.0.is_some_and(Token::is_reserved_word);
        let is_wanted = self.wants("identifier") && !self.is_at_start();
        is_word && is_wanted && !self.is_on_new_line()
    }
    /// Is this, instead of a method, the end, or a statement behind a class that is not closed? It could also be a method with a
    /// reserved word as its name.
    pub(crate) fn is_class_open(&self) -> bool {
        if self.broken != Broken::Method || !self.is_at_start() {
            return false;
        }
        let behind = self.text.get(self.offending.1.end as usize..).unwrap_or_default();
        let behind = behind.trim_start();
        match self.offending.0 {
            None => true,
            Some(Token::If | Token::For | Token::While) => {
                self.is_on_new_line() && !behind.starts_with("()")
            }
            Some(token) => begins_statement(token) && !behind.starts_with('('),
        }
    }
    /// The string in front of the mistake, if it goes over several lines and the parser wanted no other.
    pub(crate) fn long_string(&self) -> Option<Span> {
        match self.brackets.previous {
            Some((Token::String | Token::InterpolationEnd, string))
                if !self.wants_operand() && self.text[string.range()].contains('\n') =>
            {
                Some(string)
            }
            _ => None,
        }
    }
    /// The word that stands at a place, if it is a name.
    pub(crate) fn name_at(&self, start: u32) -> &str {
        let rest = self.text.get(start as usize..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    }
}

/// The message for the user.
pub(crate) fn describe(mistake: &Mistake) -> Diagnostic {
    let (token, span) = mistake.offending;
    let mut diagnostic = Diagnostic::syntax(sentence(mistake), span);
    let misplaced = match token {
        None if mistake.wants("}") => misplaced_brace(mistake.text),
        _ => None,
    };
    match (misplaced, opened(mistake)) {
        (Some((opened, closed)), _) => {
            diagnostic = diagnostic
                .with_label(opened, "this block has no '}' of its own …")
                .with_label(closed, "… since this one stands further left");
        }
        (None, Some(opened)) => diagnostic = diagnostic.with_label(opened, "opened here"),
        (None, None) => (),
    }
    if let Some(string) = mistake.long_string() {
        diagnostic = diagnostic.with_label(string, "this string goes over several lines");
    }
    if let Some(note) = token.and_then(|token| note(mistake, token)) {
        diagnostic = diagnostic.with_note(note);
    }
    add_remedy(mistake, diagnostic)
}

/// The sentence itself: what would have been right.
fn sentence(mistake: &Mistake) -> String {
    let fixed = |text: &str| text.to_string();
    if mistake.broken == Broken::Method && mistake.is_at_start() {
        return match mistake.is_class_open() {
            true => fixed("Expect '}' after class body."),
            false => fixed("Expect method name."),
        };
    }
    if mistake.wants_operand() {
        return match mistake.offending.0 {
            None if mistake.is_at_start() && mistake.floor > 0 => fixed("Expect '}' after block."),
            _ => fixed("Expect expression."),
        };
    }
    if mistake.wants("identifier") {
        return expected_name(mistake).to_string();
    }
    if mistake.wants("(") && !mistake.wants_operator() {
        return expected_parenthesis(mistake);
    }
    if mistake.wants("{") {
        return expected_brace(mistake).to_string();
    }
    if mistake.wants("catch") {
        return fixed("Expect 'catch' or 'finally' after 'try' block.");
    }
    if let Some(sentence) = mistake.bracket().and_then(|bracket| expected_in(mistake, bracket)) {
        return sentence.to_string();
    }
    if mistake.wants(";") {
        return expected_semicolon(mistake).to_string();
    }
    if mistake.wants(":") {
        return fixed("Expect ':' and a second value after '?'.");
    }
    if mistake.wants(".") {
        return fixed("Expect '.' after 'super'.");
    }
    if mistake.wants("as") {
        return fixed("Expect 'as' after path.");
    }
    if mistake.wants("string") {
        return fixed("Expect a path in quotes after 'import'.");
    }
    let names: Vec<_> = mistake.expected.iter().map(|name| name.replace('"', "'")).collect();
    format!("Expect {}.", names.join(" or "))
}

/// Where a name is missing.
fn expected_name(mistake: &Mistake) -> &'static str {
    let bracket = mistake.bracket().map(|bracket| bracket.kind);
    match mistake.previous() {
        Some(Token::Var) => "Expect variable name.",
        Some(Token::Fun) => "Expect function name.",
        Some(Token::Class) => "Expect class name.",
        Some(Token::As) => "Expect a name for the module after 'as'.",
        Some(Token::Less) => "Expect superclass name.",
        Some(Token::Dot) if is_after_super(mistake) => "Expect superclass method name.",
        Some(Token::Dot) => "Expect property name after '.'.",
        _ if bracket == Some(BracketKind::Parameters) => "Expect parameter name.",
        _ => "Expect variable name.",
    }
}

/// Does `super .` stand before the mistake?
fn is_after_super(mistake: &Mistake) -> bool {
    let before = mistake.text[..mistake.offending.1.start as usize].trim_end();
    let before = before.strip_suffix('.').unwrap_or(before).trim_end();
    before
        .strip_suffix("super")
        .is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// Where `(` is missing, or `{` too.
fn expected_parenthesis(mistake: &Mistake) -> String {
    match mistake.previous() {
        Some(Token::Catch) => "Expect '(' or '{' after 'catch'.".to_string(),
        Some(Token::Identifier) if mistake.broken == Broken::Method => {
            "Expect '(' after method name.".to_string()
        }
        Some(Token::Identifier) => "Expect '(' after function name.".to_string(),
        Some(word) => format!("Expect '(' after '{}'.", word.text().unwrap_or_default()),
        None => "Expect '('.".to_string(),
    }
}

/// Where `{` is missing.
fn expected_brace(mistake: &Mistake) -> &'static str {
    match (mistake.previous(), mistake.head) {
        (Some(Token::Try), _) => "Expect '{' after 'try'.",
        (Some(Token::Finally), _) => "Expect '{' after 'finally'.",
        (_, Some(Token::Try)) => "Expect '{' before catch body.",
        (_, Some(Token::Class)) => "Expect '{' before class body.",
        _ if mistake.broken == Broken::Method => "Expect '{' before method body.",
        _ => "Expect '{' before function body.",
    }
}

/// What is missing in a bracket, if the parser could close it here or go on.
fn expected_in(mistake: &Mistake, bracket: &Bracket) -> Option<&'static str> {
    let is_behind_operand = bracket.before.is_some_and(ends_operand);
    Some(match bracket.kind {
        BracketKind::For if mistake.wants(";") => match bracket.semicolons {
            0 => "Expect ';' after loop initializer.",
            _ => "Expect ';' after loop condition.",
        },
        BracketKind::For if bracket.semicolons == 0 && mistake.wants(")") => {
            "Expect ')' after what the loop iterates over."
        }
        BracketKind::For if mistake.wants(")") => "Expect ')' after for clauses.",
        BracketKind::For if mistake.wants("in") => "Expect '=', ';' or 'in' after variable name.",
        BracketKind::Parameters if mistake.wants(")") => "Expect ')' after parameters.",
        BracketKind::Group if mistake.wants(")") => match bracket.before {
            Some(Token::If | Token::While) => "Expect ')' after condition.",
            Some(Token::Catch) => "Expect ')' after variable name.",
            _ if is_behind_operand => "Expect ')' after arguments.",
            _ => "Expect ')' after expression.",
        },
        BracketKind::Square if mistake.wants("]") && is_behind_operand => "Expect ']' after index.",
        BracketKind::Square if mistake.wants("]") => "Expect ']' after list.",
        BracketKind::Map if mistake.wants("}") => "Expect '}' after map.",
        BracketKind::Map if mistake.wants(":") => "Expect ':' after map key.",
        BracketKind::Value if mistake.wants("interpolation end") => "Expect '}' after value.",
        _ => return None,
    })
}

/// Where the `;` of a statement is missing.
fn expected_semicolon(mistake: &Mistake) -> &'static str {
    match mistake.head {
        Some(Token::Print) => "Expect ';' after value.",
        Some(Token::Return) => "Expect ';' after return value.",
        Some(Token::Throw) => "Expect ';' after thrown value.",
        Some(Token::Var) => "Expect ';' after variable declaration.",
        Some(Token::Import) => "Expect ';' after import.",
        Some(Token::Break) => "Expect ';' after 'break'.",
        Some(Token::Continue) => "Expect ';' after 'continue'.",
        _ => "Expect ';' after expression.",
    }
}

/// The bracket to point at, if one should have been closed.
fn opened(mistake: &Mistake) -> Option<Span> {
    let is_end = mistake.offending.0.is_none();
    let at_start = mistake.is_at_start();
    let innermost = match at_start {
        true if is_end || mistake.is_class_open() => mistake.brackets.above(0).last(),
        true => None,
        false => mistake.bracket(),
    };
    let bracket = innermost?;
    let closes = match bracket.kind {
        BracketKind::Group | BracketKind::Parameters | BracketKind::For => mistake.wants(")"),
        BracketKind::Square => mistake.wants("]"),
        BracketKind::Block | BracketKind::Map => mistake.wants("}"),
        BracketKind::Value => mistake.wants("interpolation end"),
    };
    let is_abandoned = match mistake.offending.0 {
        None => true,
        Some(Token::Semicolon) => bracket.kind != BracketKind::For,
        Some(token) => begins_statement(token) && mistake.is_on_new_line(),
    };
    let is_missing = closes && !mistake.wants_operand();
    (at_start || is_missing || is_abandoned).then_some(bracket.span)
}

/// What else there is to know about the token that does not fit.
fn note(mistake: &Mistake, token: Token) -> Option<String> {
    let text = token.text().unwrap_or_default();
    let at_start = mistake.is_at_start();
    match token {
        Token::Else if at_start => Some("This 'else' belongs to no 'if'.".to_string()),
        Token::Catch | Token::Finally if at_start => {
            Some(format!("This '{text}' belongs to no 'try'."))
        }
        Token::RightBrace if at_start && mistake.floor == 0 => {
            Some("This '}' closes nothing.".to_string())
        }
        Token::RightParenthesis | Token::RightBracket
            if mistake.wants(";") && mistake.bracket().is_none() =>
        {
            Some(format!("This '{text}' closes nothing."))
        }
        Token::InterpolationStart if mistake.wants("string") && !mistake.wants_operand() => {
            Some("The path of an import contains no values.".to_string())
        }
        _ if token.is_reserved_word() && mistake.wants("identifier") => {
            let is_misused =
                !at_start || (mistake.broken == Broken::Method && help(mistake).is_none());
            let is_misused = is_misused && !mistake.is_class_open();
            is_misused.then(|| format!("'{text}' is a reserved word."))
        }
        _ => None,
    }
}
