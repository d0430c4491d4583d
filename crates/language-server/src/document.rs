//! An open text.

use crate::analysis::{Analysis, Names, analyse};
use crate::position::Lines;
use calf_source::MAX_BYTES;
use lsp_types::{Position, Range, TextDocumentContentChangeEvent};

/// An open text, and what is known about it.
pub(crate) struct Document {
    pub(crate) version: i32,
    pub(crate) text: String,
    pub(crate) lines: Lines,
    pub(crate) analysis: Analysis,
    /// The names of the last text that had no syntax errors: places in them may be wrong now.
    last: Option<Names>,
}

/// The text as the compiler wants it: spaces for the byte order mark, so that all places stay the same.
fn readable(text: &str) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => format!("   {rest}"),
        None => text.to_string(),
    }
}

impl Document {
    pub(crate) fn new(version: i32, text: String) -> Document {
        let text = if text.len() > MAX_BYTES { String::new() } else { text };
        let analysis = analyse(&readable(&text));
        Document { version, lines: Lines::of(&text), text, analysis, last: None }
    }

    /// Takes over changes, in their order.
    pub(crate) fn change(&mut self, version: i32, changes: Vec<TextDocumentContentChangeEvent>) {
        let mut text = std::mem::take(&mut self.text);
        for change in changes {
            match change.range {
                None => text = change.text,
                Some(range) => {
                    let lines = Lines::of(&text);
                    let start = lines.offset(&text, range.start);
                    let end = lines.offset(&text, range.end).max(start);
                    text.replace_range(start..end, &change.text);
                }
            }
        }
        let last = self.analysis.names.take().or(self.last.take());
        *self = Document::new(version, text);
        self.last = last;
    }

    pub(crate) fn offset(&self, position: Position) -> usize {
        self.lines.offset(&self.text, position)
    }
    pub(crate) fn range(&self, span: calf_source::Span) -> Range {
        self.lines.range(&self.text, span)
    }

    /// The names of this text; where it has syntax errors, of the text without the line of the cursor, or of an earlier one.
    pub(crate) fn with_names<R>(&self, offset: usize, ask: impl FnOnce(&Names) -> R) -> Option<R> {
        if let Some(names) = &self.analysis.names {
            return Some(ask(names));
        }
        let start = self.text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[offset..].find('\n').map_or(self.text.len(), |at| offset + at);
        let mut patched = readable(&self.text);
        patched.replace_range(start..end, &" ".repeat(end - start));
        analyse(&patched).names.as_ref().or(self.last.as_ref()).map(ask)
    }
}
