//! Many clients in one: numbered hardware addresses and the requests they send.

use std::net::Ipv4Addr;

use super::message::{Field, Message};
use super::{Datagram, EVERYBODY, Mac};

/// DHCPREQUEST (RFC 2132, section 9.6).
const REQUEST: u8 = 3;

/// The hardware address of the client with this number.
#[must_use]
pub fn mac_of(number: u16) -> Mac {
    let [high, low] = number.to_be_bytes();
    [2, 0, 0, 1, high, low]
}

/// A broadcast DHCPREQUEST of client `number` for `wanted`, as after a reboot; the transaction number is the client's.
#[must_use]
pub fn request_for(number: u16, wanted: Ipv4Addr) -> Datagram {
    let mac = mac_of(number);
    let mut message = Message::request();
    message.put(4, &u32::from(number).to_be_bytes());
    message.put(28, &mac);
    message.push_cookie();
    message.push_option(53, &[REQUEST]);
    message.push_option(50, &wanted.octets());
    message.finish(300);
    broadcast(mac, message.0)
}

/// A message of a client without an address, to everybody on its link.
#[must_use]
pub fn broadcast(link_source: Mac, payload: Vec<u8>) -> Datagram {
    Datagram {
        link_source,
        link_destination: EVERYBODY,
        source: Ipv4Addr::UNSPECIFIED,
        destination: Ipv4Addr::BROADCAST,
        source_port: 68,
        destination_port: 67,
        tos: 0,
        ttl: 64,
        id: 0,
        fragment: 0,
        payload,
    }
}

/// What a reply grants: the number of the client and its address, if it is an acknowledgement.
#[must_use]
pub fn granted(reply: &Datagram) -> Option<(u16, Ipv4Addr)> {
    let message = Message(reply.payload.clone());
    let is_ack = message.option(53).is_some_and(|kind| kind == [5]);
    let number = u16::try_from(message.xid()).ok()?;
    is_ack.then(|| (number, message.address(Field::Yiaddr)))
}
