//! Locks that go with an opened file and that other programs see: flock(2), which on FreeBSD and fcntl(2)'s locks exclude
//! each other. Those of fcntl(2) belong to the process, and end with the first of its transfers.
#![expect(unsafe_code, reason = "nix wants to own the file that it locks")]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::libc;

use crate::sys::file_lock::Sharing;

/// Locks the whole file for as long as it is open. Returns false if another program has a lock that excludes this.
///
/// # Errors
/// Those of `flock(2)`: the file cannot be locked at all.
pub fn try_lock(file: impl AsFd, sharing: Sharing) -> io::Result<bool> {
    let kind = match sharing {
        Sharing::Shared => libc::LOCK_SH,
        Sharing::Exclusive => libc::LOCK_EX,
    };
    match flock(file, kind | libc::LOCK_NB) {
        Err(Errno::EWOULDBLOCK) => Ok(false),
        locked => Ok(locked.map(|()| true)?),
    }
}

/// Takes the lock back before the file is closed.
///
/// # Errors
/// Those of `flock(2)`.
pub fn unlock(file: impl AsFd) -> io::Result<()> {
    Ok(flock(file, libc::LOCK_UN)?)
}

fn flock(file: impl AsFd, operation: libc::c_int) -> nix::Result<()> {
    let file = file.as_fd().as_raw_fd();
    // SAFETY: the call takes numbers only, and the descriptor is borrowed for as long as it lasts.
    Errno::result(unsafe { libc::flock(file, operation) }).map(drop)
}
