//! How a transfer reaches its client: by a socket of its own that is connected to it, or by the listening socket that all
//! transfers share.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::time::Duration;

use common::sys::burst::{self, Cutting, Route};
use common::sys::watch::Watched;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use tokio::io::Interest;
use tokio::time::timeout;

use super::single_port::Conversation;
use super::transfer::Scratch;

/// An ICMP error makes a socket ready, but not readable.
const READABLE_OR_ERROR: Interest = Interest::READABLE.add(Interest::ERROR);

/// A way to a client before it is known whether there will be a transfer.
pub(super) enum Line {
    /// A connected socket.
    Own(UdpSocket),
    /// A part in the listening socket.
    Shared(Conversation),
}

/// The way to the client of a running transfer.
pub(super) struct Channel {
    kind: Kind,
    cutting: Cutting,
    /// Whether datagrams may be waiting that the reactor will not tell of: it tells of arrivals only. After a packet that
    /// the client answers, its answer is the next arrival, and a look that finds nothing is saved.
    waiting: Cell<bool>,
}

enum Kind {
    Own(Watched<UdpSocket>),
    Shared(Conversation),
}

impl Line {
    /// Sends the only packet that the client gets.
    pub(super) fn send(&self, packet: &[u8]) -> io::Result<()> {
        match self {
            Self::Own(socket) => send(socket, packet, None),
            Self::Shared(part) => send(part.socket(), packet, Some(part.route())),
        }
    }
}

impl Channel {
    /// Has the reactor watch the line.
    pub(super) fn open(line: Line, cutting: Cutting) -> io::Result<Self> {
        let kind = match line {
            Line::Own(socket) => Kind::Own(Watched::with_errors(socket)?),
            Line::Shared(conversation) => Kind::Shared(conversation),
        };
        Ok(Self {
            kind,
            cutting,
            waiting: Cell::new(false),
        })
    }

    /// Sends a packet whose answer may be there already.
    pub(super) fn send_again(&self, packet: &[u8]) -> io::Result<()> {
        let (socket, route) = self.kind.way();
        send(socket, packet, route)
    }

    /// Sends a packet that the client will answer.
    pub(super) fn send(&self, packet: &[u8]) -> io::Result<()> {
        self.waiting.set(false);
        self.send_again(packet)
    }

    /// Sends the packets that stand in `packets`, each of `length` bytes but the last. Returns how many the socket has
    /// no room for.
    pub(super) fn send_blocks(&mut self, packets: &[u8], length: usize) -> io::Result<usize> {
        if packets.len() <= length {
            return self.send(packets).map(|()| 0);
        }
        let (socket, route) = self.kind.way();
        match burst::send_packets(socket, packets, length, &mut self.cutting, route) {
            Err(error) => tolerate_loss(error).map(|()| 0),
            sent => sent,
        }
    }

    /// Waits until the socket has room again, but no longer than `patience`: after that the packets are lost.
    pub(super) async fn wait_for_room(&self, patience: Duration) -> io::Result<()> {
        let socket = Watched::for_sending(self.kind.way().0.try_clone()?)?;
        match timeout(patience, socket.writable()).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }

    /// Waits for a datagram, or for the news that the client's port is closed. Returns the datagram's length.
    pub(super) async fn receive(&self, scratch: &RefCell<Scratch>) -> io::Result<usize> {
        let socket = match &self.kind {
            Kind::Own(socket) => socket,
            Kind::Shared(conversation) => return Ok(conversation.receive(scratch).await),
        };
        loop {
            if let Some(received) = self.take(scratch) {
                return received;
            }
            socket.ready(READABLE_OR_ERROR).await?.clear_ready();
            self.waiting.set(true);
        }
    }

    /// A datagram that the reactor has not told of.
    pub(super) fn look_again(&self, scratch: &RefCell<Scratch>) -> Option<io::Result<usize>> {
        self.waiting.set(true);
        self.take(scratch)
    }

    fn take(&self, scratch: &RefCell<Scratch>) -> Option<io::Result<usize>> {
        let Kind::Own(socket) = &self.kind else {
            return None;
        };
        if !self.waiting.get() {
            return None;
        }
        match receive_now(socket.get_ref(), &mut scratch.borrow_mut().received) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.waiting.set(false);
                None
            }
            received => Some(received),
        }
    }

    /// The part in the shared socket, if it is one.
    pub(super) fn conversation(&self) -> Option<&Conversation> {
        match &self.kind {
            Kind::Own(_) => None,
            Kind::Shared(conversation) => Some(conversation),
        }
    }
}

impl Kind {
    fn way(&self) -> (&UdpSocket, Option<&Route>) {
        match self {
            Self::Own(socket) => (socket.get_ref(), None),
            Self::Shared(part) => (part.socket(), Some(part.route())),
        }
    }
}

/// Takes a datagram if there is one.
fn receive_now(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(recv(socket.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)?)
}

fn send(socket: &UdpSocket, packet: &[u8], route: Option<&Route>) -> io::Result<()> {
    burst::send_packet(socket, packet, route).or_else(tolerate_loss)
}

/// A packet that finds the socket's or the interface's queue full is lost like any other: the schedule repeats it.
fn tolerate_loss(error: io::Error) -> io::Result<()> {
    match Errno::from_raw(error.raw_os_error().unwrap_or_default()) {
        Errno::EAGAIN | Errno::ENOBUFS => Ok(()),
        _ => Err(error),
    }
}
