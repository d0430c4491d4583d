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
    /// The program is one, but hardly the one that was meant: `[line N] Warning at 'lexeme': Message.`
    Warning,
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

/// One change of the text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    /// What is replaced; empty where something is inserted.
    pub span: Span,
    /// By what.
    pub replacement: String,
}

/// A change of the text that would mend the mistake, if we have understood it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fix {
    /// What the change does, as an advice: "write 'and'".
    pub title: String,
    /// The changes, which do not overlap, in the order of the text.
    pub edits: Vec<Edit>,
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
    /// A few words beside the carets.
    pub caption: Option<String>,
    /// Other places that belong to it.
    pub labels: Vec<Label>,
    /// What else there is to know.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
    /// The change that does it.
    pub fix: Option<Fix>,
    /// Of an error while the program ran: the calls in progress, a line each, innermost first.
    pub trace: Vec<String>,
}

impl Diagnostic {
    /// A mistake of this kind, with this message, at this place.
    pub fn new(kind: Kind, message: impl Into<String>, span: Span) -> Self {
        Diagnostic {
            kind,
            message: message.into(),
            span,
            caption: None,
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fix: None,
            trace: Vec::new(),
        }
    }
    /// A mistake of [`Kind::Lexical`].
    pub fn lexical(message: impl Into<String>, span: Span) -> Self {
        Self::new(Kind::Lexical, message, span)
    }
    /// A mistake of [`Kind::Syntax`]; `span` should cover the token that is to be named.
    pub fn syntax(message: impl Into<String>, span: Span) -> Self {
        Self::new(Kind::Syntax, message, span)
    }
    /// What looks like a mistake: [`Kind::Warning`].
    pub fn warning(message: impl Into<String>, span: Span) -> Self {
        Self::new(Kind::Warning, message, span)
    }
    /// An error of a class of the language.
    pub fn runtime(class: impl Into<String>, message: impl Into<String>, span: Span) -> Self {
        Self::new(Kind::Runtime(class.into()), message, span)
    }
    /// Says something beside the carets.
    #[must_use]
    pub fn with_caption(mut self, text: impl Into<String>) -> Self {
        self.caption = Some(text.into());
        self
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
    /// Proposes to replace `span`.
    #[must_use]
    pub fn with_fix(
        self,
        title: impl Into<String>,
        span: Span,
        replacement: impl Into<String>,
    ) -> Self {
        self.with_fixes(title, [(span, replacement.into())])
    }
    /// Proposes several changes that belong together.
    #[must_use]
    pub fn with_fixes(
        mut self,
        title: impl Into<String>,
        edits: impl IntoIterator<Item = (Span, String)>,
    ) -> Self {
        let edits = edits.into_iter().map(|(span, replacement)| Edit { span, replacement });
        self.fix = Some(Fix { title: title.into(), edits: edits.collect() });
        self
    }
}
