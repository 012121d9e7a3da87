//! Addresses, interfaces and frames.

pub mod checksum;
pub mod frames;
mod hardware;
pub mod icmp;
pub mod interfaces;

pub use hardware::{ETHERNET, HardwareAddress};
