//! News from the kernel that something about its interfaces has changed (route(4)).

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, socket};

/// Longer messages are cut, which does no harm: only their coming matters.
const MESSAGE: usize = 1024;

/// A non-blocking socket that becomes readable when an interface or an address changes, and also when a route does: the
/// kernel tells all or nothing, and a look too many costs little.
#[derive(Debug)]
pub struct InterfaceMonitor(OwnedFd);

impl InterfaceMonitor {
    /// From now on changes are noticed. Needs no privileges.
    ///
    /// # Errors
    /// Those of `socket(2)`.
    pub fn open() -> io::Result<Self> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket = socket(AddressFamily::Route, SockType::Raw, flags, None)?;
        Ok(Self(socket))
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
