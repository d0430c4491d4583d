//! What is wrong with a program, and where.

use crate::Span;

/// What kind of mistake it is; decides the form of the headline.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The text is not made of tokens: `[line N] Error: Message.`
    Lexical,
    /// The tokens make no program, or one that breaks a rule: `[line N] Error at 'lexeme': Message.`, where the lexeme is the text
    /// of the span, or `Error at end:` if the span begins at the end of the text.
    Syntax,
    /// An error while the program ran, of this class: `error[TypeError]: Message.`
    Runtime(String),
}

/// A second place with a word about it, such as "opened here".
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to say about it.
    pub text: String,
}

/// One thing that is wrong with a program. It is about one file, which whoever renders it has to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// What kind of mistake it is.
    pub kind: Kind,
    /// One sentence, with its full stop.
    pub message: String,
    /// Where; the place marked by carets.
    pub span: Span,
    /// Other places that belong to it.
    pub labels: Vec<Label>,
    /// What else there is to know.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A mistake of this kind, with this message, at this place.
    pub fn new(kind: Kind, message: impl Into<String>, span: Span) -> Self {
        let message = message.into();
        Diagnostic { kind, message, span, labels: Vec::new(), notes: Vec::new(), help: Vec::new() }
    }
    /// A mistake of [`Kind::Lexical`].
    pub fn lexical(message: impl Into<String>, span: Span) -> Self {
        Self::new(Kind::Lexical, message, span)
    }
    /// A mistake of [`Kind::Syntax`]; `span` should cover the token that is to be named.
    pub fn syntax(message: impl Into<String>, span: Span) -> Self {
        Self::new(Kind::Syntax, message, span)
    }
    /// An error of a class of the language.
    pub fn runtime(class: impl Into<String>, message: impl Into<String>, span: Span) -> Self {
        Self::new(Kind::Runtime(class.into()), message, span)
    }
    /// Adds a second place.
    #[must_use]
    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }
    /// Adds a note.
    #[must_use]
    pub fn with_note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }
    /// Adds an advice.
    #[must_use]
    pub fn with_help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }
}
