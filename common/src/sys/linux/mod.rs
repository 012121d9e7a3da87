//! What Linux does in its own way.

pub mod interface_monitor;
pub mod packet;
