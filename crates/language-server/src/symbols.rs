//! The outline of a text: functions, classes with their members, and global variables.

use crate::analysis::{Definition, DefinitionKind};
use crate::document::Document;
use lsp_types::{DocumentSymbol, SymbolKind};

pub(crate) fn symbols(document: &Document) -> Vec<DocumentSymbol> {
    let Some(names) = &document.analysis.names else { return Vec::new() };
    // From the last to the first, so that what is inside is ready before its container, which stands in front of it.
    let mut inside: Vec<Vec<DocumentSymbol>> =
        names.definitions.iter().map(|_| Vec::new()).collect();
    let mut outermost = Vec::new();
    for (index, definition) in names.definitions.iter().enumerate().rev() {
        let mut children = std::mem::take(&mut inside[index]);
        children.reverse();
        if !is_shown(definition) {
            continue;
        }
        let symbol = symbol(document, definition, children);
        match definition.container.and_then(|container| inside.get_mut(container)) {
            Some(siblings) => siblings.push(symbol),
            None => outermost.push(symbol),
        }
    }
    outermost.reverse();
    outermost
}

fn is_shown(definition: &Definition) -> bool {
    match definition.kind {
        DefinitionKind::Parameter => false,
        DefinitionKind::Variable => definition.is_global(),
        _ => true,
    }
}

#[allow(deprecated, reason = "the protocol's type has a field that it no longer uses")]
fn symbol(
    document: &Document,
    definition: &Definition,
    children: Vec<DocumentSymbol>,
) -> DocumentSymbol {
    let kind = match definition.kind {
        DefinitionKind::Variable | DefinitionKind::Parameter => SymbolKind::VARIABLE,
        DefinitionKind::Function => SymbolKind::FUNCTION,
        DefinitionKind::Class => SymbolKind::CLASS,
        DefinitionKind::Module => SymbolKind::MODULE,
        DefinitionKind::Method => SymbolKind::METHOD,
        DefinitionKind::Field => SymbolKind::FIELD,
    };
    DocumentSymbol {
        name: definition.name.clone(),
        detail: Some(definition.signature.clone()),
        kind,
        tags: None,
        deprecated: None,
        range: document.range(definition.whole.to(definition.span)),
        selection_range: document.range(definition.span),
        children: Some(children).filter(|children| !children.is_empty()),
    }
}
