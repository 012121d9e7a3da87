//! The clock that leases go by, which only this folder may read.
//!
//! Leases are promised for so many seconds of real time, and their ends are written as times of the clock on the wall, which can
//! be set. So this clock goes like one that cannot be set, and follows the one on the wall only as fast as does no harm: see
//! tests/developers/clocks-and-disks.md.

use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use common::time::Time;

/// A difference of less than this, in microseconds, is followed at once: a clock that is corrected a little all the time.
const TOLERANCE: i64 = 1_000_000;
/// A difference of more than this is followed at once too: the clock has been wrong altogether, as after a start without one.
const HOPELESS: i64 = 24 * 3600 * 1_000_000;
/// Behind the clock on the wall this one gains a hundredth: no lease ends noticeably before its client thinks so.
const GAINS: i64 = 100;
/// Ahead of it, it loses a tenth: leases then last a little longer, which harms nobody.
const LOSES: i64 = 10;
/// Microseconds after which it goes on from what it shows. After each look of a busy server it would gain less than one
/// microsecond, which is nothing.
const STEP: i64 = 1000;

static CLOCK: Mutex<Option<Steady>> = Mutex::new(None);

/// What time it is.
pub(super) fn now() -> Time {
    let (wall, moment) = (wall(), Instant::now());
    // Nothing is half done when a thread that holds the lock panics.
    let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let clock = clock.get_or_insert(Steady {
        shown: wall,
        moment,
    });
    clock.advance(wall, moment)
}

fn wall() -> Time {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since_epoch.map_or(0, |duration| duration.as_micros());
    Time::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// A clock that does not jump.
#[derive(Clone, Copy, Debug)]
struct Steady {
    shown: Time,
    /// When it showed that.
    moment: Instant,
}

impl Steady {
    fn advance(&mut self, wall: Time, moment: Instant) -> Time {
        let passed = moment.saturating_duration_since(self.moment);
        let passed = i64::try_from(passed.as_micros()).unwrap_or(i64::MAX);
        let expected = self.shown.micros().saturating_add(passed);
        let ahead = wall.micros().saturating_sub(expected);
        let shown = match ahead.saturating_abs() {
            0..TOLERANCE | HOPELESS.. => wall.micros(),
            _ if ahead > 0 => expected.saturating_add(passed / GAINS),
            _ => expected.saturating_sub(passed / LOSES),
        };
        let shown = Time::from_micros(shown);
        if passed >= STEP {
            (self.shown, self.moment) = (shown, moment);
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use pretty_assertions::assert_eq;

    use super::*;

    const HOUR: i64 = 3600;
    const NOON: i64 = 1_800_000_000;

    /// What a clock shows, in seconds, after each of so many minutes, when the one on the wall is so much ahead from the first
    /// minute on; both less the time that has passed.
    fn offsets(ahead: i64, minutes: u32) -> Vec<i64> {
        let begin = Instant::now();
        let mut clock = Steady {
            shown: Time::from_seconds(NOON),
            moment: begin,
        };
        let after = |minute: u32| {
            let passed = Duration::from_secs(60) * minute;
            let wall = Time::from_seconds(NOON + ahead).after(passed);
            let shown = clock.advance(wall, begin + passed);
            shown.seconds() - NOON - i64::from(minute) * 60
        };
        (1..=minutes).map(after).collect()
    }

    #[test]
    fn small_corrections_are_followed_at_once() {
        let begin = Instant::now();
        let mut clock = Steady {
            shown: Time::from_seconds(NOON),
            moment: begin,
        };
        for micros in [-900_000, 900_000 - 1, 0] {
            let wall = Time::from_micros(NOON * 1_000_000 + micros / 2);
            assert_eq!(clock.advance(wall, begin), wall);
        }
    }

    #[test]
    fn it_catches_up_however_often_it_is_looked_at() {
        let begin = Instant::now();
        let mut clock = Steady {
            shown: Time::from_seconds(NOON),
            moment: begin,
        };
        let shown = |micros: u64| {
            let passed = Duration::from_micros(micros);
            let wall = Time::from_seconds(NOON + HOUR).after(passed);
            clock.advance(wall, begin + passed)
        };
        let shown: Vec<_> = (0..=1_000_000).step_by(50).map(shown).collect();
        assert!(shown.is_sorted());
        let gained = shown.last().unwrap().micros() - (NOON + 1) * 1_000_000;
        assert_eq!(gained, 1_000_000 / GAINS);
    }

    #[test]
    fn an_hour_ahead_ends_no_lease_that_has_more_than_a_hundredth_left() {
        let offsets = offsets(HOUR, 24 * 60);
        assert_eq!(offsets[0], 0);
        assert_eq!(offsets[60 - 1], HOUR / 100);
        assert!(offsets.is_sorted());
        assert_eq!(offsets[24 * 60 - 1], 24 * HOUR / 100);
    }

    #[test]
    fn an_hour_back_keeps_nobody_waiting() {
        let offsets = offsets(-HOUR, 24 * 60);
        // It still goes forward, a tenth slower, until both agree; then with the one on the wall.
        assert_eq!(offsets[60 - 1], -HOUR / 10);
        assert_eq!(offsets[11 * 60], -HOUR);
        assert_eq!(offsets[24 * 60 - 1], -HOUR);
    }

    #[test]
    fn there_and_back_is_as_if_nothing_had_happened() {
        let begin = Instant::now();
        let mut clock = Steady {
            shown: Time::from_seconds(NOON),
            moment: begin,
        };
        let at = |passed: u64, ahead: i64| {
            let passed = Duration::from_secs(passed);
            (
                Time::from_seconds(NOON + ahead).after(passed),
                begin + passed,
            )
        };
        let (wall, moment) = at(10, HOUR);
        assert_eq!(clock.advance(wall, moment).seconds(), NOON + 10);
        let (wall, moment) = at(20, 0);
        assert_eq!(clock.advance(wall, moment), wall);
    }

    #[test]
    fn a_clock_that_was_wrong_altogether_is_followed_at_once() {
        assert_eq!(offsets(50 * 365 * 24 * HOUR, 1), [50 * 365 * 24 * HOUR]);
    }
}
