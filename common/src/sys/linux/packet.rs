//! Linux packet sockets: whole frames of one interface, filtered in the kernel.
#![expect(unsafe_code, reason = "nix wraps neither the filter nor sockaddr_ll")]

use std::io;
use std::mem::MaybeUninit;
use std::net::UdpSocket;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;

use nix::libc;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, UnknownCmsg, setsockopt, socket, sockopt,
};

use crate::sys::batch::{self, ReceiveBatch};
use crate::sys::udp_filter::{self, Instruction};

/// The name that the original's log lines give to this kind of socket.
pub const KIND: &str = "LPF";

/// Bytes of frames that may wait for us: a lab of machines switched on together sends its requests at once.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// `struct tpacket_stats`: what has been counted since it was asked for last.
#[repr(C)]
#[derive(Default)]
struct Statistics {
    seen: u32,
    lost: u32,
}

/// A non-blocking socket that receives the UDP datagrams to one port on one interface as whole frames, and sends
/// frames there.
#[derive(Debug)]
pub struct PacketSocket(OwnedFd);

impl PacketSocket {
    /// Opens a socket for UDP datagrams to `port`. It receives nothing before it is bound.
    ///
    /// # Errors
    /// Those of `socket(2)` and `setsockopt(2)`.
    pub fn open(port: u16) -> io::Result<Self> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        // No protocol yet: nothing may arrive before the filter is in place.
        let socket = socket(AddressFamily::Packet, SockType::Raw, flags, None)?;
        attach_filter(&socket, &udp_filter::udp_to(port))?;
        set_option(&socket, libc::SOL_PACKET, libc::PACKET_AUXDATA, &1i32)?;
        // What the system allows everybody is a few hundred frames; root may have more.
        setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER)
            .or_else(|_| setsockopt(&socket, sockopt::RcvBuf, &RECEIVE_BUFFER))?;
        Ok(Self(socket))
    }

    /// Puts the socket on the interface with kernel number `index`, also when it was on another one before. Needs no
    /// privileges.
    ///
    /// # Errors
    /// Those of `bind(2)`.
    pub fn bind(&self, index: u32) -> io::Result<()> {
        bind(&self.0, index)
    }

    /// How many frames were lost since this was asked last, because nobody took those before them.
    ///
    /// # Errors
    /// Those of `getsockopt(2)`.
    pub fn lost(&self) -> io::Result<u32> {
        let mut counts = Statistics::default();
        let mut length = socket_length::<Statistics>()?;
        let option = libc::PACKET_STATISTICS;
        let into = (&raw mut counts).cast();
        let socket = self.0.as_raw_fd();
        // SAFETY: the structure has room for what the length says, and both outlive the call.
        let result =
            unsafe { libc::getsockopt(socket, libc::SOL_PACKET, option, into, &raw mut length) };
        check(result)?;
        Ok(counts.lost)
    }

    /// Takes the frames that wait, without blocking. Returns how many there were.
    ///
    /// # Errors
    /// Those of `recvmmsg(2)`; [`io::ErrorKind::WouldBlock`] if nothing waits.
    pub fn receive(&self, batch: &mut ReceiveBatch) -> io::Result<usize> {
        batch.receive(self)
    }

    /// Sends whole frames. Returns how many left; at most [`crate::sys::batch::BATCH`] are tried.
    ///
    /// # Errors
    /// The failure of the first frame.
    pub fn send(&self, frames: &[&[u8]]) -> io::Result<usize> {
        let messages: Vec<_> = frames.iter().map(|frame| (*frame, None)).collect();
        batch::send(self, &messages)
    }
}

/// What the kernel knows about a frame beside its bytes.
#[derive(Clone, Copy, Default)]
pub(in crate::sys) struct FrameFacts {
    pub(in crate::sys) checksum_pending: bool,
    pub(in crate::sys) tagged: bool,
}

/// Reads a control message: a `struct tpacket_auxdata`, which begins with the status word.
pub(in crate::sys) fn frame_facts(message: &UnknownCmsg) -> FrameFacts {
    let header = &message.cmsg_header;
    if (header.cmsg_level, header.cmsg_type) != (libc::SOL_PACKET, libc::PACKET_AUXDATA) {
        return FrameFacts::default();
    }
    let status = message.data_bytes.first_chunk();
    let status = status.map_or(0, |word| u32::from_ne_bytes(*word));
    FrameFacts {
        checksum_pending: status & libc::TP_STATUS_CSUMNOTREADY != 0,
        tagged: status & libc::TP_STATUS_VLAN_VALID != 0,
    }
}

/// From now on the kernel throws away what arrives for `socket`, without telling the senders that nobody listens.
///
/// # Errors
/// Those of `setsockopt(2)`.
pub fn discard_input(socket: &UdpSocket) -> io::Result<()> {
    attach_filter(socket, &udp_filter::nothing())
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for PacketSocket {
    fn as_raw_fd(&self) -> i32 {
        self.0.as_raw_fd()
    }
}

fn bind(socket: &OwnedFd, index: u32) -> io::Result<()> {
    // SAFETY: the structure holds integers only, for which zero bytes are valid.
    let mut address = unsafe { MaybeUninit::<libc::sockaddr_ll>::zeroed().assume_init() };
    address.sll_family = u16::try_from(libc::AF_PACKET).map_err(io::Error::other)?;
    let every_protocol = u16::try_from(libc::ETH_P_ALL).map_err(io::Error::other)?;
    address.sll_protocol = every_protocol.to_be();
    address.sll_ifindex = i32::try_from(index).map_err(io::Error::other)?;
    let length = socket_length::<libc::sockaddr_ll>()?;
    // SAFETY: the pointer is to a whole sockaddr_ll that outlives the call, and the length is its size.
    let result = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
    check(result)
}

fn attach_filter(socket: &impl AsRawFd, filter: &[Instruction]) -> io::Result<()> {
    let mut filter: Vec<libc::sock_filter> = filter.iter().map(in_kernels_form).collect();
    let program = libc::sock_fprog {
        len: u16::try_from(filter.len()).map_err(io::Error::other)?,
        filter: filter.as_mut_ptr(),
    };
    set_option(socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
}

fn in_kernels_form(instruction: &Instruction) -> libc::sock_filter {
    libc::sock_filter {
        code: instruction.code,
        jt: instruction.if_true,
        jf: instruction.if_false,
        k: instruction.operand,
    }
}

fn set_option<T>(socket: &impl AsRawFd, level: i32, option: i32, value: &T) -> io::Result<()> {
    let length = socket_length::<T>()?;
    let value = ptr::from_ref(value).cast();
    // SAFETY: the pointer is to a whole T that outlives the call, and the length is its size; what a T points to, the
    // caller keeps alive.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, value, length) };
    check(result)
}

fn socket_length<T>() -> io::Result<libc::socklen_t> {
    libc::socklen_t::try_from(size_of::<T>()).map_err(io::Error::other)
}

fn check(result: i32) -> io::Result<()> {
    if result == 0 {
        return Ok(());
    }
    Err(io::Error::last_os_error())
}
