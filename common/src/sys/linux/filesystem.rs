//! Kinds of filesystems.

use std::os::fd::AsFd;

use nix::sys::statfs::{
    BTRFS_SUPER_MAGIC, EXT4_SUPER_MAGIC, F2FS_SUPER_MAGIC, FsType, ISOFS_SUPER_MAGIC,
    OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC, XFS_SUPER_MAGIC, fstatfs,
};

/// Those whose files the kernel opens by itself. A network, or a process that plays the filesystem, may take any time.
const PROMPT: [FsType; 7] = [
    BTRFS_SUPER_MAGIC,
    EXT4_SUPER_MAGIC,
    F2FS_SUPER_MAGIC,
    ISOFS_SUPER_MAGIC,
    OVERLAYFS_SUPER_MAGIC,
    TMPFS_MAGIC,
    XFS_SUPER_MAGIC,
];

/// True if opening and closing a file of this filesystem never waits, once the kernel has looked its name up.
pub fn opens_promptly(file: impl AsFd) -> bool {
    fstatfs(file).is_ok_and(|facts| PROMPT.contains(&facts.filesystem_type()))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_filesystem_without_a_disk_of_its_own_is_not_trusted() {
        assert!(!opens_promptly(File::open("/proc").unwrap()));
    }
}
