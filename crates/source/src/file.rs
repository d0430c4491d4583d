//! The text of a file and where its lines begin.

use crate::{Diagnostic, Span, Style, render};

/// The largest text, in bytes: offsets are numbers of 32 bits, and one more is needed for the end.
pub const MAX_BYTES: usize = u32::MAX as usize - 1;

/// A file of a program: its name as the user wrote it, and its text.
#[derive(Debug)]
pub struct SourceFile {
    name: String,
    text: String,
    /// The offset of the first byte of each line. There is at least one line.
    lines: Vec<u32>,
}

/// A place in a file, as people count: from one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
}

/// A file that cannot be a program, with the reason. Its text has been repaired so that the place can be shown.
#[derive(Debug)]
pub struct InvalidText {
    /// The file; what was invalid is replaced by U+FFFD.
    pub file: SourceFile,
    /// What is wrong.
    pub diagnostic: Diagnostic,
}

impl InvalidText {
    /// The message for the user.
    pub fn render(&self, style: Style) -> String {
        render(&self.diagnostic, &self.file, style)
    }
}

impl SourceFile {
    /// A file with this name and text. A byte order mark at the start is not part of the text.
    ///
    /// # Panics
    /// If the text has more than [`MAX_BYTES`]. Bytes from outside go through [`SourceFile::from_bytes`].
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.remove(0);
        }
        assert!(text.len() <= MAX_BYTES, "a text of more than {MAX_BYTES} bytes has no offsets");
        let starts = text
            .bytes()
            .enumerate()
            .filter(|&(_, byte)| byte == b'\n')
            .map(|(at, _)| at as u32 + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        SourceFile { name: name.into(), text, lines }
    }

    /// A file with these bytes as its text.
    ///
    /// # Errors
    /// If the bytes are not UTF-8 (the message shows line and column of the first wrong one), or too many.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Result<Self, Box<InvalidText>> {
        let name = name.into();
        if bytes.len() > MAX_BYTES {
            let diagnostic = Diagnostic::lexical("The file is larger than 4 GiB.", Span::at(0));
            return Err(Box::new(InvalidText { file: SourceFile::new(name, ""), diagnostic }));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(SourceFile::new(name, text)),
            Err(error) => Err(Box::new(Self::invalid(
                name,
                error.as_bytes(),
                error.utf8_error().valid_up_to(),
            ))),
        }
    }

    /// Describes the wrong byte at `at`. Only the lines up to it are kept: replacing each wrong byte of a large file could make it
    /// three times as long.
    fn invalid(name: String, bytes: &[u8], at: usize) -> InvalidText {
        const SHOWN: usize = 200;
        let mut text = String::from_utf8_lossy(&bytes[..at]).into_owned();
        let shift = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let span = Span::new((at - shift) as u32, (at - shift + '\u{fffd}'.len_utf8()) as u32);
        let line = bytes[at..].split(|&byte| byte == b'\n').next().unwrap_or_default();
        text.push_str(&String::from_utf8_lossy(&line[..line.len().min(SHOWN)]));
        let diagnostic =
            Diagnostic::lexical(format!("Invalid UTF-8: byte 0x{:02x}.", bytes[at]), span)
                .with_help("Save the file in the encoding UTF-8.");
        InvalidText { file: SourceFile::new(name, text), diagnostic }
    }

    /// The file's name, as it is to be shown.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }
    /// The whole text as a span.
    pub fn span(&self) -> Span {
        Span::new(0, self.text.len() as u32)
    }
    /// The text of a span; empty if the span is not one of this file.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }
    /// How many lines there are, at least one.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }
    /// The line that holds the byte at `offset`, from 1.
    pub fn line(&self, offset: u32) -> usize {
        self.lines.partition_point(|&start| start <= offset)
    }
    /// The line and the column of the byte at `offset`. An offset behind the text means its end.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let end = self.text.floor_char_boundary(offset as usize);
        let line = self.line(end as u32);
        let start = self.lines[line - 1] as usize;
        LineColumn { line, column: self.text[start..end].chars().count() + 1 }
    }
    /// The bytes of a line, from 1, without its end; `None` if there is no such line.
    pub fn line_span(&self, line: usize) -> Option<Span> {
        let start = *self.lines.get(line.checked_sub(1)?)?;
        let end = self.lines.get(line).map_or(self.text.len() as u32, |&next| next - 1);
        let text = &self.text[start as usize..end as usize];
        Some(Span::new(start, start + text.strip_suffix('\r').unwrap_or(text).len() as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(file: &SourceFile, offset: u32) -> (usize, usize) {
        let LineColumn { line, column } = file.line_column(offset);
        (line, column)
    }

    #[test]
    fn counts_lines_and_characters_from_one() {
        let file = SourceFile::new("a", "ab\näb\r\n\nx");
        assert_eq!(file.line_count(), 4);
        assert_eq!(place(&file, 0), (1, 1));
        assert_eq!(place(&file, 2), (1, 3));
        assert_eq!(place(&file, 3), (2, 1));
        assert_eq!(place(&file, 5), (2, 2));
        assert_eq!(place(&file, 9), (4, 1));
        assert_eq!(place(&file, 10), (4, 2));
        assert_eq!(place(&file, 99), (4, 2));
        assert_eq!(file.line_span(2).map(|span| file.slice(span)), Some("äb"));
        assert_eq!(file.line_span(4).map(|span| file.slice(span)), Some("x"));
        assert_eq!((file.line_span(0), file.line_span(5)), (None, None));
    }

    #[test]
    fn takes_no_byte_order_mark_into_the_text() {
        let file = SourceFile::from_bytes("a", b"\xef\xbb\xbfprint 1;".to_vec()).expect("valid");
        assert_eq!(file.text(), "print 1;");
        assert_eq!(SourceFile::new("a", "").line_count(), 1);
    }

    #[test]
    fn shows_where_bytes_are_not_utf8() {
        let bytes = b"\xef\xbb\xbfprint 1;\n  abc\xff\xfe hello\nprint".to_vec();
        let expected = "\
[line 2] Error: Invalid UTF-8: byte 0xff.
 --> x:2:6
  |
2 |   abc\u{fffd}\u{fffd} hello
  |      ^
  |
  = help: Save the file in the encoding UTF-8.
";
        let error = SourceFile::from_bytes("x", bytes).expect_err("invalid");
        assert_eq!(error.render(Style::Plain), expected);
        for bytes in [&b"\xff"[..], b"\xc3", b"a\n\xe2\x82"] {
            SourceFile::from_bytes("x", bytes.to_vec()).expect_err("invalid").render(Style::Plain);
        }
    }
}
