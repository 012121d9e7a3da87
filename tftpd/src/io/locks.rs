//! Locks on the files of transfers, so that nobody reads what is being written and two do not write the same.
//!
//! The original has a process for each transfer and locks that belong to processes; one process never conflicts with
//! itself. So transfers exclude each other by a table of ours, and other programs by those locks of the kernel that belong to
//! the opened file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use super::file::{Identity, Opened};
use crate::wire::Direction;

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
    pub(super) async fn take(
        self: &Rc<Self>,
        opened: &Opened,
        direction: Direction,
    ) -> io::Result<Option<Hold>> {
        if !self.enter(opened.identity, direction) {
            return Ok(None);
        }
        let hold = Hold {
            locks: Rc::clone(self),
            file: opened.identity,
        };
        Ok(opened.file.lock().await?.then_some(hold))
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

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::sync::Arc;

    use super::super::file;
    use super::super::root::Root;
    use super::super::supervise::runtime;
    use super::*;
    use crate::cli::Creation;

    #[test]
    fn readers_share_and_writers_do_not() {
        let path = std::env::temp_dir().join(format!("locks-{}", std::process::id()));
        std::fs::write(&path, "x").unwrap();
        let (root, name) = (Arc::new(Root::system()), path.as_os_str().as_bytes());
        let locks = Rc::<Locks>::default();
        let take = async |direction| {
            let opened = file::open(&root, name, direction, Creation::Refused).await;
            let opened = opened.unwrap();
            let hold = locks.take(&opened, direction).await.unwrap();
            hold.map(|hold| (hold, opened))
        };
        runtime().ok().unwrap().block_on(async {
            let first = take(Direction::Read).await.unwrap();
            let second = take(Direction::Read).await.unwrap();
            assert!(take(Direction::Write).await.is_none());
            drop(first);
            assert!(take(Direction::Write).await.is_none());
            drop(second);
            let writer = take(Direction::Write).await.unwrap();
            assert!(take(Direction::Read).await.is_none());
            assert!(take(Direction::Write).await.is_none());
            drop(writer);
            assert!(take(Direction::Write).await.is_some());
            assert!(locks.held.borrow().is_empty());
        });
        std::fs::remove_file(&path).unwrap();
    }
}
