//! The DHCPv4 server as a pure machine: packet, facts and time in, an [`Outbox`] out.

mod allocate;
mod answer;
mod billing;
mod bootp;
mod discover;
mod engine;
mod exchange;
mod fill;
mod find;
mod giveback;
mod grant;
mod handlers;
mod hosts;
mod inform;
mod interfaces;
mod locate;
mod nak;
mod outbox;
mod ping;
mod query;
mod renew;
mod request;
mod route;
mod scopes;
mod setup;
mod times;
mod words;

pub use engine::Engine;
pub use handlers::{Blocks, end_leases};
pub use interfaces::{Listener, Plan, Step, plan_interfaces};
pub use outbox::{Arrival, InterfaceId, Outbox, PingRequest, Reply, Route};
pub use setup::Setup;

#[cfg(test)]
mod tests;
