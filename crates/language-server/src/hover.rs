//! What there is to say about the word under the cursor.

use crate::analysis::{Definition, DefinitionKind, Names, Target};
use crate::document::Document;
use crate::reference::{self, Entry, Place};
use calf_lexer::{Lexer, Token};
use calf_source::Span;
use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};

pub(crate) fn hover(document: &Document, offset: usize) -> Option<Hover> {
    let (span, text) = name(document, offset).or_else(|| word(document, offset))?;
    let contents = MarkupContent { kind: MarkupKind::Markdown, value: text };
    Some(Hover { contents: HoverContents::Markup(contents), range: Some(document.range(span)) })
}

/// A name that is defined or used.
fn name(document: &Document, offset: usize) -> Option<(Span, String)> {
    let names = document.analysis.names.as_ref()?;
    let found = names.at(offset)?;
    let text = match &found.target {
        Target::Definition(index) => definition(document, names, names.definitions.get(*index)?),
        Target::Global(name) => global(name)?,
        Target::Member { object, name } => member(document, names, object.as_deref(), name)?,
    };
    Some((found.span, text))
}

fn definition(document: &Document, names: &Names, definition: &Definition) -> String {
    let container = definition.container.and_then(|index| names.definitions.get(index));
    let place = match (definition.kind, container) {
        (DefinitionKind::Method | DefinitionKind::Field, Some(class)) => {
            format!("\n\nof class `{}`", class.name)
        }
        (DefinitionKind::Parameter, Some(function)) => {
            format!("\n\nparameter of `{}`", function.name)
        }
        _ => String::new(),
    };
    let comment = comment_above(&document.text, definition.whole.start as usize);
    let comment = if comment.is_empty() { comment } else { format!("\n\n{comment}") };
    format!("{}{place}{comment}", code(&definition.signature))
}

fn code(text: &str) -> String {
    format!("```calf\n{text}\n```")
}

/// The lines of comments right above a declaration.
fn comment_above(text: &str, start: usize) -> String {
    let before = text.get(..start).unwrap_or_default();
    let above = before[..before.rfind('\n').map_or(0, |at| at)].lines().rev();
    let lines = above.map_while(|line| line.trim().strip_prefix("//"));
    let mut lines: Vec<_> = lines.map(str::trim).collect();
    lines.reverse();
    lines.join("\n")
}

fn entry(entry: &Entry) -> String {
    let signature = match entry.place {
        Place::Word => return format!("`{}`: {}", entry.name, entry.text),
        Place::Global => entry.signature.to_string(),
        Place::Method(kind) => format!("{kind}.{}", entry.signature),
        Place::Module(module) => format!("{module}.{}", entry.signature),
    };
    format!("{}\n\n{}", code(&signature), entry.text)
}

fn global(name: &str) -> Option<String> {
    if let Some(found) = reference::find(Place::Global, name) {
        return Some(entry(found));
    }
    let members: Vec<_> = reference::entries()
        .iter()
        .filter(|entry| matches!(entry.place, Place::Module(module) if module == name))
        .map(|entry| format!("`{}`", entry.name))
        .collect();
    (!members.is_empty()).then(|| format!("module `{name}`: {}", members.join(" ")))
}

fn member(document: &Document, names: &Names, object: Option<&str>, name: &str) -> Option<String> {
    // A program's own variable hides the module of its name.
    let module = object.filter(|object| names.global(object).is_none());
    let module = reference::modules().into_iter().find(|known| Some(*known) == module);
    if let Some(module) = module {
        return reference::find(Place::Module(module), name).map(entry);
    }
    let own = names.members(name).map(|found| definition(document, names, found));
    let texts: Vec<_> = own.chain(reference::methods(name).map(entry)).collect();
    (!texts.is_empty()).then(|| texts.join("\n\n---\n\n"))
}

/// A reserved word.
fn word(document: &Document, offset: usize) -> Option<(Span, String)> {
    let (token, span) = token_at(&document.text, offset)?;
    let word = token.text().filter(|_| token.is_reserved_word())?;
    Some((span, entry(reference::find(Place::Word, word)?)))
}

/// The token at an offset: the cursor may stand at either end.
pub(crate) fn token_at(text: &str, offset: usize) -> Option<(Token, Span)> {
    let offset = offset as u32;
    let mut tokens = Lexer::new(text).filter_map(Result::ok);
    tokens.find(|(token, span)| {
        let is_word = token.is_reserved_word() || *token == Token::Identifier;
        span.start <= offset && (offset < span.end || (is_word && offset == span.end))
    })
}
