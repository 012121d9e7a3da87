//! Sockets that the process was started with: those of systemd's socket activation, and inetd's on standard input.
#![expect(
    unsafe_code,
    reason = "a descriptor's number is all that systemd hands over"
)]

use std::env;
use std::io;
use std::net::UdpSocket;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::process;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::socket::{SockType, getsockopt, sockopt};

/// The first descriptor that systemd hands over.
const FIRST: i32 = 3;
/// More than this is no list of sockets.
const MOST: i32 = 64;

/// The descriptors that systemd has opened for this process; none if it has not. Must be called first thing in the
/// program, and once: what stands at these numbers later belongs to somebody else.
#[must_use]
pub fn from_systemd() -> Vec<OwnedFd> {
    (FIRST..FIRST + announced()).filter_map(adopt).collect()
}

/// `LISTEN_PID` keeps a child of the process that was meant from taking them too.
fn announced() -> i32 {
    let number = |name| env::var(name).ok()?.parse().ok();
    let is_meant = number("LISTEN_PID") == i32::try_from(process::id()).ok();
    let count = number("LISTEN_FDS").filter(|_| is_meant);
    count.unwrap_or(0).clamp(0, MOST)
}

fn adopt(number: i32) -> Option<OwnedFd> {
    // SAFETY: the borrow ends below, before anybody could close the descriptor; whether it is open is what is asked.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    fcntl(borrowed, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).ok()?;
    // SAFETY: the descriptor is open, and by the protocol of socket activation it is this process's to own; nothing else
    // in the program has opened it, because this comes first.
    Some(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Standard input as a socket of its own.
///
/// # Errors
/// It is closed.
pub fn standard_input() -> io::Result<OwnedFd> {
    io::stdin().as_fd().try_clone_to_owned()
}

/// Makes a non-blocking datagram socket of a descriptor.
///
/// # Errors
/// It is none; `ENOTSOCK` if it is no socket at all.
pub fn into_udp(descriptor: OwnedFd) -> io::Result<UdpSocket> {
    if getsockopt(&descriptor, sockopt::SockType)? != SockType::Datagram {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let socket = UdpSocket::from(descriptor);
    socket.local_addr()?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use nix::errno::Errno;

    use super::*;

    #[test]
    fn only_datagram_sockets_are_taken() {
        let file = OwnedFd::from(File::open("/dev/null").unwrap());
        let error = into_udp(file).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::ENOTSOCK as i32));
        let stream = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(into_udp(stream.into()).is_err());
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(into_udp(socket.into()).is_ok());
    }

    #[test]
    fn nothing_is_taken_that_was_not_announced() {
        assert!(from_systemd().is_empty());
    }
}
