//! A client's link-layer address as DHCP carries it.

use std::fmt;

/// Hardware type of Ethernet (RFC 1700, `htype` 1).
pub const ETHERNET: u8 = 1;

/// A hardware type with up to 16 octets of address: `htype`, `hlen` and `chaddr` of RFC 2131, section 2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HardwareAddress {
    kind: u8,
    length: u8,
    octets: [u8; 16],
}

impl HardwareAddress {
    /// An address of type `kind`; `None` if it has more than 16 octets.
    #[must_use]
    pub fn new(kind: u8, address: &[u8]) -> Option<Self> {
        let length = u8::try_from(address.len()).ok()?;
        let mut octets = [0; 16];
        octets.get_mut(..address.len())?.copy_from_slice(address);
        Some(Self {
            kind,
            length,
            octets,
        })
    }

    /// The hardware type, 1 for Ethernet.
    #[must_use]
    pub fn kind(&self) -> u8 {
        self.kind
    }

    /// The address without its type.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        self.octets
            .get(..usize::from(self.length))
            .unwrap_or(&self.octets)
    }
}

/// Colon-separated two-digit hex, as every log line prints it.
impl fmt::Display for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |value: u8| match value {
            0..=9 => b'0' + value,
            _ => b'a' - 10 + value,
        };
        let mut text = [[b':'; 3]; 16];
        for (cell, octet) in text.iter_mut().zip(self.octets()) {
            *cell = [digit(octet >> 4), digit(octet & 15), b':'];
        }
        // No colon behind the last.
        let length = (3 * self.octets().len()).saturating_sub(1);
        let text = text.as_flattened().get(..length).unwrap_or_default();
        f.write_str(std::str::from_utf8(text).unwrap_or_default())
    }
}

impl fmt::Debug for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{self}", self.kind)
    }
}
