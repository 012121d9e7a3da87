//! System calls that need `unsafe`; nothing else in the project may use it. What systems do in different ways has a folder
//! for each of them, with the same names inside.

pub mod batch;
pub mod burst;
pub mod cached;
pub mod fork;
pub mod host_name;
pub mod icmp;
pub mod inherited;
pub mod limits;
pub mod local_time;
pub mod names;
pub mod posix_regex;
pub mod signals;
pub mod udp;
pub mod watch;

#[cfg_attr(target_os = "linux", path = "linux/mod.rs")]
mod system;

pub use system::{interface_monitor, packet};
