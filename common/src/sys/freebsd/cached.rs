//! Reading from files without waiting for the disk: FreeBSD does not tell what is in memory.

use std::io;
use std::os::fd::AsFd;

/// The disk may always have to be asked.
///
/// # Errors
/// Always [`io::ErrorKind::Unsupported`].
pub fn read_cached(_file: impl AsFd, _buffer: &mut [u8], _offset: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}
