//! landlock(7): which files can be reached. Three calls, made here without a library: the one there is brings derive macros
//! with compilers of their own.
#![expect(unsafe_code, reason = "nix has no landlock")]

use std::fs::OpenOptions;
use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::ptr;

use nix::errno::Errno;
use nix::libc;

use crate::sys::sandbox::{Access, Calls};

/// `LANDLOCK_CREATE_RULESET_VERSION`
const ASK_VERSION: u32 = 1;
/// `LANDLOCK_RULE_PATH_BENEATH`
const PATH_BENEATH: u32 = 1;

/// Rights of `<linux/landlock.h>`.
const WRITE_FILE: u64 = 1 << 1;
const READ_FILE: u64 = 1 << 2;
const READ_DIR: u64 = 1 << 3;
const REMOVE_FILE: u64 = 1 << 5;
const MAKE_REG: u64 = 1 << 8;
/// A backup of a lease file that is a symbolic link is one too.
const MAKE_SYM: u64 = 1 << 12;
const TRUNCATE: u64 = 1 << 14;

/// How many rights about files there are, by version, from the first on.
const FILE_RIGHTS: [u32; 5] = [13, 14, 15, 15, 16];
/// `LANDLOCK_ACCESS_NET_BIND_TCP` and `LANDLOCK_ACCESS_NET_CONNECT_TCP`, since version 4.
const TCP: u64 = 0b11;
/// `LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET` and `LANDLOCK_SCOPE_SIGNAL`, since version 6.
const SCOPES: u64 = 0b11;

/// `struct landlock_ruleset_attr` as of version 6. An older kernel takes it if what it does not know is zero.
#[repr(C)]
struct Ruleset {
    files: u64,
    net: u64,
    scopes: u64,
}

/// `struct landlock_path_beneath_attr`
#[repr(C, packed)]
struct Beneath {
    rights: u64,
    directory: i32,
}

/// The version that the kernel has.
pub(super) fn version() -> io::Result<usize> {
    // SAFETY: asked for its version the call takes no ruleset.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            ptr::null::<Ruleset>(),
            0_usize,
            ASK_VERSION,
        )
    };
    let version = Errno::result(version)?;
    usize::try_from(version).map_err(io::Error::other)
}

/// Puts all files out of reach but those below the directories. TCP, other processes and their sockets without a file are out
/// of reach too, unless the process resolves names.
pub(super) fn restrict(files: &[(&Path, Access)], calls: Calls) -> io::Result<()> {
    let handled = handled(version()?, calls);
    let ruleset = create(&handled)?;
    for (path, access) in files {
        allow(&ruleset, path, rights(*access) & handled.files)?;
    }
    // SAFETY: the call takes numbers only.
    let status =
        unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0_u32) };
    Errno::result(status)?;
    Ok(())
}

fn handled(version: usize, calls: Calls) -> Ruleset {
    let since = |first, rights| if version >= first { rights } else { 0 };
    let index = version.clamp(1, FILE_RIGHTS.len()) - 1;
    let count = FILE_RIGHTS.get(index).copied().unwrap_or_default();
    let is_apart = calls != Calls::Resolver;
    Ruleset {
        files: (1 << count) - 1,
        net: if is_apart { since(4, TCP) } else { 0 },
        scopes: if is_apart { since(6, SCOPES) } else { 0 },
    }
}

fn rights(access: Access) -> u64 {
    let read = READ_FILE | READ_DIR;
    let write = read | WRITE_FILE | TRUNCATE;
    match access {
        Access::Read => read,
        Access::Write => write,
        Access::Create => write | MAKE_REG,
        Access::Manage => write | MAKE_REG | MAKE_SYM | REMOVE_FILE,
    }
}

fn create(handled: &Ruleset) -> io::Result<OwnedFd> {
    // SAFETY: the structure is complete and of the size that is given, and the kernel only reads it.
    let ruleset = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            ptr::from_ref(handled),
            size_of::<Ruleset>(),
            0_u32,
        )
    };
    let ruleset = i32::try_from(Errno::result(ruleset)?).map_err(io::Error::other)?;
    // SAFETY: the kernel has just made this descriptor, for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(ruleset) })
}

fn allow(ruleset: &OwnedFd, path: &Path, rights: u64) -> io::Result<()> {
    let directory = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_PATH)
        .open(path)?;
    let rule = Beneath {
        rights,
        directory: directory.as_raw_fd(),
    };
    // SAFETY: the structure is complete, of the kind that is named, and the kernel only reads it.
    let status = unsafe {
        libc::syscall(
            libc::SYS_landlock_add_rule,
            ruleset.as_raw_fd(),
            PATH_BENEATH,
            &raw const rule,
            0_u32,
        )
    };
    Errno::result(status)?;
    Ok(())
}
