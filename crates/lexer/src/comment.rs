//! Comments: the lexer skips them; whoever prints a program again finds them between its tokens.

use calf_source::Span;

/// A comment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comment {
    /// Where it stands, with its marks, without the line break behind a comment up to the end of the line.
    pub span: Span,
    /// Does it end with its line (`//`)? If not, it has an end of its own (`*/`).
    pub is_line: bool,
}

/// How many bytes of `text`, which begins behind a `/*`, belong to the comment, in which others may nest; `None` if it has no end.
pub(crate) fn nested_comment(text: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (1_usize, 0);
    while let Some(pair) = text.get(at..at + 2) {
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The comments of `text` in `gap`, which must lie between two neighbouring tokens, in front of the first or behind the last one.
pub fn comments(text: &str, gap: Span) -> impl Iterator<Item = Comment> {
    let bytes = text.get(..gap.end as usize).unwrap_or_default().as_bytes();
    let mut at = gap.start as usize;
    std::iter::from_fn(move || {
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let start = at;
            let is_line = match rest {
                [b'/', b'/', ..] => true,
                [b'/', b'*', ..] => false,
                _ => {
                    at += 1;
                    continue;
                }
            };
            let length = match is_line {
                true => rest.iter().position(|&byte| byte == b'\n'),
                false => nested_comment(&rest[2..]).map(|length| length + 2),
            };
            at = start + length.unwrap_or(rest.len());
            return Some(Comment { span: Span::new(start as u32, at as u32), is_line });
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::comments;
    use calf_source::Span;

    #[test]
    fn finds_comments_between_tokens() {
        let text = "a // b /* c\n\t/* d /* e */ // */ /**//// f";
        let gap = Span::new(1, text.len() as u32);
        let found: Vec<_> = comments(text, gap)
            .map(|comment| (&text[comment.span.range()], comment.is_line))
            .collect();
        let expected =
            [("// b /* c", true), ("/* d /* e */ // */", false), ("/**/", false), ("/// f", true)];
        assert_eq!(found, expected);
        assert_eq!(comments("  ", Span::new(0, 2)).count(), 0);
        assert_eq!(comments("// é", Span::new(0, 5)).count(), 1);
    }
}
