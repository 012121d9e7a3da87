//! What a codec that others wrote makes of a reply: it must find the same message in it.

use dhcproto::v4::{self, DhcpOption, OptionCode};
use dhcproto::{Decodable, Decoder};

use super::message::{Field, Message};
use crate::failure::{Context, Failure, Result};

/// Longer hardware addresses than the field holds end that codec, so they are not shown to it.
const LONGEST_ADDRESS: u8 = 16;

/// Decodes a message with dhcproto and compares what both say.
///
/// # Errors
/// If it cannot be decoded, or says something else than the octets at their places.
pub fn ask(message: &Message) -> Result<()> {
    if message.octet(2) > LONGEST_ADDRESS || message.options_area().is_none() {
        return Ok(());
    }
    let decoded = v4::Message::decode(&mut Decoder::new(&message.0))
        .context("dhcproto cannot decode a reply")?;
    let theirs = (
        decoded.xid(),
        decoded.yiaddr(),
        kind(&decoded),
        lease_time(&decoded),
        server(&decoded),
    );
    let ours = (
        message.xid(),
        message.address(Field::Yiaddr),
        message.option(53),
        message.option(51),
        message.option(54),
    );
    if theirs == ours {
        return Ok(());
    }
    Err(Failure::new(format!(
        "dhcproto reads {theirs:?} where {ours:?} stands"
    )))
}

fn kind(decoded: &v4::Message) -> Option<Vec<u8>> {
    decoded.opts().msg_type().map(|kind| vec![kind.into()])
}

fn lease_time(decoded: &v4::Message) -> Option<Vec<u8>> {
    match decoded.opts().get(OptionCode::AddressLeaseTime) {
        Some(DhcpOption::AddressLeaseTime(seconds)) => Some(seconds.to_be_bytes().into()),
        _ => None,
    }
}

fn server(decoded: &v4::Message) -> Option<Vec<u8>> {
    match decoded.opts().get(OptionCode::ServerIdentifier) {
        Some(DhcpOption::ServerIdentifier(address)) => Some(address.octets().into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(lease_time: &[u8]) -> Message {
        let mut message = Message::request();
        message.put(0, &[2]);
        message.push_cookie();
        message.push_option(53, &[2]);
        message.push_option(54, &[10, 9, 0, 1]);
        message.push_option(51, lease_time);
        message.finish(300);
        message
    }

    #[test]
    fn a_sound_offer_is_read_the_same_by_both() {
        assert_eq!(ask(&offer(&[0, 0, 2, 88])), Ok(()));
    }

    #[test]
    fn a_lease_time_of_the_wrong_length_is_noticed() {
        assert!(ask(&offer(&[0, 2, 88])).is_err());
    }
}
