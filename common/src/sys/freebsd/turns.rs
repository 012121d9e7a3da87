//! How long a thread may keep a processor while others want it.

use std::io;

/// Changes nothing: this system's scheduler tells threads that mostly wait from others by itself.
///
/// # Errors
/// None.
pub fn want_short() -> io::Result<()> {
    Ok(())
}
