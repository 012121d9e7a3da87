//! Kinds of filesystems.

use std::os::fd::AsFd;

use nix::sys::statfs::fstatfs;

/// Those whose files the kernel opens by itself. A network, or a process that plays the filesystem, may take any time.
const PROMPT: [&str; 3] = ["tmpfs", "ufs", "zfs"];

/// True if opening and closing a file of this filesystem never waits, once the kernel has looked its name up.
pub fn opens_promptly(file: impl AsFd) -> bool {
    fstatfs(file).is_ok_and(|facts| PROMPT.contains(&facts.filesystem_type_name()))
}
