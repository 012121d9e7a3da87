//! Datagrams larger than the path allows.

use std::io;
use std::net::UdpSocket;

use nix::libc;
use nix::sys::socket::setsockopt;
use nix::{setsockopt_impl, sockopt_impl};

/// From now on the kernel may cut datagrams that are larger than the path allows: they leave without the
/// don't-fragment bit. Of use to IPv4 sockets; IPv6 cuts datagrams anyway.
///
/// # Errors
/// Those of `setsockopt(2)`.
pub fn allow_fragments(socket: &UdpSocket) -> io::Result<()> {
    setsockopt(socket, MtuDiscovery, &libc::IP_PMTUDISC_DONT)?;
    Ok(())
}

sockopt_impl!(
    /// Whether the kernel looks for the largest datagram that the path allows.
    MtuDiscovery,
    SetOnly,
    libc::IPPROTO_IP,
    libc::IP_MTU_DISCOVER,
    libc::c_int
);
