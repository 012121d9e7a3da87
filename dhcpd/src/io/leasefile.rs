//! The lease file on disk (reference isc-dhcpd-behaviour.md, section 10.1).
//!
//! It only ever grows, record by record, until it is replaced as a whole by a file that was complete and on disk before
//! it got the name. So at every moment a reader finds the last state of every lease that was acknowledged.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use super::failure::Fatal;
use crate::words;

/// Who owns the lease files when the server does not stay root.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Owner {
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
}

/// The lease file, open for appending.
#[derive(Debug)]
pub(super) struct LeaseFile {
    path: PathBuf,
    owner: Owner,
    file: File,
    /// How much of the file is whole records.
    length: u64,
    sync: Sync,
    /// True while a power cut could give the file's name back to the one that it replaced.
    unsettled: bool,
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

/// What is in the file at `path`.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Fatal> {
    use io::Read;
    let mut file = File::open(path).map_err(|error| words::no_lease_file(path, &error))?;
    let mut content = Vec::new();
    file.read_to_end(&mut content)
        .map_err(|error| words::cannot_read(path, &error))?;
    Ok(content)
}

/// Makes an empty file at `path`, where nothing is.
pub(super) fn create(path: &Path) -> io::Result<()> {
    options().create_new(true).open(path)?;
    Ok(())
}

/// Writes `content` beside the lease file under the name that a rewrite at `now` would use, and removes it. Returns
/// that name.
pub(super) fn test_rewrite(path: &Path, content: &[u8], now: i64) -> io::Result<PathBuf> {
    let new = new_path(path, now);
    write_new(&new, content, Owner::default())?;
    fs::remove_file(&new)?;
    Ok(new)
}

impl LeaseFile {
    /// Opens an existing file.
    pub(super) fn open(path: &Path, owner: Owner) -> Result<Self, Fatal> {
        let open = || {
            let file = OpenOptions::new().append(true).open(path)?;
            let length = file.metadata()?.len();
            Ok((file, length))
        };
        let (file, length) = open().map_err(|_: io::Error| words::cannot_append(path))?;
        Ok(Self {
            path: path.to_owned(),
            owner,
            file,
            length,
            sync: Sync::default(),
            unsettled: false,
        })
    }

    /// From now on records are waited for like this.
    pub(super) fn set_sync(&mut self, sync: Sync) {
        self.sync = sync;
    }

    /// Appends whole records with one write and waits until they are on disk. After a failure nothing of them is left
    /// in the file, so that the next record does not continue a torn one.
    pub(super) fn append(&mut self, records: &[u8]) -> io::Result<()> {
        if self.unsettled {
            sync_directory(&self.path)?;
            self.unsettled = false;
        }
        if records.is_empty() {
            return Ok(());
        }
        let appended = self.file.write_all(records);
        if let Err(error) = appended.and_then(|()| self.wait_for_disk()) {
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        let added = u64::try_from(records.len()).unwrap_or(u64::MAX);
        self.length = self.length.saturating_add(added);
        Ok(())
    }

    fn wait_for_disk(&self) -> io::Result<()> {
        match self.sync {
            Sync::Always => self.file.sync_data(),
            Sync::Never => Ok(()),
        }
    }

    /// Replaces the whole file by `content`; the old one stays as `F~`. After a failure the old file is still in use.
    pub(super) fn rewrite(&mut self, content: &[u8], now: i64) -> Result<(), String> {
        let new = new_path(&self.path, now);
        let file = write_new(&new, content, self.owner)
            .map_err(|error| words::cannot_create_lease_file(&error))?;
        self.install(&new).inspect_err(|_| {
            let _ = fs::remove_file(&new);
        })?;
        // From here on the old file is only a backup: what is appended to it would not be read again.
        self.file = file;
        self.length = u64::try_from(content.len()).unwrap_or(u64::MAX);
        self.unsettled = sync_directory(&self.path).is_err();
        Ok(())
    }

    fn install(&self, new: &Path) -> Result<(), String> {
        let (path, backup) = (&self.path, suffixed(&self.path, "~"));
        back_up(path, &backup).map_err(|error| words::cannot_backup(path, &backup, &error))?;
        fs::rename(new, path).map_err(|error| words::cannot_install(new, path, &error))
    }
}

#[cfg(test)]
impl LeaseFile {
    /// A lease file that cannot be appended to.
    pub(super) fn read_only(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            owner: Owner::default(),
            file: File::open(path).unwrap(),
            length: 0,
            sync: Sync::default(),
            unsettled: false,
        }
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true).mode(0o644);
    options
}

fn write_new(new: &Path, content: &[u8], owner: Owner) -> io::Result<File> {
    remove_if_there(new)?;
    let mut file = options().create_new(true).open(new)?;
    if owner.uid.is_some() || owner.gid.is_some() {
        fchown(&file, owner.uid, owner.gid)?;
    }
    file.write_all(content)?;
    file.sync_all()?;
    Ok(file)
}

/// A second name for the old content, never a moment without a lease file.
fn back_up(path: &Path, backup: &Path) -> io::Result<()> {
    remove_if_there(backup)?;
    match fs::hard_link(path, backup) {
        // Somebody took the file away under the server: there is nothing to keep.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

fn new_path(path: &Path, now: i64) -> PathBuf {
    suffixed(path, &format!(".{now}"))
}

fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

#[cfg(test)]
#[path = "leasefile_tests.rs"]
mod tests;
