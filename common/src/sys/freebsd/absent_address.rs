//! Sockets on addresses that the machine has not got yet.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;

use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};
use nix::{setsockopt_impl, sockopt_impl};

/// From now on the socket can be bound to an address that no interface has.
///
/// # Errors
/// Those of `setsockopt(2)`: without root there is no such permission.
pub fn allow(socket: &impl AsFd, address: SocketAddr) -> io::Result<()> {
    match address {
        SocketAddr::V4(_) => setsockopt(socket, sockopt::BindAny, &true)?,
        SocketAddr::V6(_) => setsockopt(socket, Ipv6BindAny, &true)?,
    }
    Ok(())
}

sockopt_impl!(
    /// Whether the socket can be bound to any IPv6 address.
    Ipv6BindAny,
    SetOnly,
    libc::IPPROTO_IPV6,
    libc::IPV6_BINDANY,
    bool
);
