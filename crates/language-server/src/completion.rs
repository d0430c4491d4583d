//! What may be typed at the cursor.

use crate::analysis::{DefinitionKind, Names};
use crate::document::Document;
use crate::reference::{self, Entry, Place};
use calf_lexer::{Lexer, Token, comments};
use calf_source::Span;
use lsp_types::{CompletionItem, CompletionItemKind, Documentation};
use std::collections::BTreeMap;

/// The items, one for each name, in the order of the names.
pub(crate) fn completion(
    document: &Document,
    offset: usize,
    imported: &dyn Fn(&str) -> Vec<(String, DefinitionKind)>,
) -> Vec<CompletionItem> {
    let text = &document.text;
    let before = &text[..offset];
    let start = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
    let Some(previous) = tokens_before(text, start) else { return Vec::new() };
    let mut items = Items::default();
    if let [.., (object, span), (Token::Dot, _)] = previous.as_slice() {
        let name = (*object == Token::Identifier).then(|| &text[span.range()]);
        document.with_names(offset, |names| items.members(names, name, *object, imported));
        if items.0.is_empty() {
            items.methods(None);
        }
    } else {
        items.words();
        document.with_names(offset, |names| items.variables(names, offset));
    }
    items.0.into_values().collect()
}

/// The last two tokens before `start`; `None` within a string or a comment.
fn tokens_before(text: &str, start: usize) -> Option<Vec<(Token, Span)>> {
    let mut previous: Vec<(Token, Span)> = Vec::new();
    let mut end = 0;
    for found in Lexer::new(text) {
        let (token, span) = match found {
            Ok(found) => found,
            // What has no end reaches to the cursor.
            Err(error) if error.kind.is_unterminated() && (error.span.start as usize) < start => {
                return None;
            }
            Err(_) => continue,
        };
        if span.start as usize >= start {
            break;
        }
        let is_text = matches!(
            token,
            Token::String
                | Token::InterpolationStart
                | Token::InterpolationMiddle
                | Token::InterpolationEnd
        );
        if is_text && start < span.end as usize {
            return None;
        }
        end = span.end;
        previous.push((token, span));
        if previous.len() > 2 {
            previous.remove(0);
        }
    }
    let gap = Span::new(end, text.len() as u32);
    let within = |span: Span, is_line: bool| {
        let (from, to) = (span.start as usize, span.end as usize);
        from < start && (start < to || (is_line && start == to))
    };
    let mut comments =
        comments(text, gap).take_while(|comment| (comment.span.start as usize) < start);
    (!comments.any(|comment| within(comment.span, comment.is_line))).then_some(previous)
}

#[derive(Default)]
struct Items(BTreeMap<String, CompletionItem>);

fn kind_of(kind: DefinitionKind) -> CompletionItemKind {
    match kind {
        DefinitionKind::Variable | DefinitionKind::Parameter => CompletionItemKind::VARIABLE,
        DefinitionKind::Function => CompletionItemKind::FUNCTION,
        DefinitionKind::Class => CompletionItemKind::CLASS,
        DefinitionKind::Module => CompletionItemKind::MODULE,
        DefinitionKind::Method => CompletionItemKind::METHOD,
        DefinitionKind::Field => CompletionItemKind::FIELD,
    }
}

impl Items {
    fn add(&mut self, name: &str, kind: CompletionItemKind, detail: &str, text: Option<&str>) {
        self.0.entry(name.to_string()).or_insert_with(|| CompletionItem {
            label: name.to_string(),
            kind: Some(kind),
            detail: Some(detail.to_string()).filter(|detail| !detail.is_empty()),
            documentation: text.map(|text| Documentation::String(text.to_string())),
            ..CompletionItem::default()
        });
    }

    fn entry(&mut self, entry: &Entry) {
        let is_called = entry.signature.contains('(');
        let kind = match entry.place {
            Place::Word => CompletionItemKind::KEYWORD,
            Place::Global if entry.name.starts_with(|c: char| c.is_ascii_uppercase()) => {
                CompletionItemKind::CLASS
            }
            Place::Global => CompletionItemKind::FUNCTION,
            Place::Method(_) => CompletionItemKind::METHOD,
            Place::Module(_) if is_called => CompletionItemKind::FUNCTION,
            Place::Module(_) => CompletionItemKind::CONSTANT,
        };
        self.add(entry.name, kind, entry.signature, Some(entry.text));
    }

    fn words(&mut self) {
        for entry in reference::entries() {
            if matches!(entry.place, Place::Word | Place::Global) {
                self.entry(entry);
            }
        }
        for module in reference::modules() {
            self.add(module, CompletionItemKind::MODULE, "module", None);
        }
    }

    /// The globals, and the locals in scope.
    fn variables(&mut self, names: &Names, offset: usize) {
        let offset = offset as u32;
        for definition in &names.definitions {
            let is_in_scope = match definition.scope {
                Some(scope) => scope.start <= offset && offset <= scope.end,
                None => !definition.is_member(),
            };
            if is_in_scope {
                // The program's own hides the native of the same name.
                self.0.remove(&definition.name);
                let kind = kind_of(definition.kind);
                self.add(&definition.name, kind, &definition.signature, None);
            }
        }
    }

    /// What may stand behind the dot.
    fn members(
        &mut self,
        names: &Names,
        object: Option<&str>,
        token: Token,
        imported: &dyn Fn(&str) -> Vec<(String, DefinitionKind)>,
    ) {
        if let Some(object) = object {
            let own = names.definitions.iter().find(|found| found.name == object);
            match own {
                Some(module) if module.kind == DefinitionKind::Module => {
                    let path = module.path.as_deref().unwrap_or_default();
                    for (name, kind) in imported(path) {
                        self.add(&name, kind_of(kind), "", None);
                    }
                    return;
                }
                Some(_) => (),
                None if reference::modules().contains(&object) => {
                    let entries = reference::entries().iter();
                    let own = entries.filter(
                        |entry| matches!(entry.place, Place::Module(module) if module == object),
                    );
                    return own.for_each(|entry| self.entry(entry));
                }
                None => (),
            }
        }
        for definition in names.definitions.iter().filter(|found| found.is_member()) {
            self.add(&definition.name, kind_of(definition.kind), &definition.signature, None);
        }
        match token {
            Token::This | Token::Super => (),
            Token::String | Token::InterpolationEnd => {
                self.0.clear();
                self.methods(Some("string"));
            }
            _ => self.methods(None),
        }
    }

    /// The methods of one type, or of all.
    fn methods(&mut self, kind: Option<&str>) {
        for entry in reference::entries() {
            if matches!(entry.place, Place::Method(of) if kind.is_none_or(|kind| kind == of)) {
                self.entry(entry);
            }
        }
    }
}
