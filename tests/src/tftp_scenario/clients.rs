//! The clients of a scenario, and the ports that the server has answered them from.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt,
    sockopt::ReceiveTimestampns,
};

use crate::failure::{Context, Failure, Result};
use crate::lab::Namespace;

/// No datagram is longer.
const LONGEST: usize = 65_536;

/// A machine that sends datagrams.
pub(super) struct Client {
    pub(super) name: String,
    pub(super) address: IpAddr,
    socket: Option<UdpSocket>,
    /// The port that answered last.
    pub(super) peer: Option<SocketAddr>,
    buffer: Vec<u8>,
}

/// A datagram that has come.
pub(super) struct Arrival {
    pub(super) packet: Vec<u8>,
    pub(super) from: SocketAddr,
    /// When, since the epoch, by the kernel's clock.
    pub(super) at: Duration,
}

impl Client {
    pub(super) fn new(name: &str, address: IpAddr) -> Self {
        Self {
            name: name.to_owned(),
            address,
            socket: None,
            peer: None,
            buffer: vec![0; LONGEST],
        }
    }

    pub(super) fn close(&mut self) {
        self.socket = None;
    }

    /// Sends from a port that stays the same until [`Client::close`].
    pub(super) fn send(&mut self, home: &Namespace, packet: &[u8], to: SocketAddr) -> Result<()> {
        let sent = self.socket(home)?.send_to(packet, to);
        sent.context(format!("cannot send to {to}")).map(drop)
    }

    /// What has come; `None` if nothing has.
    pub(super) fn receive(&mut self) -> Result<Option<Arrival>> {
        let Some(socket) = &self.socket else {
            return Ok(None);
        };
        match take(socket, &mut self.buffer) {
            Ok(arrival) => {
                self.peer = Some(arrival.from);
                Ok(Some(arrival))
            }
            Err(nix::errno::Errno::EAGAIN) => Ok(None),
            Err(error) => Err(Failure::new(format!("cannot receive: {error}"))),
        }
    }

    /// Waits for a datagram for at most this long.
    pub(super) fn await_datagram(&mut self, patience: Duration) -> Result<Option<Arrival>> {
        if let Some(socket) = &self.socket {
            use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
            use std::os::fd::AsFd;
            let mut ready = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
            let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
            poll(&mut ready, patience).context("cannot wait for a datagram")?;
        }
        self.receive()
    }

    fn socket(&mut self, home: &Namespace) -> Result<&UdpSocket> {
        if self.socket.is_none() {
            let address = SocketAddr::new(self.address, 0);
            let socket = home.enter(|| open(address))?;
            self.socket = Some(socket.context(format!("cannot bind {address}"))?);
        }
        self.socket
            .as_ref()
            .ok_or_else(|| Failure::new("no socket"))
    }
}

fn open(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    socket.set_nonblocking(true)?;
    socket.set_broadcast(true)?;
    setsockopt(&socket, ReceiveTimestampns, &true)?;
    Ok(socket)
}

fn take(socket: &UdpSocket, buffer: &mut [u8]) -> nix::Result<Arrival> {
    let mut control = nix::cmsg_space!(nix::sys::time::TimeSpec);
    let mut parts = [std::io::IoSliceMut::new(buffer)];
    let received = recvmsg::<SockaddrStorage>(
        socket.as_raw_fd(),
        &mut parts,
        Some(&mut control),
        MsgFlags::empty(),
    )?;
    let from = received.address.and_then(|address| internet(&address));
    let at = received.cmsgs()?.find_map(|message| match message {
        ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
        _ => None,
    });
    let length = received.bytes;
    Ok(Arrival {
        packet: buffer.get(..length).unwrap_or_default().to_vec(),
        from: from.ok_or(nix::errno::Errno::EAFNOSUPPORT)?,
        at: at.unwrap_or_default(),
    })
}

fn internet(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address.as_sockaddr_in();
    let v6 = address.as_sockaddr_in6();
    v4.map(|v4| SocketAddr::V4((*v4).into()))
        .or(v6.map(|v6| SocketAddr::V6((*v6).into())))
}

/// The server's ports in the order in which they first answered.
#[derive(Default)]
pub(super) struct Ports(Vec<Port>);

struct Port {
    address: SocketAddr,
    is_open: bool,
}

impl Ports {
    /// The number of a port, counted from 1.
    pub(super) fn number(&mut self, address: SocketAddr) -> usize {
        let known = self.0.iter().position(|port| port.address == address);
        let index = known.unwrap_or_else(|| {
            self.0.push(Port {
                address,
                is_open: true,
            });
            self.0.len() - 1
        });
        index + 1
    }

    pub(super) fn address(&self, number: usize) -> Option<SocketAddr> {
        Some(self.0.get(number.checked_sub(1)?)?.address)
    }

    /// The ports that are not among the open ones any more; each is named once.
    pub(super) fn take_closed(&mut self, open: &[u16]) -> Vec<SocketAddr> {
        let mut closed = Vec::new();
        for port in &mut self.0 {
            if port.is_open && !open.contains(&port.address.port()) {
                port.is_open = false;
                closed.push(port.address);
            }
        }
        closed
    }
}
