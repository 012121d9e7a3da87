//! A raw socket for ICMP, bound to nothing: it sees every ICMP packet that arrives.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, recv, sendto,
    setsockopt, socket, sockopt,
};

/// A non-blocking raw ICMP socket.
#[derive(Debug)]
pub struct IcmpSocket(OwnedFd);

impl IcmpSocket {
    /// Opens the socket; needs the right to use raw sockets.
    ///
    /// # Errors
    /// Those of `socket(2)`.
    pub fn open() -> io::Result<Self> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let protocol = SockProtocol::Icmp;
        let socket = socket(AddressFamily::Inet, SockType::Raw, flags, protocol)?;
        setsockopt(&socket, sockopt::Broadcast, &true)?;
        Ok(Self(socket))
    }

    /// Sends an ICMP message; the kernel puts the IP header before it.
    ///
    /// # Errors
    /// Those of `sendto(2)`.
    pub fn send(&self, message: &[u8], destination: Ipv4Addr) -> io::Result<()> {
        let address = SockaddrIn::from(SocketAddrV4::new(destination, 0));
        sendto(
            self.0.as_raw_fd(),
            message,
            &address,
            MsgFlags::MSG_DONTWAIT,
        )?;
        Ok(())
    }

    /// Takes one packet, IP header included. Returns its length, cut at that of `buffer`.
    ///
    /// # Errors
    /// Those of `recv(2)`; [`io::ErrorKind::WouldBlock`] if nothing waits.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(recv(self.0.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)?)
    }
}

impl AsFd for IcmpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for IcmpSocket {
    fn as_raw_fd(&self) -> i32 {
        self.0.as_raw_fd()
    }
}
