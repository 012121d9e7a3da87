//! The socket that tells of changes to interfaces (route(4)).

use std::io;
use std::os::fd::OwnedFd;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

/// A non-blocking one, which already hears, also of routes: the kernel tells all or nothing, and a look too many costs little.
pub fn open() -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    Ok(socket(AddressFamily::Route, SockType::Raw, flags, None)?)
}
