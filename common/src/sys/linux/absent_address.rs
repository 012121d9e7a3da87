//! Sockets on addresses that the machine has not got yet.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;

use nix::sys::socket::{setsockopt, sockopt};

/// From now on the socket can be bound to an address that no interface has. The option of IPv4 goes for both families.
///
/// # Errors
/// Those of `setsockopt(2)`.
pub fn allow(socket: &impl AsFd, _address: SocketAddr) -> io::Result<()> {
    Ok(setsockopt(socket, sockopt::IpFreebind, &true)?)
}
