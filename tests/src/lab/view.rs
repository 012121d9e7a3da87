//! What a program in a lab sees instead of the machine's own files: paths bound over others, empty directories, a log socket of its own.

use std::fs;
use std::os::fd::RawFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

use super::{StuckDisk, old_kernel};
use crate::failure::{Context, Result};

/// Devices that daemons, clients and QEMU may open; bound into the private `/dev` where they exist.
const DEVICES: [&str; 9] = [
    "null", "zero", "full", "random", "urandom", "tty", "ptmx", "kvm", "net/tun",
];

/// Differences between the machine's files and what a program sees. The default has none.
#[derive(Clone, Debug, Default)]
pub struct View {
    bound: Vec<(PathBuf, PathBuf)>,
    empty: Vec<PathBuf>,
    small: Vec<(PathBuf, u32)>,
    played: Vec<(PathBuf, RawFd)>,
    log_socket: Option<PathBuf>,
    lacks_ipv6: bool,
}

impl View {
    /// `source` is seen at `target`, which must exist.
    #[must_use]
    pub fn bind(mut self, source: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        self.bound.push((source.into(), target.into()));
        self
    }

    /// An empty directory of the program's own is seen at `target`, which must exist.
    #[must_use]
    pub fn empty(mut self, target: impl Into<PathBuf>) -> Self {
        self.empty.push(target.into());
        self
    }

    /// As [`View::empty`], on a disk that holds no more than so many bytes.
    #[must_use]
    pub fn small(mut self, target: impl Into<PathBuf>, bytes: u32) -> Self {
        self.small.push((target.into(), bytes));
        self
    }

    /// A disk that a thread of this process plays is seen at `target`, which must exist.
    #[must_use]
    pub fn played(mut self, target: impl Into<PathBuf>, disk: &StuckDisk) -> Self {
        self.played.push((target.into(), disk.descriptor()));
        self
    }

    /// What is sent to `/dev/log` reaches the datagram socket at `socket` (see [`super::Syslog`]).
    #[must_use]
    pub fn log_to(mut self, socket: impl Into<PathBuf>) -> Self {
        self.log_socket = Some(socket.into());
        self
    }

    /// There is no IPv6.
    #[must_use]
    pub fn without_ipv6(mut self) -> Self {
        self.lacks_ipv6 = true;
        self
    }

    /// Makes the calling thread, and the threads and programs that it starts from then on, see the difference for good.
    ///
    /// # Errors
    /// If a mount fails, or the filter that takes IPv6 away.
    pub fn take_on(&self) -> Result<()> {
        self.mount_all()?;
        match self.lacks_ipv6 {
            true => old_kernel::lose_ipv6(),
            false => Ok(()),
        }
    }

    fn mount_all(&self) -> Result<()> {
        let shows_all = self.bound.is_empty() && self.empty.is_empty() && self.small.is_empty();
        if shows_all && self.played.is_empty() && self.log_socket.is_none() {
            return Ok(());
        }
        leave_shared_mounts()?;
        for (source, target) in &self.bound {
            bind(source, target)?;
        }
        for target in &self.empty {
            mount_memory(target, "mode=0755")?;
        }
        for (target, bytes) in &self.small {
            mount_memory(target, &format!("mode=0755,size={bytes}"))?;
        }
        for (target, device) in &self.played {
            mount_played(target, *device)?;
        }
        self.log_socket.as_deref().map_or(Ok(()), private_devices)
    }
}

fn leave_shared_mounts() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).context("cannot make a mount namespace")?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .context("cannot make the mounts private")
}

fn bind(source: &Path, target: &Path) -> Result<()> {
    let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
    mount(Some(source), target, None::<&str>, flags, None::<&str>).context(format!(
        "cannot bind {} over {}",
        source.display(),
        target.display()
    ))
}

fn mount_memory(target: &Path, options: &str) -> Result<()> {
    let flags = MsFlags::MS_NOSUID;
    mount(Some("tmpfs"), target, Some("tmpfs"), flags, Some(options))
        .context(format!("cannot mount memory on {}", target.display()))
}

fn mount_played(target: &Path, device: RawFd) -> Result<()> {
    let options = format!("fd={device},rootmode=40000,user_id=0,group_id=0,allow_other");
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let options = Some(options.as_str());
    mount(Some("played"), target, Some("fuse"), flags, options)
        .context(format!("cannot mount a disk on {}", target.display()))
}

/// Puts a `/dev` of our own in place: `/dev/log` itself cannot be bound over, since it may be absent or a symbolic link.
fn private_devices(log_socket: &Path) -> Result<()> {
    let staging = log_socket.with_extension("dev");
    let doing = format!("cannot prepare {}", staging.display());
    fs::create_dir_all(&staging).context(&doing)?;
    mount_memory(&staging, "mode=0755")?;
    fs::create_dir(staging.join("net")).context(&doing)?;
    for device in DEVICES {
        let original = Path::new("/dev").join(device);
        if original.exists() {
            let copy = staging.join(device);
            fs::write(&copy, b"").context(&doing)?;
            bind(&original, &copy)?;
        }
    }
    symlink(log_socket, staging.join("log")).context(&doing)?;
    bind(&staging, Path::new("/dev"))
}
