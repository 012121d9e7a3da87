//! A second process with the same memory.
#![expect(unsafe_code, reason = "fork cannot be called safely in general")]

use std::fs;
use std::io;

use nix::unistd::{ForkResult, Pid, fork};

/// Which of the two processes the caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that was there before; with the number of the new one.
    Parent(Pid),
    /// The new one.
    Child,
}

/// Splits the process, which must have a single thread: a lock that another thread holds would stay locked in the
/// child for ever.
///
/// # Errors
/// Those of `fork(2)`, or that the process has more than one thread, as far as the system tells.
pub fn split() -> io::Result<Side> {
    if fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() > 1) {
        return Err(io::Error::other("the process has several threads"));
    }
    // SAFETY: with one thread the child finds no lock held and no data half changed. Where /proc is missing that rests on
    // the callers, who split before any runtime; a lock held by another thread would then make the child wait for ever,
    // which is no breach of memory.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Side::Parent(child)),
        ForkResult::Child => Ok(Side::Child),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_threads_is_not_split() {
        // The test harness runs every test in a thread beside the main one.
        let error = split().unwrap_err();
        assert_eq!(error.to_string(), "the process has several threads");
    }
}
