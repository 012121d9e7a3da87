//! Replies as text that loses no octet: equal text means equal messages.

use std::net::Ipv4Addr;

use super::request::TYPES;
use crate::client::message::{FIXED_SIZE, Field, Message, split_options};
use crate::client::{Datagram, EVERYBODY, show_octets};

/// Options whose four octets are a number of seconds.
const NUMBERS: [u8; 10] = [2, 24, 35, 38, 51, 58, 59, 91, 108, 211];
/// Options that are one or more addresses.
const ADDRESSES: [u8; 24] = [
    1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 28, 32, 41, 42, 44, 45, 48, 49, 50, 54, 65, 118, 150,
];

/// The two lines of a reply: how it travelled (and on which link, if that is not the first), and what it says. Values of masked options
/// are shown roughly.
#[must_use]
pub fn render_reply(datagram: &Datagram, link: Option<&str>, masked: &[u8]) -> [String; 2] {
    let message = Message(datagram.payload.clone());
    let link = link.map(|name| format!(" on {name}")).unwrap_or_default();
    let headers = format!(
        "< {} {}:{} -> {}:{}{}, {} octets{link}",
        render_way(datagram),
        datagram.source,
        datagram.source_port,
        datagram.destination,
        datagram.destination_port,
        render_link(datagram),
        datagram.payload.len()
    );
    [headers, format!("  {}", render_message(&message, masked))]
}

/// `raw` for a frame as dhcpd builds it by hand, `routed` for one that went through the kernel.
fn render_way(datagram: &Datagram) -> String {
    match (datagram.ttl, datagram.tos, datagram.id) {
        (128, 0x10, 0) => "raw".to_owned(),
        (64, 0, _) => "routed".to_owned(),
        (ttl, tos, id) => format!("ttl={ttl} tos={tos:#04x} id={id}"),
    }
}

/// The receiver on the link; one that the kernel found by ARP says nothing about the server.
fn render_link(datagram: &Datagram) -> String {
    match datagram.link_destination {
        _ if datagram.ttl == 64 => String::new(),
        EVERYBODY => " to everybody".to_owned(),
        mac => format!(" at {}", show_octets(&mac)),
    }
}

/// The message in one line: its type, the fields that are not zero, then the options in order.
#[must_use]
pub fn render_message(message: &Message, masked: &[u8]) -> String {
    let mut words = vec![render_type(message)];
    render_fields(message, &mut words);
    for field in Field::ALL {
        let address = message.address(field);
        if !address.is_unspecified() {
            words.push(format!("{}={address}", field.name()));
        }
    }
    render_name("sname", message.sname(), &mut words);
    render_name("file", message.file(), &mut words);
    render_options(message, masked, &mut words);
    words.join(" ")
}

fn render_type(message: &Message) -> String {
    let number = match message.option(53).as_deref() {
        Some([number]) => *number,
        _ => return "bootp".to_owned(),
    };
    let known = TYPES.iter().find(|(_, known)| *known == number);
    known.map_or_else(|| format!("type-{number}"), |(name, _)| (*name).to_owned())
}

fn render_fields(message: &Message, words: &mut Vec<String>) {
    for (name, at, usual) in [
        ("op", 0, 2),
        ("htype", 1, 1),
        ("hlen", 2, 6),
        ("hops", 3, 0),
    ] {
        let value = message.octet(at);
        if value != usual {
            words.push(format!("{name}={value}"));
        }
    }
    if message.xid() != 1 {
        words.push(format!("xid={:08x}", message.xid()));
    }
    if message.secs() != 0 {
        words.push(format!("secs={}", message.secs()));
    }
    if message.flags() != 0 {
        words.push(format!("flags={:04x}", message.flags()));
    }
    render_chaddr(message.chaddr(), words);
}

fn render_chaddr(chaddr: &[u8], words: &mut Vec<String>) {
    let (mac, rest) = chaddr.split_at(chaddr.len().min(6));
    if rest.iter().all(|octet| *octet == 0) {
        words.push(format!("mac={}", show_octets(mac)));
    } else {
        words.push(format!("chaddr={}", show_octets(chaddr)));
    }
}

fn render_name(name: &str, field: &[u8], words: &mut Vec<String>) {
    let used = field.len() - field.iter().rev().take_while(|octet| **octet == 0).count();
    let text = field.get(..used).unwrap_or_default();
    if !text.is_empty() {
        words.push(format!("{name}={}", render_octets(text)));
    }
}

fn render_options(message: &Message, masked: &[u8], words: &mut Vec<String>) {
    words.push("|".to_owned());
    let Some(area) = message.options_area() else {
        let vend = message.0.get(FIXED_SIZE..).unwrap_or_default();
        words.push(format!("without cookie {}", render_tail(vend)));
        return;
    };
    let (options, rest) = split_options(area);
    words.extend(
        options
            .iter()
            .map(|(code, value)| render_option(*code, value, masked)),
    );
    match rest {
        None => words.push("without end".to_owned()),
        Some(rest) if rest.iter().any(|octet| *octet != 0) => words.push(render_tail(rest)),
        Some(_) => {}
    }
}

fn render_tail(octets: &[u8]) -> String {
    format!("then {}", render_octets(octets))
}

fn render_option(code: u8, value: &[u8], masked: &[u8]) -> String {
    if masked.contains(&code) {
        return format!("{code}={}", render_roughly(value));
    }
    format!("{code}={}", render_value(code, value))
}

/// A time that a second more or less does not change: in tens of seconds, and nothing of one until the end of time.
fn render_roughly(value: &[u8]) -> String {
    const YEARS: u32 = 100_000_000;
    match value.try_into().map(u32::from_be_bytes) {
        Ok(seconds) if seconds < YEARS => format!("~{}", (seconds + 5) / 10 * 10),
        _ => "*".to_owned(),
    }
}

fn render_value(code: u8, value: &[u8]) -> String {
    match value {
        [number] if code == 53 => number.to_string(),
        [a, b, c, d] if NUMBERS.contains(&code) => u32::from_be_bytes([*a, *b, *c, *d]).to_string(),
        [_, _, ..] if ADDRESSES.contains(&code) && value.len() % 4 == 0 => render_addresses(value),
        _ => render_octets(value),
    }
}

fn render_addresses(value: &[u8]) -> String {
    let addresses: Vec<String> = value
        .chunks_exact(4)
        .filter_map(|octets| <[u8; 4]>::try_from(octets).ok())
        .map(|octets| Ipv4Addr::from(octets).to_string())
        .collect();
    addresses.join(",")
}

/// Text in quotes where it is text, else hex.
fn render_octets(octets: &[u8]) -> String {
    let is_text = octets.len() > 1
        && octets
            .iter()
            .all(|octet| (octet.is_ascii_graphic() && *octet != b'"') || *octet == b' ');
    if is_text {
        return format!("\"{}\"", String::from_utf8_lossy(octets));
    }
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_more_or_less_does_not_show_in_a_masked_time() {
        assert_eq!(render_option(51, &[0, 0, 2, 87], &[51]), "51=~600");
        assert_eq!(render_option(51, &[0, 0, 2, 88], &[51]), "51=~600");
        assert_eq!(render_option(51, &[0x7f, 0, 2, 88], &[51]), "51=*");
    }

    #[test]
    fn a_message_shows_what_differs_from_the_usual() {
        let mut message = Message::request();
        message.put(0, &[2]);
        message.put(4, &[0, 0, 0, 1]);
        message.set_address(Field::Yiaddr, Ipv4Addr::new(10, 9, 0, 10));
        message.put(108, b"boot");
        message.push_cookie();
        message.push_option(53, &[2]);
        message.push_option(51, &[0, 0, 2, 88]);
        message.push_option(15, b"ex");
        message.finish(300);
        assert_eq!(
            render_message(&message, &[]),
            "offer mac=00:00:00:00:00:00 yiaddr=10.9.0.10 file=\"boot\" | 53=2 51=600 15=\"ex\""
        );
    }
}
