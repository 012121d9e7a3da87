//! A BOOTP message (RFC 951, section 3; RFC 2131, section 2) over its bytes. The length is proven once; after that no
//! getter can fail.

use std::net::Ipv4Addr;

use common::net::HardwareAddress;

/// Octets before the vendor area.
pub const FIXED_LENGTH: usize = 236;
/// Begins a vendor area that holds options (RFC 1497).
pub const MAGIC_COOKIE: [u8; 4] = [0x63, 0x82, 0x53, 0x63];
/// `op` of a message from a client.
pub const BOOTREQUEST: u8 = 1;
/// `op` of a message to a client.
pub const BOOTREPLY: u8 = 2;
/// `flags`: the client can only receive broadcasts (RFC 2131, section 2).
pub const BROADCAST_FLAG: u16 = 0x8000;

/// The fixed fields before `chaddr`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// 1 request, 2 reply.
    pub op: u8,
    /// Hardware type.
    pub htype: u8,
    /// Octets of `chaddr` that count.
    pub hlen: u8,
    /// Relay agents passed.
    pub hops: u8,
    /// Transaction.
    pub xid: u32,
    /// Seconds since the client began.
    pub secs: u16,
    /// Flags; only [`BROADCAST_FLAG`] has a meaning.
    pub flags: u16,
    /// Client's address, if it has one that works.
    pub ciaddr: Ipv4Addr,
    /// The client's address as a server says it.
    pub yiaddr: Ipv4Addr,
    /// Next server.
    pub siaddr: Ipv4Addr,
    /// The relay agent.
    pub giaddr: Ipv4Addr,
}

/// A message of at least [`FIXED_LENGTH`] octets.
#[derive(Clone, Copy, Debug)]
pub struct View<'p> {
    bytes: &'p [u8],
    header: Header,
    chaddr: &'p [u8; 16],
    sname: &'p [u8; 64],
    file: &'p [u8; 128],
    vendor: &'p [u8],
}

impl<'p> View<'p> {
    /// A view of a UDP payload; `None` if it is shorter than [`FIXED_LENGTH`].
    #[must_use]
    pub fn new(bytes: &'p [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<28>()?;
        let (chaddr, rest) = rest.split_first_chunk::<16>()?;
        let (sname, rest) = rest.split_first_chunk::<64>()?;
        let (file, vendor) = rest.split_first_chunk::<128>()?;
        Some(Self {
            bytes,
            header: read_header(head),
            chaddr,
            sname,
            file,
            vendor,
        })
    }

    /// The whole message.
    #[must_use]
    pub fn bytes(&self) -> &'p [u8] {
        self.bytes
    }

    /// The fixed fields.
    #[must_use]
    pub fn header(&self) -> Header {
        self.header
    }

    /// All 16 octets of `chaddr`, whatever `hlen` says.
    #[must_use]
    pub fn chaddr(&self) -> &'p [u8; 16] {
        self.chaddr
    }

    /// The client's hardware address; `None` if `hlen` is over 16.
    #[must_use]
    pub fn hardware(&self) -> Option<HardwareAddress> {
        let octets = self.chaddr.get(..usize::from(self.header.hlen))?;
        HardwareAddress::new(self.header.htype, octets)
    }

    /// The `sname` field.
    #[must_use]
    pub fn sname(&self) -> &'p [u8; 64] {
        self.sname
    }

    /// The `file` field.
    #[must_use]
    pub fn file(&self) -> &'p [u8; 128] {
        self.file
    }

    /// Everything behind the fixed fields; may be empty.
    #[must_use]
    pub fn vendor(&self) -> &'p [u8] {
        self.vendor
    }

    /// What stands behind the magic cookie; `None` without a cookie.
    #[must_use]
    pub fn options(&self) -> Option<&'p [u8]> {
        self.vendor.strip_prefix(&MAGIC_COOKIE)
    }
}

fn read_header(head: &[u8; 28]) -> Header {
    let [
        op,
        htype,
        hlen,
        hops,
        x0,
        x1,
        x2,
        x3,
        s0,
        s1,
        f0,
        f1,
        addresses @ ..,
    ] = *head;
    let [
        c0,
        c1,
        c2,
        c3,
        y0,
        y1,
        y2,
        y3,
        i0,
        i1,
        i2,
        i3,
        g0,
        g1,
        g2,
        g3,
    ] = addresses;
    Header {
        op,
        htype,
        hlen,
        hops,
        xid: u32::from_be_bytes([x0, x1, x2, x3]),
        secs: u16::from_be_bytes([s0, s1]),
        flags: u16::from_be_bytes([f0, f1]),
        ciaddr: Ipv4Addr::new(c0, c1, c2, c3),
        yiaddr: Ipv4Addr::new(y0, y1, y2, y3),
        siaddr: Ipv4Addr::new(i0, i1, i2, i3),
        giaddr: Ipv4Addr::new(g0, g1, g2, g3),
    }
}

/// The text of a fixed field: up to the first NUL, or all of it.
#[must_use]
pub fn text_of(field: &[u8]) -> &[u8] {
    field.split(|octet| *octet == 0).next().unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_without_vendor_area_is_legal() {
        let mut bytes = [0; FIXED_LENGTH];
        bytes[..8].copy_from_slice(&[1, 1, 6, 2, 0xde, 0xad, 0xbe, 0xef]);
        bytes[24..30].copy_from_slice(&[10, 9, 0, 1, 0x52, 0x54]);
        let view = View::new(&bytes).unwrap();
        assert_eq!(view.header().xid, 0xdead_beef);
        assert_eq!(view.header().hops, 2);
        assert_eq!(view.header().giaddr, Ipv4Addr::new(10, 9, 0, 1));
        assert_eq!(view.hardware().unwrap().to_string(), "52:54:00:00:00:00");
        assert_eq!(view.options(), None);
        assert!(View::new(&bytes[1..]).is_none());
    }

    #[test]
    fn a_hardware_length_over_sixteen_is_no_address() {
        let mut bytes = [0; FIXED_LENGTH];
        bytes[2] = 17;
        assert!(View::new(&bytes).unwrap().hardware().is_none());
    }

    #[test]
    fn field_text_ends_at_the_first_nul() {
        assert_eq!(text_of(b"boot\0rest"), b"boot");
        assert_eq!(text_of(b"full"), b"full");
        assert_eq!(text_of(b"\0"), b"");
    }
}
