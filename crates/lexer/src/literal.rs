//! The values of literals.

use crate::token::Piece;
use logos::Logos;
use std::borrow::Cow;

/// The text that a token of a string stands for. `token` is the text of a [`crate::Token::String`] or of a part of an interpolation,
/// with its first and last marks. An invalid escape, of which the lexer has told, stands for nothing.
pub fn text(token: &str) -> Cow<'_, str> {
    let inner = token.get(1..).unwrap_or_default();
    let inner = inner.strip_suffix("${").or_else(|| inner.strip_suffix('"')).unwrap_or(inner);
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut decoded = String::with_capacity(inner.len());
    let mut pieces = Piece::lexer(inner);
    while let Some(piece) = pieces.next() {
        match piece {
            Ok(Piece::Escape(character)) => decoded.push(character),
            Ok(Piece::Text | Piece::Open | Piece::Quote) => decoded.push_str(pieces.slice()),
            Err(_) => (),
        }
    }
    Cow::Owned(decoded)
}

/// The number that a [`crate::Token::Number`] stands for: the double nearest to what is written, infinity if it is too large.
pub fn number(token: &str) -> f64 {
    match token.strip_prefix("0x").or_else(|| token.strip_prefix("0X")) {
        Some(digits) => hexadecimal(digits),
        None => token.parse().unwrap_or(f64::NAN),
    }
}

/// The double nearest to a hexadecimal number of any length.
fn hexadecimal(digits: &str) -> f64 {
    const KEPT: usize = 31;
    let digits = digits.trim_start_matches('0');
    let (kept, rest) = digits.split_at(digits.len().min(KEPT));
    let leading = u128::from_str_radix(kept, 16).unwrap_or(0);
    // What is cut off is far below half a unit of the last place kept; it matters only where the kept part is a tie.
    let sticky = u128::from(rest.bytes().any(|digit| digit != b'0'));
    let exponent = i32::try_from(rest.len()).unwrap_or(i32::MAX).saturating_mul(4);
    (leading << 1 | sticky) as f64 * 0.5 * 2_f64.powi(exponent)
}

#[cfg(test)]
mod tests {
    use super::{number, text};

    #[test]
    fn decodes_strings() {
        assert_eq!(text(r#""""#), "");
        assert_eq!(text(r#""a $b""#), "a $b");
        assert_eq!(
            text(r#""\n\t\r\0\e\\\"\$\u{e4}\u{1F404}""#),
            "\n\t\r\0\u{1b}\\\"$\u{e4}\u{1f404}"
        );
        assert_eq!(text(r#""a\q\u{d800}b""#), "ab");
        assert_eq!(text("\"a ${"), "a ");
        assert_eq!(text("} b ${"), " b ");
        assert_eq!(text("} \\${}\""), " ${}");
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "the exact double is wanted")]
    fn reads_numbers() {
        assert_eq!(number("12"), 12.0);
        assert_eq!(number("1.5e-3"), 0.0015);
        assert_eq!(number("1e999"), f64::INFINITY);
        assert_eq!(number("0xff"), 255.0);
        assert_eq!(number("0X0"), 0.0);
        assert_eq!(number("0x20000000000001"), 9_007_199_254_740_992.0);
        assert_eq!(number("0x20000000000003"), 9_007_199_254_740_996.0);
        assert_eq!(number(&format!("0x8000000000000400{}", "0".repeat(40))), 2_f64.powi(63 + 160));
        assert_eq!(
            number(&format!("0x8000000000000400{}1", "0".repeat(39))),
            (2_f64.powi(63) + 2048.0) * 2_f64.powi(160)
        );
        assert_eq!(number(&format!("0xf{}", "0".repeat(1000))), f64::INFINITY);
    }
}
