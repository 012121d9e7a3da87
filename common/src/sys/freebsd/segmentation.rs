//! Packets that the kernel cuts from one piece: FreeBSD has no such thing.

use std::os::fd::AsFd;

use nix::sys::socket::ControlMessage;

/// Never.
pub fn is_offered(_socket: &impl AsFd) -> bool {
    false
}

/// Nothing tells the kernel to cut.
pub fn control(_length: &u16) -> Option<ControlMessage<'_>> {
    None
}
