//! Truth values with null.

use super::ast::Boolean;
use super::context::Evaluator;

impl<'e> Evaluator<'e> {
    /// True only if `expression` is true: null counts as false, as in `if`.
    #[must_use]
    pub fn holds(&self, expression: &'e Boolean) -> bool {
        self.boolean(expression) == Some(true)
    }

    /// The value of `expression`, or null. `and` with a left side that is not true is null, even if it is false
    /// (measured: `not (false and true)` does not hold); `or` is null only if both sides are.
    #[must_use]
    pub fn boolean(&self, expression: &'e Boolean) -> Option<bool> {
        let mut rest = expression;
        // What a chain that ends in null is worth: false after an `or` whose left side was false.
        let mut instead_of_null = None;
        loop {
            match rest {
                Boolean::And(left, right) => {
                    if !self.holds(left) {
                        return instead_of_null;
                    }
                    rest = right;
                }
                Boolean::Or(left, right) => {
                    match self.boolean(left) {
                        Some(true) => return Some(true),
                        Some(false) => instead_of_null = Some(false),
                        None => {}
                    }
                    rest = right;
                }
                last => return self.term(last).or(instead_of_null),
            }
        }
    }

    fn term(&self, expression: &'e Boolean) -> Option<bool> {
        match expression {
            Boolean::Constant(value) => Some(*value),
            Boolean::DataEqual(left, right) => Some(self.data(left) == self.data(right)),
            Boolean::DataUnequal(left, right) => Some(self.data(left) != self.data(right)),
            Boolean::NumberEqual(left, right) => Some(self.number(left) == self.number(right)),
            Boolean::NumberUnequal(left, right) => Some(self.number(left) != self.number(right)),
            Boolean::And(..) | Boolean::Or(..) => self.boolean(expression),
            Boolean::Not(inner) => self.boolean(inner).map(|value| !value),
            Boolean::Exists(id) => {
                let request = self.context.request;
                Some(request.is_some_and(|request| request.options.contains(*id)))
            }
            Boolean::Known => self.context.request.map(|_| self.context.known),
            Boolean::Static => Some(self.context.lease.is_some_and(|lease| lease.is_static)),
        }
    }
}
