//! The DHCPv4 server as a pure machine: packet, facts and time in, an [`Outbox`] out.

mod interfaces;
mod outbox;

pub use interfaces::{Listener, Plan, Step, plan_interfaces};
pub use outbox::{Arrival, InterfaceId, Outbox, PingRequest, Reply, Route};
