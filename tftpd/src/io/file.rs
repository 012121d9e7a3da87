//! Files of transfers: opened without ever waiting, read and written at places.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::sync::Arc;

use common::sys::cached::read_cached;
use common::sys::memory;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use tokio::task::spawn_blocking;

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
        Err(error) if creation == Creation::Allowed && may_create(&error) => {
            Ok((root.open(name, flags | OFlag::O_CREAT, NEW_FILE)?, true))
        }
        opened => Ok((opened?, false)),
    }
}

/// Whether opening again to create can end in another way: a name that ends in a slash is another error then.
fn may_create(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory)
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

/// How a file can be read without keeping other transfers waiting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reading {
    /// Here, if the kernel has the place in memory; else by a thread that may wait for the disk.
    #[default]
    IfCached,
    /// Here: its filesystem lives in memory.
    Here,
    /// Always by a thread: its filesystem does not tell what is in memory.
    ByThread,
}

/// Fills `buffer` from `offset` on, less only at the end of the file. Returns how much; `None` if a thread must do it.
pub(super) fn read_now(
    file: &File,
    buffer: &mut [u8],
    offset: u64,
    reading: &mut Reading,
) -> io::Result<Option<usize>> {
    if *reading == Reading::IfCached {
        match fill(buffer, offset, |rest, offset| {
            read_cached(file, rest, offset)
        }) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => *reading = other_way(file),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            filled => return filled.map(Some),
        }
    }
    match reading {
        Reading::Here => read_at(file, buffer, offset).map(Some),
        Reading::IfCached | Reading::ByThread => Ok(None),
    }
}

/// Fills `buffer` from `offset` on, less only at the end of the file, and waits for the disk. Returns how much.
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    fill(buffer, offset, |rest, offset| file.read_at(rest, offset))
}

/// Reads in a thread, and without keeping the others waiting.
pub(super) async fn read_by_thread(
    file: Arc<File>,
    offset: u64,
    length: usize,
) -> io::Result<Vec<u8>> {
    let read = move || {
        let mut bytes = vec![0; length];
        let filled = read_at(&file, &mut bytes, offset)?;
        bytes.truncate(filled);
        Ok(bytes)
    };
    spawn_blocking(read).await.map_err(io::Error::other)?
}

fn fill(
    buffer: &mut [u8],
    offset: u64,
    mut read: impl FnMut(&mut [u8], u64) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match read(rest, offset + filled as u64) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn other_way(file: &File) -> Reading {
    if memory::holds(file) {
        Reading::Here
    } else {
        Reading::ByThread
    }
}

/// Writes all of `bytes` at `offset`.
pub(super) fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    file.write_all_at(bytes, offset)
}
