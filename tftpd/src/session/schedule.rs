//! When a packet is sent again: the interval doubles, and after six transmissions the client is given up.

use std::time::Duration;

/// How often a packet is sent, the first time included.
pub const TRANSMISSIONS: u32 = 6;

/// The retransmissions of one packet. Sent at 0, T, 3T, 7T, 15T and 31T; given up at 63T.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    base: Duration,
    repeats: u32,
}

impl Schedule {
    /// A schedule whose first interval is `base`.
    #[must_use]
    pub const fn new(base: Duration) -> Self {
        Self { base, repeats: 0 }
    }

    /// How long to wait for an answer to the current transmission.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.base
            .saturating_mul(1 << self.repeats.min(TRANSMISSIONS))
    }

    /// The client has answered: the next packet starts from the first interval.
    pub fn restart(&mut self) {
        self.repeats = 0;
    }

    /// The interval has passed. Returns the next one, or `None` if all transmissions are used up.
    pub fn repeat(&mut self) -> Option<Duration> {
        if self.repeats + 1 >= TRANSMISSIONS {
            return None;
        }
        self.repeats += 1;
        Some(self.interval())
    }
}
