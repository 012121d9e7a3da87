//! rdhcpd: a DHCPv4 and BOOTP server that is a drop-in for ISC dhcpd.
//!
//! The core (`config options eval wire lease engine4`) takes packets, facts and time and returns data; `io` is the only
//! folder that touches the world.
#![forbid(unsafe_code)]

pub mod cli;
pub mod config;
pub mod engine4;
pub mod eval;
pub mod io;
pub mod lease;
#[cfg(test)]
mod manual;
pub mod options;
pub mod wire;
pub mod words;
