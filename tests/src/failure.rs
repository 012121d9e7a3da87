//! One error type for labs and their tools: a sentence that says what could not be done and why.

use std::fmt;

/// What could not be done, with its cause, ready for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

/// The result of everything a lab does.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure that has no cause below it.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Turns any error into a [`Failure`] that says what was being done.
pub trait Context<T> {
    /// Puts `doing` in front of the cause.
    ///
    /// # Errors
    /// The error that was there, with `doing` in front.
    fn context(self, doing: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl fmt::Display) -> Result<T> {
        self.map_err(|cause| Failure(format!("{doing}: {cause}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_deed_before_the_cause() {
        let failed: std::result::Result<(), &str> = Err("no such file");
        assert_eq!(
            failed.context("cannot read x").unwrap_err().to_string(),
            "cannot read x: no such file"
        );
    }
}
