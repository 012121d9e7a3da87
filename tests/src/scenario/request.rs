//! The words of a `>` line that stand for a request, and the datagram they make.

use std::net::Ipv4Addr;
use std::str::FromStr;

use crate::client::message::{Field, Message};
use crate::client::{Datagram, EVERYBODY, Mac, parse_mac, parse_octets};
use crate::failure::{Failure, Result};

/// DHCP message types by name (RFC 2132, section 9.6; RFC 4388, section 6.1).
pub const TYPES: [(&str, u8); 11] = [
    ("discover", 1),
    ("offer", 2),
    ("request", 3),
    ("decline", 4),
    ("ack", 5),
    ("nak", 6),
    ("release", 7),
    ("inform", 8),
    ("leasequery", 10),
    ("leaseunassigned", 11),
    ("leaseactive", 13),
];

/// The usual size of a request with options; shorter ones are filled up.
const USUAL_SIZE: usize = 300;

/// A request to send: the message, and the headers around it where they are not the usual ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    message: Message,
    mac: Mac,
    source: Option<Ipv4Addr>,
    destination: Option<Ipv4Addr>,
    size: usize,
    cut: Option<usize>,
    link: Option<String>,
}

/// What a request needs to know of the link it goes out on.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// Hardware address of the server.
    pub server_mac: Mac,
    /// Address of the server.
    pub server: Ipv4Addr,
}

impl Request {
    /// The datagram: from a client by broadcast, from a relay (giaddr set) straight to the server, unless the words said otherwise.
    #[must_use]
    pub fn datagram(&self, network: Network) -> Datagram {
        let giaddr = self.message.address(Field::Giaddr);
        let relayed = !giaddr.is_unspecified();
        let direct = self.destination.or(relayed.then_some(network.server));
        Datagram {
            link_source: self.mac,
            link_destination: direct.map_or(EVERYBODY, |_| network.server_mac),
            source: self.source.unwrap_or(giaddr),
            destination: direct.unwrap_or(Ipv4Addr::BROADCAST),
            source_port: if relayed { 67 } else { 68 },
            destination_port: 67,
            tos: 0,
            ttl: 64,
            id: 0,
            fragment: 0,
            payload: self.payload(),
        }
    }

    /// The server's interface that it goes to, if it names one.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// The BOOTP message alone.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        let mut bytes = self.message.0.clone();
        bytes.truncate(self.cut.unwrap_or(usize::MAX));
        bytes
    }

    /// A request that no server answers or remembers, but every server logs: a message type that does not exist.
    #[must_use]
    pub fn fence(mac: Mac) -> Self {
        let mut request = Self::empty();
        request.set_mac(mac);
        request.message.push_cookie();
        request.message.push_option(53, &[99]);
        request.finish();
        request
    }

    fn empty() -> Self {
        let mut message = Message::request();
        message.put(4, &[0, 0, 0, 1]);
        Self {
            message,
            mac: [0; 6],
            source: None,
            destination: None,
            size: USUAL_SIZE,
            cut: None,
            link: None,
        }
    }

    fn set_mac(&mut self, mac: Mac) {
        self.mac = mac;
        self.message.put(28, &mac);
    }

    fn finish(&mut self) {
        let size = self.size;
        self.message.finish(size);
    }

    fn set(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "mac" => self.set_mac(parse_mac(value)?),
            "op" => self.message.put(0, &[value.parse().ok()?]),
            "htype" => self.message.put(1, &[value.parse().ok()?]),
            "hlen" => self.message.put(2, &[value.parse().ok()?]),
            "hops" => self.message.put(3, &[value.parse().ok()?]),
            "xid" => self.put_hex(4, 4, value)?,
            "secs" => self
                .message
                .put(8, &value.parse::<u16>().ok()?.to_be_bytes()),
            "flags" => self.put_hex(10, 2, value)?,
            "chaddr" => self.message.put(28, &parse_octets(value)?),
            "sname" => self.message.put(44, &parse_value(value)?),
            "file" => self.message.put(108, &parse_value(value)?),
            "from" => self.source = Some(value.parse().ok()?),
            "to" => self.destination = Some(value.parse().ok()?),
            "on" => self.link = Some(value.to_owned()),
            "size" => self.size = value.parse().ok()?,
            "cut" => self.cut = Some(value.parse().ok()?),
            _ => return self.set_address_or_option(key, value),
        }
        Some(())
    }

    fn put_hex(&mut self, at: usize, size: usize, value: &str) -> Option<()> {
        let octets = parse_hex(value)?;
        (octets.len() == size).then(|| self.message.put(at, &octets))
    }

    fn set_address_or_option(&mut self, key: &str, value: &str) -> Option<()> {
        if let Some(field) = Field::ALL.into_iter().find(|field| field.name() == key) {
            self.message.set_address(field, value.parse().ok()?);
            return Some(());
        }
        if key == "raw" {
            self.message.0.extend(parse_hex(value)?);
            return Some(());
        }
        self.message
            .push_option(key.parse().ok()?, &parse_value(value)?);
        Some(())
    }
}

impl FromStr for Request {
    type Err = Failure;

    /// The first word is a message type, `bootp` (no cookie, 236 octets unless `size=` says more), `bootp-cookie` or `dhcp` (a cookie and no type);
    /// the others are `key=value`: a field, an option by its number, or `on` (which link), `from`, `to`, `size` (fill up to), `cut` (cut to), `raw` (octets as they are).
    fn from_str(text: &str) -> Result<Self> {
        let mut words = split_words(text).into_iter();
        let kind = words.next().unwrap_or_default();
        let mut request = Self::empty();
        let has_options = request.begin(&kind)?;
        for word in words {
            let parts = word.split_once('=');
            parts
                .and_then(|(key, value)| request.set(key, value))
                .ok_or_else(|| Failure::new(format!("not understood: {word}")))?;
        }
        if has_options {
            request.finish();
        } else if request.size != USUAL_SIZE {
            let size = request.size;
            request.message.0.resize(size, 0);
        }
        Ok(request)
    }
}

impl Request {
    fn begin(&mut self, kind: &str) -> Result<bool> {
        if kind == "bootp" {
            return Ok(false);
        }
        self.message.push_cookie();
        if kind == "dhcp" || kind == "bootp-cookie" {
            return Ok(true);
        }
        let known = TYPES.iter().find(|(name, _)| *name == kind);
        let number = match (known, kind.strip_prefix("type-")) {
            (Some((_, number)), _) => Some(*number),
            (None, Some(digits)) => digits.parse().ok(),
            (None, None) => None,
        };
        let number = number.ok_or_else(|| Failure::new(format!("no such message: {kind}")))?;
        self.message.push_option(53, &[number]);
        Ok(true)
    }
}

/// Splits at blanks outside of quotes.
fn split_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in text.chars() {
        quoted ^= letter == '"';
        match words.last_mut() {
            Some(word) if quoted || letter != ' ' => word.push(letter),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// An address, a quoted text, or hex; `*N` after hex repeats it N times.
fn parse_value(text: &str) -> Option<Vec<u8>> {
    if let Some(quoted) = text.strip_prefix('"') {
        return Some(quoted.strip_suffix('"')?.as_bytes().to_vec());
    }
    if text.contains('.') {
        return Some(text.parse::<Ipv4Addr>().ok()?.octets().to_vec());
    }
    match text.split_once('*') {
        Some((hex, times)) => Some(parse_hex(hex)?.repeat(times.parse().ok()?)),
        None => parse_hex(text),
    }
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() % 2 != 0 {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_fields_and_options_in_their_order() {
        let request: Request =
            "discover mac=02:00:00:00:00:01 flags=8000 12=\"a b\" 50=10.9.0.10 55=01*3"
                .parse()
                .unwrap();
        let message = Message(request.payload());
        assert_eq!(message.0.len(), 300);
        assert_eq!(message.flags(), 0x8000);
        assert_eq!(
            message.bytes(240, 19),
            b"\x35\x01\x01\x0c\x03a b\x32\x04\x0a\x09\x00\x0a\x37\x03\x01\x01\x01"
        );
    }

    #[test]
    fn a_plain_bootp_request_has_no_options_area() {
        let request: Request = "bootp mac=02:00:00:00:00:01".parse().unwrap();
        assert_eq!(request.payload().len(), 236);
    }

    #[test]
    fn an_unknown_word_is_named() {
        let error = "discover colour=red".parse::<Request>().unwrap_err();
        assert_eq!(error.to_string(), "not understood: colour=red");
    }
}
