//! The DHCPv4 server as a pure machine: packet, facts and time in, an [`Outbox`] out.

mod outbox;

pub use outbox::{Arrival, InterfaceId, Outbox, PingRequest, Reply, Route};
