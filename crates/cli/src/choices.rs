//! The strategies that this program knows.

use calf_gc::{Row, Strategy};
use calf_vm::Choice;

/// A strategy, and options for it.
pub(crate) type Chosen = (Choice, Vec<(String, String)>);

/// The table's, then the program's own.
pub(crate) struct Choices(Vec<Choice>);

impl Choices {
    /// With `own` at the end.
    pub(crate) fn with(own: &[Choice]) -> Choices {
        let mut choices = calf_vm::choices();
        choices.extend_from_slice(own);
        Choices(choices)
    }
    /// The one of this name: of two with one name, the program's own.
    pub(crate) fn named(&self, name: &str) -> Option<Choice> {
        self.0.iter().rev().find(|choice| choice.row.name == name).copied()
    }
    /// The one that `NAME[:key=value,…]` names, and its options.
    ///
    /// # Errors
    /// There is none of this name, which is given back.
    pub(crate) fn parse<'t>(&self, text: &'t str) -> Result<Chosen, &'t str> {
        let (name, options) = text.split_once(':').unwrap_or((text, ""));
        let choice = self.named(name).ok_or(name)?;
        let options = options.split(',').filter(|option| !option.is_empty());
        let pair = |option: &str| {
            let (key, value) = option.split_once('=').unwrap_or((option, "on"));
            (key.to_string(), value.to_string())
        };
        Ok((choice, options.map(pair).collect()))
    }
    /// The rows that are shown, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &'static Row> {
        self.0.iter().map(|choice| choice.row).filter(|row| !row.hidden)
    }
    /// The name of the one that is taken if none is named.
    pub(crate) fn default_name(&self) -> &'static str {
        Strategy::DEFAULT.row().name
    }
}
