//! Packets that the kernel, or the network card, cuts from one piece (`UDP_SEGMENT`, udp(7)).

use std::os::fd::AsFd;

use nix::sys::socket::{ControlMessage, getsockopt, sockopt};

/// True if this kernel knows how.
pub fn is_offered(socket: &impl AsFd) -> bool {
    getsockopt(socket, sockopt::UdpGsoSegment).is_ok()
}

/// What goes with a piece whose packets have `length` bytes each.
pub fn control(length: &u16) -> Option<ControlMessage<'_>> {
    Some(ControlMessage::UdpGsoSegments(length))
}
