//! Packets that are almost sound: messages of every kind, damaged at random.

use std::net::Ipv4Addr;

use super::traffic::BRIDGE_MAC;
use crate::client::identity::broadcast;
use crate::client::message::Field;
use crate::client::{Datagram, Mac, Message};
use crate::differential::Dice;

/// Where the hardware address of the client is (RFC 2131, section 2).
const CHADDR: usize = 28;
/// Ethernet header, which has to stay for a frame to arrive.
const LINK_HEADER: usize = 14;
/// What the fuzz targets begin with.
const SEED: &[u8] = include_bytes!("../../fuzz/seeds/packet/discover");
const TFTP_SEEDS: [&[u8]; 6] = [
    include_bytes!("../../fuzz/seeds/tftp_packet/read-request"),
    include_bytes!("../../fuzz/seeds/tftp_packet/write-request"),
    include_bytes!("../../fuzz/seeds/tftp_packet/ack"),
    include_bytes!("../../fuzz/seeds/tftp_packet/data"),
    include_bytes!("../../fuzz/seeds/tftp_packet/error"),
    include_bytes!("../../fuzz/seeds/tftp_packet/oack"),
];

/// The hardware address of an invented client.
pub(super) fn invented(number: u32) -> Mac {
    let [a, b, c, d] = number.to_be_bytes();
    [2, 0xf1, a, b, c, d]
}

/// A frame of an invented client, damaged in its message or, less often, in its headers. It may name the address of another client.
pub(super) fn frame(dice: &mut Dice, victim: Ipv4Addr) -> Vec<u8> {
    let number = u32::try_from(dice.number() & 0xff_ffff).unwrap_or_default();
    let mac = invented(number);
    let mut message = message(dice, mac, victim);
    if dice.chance(25) {
        let mut frame = wrap(message.0, mac).to_frame();
        damage(dice, &mut frame, LINK_HEADER);
        return frame;
    }
    damage(dice, &mut message.0, 0);
    // Nobody else speaks in the name of a client of the soak.
    message.put(CHADDR, &mac);
    wrap(message.0, mac).to_frame()
}

/// A TFTP packet, damaged.
pub(super) fn tftp_packet(dice: &mut Dice) -> Vec<u8> {
    let mut packet = dice.pick(&TFTP_SEEDS).to_vec();
    damage(dice, &mut packet, 0);
    packet
}

/// A message of an invented client on its way to the server.
pub(super) fn wrap(payload: Vec<u8>, mac: Mac) -> Datagram {
    Datagram {
        link_destination: BRIDGE_MAC,
        ..broadcast(mac, payload)
    }
}

fn message(dice: &mut Dice, mac: Mac, victim: Ipv4Addr) -> Message {
    if dice.chance(30) {
        let mut message = Message(SEED.to_vec());
        message.put(CHADDR, &mac);
        return message;
    }
    let mut message = Message::request();
    message.put(CHADDR, &mac);
    message.push_cookie();
    let kind = u8::try_from(dice.below(14)).unwrap_or_default();
    message.push_option(53, &[kind]);
    if dice.chance(50) {
        message.set_address(Field::Ciaddr, victim);
    }
    message.push_option(50, &victim.octets());
    for _ in 0..dice.below(8) {
        let (code, length) = (dice.octet(), dice.below(80));
        let value: Vec<u8> = (0..length).map(|_| dice.octet()).collect();
        message.push_option(code, &value);
    }
    message.finish(300);
    message
}

/// Changes, takes out, doubles or adds octets from `first` on, a few times.
fn damage(dice: &mut Dice, bytes: &mut Vec<u8>, first: usize) {
    for _ in 0..=dice.below(6) {
        let place = first + dice.below(bytes.len().saturating_sub(first));
        match dice.below(6) {
            0 => bytes.truncate(place.max(first)),
            1 => bytes.extend((0..dice.below(300)).map(|_| dice.octet())),
            2 => {
                let piece = bytes.get(place..).unwrap_or_default().to_vec();
                bytes.extend(piece.iter().take(dice.below(64)));
            }
            3 => drop(bytes.splice(place..place, [0xff])),
            _ => {
                let octet = [0, 0xff, dice.octet()];
                let octet = dice.pick(&octet);
                if let Some(found) = bytes.get_mut(place) {
                    *found = octet;
                }
            }
        }
    }
    bytes.truncate(1400);
}
