//! What goes into the engine with a packet, and what comes out.

use std::net::Ipv4Addr;

use common::log::{Level, Line};
use common::net::HardwareAddress;

use crate::eval::Context;

/// An interface that the server listens on: its index in the list given to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InterfaceId(pub u16);

/// How a packet came.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// The interface it came in on.
    pub interface: InterfaceId,
    /// Source address of the IP header.
    pub peer: Ipv4Addr,
}

/// What shall happen because of one packet or one tick. Cleared and used again by the caller.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Text to append to the lease file, in ISC's format.
    pub journal: Vec<u8>,
    /// Replies to send.
    pub replies: Vec<Reply>,
    /// ICMP echo requests to send.
    pub pings: Vec<PingRequest>,
    /// Lines to log, in order.
    pub lines: Vec<Line>,
    /// Programs to run, in order: each with its arguments.
    pub commands: Vec<Vec<Vec<u8>>>,
    /// Leased addresses whose hosts' names are wanted: see [`super::Engine::name_host`].
    pub lookups: Vec<Ipv4Addr>,
    /// True if a statement ends the server.
    pub ended: bool,
}

impl Outbox {
    /// Empties it, keeping its memory.
    pub fn clear(&mut self) {
        self.journal.clear();
        self.replies.clear();
        self.pings.clear();
        self.lines.clear();
        self.commands.clear();
        self.lookups.clear();
        self.ended = false;
    }

    /// Takes what statements logged and what they want to happen.
    pub(super) fn collect(&mut self, context: &Context<'_>) {
        self.lines.extend(context.take_lines());
        let commands = context.take_commands().into_iter();
        self.commands
            .extend(commands.map(|command| command.arguments));
        self.ended |= context.has_ended();
    }

    pub(super) fn info(&mut self, text: impl Into<String>) {
        self.log(Level::Info, text.into());
    }

    pub(super) fn error(&mut self, text: impl Into<String>) {
        self.log(Level::Error, text.into());
    }

    pub(super) fn debug(&mut self, text: impl Into<String>) {
        self.log(Level::Debug, text.into());
    }

    fn log(&mut self, level: Level, text: String) {
        self.lines.push(Line { level, text });
    }
}

/// A reply, ready to send.
#[derive(Debug)]
pub struct Reply {
    /// The BOOTP message: the UDP payload.
    pub bytes: Vec<u8>,
    /// How to send it.
    pub route: Route,
    /// True if it may leave only after the journal is on disk.
    pub needs_durable: bool,
}

/// How a reply travels (reference isc-dhcpd-behaviour.md, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// A frame built by hand: the client cannot answer ARP yet.
    Raw {
        /// The interface to send on.
        interface: InterfaceId,
        /// Destination on the link; `None` is the broadcast address.
        link: Option<HardwareAddress>,
        /// Source address of the IP header.
        source: Ipv4Addr,
        /// Destination address of the IP header.
        destination: Ipv4Addr,
        /// Destination port.
        port: u16,
    },
    /// An ordinary datagram, routed by the kernel.
    Datagram {
        /// Destination address.
        destination: Ipv4Addr,
        /// Destination port.
        port: u16,
    },
}

/// An ICMP echo request to send before an address is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PingRequest {
    /// The address in question.
    pub address: Ipv4Addr,
}
