//! The clock on the wall, which only this folder may read.

use std::time::{SystemTime, UNIX_EPOCH};

use common::time::Time;

/// What time it is.
pub(super) fn now() -> Time {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since_epoch.map_or(0, |duration| duration.as_micros());
    Time::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}
