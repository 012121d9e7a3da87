//! Going into the background so that the shell learns whether the start succeeded.
//!
//! daemonize's `execute` does the double fork and `setsid`; nothing else of it is used. It may only run while the
//! process has a single thread, which is why [`fork`] comes before any runtime.

use std::env;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};

use daemonize::{Daemonize, Outcome, Stdio};
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, pipe2};

/// Status of a start that ended without a word.
const FAILED: u8 = 1;

/// Which of the two processes the caller is after [`fork`].
pub enum Side {
    /// The one that the shell waits for.
    Parent(Starting),
    /// The one that becomes the daemon.
    Child(Readiness),
}

/// The parent's view of a start.
pub struct Starting(OwnedFd);

impl Starting {
    /// Waits for the child's word and returns the exit status for the shell: 0 once the child is ready, what it gave
    /// to [`Readiness::fail`], or 1 if it died.
    #[must_use]
    pub fn wait(self) -> u8 {
        let mut status = [FAILED];
        match File::from(self.0).read(&mut status) {
            Ok(1) => status.first().copied().unwrap_or(FAILED),
            _ => FAILED,
        }
    }
}

/// The child's means to end the parent's waiting. Dropped without a word it means failure.
pub struct Readiness {
    parent: OwnedFd,
    /// Opened before anybody changes the root directory: the new one need not have it.
    null: File,
}

impl Readiness {
    /// As [`detach`], in any root directory.
    ///
    /// # Errors
    /// A descriptor could not be replaced.
    pub fn detach(&self) -> io::Result<()> {
        detach_to(&self.null)
    }

    /// The daemon serves.
    ///
    /// # Errors
    /// The parent is gone.
    pub fn succeed(self) -> io::Result<()> {
        self.tell(0)
    }

    /// The start failed; the parent shall exit with `status`.
    ///
    /// # Errors
    /// The parent is gone.
    pub fn fail(self, status: u8) -> io::Result<()> {
        self.tell(status)
    }

    fn tell(self, status: u8) -> io::Result<()> {
        File::from(self.parent).write_all(&[status])
    }
}

/// Splits the process. The child keeps working directory, file mode mask and standard output and error until
/// [`detach`]: it still has to read files named on the command line and to complain on the terminal.
///
/// # Errors
/// No pipe or no process could be had.
pub fn fork() -> io::Result<Side> {
    let (receiver, sender) = pipe2(OFlag::O_CLOEXEC)?;
    let mask = umask(Mode::empty());
    umask(mask);
    #[allow(clippy::useless_conversion, reason = "a mask has 16 bits on FreeBSD")]
    let bits = u32::from(mask.bits());
    let daemon = Daemonize::new()
        .working_directory(env::current_dir()?)
        .umask(bits)
        .stdout(Stdio::keep())
        .stderr(Stdio::keep());
    match daemon.execute() {
        Outcome::Parent(parent) => {
            parent.map_err(io::Error::other)?;
            drop(sender);
            Ok(Side::Parent(Starting(receiver)))
        }
        Outcome::Child(child) => {
            child.map_err(io::Error::other)?;
            drop(receiver);
            Ok(Side::Child(Readiness {
                parent: sender,
                null: open_null()?,
            }))
        }
    }
}

/// Lets go of the terminal: descriptors 0 to 2 go to the null device, and the working directory becomes `/`.
///
/// # Errors
/// The null device is missing, or a descriptor could not be replaced.
pub fn detach() -> io::Result<()> {
    detach_to(&open_null()?)
}

fn detach_to(null: &File) -> io::Result<()> {
    replace_standard_streams(null)?;
    env::set_current_dir("/")
}

/// Lets descriptors 0 to 2 go to the null device.
///
/// # Errors
/// The null device is missing, or a descriptor could not be replaced.
pub fn close_standard_streams() -> io::Result<()> {
    replace_standard_streams(&open_null()?)
}

fn open_null() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/null")
}

fn replace_standard_streams(null: &File) -> io::Result<()> {
    dup2_stdin(null.as_fd())?;
    dup2_stdout(null.as_fd())?;
    dup2_stderr(null.as_fd())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Starting, Readiness) {
        let (receiver, sender) = pipe2(OFlag::O_CLOEXEC).unwrap();
        let readiness = Readiness {
            parent: sender,
            null: open_null().unwrap(),
        };
        (Starting(receiver), readiness)
    }

    #[test]
    fn the_parent_learns_that_the_child_is_ready() {
        let (starting, readiness) = pair();
        readiness.succeed().unwrap();
        assert_eq!(starting.wait(), 0);
    }

    #[test]
    fn the_parent_learns_the_status_of_a_failure() {
        let (starting, readiness) = pair();
        readiness.fail(71).unwrap();
        assert_eq!(starting.wait(), 71);
    }

    #[test]
    fn a_child_that_dies_silently_has_failed() {
        let (starting, readiness) = pair();
        drop(readiness);
        assert_eq!(starting.wait(), 1);
    }
}
