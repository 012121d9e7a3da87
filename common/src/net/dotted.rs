//! IPv4 addresses as text in little time: every message causes log lines that name some.

use std::fmt;
use std::net::Ipv4Addr;

/// Prints an address as [`Ipv4Addr`] does, without the machinery for numbers of any shape. Knows no width.
#[derive(Clone, Copy, Debug)]
pub struct Dotted(pub Ipv4Addr);

impl fmt::Display for Dotted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'.'; 15];
        let mut room = text.iter_mut();
        let mut length: usize = 0;
        for (index, octet) in self.0.octets().into_iter().enumerate() {
            let digits = [octet / 100, octet / 10 % 10, octet % 10];
            let skipped = usize::from(octet < 10) + usize::from(octet < 100);
            // Dots are there already.
            if index > 0 {
                room.next();
                length += 1;
            }
            for (digit, place) in digits.into_iter().skip(skipped).zip(&mut room) {
                *place = b'0' + digit;
                length += 1;
            }
        }
        let text = text.get(..length).unwrap_or_default();
        f.write_str(std::str::from_utf8(text).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_as_the_standard_library_writes_them() {
        for octet in 0..=u8::MAX {
            for address in [[octet, 0, 10, 255], [1, octet, 99, 100], [9, 9, 9, octet]] {
                let address = Ipv4Addr::from(address);
                assert_eq!(Dotted(address).to_string(), address.to_string());
            }
        }
    }
}
