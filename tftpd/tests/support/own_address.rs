//! Addresses for servers under test.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};

/// An address that no other socket of this machine has: the process has a loopback address to itself, and its ports are
/// below those that the kernel hands out. A port that was only seen to be free may be taken before the server binds it.
pub fn own_address() -> SocketAddr {
    static PORT: AtomicU16 = AtomicU16::new(20_000);
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, 64 | high, middle, low);
    SocketAddr::from((address, PORT.fetch_add(1, Ordering::Relaxed)))
}

/// The IPv6 loopback address, which all processes share, with a port that hangs on the process.
#[allow(dead_code, reason = "not every test that has this file needs it")]
pub fn own_ipv6_address() -> SocketAddr {
    let distance = u16::try_from(std::process::id() % 10_000).unwrap();
    SocketAddr::from((Ipv6Addr::LOCALHOST, 22_000 + distance))
}
