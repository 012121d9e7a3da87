//! What a signal does to the process.
#![expect(unsafe_code, reason = "changes the disposition of a signal")]

use std::io;
use std::process;

use nix::libc;
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

/// If this signal is ignored, as a shell sees to for what runs in its background, it has its default effect again, also in
/// programs that are started from now on. A handler stays.
///
/// # Errors
/// Those of `sigaction(2)`.
pub fn stop_ignoring(which: Signal) -> io::Result<()> {
    if is_ignored(which)? {
        // SAFETY: the default disposition runs no code of ours.
        unsafe { signal(which, SigHandler::SigDfl) }?;
    }
    Ok(())
}

fn is_ignored(which: Signal) -> io::Result<bool> {
    let mut now = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new disposition the call only fills in the present one, which has room.
    let status = unsafe { libc::sigaction(which as i32, std::ptr::null(), now.as_mut_ptr()) };
    if status != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call has succeeded, and a sigaction of zeros is valid too.
    let now = unsafe { now.assume_init() };
    Ok(now.sa_sigaction == libc::SIG_IGN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ignored_signal_is_heard_again() {
        let which = Signal::SIGWINCH;
        ignore(which).unwrap();
        assert!(is_ignored(which).unwrap());
        stop_ignoring(which).unwrap();
        assert!(!is_ignored(which).unwrap());
    }
}
