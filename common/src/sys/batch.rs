//! Many datagrams in one system call: received with what the kernel knows about each, or sent.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};

use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrStorage, recvmmsg, sendmmsg,
};

use super::system::arrival;

/// How many datagrams one call moves at most.
pub const BATCH: usize = 32;

/// Room for the control messages that the sockets of this module ask for.
const CONTROL_SPACE: usize = 128;

/// Buffers that are filled by one call and read afterwards.
pub struct ReceiveBatch {
    slots: Vec<Slot>,
    filled: usize,
    /// Whether some slots that were offered stayed empty.
    is_exhaustive: bool,
    /// How many are offered to the next call: headers cost time, and mostly few datagrams wait.
    offered: usize,
}

/// The fewest slots that are offered.
const LEAST_OFFERED: usize = 4;

struct Slot {
    buffer: Box<[u8]>,
    length: usize,
    facts: Facts,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Facts {
    peer: Option<SocketAddr>,
    pub(super) local: Option<LocalAddress>,
    pub(super) checksum_pending: bool,
    pub(super) tagged: bool,
}

/// A received datagram or frame with what the kernel told about it.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Its bytes; cut at the size of the buffer.
    pub bytes: &'a [u8],
    /// Who sent it; `None` on packet sockets.
    pub peer: Option<SocketAddr>,
    /// Which of our addresses it was sent to, if the socket was opened to tell.
    pub local: Option<LocalAddress>,
    /// True if the sender on this machine left the checksum to hardware that never came (packet sockets only).
    pub checksum_pending: bool,
    /// True if the kernel has taken a VLAN tag off (packet sockets only).
    pub tagged: bool,
}

/// The address and interface a datagram arrived on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalAddress {
    /// The destination address of the datagram.
    pub address: IpAddr,
    /// The address of ours to answer from: differs from `address` for broadcasts.
    pub specific: IpAddr,
    /// Kernel's number of the interface.
    pub interface: u32,
}

impl ReceiveBatch {
    /// Buffers for [`BATCH`] datagrams of up to `size` bytes.
    #[must_use]
    pub fn new(size: usize) -> Self {
        let slot = || Slot {
            buffer: vec![0; size].into_boxed_slice(),
            length: 0,
            facts: Facts::default(),
        };
        Self {
            slots: (0..BATCH).map(|_| slot()).collect(),
            filled: 0,
            is_exhaustive: false,
            offered: LEAST_OFFERED,
        }
    }

    /// Takes what waits in `socket`, up to [`BATCH`] datagrams, without blocking. Returns how many there were; more may
    /// wait, as twice as many as the last time are taken at most.
    ///
    /// # Errors
    /// Those of `recvmmsg(2)`; [`io::ErrorKind::WouldBlock`] if nothing waits.
    pub fn receive(&mut self, socket: impl AsFd) -> io::Result<usize> {
        (self.filled, self.is_exhaustive) = (0, false);
        let slots = self.slots.get_mut(..self.offered).unwrap_or_default();
        let received = receive_into(slots, socket.as_fd().as_raw_fd())?;
        self.filled = received.len();
        self.is_exhaustive = self.filled < self.offered;
        self.offered = (2 * self.filled).clamp(LEAST_OFFERED, BATCH);
        for (slot, (length, facts)) in self.slots.iter_mut().zip(received) {
            slot.length = length;
            slot.facts = facts;
        }
        Ok(self.filled)
    }

    /// Takes copies of frames that came by another way, up to [`BATCH`], cut at the size of the buffers. Returns how many
    /// there were.
    #[cfg(target_os = "freebsd")]
    pub(super) fn fill<'f>(&mut self, mut next: impl FnMut() -> Option<&'f [u8]>) -> usize {
        (self.filled, self.is_exhaustive) = (0, false);
        while let Some(slot) = self.slots.get_mut(self.filled) {
            let Some(frame) = next() else { break };
            slot.take(frame);
            self.filled += 1;
        }
        self.filled
    }

    /// True if the last call of [`Self::receive`] surely took all that waited.
    #[must_use]
    pub fn is_exhaustive(&self) -> bool {
        self.is_exhaustive
    }

    /// The datagrams of the last call of [`Self::receive`], in the order of arrival.
    pub fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.slots.iter().take(self.filled).map(Slot::datagram)
    }
}

impl Slot {
    #[cfg(target_os = "freebsd")]
    fn take(&mut self, frame: &[u8]) {
        self.length = frame.len().min(self.buffer.len());
        for (into, from) in self.buffer.iter_mut().zip(frame) {
            *into = *from;
        }
        self.facts = Facts::default();
    }

    fn datagram(&self) -> Datagram<'_> {
        Datagram {
            bytes: self.buffer.get(..self.length).unwrap_or_default(),
            peer: self.facts.peer,
            local: self.facts.local,
            checksum_pending: self.facts.checksum_pending,
            tagged: self.facts.tagged,
        }
    }
}

/// The headers are made anew for each call: nix does not reset the lengths that the kernel has written into them.
fn receive_into(slots: &mut [Slot], socket: i32) -> io::Result<Vec<(usize, Facts)>> {
    let control = Vec::with_capacity(CONTROL_SPACE);
    let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(slots.len(), Some(control));
    let mut buffers: Vec<[IoSliceMut<'_>; 1]> = slots
        .iter_mut()
        .map(|slot| [IoSliceMut::new(&mut slot.buffer)])
        .collect();
    let flags = MsgFlags::MSG_DONTWAIT;
    let results = recvmmsg(socket, &mut headers, buffers.iter_mut(), flags, None)?;
    Ok(results
        .map(|message| (message.bytes, facts(&message)))
        .collect())
}

fn facts(message: &RecvMsg<'_, '_, SockaddrStorage>) -> Facts {
    let mut facts = Facts {
        peer: message.address.as_ref().and_then(socket_address),
        ..Facts::default()
    };
    // Truncated control data, the only error here, means that we know no more than the sender.
    for control in message.cmsgs().into_iter().flatten() {
        facts.note(&control);
    }
    facts
}

impl Facts {
    fn note(&mut self, control: &ControlMessageOwned) {
        if let ControlMessageOwned::Ipv6PacketInfo(info) = control {
            let address = Ipv6Addr::from(info.ipi6_addr.s6_addr).into();
            self.local = Some(LocalAddress {
                address,
                specific: address,
                interface: info.ipi6_ifindex,
            });
        } else {
            arrival::note(self, control);
        }
    }
}

fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddr::V4((*v4).into()));
    }
    address
        .as_sockaddr_in6()
        .map(|v6| SocketAddr::V6((*v6).into()))
}

/// Sends `messages`, each to its address or, without one, to where the socket is connected or bound. Returns how many
/// left, which is fewer than given if the socket's buffer is full or a message failed; at most [`BATCH`] are tried.
///
/// # Errors
/// The failure of the first message.
pub fn send(socket: impl AsFd, messages: &[(&[u8], Option<SocketAddr>)]) -> io::Result<usize> {
    let messages = messages.get(..BATCH).unwrap_or(messages);
    let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(messages.len(), None);
    let slices: Vec<[IoSlice<'_>; 1]> = messages
        .iter()
        .map(|(bytes, _)| [IoSlice::new(bytes)])
        .collect();
    let addresses: Vec<Option<SockaddrStorage>> = messages
        .iter()
        .map(|(_, address)| address.map(SockaddrStorage::from))
        .collect();
    let socket = socket.as_fd().as_raw_fd();
    let flags = MsgFlags::MSG_DONTWAIT;
    let sent = sendmmsg(socket, &mut headers, &slices, addresses, [], flags)?;
    Ok(sent.count())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, UdpSocket};

    use super::*;
    use crate::sys::udp;

    #[test]
    fn a_batch_brings_datagrams_with_peer_and_local_address() {
        let receiver = udp::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        udp::report_local_address(&receiver).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let destination = receiver.local_addr().unwrap();
        let messages: Vec<(&[u8], _)> =
            vec![(b"one", Some(destination)), (b"two", Some(destination))];
        assert_eq!(send(&sender, &messages).unwrap(), 2);

        let mut batch = ReceiveBatch::new(512);
        assert_eq!(batch.receive(&receiver).unwrap(), 2);
        let texts: Vec<_> = batch.datagrams().map(|datagram| datagram.bytes).collect();
        assert_eq!(texts, [b"one", b"two"]);
        let first = batch.datagrams().next().unwrap();
        assert_eq!(first.peer, Some(sender.local_addr().unwrap()));
        assert_eq!(first.local.unwrap().address, Ipv4Addr::LOCALHOST);
    }

    #[test]
    fn batches_grow_until_all_that_waits_comes_at_once() {
        let receiver = udp::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let destination = receiver.local_addr().unwrap();
        let messages: Vec<(&[u8], _)> = vec![(b"x", Some(destination)); BATCH];
        for _ in 0..3 {
            assert_eq!(send(&sender, &messages).unwrap(), BATCH);
        }
        let mut batch = ReceiveBatch::new(8);
        let next = || {
            let count = batch.receive(&receiver).ok()?;
            Some((count, batch.is_exhaustive()))
        };
        let received: Vec<_> = std::iter::from_fn(next).collect();
        let (full, last) = ([4, 8, 16, BATCH, BATCH], (4, true));
        assert_eq!(received[..5], full.map(|count| (count, false)));
        assert_eq!(received[5..], [last]);
    }

    #[test]
    fn an_empty_socket_would_block() {
        let receiver = udp::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let error = ReceiveBatch::new(512).receive(&receiver).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
