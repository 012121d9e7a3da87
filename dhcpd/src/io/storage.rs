//! What the lease file needs of a file system. Tests put one in its place that fails, or that remembers what was asked of it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;
use std::thread;

use nix::fcntl::OFlag;

/// Who owns the lease files when the server does not stay root.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Owner {
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
}

/// A directory tree.
pub(super) trait Storage {
    /// A file in it, open for appending.
    type File: StoredFile;

    /// Opens a file that is there.
    fn open(&self, path: &Path) -> io::Result<Self::File>;

    /// Makes a file that is not there yet.
    fn create(&self, path: &Path, owner: Owner) -> io::Result<Self::File>;

    /// What `path` leads to.
    fn look(&self, path: &Path) -> io::Result<Entry>;

    /// Gives a file another name, which is not taken.
    fn link(&self, path: &Path, name: &Path) -> io::Result<()>;

    /// Moves a file, over another one if there is one.
    fn rename(&self, path: &Path, name: &Path) -> io::Result<()>;

    /// Takes a name away.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Waits until the names in the directory of `path` are on disk.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
}

/// A file that grows at its end.
pub(super) trait StoredFile {
    /// Which file it is, and how long.
    fn entry(&self) -> io::Result<Entry>;

    /// Appends all of `text`. After a failure some of it may be there.
    fn append(&mut self, text: &[u8]) -> io::Result<()>;

    /// Cuts it to a length.
    fn cut(&mut self, length: u64) -> io::Result<()>;

    /// Waits until what was appended is on disk. After a failure nobody knows what is: the system has forgotten what it
    /// could not write, and another try would succeed without writing it.
    fn sync(&mut self) -> io::Result<()>;

    /// As [`sync`](Self::sync), and waits for owner and mode too.
    fn sync_all(&mut self) -> io::Result<()>;
}

/// A file as its directory knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: FileId,
    pub(super) length: u64,
}

/// Tells files apart: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId(pub(super) u64, pub(super) u64);

/// So much of a removed file is given back at a time.
const STEP: u64 = 4 * 1024 * 1024;

/// The system's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Disk;

impl Storage for Disk {
    type File = File;

    fn open(&self, path: &Path) -> io::Result<File> {
        OpenOptions::new().append(true).open(path)
    }

    fn create(&self, path: &Path, owner: Owner) -> io::Result<File> {
        let mut options = OpenOptions::new();
        let file = options
            .append(true)
            .mode(0o644)
            .create_new(true)
            .open(path)?;
        if owner.uid.is_some() || owner.gid.is_some() {
            fchown(&file, owner.uid, owner.gid)?;
        }
        Ok(file)
    }

    fn look(&self, path: &Path) -> io::Result<Entry> {
        fs::metadata(path).map(|found| entry_of(&found))
    }

    fn link(&self, path: &Path, name: &Path) -> io::Result<()> {
        fs::hard_link(path, name)
    }

    fn rename(&self, path: &Path, name: &Path) -> io::Result<()> {
        fs::rename(path, name)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let held = options
            .write(true)
            .custom_flags(OFlag::O_NONBLOCK.bits())
            .open(path);
        fs::remove_file(path)?;
        if let Ok(file) = held {
            give_back(file);
        }
        Ok(())
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let parent = path.parent();
        let directory = parent.filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl StoredFile for File {
    fn entry(&self) -> io::Result<Entry> {
        self.metadata().map(|found| entry_of(&found))
    }

    fn append(&mut self, text: &[u8]) -> io::Result<()> {
        self.write_all(text)
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn sync_all(&mut self) -> io::Result<()> {
        Self::sync_all(self)
    }
}

/// The blocks of a large file that has lost its name are given back in small steps, by a thread: at once that takes
/// longer than a reply may wait.
fn give_back(file: File) {
    let step = |file: File| -> io::Result<()> {
        let found = file.metadata()?;
        let mut length = found.len();
        while found.nlink() == 0 && length > STEP {
            length -= STEP;
            file.set_len(length)?;
        }
        Ok(())
    };
    let is_large = file.metadata().is_ok_and(|found| found.len() > STEP);
    if is_large {
        // Without a thread the file is closed here, and the blocks go at once.
        let _ = thread::Builder::new()
            .name("give-back".to_owned())
            .spawn(move || step(file));
    }
}

fn entry_of(found: &Metadata) -> Entry {
    Entry {
        id: FileId(found.dev(), found.ino()),
        length: found.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_directory::TestDirectory;
    use super::*;

    #[test]
    fn a_large_file_that_has_another_name_stays_whole() {
        let directory = TestDirectory::new();
        let [path, other] = ["file", "other"].map(|name| directory.path().join(name));
        let length = 3 * STEP + 1;
        File::create(&path).unwrap().set_len(length).unwrap();
        fs::hard_link(&path, &other).unwrap();
        Disk.remove(&path).unwrap();
        assert!(!path.exists());
        assert_eq!(Disk.look(&other).unwrap().length, length);
        Disk.remove(&other).unwrap();
        assert!(!other.exists());
    }
}
