//! A BOOTP message as octets with named places (RFC 951, RFC 2131 section 2).

use std::net::Ipv4Addr;

/// Where the options begin in a DHCP message: fixed part, then the cookie.
pub const FIXED_SIZE: usize = 236;
/// Says that options follow (RFC 2132, section 2).
pub const COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];

const SECS: usize = 8;
const FLAGS: usize = 10;

/// The octets of a message; it may be too short for any of its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(pub Vec<u8>);

/// An address field of the fixed part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The client's address, when it has one.
    Ciaddr,
    /// "Your" address.
    Yiaddr,
    /// The next server of the boot.
    Siaddr,
    /// The relay agent.
    Giaddr,
}

impl Field {
    /// All of them in the order of the message.
    pub const ALL: [Self; 4] = [Self::Ciaddr, Self::Yiaddr, Self::Siaddr, Self::Giaddr];

    /// Its name in RFC 2131.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ciaddr => "ciaddr",
            Self::Yiaddr => "yiaddr",
            Self::Siaddr => "siaddr",
            Self::Giaddr => "giaddr",
        }
    }

    fn offset(self) -> usize {
        match self {
            Self::Ciaddr => 12,
            Self::Yiaddr => 16,
            Self::Siaddr => 20,
            Self::Giaddr => 24,
        }
    }
}

impl Message {
    /// A request of an Ethernet client with everything else zero, without cookie and options.
    #[must_use]
    pub fn request() -> Self {
        let mut bytes = vec![0; FIXED_SIZE];
        bytes.splice(..3, [1, 1, 6]);
        Self(bytes)
    }

    /// The octets from `at` on, none where the message is too short.
    #[must_use]
    pub fn bytes(&self, at: usize, size: usize) -> &[u8] {
        let end = (at + size).min(self.0.len());
        self.0.get(at.min(end)..end).unwrap_or_default()
    }

    /// Writes octets at a place of the fixed part; what does not fit is left out.
    pub fn put(&mut self, at: usize, value: &[u8]) {
        for (place, octet) in self.0.iter_mut().skip(at).zip(value) {
            *place = *octet;
        }
    }

    /// The octet at `at`, zero beyond the end.
    #[must_use]
    pub fn octet(&self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or_default()
    }

    /// An address field.
    #[must_use]
    pub fn address(&self, field: Field) -> Ipv4Addr {
        let octets: [u8; 4] = self.bytes(field.offset(), 4).try_into().unwrap_or_default();
        octets.into()
    }

    /// Sets an address field.
    pub fn set_address(&mut self, field: Field, address: Ipv4Addr) {
        self.put(field.offset(), &address.octets());
    }

    /// The transaction number.
    #[must_use]
    pub fn xid(&self) -> u32 {
        u32::from_be_bytes(self.bytes(4, 4).try_into().unwrap_or_default())
    }

    /// The seconds field.
    #[must_use]
    pub fn secs(&self) -> u16 {
        u16::from_be_bytes(self.bytes(SECS, 2).try_into().unwrap_or_default())
    }

    /// The flags field; 0x8000 asks for a broadcast.
    #[must_use]
    pub fn flags(&self) -> u16 {
        u16::from_be_bytes(self.bytes(FLAGS, 2).try_into().unwrap_or_default())
    }

    /// The hardware address field, all sixteen octets.
    #[must_use]
    pub fn chaddr(&self) -> &[u8] {
        self.bytes(28, 16)
    }

    /// The server name field.
    #[must_use]
    pub fn sname(&self) -> &[u8] {
        self.bytes(44, 64)
    }

    /// The boot file field.
    #[must_use]
    pub fn file(&self) -> &[u8] {
        self.bytes(108, 128)
    }

    /// Adds the cookie.
    pub fn push_cookie(&mut self) {
        self.0.extend(COOKIE);
    }

    /// Adds an option; a value over 255 octets becomes several (RFC 3396).
    pub fn push_option(&mut self, code: u8, value: &[u8]) {
        if value.is_empty() {
            self.0.extend([code, 0]);
        }
        for piece in value.chunks(255) {
            self.0.push(code);
            self.0.push(u8::try_from(piece.len()).unwrap_or(u8::MAX));
            self.0.extend(piece);
        }
    }

    /// Ends the options and fills up with zeros to `size`.
    pub fn finish(&mut self, size: usize) {
        self.0.push(255);
        if self.0.len() < size {
            self.0.resize(size, 0);
        }
    }

    /// What follows the fixed part and the cookie; `None` without a cookie.
    #[must_use]
    pub fn options_area(&self) -> Option<&[u8]> {
        self.0.get(FIXED_SIZE..)?.strip_prefix(&COOKIE)
    }

    /// The first option of this code outside of file and sname.
    #[must_use]
    pub fn option(&self, code: u8) -> Option<Vec<u8>> {
        let (options, _) = split_options(self.options_area()?);
        options
            .into_iter()
            .find(|(found, _)| *found == code)
            .map(|(_, value)| value)
    }
}

/// One option as it stands: code and value.
pub type RawOption = (u8, Vec<u8>);

/// The options up to the end mark, and what follows the mark. Padding between options is kept as code 0 without value.
#[must_use]
pub fn split_options(area: &[u8]) -> (Vec<RawOption>, Option<&[u8]>) {
    let mut options = Vec::new();
    let mut rest = area;
    loop {
        match rest {
            [] => return (options, None),
            [255, after @ ..] => return (options, Some(after)),
            [0, after @ ..] => {
                options.push((0, Vec::new()));
                rest = after;
            }
            [code, size, after @ ..] if after.len() >= usize::from(*size) => {
                let (value, after) = after.split_at(usize::from(*size));
                options.push((*code, value.to_vec()));
                rest = after;
            }
            _ => return (options, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_come_back_in_their_order() {
        let mut message = Message::request();
        message.push_cookie();
        message.push_option(53, &[1]);
        message.push_option(55, &[3, 1]);
        message.finish(300);
        assert_eq!(message.0.len(), 300);
        let (options, rest) = split_options(message.options_area().unwrap());
        assert_eq!(options, [(53, vec![1]), (55, vec![3, 1])]);
        assert_eq!(rest.unwrap().len(), 300 - 240 - 3 - 4 - 1);
    }

    #[test]
    fn a_cut_option_ends_the_list() {
        assert_eq!(split_options(&[12, 4, 1]), (vec![], None));
    }
}
