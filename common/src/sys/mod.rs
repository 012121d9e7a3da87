//! System calls that need `unsafe`; nothing else in the project may use it.

pub mod batch;
pub mod burst;
pub mod cached;
pub mod fork;
pub mod host_name;
pub mod icmp;
pub mod inherited;
#[cfg(target_os = "linux")]
pub mod interface_monitor;
pub mod limits;
pub mod local_time;
pub mod names;
#[cfg(target_os = "linux")]
#[path = "packet_linux.rs"]
pub mod packet;
pub mod posix_regex;
pub mod signals;
pub mod udp;
pub mod watch;
