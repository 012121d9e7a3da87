//! What a signal does to the process.
#![expect(unsafe_code, reason = "changes the disposition of a signal")]

use std::io;
use std::process;

use nix::sys::signal::{SigHandler, Signal, raise, signal};

/// Status for the case that the signal does not end the process, which only one that is ignored by default can cause.
const STILL_ALIVE: i32 = 1;

/// Ends the process as `how` would have ended it without a handler, so that whoever waits for it sees the signal.
pub fn die_by(how: Signal) -> ! {
    // SAFETY: the default disposition runs no code of ours.
    let _ = unsafe { signal(how, SigHandler::SigDfl) };
    let _ = raise(how);
    process::exit(STILL_ALIVE)
}

/// From now on this signal does nothing.
///
/// # Errors
/// Those of `sigaction(2)`.
pub fn ignore(which: Signal) -> io::Result<()> {
    // SAFETY: ignoring a signal runs no code of ours.
    unsafe { signal(which, SigHandler::SigIgn) }?;
    Ok(())
}
