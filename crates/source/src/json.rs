//! A [`Diagnostic`] for programs: one object on one line.
//!
//! ```json
//! {"kind": "syntax", "headline": "[line 1] Error at ';'", "message": "Expect expression.", "file": "a.calf",
//!  "place": {"start": {"line": 1, "column": 7, "offset": 6}, "end": {…}, "text": null},
//!  "labels": [], "notes": [], "help": [], "fix": null, "trace": []}
//! ```
//!
//! `kind` is `lexical`, `syntax`, `warning` or `runtime`; of the last, `class` names the class of the error. Lines and columns count
//! from 1, columns in characters; offsets are bytes from 0. A fix is `{"title", "edits": [{place, "replacement"}]}`.

use crate::render::headline;
use crate::{Diagnostic, Kind, LineColumn, SourceFile, Span};
use serde_json::{Value, json};

/// The line, with its end.
pub(crate) fn line(diagnostic: &Diagnostic, file: &SourceFile) -> String {
    let (kind, class) = match &diagnostic.kind {
        Kind::Lexical => ("lexical", None),
        Kind::Syntax => ("syntax", None),
        Kind::Warning => ("warning", None),
        Kind::Runtime(class) => ("runtime", Some(class)),
    };
    let labels = diagnostic.labels.iter().map(|label| place(label.span, Some(&label.text), file));
    let fix = diagnostic.fix.as_ref().map(|fix| {
        let edits = fix.edits.iter().map(|edit| {
            let mut value = place(edit.span, None, file);
            value["replacement"] = json!(edit.replacement);
            value
        });
        json!({ "title": fix.title, "edits": edits.collect::<Vec<_>>() })
    });
    let object = json!({
        "kind": kind,
        "class": class,
        "headline": headline(diagnostic, file).0,
        "message": diagnostic.message,
        "file": file.name(),
        "place": place(diagnostic.span, diagnostic.caption.as_deref(), file),
        "labels": labels.collect::<Vec<_>>(),
        "notes": diagnostic.notes,
        "help": diagnostic.help,
        "fix": fix,
        "trace": diagnostic.trace,
    });
    format!("{object}\n")
}

/// A span with what is said about it.
fn place(span: Span, text: Option<&str>, file: &SourceFile) -> Value {
    json!({ "start": point(span.start, file), "end": point(span.end, file), "text": text })
}

fn point(offset: u32, file: &SourceFile) -> Value {
    let LineColumn { line, column } = file.line_column(offset);
    json!({ "line": line, "column": column, "offset": offset.min(file.span().end) })
}
