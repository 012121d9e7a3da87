//! TFTP servers side by side: the peers, the loads they are given, what it costs them, and what is to be reached.

mod cases;
mod meter;
mod open;
mod peers;
mod report;
mod rounds;
mod targets;

pub use cases::{CASES, Case};
pub use meter::Meter;
pub use open::{Crowd, OPEN, hold_open};
pub use peers::{Arena, Contestant, PEERS, Peer};
pub use report::{Cost, Row, json, megabytes, show};
pub use rounds::Rounds;
pub use targets::{Verdict, judge, judge_crowd};

/// Why a peer was not measured.
pub const NOT_INSTALLED: &str = "is not installed";
