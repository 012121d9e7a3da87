//! Locks on the files of transfers, so that nobody reads what is being written and two do not write the same.
//!
//! The original has a process for each transfer and locks that belong to processes; one process never conflicts with
//! itself. So transfers exclude each other by a table of ours, and other programs by those locks of the kernel that belong to
//! the opened file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::rc::Rc;

use common::sys::file_lock::{Sharing, try_lock};

use crate::wire::Direction;

/// A file by the numbers of its device and itself.
type Identity = (u64, u64);

/// The files in use.
#[derive(Default)]
pub(super) struct Locks {
    held: RefCell<HashMap<Identity, Use>>,
}

enum Use {
    /// By so many who read it.
    Read(u32),
    Written,
}

/// A file in use, until dropped.
pub(super) struct Hold {
    locks: Rc<Locks>,
    file: Identity,
}

impl Locks {
    /// Takes a file for a transfer in this direction; `None` if somebody has it who excludes that.
    pub(super) fn take(
        self: &Rc<Self>,
        file: &File,
        direction: Direction,
    ) -> io::Result<Option<Hold>> {
        let metadata = file.metadata()?;
        let identity = (metadata.dev(), metadata.ino());
        if !self.enter(identity, direction) {
            return Ok(None);
        }
        let hold = Hold {
            locks: Rc::clone(self),
            file: identity,
        };
        Ok(lock_against_others(file, direction).then_some(hold))
    }

    fn enter(&self, file: Identity, direction: Direction) -> bool {
        let mut held = self.held.borrow_mut();
        match (held.get_mut(&file), direction) {
            (Some(Use::Read(readers)), Direction::Read) => *readers += 1,
            (Some(_), _) => return false,
            (None, Direction::Read) => {
                held.insert(file, Use::Read(1));
            }
            (None, Direction::Write) => {
                held.insert(file, Use::Written);
            }
        }
        true
    }

    fn leave(&self, file: Identity) {
        let mut held = self.held.borrow_mut();
        match held.get_mut(&file) {
            Some(Use::Read(readers)) if *readers > 1 => *readers -= 1,
            _ => {
                held.remove(&file);
            }
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.locks.leave(self.file);
    }
}

/// True unless another program has a lock that excludes this. A filesystem that cannot lock refuses nobody.
fn lock_against_others(file: &File, direction: Direction) -> bool {
    let sharing = match direction {
        Direction::Read => Sharing::Shared,
        Direction::Write => Sharing::Exclusive,
    };
    try_lock(file, sharing).unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_share_and_writers_do_not() {
        let path = std::env::temp_dir().join(format!("locks-{}", std::process::id()));
        std::fs::write(&path, "x").unwrap();
        let open = || File::options().read(true).write(true).open(&path).unwrap();
        let locks = Rc::<Locks>::default();
        let (one, two, three) = (open(), open(), open());
        let take = |file: &File, direction| locks.take(file, direction).unwrap();
        let first = take(&one, Direction::Read).unwrap();
        let second = take(&two, Direction::Read).unwrap();
        assert!(take(&three, Direction::Write).is_none());
        drop((first, one));
        assert!(take(&three, Direction::Write).is_none());
        drop((second, two));
        let writer = take(&three, Direction::Write).unwrap();
        assert!(take(&open(), Direction::Read).is_none());
        assert!(take(&open(), Direction::Write).is_none());
        drop((writer, three));
        assert!(take(&open(), Direction::Write).is_some());
        assert!(locks.held.borrow().is_empty());
        std::fs::remove_file(&path).unwrap();
    }
}
