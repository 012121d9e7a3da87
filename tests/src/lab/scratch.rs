//! Directories for the files of one test; removed when dropped, and at the next start if their owner was killed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::identity::Identity;
use crate::failure::{Context, Result};

const PREFIX: &str = "rdhcpd-lab.";

/// A new directory under the system's directory for temporary files, readable by everybody (a chrooted daemon has to).
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes an empty directory whose name begins with `label`.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new(label: &str) -> Result<Self> {
        Self::new_in(&std::env::temp_dir(), label)
    }

    /// As [`Scratch::new`], in a directory of the caller's choice.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new_in(parent: &Path, label: &str) -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        remove_stale(parent);
        let owner = Identity::own()?;
        let count = MADE.fetch_add(1, Ordering::Relaxed);
        let path = parent.join(format!("{PREFIX}{label}.{owner}.{count}"));
        fs::create_dir(&path).context(format!("cannot make {}", path.display()))?;
        let scratch = Self(path);
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755))
            .context(format!("cannot open {} to readers", scratch.0.display()))?;
        Ok(scratch)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file in it, with the directories above, and returns its path.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<PathBuf> {
        let path = self.0.join(name);
        let doing = format!("cannot write {}", path.display());
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).context(&doing)?;
        }
        fs::write(&path, content).context(&doing)?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next run.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn remove_stale(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        if owner(&entry.file_name().to_string_lossy()).is_some_and(|owner| !owner.is_alive()) {
            drop(Scratch(entry.path()));
        }
    }
}

fn owner(name: &str) -> Option<Identity> {
    let (rest, _count) = name.strip_prefix(PREFIX)?.rsplit_once('.')?;
    rest.rsplit_once('.')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scratch_directory_goes_with_its_value() {
        let scratch = Scratch::new("test").unwrap();
        let file = scratch.write("deep/below/file", "text").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "text");
        drop(scratch);
        assert!(!file.exists());
    }
}
