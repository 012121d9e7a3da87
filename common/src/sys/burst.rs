//! Many packets to one peer in few system calls: handed to the kernel in one piece that it, or the network card, cuts
//! (`UDP_SEGMENT`, on Linux), or one by one in one call.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    ControlMessage, MsgFlags, MultiHeaders, SockaddrStorage, sendmmsg, sendmsg,
};

use super::batch::LocalAddress;
use super::system::arrival::Ipv4Source;
use super::system::segmentation;

/// Who shall get packets from a socket that is not connected, and from which address of ours.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// The receiver.
    pub peer: SocketAddr,
    /// What the receiver's own packet was sent to; the kernel's choice if not known.
    pub local: Option<LocalAddress>,
}

/// Who cuts a piece into packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cutting {
    /// The kernel: one piece takes one way through it.
    Kernel,
    /// This process.
    Own,
}

/// The way of cutting that the kernel offers. One that knows no `UDP_SEGMENT` would send a piece as one datagram.
#[must_use]
pub fn best_cutting(socket: impl AsFd) -> Cutting {
    if segmentation::is_offered(&socket) {
        Cutting::Kernel
    } else {
        Cutting::Own
    }
}

/// Sends one packet: to `route`, or to where the socket is connected.
///
/// # Errors
/// Those of `sendmsg(2)`.
pub fn send_packet(socket: impl AsFd, packet: &[u8], route: Option<&Route>) -> io::Result<()> {
    send_piece(socket.as_fd().as_raw_fd(), packet, None, route)?;
    Ok(())
}

/// Sends the packets that stand in `packets` one behind the other, all of `length` bytes but the last. `cutting`
/// becomes [`Cutting::Own`] where the kernel cannot cut for this peer, as with packets larger than the path takes.
/// Returns how many packets are left over because the socket's buffer is full.
///
/// # Errors
/// Those of `sendmsg(2)` and `sendmmsg(2)`, for the first packet.
pub fn send_packets(
    socket: impl AsFd,
    packets: &[u8],
    length: usize,
    cutting: &mut Cutting,
    route: Option<&Route>,
) -> io::Result<usize> {
    let socket = socket.as_fd().as_raw_fd();
    if packets.len() <= length {
        return left_over(send_piece(socket, packets, None, route).map(|()| 0), 1);
    }
    let count = packets.len().div_ceil(length);
    if let (Cutting::Kernel, Ok(size)) = (*cutting, u16::try_from(length)) {
        match send_piece(socket, packets, Some(size), route) {
            Err(Errno::EINVAL | Errno::EIO | Errno::EMSGSIZE | Errno::EOPNOTSUPP) => {
                *cutting = Cutting::Own;
            }
            sent => return left_over(sent.map(|()| 0), count),
        }
    }
    left_over(
        send_each(socket, packets, length, route).map(|sent| count - sent),
        count,
    )
}

fn left_over(outcome: nix::Result<usize>, count: usize) -> io::Result<usize> {
    match outcome {
        Err(Errno::EAGAIN) => Ok(count),
        outcome => Ok(outcome?),
    }
}

fn send_piece(
    socket: i32,
    piece: &[u8],
    cut: Option<u16>,
    route: Option<&Route>,
) -> nix::Result<()> {
    let flags = MsgFlags::MSG_DONTWAIT;
    let cut = cut.as_ref().and_then(segmentation::control);
    let Some(route) = route else {
        let Some(cut) = cut else {
            return nix::sys::socket::send(socket, piece, flags).map(drop);
        };
        return sendmsg::<()>(socket, &[IoSlice::new(piece)], &[cut], flags, None).map(drop);
    };
    with_source(route.local, cut, |control| {
        let peer = SockaddrStorage::from(route.peer);
        sendmsg(socket, &[IoSlice::new(piece)], control, flags, Some(&peer)).map(drop)
    })
}

/// Returns how many packets left.
fn send_each(
    socket: i32,
    packets: &[u8],
    length: usize,
    route: Option<&Route>,
) -> nix::Result<usize> {
    let packets = packets.chunks(length);
    if route.is_some() {
        return send_one_by_one(socket, packets, route);
    }
    let slices: Vec<[IoSlice<'_>; 1]> = packets.map(|packet| [IoSlice::new(packet)]).collect();
    let mut headers = MultiHeaders::<SockaddrStorage>::preallocate(slices.len(), None);
    let peers = vec![None; slices.len()];
    let flags = MsgFlags::MSG_DONTWAIT;
    Ok(sendmmsg(socket, &mut headers, &slices, peers, [], flags)?.count())
}

fn send_one_by_one<'a>(
    socket: i32,
    packets: impl Iterator<Item = &'a [u8]>,
    route: Option<&Route>,
) -> nix::Result<usize> {
    let mut sent = 0;
    for packet in packets {
        match send_piece(socket, packet, None, route) {
            Err(error) if sent == 0 => return Err(error),
            Err(_) => break,
            Ok(()) => sent += 1,
        }
    }
    Ok(sent)
}

/// Calls `send` with the control messages for a source address and for the length of the packets in a piece.
fn with_source<T>(
    local: Option<LocalAddress>,
    cut: Option<ControlMessage<'_>>,
    send: impl FnOnce(&[ControlMessage<'_>]) -> T,
) -> T {
    let (ipv4, ipv6) = (local.and_then(ipv4_source), local.and_then(ipv6_source));
    let source = match (&ipv4, &ipv6) {
        (Some(source), _) => Some(source.control()),
        (None, Some(info)) => Some(ControlMessage::Ipv6PacketInfo(info)),
        (None, None) => None,
    };
    match (source, cut) {
        (Some(source), Some(cut)) => send(&[source, cut]),
        (Some(only), None) | (None, Some(only)) => send(&[only]),
        (None, None) => send(&[]),
    }
}

/// Without an address the kernel chooses.
fn ipv4_source(local: LocalAddress) -> Option<Ipv4Source> {
    match local.specific {
        IpAddr::V4(address) if !address.is_unspecified() => Some(Ipv4Source::new(address)),
        _ => None,
    }
}

/// A link-local address means nothing without its interface, and the others are found without one.
fn ipv6_source(local: LocalAddress) -> Option<libc::in6_pktinfo> {
    let IpAddr::V6(address) = local.specific else {
        return None;
    };
    let interface = match address.is_unicast_link_local() {
        true => local.interface,
        false => 0,
    };
    Some(libc::in6_pktinfo {
        ipi6_addr: libc::in6_addr {
            s6_addr: address.octets(),
        },
        ipi6_ifindex: interface,
    })
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::os::unix::net::UnixDatagram;

    use super::*;
    use crate::sys::udp;

    fn pair(address: &str) -> (UdpSocket, UdpSocket) {
        let address = format!("{address}:0").parse().unwrap();
        (udp::bind(address).unwrap(), udp::bind(address).unwrap())
    }

    fn received(socket: &UdpSocket) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        let mut buffer = [0; 70_000];
        while let Ok(length) = socket.recv(&mut buffer) {
            packets.push(buffer[..length].to_vec());
        }
        packets
    }

    #[test]
    fn a_piece_arrives_as_packets_whoever_cuts_it() {
        for mut cutting in [Cutting::Kernel, Cutting::Own] {
            let (sender, receiver) = pair("127.0.0.1");
            sender.connect(receiver.local_addr().unwrap()).unwrap();
            #[cfg(target_os = "linux")]
            assert_eq!(best_cutting(&sender), Cutting::Kernel);
            let left = send_packets(&sender, b"aabbccd", 2, &mut cutting, None).unwrap();
            assert_eq!(left, 0);
            let expected: Vec<&[u8]> = vec![b"aa", b"bb", b"cc", b"d"];
            assert_eq!(received(&receiver), expected);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn packets_beyond_the_path_are_not_left_to_the_kernel() {
        let (sender, receiver) = pair("127.0.0.1");
        udp::allow_fragments(&sender).unwrap();
        sender.connect(receiver.local_addr().unwrap()).unwrap();
        let mut cutting = Cutting::Kernel;
        // The loopback interface takes 65,536 bytes at once: what is more than that is no piece at all.
        let packets = vec![b'x'; 2 * 40_000];
        send_packets(&sender, &packets, 40_000, &mut cutting, None).unwrap();
        assert_eq!(cutting, Cutting::Own);
        assert_eq!(received(&receiver).len(), 2);
    }

    #[test]
    fn the_route_names_receiver_and_source() {
        for cutting in [Cutting::Kernel, Cutting::Own] {
            for (any, source) in [("0.0.0.0", "127.0.0.7"), ("[::]", "::1")] {
                let (sender, receiver) = pair(any);
                let source: IpAddr = source.parse().unwrap();
                let port = receiver.local_addr().unwrap().port();
                let route = Route {
                    peer: SocketAddr::new(source, port),
                    local: Some(LocalAddress {
                        address: source,
                        specific: source,
                        interface: 1,
                    }),
                };
                let mut cutting = cutting;
                send_packets(&sender, b"aab", 2, &mut cutting, Some(&route)).unwrap();
                let mut buffer = [0; 10];
                let (length, from) = receiver.recv_from(&mut buffer).unwrap();
                assert_eq!((&buffer[..length], from.ip()), (&b"aa"[..], source));
                assert_eq!(received(&receiver), [b"b"]);
            }
        }
    }

    #[test]
    fn a_full_socket_gives_back_what_it_did_not_take() {
        let (sender, receiver) = UnixDatagram::pair().unwrap();
        receiver.set_nonblocking(true).unwrap();
        let mut cutting = Cutting::Own;
        let mut offered = 0;
        let left = loop {
            offered += 4;
            let left = send_packets(&sender, b"aabbccdd", 2, &mut cutting, None).unwrap();
            if left > 0 {
                break left;
            }
        };
        let taken = std::iter::from_fn(|| receiver.recv(&mut [0; 2]).ok()).count();
        assert_eq!(taken, offered - left);
    }
}
