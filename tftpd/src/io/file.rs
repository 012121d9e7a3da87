//! Files of transfers: opened without ever waiting, read and written at places.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt};
use std::sync::Arc;

use common::sys::cached::read_cached;
use common::sys::file_lock::{Sharing, try_lock, unlock};
use common::sys::filesystem::opens_promptly;
use common::sys::memory;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::root::Root;
use super::writer::Writer;
use crate::access::{FileFacts, FileKind};
use crate::cli::Creation;
use crate::wire::Direction;

/// A FIFO must not make the server wait for its other side, and a terminal must not become ours.
const OPEN_FLAGS: OFlag = OFlag::O_NONBLOCK.union(OFlag::O_NOCTTY);
/// The mode of new files before the mask.
const NEW_FILE: Mode = Mode::from_bits_truncate(0o666);

/// An opened file and what it is.
pub(super) struct Opened {
    pub(super) file: OpenFile,
    pub(super) facts: FileFacts,
    pub(super) identity: Identity,
    pub(super) size: u64,
}

/// A file by the numbers of its device and itself.
pub(super) type Identity = (u64, u64);

/// An open file, which others may be kept from by a lock.
pub(super) struct OpenFile {
    /// `Some` until it is closed.
    file: Option<Arc<File>>,
    direction: Direction,
    /// The number of the device that it is on.
    device: u64,
    /// Whether its filesystem opens, locks and closes files without asking a network or another process.
    is_prompt: bool,
}

impl OpenFile {
    fn new(file: File, direction: Direction, is_prompt: bool) -> Self {
        Self {
            file: Some(Arc::new(file)),
            direction,
            device: 0,
            is_prompt,
        }
    }

    pub(super) fn device(&self) -> u64 {
        self.device
    }

    /// The file, for what does not wait.
    pub(super) fn get(&self) -> io::Result<&File> {
        self.file.as_deref().ok_or_else(closed)
    }

    /// Locks the file for its direction. False if another program has a lock that excludes this. A filesystem that cannot
    /// lock refuses nobody.
    pub(super) async fn lock(&self) -> io::Result<bool> {
        let sharing = match self.direction {
            Direction::Read => Sharing::Shared,
            Direction::Write => Sharing::Exclusive,
        };
        let lock = move |file: &File| Ok(try_lock(file, sharing).unwrap_or(true));
        if self.is_prompt {
            return lock(self.get()?);
        }
        self.use_by_thread(lock).await
    }

    /// True if it never waits for a disk.
    pub(super) fn is_in_memory(&self) -> bool {
        self.is_prompt && self.get().is_ok_and(memory::holds)
    }

    /// Does something with the file that may wait, in a thread.
    pub(super) async fn use_by_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let file = self.file.clone().ok_or_else(closed)?;
        by_thread(move || work(&file)).await
    }

    /// The same in a thread that does what has to be done on a disk in turn.
    pub(super) async fn use_by_writer<T: Send + 'static>(
        &self,
        writer: &Writer,
        work: impl FnOnce(&File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let file = self.file.clone().ok_or_else(closed)?;
        writer.work(move || work(&file)).await
    }

    /// The same for the last time: the file is closed then.
    pub(super) async fn finish_by_writer<T: Send + 'static>(
        mut self,
        writer: &Writer,
        work: impl FnOnce(&File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let file = self.file.take().ok_or_else(closed)?;
        let work = move || {
            let done = work(&file);
            drop(file);
            done
        };
        writer.work(work).await
    }

    /// Closes a file of which the caller knows that it can be done at once.
    pub(super) fn close_here(mut self) {
        self.file = None;
    }
}

/// Closing a file that was written to, or one that another machine or process keeps, may wait: a thread does it. Nobody else need
/// wait for the lock.
impl Drop for OpenFile {
    fn drop(&mut self) {
        let Some(file) = self.file.take() else {
            return;
        };
        if self.is_prompt {
            if self.direction == Direction::Read {
                return;
            }
            // Closing it does the same.
            let _ = unlock(&file);
        }
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn_blocking(move || drop(file));
        }
    }
}

fn closed() -> io::Error {
    io::ErrorKind::InvalidInput.into()
}

/// Does something that may wait, without keeping the others waiting.
async fn by_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Opens the file called `name` for a transfer in this direction. Nothing is truncated.
///
/// A file to read is opened here if the kernel knows its name already; else, and to write, by a thread.
pub(super) async fn open(
    root: &Arc<Root>,
    name: &[u8],
    direction: Direction,
    creation: Creation,
) -> io::Result<Opened> {
    if direction == Direction::Read {
        if let Some(file) = root.open_cached(name, OPEN_FLAGS) {
            return look_at(OpenFile::new(file?, direction, true), false);
        }
    }
    let (root, name) = (Arc::clone(root), name.to_vec());
    by_thread(move || {
        let (file, created) = match direction {
            Direction::Read => (root.open(&name, OPEN_FLAGS, NEW_FILE)?, false),
            Direction::Write => open_for_writing(&root, &name, creation)?,
        };
        let is_prompt = opens_promptly(&file);
        look_at(OpenFile::new(file, direction, is_prompt), created)
    })
    .await
}

fn look_at(mut file: OpenFile, created: bool) -> io::Result<Opened> {
    let metadata = file.get()?.metadata()?;
    file.device = metadata.dev();
    Ok(Opened {
        file,
        facts: FileFacts {
            kind: kind(metadata.file_type()),
            mode: metadata.mode(),
            created,
        },
        identity: (metadata.dev(), metadata.ino()),
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
    open: &OpenFile,
    buffer: &mut [u8],
    offset: u64,
    reading: &mut Reading,
) -> io::Result<Option<usize>> {
    let file = open.get()?;
    if *reading == Reading::IfCached {
        match fill(buffer, offset, |rest, offset| {
            read_cached(file, rest, offset)
        }) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => *reading = other_way(open),
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
pub(super) fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    fill(buffer, offset, |rest, offset| file.read_at(rest, offset))
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

fn other_way(open: &OpenFile) -> Reading {
    if open.is_in_memory() {
        Reading::Here
    } else {
        Reading::ByThread
    }
}
