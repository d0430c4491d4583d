//! Places: the protocol counts lines from 0 and UTF-16 units within them; spans count bytes.

use calf_source::Span;
use lsp_types::{Position, Range};

/// Where the lines of a text begin. `\n`, `\r\n` and `\r` end a line, as the protocol wants it.
#[derive(Debug)]
pub(crate) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(crate) fn of(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let ends = (0..bytes.len()).filter(|&at| {
            bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'))
        });
        Lines { starts: std::iter::once(0).chain(ends.map(|at| at + 1)).collect() }
    }

    /// The byte at a position. What lies behind a line's end means its end, and what lies behind the text its end.
    pub(crate) fn offset(&self, text: &str, position: Position) -> usize {
        let Some(&start) = self.starts.get(position.line as usize) else { return text.len() };
        let end = self.starts.get(position.line as usize + 1).copied().unwrap_or(text.len());
        let line = text[start..end].trim_end_matches(['\r', '\n']);
        let mut units = 0;
        for (at, character) in line.char_indices() {
            // A position within a character means its start.
            if units + character.len_utf16() > position.character as usize {
                return start + at;
            }
            units += character.len_utf16();
        }
        start + line.len()
    }

    /// The position of a byte.
    pub(crate) fn position(&self, text: &str, offset: usize) -> Position {
        let offset = text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|&start| start <= offset) - 1;
        let units = text[self.starts[line]..offset].encode_utf16().count();
        Position::new(line as u32, units as u32)
    }

    pub(crate) fn range(&self, text: &str, span: Span) -> Range {
        let place = |offset: u32| self.position(text, offset as usize);
        Range::new(place(span.start), place(span.end.max(span.start)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_utf_16_units() {
        let text = "a🐄b\r\né\rx\n";
        let lines = Lines::of(text);
        let places = [
            (0, 0, 0),
            (1, 0, 1),
            (5, 0, 3),
            (6, 0, 4),
            (8, 1, 0),
            (10, 1, 1),
            (11, 2, 0),
            (13, 3, 0),
        ];
        for (offset, line, character) in places {
            assert_eq!(lines.position(text, offset), Position::new(line, character));
            assert_eq!(lines.offset(text, Position::new(line, character)), offset);
        }
        assert_eq!(lines.offset(text, Position::new(0, 2)), 1, "within a character");
        assert_eq!(lines.offset(text, Position::new(0, 99)), 6, "behind the line");
        assert_eq!(lines.offset(text, Position::new(99, 0)), text.len());
        assert_eq!(lines.position(text, 99), Position::new(3, 0));
    }
}
