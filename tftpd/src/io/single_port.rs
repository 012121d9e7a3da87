//! `--single-port`: all transfers go through the listening socket, so that one port is all that a firewall, a container
//! or an address translator has to pass. A client is known by its address and port.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::net::{SocketAddr, UdpSocket};
use std::rc::Rc;

use common::sys::batch::Datagram;
use common::sys::burst::Route;
use tokio::sync::Notify;

use super::listener::Listener;
use super::transfer::Scratch;
use crate::wire::{MAX_PACKET, is_request};

/// What may wait for one transfer: the largest datagram, or an average window. What is more is lost, as it is when the
/// buffer of a socket is full.
const MOST_WAITING: usize = 2 * MAX_PACKET;
/// Room that a transfer keeps while nothing waits: strangers could fill the memory with long datagrams to thousands of them.
const KEPT: usize = 2048;
/// How many datagrams may wait for one transfer.
const MOST_DATAGRAMS: usize = 128;

/// Which clients have a transfer, and what waits for it.
#[derive(Default)]
pub(super) struct Switchboard {
    inboxes: RefCell<HashMap<SocketAddr, Rc<Inbox>>>,
    marks: RandomState,
}

/// Datagrams that came for a transfer.
#[derive(Default)]
struct Inbox {
    waiting: RefCell<Waiting>,
    arrived: Notify,
}

#[derive(Default)]
struct Waiting {
    lengths: VecDeque<usize>,
    bytes: VecDeque<u8>,
}

/// A transfer's part in the listening socket. Its client is known for as long as it lives.
pub(super) struct Conversation {
    listener: Rc<Listener>,
    route: Route,
    inbox: Rc<Inbox>,
    switchboard: Rc<Switchboard>,
    /// What the request looks like that the transfer comes from.
    request: u64,
    /// What the client has sent since.
    heard: Cell<Heard>,
}

/// What tells a request that the network brings twice, or that its client repeats until it is answered, from one of a client that
/// begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// Nothing, or its request again: the answer is on its way.
    Nothing,
    /// Packets of the transfer.
    Transfer,
    /// Its request again, after such packets.
    Request,
}

/// What a datagram means to the transfer that its sender has.
pub(super) enum Meaning {
    /// It belongs to the transfer.
    Packet,
    /// The request that the transfer comes from, once more.
    Repetition,
    /// The client wants another transfer instead.
    Request(NextRequest),
}

/// A request that came while its client's transfer was running.
pub(super) struct NextRequest {
    listener: Rc<Listener>,
    route: Route,
    bytes: Vec<u8>,
}

impl Switchboard {
    /// Gives the datagram to the transfer that its sender has. False if there is none.
    pub(super) fn deliver(&self, datagram: &Datagram<'_>) -> bool {
        let inboxes = self.inboxes.borrow();
        let inbox = datagram.peer.and_then(|peer| inboxes.get(&peer));
        if let Some(inbox) = inbox {
            inbox.waiting.borrow_mut().push(datagram.bytes);
            inbox.arrived.notify_one();
        }
        inbox.is_some()
    }

    /// Enters a client.
    pub(super) fn open(
        self: &Rc<Self>,
        listener: &Rc<Listener>,
        peer: SocketAddr,
        datagram: &Datagram<'_>,
    ) -> Conversation {
        let local = datagram.local;
        let inbox = Rc::<Inbox>::default();
        self.inboxes.borrow_mut().insert(peer, Rc::clone(&inbox));
        Conversation {
            listener: Rc::clone(listener),
            route: Route {
                peer,
                local: local.filter(|local| !local.specific.is_multicast()),
            },
            inbox,
            switchboard: Rc::clone(self),
            request: self.marks.hash_one(datagram.bytes),
            heard: Cell::new(Heard::Nothing),
        }
    }
}

impl Conversation {
    /// The shared socket.
    pub(super) fn socket(&self) -> &UdpSocket {
        self.listener.socket.get_ref()
    }

    /// The client, and the address that it knows us by.
    pub(super) fn route(&self) -> &Route {
        &self.route
    }

    /// Waits for a datagram. Returns its length.
    pub(super) async fn receive(&self, scratch: &RefCell<Scratch>) -> usize {
        loop {
            let taken = self.take(&mut scratch.borrow_mut().received);
            if let Some(length) = taken {
                return length;
            }
            self.inbox.arrived.notified().await;
        }
    }

    fn take(&self, buffer: &mut [u8]) -> Option<usize> {
        self.inbox.waiting.borrow_mut().pop(buffer)
    }

    /// What a datagram of the client means. A client that was started anew has forgotten its transfer, and repeats the request
    /// with nothing in between; a request that the network has held back or doubled is followed by other packets.
    pub(super) fn judge(&self, datagram: &[u8]) -> Meaning {
        if !is_request(datagram) {
            self.heard.set(Heard::Transfer);
            return Meaning::Packet;
        }
        let is_repeated = self.switchboard.marks.hash_one(datagram) == self.request;
        match self.heard.get() {
            Heard::Nothing if is_repeated => Meaning::Repetition,
            Heard::Transfer if is_repeated => {
                self.heard.set(Heard::Request);
                Meaning::Repetition
            }
            _ => Meaning::Request(self.replace(datagram)),
        }
    }

    /// The transfer gives way to a request of its client.
    fn replace(&self, request: &[u8]) -> NextRequest {
        NextRequest {
            listener: Rc::clone(&self.listener),
            route: self.route,
            bytes: request.to_vec(),
        }
    }

    /// The transfer is over: what the client asked for meanwhile.
    pub(super) fn next_request(&self, buffer: &mut [u8]) -> Option<NextRequest> {
        loop {
            let length = self.take(buffer)?;
            if let Meaning::Request(request) = self.judge(buffer.get(..length)?) {
                return Some(request);
            }
        }
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.switchboard
            .inboxes
            .borrow_mut()
            .remove(&self.route.peer);
    }
}

impl NextRequest {
    /// The socket that it came to.
    pub(super) fn listener(&self) -> &Rc<Listener> {
        &self.listener
    }

    /// The request as it came.
    pub(super) fn datagram(&self) -> Datagram<'_> {
        Datagram {
            bytes: &self.bytes,
            peer: Some(self.route.peer),
            local: self.route.local,
            checksum_pending: false,
            tagged: false,
        }
    }
}

impl Waiting {
    fn push(&mut self, datagram: &[u8]) {
        let fits = self.bytes.len() + datagram.len() <= MOST_WAITING;
        if fits && self.lengths.len() < MOST_DATAGRAMS {
            self.lengths.push_back(datagram.len());
            self.bytes.extend(datagram);
        }
    }

    /// The length of the first datagram, which is in `buffer` then.
    fn pop(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let length = self.lengths.pop_front()?;
        let (front, back) = self.bytes.as_slices();
        let stored = front.iter().chain(back).take(length);
        for (to, from) in buffer.iter_mut().zip(stored) {
            *to = *from;
        }
        self.bytes.drain(..length);
        if self.bytes.is_empty() {
            self.bytes.shrink_to(KEPT);
        }
        Some(length.min(buffer.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_come_out_as_they_went_in_and_are_bounded() {
        let mut waiting = Waiting::default();
        let mut buffer = [0; 4];
        for round in 0..100_u8 {
            waiting.push(&[round, 1, 2]);
            waiting.push(b"");
            assert_eq!(waiting.pop(&mut buffer), Some(3));
            assert_eq!(buffer[..3], [round, 1, 2]);
            assert_eq!(waiting.pop(&mut buffer), Some(0));
        }
        assert_eq!(waiting.pop(&mut buffer), None);
        (0..1000).for_each(|_| waiting.push(b"x"));
        assert_eq!(waiting.lengths.len(), MOST_DATAGRAMS);
        let mut waiting = Waiting::default();
        (0..10).for_each(|_| waiting.push(&[0; MAX_PACKET]));
        assert_eq!(waiting.bytes.len(), MOST_WAITING);
        while waiting.pop(&mut buffer).is_some() {}
        assert!(waiting.bytes.capacity() < 2 * KEPT);
    }
}
