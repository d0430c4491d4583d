//! What is known about one text.

use crate::walk;
use bumpalo::Bump;
use calf_compiler::{Globals, Options};
use calf_source::{Diagnostic, SourceFile, Span};
use std::collections::HashMap;

/// What a definition defines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DefinitionKind {
    Variable,
    Parameter,
    Function,
    Class,
    Module,
    Method,
    Field,
}

/// A place that gives a name to something.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) kind: DefinitionKind,
    /// Where the name stands.
    pub(crate) span: Span,
    /// The whole declaration.
    pub(crate) whole: Span,
    /// Where the name can be used, if it is a local.
    pub(crate) scope: Option<Span>,
    /// How it would be declared: `fun f(a, b)`.
    pub(crate) signature: String,
    /// The definition of the function or class around it.
    pub(crate) container: Option<usize>,
    /// Of a module, the path as it is written.
    pub(crate) path: Option<String>,
}

impl Definition {
    pub(crate) fn is_member(&self) -> bool {
        matches!(self.kind, DefinitionKind::Method | DefinitionKind::Field)
    }
    pub(crate) fn is_global(&self) -> bool {
        self.scope.is_none() && !self.is_member()
    }
}

/// What a name that is used refers to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// A definition of this text.
    Definition(usize),
    /// A global that this text does not define.
    Global(String),
    /// A field or method of an object; of a variable of this name, if it is one.
    Member {
        /// The variable with the object.
        object: Option<String>,
        /// The field or method.
        name: String,
    },
}

/// A name that is used, or defined.
#[derive(Debug)]
pub(crate) struct Occurrence {
    pub(crate) span: Span,
    pub(crate) target: Target,
}

/// The names of a program.
#[derive(Default, Debug)]
pub(crate) struct Names {
    pub(crate) definitions: Vec<Definition>,
    /// In the order of the text.
    pub(crate) occurrences: Vec<Occurrence>,
}

impl Names {
    /// The name at an offset: the cursor may stand at either end.
    pub(crate) fn at(&self, offset: usize) -> Option<&Occurrence> {
        let offset = offset as u32;
        let covers = |found: &&Occurrence| found.span.start <= offset && offset <= found.span.end;
        self.occurrences.iter().find(covers)
    }
    /// The definition of this global.
    pub(crate) fn global(&self, name: &str) -> Option<&Definition> {
        self.definitions.iter().find(|found| found.is_global() && found.name == name)
    }
    /// The definitions of the fields and methods of this name.
    pub(crate) fn members(&self, name: &str) -> impl Iterator<Item = &Definition> {
        self.definitions.iter().filter(move |found| found.is_member() && found.name == name)
    }
    /// Every place where the same thing is meant.
    pub(crate) fn same(&self, target: &Target) -> Vec<&Occurrence> {
        let member = |target: &Target| match target {
            Target::Member { name, .. } => Some(name.clone()),
            Target::Definition(index) => self
                .definitions
                .get(*index)
                .filter(|found| found.is_member())
                .map(|found| found.name.clone()),
            Target::Global(_) => None,
        };
        let wanted = member(target);
        let is_same = |found: &&Occurrence| match &wanted {
            Some(_) => member(&found.target) == wanted,
            None => found.target == *target,
        };
        self.occurrences.iter().filter(is_same).collect()
    }
}

/// Everything known about a text.
pub(crate) struct Analysis {
    /// All that is wrong with it.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Its names, if it has no syntax errors.
    pub(crate) names: Option<Names>,
}

/// Numbers for globals where there is no machine to give them.
#[derive(Default)]
struct Numbers(HashMap<String, u16>);

impl Globals for Numbers {
    fn global(&mut self, name: &str) -> Option<u16> {
        let next = u16::try_from(self.0.len()).ok()?;
        Some(*self.0.entry(name.to_string()).or_insert(next))
    }
}

/// Looks at a text, which has no byte order mark.
pub(crate) fn analyse(text: &str) -> Analysis {
    let file = SourceFile::new("", text);
    let arena = Bump::new();
    match calf_parser::parse(&arena, &file) {
        Err(diagnostics) => Analysis { diagnostics, names: None },
        Ok(program) => {
            // The compiler leaves in the tree which variable each name means.
            let compiled = calf_compiler::compile(
                &program,
                &file,
                &mut Numbers::default(),
                Options::default(),
            );
            let names = Some(walk::names(&program));
            let mut diagnostics = compiled.err().unwrap_or_default();
            diagnostics.extend(program.warnings);
            Analysis { diagnostics, names }
        }
    }
}
