//! The lease file on disk (reference isc-dhcpd-behaviour.md, section 10.1).
//!
//! It only ever grows, record by record, until it is replaced as a whole by a file that was complete and on disk before
//! it got the name. So at every moment a reader finds the last state of every lease that was acknowledged.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::{self, Builder};

use memchr::memmem::Finder;

use super::failure::Fatal;
use super::storage::{Disk, FileId, Owner, Storage, StoredFile};
use crate::words;

/// The lease file, open for appending.
#[derive(Debug)]
pub(super) struct LeaseFile<S: Storage = Disk> {
    storage: S,
    path: PathBuf,
    owner: Owner,
    file: S::File,
    id: FileId,
    /// How much of the file is whole records.
    length: u64,
    sync: Sync,
}

/// Whether records are waited for until they are on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sync {
    /// They are.
    #[default]
    Always,
    /// `dont-use-fsync true`: the system writes them when it likes, and a power cut may lose them.
    Never,
}

/// Why something is not in the file, in words for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The file is as it was; another try may succeed.
    Refused(String),
    /// Nobody knows what is in the file. Only a new one can be trusted.
    Broken(String),
}

/// A file that shall take the place of the lease file when it is whole.
#[derive(Debug)]
pub(super) struct Successor<F: StoredFile = File> {
    path: PathBuf,
    file: F,
    length: u64,
}

/// Opens the file at `path` to be read.
pub(super) fn open(path: &Path) -> Result<File, Fatal> {
    File::open(path).map_err(|error| words::no_lease_file(path, &error).into())
}

/// How much of a file is looked at at once.
const PIECE: usize = 64 * 1024;
/// So much of a new file goes to the disk at a time while the rest of it is made.
const SYNC_AFTER: usize = 32 << 20;

/// True if `word` stands somewhere in the file at `path`, if that can be read.
pub(super) fn mentions(path: &Path, word: &[u8]) -> bool {
    File::open(path).is_ok_and(|file| is_in(file, word).unwrap_or(false))
}

fn is_in(mut file: impl Read, word: &[u8]) -> io::Result<bool> {
    let finder = Finder::new(word);
    let mut piece = vec![0; PIECE];
    // What may be the beginning of the word at the end of a piece.
    let mut kept = 0;
    loop {
        let read = file.read(piece.get_mut(kept..).unwrap_or_default())?;
        let text = piece.get(..kept + read).unwrap_or_default();
        if finder.find(text).is_some() {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
        let end = text.len();
        kept = end.min(word.len().saturating_sub(1));
        piece.copy_within(end - kept..end, 0);
    }
}

/// Makes an empty file at `path`, where nothing is.
pub(super) fn create(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options
        .append(true)
        .mode(0o644)
        .create_new(true)
        .open(path)?;
    Ok(())
}

impl LeaseFile {
    /// Opens an existing file.
    pub(super) fn open(path: &Path, owner: Owner) -> Result<Self, Fatal> {
        let opened = Self::open_in(Disk, path, owner);
        opened.map_err(|_| words::cannot_append(path).into())
    }
}

impl<S: Storage> LeaseFile<S> {
    /// Opens an existing file of `storage`.
    pub(super) fn open_in(storage: S, path: &Path, owner: Owner) -> io::Result<Self> {
        let file = storage.open(path)?;
        let entry = file.entry()?;
        Ok(Self {
            storage,
            path: path.to_owned(),
            owner,
            file,
            id: entry.id,
            length: entry.length,
            sync: Sync::default(),
        })
    }

    /// How many octets of whole records there are.
    pub(super) fn length(&self) -> usize {
        usize::try_from(self.length).unwrap_or(usize::MAX)
    }

    /// From now on records are waited for like this.
    pub(super) fn set_sync(&mut self, sync: Sync) {
        self.sync = sync;
    }

    /// Appends whole records with one write and waits until they are on disk.
    pub(super) fn append(&mut self, records: &[u8]) -> Result<(), Failure> {
        if records.is_empty() {
            return Ok(());
        }
        self.expect_in_place()?;
        let appended = self.file.append(records);
        appended.map_err(|error| self.take_back(&error))?;
        if self.sync == Sync::Always {
            let synced = self.file.sync();
            synced.map_err(|error| Failure::Broken(words::sync_failed(&error)))?;
        }
        self.length = self.length.saturating_add(length_of(records));
        Ok(())
    }

    /// The next record must not continue a torn one.
    fn take_back(&mut self, error: &io::Error) -> Failure {
        let message = words::write_failed(error);
        match self.file.cut(self.length) {
            Ok(()) => Failure::Refused(message),
            Err(_) => Failure::Broken(message),
        }
    }

    /// What is appended to a file that nobody will find is lost. A file that cannot be looked at, because the server
    /// gave up its rights, is taken to be there.
    fn expect_in_place(&mut self) -> Result<(), Failure> {
        let in_place = match self.storage.look(&self.path) {
            Ok(entry) if entry.id == self.id && entry.length >= self.length => {
                self.length = entry.length;
                true
            }
            Ok(_) => false,
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        };
        match in_place {
            true => Ok(()),
            false => Err(Failure::Broken(words::lease_file_changed(&self.path))),
        }
    }

    /// Makes an empty file beside the lease file, under the original's name for a rewrite at `now`.
    pub(super) fn begin(&self, now: i64) -> Result<Successor<S::File>, String> {
        let path = suffixed(&self.path, &format!(".{now}"));
        let made = remove_if_there(&self.storage, &path);
        let made = made.and_then(|()| self.storage.create(&path, self.owner));
        let file = made.map_err(|error| words::cannot_create_lease_file(&error))?;
        Ok(Successor {
            path,
            file,
            length: 0,
        })
    }

    /// Puts a whole file in the place of the lease file; the old one stays as `F~`. When that is refused the old file is
    /// still in use.
    pub(super) fn install(&mut self, new: Successor<S::File>) -> Result<(), Failure> {
        let mut new = new;
        let id = match self.prepare(&mut new) {
            Ok(id) => id,
            Err(message) => {
                self.discard(new);
                return Err(Failure::Refused(message));
            }
        };
        // From here on the old file is only a backup: what is appended to it would not be read again.
        (self.file, self.id, self.length) = (new.file, id, new.length);
        // Without this a power cut could give the name back to the old file.
        let settled = self.storage.sync_directory(&self.path);
        settled.map_err(|error| Failure::Broken(words::sync_failed(&error)))
    }

    fn prepare(&self, new: &mut Successor<S::File>) -> Result<FileId, String> {
        let id = new.finish();
        let id = id.map_err(|error| words::cannot_create_lease_file(&error))?;
        self.back_up()?;
        let renamed = self.storage.rename(&new.path, &self.path);
        renamed.map_err(|error| words::cannot_install(&new.path, &self.path, &error))?;
        Ok(id)
    }

    /// A second name for the old content, never a moment without a lease file.
    fn back_up(&self) -> Result<(), String> {
        let (path, backup) = (&self.path, suffixed(&self.path, "~"));
        remove_if_there(&self.storage, &backup)
            .map_err(|error| words::cannot_remove_backup(&backup, &error))?;
        match self.storage.link(path, &backup) {
            // Somebody took the file away under the server: there is nothing to keep.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            linked => linked.map_err(|error| words::cannot_backup(path, &backup, &error)),
        }
    }

    /// Removes a file that will not take the place of the lease file.
    pub(super) fn discard(&self, new: Successor<S::File>) {
        // What cannot be removed is in nobody's way.
        let _ = self.storage.remove(&new.path);
    }
}

impl<F: StoredFile> Successor<F> {
    /// What it is called until it is installed.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends text without waiting for the disk.
    pub(super) fn append(&mut self, text: &[u8]) -> io::Result<()> {
        self.file.append(text)?;
        self.length = self.length.saturating_add(length_of(text));
        Ok(())
    }

    /// Waits until what was appended so far is on disk, so that little is left to wait for at the end.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    fn finish(&mut self) -> io::Result<FileId> {
        self.file.sync_all()?;
        Ok(self.file.entry()?.id)
    }
}

impl Successor {
    /// Appends texts, and has what was appended go to the disk meanwhile: with a million leases both take long.
    pub(super) fn append_all(&mut self, texts: impl Iterator<Item = Vec<u8>>) -> io::Result<()> {
        let disk = self.file.try_clone()?;
        // What has not been asked for to be on disk yet is little while the last that was asked for is waited for.
        let (due, syncs) = mpsc::sync_channel(0);
        thread::scope(|scope| {
            let sync = move || syncs.iter().try_for_each(|()| disk.sync_data());
            let syncer = Builder::new().name("sync".to_owned());
            let syncer = syncer.spawn_scoped(scope, sync)?;
            let mut unsynced = 0;
            for text in texts {
                self.append(&text)?;
                unsynced += text.len();
                if unsynced > SYNC_AFTER {
                    unsynced = 0;
                    if due.send(()).is_err() {
                        break;
                    }
                }
            }
            drop(due);
            syncer.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}

fn remove_if_there(storage: &impl Storage, path: &Path) -> io::Result<()> {
    match storage.remove(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn length_of(text: &[u8]) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

#[cfg(test)]
#[path = "leasefile_tests.rs"]
mod tests;
