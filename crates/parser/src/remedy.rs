//! What to do about a mistake: the change of the text that would mend it, where one can be guessed, or an advice.

use crate::bracket::BracketKind;
use crate::message::Mistake;
use crate::recovery::{Broken, begins_statement};
use calf_lexer::{Lexer, RESERVED_WORDS, Token, string_end};
use calf_source::{Diagnostic, Span, habit, suggest};

/// Words that other languages put where Calf needs none, with what to know instead.
const NEEDLESS_WORDS: &[(&str, &str)] = &[
    ("new", "an object is made by calling its class"),
    ("then", "what to do follows the condition at once"),
    ("do", "what to repeat follows the condition at once"),
];

/// Operators of other languages that are two tokens here, and how to write them.
const FOREIGN_OPERATORS: &[(&str, &str)] =
    &[("===", "=="), ("!==", "!="), ("<>", "!="), (":=", "="), ("=<", "<=")];

/// Adds what to do.
pub(crate) fn add_remedy(mistake: &Mistake, diagnostic: Diagnostic) -> Diagnostic {
    let (token, span) = mistake.offending;
    let fixed = foreign_operator(mistake)
        .or_else(|| step(mistake))
        .or_else(|| missing_quote(mistake))
        .or_else(|| word(mistake))
        .or_else(|| superclass(mistake))
        .or_else(|| parentheses(mistake));
    if let Some(fix) = fixed.or_else(|| missing_mark(mistake)) {
        return diagnostic.with_fixes(fix.title, fix.edits);
    }
    if let Some(help) = help(mistake) {
        return diagnostic.with_help(help);
    }
    if is_reserved_name(mistake)
        && let Some(word) = token.and_then(Token::text)
    {
        return diagnostic.with_fix("choose another name", span, format!("{word}_"));
    }
    diagnostic
}

/// Is a reserved word where the name of something new should be?
fn is_reserved_name(mistake: &Mistake) -> bool {
    let declares = matches!(mistake.previous(), Some(Token::Var | Token::Fun | Token::Class));
    mistake.is_misused_word()
        && (declares || mistake.bracket().map(|open| open.kind) == Some(BracketKind::Parameters))
}

/// A change of the text.
struct Change {
    title: String,
    edits: Vec<(Span, String)>,
}

impl Change {
    fn replace(title: impl Into<String>, span: Span, text: impl Into<String>) -> Option<Change> {
        Some(Change { title: title.into(), edits: vec![(span, text.into())] })
    }
    fn insert(title: impl Into<String>, place: u32, text: &str) -> Option<Change> {
        Change::replace(title, Span::at(place), text)
    }
}

/// `a === b`, `a <> b`.
fn foreign_operator(mistake: &Mistake) -> Option<Change> {
    let (_, span) = mistake.offending;
    let (_, previous) = mistake.brackets.previous.filter(|(_, before)| before.end == span.start)?;
    let whole = previous.to(span);
    let text = mistake.text.get(whole.range())?;
    let &(_, own) = FOREIGN_OPERATORS.iter().find(|(foreign, _)| *foreign == text)?;
    Change::replace(format!("write '{own}'"), whole, own)
}

/// `a++` and `a--`.
fn step(mistake: &Mistake) -> Option<Change> {
    let (token, span) = mistake.offending;
    let (_, previous) = mistake.brackets.previous?;
    let (whole, own) = match token {
        Some(Token::Plus) if previous.end == span.start => (previous.to(span), " += 1"),
        _ => (Span::new(previous.end.checked_sub(2)?, previous.end), " -= 1"),
    };
    let text = mistake.text.get(whole.range())?;
    let is_step = text == "++"
        || (text == "--" && matches!(token, Some(Token::Semicolon | Token::RightParenthesis)));
    let before = mistake.text.get(..whole.start as usize)?;
    let is_behind_name = before.ends_with(|c: char| c.is_alphanumeric() || "_])".contains(c));
    if !(is_step && is_behind_name) {
        return None;
    }
    Change::replace(format!("write '{}'", own.trim_start()), whole, own)
}

/// A string went on over the end of its line: the next quote ended it.
fn missing_quote(mistake: &Mistake) -> Option<Change> {
    let string = mistake.long_string()?;
    Change::insert(
        "if it should end in its first line, close it there",
        string_end(mistake.text, string.start)?,
        "\"",
    )
}

/// A word that says something in other languages, or is nearly a reserved one.
fn word(mistake: &Mistake) -> Option<Change> {
    let (token, span) = mistake.offending;
    if let Some((Token::Identifier, before)) = mistake.brackets.previous
        && !mistake.is_on_new_line()
    {
        let text = mistake.text.get(before.range()).unwrap_or_default();
        if let Some((_, title)) = NEEDLESS_WORDS.iter().find(|(word, _)| *word == text) {
            return Change::replace(*title, Span::new(before.start, span.start), "");
        }
        if text == "not" && mistake.bracket().is_some() {
            return Change::replace("write '!'", Span::new(before.start, span.start), "!");
        }
    }
    if token == Some(Token::Identifier)
        && mistake.wants_operator()
        && mistake.text.get(span.range()) == Some("is")
    {
        return Change::replace("write '=='", span, "==");
    }
    if !mistake.wants(";") || mistake.broken == Broken::Method {
        return None;
    }
    if mistake.head != Some(Token::Identifier) || mistake.bracket().is_some() {
        return None;
    }
    let word = mistake.name_at(mistake.head_start);
    let place = Span::new(mistake.head_start, mistake.head_start + word.len() as u32);
    let before = mistake.brackets.previous.map(|(_, span)| span.start);
    let is_alone = before == Some(mistake.head_start);
    let other_case = || RESERVED_WORDS.iter().copied().find(|own| own.eq_ignore_ascii_case(word));
    // A short name is close to some word by chance.
    let close = || suggest(word, RESERVED_WORDS.iter().copied()).filter(|_| word.len() > 3);
    let own = habit::word(word).or_else(other_case).or_else(|| close().filter(|_| is_alone))?;
    Change::replace(format!("did you mean '{own}'?"), place, own)
}

/// `class Cow extends Animal`.
fn superclass(mistake: &Mistake) -> Option<Change> {
    let (_, span) = mistake.offending;
    let is_there = mistake.head == Some(Token::Class) && mistake.wants("<");
    let text = mistake.text.get(span.range()).filter(|_| is_there)?;
    ["extends", "inherits", ":", "from"].contains(&text).then_some(())?;
    Change::replace("write '<'", span, if text == ":" { " <" } else { "<" })
}

/// `if x > 3 {`, `fun f {`.
fn parentheses(mistake: &Mistake) -> Option<Change> {
    let (token, span) = mistake.offending;
    if !mistake.wants("(") || mistake.wants_operator() {
        return None;
    }
    match mistake.previous() {
        Some(Token::If | Token::While | Token::For) => {
            let line = mistake.text.get(span.start as usize..)?.lines().next()?;
            let content = line[..line.find('{')?].trim_end();
            let end = span.start + content.len() as u32;
            let is_whole = !content.is_empty() && !content.contains(')') || content.contains('(');
            is_whole.then_some(())?;
            let edits =
                vec![(Span::at(span.start), "(".to_string()), (Span::at(end), ")".to_string())];
            Some(Change { title: "put it in parentheses".to_string(), edits })
        }
        Some(Token::Identifier) if token == Some(Token::LeftBrace) => {
            let place = mistake.brackets.previous?.1.end;
            Change::insert("write '()' where there are no parameters", place, "()")
        }
        _ => None,
    }
}

/// A `;` or a closing bracket that is missing, or one too many.
fn missing_mark(mistake: &Mistake) -> Option<Change> {
    let (token, span) = mistake.offending;
    if token == Some(Token::RightBrace) && mistake.is_at_start() && mistake.floor == 0 {
        return Change::replace("remove it", span, "");
    }
    let (_, previous) = mistake.brackets.previous?;
    if mistake.is_at_start() || mistake.wants_operand() {
        return None;
    }
    if let Some(bracket) = mistake.bracket() {
        let close = match bracket.kind {
            BracketKind::Group | BracketKind::Parameters => ")",
            BracketKind::Square => "]",
            _ => return None,
        };
        let ends = match token {
            None | Some(Token::Semicolon | Token::LeftBrace) => true,
            Some(token) => begins_statement(token) || mistake.is_on_new_line(),
        };
        (ends && mistake.wants(close)).then_some(())?;
        return Change::insert(format!("close it with '{close}'"), previous.end, close);
    }
    if !mistake.wants(";") {
        return None;
    }
    match token {
        Some(Token::RightParenthesis | Token::RightBracket) => {
            Change::replace("remove it", span, "")
        }
        Some(Token::Colon | Token::Comma) => None,
        None | Some(Token::RightBrace | Token::Var | Token::Fun) => {
            Change::insert("end the statement with ';'", previous.end, ";")
        }
        Some(token) if mistake.is_on_new_line() || begins_statement(token) => {
            Change::insert("end the statement with ';'", previous.end, ";")
        }
        Some(_) => None,
    }
}

/// What to do, in words.
pub(crate) fn help(mistake: &Mistake) -> Option<&'static str> {
    let (token, span) = mistake.offending;
    let at_start = mistake.is_at_start();
    let before = mistake.text[..span.start as usize].trim_end();
    let is_declaration = matches!(token, Some(Token::Var | Token::Class | Token::Import));
    Some(match (token, mistake.previous()) {
        (Some(Token::Fun), _) if mistake.broken == Broken::Method && at_start => {
            "Methods are declared without 'fun'."
        }
        (Some(Token::Var), _) if mistake.broken == Broken::Method && at_start => {
            "Fields are made by assigning to 'this.name'."
        }
        _ if mistake.broken == Broken::Method => return None,
        (Some(Token::Identifier), Some(Token::Fun)) => "Put the declaration in a block: { … }.",
        _ if at_start && is_declaration && !mistake.wants("var") => {
            "Put the declaration in a block: { … }."
        }
        (Some(Token::Semicolon), _) if at_start => "There is no empty statement; remove the ';'.",
        (Some(Token::Plus), Some(Token::Plus)) => "Numbers have no sign '+'; remove it.",
        (Some(Token::Star), Some(Token::Star)) => "A power is math.pow(x, y).",
        (Some(Token::Greater), Some(Token::Equal)) => {
            "A function without a name is fun (x) { return x; }."
        }
        (_, Some(Token::Minus)) if !at_start && before.ends_with("--") => "Write 'x -= 1'.",
        (Some(Token::Colon), Some(Token::RightParenthesis | Token::Else)) => {
            "Blocks stand in braces: if (condition) { … }."
        }
        (Some(Token::Colon), _) if is_behind_brace(mistake) => {
            "At the start of a statement '{' opens a block; put a map in parentheses."
        }
        (Some(Token::Comma), _)
            if mistake.head == Some(Token::Var) && mistake.bracket().is_none() =>
        {
            "Write a statement for each: var a = 1; var b = 2;"
        }
        (_, Some(Token::Import)) => {
            "Files are imported as: import \"path.calf\" as name; built-in modules such as math need no import."
        }
        (_, Some(Token::If | Token::While)) if mistake.wants("(") => {
            "Conditions stand in parentheses: if (x > 3) …"
        }
        (_, Some(Token::For)) if mistake.wants("(") => {
            "Write for (item in list) …, or for (var i = 0; i < n; i += 1) …"
        }
        _ if mistake.wants_operand() && ends_here(token) => {
            "A value belongs here, such as 1, \"text\" or a name."
        }
        (None, _) if mistake.wants("}") => "Close the block with '}'.",
        _ => return None,
    })
}

/// Does this token show that a value is missing in front of it?
fn ends_here(token: Option<Token>) -> bool {
    use Token::*;
    let closes = matches!(token, Some(RightParenthesis | RightBracket | InterpolationEnd));
    closes || matches!(token, Some(Semicolon | Comma | Colon | InterpolationMiddle))
}

/// Does what is broken begin behind a `{`?
fn is_behind_brace(mistake: &Mistake) -> bool {
    mistake.text[..mistake.head_start as usize].trim_end().ends_with('{')
}

/// Where a brace is missing at the end: the first block whose closing brace stands further left than the line that opens it. Its own
/// brace is missing, most likely; this one was meant for a block around it.
pub(crate) fn misplaced_brace(text: &str) -> Option<(Span, Span)> {
    let line_start = |offset: u32| text[..offset as usize].rfind('\n').map_or(0, |at| at + 1);
    let indent = |offset: u32| {
        let line = &text[line_start(offset)..];
        line.len() - line.trim_start_matches([' ', '\t']).len()
    };
    let mut open = Vec::new();
    for (token, span) in Lexer::new(text).filter_map(Result::ok) {
        match token {
            Token::LeftBrace => open.push(span),
            Token::RightBrace => {
                let opened: Span = open.pop()?;
                let is_first = text[line_start(span.start)..span.start as usize].trim().is_empty();
                if is_first && indent(span.start) < indent(opened.start) {
                    return Some((opened, span));
                }
            }
            _ => (),
        }
    }
    None
}
