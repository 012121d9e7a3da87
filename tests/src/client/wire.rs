//! A link seen raw: every frame that arrives, and frames sent as they are.

use std::io::IoSlice;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, LinkAddr, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage, bind,
    recv, sendmsg, socket,
};

use super::Mac;
use super::frame::{self, Datagram, Frame};
use crate::failure::{Context, Failure, Result};
use crate::lab::Namespace;

/// A DHCP server's own port (RFC 2131, section 4.1).
const SERVER_PORT: u16 = 67;

/// One end of a link. It answers every ARP question as if it had the address, so that a server which
/// sends through its kernel finds the client; it answers pings only for the addresses named alive.
#[derive(Debug)]
pub struct Wire {
    socket: OwnedFd,
    own: Mac,
    alive: Vec<Ipv4Addr>,
}

impl Wire {
    /// Opens the interface `name` of a namespace.
    ///
    /// # Errors
    /// Without root, or if there is no such interface.
    pub fn open(namespace: &Namespace, name: &str) -> Result<Self> {
        namespace.enter(|| open_here(name))?
    }

    /// Answers pings to this address from now on.
    pub fn enliven(&mut self, address: Ipv4Addr) {
        self.alive.push(address);
    }

    /// Its hardware address.
    #[must_use]
    pub fn own(&self) -> Mac {
        self.own
    }

    /// Sends a datagram.
    ///
    /// # Errors
    /// If the kernel refuses the frame.
    pub fn send(&self, datagram: &Datagram) -> Result<()> {
        self.send_frame(&datagram.to_frame())
    }

    /// Sends a frame as it is, whatever it holds.
    ///
    /// # Errors
    /// If the kernel refuses the frame.
    pub fn send_frame(&self, frame: &[u8]) -> Result<()> {
        let pieces = [IoSlice::new(frame)];
        sendmsg::<()>(
            self.socket.as_raw_fd(),
            &pieces,
            &[],
            MsgFlags::empty(),
            None,
        )
        .context("cannot send a frame")?;
        Ok(())
    }

    /// Waits for the next datagram to a DHCP client's or relay's port; none when `patience` is over.
    ///
    /// # Errors
    /// If the link is gone.
    pub fn receive(&self, patience: Duration) -> Result<Option<Datagram>> {
        self.receive_from_port(SERVER_PORT, patience)
    }

    /// Like [`Wire::receive`], from a server with another port; its clients listen on the port behind it.
    ///
    /// # Errors
    /// If the link is gone.
    pub fn receive_from_port(&self, port: u16, patience: Duration) -> Result<Option<Datagram>> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.next_frame(left)? {
                None => return Ok(None),
                Some(Frame::Udp(datagram)) if is_answer(&datagram, port) => {
                    return Ok(Some(*datagram));
                }
                Some(frame) => self.react(frame),
            }
        }
    }

    /// An answer that a link which is down does not take is lost, as on any link.
    fn react(&self, frame: Frame) {
        let answer = match frame {
            Frame::WhoHas {
                asker,
                asker_address,
                wanted,
            } => Some(frame::arp_answer(self.own, wanted, asker, asker_address)),
            Frame::Ping(request) => frame::echo_answer(self.own, &request)
                .filter(|(wanted, _)| self.alive.contains(wanted))
                .map(|(_, answer)| answer),
            Frame::Udp(_) | Frame::Other => None,
        };
        if let Some(answer) = answer {
            let _ = self.send_frame(&answer);
        }
    }

    fn next_frame(&self, patience: Duration) -> Result<Option<Frame>> {
        let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        let mut waiting = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        match poll(&mut waiting, timeout) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Some(Frame::Other)),
            Err(cause) => return Err(cause).context("cannot wait for frames"),
        }
        let mut buffer = [0; 65_536];
        let size = recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::empty())
            .context("cannot receive frames")?;
        Ok(Some(Frame::parse(buffer.get(..size).unwrap_or_default())))
    }
}

/// What a server sends goes to a client (the port behind its own) or a relay (the same port); a client's own question has the ports of both roles
/// too, but never leaves this interface towards us.
fn is_answer(datagram: &Datagram, port: u16) -> bool {
    datagram.source_port == port && [port, port + 1].contains(&datagram.destination_port)
}

fn open_here(name: &str) -> Result<Wire> {
    let link = link_address(name)?;
    let own = link
        .addr()
        .ok_or_else(|| Failure::new(format!("{name} has no hardware address")))?;
    let socket = socket(
        AddressFamily::Packet,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::EthAll,
    )
    .context("cannot open a packet socket")?;
    bind(socket.as_raw_fd(), &link).context(format!("cannot bind to {name}"))?;
    Ok(Wire {
        socket,
        own,
        alive: Vec::new(),
    })
}

/// The packet address of an interface; taken from the kernel's list, which spares building one by hand.
fn link_address(name: &str) -> Result<LinkAddr> {
    nix::ifaddrs::getifaddrs()
        .context("cannot list interfaces")?
        .filter(|entry| entry.interface_name == name)
        .find_map(|entry| entry.address.as_ref().and_then(packet_address))
        .ok_or_else(|| Failure::new(format!("no interface {name}")))
}

fn packet_address(address: &SockaddrStorage) -> Option<LinkAddr> {
    address.as_link_addr().copied()
}
