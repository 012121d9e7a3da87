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
    let lock = libc::flock {
        l_type: i16::try_from(kind).map_err(io::Error::other)?,
        l_whence: i16::try_from(libc::SEEK_SET).map_err(io::Error::other)?,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    match fcntl(file, FcntlArg::F_OFD_SETLK(&lock)) {
        Ok(_) => Ok(true),
        Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
