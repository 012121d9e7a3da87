//! What came of a load.

use std::time::Duration;

/// Counts and waits; waits in ascending order.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Exchanges that began.
    pub begun: usize,
    /// Exchanges that ended with a DHCPNAK.
    pub refused: usize,
    /// How late each exchange began.
    pub lateness: Vec<Duration>,
    /// How long each DHCPOFFER was waited for.
    pub offer_waits: Vec<Duration>,
    /// How long each DHCPACK was waited for.
    pub ack_waits: Vec<Duration>,
    /// How long each completed exchange took.
    pub exchange_times: Vec<Duration>,
    /// What the load itself used of a processor.
    pub processor_time: Duration,
}

impl Outcome {
    /// Exchanges that ended with a DHCPACK.
    #[must_use]
    pub fn completed(&self) -> usize {
        self.exchange_times.len()
    }

    pub(super) fn sort(&mut self) {
        self.lateness.sort_unstable();
        self.offer_waits.sort_unstable();
        self.ack_waits.sort_unstable();
        self.exchange_times.sort_unstable();
    }
}

/// The wait that `per_mille` of a thousand of the ascending `waits` stay within; `None` if there are none.
#[must_use]
pub fn percentile(waits: &[Duration], per_mille: usize) -> Option<Duration> {
    let place = (waits.len() * per_mille).div_ceil(1000).saturating_sub(1);
    waits.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_wait_that_so_many_stay_within() {
        let waits: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        let within = |per_mille| percentile(&waits, per_mille).unwrap().as_millis();
        assert_eq!(
            [0, 500, 990, 999, 1000].map(within),
            [1, 100, 198, 200, 200]
        );
        assert_eq!(percentile(&[], 500), None);
    }
}
