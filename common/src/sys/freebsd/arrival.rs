//! What comes with a received message, and the address that an answer leaves from: `IP_RECVDSTADDR`, `IP_RECVIF` and
//! `IP_SENDSRCADDR` (ip(4)).

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use nix::libc;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, setsockopt, sockopt};

use crate::net::interfaces::interfaces;
use crate::sys::batch::{Facts, LocalAddress};

/// From now on each datagram of an IPv4 socket brings the address that it was sent to. One that is bound to an address needs
/// no telling, and the kernel would refuse answers that name a source again.
pub fn ask(socket: &UdpSocket) -> io::Result<()> {
    if socket.local_addr()?.ip().is_unspecified() {
        setsockopt(socket, sockopt::Ipv4RecvDstAddr, &true)?;
        setsockopt(socket, sockopt::Ipv4RecvIf, &true)?;
    }
    Ok(())
}

/// Adds what `control` says to the facts. Address and interface come one by one.
pub(in crate::sys) fn note(facts: &mut Facts, control: &ControlMessageOwned) {
    match control {
        ControlMessageOwned::Ipv4RecvDstAddr(address) => {
            let address = Ipv4Addr::from_bits(u32::from_be(address.s_addr));
            let local = facts.local.get_or_insert(NOWHERE);
            local.address = address.into();
            local.specific = own(address).into();
        }
        ControlMessageOwned::Ipv4RecvIf(link) => {
            facts.local.get_or_insert(NOWHERE).interface = link.sdl_index.into();
        }
        _ => {}
    }
}

const NOWHERE: LocalAddress = LocalAddress {
    address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    specific: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    interface: 0,
};

/// The address itself if it is one of ours, and not one that a broadcast was sent to; else none in particular.
fn own(address: Ipv4Addr) -> Ipv4Addr {
    if OURS.with_borrow(|ours| ours.contains(&address)) {
        return address;
    }
    let ours = own_addresses();
    let found = ours.contains(&address);
    OURS.set(ours);
    if found {
        address
    } else {
        Ipv4Addr::UNSPECIFIED
    }
}

thread_local! {
    /// Our addresses when an unknown one came last: the kernel is not asked again for each datagram. One that is ours no more
    /// does no harm, since nothing arrives for it.
    static OURS: RefCell<Vec<Ipv4Addr>> = const { RefCell::new(Vec::new()) };
}

fn own_addresses() -> Vec<Ipv4Addr> {
    let interfaces = interfaces().unwrap_or_default();
    let addresses = interfaces.iter().flat_map(|interface| &interface.addresses);
    addresses.map(|one| one.address).collect()
}

/// The address of ours that a datagram leaves from.
pub struct Ipv4Source(libc::in_addr);

impl Ipv4Source {
    /// From `address`.
    pub fn new(address: Ipv4Addr) -> Self {
        Self(libc::in_addr {
            s_addr: u32::from(address).to_be(),
        })
    }

    /// What goes with the datagram.
    pub fn control(&self) -> ControlMessage<'_> {
        ControlMessage::Ipv4SendSrcAddr(&self.0)
    }
}
