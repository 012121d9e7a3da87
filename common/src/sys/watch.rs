//! Descriptors that the event loop watches.
#![expect(
    unsafe_code,
    reason = "tokio cannot see that a descriptor stays what it is"
)]

use std::io;
use std::net::UdpSocket;
use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::icmp::IcmpSocket;
use super::interface_monitor::InterfaceMonitor;
use super::packet::PacketSocket;
#[cfg(target_os = "linux")]
use super::system::timer::Descriptor;

/// A socket, or a timer, that owns one descriptor for as long as it lives.
pub trait Steady: AsRawFd + sealed::Sealed {}

impl Steady for Arc<PacketSocket> {}
impl Steady for IcmpSocket {}
impl Steady for InterfaceMonitor {}
impl Steady for UdpSocket {}
#[cfg(target_os = "linux")]
impl Steady for Descriptor {}

/// A socket whose readiness for reading the event loop reports. Gives it out by shared reference only, so that nobody
/// can put another descriptor in its place.
#[derive(Debug)]
pub struct Watched<T: Steady>(AsyncFd<T>);

impl<T: Steady> Watched<T> {
    /// Registers `socket` with the event loop of the running runtime.
    ///
    /// # Errors
    /// The event loop takes no more descriptors.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn new(socket: T) -> io::Result<Self> {
        Self::register(socket, Interest::READABLE)
    }

    /// Like [`Self::new`], for a socket whose errors are of interest too. Room for sending is not reported: each packet
    /// that the other side takes would wake the process for nothing.
    ///
    /// # Errors
    /// The event loop takes no more descriptors.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn with_errors(socket: T) -> io::Result<Self> {
        Self::register(socket, Interest::READABLE | Interest::ERROR)
    }

    /// Like [`Self::new`], for a socket whose room for sending is of interest, and nothing else.
    ///
    /// # Errors
    /// The event loop takes no more descriptors.
    ///
    /// # Panics
    /// Outside of a runtime.
    pub fn for_sending(socket: T) -> io::Result<Self> {
        Self::register(socket, Interest::WRITABLE)
    }

    fn register(socket: T, interest: Interest) -> io::Result<Self> {
        // SAFETY: a steady socket is open, names the same descriptor until it is dropped, and is dropped with the
        // registration because this type never gives it away.
        let registered = unsafe { AsyncFd::register_with_interest(socket, interest) };
        Ok(Self(registered?))
    }
}

impl<T: Steady> Deref for Watched<T> {
    type Target = AsyncFd<T>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

mod sealed {
    #[cfg(target_os = "linux")]
    use super::Descriptor;
    use super::{Arc, IcmpSocket, InterfaceMonitor, PacketSocket, UdpSocket};

    pub trait Sealed {}
    impl Sealed for Arc<PacketSocket> {}
    impl Sealed for IcmpSocket {}
    impl Sealed for InterfaceMonitor {}
    impl Sealed for UdpSocket {}
    #[cfg(target_os = "linux")]
    impl Sealed for Descriptor {}
}
