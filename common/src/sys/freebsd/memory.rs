//! Filesystems that live in memory, and the limit on a process's own.

use std::io;
use std::os::fd::AsFd;

use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::sys::statfs::fstatfs;

/// See [`crate::sys::limits::limit_memory`].
pub fn limit_address_space(bytes: u64) -> io::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_VMEM)?;
    let limit = rlim_t::try_from(bytes).unwrap_or(rlim_t::MAX);
    setrlimit(Resource::RLIMIT_VMEM, limit.min(most), most)?;
    Ok(())
}

/// True if reading this file never waits for a disk.
pub fn holds(file: impl AsFd) -> bool {
    fstatfs(file).is_ok_and(|facts| facts.filesystem_type_name() == "tmpfs")
}
