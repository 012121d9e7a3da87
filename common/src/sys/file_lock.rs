//! Locks that go with an opened file and that other programs see.

pub use super::system::file_lock::{try_lock, unlock};

/// Whether others may lock the file too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Those who share it as well.
    Shared,
    /// Nobody.
    Exclusive,
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::test_support::Directory;

    #[test]
    fn locks_go_with_the_opened_file() {
        let directory = Directory::new();
        let path = directory.path().join("file");
        File::create(&path).unwrap();
        let open = || File::options().read(true).write(true).open(&path).unwrap();
        let (one, two, three) = (open(), open(), open());
        assert!(try_lock(&one, Sharing::Shared).unwrap());
        assert!(try_lock(&two, Sharing::Shared).unwrap());
        assert!(!try_lock(&three, Sharing::Exclusive).unwrap());
        drop(one);
        assert!(!try_lock(&three, Sharing::Exclusive).unwrap());
        drop(two);
        assert!(try_lock(&three, Sharing::Exclusive).unwrap());
        assert!(!try_lock(open(), Sharing::Shared).unwrap());
        unlock(&three).unwrap();
        assert!(try_lock(open(), Sharing::Exclusive).unwrap());
    }
}
