//! Waiting for what gives no sign when it happens.

use std::time::{Duration, Instant};

/// A machine may have much else to do.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Looks again and again until `happened`.
///
/// # Panics
/// If it does not within twenty seconds: the test has failed, and `what` is what did not happen.
pub fn wait_until(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !happened() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(LOOK_AGAIN);
    }
}
