//! Looking for frames less often while many come, as network cards do with their interrupts: what has gathered is taken at
//! once, for a fraction of what it costs to wake up for each frame.

use std::time::{Duration, Instant};

/// From the first frames of a round to the next look. Most replies wait longer for the disk, and none is late by it.
const ROUND: Duration = Duration::from_micros(300);
/// So many frames are a crowd. One alone is a client by itself, who is served at once.
const CROWD: usize = 2;

/// What has come since the last rest.
#[derive(Debug, Default)]
pub(super) struct Moderation {
    begun: Option<Instant>,
    frames: usize,
}

impl Moderation {
    /// So many frames are taken `now`.
    pub(super) fn note(&mut self, frames: usize, now: Instant) {
        self.begun.get_or_insert(now);
        self.frames = self.frames.saturating_add(frames);
    }

    /// How long to rest when nothing waits `now`. Once for each round.
    pub(super) fn rest(&mut self, now: Instant) -> Duration {
        let Self { begun, frames } = std::mem::take(self);
        let spent = begun.map(|begun| now.saturating_duration_since(begun));
        match spent {
            Some(spent) if frames >= CROWD => ROUND.saturating_sub(spent),
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_crowd_is_let_gather_and_for_the_rest_of_its_round() {
        let begin = Instant::now();
        let rest = |batches: &[usize], spent| {
            let mut moderation = Moderation::default();
            for batch in batches {
                moderation.note(*batch, begin);
            }
            moderation.rest(begin + spent)
        };
        let some = ROUND / 3;
        assert_eq!(rest(&[], some), Duration::ZERO);
        assert_eq!(rest(&[1], some), Duration::ZERO);
        assert_eq!(rest(&[1, 1], some), ROUND - some);
        assert_eq!(rest(&[5], ROUND + some), Duration::ZERO);
    }

    #[test]
    fn after_a_rest_a_new_round_begins() {
        let begin = Instant::now();
        let mut moderation = Moderation::default();
        moderation.note(7, begin);
        assert_eq!(moderation.rest(begin), ROUND);
        assert_eq!(moderation.rest(begin), Duration::ZERO);
        moderation.note(1, begin);
        assert_eq!(moderation.rest(begin), Duration::ZERO);
    }
}
