//! A listing of a function, for people.

use crate::Function;

/// The listing of a function and of those declared in it.
pub fn disassemble(function: &Function) -> String {
    format!("{function:#?}\n")
}
