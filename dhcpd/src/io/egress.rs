//! Replies on their way out: frames built by hand on packet sockets, datagrams through the fallback socket.

use std::io;
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use common::log::Logger;
use common::net::HardwareAddress;
use common::net::frames::{self, Envelope};
use common::sys::batch;
use common::sys::packet::PacketSocket;

use crate::engine4::{InterfaceId, Reply, Route};
use crate::words;

const LINK_BROADCAST: [u8; 6] = [0xff; 6];

/// The sending half of an interface.
#[derive(Clone, Debug)]
pub(super) struct Port {
    /// The interface.
    pub(super) name: String,
    pub(super) socket: Arc<PacketSocket>,
    pub(super) link: [u8; 6],
}

/// Everything that replies can leave by. Shared between the receive loop and the commit thread.
pub(super) struct Egress {
    /// By [`InterfaceId`].
    ports: RwLock<Vec<Port>>,
    /// For destinations that the kernel can reach by itself.
    fallback: UdpSocket,
    /// The port that replies come from.
    source_port: u16,
    logger: Arc<Logger>,
}

impl Egress {
    /// Replies leave by `ports`, numbered like interfaces, and by `fallback`, from `source_port`.
    pub(super) fn new(
        ports: Vec<Port>,
        fallback: UdpSocket,
        source_port: u16,
        logger: Arc<Logger>,
    ) -> Self {
        Self {
            ports: RwLock::new(ports),
            fallback,
            source_port,
            logger,
        }
    }

    /// The sending halves of all interfaces.
    pub(super) fn ports(&self) -> Vec<Port> {
        self.read_ports().clone()
    }

    /// There is one more interface.
    pub(super) fn add(&self, port: Port) {
        self.write_ports().push(port);
    }

    /// An interface has this address from now on.
    pub(super) fn set_link(&self, interface: usize, link: [u8; 6]) {
        if let Some(port) = self.write_ports().get_mut(interface) {
            port.link = link;
        }
    }

    /// An interface has this number in the kernel from now on.
    pub(super) fn bind_again(&self, interface: usize, index: u32) -> io::Result<()> {
        match self.read_ports().get(interface) {
            Some(port) => port.socket.bind(index),
            None => Ok(()),
        }
    }

    /// Nothing is half done when a thread that holds the lock panics.
    fn read_ports(&self) -> RwLockReadGuard<'_, Vec<Port>> {
        self.ports.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_ports(&self) -> RwLockWriteGuard<'_, Vec<Port>> {
        self.ports.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends all replies, those of one interface together.
    pub(super) fn send(&self, replies: &[Reply]) {
        for (index, port) in self.read_ports().iter().enumerate() {
            let frames = replies
                .iter()
                .filter_map(|reply| self.frame(index, port, reply));
            self.send_frames(port, &frames.collect::<Vec<_>>());
        }
        let datagrams: Vec<_> = replies.iter().filter_map(datagram).collect();
        self.send_datagrams(&datagrams);
    }

    fn frame(&self, index: usize, port: &Port, reply: &Reply) -> Option<Vec<u8>> {
        let Route::Raw {
            interface: InterfaceId(interface),
            link,
            source,
            destination,
            port: destination_port,
        } = reply.route
        else {
            return None;
        };
        if usize::from(interface) != index {
            return None;
        }
        let envelope = Envelope {
            source_link: port.link,
            destination_link: link.map_or(LINK_BROADCAST, ethernet_address),
            source,
            destination,
            source_port: self.source_port,
            destination_port,
        };
        frames::build(&envelope, &reply.bytes)
    }

    fn send_frames(&self, port: &Port, frames: &[Vec<u8>]) {
        let mut rest: &[Vec<u8>] = frames;
        while !rest.is_empty() {
            let slices: Vec<&[u8]> = rest.iter().map(Vec::as_slice).take(batch::BATCH).collect();
            let sent = match port.socket.send(&slices) {
                Ok(sent) => sent.max(1),
                Err(error) => {
                    self.complain(&error);
                    1
                }
            };
            rest = rest.get(sent..).unwrap_or_default();
        }
    }

    fn send_datagrams(&self, datagrams: &[(&[u8], Option<SocketAddr>)]) {
        let mut rest = datagrams;
        while let Some((first, _)) = rest.first() {
            let sent = match batch::send(&self.fallback, rest) {
                Ok(sent) => sent.max(1),
                Err(error) => {
                    self.complain(&error);
                    self.logger.error(&words::fallback_failed(first.len()));
                    1
                }
            };
            rest = rest.get(sent..).unwrap_or_default();
        }
    }

    fn complain(&self, error: &io::Error) {
        self.logger.error(&words::send_failed(error));
        if error.kind() == io::ErrorKind::NetworkUnreachable {
            self.logger.error(words::SEND_ADVICE);
        }
    }
}

fn datagram(reply: &Reply) -> Option<(&[u8], Option<SocketAddr>)> {
    let Route::Datagram { destination, port } = reply.route else {
        return None;
    };
    let address = SocketAddrV4::new(destination, port);
    Some((&reply.bytes, Some(address.into())))
}

/// A client may claim any length for its address; what is not Ethernet's is cut or filled with zeros, as the original
/// does by copying six octets of chaddr.
fn ethernet_address(address: HardwareAddress) -> [u8; 6] {
    let mut octets = [0; 6];
    for (octet, given) in octets.iter_mut().zip(address.octets()) {
        *octet = *given;
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_address_of_another_length_is_cut_or_filled() {
        let short = HardwareAddress::new(1, &[1, 2, 3]).unwrap();
        assert_eq!(ethernet_address(short), [1, 2, 3, 0, 0, 0]);
        let long = HardwareAddress::new(1, &[1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!(ethernet_address(long), [1, 2, 3, 4, 5, 6]);
    }
}
