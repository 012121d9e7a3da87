//! Addresses, interfaces and frames.

mod hardware;

pub use hardware::{ETHERNET, HardwareAddress};
