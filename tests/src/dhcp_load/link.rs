//! Where a load's messages leave and replies come in, many at a time, each with the moment of its arrival.

use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::net::interfaces;
use common::sys::batch::{self, BATCH};
use common::sys::packet::PacketSocket;
use common::sys::udp;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::signal::SigSet;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, RecvMsg, SockaddrStorage, recvmmsg, setsockopt,
    sockopt,
};
use nix::sys::time::TimeSpec;

use super::Origin;
use crate::client::{Datagram, EVERYBODY, Message};
use crate::failure::{Context, Failure, Result};

const SERVER_PORT: u16 = 67;
const CLIENT_PORT: u16 = 68;
/// Ethernet, IP and UDP headers before a message in a frame.
const HEADERS: usize = 14 + 20 + 8;
/// Replies that may wait while messages are made.
const RECEIVE_BUFFER: usize = 8 << 20;
const LARGEST_REPLY: usize = 1500;
/// For the time stamp, and what a packet socket tells besides.
const CONTROL_SPACE: usize = 128;

/// A socket for all clients.
pub(super) enum Link {
    /// That of a relay agent, connected to the server.
    Relay(UdpSocket),
    /// An interface.
    Frames(PacketSocket),
}

/// The clock that the kernel stamps replies with.
pub(super) fn now() -> Duration {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    since_epoch.unwrap_or_default()
}

impl Link {
    pub(super) fn open(origin: &Origin, server: Ipv4Addr) -> Result<Self> {
        let link = match origin {
            Origin::Relay(address) => {
                let socket = udp::bind(SocketAddr::from((*address, SERVER_PORT)));
                let socket = socket.context("cannot be a relay agent")?;
                let connected = socket.connect((server, SERVER_PORT));
                connected.context("cannot reach the server")?;
                setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER)
                    .context("cannot get room for replies")?;
                Self::Relay(socket)
            }
            Origin::Link(name) => Self::Frames(open_frames(name)?),
        };
        setsockopt(&link, sockopt::ReceiveTimestampns, &true)
            .context("cannot have replies stamped")?;
        Ok(link)
    }

    /// Sends up to [`BATCH`] messages. What a full queue does not take is lost, as on any link.
    pub(super) fn send<'m>(&self, messages: impl Iterator<Item = &'m Message>) {
        let _ = match self {
            Self::Relay(socket) => {
                let messages = messages.map(|message| (&*message.0, None));
                batch::send(socket, &messages.collect::<Vec<_>>())
            }
            Self::Frames(socket) => {
                let frames: Vec<_> = messages.map(frame).collect();
                socket.send(&frames.iter().map(Vec::as_slice).collect::<Vec<_>>())
            }
        };
    }

    /// Waits for replies.
    pub(super) fn wait(&self, patience: Duration) -> Result<()> {
        let mut waiting = [PollFd::new(self.as_fd(), PollFlags::POLLIN)];
        let patience = TimeSpec::from_duration(patience);
        match ppoll(&mut waiting, Some(patience), Some(SigSet::empty())) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error).context("cannot wait for replies"),
        }
    }

    /// Takes replies that are there, with the moment when the kernel had them.
    pub(super) fn receive(&self) -> Result<Vec<(Duration, Message)>> {
        let mut buffers = [[0; LARGEST_REPLY]; BATCH];
        let slices = buffers.iter_mut();
        let mut slices: Vec<_> = slices.map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let control = Vec::with_capacity(CONTROL_SPACE);
        let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(BATCH, Some(control));
        let (socket, flags) = (self.as_fd().as_raw_fd(), MsgFlags::MSG_DONTWAIT);
        let received = recvmmsg(socket, &mut headers, slices.iter_mut(), flags, None);
        let received: Vec<_> = match received {
            Ok(received) => received.map(|reply| (stamp(&reply), reply.bytes)).collect(),
            // Nobody listened, as a message told that was sent before.
            Err(Errno::EAGAIN | Errno::ECONNREFUSED) => Vec::new(),
            Err(error) => return Err(error).context("cannot receive replies"),
        };
        let start = match self {
            Self::Relay(_) => 0,
            Self::Frames(_) => HEADERS,
        };
        let message = |((stamp, length), buffer): ((Duration, usize), &[u8; LARGEST_REPLY])| {
            let bytes = buffer.get(start..length)?;
            Some((stamp, Message(bytes.to_vec())))
        };
        Ok(received
            .into_iter()
            .zip(&buffers)
            .filter_map(message)
            .collect())
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Relay(socket) => socket.as_fd(),
            Self::Frames(socket) => socket.as_fd(),
        }
    }
}

fn open_frames(name: &str) -> Result<PacketSocket> {
    let all = interfaces::interfaces().context("cannot list interfaces")?;
    let found = all.into_iter().find(|interface| interface.name == name);
    let interface = found.ok_or_else(|| Failure::new(format!("no interface {name}")))?;
    let socket = PacketSocket::open(CLIENT_PORT).context("cannot open a packet socket")?;
    let bound = socket.bind(interface.index);
    bound.context(format!("cannot bind to {name}"))?;
    Ok(socket)
}

/// A client without an address asks everybody.
fn frame(message: &Message) -> Vec<u8> {
    let mac = message.chaddr().get(..6);
    let mac = mac.and_then(|mac| mac.try_into().ok());
    let datagram = Datagram {
        link_source: mac.unwrap_or_default(),
        link_destination: EVERYBODY,
        source: Ipv4Addr::UNSPECIFIED,
        destination: Ipv4Addr::BROADCAST,
        source_port: CLIENT_PORT,
        destination_port: SERVER_PORT,
        tos: 0x10,
        ttl: 64,
        id: 0,
        fragment: 0,
        payload: message.0.clone(),
    };
    datagram.to_frame()
}

fn stamp(reply: &RecvMsg<'_, '_, SockaddrStorage>) -> Duration {
    let mut controls = reply.cmsgs().into_iter().flatten();
    let stamp = controls.find_map(|control| match control {
        ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
        _ => None,
    });
    stamp.unwrap_or_else(now)
}
