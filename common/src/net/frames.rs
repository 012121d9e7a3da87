//! UDP datagrams in Ethernet frames, built and taken apart by hand (RFC 894, RFC 791, RFC 768).

use std::net::Ipv4Addr;

use super::checksum::Checksum;

const ETHERTYPE_IPV4: [u8; 2] = [0x08, 0x00];
const UDP: u8 = 17;
const IP_HEADER: u16 = 20;
const UDP_HEADER: u16 = 8;
const LOW_DELAY: u8 = 0x10;
const TIME_TO_LIVE: u8 = 128;

/// Addresses and ports of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Link address of the sender.
    pub source_link: [u8; 6],
    /// Link address of the receiver.
    pub destination_link: [u8; 6],
    /// IP address of the sender.
    pub source: Ipv4Addr,
    /// IP address of the receiver.
    pub destination: Ipv4Addr,
    /// Port of the sender.
    pub source_port: u16,
    /// Port of the receiver.
    pub destination_port: u16,
}

/// A datagram taken out of its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Where it came from and went to.
    pub envelope: Envelope,
    /// What it carries.
    pub payload: &'a [u8],
}

/// Why a frame holds no datagram for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// A header or length points past the end of the frame.
    Truncated,
    /// Neither IPv4 nor UDP, or one of them in a shape that cannot be.
    NotUdp,
    /// A piece of a fragmented packet.
    Fragment,
    /// The IP header is damaged.
    IpChecksum,
    /// The datagram is damaged.
    UdpChecksum,
}

/// What is known of the UDP checksum of a received frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UdpChecksum {
    /// It came over a wire: verify it, unless it is zero, which means that there is none.
    Complete,
    /// The sender on this machine left it to hardware that never came.
    Pending,
}

/// Takes the datagram out of a frame and checks what can be checked.
///
/// # Errors
/// Why the frame must be ignored.
pub fn parse(frame: &[u8], udp_checksum: UdpChecksum) -> Result<Datagram<'_>, Rejection> {
    let (destination_link, rest) = split::<6>(frame)?;
    let (source_link, rest) = split::<6>(rest)?;
    let (ethertype, packet) = split::<2>(rest)?;
    if *ethertype != ETHERTYPE_IPV4 {
        return Err(Rejection::NotUdp);
    }
    let ip = parse_ip(packet)?;
    let (ports, payload) = parse_udp(&ip, udp_checksum)?;
    let envelope = Envelope {
        source_link: *source_link,
        destination_link: *destination_link,
        source: ip.source,
        destination: ip.destination,
        source_port: ports.0,
        destination_port: ports.1,
    };
    Ok(Datagram { envelope, payload })
}

struct IpPacket<'a> {
    source: Ipv4Addr,
    destination: Ipv4Addr,
    payload: &'a [u8],
}

fn parse_ip(packet: &[u8]) -> Result<IpPacket<'_>, Rejection> {
    let (fixed, _) = split::<20>(packet)?;
    #[rustfmt::skip]
    let &[
        version_length, _, total_high, total_low,
        _, _, fragment_high, fragment_low,
        _, protocol, _, _,
        s0, s1, s2, s3,
        d0, d1, d2, d3,
    ] = fixed;
    if version_length >> 4 != 4 || protocol != UDP {
        return Err(Rejection::NotUdp);
    }
    if u16::from_be_bytes([fragment_high, fragment_low]) & 0x3fff != 0 {
        return Err(Rejection::Fragment);
    }
    let header_length = usize::from(version_length & 0x0f) * 4;
    let total_length = usize::from(u16::from_be_bytes([total_high, total_low]));
    let packet = packet.get(..total_length).ok_or(Rejection::Truncated)?;
    if header_length < fixed.len() {
        return Err(Rejection::NotUdp);
    }
    let (header, payload) = packet
        .split_at_checked(header_length)
        .ok_or(Rejection::Truncated)?;
    if Checksum::default().with(header).finish() != 0 {
        return Err(Rejection::IpChecksum);
    }
    Ok(IpPacket {
        source: Ipv4Addr::new(s0, s1, s2, s3),
        destination: Ipv4Addr::new(d0, d1, d2, d3),
        payload,
    })
}

type Ports = (u16, u16);

fn parse_udp<'a>(
    ip: &IpPacket<'a>,
    udp_checksum: UdpChecksum,
) -> Result<(Ports, &'a [u8]), Rejection> {
    let (header, _) = split::<8>(ip.payload)?;
    let &[s0, s1, d0, d1, l0, l1, c0, c1] = header;
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    let datagram = ip.payload.get(..length).ok_or(Rejection::Truncated)?;
    let payload = datagram.get(header.len()..).ok_or(Rejection::NotUdp)?;
    if udp_checksum == UdpChecksum::Complete && [c0, c1] != [0, 0] {
        verify_udp(ip, datagram)?;
    }
    let ports = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
    Ok((ports, payload))
}

fn verify_udp(ip: &IpPacket<'_>, datagram: &[u8]) -> Result<(), Rejection> {
    let length = u16::try_from(datagram.len()).map_err(|_| Rejection::Truncated)?;
    let sum = pseudo_header(ip.source, ip.destination, length).with(datagram);
    if sum.finish() != 0 {
        return Err(Rejection::UdpChecksum);
    }
    Ok(())
}

fn split<const N: usize>(bytes: &[u8]) -> Result<(&[u8; N], &[u8]), Rejection> {
    bytes.split_first_chunk().ok_or(Rejection::Truncated)
}

/// Builds the frame that carries `payload`, with the type of service, time to live and identification that the
/// original gives its frames. `None` if the payload is too long for a datagram.
#[must_use]
pub fn build(envelope: &Envelope, payload: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(payload.len()).ok()?;
    let udp_length = length.checked_add(UDP_HEADER)?;
    let total_length = udp_length.checked_add(IP_HEADER)?;
    let mut frame = Vec::with_capacity(14 + usize::from(total_length));
    frame.extend_from_slice(&envelope.destination_link);
    frame.extend_from_slice(&envelope.source_link);
    frame.extend_from_slice(&ETHERTYPE_IPV4);
    frame.extend_from_slice(&ip_header(envelope, total_length));
    frame.extend_from_slice(&udp_header(envelope, udp_length, payload));
    frame.extend_from_slice(payload);
    Some(frame)
}

fn ip_header(envelope: &Envelope, total_length: u16) -> [u8; 20] {
    let [length_high, length_low] = total_length.to_be_bytes();
    let [s0, s1, s2, s3] = envelope.source.octets();
    let [d0, d1, d2, d3] = envelope.destination.octets();
    let with = |checksum: u16| {
        let [sum_high, sum_low] = checksum.to_be_bytes();
        #[rustfmt::skip]
        let header = [
            0x45, LOW_DELAY, length_high, length_low,
            0, 0, 0, 0,
            TIME_TO_LIVE, UDP, sum_high, sum_low,
            s0, s1, s2, s3,
            d0, d1, d2, d3,
        ];
        header
    };
    with(Checksum::default().with(&with(0)).finish())
}

fn udp_header(envelope: &Envelope, length: u16, payload: &[u8]) -> [u8; 8] {
    let [source_high, source_low] = envelope.source_port.to_be_bytes();
    let [destination_high, destination_low] = envelope.destination_port.to_be_bytes();
    let [length_high, length_low] = length.to_be_bytes();
    let with = |checksum: u16| {
        let [sum_high, sum_low] = checksum.to_be_bytes();
        #[rustfmt::skip]
        let header = [
            source_high, source_low, destination_high, destination_low,
            length_high, length_low, sum_high, sum_low,
        ];
        header
    };
    let sum = pseudo_header(envelope.source, envelope.destination, length);
    let checksum = sum.with(&with(0)).with(payload).finish();
    // Zero on the wire means "no checksum"; all ones is the same sum.
    with(if checksum == 0 { 0xffff } else { checksum })
}

fn pseudo_header(source: Ipv4Addr, destination: Ipv4Addr, udp_length: u16) -> Checksum {
    Checksum::default()
        .with(&source.octets())
        .with(&destination.octets())
        .with(&[0, UDP])
        .with(&udp_length.to_be_bytes())
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
