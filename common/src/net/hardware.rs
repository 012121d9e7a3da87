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
        let mut text = String::with_capacity(3 * self.octets.len());
        for octet in self.octets() {
            let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
            text.extend([digit(octet >> 4), digit(octet & 15), ':']);
        }
        // No colon behind the last.
        text.pop();
        f.write_str(&text)
    }
}

impl fmt::Debug for HardwareAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{self}", self.kind)
    }
}
