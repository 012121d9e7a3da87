//! Variables and functions in expressions.

use std::sync::Arc;

use common::log::Level;

use super::ast::{Call, Expression, Function};
use super::bytes::Bytes;
use super::context::Evaluator;
use super::execute::execute_function;
use super::variables::{Bound, Variables};
use super::words;

/// How deep functions may call each other; the original has no limit but its stack.
const CALL_DEPTH: usize = 16;
/// Statements that functions may execute in one context.
pub(super) const STEP_LIMIT: u32 = 100_000;

impl<'e> Evaluator<'e> {
    /// The value of an expression of any kind, or null.
    #[must_use]
    pub fn evaluate(&self, expression: &'e Expression) -> Option<Bound> {
        match expression {
            Expression::Data(data) => Some(Bound::Data(self.data(data)?.into_owned())),
            Expression::Boolean(boolean) => self.boolean(boolean).map(Bound::Boolean),
            Expression::Number(number) => self.number(number).map(Bound::Number),
            Expression::Variable(name) => self.variable(name),
            Expression::Call(call) => self.call(call),
        }
    }

    pub(super) fn variable(&self, name: &str) -> Option<Bound> {
        self.context.frames.borrow().value(name).cloned()
    }

    pub(super) fn data_of(&self, name: &str) -> Option<Bytes<'static>> {
        match self.variable(name)? {
            Bound::Data(data) => Some(data),
            other => self.wrong_binding(&other, "data"),
        }
    }

    pub(super) fn number_of(&self, name: &str) -> Option<u64> {
        match self.variable(name)? {
            Bound::Number(number) => Some(number),
            other => self.wrong_binding(&other, "numeric"),
        }
    }

    pub(super) fn truth_of(&self, name: &str) -> Option<bool> {
        match self.variable(name)? {
            Bound::Boolean(truth) => Some(truth),
            other => self.wrong_binding(&other, "boolean"),
        }
    }

    fn wrong_binding<T>(&self, found: &Bound, wanted: &str) -> Option<T> {
        self.complain(words::binding_type(found.kind(), wanted))
    }

    /// Executes a function where data is wanted, but takes nothing from it: the original does not either.
    pub(super) fn call_for_data(&self, call: &'e Call) {
        let fits = |value: &Bound| matches!(value, Bound::Data(_));
        self.call_in_vain(call, "data", fits);
        self.context.log(Level::Error, words::call_for_data());
    }

    /// The same where truth is wanted.
    pub(super) fn call_for_truth(&self, call: &'e Call) {
        let fits = |value: &Bound| matches!(value, Bound::Boolean(_));
        self.call_in_vain(call, "boolean", fits);
        self.context.log(Level::Error, words::call_for_truth());
    }

    /// The same where a number is wanted.
    pub(super) fn call_for_number(&self, call: &'e Call) {
        let fits = |value: &Bound| matches!(value, Bound::Number(_));
        self.call_in_vain(call, "numeric", fits);
        self.context.log(Level::Error, words::call_for_number());
    }

    fn call_in_vain(&self, call: &'e Call, wanted: &str, fits: fn(&Bound) -> bool) {
        if let Some(other) = self.call(call).filter(|value| !fits(value)) {
            let text = words::returned_type(&call.name, other.kind(), wanted);
            self.context.log(Level::Error, text);
        }
    }

    /// What a function returns, or null.
    fn call(&self, call: &'e Call) -> Option<Bound> {
        let name = &call.name;
        let function = match self.variable(name) {
            Some(Bound::Function(function)) => function,
            Some(_) => return self.complain(words::not_a_function(name)),
            None => return self.complain(words::no_function(name)),
        };
        let arguments = self.bind(call, &function)?;
        if self.context.frames.borrow().depth() >= CALL_DEPTH {
            return self.exhaust(name);
        }
        if self.context.steps.get() >= STEP_LIMIT {
            return None;
        }
        self.context.frames.borrow_mut().enter(arguments);
        let returned = execute_function(&function, self);
        self.context.frames.borrow_mut().leave();
        returned
    }

    fn bind(&self, call: &'e Call, function: &Arc<Function>) -> Option<Variables> {
        let name = &call.name;
        let mut frame = Variables::default();
        for (parameter, argument) in function.parameters.iter().zip(&call.arguments) {
            frame.set(parameter, self.evaluate(argument));
        }
        match call.arguments.len().cmp(&function.parameters.len()) {
            std::cmp::Ordering::Equal => Some(frame),
            std::cmp::Ordering::Greater => self.complain(words::too_many_arguments(name)),
            std::cmp::Ordering::Less => self.complain(words::too_few_arguments(name)),
        }
    }

    /// Calls without end are given up altogether: one message, and no more functions in this context.
    fn exhaust<T>(&self, name: &str) -> Option<T> {
        let first = self.context.steps.replace(STEP_LIMIT) < STEP_LIMIT;
        if first {
            self.context.log(Level::Error, words::too_many_calls(name));
        }
        None
    }

    fn complain<T>(&self, text: String) -> Option<T> {
        self.context.log(Level::Error, text);
        None
    }
}
