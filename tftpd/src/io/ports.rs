//! The sockets of transfers: bound to the address that was asked, connected to the client, so that the kernel keeps
//! strangers away (reference tftpd-hpa.md, sections 1 and 4).

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6, UdpSocket};
use std::ops::RangeInclusive;

use common::sys::batch::LocalAddress;
use common::sys::udp;
use nix::errno::Errno;

/// Gives out the ports of transfers.
pub(super) struct Ports {
    range: Option<RangeInclusive<u16>>,
    next: u16,
}

/// A system call that failed.
pub(super) struct FailedCall {
    pub(super) call: &'static str,
    pub(super) error: io::Error,
}

impl Ports {
    /// Ports of `range` in turn, from a random one on; the kernel's choice without a range.
    pub(super) fn new(range: Option<RangeInclusive<u16>>) -> Self {
        let next = range.as_ref().map_or(0, random_port);
        Self { range, next }
    }

    /// A non-blocking socket from `local`, whose port is ignored, to `client`.
    pub(super) fn connect(
        &mut self,
        local: SocketAddr,
        client: SocketAddr,
    ) -> Result<UdpSocket, FailedCall> {
        let failed = |call| move |error| FailedCall { call, error };
        let socket = self.bind(local).map_err(failed("bind"))?;
        socket.connect(client).map_err(failed("connect"))?;
        if local.is_ipv4() {
            udp::allow_fragments(&socket).map_err(failed("setsockopt"))?;
        }
        Ok(socket)
    }

    fn bind(&mut self, mut local: SocketAddr) -> io::Result<UdpSocket> {
        let Some(range) = self.range.clone() else {
            local.set_port(0);
            return udp::bind(local);
        };
        for _ in range.clone() {
            local.set_port(self.take(&range));
            match udp::bind(local) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                bound => return bound,
            }
        }
        Err(Errno::EADDRINUSE.into())
    }

    fn take(&mut self, range: &RangeInclusive<u16>) -> u16 {
        let port = self.next;
        self.next = if port >= *range.end() {
            *range.start()
        } else {
            port + 1
        };
        port
    }
}

/// Where to answer a datagram from: the address it was sent to; our own one of that network for a broadcast, and the
/// kernel's choice for a multicast.
pub(super) fn answer_address(local: Option<LocalAddress>, listener: SocketAddr) -> SocketAddr {
    let Some(local) = local else {
        return listener;
    };
    match local.specific {
        address if address.is_multicast() => unspecified(address),
        IpAddr::V6(address) if address.is_unicast_link_local() => {
            SocketAddrV6::new(address, 0, 0, local.interface).into()
        }
        address => SocketAddr::new(address, 0),
    }
}

fn unspecified(family_of: IpAddr) -> SocketAddr {
    match family_of {
        IpAddr::V4(_) => SocketAddr::from(([0; 4], 0)),
        IpAddr::V6(_) => SocketAddr::from(([0_u16; 8], 0)),
    }
}

/// The standard library's hash keys are random.
fn random_port(range: &RangeInclusive<u16>) -> u16 {
    let size = u64::from(range.end() - range.start()) + 1;
    let step = RandomState::new().hash_one(0) % size;
    u16::try_from(step).map_or(*range.start(), |step| range.start() + step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(address: &str, specific: &str) -> Option<LocalAddress> {
        let (address, specific) = (address.parse().unwrap(), specific.parse().unwrap());
        Some(LocalAddress {
            address,
            specific,
            interface: 7,
        })
    }

    fn answer(address: &str, specific: &str) -> String {
        answer_address(local(address, specific), "0.0.0.0:69".parse().unwrap()).to_string()
    }

    #[test]
    fn the_answer_comes_from_the_asked_address() {
        assert_eq!(answer("10.77.0.1", "10.77.0.1"), "10.77.0.1:0");
        assert_eq!(answer("10.77.0.255", "10.77.0.1"), "10.77.0.1:0");
        assert_eq!(answer("ff02::1", "ff02::1"), "[::]:0");
        assert_eq!(answer("fe80::1", "fe80::1"), "[fe80::1%7]:0");
    }

    #[test]
    fn a_range_is_used_in_turn_and_runs_out() {
        let client = UdpSocket::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        // Below the ports that the kernel hands out, on an address that only this process uses.
        let only = 20_000;
        let [_, high, middle, low] = std::process::id().to_be_bytes();
        let local = SocketAddr::from(([127, 64 | high, middle, low], 0));
        let mut ports = Ports::new(Some(only..=only));
        let socket = ports.connect(local, client).ok().unwrap();
        assert_eq!(socket.local_addr().unwrap().port(), only);
        let failed = ports.connect(local, client).err().unwrap();
        assert_eq!(
            (failed.call, failed.error.kind()),
            ("bind", io::ErrorKind::AddrInUse)
        );
    }
}
