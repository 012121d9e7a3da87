//! Reading from files without waiting for the disk (`RWF_NOWAIT`, preadv2(2)).
#![expect(unsafe_code, reason = "nix has no preadv2")]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::libc;

/// Reads at `offset` what the kernel has in memory. Returns how many bytes; 0 at the end of the file.
///
/// # Errors
/// [`io::ErrorKind::WouldBlock`] if the disk has to be asked; [`io::ErrorKind::Unsupported`] if the filesystem cannot
/// tell; those of `preadv2(2)`.
pub fn read_cached(file: impl AsFd, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let offset = i64::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
    let piece = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    let file = file.as_fd().as_raw_fd();
    // SAFETY: the one piece is the exclusively borrowed buffer, with its length, and outlives the call; the descriptor
    // is borrowed for as long.
    let read = unsafe { libc::preadv2(file, &raw const piece, 1, offset, libc::RWF_NOWAIT) };
    match Errno::result(read) {
        Ok(length) => Ok(usize::try_from(length).unwrap_or(0)),
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL) => {
            Err(io::ErrorKind::Unsupported.into())
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use super::*;

    #[test]
    fn what_was_just_written_is_in_memory_and_the_end_is_zero() {
        let path = std::env::temp_dir().join(format!("cached-{}", std::process::id()));
        File::create(&path).unwrap().write_all(b"contents").unwrap();
        let file = File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let mut buffer = [0; 20];
        match read_cached(&file, &mut buffer, 3) {
            Ok(length) => assert_eq!(&buffer[..length], b"tents"),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::Unsupported),
        }
        if let Ok(length) = read_cached(&file, &mut buffer, 8) {
            assert_eq!(length, 0);
        }
    }

    #[test]
    fn a_filesystem_that_cannot_tell_says_so() {
        let file = File::open("/proc/self/status").unwrap();
        let error = read_cached(&file, &mut [0; 20], 0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    }
}
