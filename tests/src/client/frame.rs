//! Ethernet frames that carry UDP, ARP and ICMP echo, taken apart and put together octet by octet.

use std::net::Ipv4Addr;

use super::Mac;

const TYPE_IPV4: [u8; 2] = [0x08, 0x00];
const TYPE_ARP: [u8; 2] = [0x08, 0x06];
const PROTOCOL_ICMP: u8 = 1;
const PROTOCOL_UDP: u8 = 17;
const ECHO_REQUEST: u8 = 8;

/// A UDP datagram with every header field that a test may ask about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Sender on the link.
    pub link_source: Mac,
    /// Receiver on the link.
    pub link_destination: Mac,
    /// Source address of the IP header.
    pub source: Ipv4Addr,
    /// Destination address of the IP header.
    pub destination: Ipv4Addr,
    /// UDP source port.
    pub source_port: u16,
    /// UDP destination port.
    pub destination_port: u16,
    /// Type of service octet (RFC 791, section 3.1).
    pub tos: u8,
    /// Time to live.
    pub ttl: u8,
    /// IP identification.
    pub id: u16,
    /// Flags and fragment offset.
    pub fragment: u16,
    /// What the datagram carries.
    pub payload: Vec<u8>,
}

/// What a frame turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A UDP datagram.
    Udp(Box<Datagram>),
    /// Somebody asks who has an address.
    WhoHas {
        /// Hardware address of who asks.
        asker: Mac,
        /// Protocol address of who asks.
        asker_address: Ipv4Addr,
        /// The address in question.
        wanted: Ipv4Addr,
    },
    /// An ICMP echo request; the whole frame, to be answered.
    Ping(Vec<u8>),
    /// Anything else.
    Other,
}

impl Frame {
    /// Takes a frame apart.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        parse_ip(bytes)
            .or_else(|| parse_arp(bytes))
            .unwrap_or(Self::Other)
    }
}

fn parse_ip(bytes: &[u8]) -> Option<Frame> {
    let packet = after_type(bytes, TYPE_IPV4)?;
    let header_size = usize::from(packet.first()? & 0x0f) * 4;
    let total = usize::from(word(packet, 2)?);
    let body = packet.get(header_size..total)?;
    match *packet.get(9)? {
        PROTOCOL_UDP => parse_udp(bytes, packet, body),
        PROTOCOL_ICMP if *body.first()? == ECHO_REQUEST => Some(Frame::Ping(bytes.to_vec())),
        _ => None,
    }
}

fn parse_udp(bytes: &[u8], packet: &[u8], body: &[u8]) -> Option<Frame> {
    let size = usize::from(word(body, 4)?);
    Some(Frame::Udp(Box::new(Datagram {
        link_destination: mac(bytes, 0)?,
        link_source: mac(bytes, 6)?,
        source: address(packet, 12)?,
        destination: address(packet, 16)?,
        source_port: word(body, 0)?,
        destination_port: word(body, 2)?,
        tos: *packet.get(1)?,
        ttl: *packet.get(8)?,
        id: word(packet, 4)?,
        fragment: word(packet, 6)?,
        payload: body.get(8..size)?.to_vec(),
    })))
}

fn parse_arp(bytes: &[u8]) -> Option<Frame> {
    let packet = after_type(bytes, TYPE_ARP)?;
    if word(packet, 6)? != 1 {
        return None;
    }
    Some(Frame::WhoHas {
        asker: mac(packet, 8)?,
        asker_address: address(packet, 14)?,
        wanted: address(packet, 24)?,
    })
}

impl Datagram {
    /// The whole Ethernet frame, with both checksums.
    #[must_use]
    pub fn to_frame(&self) -> Vec<u8> {
        let segment = self.to_segment();
        let mut frame = link_header(self.link_destination, self.link_source, TYPE_IPV4);
        let start = frame.len();
        frame.extend([0x45, self.tos]);
        frame.extend(size_word(20 + segment.len()));
        frame.extend(self.id.to_be_bytes());
        frame.extend(self.fragment.to_be_bytes());
        frame.extend([self.ttl, PROTOCOL_UDP, 0, 0]);
        frame.extend(self.source.octets());
        frame.extend(self.destination.octets());
        patch_checksum(&mut frame, start, 10);
        frame.extend(segment);
        frame
    }

    fn to_segment(&self) -> Vec<u8> {
        let size = size_word(8 + self.payload.len());
        let mut pseudo = Vec::new();
        pseudo.extend(self.source.octets());
        pseudo.extend(self.destination.octets());
        pseudo.extend([0, PROTOCOL_UDP]);
        pseudo.extend(size);
        let mut segment = Vec::new();
        segment.extend(self.source_port.to_be_bytes());
        segment.extend(self.destination_port.to_be_bytes());
        segment.extend(size);
        segment.extend([0, 0]);
        segment.extend(&self.payload);
        pseudo.extend(&segment);
        let sum = match checksum(&pseudo) {
            0 => 0xffff,
            sum => sum,
        };
        overwrite(&mut segment, 6, sum);
        segment
    }
}

/// The answer to "who has `wanted`": `owner` has.
#[must_use]
pub fn arp_answer(owner: Mac, wanted: Ipv4Addr, asker: Mac, asker_address: Ipv4Addr) -> Vec<u8> {
    let mut frame = link_header(asker, owner, TYPE_ARP);
    frame.extend([0, 1, 8, 0, 6, 4, 0, 2]);
    frame.extend(owner);
    frame.extend(wanted.octets());
    frame.extend(asker);
    frame.extend(asker_address.octets());
    frame
}

/// The echo reply to the echo request in `frame`, sent by `owner`; and the address that was asked.
#[must_use]
pub fn echo_answer(owner: Mac, frame: &[u8]) -> Option<(Ipv4Addr, Vec<u8>)> {
    let packet = after_type(frame, TYPE_IPV4)?;
    let (asker, wanted) = (address(packet, 12)?, address(packet, 16)?);
    let mut answer = link_header(mac(frame, 6)?, owner, TYPE_IPV4);
    answer.extend(packet);
    answer.get_mut(26..30)?.copy_from_slice(&wanted.octets());
    answer.get_mut(30..34)?.copy_from_slice(&asker.octets());
    *answer.get_mut(34)? = 0;
    answer.get_mut(36..38)?.fill(0);
    let sum = checksum(answer.get(34..)?);
    overwrite(&mut answer, 36, sum);
    Some((wanted, answer))
}

fn link_header(destination: Mac, source: Mac, kind: [u8; 2]) -> Vec<u8> {
    [destination.as_slice(), &source, &kind].concat()
}

fn after_type(frame: &[u8], kind: [u8; 2]) -> Option<&[u8]> {
    (frame.get(12..14)? == kind).then(|| frame.get(14..))?
}

fn mac(bytes: &[u8], at: usize) -> Option<Mac> {
    bytes.get(at..at + 6)?.try_into().ok()
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(u16::from_be_bytes(pair))
}

fn address(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(octets.into())
}

/// A size as it stands in a header; a test that asks for more than fits gets the largest.
fn size_word(size: usize) -> [u8; 2] {
    u16::try_from(size).unwrap_or(u16::MAX).to_be_bytes()
}

fn overwrite(bytes: &mut [u8], at: usize, word: u16) {
    if let Some(place) = bytes.get_mut(at..at + 2) {
        place.copy_from_slice(&word.to_be_bytes());
    }
}

fn patch_checksum(bytes: &mut [u8], start: usize, at: usize) {
    let sum = checksum(bytes.get(start..).unwrap_or_default());
    overwrite(bytes, start + at, sum);
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let sum: u32 = bytes
        .chunks(2)
        .map(|pair| {
            let high = pair.first().copied().unwrap_or_default();
            let low = pair.get(1).copied().unwrap_or_default();
            u32::from(u16::from_be_bytes([high, low]))
        })
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let folded = (folded & 0xffff) + (folded >> 16);
    !u16::try_from(folded & 0xffff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_survives_the_way_into_a_frame_and_back() {
        let datagram = Datagram {
            link_source: [2, 0, 0, 0, 0, 1],
            link_destination: [0xff; 6],
            source: Ipv4Addr::UNSPECIFIED,
            destination: Ipv4Addr::BROADCAST,
            source_port: 68,
            destination_port: 67,
            tos: 0x10,
            ttl: 64,
            id: 7,
            fragment: 0x4000,
            payload: vec![1, 2, 3],
        };
        let frame = datagram.to_frame();
        assert_eq!(checksum(&frame[14..34]), 0);
        assert_eq!(Frame::parse(&frame), Frame::Udp(Box::new(datagram)));
    }

    #[test]
    fn a_cut_frame_is_something_else() {
        assert_eq!(Frame::parse(&[0; 13]), Frame::Other);
        assert_eq!(Frame::parse(&[]), Frame::Other);
    }
}
