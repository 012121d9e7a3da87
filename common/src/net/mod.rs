//! Addresses, interfaces and frames.

pub mod checksum;
mod dotted;
pub mod frames;
mod hardware;
pub mod icmp;
pub mod interfaces;

pub use dotted::Dotted;
pub use hardware::{ETHERNET, HardwareAddress};
