//! What comes with a received message, and the address that an answer leaves from: `IP_PKTINFO` (ip(7)) and
//! `PACKET_AUXDATA` (packet(7)).

use std::io;
use std::net::{Ipv4Addr, UdpSocket};

use nix::libc;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, setsockopt, sockopt};

use super::packet::frame_facts;
use crate::sys::batch::{Facts, LocalAddress};

/// From now on each datagram of an IPv4 socket brings the address that it was sent to.
pub fn ask(socket: &UdpSocket) -> io::Result<()> {
    setsockopt(socket, sockopt::Ipv4PacketInfo, &true)?;
    Ok(())
}

/// Adds what `control` says to the facts.
pub(in crate::sys) fn note(facts: &mut Facts, control: &ControlMessageOwned) {
    match control {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            facts.local = Some(LocalAddress {
                address: ipv4(info.ipi_addr).into(),
                specific: ipv4(info.ipi_spec_dst).into(),
                interface: u32::try_from(info.ipi_ifindex).unwrap_or(0),
            });
        }
        ControlMessageOwned::Unknown(unknown) => {
            let frame = frame_facts(unknown);
            facts.checksum_pending = frame.checksum_pending;
            facts.tagged = frame.tagged;
        }
        _ => {}
    }
}

fn ipv4(address: libc::in_addr) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from_be(address.s_addr))
}

/// The address of ours that a datagram leaves from.
pub struct Ipv4Source(libc::in_pktinfo);

impl Ipv4Source {
    /// From `address`, by the interface that the routing table says.
    pub fn new(address: Ipv4Addr) -> Self {
        let in_addr = |address: Ipv4Addr| libc::in_addr {
            s_addr: u32::from(address).to_be(),
        };
        Self(libc::in_pktinfo {
            ipi_ifindex: 0,
            ipi_spec_dst: in_addr(address),
            ipi_addr: in_addr(Ipv4Addr::UNSPECIFIED),
        })
    }

    /// What goes with the datagram.
    pub fn control(&self) -> ControlMessage<'_> {
        ControlMessage::Ipv4PacketInfo(&self.0)
    }
}
