//! Filesystems that live in memory, and the limit on a process's own.

use std::io;
use std::os::fd::AsFd;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::statfs::{TMPFS_MAGIC, fstatfs};

/// See [`crate::sys::limits::limit_memory`].
pub fn limit_address_space(bytes: u64) -> io::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_AS)?;
    setrlimit(Resource::RLIMIT_AS, bytes.min(most), most)?;
    Ok(())
}

/// True if reading this file never waits for a disk.
pub fn holds(file: impl AsFd) -> bool {
    fstatfs(file).is_ok_and(|facts| facts.filesystem_type() == TMPFS_MAGIC)
}
