//! Subnets in the order in which the original searches them, which decides what it says about those that overlap.

use std::collections::BTreeMap;

/// A list that a subnet joins at the front, or right before the first one that holds it.
#[derive(Debug)]
pub(super) struct Order<S> {
    /// From the back to the front, so that most subnets are pushed.
    reversed: Vec<S>,
    covered: Covered,
}

impl<S: Copy> Order<S> {
    pub(super) fn new() -> Self {
        Self {
            reversed: Vec::new(),
            covered: Covered::default(),
        }
    }

    /// Adds a subnet with its first and last address. The first one of the list that it overlaps, if there is any; the
    /// list is searched only where the addresses leave that open.
    pub(super) fn add(
        &mut self,
        subnet: S,
        span: (u128, u128),
        meets: impl Fn(&S) -> bool,
        holds: impl Fn(&S) -> bool,
    ) -> Option<S> {
        if !self.covered.add(span) {
            self.reversed.push(subnet);
            return None;
        }
        let overlapping = self.reversed.iter().rev().copied().find(meets);
        let before = self.reversed.iter().rposition(holds);
        let position = before.map_or(self.reversed.len(), |index| index.saturating_add(1));
        self.reversed.insert(position, subnet);
        overlapping
    }
}

/// Addresses that some subnet has: first and last of each run.
#[derive(Debug, Default)]
struct Covered(BTreeMap<u128, u128>);

impl Covered {
    /// Adds a run; true if some of it was there before.
    fn add(&mut self, (mut first, mut last): (u128, u128)) -> bool {
        let mut met = false;
        while let Some((low, high)) = self.last_up_to(last).filter(|run| run.1 >= first) {
            met = true;
            self.0.remove(&low);
            (first, last) = (first.min(low), last.max(high));
        }
        self.0.insert(first, last);
        met
    }

    fn last_up_to(&self, last: u128) -> Option<(u128, u128)> {
        let run = self.0.range(..=last).next_back()?;
        Some((*run.0, *run.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_meet_become_one() {
        let mut covered = Covered::default();
        assert!(!covered.add((10, 20)));
        assert!(!covered.add((21, 30)));
        assert!(covered.add((15, 25)));
        assert_eq!(covered.0, BTreeMap::from([(10, 30)]));
        assert!(covered.add((0, u128::MAX)));
        assert_eq!(covered.0, BTreeMap::from([(0, u128::MAX)]));
    }
}
