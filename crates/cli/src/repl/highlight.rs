//! Colours of what is typed and shown, from the lexer's tokens.

use super::command;
use calf_lexer::{Lexer, Token, comments};
use calf_source::Span;
use std::ops::Range;

const RESET: &str = "\x1b[0m";
const WORD: &str = "\x1b[35m";
const STRING: &str = "\x1b[32m";
const NUMBER: &str = "\x1b[36m";
const COMMAND: &str = "\x1b[1;34m";
const GREY: &str = "\x1b[90m";
const BRACKET: &str = "\x1b[1;7m";

/// Brackets, each with its partner.
const PAIRS: [(Token, Token); 3] = [
    (Token::LeftParenthesis, Token::RightParenthesis),
    (Token::LeftBracket, Token::RightBracket),
    (Token::LeftBrace, Token::RightBrace),
];

/// What is typed: a command, or a program. The brackets of a pair that the cursor is at are marked.
pub(crate) fn entry(line: &str, cursor: Option<usize>) -> String {
    let Some((_, rest)) = command::split(line) else { return program(line, cursor) };
    let head = line.len() - rest.len();
    let (name, blanks) = line[..head].split_at(line[..head].trim_end().len());
    let cursor = cursor.and_then(|cursor| cursor.checked_sub(head));
    format!("{COMMAND}{name}{RESET}{blanks}{}", program(rest, cursor))
}

/// In grey.
pub(crate) fn grey(text: &str) -> String {
    format!("{GREY}{text}{RESET}")
}

/// A program, or a value as it is shown.
pub(crate) fn program(text: &str, cursor: Option<usize>) -> String {
    let (tokens, rest) = tokens(text);
    let marked = cursor.and_then(|cursor| pair_at(&tokens, cursor));
    let mut painted = String::with_capacity(2 * text.len());
    let mut at = 0;
    for (token, span) in &tokens {
        gap(text, at..span.start, &mut painted);
        let paint = match token {
            _ if marked.is_some_and(|pair| pair.contains(span)) => BRACKET,
            token if token.is_reserved_word() => WORD,
            Token::Number => NUMBER,
            Token::String
            | Token::InterpolationStart
            | Token::InterpolationMiddle
            | Token::InterpolationEnd => STRING,
            _ => "",
        };
        write(&text[span.range()], paint, &mut painted);
        at = span.end;
    }
    match rest {
        // A string without an end yet.
        Some(start) => {
            // Of one with interpolation, parts were tokens already.
            let start = start.max(at);
            gap(text, at..start, &mut painted);
            write(&text[start as usize..], STRING, &mut painted);
        }
        None => gap(text, at..text.len() as u32, &mut painted),
    }
    painted
}

/// The tokens, and where a string begins that has no end.
fn tokens(text: &str) -> (Vec<(Token, Span)>, Option<u32>) {
    let mut tokens = Vec::new();
    for found in Lexer::new(text) {
        match found {
            Ok(found) => tokens.push(found),
            Err(error) if error.kind == calf_lexer::ErrorKind::UnterminatedString => {
                return (tokens, Some(error.span.start));
            }
            // Painted as it is; the compiler will say what is wrong with it.
            Err(_) => {}
        }
    }
    (tokens, None)
}

fn write(text: &str, paint: &str, to: &mut String) {
    if paint.is_empty() {
        return to.push_str(text);
    }
    // A line of its own has a colour of its own: the editor may draw one without the other.
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            to.push('\n');
        }
        if !line.is_empty() {
            to.extend([paint, line, RESET]);
        }
    }
}

/// What stands between two tokens: blanks and comments.
fn gap(text: &str, range: Range<u32>, to: &mut String) {
    let mut at = range.start;
    for comment in comments(text, Span::new(range.start, range.end)) {
        write(&text[at as usize..comment.span.start as usize], "", to);
        write(&text[comment.span.range()], GREY, to);
        at = comment.span.end;
    }
    write(&text[at as usize..range.end as usize], "", to);
}

/// The bracket under the cursor, or else in front of it, and its partner.
fn pair_at(tokens: &[(Token, Span)], cursor: usize) -> Option<[Span; 2]> {
    let cursor = cursor as u32;
    let mut open: Vec<(Token, Span)> = Vec::new();
    let mut before = None;
    for &(token, span) in tokens {
        if let Some(&(_, close)) = PAIRS.iter().find(|(left, _)| *left == token) {
            open.push((close, span));
        } else if PAIRS.iter().any(|(_, right)| *right == token)
            && let Some((_, left)) = open.pop_if(|(close, _)| *close == token)
        {
            for bracket in [left, span] {
                if bracket.start == cursor {
                    return Some([left, span]);
                }
                if bracket.end == cursor {
                    before = Some([left, span]);
                }
            }
        }
    }
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        [RESET, WORD, STRING, NUMBER, COMMAND, GREY, BRACKET]
            .iter()
            .fold(text.to_string(), |text, paint| text.replace(paint, ""))
    }

    #[test]
    fn painting_changes_no_text() {
        for text in [
            "",
            "var a = [1, \"x ${b + 1} y\"]; // end",
            ":fork 3 gc.collect()",
            ":",
            "\"open\nover lines",
            "\"open ${ value",
            "herd[\"open ${value} and",
            "\"open ${a} ${\"inner ${b}",
            "/* open",
            "/* a */ b /* c */",
            "ä & § 0x",
            "x\n  . y",
        ] {
            for cursor in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                assert_eq!(plain(&entry(text, Some(cursor))), text);
            }
            assert_eq!(plain(&entry(text, None)), text);
        }
    }

    #[test]
    fn words_strings_numbers_and_comments_have_colours() {
        assert_eq!(
            program("var a = 1; // x", None),
            format!("{WORD}var{RESET} a = {NUMBER}1{RESET}; {GREY}// x{RESET}")
        );
        assert_eq!(program("\"a\nb", None), format!("{STRING}\"a{RESET}\n{STRING}b{RESET}"));
        assert_eq!(entry(":gc 1", None), format!("{COMMAND}:gc{RESET} {NUMBER}1{RESET}"));
    }

    #[test]
    fn the_bracket_at_the_cursor_is_marked_with_its_partner() {
        let marked = |text: &str, cursor| {
            entry(text, Some(cursor)).replace(BRACKET, "<").replace(RESET, ">")
        };
        assert_eq!(marked("f((a))", 6), "f<(>(a)<)>");
        assert_eq!(marked("f((a))", 1), "f<(>(a)<)>");
        assert_eq!(marked("f([a)", 5), "f([a)");
        assert_eq!(marked("f(\")\")", 6), format!("f<(>{STRING}\")\"><)>"));
        assert_eq!(marked("f(a) ", 5), "f(a) ");
    }
}
