//! What is wrong with a text, and the changes that would mend it, in the protocol's words.

use crate::document::Document;
use calf_source::{Diagnostic, Kind, Span};
use lsp_types as lsp;
use serde_json::{Value, json};

/// A diagnostic as the editor shows it.
pub(crate) fn diagnostic(
    document: &Document,
    uri: &lsp::Uri,
    found: &Diagnostic,
) -> lsp::Diagnostic {
    let mut message = found.message.clone();
    let title = found.fix.iter().map(|fix| &fix.title);
    for more in found.caption.iter().chain(&found.notes).chain(&found.help).chain(title) {
        message.push('\n');
        message.push_str(more);
    }
    let related = found.labels.iter().map(|label| lsp::DiagnosticRelatedInformation {
        location: lsp::Location::new(uri.clone(), document.range(label.span)),
        message: label.text.clone(),
    });
    let related: Vec<_> = related.collect();
    lsp::Diagnostic {
        range: document.range(found.span),
        severity: Some(match found.kind {
            Kind::Warning => lsp::DiagnosticSeverity::WARNING,
            _ => lsp::DiagnosticSeverity::ERROR,
        }),
        source: Some("calf".to_string()),
        message,
        related_information: Some(related).filter(|related| !related.is_empty()),
        ..lsp::Diagnostic::default()
    }
}

/// The fixes of what is wrong within `place`, as actions to choose from.
pub(crate) fn fixes(document: &Document, uri: &lsp::Uri, place: Span) -> Vec<Value> {
    let touches = |span: Span| span.start <= place.end && place.start <= span.end;
    let found = document.analysis.diagnostics.iter().filter_map(|found| {
        let fix = found.fix.as_ref()?;
        let edits = fix.edits.iter();
        let is_near = touches(found.span) || edits.clone().any(|edit| touches(edit.span));
        let edits = edits
            .map(|edit| lsp::TextEdit::new(document.range(edit.span), edit.replacement.clone()));
        is_near.then(|| {
            json!({
                "title": fix.title,
                "kind": "quickfix",
                "isPreferred": true,
                "diagnostics": [diagnostic(document, uri, found)],
                "edit": {"changes": {uri.as_str(): edits.collect::<Vec<_>>()}},
            })
        })
    });
    found.collect()
}
