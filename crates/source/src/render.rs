//! The one way in which a [`Diagnostic`] becomes text.
//!
//! ```text
//! [line 3] Error at ';': Expect expression.
//!  --> script.calf:3:12
//!   |
//! 3 | print 1 + ;
//!   |           ^
//! ```

use crate::{Diagnostic, Fix, Kind, SourceFile, Span, json};
use annotate_snippets::renderer::{
    DEFAULT_EMPHASIS_STYLE, DEFAULT_ERROR_STYLE, DEFAULT_LINE_NUM_STYLE, DEFAULT_WARNING_STYLE,
    Style as Paint,
};
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use std::ops::Range;

/// How to render.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Style {
    /// Text alone.
    #[default]
    Plain,
    /// With ANSI colours, for a terminal.
    Colored,
    /// A line of JSON, for programs; see [`json`].
    Json,
}

impl Style {
    /// What the command line asks for: `json` before `color`.
    pub fn of(color: bool, json: bool) -> Style {
        match (json, color) {
            (true, _) => Style::Json,
            (false, true) => Style::Colored,
            (false, false) => Style::Plain,
        }
    }
}

/// Lines further apart than this are shown apart. The library reads all that lies between the first and the last line shown.
const FAR_LINES: usize = 50;
/// Marks at columns further apart than this are shown apart, in bytes: both would not fit on a terminal.
const FAR_BYTES: usize = 80;
/// How much of a long line is kept on each side of a mark, in bytes: more than any terminal shows.
const KEPT_BYTES: usize = 1000;
/// Lines that together are no longer than this are shown as they are, in bytes.
const SHORT_BYTES: usize = 16 * KEPT_BYTES;
/// How much of a lexeme the headline shows, in characters.
const LEXEME_CHARACTERS: usize = 40;

/// Renders `diagnostic`, which is about `file`: the headline, the place, the line with carets, the notes, the fix, the trace. Ends
/// with a line break.
pub fn render(diagnostic: &Diagnostic, file: &SourceFile, style: Style) -> String {
    if style == Style::Json {
        return json::line(diagnostic, file);
    }
    let (head, message) = headline(diagnostic, file);
    let (level, level_paint) = match diagnostic.kind {
        Kind::Warning => (Level::WARNING, DEFAULT_WARNING_STYLE),
        _ => (Level::ERROR, DEFAULT_ERROR_STYLE),
    };
    let (renderer, [head_paint, message_paint, line_paint]) = match style {
        Style::Colored => {
            (Renderer::styled(), [level_paint, DEFAULT_EMPHASIS_STYLE, DEFAULT_LINE_NUM_STYLE])
        }
        _ => (Renderer::plain(), [Paint::new(); 3]),
    };
    let windows = windows(diagnostic, file);
    let group = Group::with_level(level)
        .elements(windows.iter().map(|window| window.snippet(file)))
        .elements(diagnostic.notes.iter().map(|note| Level::NOTE.message(wrapped(note))))
        .elements(diagnostic.help.iter().map(|help| Level::HELP.message(wrapped(help))));
    let patch = diagnostic.fix.as_ref().and_then(|fix| patch(fix, file));
    let groups: Vec<Group> = std::iter::once(group).chain(patch).collect();
    let snippet = renderer.render(&groups);
    // The library would count the column from the start of what it is given, which may be a part of a line.
    let place = file.line_column(diagnostic.span.start);
    let widest = windows.iter().map(|window| window.lines.1).max().unwrap_or(1);
    let indent = widest.to_string().len();
    format!(
        "{head_paint}{head}{head_paint:#}{message_paint}: {message}{message_paint:#}\n\
         {:indent$}{line_paint}--> {line_paint:#}{}:{}:{}\n{snippet}\n{}",
        "",
        file.name(),
        place.line,
        place.column,
        diagnostic.trace.iter().map(|line| line.clone() + "\n").collect::<String>(),
    )
}

/// The text in lines that fit a terminal of 80 columns behind `  = note: `, in a file of some thousand lines.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 66;
    let mut lines = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > WIDTH {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}

/// The fix as the lines that it would leave; none if they are too long to be shown, or far apart.
fn patch<'f>(fix: &'f Fix, file: &'f SourceFile) -> Option<Group<'f>> {
    let first = file.line(fix.edits.first()?.span.start);
    let last = file.line(fix.edits.last()?.span.end);
    let whole = file.line_span(first)?.to(file.line_span(last)?).range();
    if last - first > FAR_LINES || whole.len() > SHORT_BYTES {
        return None;
    }
    let within = |offset: u32| (offset as usize).clamp(whole.start, whole.end) - whole.start;
    let patches = fix.edits.iter().map(|edit| {
        let range = within(edit.span.start)..within(edit.span.end);
        Patch::new(range, edit.replacement.as_str())
    });
    let patches: Vec<_> = patches.collect();
    let snippet = Snippet::source(&file.text()[whole.clone()]).line_start(first).patches(patches);
    Some(Level::HELP.secondary_title(fix.title.as_str()).element(snippet))
}

/// Renders several diagnostics about one file, with an empty line between any two.
pub fn render_all(diagnostics: &[Diagnostic], file: &SourceFile, style: Style) -> String {
    let texts: Vec<_> =
        diagnostics.iter().map(|diagnostic| render(diagnostic, file, style)).collect();
    texts.join(if style == Style::Json { "" } else { "\n" })
}

/// The two halves of the headline, in front of the colon and behind it.
pub(crate) fn headline(diagnostic: &Diagnostic, file: &SourceFile) -> (String, String) {
    let line = file.line(diagnostic.span.start.min(file.span().end));
    let head = match &diagnostic.kind {
        Kind::Lexical => format!("[line {line}] Error"),
        Kind::Syntax | Kind::Warning => {
            let word = if diagnostic.kind == Kind::Warning { "Warning" } else { "Error" };
            match diagnostic.span {
                span if span.start >= file.span().end => format!("[line {line}] {word} at end"),
                span if span.is_empty() => format!("[line {line}] {word}"),
                span => format!("[line {line}] {word} at '{}'", lexeme(file.slice(span))),
            }
        }
        Kind::Runtime(class) => format!("error[{class}]"),
    };
    (head, printable(&diagnostic.message))
}

/// The text of a token, cut short: a string may have any length and several lines.
fn lexeme(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let shown: String = line.chars().take(LEXEME_CHARACTERS).collect();
    let cut = if shown.len() < text.len() { "…" } else { "" };
    printable(&shown) + cut
}

/// The text without characters that could command a terminal.
fn printable(text: &str) -> String {
    if !text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
        return text.to_string();
    }
    let escape = |c: char| {
        if c.is_control() && c != '\n' && c != '\t' {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(escape).collect()
}

/// Lines that are shown together, and the marks on them.
struct Window<'d> {
    /// First and last line, from 1.
    lines: (usize, usize),
    /// Where in its line the first mark begins, in bytes.
    column: usize,
    /// What is marked: whether it is the place itself, where, and what is said about it.
    marks: Vec<(AnnotationKind, Span, Option<&'d str>)>,
}

/// Arranges the place and the labels in windows. The window with the place comes first.
fn windows<'d>(diagnostic: &'d Diagnostic, file: &SourceFile) -> Vec<Window<'d>> {
    let place = (AnnotationKind::Primary, diagnostic.span, diagnostic.caption.as_deref());
    let labels = diagnostic
        .labels
        .iter()
        .map(|label| (AnnotationKind::Context, label.span, Some(label.text.as_str())));
    let mut windows: Vec<Window> = Vec::new();
    for (kind, span, text) in std::iter::once(place).chain(labels) {
        let span = shown(span, file);
        let (first, last) = (file.line(span.start), file.line(span.end));
        let start = file.line_span(first).unwrap_or_default().start;
        let column = (span.start - start) as usize;
        let near = |window: &&mut Window| {
            first <= window.lines.1 + FAR_LINES
                && window.lines.0 <= last + FAR_LINES
                && column.abs_diff(window.column) <= FAR_BYTES
        };
        match windows.iter_mut().find(near) {
            Some(window) => {
                window.lines = (window.lines.0.min(first), window.lines.1.max(last));
                window.marks.push((kind, span, text));
            }
            None => {
                let marks = vec![(kind, span, text)];
                windows.push(Window { lines: (first, last), column, marks });
            }
        }
    }
    windows
}

/// The part of a span that is marked: no more than the rest of its first line, which is where a long construct begins. A span that is
/// not one of this file is moved to where it can be shown.
fn shown(span: Span, file: &SourceFile) -> Span {
    let boundary = |offset: u32| file.text().floor_char_boundary(offset as usize) as u32;
    let start = boundary(span.start);
    let line = file.line_span(file.line(start)).unwrap_or_default();
    let start = start.min(line.end);
    Span::new(start, boundary(span.end).clamp(start, line.end))
}

impl<'d> Window<'d> {
    /// The lines with their marks. Of a very long line only the part around the marks is kept.
    fn snippet<'s>(&self, file: &'s SourceFile) -> Snippet<'s, annotate_snippets::Annotation<'s>>
    where
        'd: 's,
    {
        let first = file.line_span(self.lines.0).unwrap_or_default();
        let last = file.line_span(self.lines.1).unwrap_or_default();
        let whole = first.start as usize..last.end as usize;
        let (line, kept) = match whole.len() {
            ..=SHORT_BYTES => (self.lines.0, whole),
            _ => self.around_first_mark(file),
        };
        let marks = self.marks.iter().map(|(kind, span, text)| {
            let within = |offset: u32| (offset as usize).clamp(kept.start, kept.end) - kept.start;
            kind.span(within(span.start)..within(span.end)).label(*text)
        });
        let marks: Vec<_> = marks.collect();
        Snippet::source(&file.text()[kept.clone()]).line_start(line).annotations(marks)
    }

    /// The line of the place itself, or of the first label, and the bytes of it around the mark.
    fn around_first_mark(&self, file: &SourceFile) -> (usize, Range<usize>) {
        let start = self.marks.first().map_or(0, |(_, span, _)| span.start);
        let line = file.line(start);
        let whole = file.line_span(line).unwrap_or_default().range();
        let first = whole.start.max((start as usize).saturating_sub(KEPT_BYTES));
        let last = whole.end.min(start as usize + KEPT_BYTES);
        let boundary = |offset| file.text().floor_char_boundary(offset);
        (line, boundary(first)..boundary(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(diagnostic: &Diagnostic, file: &SourceFile) -> String {
        render(diagnostic, file, Style::Plain)
    }

    #[test]
    fn shows_place_label_note_and_help() {
        let file = SourceFile::new("a.calf", "var a = 1;\nprint (a + ;\n\n");
        let diagnostic = Diagnostic::syntax("Expect expression.", Span::new(22, 23))
            .with_label(Span::new(17, 18), "opened here")
            .with_note("that is so")
            .with_help("do this");
        let expected = "\
[line 2] Error at ';': Expect expression.
 --> a.calf:2:12
  |
2 | print (a + ;
  |       -    ^
  |       |
  |       opened here
  |
  = note: that is so
  = help: do this
";
        assert_eq!(plain(&diagnostic, &file), expected);
        let colored = render(&diagnostic, &file, Style::Colored);
        assert!(colored.contains("\x1b["), "{colored:?}");
        assert!(colored.contains("Expect expression."), "{colored:?}");
    }

    #[test]
    fn has_one_headline_for_each_kind() {
        let file = SourceFile::new("a.calf", "print \"one\ntwo\";\n");
        let line =
            |diagnostic: Diagnostic| plain(&diagnostic, &file).lines().next().map(String::from);
        let end = Span::at(file.span().end);
        let string = Span::new(6, 15);
        let headline = line(Diagnostic::syntax("Expect expression.", end));
        assert_eq!(headline.as_deref(), Some("[line 3] Error at end: Expect expression."));
        let headline = line(Diagnostic::syntax("No.", string));
        assert_eq!(headline.as_deref(), Some("[line 1] Error at '\"one…': No."));
        let headline = line(Diagnostic::lexical("No.", string));
        assert_eq!(headline.as_deref(), Some("[line 1] Error: No."));
        let headline = line(Diagnostic::runtime("TypeError", "\x1b[2JNo.", string));
        assert_eq!(headline.as_deref(), Some("error[TypeError]: \\u{1b}[2JNo."));
    }

    #[test]
    fn shows_distant_places_apart_and_clips_long_lines() {
        let text =
            format!("var a = [{}\n{};", "1, ".repeat(1_000_000), "print 2;\n".repeat(10_000));
        let file = SourceFile::new("b.calf", text);
        let end = Span::at(file.span().end);
        let opened = Span::new(8, 9);
        let far = plain(&Diagnostic::syntax("No.", end).with_label(opened, "opened here"), &file);
        assert!(
            far.starts_with("[line 10002] Error at end: No.\n     --> b.calf:10002:2\n"),
            "{far}"
        );
        assert!(far.contains("    1 | var a = [1, 1,") && far.contains("- opened here"), "{far}");
        let middle = Diagnostic::syntax("No.", Span::new(1_500_000, 1_500_001));
        let long = plain(&middle.with_label(opened, "opened here"), &file);
        assert!(long.contains("b.calf:1:1500001\n") && long.contains("- opened here"), "{long}");
        assert!(long.lines().all(|line| line.len() < 200), "{long}");
    }

    #[test]
    fn survives_any_span() {
        for text in ["", "\n", "ä", "a\r\nb\r\n", "\0\t\u{1b}\u{200d}", "\u{feff}x"] {
            let file = SourceFile::new("a", text);
            for (start, end) in
                [(0, 0), (0, 1), (0, 9), (2, 1), (1, 3), (9, 99), (u32::MAX, u32::MAX)]
            {
                for kind in [Kind::Lexical, Kind::Syntax, Kind::Runtime("E".into())] {
                    let diagnostic = Diagnostic::new(kind, "No.", Span { start, end });
                    plain(&diagnostic.with_label(Span { start: end, end: start }, "x"), &file);
                }
            }
        }
    }
}
