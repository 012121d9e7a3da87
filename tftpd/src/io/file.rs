//! Files of transfers: opened without ever waiting, locked as the original locks them, read and written at places.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use crate::access::{FileFacts, FileKind};
use crate::cli::Creation;
use crate::wire::Direction;

/// A FIFO must not make the server wait for its other side, and a terminal must not become ours.
const OPEN_FLAGS: i32 = libc::O_NONBLOCK | libc::O_NOCTTY;
/// The mode of new files before the mask.
const NEW_FILE: u32 = 0o666;

/// An opened file and what it is.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) facts: FileFacts,
    pub(super) size: u64,
}

/// Opens the file called `name` for a transfer in this direction. Nothing is truncated.
pub(super) fn open(name: &[u8], direction: Direction, creation: Creation) -> io::Result<Opened> {
    let path = Path::new(std::ffi::OsStr::from_bytes(name));
    let (file, created) = match direction {
        Direction::Read => (options().read(true).open(path)?, false),
        Direction::Write => open_for_writing(path, creation)?,
    };
    let metadata = file.metadata()?;
    let facts = FileFacts {
        kind: kind(metadata.file_type()),
        mode: metadata.mode(),
        created,
    };
    Ok(Opened {
        file,
        facts,
        size: metadata.len(),
    })
}

/// The second attempt follows a dangling link, as the original does, so it does not insist on making the file.
fn open_for_writing(path: &Path, creation: Creation) -> io::Result<(File, bool)> {
    match options().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && creation == Creation::Allowed => {
            let file = options()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(NEW_FILE)
                .open(path)?;
            Ok((file, true))
        }
        opened => Ok((opened?, false)),
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags(OPEN_FLAGS);
    options
}

fn kind(file_type: std::fs::FileType) -> FileKind {
    if file_type.is_file() {
        FileKind::Regular
    } else if file_type.is_dir() {
        FileKind::Directory
    } else if file_type.is_char_device() || file_type.is_block_device() {
        FileKind::Device
    } else {
        FileKind::Other
    }
}

/// True unless somebody, this process included, holds a lock against it: locks belong to the opened file, so that two
/// transfers exclude each other as two of the original's processes do. A filesystem that cannot lock refuses nobody.
pub(super) fn lock(file: &File, direction: Direction) -> bool {
    let kind = match direction {
        Direction::Read => libc::F_RDLCK,
        Direction::Write => libc::F_WRLCK,
    };
    let lock = libc::flock {
        l_type: i16::try_from(kind).unwrap_or_default(),
        l_whence: i16::try_from(libc::SEEK_SET).unwrap_or_default(),
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    let outcome = fcntl(file.as_fd(), FcntlArg::F_OFD_SETLK(&lock));
    !matches!(outcome, Err(Errno::EAGAIN | Errno::EACCES))
}

/// Fills `buffer` from `offset` on, less only at the end of the file. Returns how much.
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Writes all of `bytes` at `offset`.
pub(super) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}
