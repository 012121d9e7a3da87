//! Locks that go with an opened file and that other programs see: fcntl(2) has such ones on Linux.

use std::io;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use crate::sys::file_lock::Sharing;

/// Locks the whole file for as long as it is open. Returns false if another program has a lock that excludes this.
///
/// # Errors
/// Those of `fcntl(2)`: the file cannot be locked at all.
pub fn try_lock(file: impl AsFd, sharing: Sharing) -> io::Result<bool> {
    let kind = match sharing {
        Sharing::Shared => libc::F_RDLCK,
        Sharing::Exclusive => libc::F_WRLCK,
    };
    match set(file, kind) {
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        locked => Ok(locked.map(|()| true)?),
    }
}

/// Takes the lock back before the file is closed.
///
/// # Errors
/// Those of `fcntl(2)`.
pub fn unlock(file: impl AsFd) -> io::Result<()> {
    Ok(set(file, libc::F_UNLCK)?)
}

fn set(file: impl AsFd, kind: libc::c_int) -> nix::Result<()> {
    let lock = libc::flock {
        l_type: i16::try_from(kind).map_err(|_| Errno::EINVAL)?,
        l_whence: i16::try_from(libc::SEEK_SET).map_err(|_| Errno::EINVAL)?,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    fcntl(file, FcntlArg::F_OFD_SETLK(&lock)).map(drop)
}
