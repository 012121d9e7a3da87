//! What Linux does in its own way.

pub mod absent_address;
pub mod arrival;
pub mod cached;
pub mod file_lock;
pub mod filesystem;
pub mod fragments;
pub mod memory;
pub mod packet;
pub mod routing_socket;
pub mod sandbox;
pub mod segmentation;
pub mod timer;
