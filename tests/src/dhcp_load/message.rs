//! The messages of a load's clients (RFC 2131, section 4.3), and what matters of a server's.

use std::net::Ipv4Addr;

use crate::client::Mac;
use crate::client::message::{Field, Message};

/// Messages are filled up to this, as BOOTP relay agents expect (RFC 1542, section 2.1).
const LEAST_SIZE: usize = 300;
const HOPS: usize = 3;
const XID: usize = 4;
const CHADDR: usize = 28;

const REQUESTED_ADDRESS: u8 = 50;
const MESSAGE_TYPE: u8 = 53;
const SERVER_IDENTIFIER: u8 = 54;
const PARAMETER_REQUEST_LIST: u8 = 55;
const CLIENT_IDENTIFIER: u8 = 61;

/// What most clients ask for: mask, broadcast address, time offset, routers, domain name, name servers, host name.
const WANTED: [u8; 7] = [1, 28, 2, 3, 15, 6, 12];

/// The hardware address of a client, locally administered. Its identifier is this behind a 1 (RFC 2132, section 9.14).
#[must_use]
pub fn client_mac(number: u32) -> Mac {
    let [a, b, c, d] = number.to_be_bytes();
    [0x02, 0x4c, a, b, c, d]
}

/// A client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client {
    pub(super) number: u32,
    /// The relay agent that passes its messages on.
    pub(super) relay: Option<Ipv4Addr>,
}

impl Client {
    pub(super) fn mac(self) -> Mac {
        client_mac(self.number)
    }

    /// DHCPDISCOVER of the transaction `number`.
    pub(super) fn discover(self, number: u32) -> Message {
        self.message(number, 1, &[])
    }

    /// DHCPREQUEST for the address that `server` has offered.
    pub(super) fn request(self, number: u32, address: Ipv4Addr, server: Ipv4Addr) -> Message {
        let chosen = [(REQUESTED_ADDRESS, address), (SERVER_IDENTIFIER, server)];
        self.message(number, 3, &chosen)
    }

    fn message(self, number: u32, kind: u8, chosen: &[(u8, Ipv4Addr)]) -> Message {
        let mac = self.mac();
        let mut message = Message::request();
        message.put(XID, &number.to_be_bytes());
        message.put(CHADDR, &mac);
        if let Some(relay) = self.relay {
            message.put(HOPS, &[1]);
            message.set_address(Field::Giaddr, relay);
        }
        message.push_cookie();
        message.push_option(MESSAGE_TYPE, &[kind]);
        for (code, address) in chosen {
            message.push_option(*code, &address.octets());
        }
        message.push_option(CLIENT_IDENTIFIER, &[&[1], &mac[..]].concat());
        message.push_option(PARAMETER_REQUEST_LIST, &WANTED);
        message.finish(LEAST_SIZE);
        message
    }
}

/// What a server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) address: Ipv4Addr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Offer,
    Ack,
    Nak,
}

impl Answer {
    /// What `message` says; `None` if it is none of these.
    pub(super) fn of(message: &Message) -> Option<Self> {
        let kind = match *message.option(MESSAGE_TYPE)? {
            [2] => Kind::Offer,
            [5] => Kind::Ack,
            [6] => Kind::Nak,
            _ => return None,
        };
        Some(Self {
            number: message.xid(),
            kind,
            address: message.address(Field::Yiaddr),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_of_answers_are_told_from_each_other_and_from_requests() {
        let client = Client {
            number: 7,
            relay: None,
        };
        let kinds = [1, 2, 3, 5, 6].map(|kind| {
            let answer = Answer::of(&client.message(9, kind, &[]));
            answer.map(|answer| (answer.number, answer.kind))
        });
        let [offer, ack, nak] = [Kind::Offer, Kind::Ack, Kind::Nak].map(|kind| Some((9, kind)));
        assert_eq!(kinds, [None, offer, None, ack, nak]);
    }
}
