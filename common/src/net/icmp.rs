//! ICMP echo messages (RFC 792).

use super::checksum::Checksum;

const ECHO_REPLY: u8 = 0;
const ECHO_REQUEST: u8 = 8;

/// What tells one echo request from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EchoId {
    /// Identifier, the same for all requests of a sender.
    pub identifier: u16,
    /// Sequence number.
    pub sequence: u16,
}

/// Builds an echo request that carries `payload`.
#[must_use]
pub fn build_echo_request(id: EchoId, payload: &[u8]) -> Vec<u8> {
    let with = |checksum: u16| {
        let mut message = vec![ECHO_REQUEST, 0];
        message.extend(checksum.to_be_bytes());
        message.extend(id.identifier.to_be_bytes());
        message.extend(id.sequence.to_be_bytes());
        message.extend(payload);
        message
    };
    with(Checksum::default().with(&with(0)).finish())
}

/// Reads an echo reply as a raw socket gives it, IP header included. `None` if it is something else or damaged.
#[must_use]
pub fn parse_echo_reply(packet: &[u8]) -> Option<EchoReply> {
    let header_length = usize::from(packet.first()? & 0x0f) * 4;
    let source = packet.get(12..16)?.first_chunk::<4>()?;
    let message = packet.get(header_length..)?;
    if header_length < 20 || Checksum::default().with(message).finish() != 0 {
        return None;
    }
    let &[ECHO_REPLY, 0, _, _, i0, i1, s0, s1] = message.first_chunk::<8>()? else {
        return None;
    };
    let id = EchoId {
        identifier: u16::from_be_bytes([i0, i1]),
        sequence: u16::from_be_bytes([s0, s1]),
    };
    Some(EchoReply {
        source: (*source).into(),
        id,
    })
}

/// An answer to an echo request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchoReply {
    /// Who answers.
    pub source: std::net::Ipv4Addr,
    /// The request it answers.
    pub id: EchoId,
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn packet(kind: u8, id: EchoId, payload: &[u8]) -> Vec<u8> {
        let mut message = build_echo_request(id, payload);
        message[0] = kind;
        message[2..4].fill(0);
        let checksum = Checksum::default().with(&message).finish();
        message[2..4].copy_from_slice(&checksum.to_be_bytes());
        let mut packet = vec![
            0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0, 10, 9, 0, 7, 10, 9, 0, 1,
        ];
        packet.extend(message);
        packet
    }

    const ID: EchoId = EchoId {
        identifier: 0x1234,
        sequence: 7,
    };

    #[test]
    fn a_reply_names_its_sender_and_its_request() {
        let reply = parse_echo_reply(&packet(ECHO_REPLY, ID, b"odd")).unwrap();
        assert_eq!(reply.source, Ipv4Addr::new(10, 9, 0, 7));
        assert_eq!(reply.id, ID);
    }

    #[test]
    fn a_request_is_not_a_reply() {
        assert_eq!(parse_echo_reply(&packet(ECHO_REQUEST, ID, b"")), None);
    }

    #[test]
    fn a_damaged_reply_is_ignored() {
        let mut damaged = packet(ECHO_REPLY, ID, b"abcd");
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(parse_echo_reply(&damaged), None);
    }

    proptest! {
        #[test]
        fn no_packet_makes_the_parser_panic(packet in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse_echo_reply(&packet);
        }
    }
}
