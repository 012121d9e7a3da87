//! Scenarios: what is sent to a DHCP server and what must come of it, as text that people can read.
//!
//! ```text
//! # What the scenario is about.
//! config
//!   subnet 10.9.0.0 netmask 255.255.255.0 { range 10.9.0.10 10.9.0.20; }
//! end
//!
//! > discover mac=02:00:00:00:00:01 55=010306
//! < raw 10.9.0.1:67 -> 10.9.0.10:68 at 02:00:00:00:00:01, 300 octets
//!   offer mac=02:00:00:00:00:01 yiaddr=10.9.0.10 | 53=2 54=10.9.0.1 51=43200 1=255.255.255.0
//! . DHCPDISCOVER from 02:00:00:00:00:01 via srv0
//! . DHCPOFFER on 10.9.0.10 to 02:00:00:00:00:01 via srv0
//! ```
//!
//! A line `>` is a step; the lines `<` (a reply), `.` (a log line), `|` (lease file) and `=` (how the server ended) after it are all that must
//! follow, and all of it must. They show every octet of a reply, so equal text means equal octets. The expected lines are recorded from the
//! original (`RECORD=1` rewrites them) and then read by a person; ours is held against the same text.

mod links;
mod live;
mod mask;
mod parse;
mod render;
mod report;
mod request;
mod virtual_time;

pub use links::Links;
pub use live::{Stage, run};
pub use mask::lease_records;
pub use parse::{Scenario, Step, read};
pub use render::render_reply;
pub use request::{Network, Request};
pub use virtual_time::{run_at, run_in_virtual_time};
