//! Echo requests to addresses that are about to be offered, and the answers.

use std::future;
use std::io;
use std::net::Ipv4Addr;
use std::process;

use common::net::icmp::{self, EchoId};
use common::sys::icmp::IcmpSocket;
use common::sys::watch::Watched;
use tokio::io::Interest;

/// An echo request of the original carries this much.
const PAYLOAD: [u8; 56] = [0; 56];

/// The longest packet that an answer to us can be, with room for IP options.
const LONGEST_ANSWER: usize = 256;

/// Sends echo requests and waits for their answers. Without a socket it does neither, and every address counts as
/// silent.
pub(super) struct Pinger {
    socket: Option<Watched<IcmpSocket>>,
    identifier: u16,
    sequence: u16,
}

impl Pinger {
    /// Registers the socket with the event loop of the running runtime.
    pub(super) fn new(socket: Option<IcmpSocket>) -> io::Result<Self> {
        let [.., high, low] = process::id().to_be_bytes();
        Ok(Self {
            socket: socket.map(Watched::new).transpose()?,
            identifier: u16::from_be_bytes([high, low]),
            sequence: 0,
        })
    }

    /// Asks `address` for a sign of life.
    pub(super) fn ask(&mut self, address: Ipv4Addr) -> io::Result<()> {
        let Some(socket) = &self.socket else {
            return Ok(());
        };
        self.sequence = self.sequence.wrapping_add(1);
        let id = EchoId {
            identifier: self.identifier,
            sequence: self.sequence,
        };
        let request = icmp::build_echo_request(id, &PAYLOAD);
        socket.get_ref().send(&request, address)
    }

    /// Waits for the next address that answers us.
    pub(super) async fn next_answer(&self) -> Ipv4Addr {
        let Some(socket) = &self.socket else {
            return future::pending().await;
        };
        loop {
            let received = socket.async_io(Interest::READABLE, |socket| self.take(socket));
            // An error here is an ICMP complaint about a request of ours: no answer, then.
            if let Ok(Some(address)) = received.await {
                return address;
            }
        }
    }

    /// The sender of the next packet, if it is an answer to us.
    fn take(&self, socket: &IcmpSocket) -> io::Result<Option<Ipv4Addr>> {
        let mut buffer = [0; LONGEST_ANSWER];
        let length = socket.receive(&mut buffer)?;
        let reply = icmp::parse_echo_reply(buffer.get(..length).unwrap_or_default());
        let ours = reply.filter(|reply| reply.id.identifier == self.identifier);
        Ok(ours.map(|reply| reply.source))
    }
}
