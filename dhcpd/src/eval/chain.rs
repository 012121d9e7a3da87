//! Operands with operators between them, as a list: chains as long as anybody writes need no recursion.

use std::collections::VecDeque;

/// Operands in the order written. Operators bind to the left, but one that opens a group has everything behind it on its
/// right: of `a or b and c`, `(a or b) and c` is meant, and `a or (b and c)` where the `or` opens.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain<T, O> {
    /// The first operand.
    pub first: T,
    /// The others.
    pub rest: VecDeque<Link<T, O>>,
}

/// An operand with the operator before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Link<T, O> {
    /// The operator.
    pub operator: O,
    /// What is on its left meets not only this operand, but the value of it and of all links behind it.
    pub opens: bool,
    /// The operand.
    pub operand: T,
}

impl<T, O> Chain<T, O> {
    /// One operand.
    #[must_use]
    pub fn of(first: T) -> Self {
        let rest = VecDeque::new();
        Self { first, rest }
    }

    /// True if something added behind would become part of a group.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.rest.iter().any(|link| link.opens)
    }

    /// The operator that is applied last; `None` if there is none.
    #[must_use]
    pub fn outermost(&self) -> Option<&O> {
        let opening = self.rest.iter().find(|link| link.opens);
        let last = opening.or_else(|| self.rest.back());
        last.map(|link| &link.operator)
    }

    /// Adds an operand for what is there so far.
    pub fn push(&mut self, operator: O, operand: T) {
        self.rest.push_back(Link {
            operator,
            opens: false,
            operand,
        });
    }

    /// This chain, then a group of all of `right`.
    #[must_use]
    pub fn before(self, operator: O, right: Self) -> Self {
        let mut rest = right.rest;
        rest.push_front(Link {
            operator,
            opens: true,
            operand: right.first,
        });
        for link in self.rest.into_iter().rev() {
            rest.push_front(link);
        }
        let first = self.first;
        Self { first, rest }
    }
}
