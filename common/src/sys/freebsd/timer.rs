//! The event loop's own timer: whether another one would save anything has not been measured.

use std::io;
use std::time::Duration;

/// A timer.
#[derive(Debug)]
pub struct Timer(());

impl Timer {
    /// A timer that does not run.
    ///
    /// # Errors
    /// None.
    pub fn new() -> io::Result<Self> {
        Ok(Self(()))
    }

    /// Waits so long.
    ///
    /// # Errors
    /// None.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub async fn sleep(&self, time: Duration) -> io::Result<()> {
        tokio::time::sleep(time).await;
        Ok(())
    }
}
