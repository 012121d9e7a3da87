//! A DHCP client that shows everything: it sends exactly the bytes it is told to, and sees whole frames.
//!
//! Nothing here shares code with the servers, so an error in their codecs cannot hide itself.

pub mod frame;
pub mod identity;
pub mod message;
pub mod second_opinion;
pub mod wire;

pub use frame::Datagram;
pub use message::Message;
pub use wire::Wire;

/// A hardware address on an Ethernet link.
pub type Mac = [u8; 6];

/// The hardware address of everybody.
pub const EVERYBODY: Mac = [0xff; 6];

/// Reads `02:00:00:00:00:01`.
#[must_use]
pub fn parse_mac(text: &str) -> Option<Mac> {
    parse_octets(text)?.try_into().ok()
}

/// Reads octets written as colon-separated hex, each of one or two digits.
#[must_use]
pub fn parse_octets(text: &str) -> Option<Vec<u8>> {
    text.split(':')
        .map(|octet| u8::from_str_radix(octet, 16).ok())
        .collect()
}

/// Writes octets as colon-separated hex of two digits each.
#[must_use]
pub fn show_octets(octets: &[u8]) -> String {
    let parts: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    parts.join(":")
}
