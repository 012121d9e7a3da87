//! Truth values with null.

use std::sync::Arc;

use common::log::Level;
use common::sys::posix_regex::{LetterCase, Regex};

use super::ast::{Boolean, Connective, Match};
use super::chain::Chain;
use super::context::Evaluator;
use super::words;

impl<'e> Evaluator<'e> {
    /// True only if `expression` is true: null counts as false, as in `if`.
    #[must_use]
    pub fn holds(&self, expression: &'e Boolean) -> bool {
        self.boolean(expression) == Some(true)
    }

    /// The value of `expression`, or null.
    #[must_use]
    pub fn boolean(&self, expression: &'e Boolean) -> Option<bool> {
        match expression {
            Boolean::DataEqual(left, right) => Some(self.data(left) == self.data(right)),
            Boolean::DataUnequal(left, right) => Some(self.data(left) != self.data(right)),
            Boolean::NumberEqual(left, right) => Some(self.number(left) == self.number(right)),
            Boolean::NumberUnequal(left, right) => Some(self.number(left) != self.number(right)),
            Boolean::Equal(left, right) => Some(self.evaluate(left) == self.evaluate(right)),
            Boolean::Unequal(left, right) => Some(self.evaluate(left) != self.evaluate(right)),
            Boolean::Matches(found) => self.matches(found),
            Boolean::Junction(chain) => self.junction(chain),
            Boolean::Not(inner) => self.boolean(inner).map(|value| !value),
            Boolean::Exists(id) => Some(self.request_option(*id).is_some()),
            Boolean::Known => self.context.request.map(|_| self.context.known),
            Boolean::Static => Some(self.context.lease.is_some_and(|lease| lease.is_static)),
            Boolean::Defined(name) => Some(self.variable(name).is_some()),
            Boolean::Check => Some(self.context.classified),
            Boolean::Variable(name) => self.truth_of(name),
            Boolean::Call(call) => {
                self.call_for_truth(call);
                None
            }
        }
    }

    /// `and` with a left side that is not true is null, even if it is false (measured: `not (false and true)` does not
    /// hold); `or` is null only if both sides are.
    fn junction(&self, chain: &'e Chain<Boolean, Connective>) -> Option<bool> {
        // What a group that is null is worth: false after an `or` whose left side was false.
        let mut instead_of_null = None;
        let mut value = self.boolean(&chain.first);
        for link in &chain.rest {
            match (link.operator, value) {
                (Connective::And, Some(true)) => value = self.boolean(&link.operand),
                (Connective::And, _) if link.opens => return instead_of_null,
                (Connective::And, _) => value = None,
                (Connective::Or, Some(true)) if link.opens => return value,
                (Connective::Or, Some(true)) => {}
                (Connective::Or, left) if link.opens => {
                    instead_of_null = left.or(instead_of_null);
                    value = self.boolean(&link.operand);
                }
                (Connective::Or, left) => value = self.boolean(&link.operand).or(left),
            }
        }
        value.or(instead_of_null)
    }

    /// Null if either side is, or if the data is hollow; an invalid or a hollow pattern matches nothing.
    fn matches(&self, found: &'e Match) -> Option<bool> {
        let data = self.data(&found.data);
        let pattern = self.data(&found.pattern);
        let data = data?;
        if data.is_hollow() {
            self.context.log(Level::Error, words::nothing_to_match());
            return None;
        }
        let pattern = pattern?;
        if pattern.is_hollow() {
            return Some(false);
        }
        let regex = match &found.compiled {
            Some(compiled) => compiled.clone(),
            None => compile_foreign(&pattern, found.ignores_case),
        };
        Some(regex.is_some_and(|regex| regex.is_match(&data)))
    }
}

/// Longest pattern that is made from what a client has sent.
const LONGEST_FOREIGN_PATTERN: usize = 256;

/// A pattern that is not the configuration's own. The C library nests as deep as its parentheses, and repetition of
/// repetition or a reference back takes any memory and time: such patterns match nothing.
fn compile_foreign(pattern: &[u8], ignores_case: bool) -> Option<Arc<Regex>> {
    let refers_back = |pair: &[u8]| matches!(pair, [b'\\', digit] if digit.is_ascii_digit());
    let is_plain = pattern.len() <= LONGEST_FOREIGN_PATTERN
        && !pattern.contains(&b'{')
        && !pattern.windows(2).any(refers_back);
    is_plain.then(|| compile(pattern, ignores_case)).flatten()
}

/// A pattern ready for use; `None` if it is not valid.
pub(crate) fn compile(pattern: &[u8], ignores_case: bool) -> Option<Arc<Regex>> {
    let case = match ignores_case {
        true => LetterCase::Ignored,
        false => LetterCase::Sensitive,
    };
    Regex::compile(pattern, case).map(Arc::new)
}
