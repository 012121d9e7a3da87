//! UDP sockets with the options that the daemons need.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, bind as bind_address, setsockopt, socket,
    sockopt,
};

pub use super::system::fragments::allow_fragments;
use super::system::{absent_address, arrival};

/// A non-blocking socket bound to `address`. An IPv6 socket takes no IPv4 traffic.
///
/// # Errors
/// Those of `socket(2)`, `setsockopt(2)` and `bind(2)`.
pub fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    Unbound::open(address)?.bind()
}

/// A socket on its way to an address.
pub struct Unbound {
    socket: UdpSocket,
    address: SocketAddr,
}

impl Unbound {
    /// A non-blocking socket for `address`. An IPv6 socket takes no IPv4 traffic.
    ///
    /// # Errors
    /// Those of `socket(2)`, such as a kernel without this family, and of `setsockopt(2)`.
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let unbound = Self::open_for_both(address)?;
        if address.is_ipv6() {
            setsockopt(&unbound.socket, sockopt::Ipv6V6Only, &true)?;
        }
        Ok(unbound)
    }

    /// Like [`Self::open`], but an IPv6 socket takes IPv4 traffic too where the system has it so (`net.ipv6.bindv6only`).
    ///
    /// # Errors
    /// Those of `socket(2)`.
    pub fn open_for_both(address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::from(open(&address)?);
        Ok(Self { socket, address })
    }

    /// The socket, for its options: those that are set before it has its address go for the first datagram, too.
    #[must_use]
    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Lets the socket have an address that the machine has not got yet.
    ///
    /// # Errors
    /// Those of `setsockopt(2)`: FreeBSD wants root for it.
    pub fn allow_absent_address(&self) -> io::Result<()> {
        absent_address::allow(&self.socket, self.address)
    }

    /// Binds it.
    ///
    /// # Errors
    /// Those of `bind(2)`.
    pub fn bind(self) -> io::Result<UdpSocket> {
        bind_address(
            self.socket.as_raw_fd(),
            &SockaddrStorage::from(self.address),
        )?;
        Ok(self.socket)
    }
}

/// Like [`bind`], for a socket that may send broadcasts and share its port with others that allow it.
///
/// # Errors
/// Those of `socket(2)`, `setsockopt(2)` and `bind(2)`.
pub fn bind_broadcast(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = open(&address)?;
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    setsockopt(&socket, sockopt::Broadcast, &true)?;
    bind_address(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    Ok(UdpSocket::from(socket))
}

/// From now on each datagram received brings the address that it was sent to.
///
/// # Errors
/// Those of `setsockopt(2)`.
pub fn report_local_address(socket: &UdpSocket) -> io::Result<()> {
    if socket.local_addr()?.is_ipv4() {
        arrival::ask(socket)?;
    } else {
        setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &true)?;
    }
    Ok(())
}

/// Asks the kernel to keep up to `bytes` of datagrams that wait to be read. It may keep fewer.
///
/// # Errors
/// Those of `setsockopt(2)`.
pub fn set_receive_buffer(socket: impl AsFd, bytes: usize) -> io::Result<()> {
    setsockopt(&socket, sockopt::RcvBuf, &bytes)?;
    Ok(())
}

fn open(address: &SocketAddr) -> io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    Ok(socket(family, SockType::Datagram, flags, None)?)
}
