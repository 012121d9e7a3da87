//! What happened in a soak: counts, the extremes, and faults, which are shown at once.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::failure::Result;

/// Shared by all that takes part.
#[derive(Debug)]
pub struct Report {
    begun: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    counts: BTreeMap<&'static str, u64>,
    longest: BTreeMap<&'static str, Duration>,
    faults: Vec<String>,
    not_played: Vec<String>,
}

impl Report {
    /// A report of what begins now.
    #[must_use]
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            state: Mutex::default(),
        }
    }

    /// So many more of this.
    pub(super) fn count(&self, what: &'static str, number: u64) {
        *self.lock().counts.entry(what).or_default() += number;
    }

    /// Something took so long; the longest is kept.
    pub(super) fn took(&self, what: &'static str, time: Duration) {
        let mut state = self.lock();
        let longest = state.longest.entry(what).or_default();
        *longest = time.max(*longest);
    }

    /// Shows a line.
    pub(super) fn say(&self, line: impl Display) {
        println!("{:5} s  {line}", self.begun.elapsed().as_secs());
    }

    /// Something is wrong.
    pub(super) fn fault(&self, what: &dyn Display) {
        self.say(format!("FAULT: {what}"));
        self.lock().faults.push(what.to_string());
    }

    /// Notes what went wrong, if anything did. True if nothing did.
    pub(super) fn check<T>(&self, outcome: Result<T>) -> bool {
        outcome.map_err(|failure| self.fault(&failure)).is_ok()
    }

    /// A part of the soak is left out, and why.
    pub(super) fn leave_out(&self, what: impl Display) {
        self.lock().not_played.push(what.to_string());
    }

    /// The number of faults so far.
    #[must_use]
    pub fn faults(&self) -> usize {
        self.lock().faults.len()
    }

    /// Prints everything.
    pub fn show(&self) {
        let state = self.lock();
        for (what, count) in &state.counts {
            println!("{count:>12}  {what}");
        }
        for (what, time) in &state.longest {
            println!("{:>9} ms  {what}", time.as_millis());
        }
        for what in &state.not_played {
            println!("not played: {what}");
        }
        for what in &state.faults {
            println!("fault: {what}");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
