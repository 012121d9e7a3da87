//! Files of transfers: opened without ever waiting, read and written at places.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};

use nix::fcntl::OFlag;
use nix::sys::stat::Mode;

use super::root::Root;
use crate::access::{FileFacts, FileKind};
use crate::cli::Creation;
use crate::wire::Direction;

/// A FIFO must not make the server wait for its other side, and a terminal must not become ours.
const OPEN_FLAGS: OFlag = OFlag::O_NONBLOCK.union(OFlag::O_NOCTTY);
/// The mode of new files before the mask.
const NEW_FILE: Mode = Mode::from_bits_truncate(0o666);

/// An opened file and what it is.
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) facts: FileFacts,
    pub(super) size: u64,
}

/// Opens the file called `name` for a transfer in this direction. Nothing is truncated.
pub(super) fn open(
    root: &Root,
    name: &[u8],
    direction: Direction,
    creation: Creation,
) -> io::Result<Opened> {
    let (file, created) = match direction {
        Direction::Read => (root.open(name, OPEN_FLAGS, NEW_FILE)?, false),
        Direction::Write => open_for_writing(root, name, creation)?,
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
fn open_for_writing(root: &Root, name: &[u8], creation: Creation) -> io::Result<(File, bool)> {
    let flags = OPEN_FLAGS | OFlag::O_WRONLY;
    match root.open(name, flags, NEW_FILE) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && creation == Creation::Allowed => {
            Ok((root.open(name, flags | OFlag::O_CREAT, NEW_FILE)?, true))
        }
        opened => Ok((opened?, false)),
    }
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
