//! How a transfer reaches its client: a socket that is connected to it.

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::time::Duration;

use common::sys::burst::{self, Cutting};
use common::sys::watch::Watched;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;

/// An ICMP error makes a socket ready, but not readable.
const READABLE_OR_ERROR: Interest = Interest::READABLE.add(Interest::ERROR);

/// The way to the client of a running transfer.
pub(super) struct Channel {
    socket: Watched<UdpSocket>,
    cutting: Cutting,
}

impl Channel {
    /// Has the reactor watch a connected socket.
    pub(super) fn open(socket: UdpSocket, cutting: Cutting) -> io::Result<Self> {
        Ok(Self {
            socket: Watched::with_errors(socket)?,
            cutting,
        })
    }

    /// Sends one packet.
    pub(super) fn send(&self, packet: &[u8]) -> io::Result<()> {
        send(self.socket.get_ref(), packet)
    }

    /// Sends the packets that stand in `packets`, each of `length` bytes but the last. Returns how many the socket has
    /// no room for.
    pub(super) fn send_blocks(&mut self, packets: &[u8], length: usize) -> io::Result<usize> {
        let socket = self.socket.get_ref();
        match burst::send_packets(socket, packets, length, &mut self.cutting, None) {
            Err(error) => tolerate_loss(error).map(|()| 0),
            sent => sent,
        }
    }

    /// Waits until the socket has room again, but no longer than `patience`: after that the packets are lost.
    pub(super) async fn wait_for_room(&self, patience: Duration) -> io::Result<()> {
        let socket = Watched::for_sending(self.socket.get_ref().try_clone()?)?;
        match timeout(patience, socket.writable()).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }

    /// Waits for a datagram and has `read` take it: the same call brings the news that the client's port is closed.
    pub(super) async fn receive<T>(
        &self,
        mut read: impl FnMut(&UdpSocket) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            let mut ready = self.socket.ready(READABLE_OR_ERROR).await?;
            let attempt = |socket: &AsyncFd<UdpSocket>| read(socket.get_ref());
            if let Ok(received) = ready.try_io(attempt) {
                return received;
            }
        }
    }
}

/// Takes a datagram if there is one.
pub(super) fn receive_now(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(recv(socket.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)?)
}

/// Sends a packet from a connected socket.
pub(super) fn send(socket: &UdpSocket, packet: &[u8]) -> io::Result<()> {
    burst::send_packet(socket, packet, None).or_else(tolerate_loss)
}

/// A packet that finds the socket's or the interface's queue full is lost like any other: the schedule repeats it.
fn tolerate_loss(error: io::Error) -> io::Result<()> {
    match Errno::from_raw(error.raw_os_error().unwrap_or_default()) {
        Errno::EAGAIN | Errno::ENOBUFS => Ok(()),
        _ => Err(error),
    }
}
