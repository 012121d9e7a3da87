//! News from the kernel that something about its interfaces has changed: a routing socket, whose messages each system words in
//! its own way.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};

use super::system::routing_socket;

/// Longer messages are cut, which does no harm: only their coming matters.
const MESSAGE: usize = 1024;

/// A non-blocking socket that becomes readable when an interface or an IPv4 address changes.
#[derive(Debug)]
pub struct InterfaceMonitor(OwnedFd);

impl InterfaceMonitor {
    /// From now on changes are noticed. Needs no privileges.
    ///
    /// # Errors
    /// Those of `socket(2)` and `bind(2)`.
    pub fn open() -> io::Result<Self> {
        routing_socket::open().map(Self)
    }

    /// Forgets all news that wait. Whoever calls this looks at the interfaces afterwards.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if there are none, or those of `recv(2)`.
    pub fn take(&self) -> io::Result<()> {
        self.take_one()?;
        while self.take_one().is_ok() {}
        Ok(())
    }

    fn take_one(&self) -> io::Result<()> {
        let mut message = [0; MESSAGE];
        match recv(self.0.as_raw_fd(), &mut message, MsgFlags::empty()) {
            // There was more than the kernel could keep: that is news too.
            Ok(_) | Err(Errno::ENOBUFS) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl AsRawFd for InterfaceMonitor {
    fn as_raw_fd(&self) -> i32 {
        self.0.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_changes_there_is_no_news() {
        let monitor = InterfaceMonitor::open().unwrap();
        // Other tests may make links at the same time.
        while monitor.take().is_ok() {}
        let error = monitor.take().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
