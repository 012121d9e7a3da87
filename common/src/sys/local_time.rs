//! The time of day in the machine's time zone, which only the C library knows.
#![expect(unsafe_code, reason = "calls the C library")]

use std::mem::MaybeUninit;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::libc;

/// A point in time as the clock on the wall shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LocalTime {
    /// Month, 0 is January.
    pub month0: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
    /// Second, 0 to 60.
    pub second: u8,
}

/// What the clock on the wall shows now.
#[must_use]
pub fn now() -> LocalTime {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since_epoch.map_or(0, |duration| duration.as_secs());
    at(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// What the clock on the wall shows `seconds` after the epoch; zeros if the C library cannot tell.
#[must_use]
pub fn at(seconds: i64) -> LocalTime {
    let mut broken_down = MaybeUninit::<libc::tm>::zeroed();
    let seconds: libc::time_t = seconds;
    // SAFETY: both pointers are valid for the call; localtime_r keeps neither.
    unsafe { libc::localtime_r(&raw const seconds, broken_down.as_mut_ptr()) };
    // SAFETY: all fields are integers or a pointer, for which the zero bytes put there before the call are valid.
    let broken_down = unsafe { broken_down.assume_init() };
    LocalTime {
        month0: small(broken_down.tm_mon),
        day: small(broken_down.tm_mday),
        hour: small(broken_down.tm_hour),
        minute: small(broken_down.tm_min),
        second: small(broken_down.tm_sec),
    }
}

fn small(field: libc::c_int) -> u8 {
    u8::try_from(field).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_day_later_is_another_day() {
        let (first, second) = (at(86_400 * 10), at(86_400 * 11));
        assert_eq!(first.day + 1, second.day);
        assert_eq!(first.minute, second.minute);
    }
}
