//! Variables: those of a lease or of the server, and those of the functions being executed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ast::{Function, Name};
use super::bytes::Bytes;

/// What a variable holds.
#[derive(Clone, Debug)]
pub enum Bound {
    /// Bytes.
    Data(Bytes<'static>),
    /// A number.
    Number(u64),
    /// Truth.
    Boolean(bool),
    /// What `define` defined.
    Function(Arc<Function>),
}

impl Bound {
    /// The number by which the original names the kind in its messages.
    pub(super) fn kind(&self) -> u8 {
        match self {
            Self::Boolean(_) => 0,
            Self::Data(_) => 1,
            Self::Number(_) => 2,
            Self::Function(_) => 4,
        }
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Data(left), Self::Data(right)) => left == right,
            (Self::Number(left), Self::Number(right)) => left == right,
            (Self::Boolean(left), Self::Boolean(right)) => left == right,
            (Self::Function(left), Self::Function(right)) => Arc::ptr_eq(left, right),
            _ => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Binding {
    name: Name,
    age: u32,
    value: Option<Bound>,
}

/// Variables by their names in lower case. One that was unset keeps its place among the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variables {
    bindings: BTreeMap<String, Binding>,
}

impl Variables {
    /// What a variable holds; `None` for nothing.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Bound> {
        let binding = self.bindings.get(&name.to_ascii_lowercase())?;
        binding.value.as_ref()
    }

    /// Gives a variable a value, or takes it.
    pub fn set(&mut self, name: &str, value: Option<Bound>) {
        let age = u32::try_from(self.bindings.len()).unwrap_or(u32::MAX);
        let binding = self.bindings.entry(name.to_ascii_lowercase());
        let fresh = || Binding {
            name: name.into(),
            age,
            value: None,
        };
        binding.or_insert_with(fresh).value = value;
    }

    /// Names and values, the newest variable first.
    pub fn newest_first(&self) -> impl Iterator<Item = (&str, &Bound)> {
        let mut bindings: Vec<&Binding> = self.bindings.values().collect();
        bindings.sort_unstable_by_key(|binding| std::cmp::Reverse(binding.age));
        (bindings.into_iter()).filter_map(|binding| Some((&*binding.name, binding.value.as_ref()?)))
    }

    fn has(&self, name: &str) -> bool {
        self.bindings.contains_key(&name.to_ascii_lowercase())
    }
}

/// Variables within variables: a function sees those of its callers.
#[derive(Debug, Default)]
pub(super) struct Frames {
    pub(super) outermost: Variables,
    calls: Vec<Variables>,
}

impl Frames {
    pub(super) fn value(&self, name: &str) -> Option<&Bound> {
        let frame = self.calls.iter().rev().find(|frame| frame.has(name));
        frame.unwrap_or(&self.outermost).value(name)
    }

    /// A new variable belongs to the innermost function.
    pub(super) fn set(&mut self, name: &str, value: Option<Bound>) {
        let known = self.calls.iter().rposition(|frame| frame.has(name));
        let innermost = self.calls.len().checked_sub(1);
        let is_outer = known.is_none() && self.outermost.has(name);
        let index = known.or(innermost).filter(|_| !is_outer);
        let frame = index.and_then(|index| self.calls.get_mut(index));
        frame.unwrap_or(&mut self.outermost).set(name, value);
    }

    /// Takes away what a variable holds.
    pub(super) fn unset(&mut self, name: &str) {
        let known = self.calls.iter().any(|frame| frame.has(name)) || self.outermost.has(name);
        if known {
            self.set(name, None);
        }
    }

    pub(super) fn depth(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn enter(&mut self, frame: Variables) {
        self.calls.push(frame);
    }

    pub(super) fn leave(&mut self) {
        self.calls.pop();
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn names_are_the_same_in_upper_and_lower_case() {
        let mut variables = Variables::default();
        variables.set("Name", Some(Bound::Number(1)));
        variables.set("nAME", Some(Bound::Number(2)));
        let all: Vec<_> = variables.newest_first().collect();
        assert_eq!(all, [("Name", &Bound::Number(2))]);
    }

    #[test]
    fn the_newest_comes_first_and_one_without_value_not_at_all() {
        let mut variables = Variables::default();
        variables.set("one", Some(Bound::Number(1)));
        variables.set("two", Some(Bound::Number(2)));
        variables.set("none", None);
        let names: Vec<_> = variables.newest_first().map(|it| it.0).collect();
        assert_eq!(names, ["two", "one"]);
    }

    #[test]
    fn a_function_changes_outer_variables_but_keeps_new_ones_to_itself() {
        let mut frames = Frames::default();
        frames.set("outer", Some(Bound::Number(1)));
        frames.enter(Variables::default());
        frames.set("outer", Some(Bound::Number(2)));
        frames.set("inner", Some(Bound::Number(3)));
        frames.leave();
        assert_eq!(frames.value("outer"), Some(&Bound::Number(2)));
        assert_eq!(frames.value("inner"), None);
    }
}
