//! Small disks for this process and what it starts, and what takes all their room.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, umount2};

use crate::failure::{Context, Result};
use crate::lab::View;

/// Enough for all that a soak stores, little enough to be filled.
const SIZE: u32 = 96 << 20;
/// A disk is filled in pieces of this size, then in smaller ones.
const PIECE: usize = 1 << 16;

/// Empty disks in the place of some directories. Nobody else sees them, and they go with this value.
pub(super) struct Disks(Vec<PathBuf>);

impl Disks {
    /// Mounts them. What this thread starts from now on sees them.
    pub(super) fn mount(places: &[&Path]) -> Result<Self> {
        let add = |view: View, place: &&Path| view.small(*place, SIZE);
        places.iter().fold(View::default(), add).take_on()?;
        Ok(Self(places.iter().map(|place| (*place).into()).collect()))
    }
}

impl Drop for Disks {
    fn drop(&mut self) {
        for place in &self.0 {
            // One that stays mounted goes with this process.
            let _ = umount2(place, MntFlags::MNT_DETACH);
        }
    }
}

/// A file that takes all the room there is; dropping the value gives it back.
pub(super) struct Filler(PathBuf);

impl Filler {
    /// Makes it in this directory.
    pub(super) fn new(directory: &Path) -> Result<Self> {
        let path = directory.join("filler");
        let mut file = File::create(&path).context("cannot make a file")?;
        let filler = Self(path);
        let mut size = PIECE;
        while size > 0 {
            if file.write_all(&vec![0; size]).is_err() {
                size /= 2;
            }
        }
        Ok(filler)
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        // If it stays nothing can be stored any more, which is noticed.
        let _ = std::fs::remove_file(&self.0);
    }
}
