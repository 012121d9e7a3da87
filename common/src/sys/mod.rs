//! System calls that need `unsafe`; nothing else in the project may use it. What systems do in different ways has a folder
//! for each of them, with the same names inside.

pub mod batch;
#[cfg(any(target_os = "freebsd", test))]
mod bpf_records;
pub mod burst;
pub mod file_lock;
pub mod fork;
pub mod icmp;
pub mod inherited;
pub mod interface_monitor;
pub mod limits;
pub mod local_time;
pub mod names;
pub mod posix_regex;
pub mod sandbox;
pub mod signals;
pub mod timer;
pub mod udp;
mod udp_filter;
pub mod watch;

#[cfg_attr(target_os = "linux", path = "linux/mod.rs")]
#[cfg_attr(target_os = "freebsd", path = "freebsd/mod.rs")]
mod system;

pub use system::{cached, filesystem, memory, packet};
